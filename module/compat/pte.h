/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the architecture must give: dirty bits that hardware sets, and a way
 * to clear one while the entry stays usable.
 */
#ifndef PAGEFOLD_COMPAT_PTE_H
#define PAGEFOLD_COMPAT_PTE_H

#include <linux/bits.h>
#include <linux/pgtable.h>

#ifndef CONFIG_X86_64
#error "pagefold supports x86-64"
#endif

/*
 * Clears the dirty bit (and, with shadow stacks, the saved one) in one step,
 * as ptep_set_wrprotect() in arch/x86 clears the write bit: what the CPU sets
 * meanwhile is kept, and no other CPU ever finds the entry absent. Under the
 * page table lock; the caller flushes.
 */
static inline void pagefold_pte_mkclean(pte_t *ptep)
{
	pte_t old = READ_ONCE(*ptep), new;

	do {
		new = pte_mkclean(old);
	} while (!try_cmpxchg((long *)&ptep->pte, (long *)&old.pte,
			      *(long *)&new.pte));
}

/* The same for the entry of a huge page. */
static inline void pagefold_pmd_mkclean(pmd_t *pmdp)
{
	pmd_t old = READ_ONCE(*pmdp), new;

	do {
		new = pmd_mkclean(old);
	} while (!try_cmpxchg((long *)&pmdp->pmd, (long *)&old.pmd,
			      *(long *)&new.pmd));
}

/* until 6.6 */
#ifndef _PAGE_DIRTY_BITS
#define _PAGE_DIRTY_BITS _PAGE_DIRTY
#endif

/*
 * What an entry at rest is: present, ordinary, clean. (PROTNONE means something
 * only in entries that are not present.) Its frame number stands there as it
 * is, with no inversion (L1TF) to undo, but for the bit of encrypted memory,
 * which is the same in all; and but for Xen's guests, whose page tables are
 * not read like this.
 */
#define PAGEFOLD_PTE_REST_MASK \
	((u64)(_PAGE_PRESENT | _PAGE_SPECIAL | _PAGE_DIRTY_BITS))
#define PAGEFOLD_PTE_PFN_BITS(low) GENMASK_ULL(51, PAGE_SHIFT + (low))

static __always_inline bool pagefold_pte_at_rest(u64 raw)
{
	return (raw & PAGEFOLD_PTE_REST_MASK) == _PAGE_PRESENT;
}

/* The zero page, mostly. */
static __always_inline bool pagefold_pte_is_special(u64 raw)
{
	const u64 bits = _PAGE_PRESENT | _PAGE_SPECIAL;

	return (raw & bits) == bits;
}

static inline bool pagefold_pte_readable(void)
{
	return !cpu_feature_enabled(X86_FEATURE_XENPV);
}

/* As ptep_test_and_clear_young() in arch/x86, which is not exported. */
static inline bool pagefold_pte_test_and_clear_young(pte_t *ptep)
{
	return pte_young(READ_ONCE(*ptep)) &&
	       test_and_clear_bit(_PAGE_BIT_ACCESSED,
				  (unsigned long *)&ptep->pte);
}

#endif
