/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The section of the index that the entries of a page table are in, as a rule
 * the same for neighbours: what is known of their pages is told by the entry
 * and the tag alone. For ptes.c, under the page table lock.
 */
#ifndef _PAGEFOLD_NEAR_H
#define _PAGEFOLD_NEAR_H

#include "compat/pte.h"
#include "pagefold.h"

/**
 * struct pagefold_near - the section at hand.
 * @bits: of an entry at rest that is in it, under PAGEFOLD_NEAR_MASK.
 * @first: its entries of the index.
 */
struct pagefold_near {
	u64 bits;
	struct pagefold_entry *first;
};

#define PAGEFOLD_NEAR_MASK (PAGEFOLD_PTE_REST_MASK | \
			    PAGEFOLD_PTE_PFN_BITS(PAGEFOLD_SECTION_SHIFT))

/* Equal to no entry: it is dirty, special and has no frame number. */
#define PAGEFOLD_NEAR_NONE (~0ULL)

/* @raw: such bits, or the entry itself: the offset is the same. */
static __always_inline u32 pagefold_near_tag(struct pagefold_near near,
					     u64 raw)
{
	return READ_ONCE(near.first[pagefold_entries_offset(raw >>
							    PAGE_SHIFT)].tag);
}

/*
 * A frame with sharers, or a candidate unless those are @asked. What is compared
 * is what differs from an entry at rest in the section at hand, whose bits are 0
 * where an entry says what is where in the section: the exclusive or leaves
 * that as it is.
 */
static __always_inline bool pagefold_near_rests(struct pagefold_near near,
						pte_t *ptep, bool asked)
{
	u64 raw = native_pte_val(ptep_get(ptep)) ^ near.bits;
	u32 tag;

	if (unlikely(raw & PAGEFOLD_NEAR_MASK))
		return false;
	tag = pagefold_near_tag(near, raw);
	return likely(asked ? pagefold_tag_is_shared(tag) :
			      pagefold_tag_is_at_rest(tag));
}

/* The first from @ptep on that does not rest, or @last. */
static __always_inline pte_t *pagefold_near_skip(struct pagefold_near near,
						 pte_t *ptep, pte_t *last,
						 bool asked)
{
	for (; last - ptep >= 4; ptep += 4) {
		if (!pagefold_near_rests(near, ptep, asked))
			return ptep;
		if (!pagefold_near_rests(near, ptep + 1, asked))
			return ptep + 1;
		if (!pagefold_near_rests(near, ptep + 2, asked))
			return ptep + 2;
		if (!pagefold_near_rests(near, ptep + 3, asked))
			return ptep + 3;
	}
	while (ptep != last && pagefold_near_rests(near, ptep, asked))
		ptep++;
	return ptep;
}

static __always_inline bool pagefold_near_special(pte_t *ptep)
{
	return pagefold_pte_is_special(native_pte_val(ptep_get(ptep)));
}

/* Zero pages come in rows. */
static __always_inline pte_t *pagefold_near_skip_special(pte_t *ptep,
							 pte_t *last)
{
	while (last - ptep >= 4 && pagefold_near_special(ptep) &&
	       pagefold_near_special(ptep + 1) &&
	       pagefold_near_special(ptep + 2) &&
	       pagefold_near_special(ptep + 3))
		ptep += 4;
	while (ptep != last && pagefold_near_special(ptep))
		ptep++;
	return ptep;
}

static __always_inline bool pagefold_near_come_to(struct pagefold_near *near,
						  u64 raw)
{
	near->first = pagefold_entries_section(&pagefold_index.entries,
					       (raw & PTE_PFN_MASK) >>
					       PAGE_SHIFT);
	near->bits = near->first ? raw & PAGEFOLD_NEAR_MASK :
				   PAGEFOLD_NEAR_NONE;
	return near->first;
}

/* Go over to the section of this entry, if it is at rest. */
static __always_inline bool pagefold_near_come(struct pagefold_near *near,
					       pte_t *ptep)
{
	u64 raw = native_pte_val(ptep_get(ptep));

	return pagefold_pte_at_rest(raw) && pagefold_near_come_to(near, raw);
}

/* Is this tag of a page found written so often that it is not its turn? */
static __always_inline bool pagefold_near_is_hot(u32 tag, unsigned long pfn,
						 unsigned int pass)
{
	return pagefold_tag_is_hot(tag) &&
	       !pagefold_due(pfn, pass, tag - 1);
}

/*
 * Written, as so often, and not to be looked at in this pass. Goes over to the
 * section of any entry that is dirty.
 */
static __always_inline bool pagefold_near_hot(struct pagefold_near *near,
					      pte_t *ptep, unsigned int pass)
{
	u64 raw = native_pte_val(ptep_get(ptep)), clean;

	clean = raw & ~(u64)_PAGE_DIRTY_BITS;
	if (clean == raw || !pagefold_pte_at_rest(clean))
		return false;
	if (((clean ^ near->bits) & PAGEFOLD_NEAR_MASK) &&
	    !pagefold_near_come_to(near, clean))
		return false;
	return pagefold_near_is_hot(pagefold_near_tag(*near, clean),
				    clean >> PAGE_SHIFT, pass);
}

#endif
