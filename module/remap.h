/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The remap: one mapping of a page becomes a mapping of a frame.
 *
 * In this order, under the page table lock: pagefold_remap_possible(), the
 * entry is cleared, the TLB flushed, pagefold_remap_finish().
 */
#ifndef PAGEFOLD_REMAP_H
#define PAGEFOLD_REMAP_H

#include "compat/kernel.h"

/**
 * struct pagefold_fold - what became of the mappings of one page.
 * @folded: now map the frame.
 * @pinned: left, somebody else holds a reference to the page.
 * @changed: left, the bytes are not those of the frame.
 * @refused: left, their memory is not to be folded.
 */
struct pagefold_fold {
	unsigned int folded;
	unsigned int pinned;
	unsigned int changed;
	unsigned int refused;
};

/**
 * struct pagefold_remap - a page on its way into a frame.
 * @page: ordinary anonymous page, not part of a huge one; locked, with one
 *	reference of the caller's.
 * @frame: a frame, referenced; NULL for the kernel's zero page.
 * @equal: found equal while nobody else held it, and so it stays: nobody can
 *	write.
 * @outcome: of the mappings so far.
 */
struct pagefold_remap {
	struct page *page;
	struct page *frame;
	bool equal;
	struct pagefold_fold outcome;
};

/**
 * pagefold_remap_held() - does somebody else hold the page?
 * @folio: of one page.
 *
 * Somebody besides the mappings, the swap cache and our caller holds the
 * page: O_DIRECT, a pin, a batch on its way to the LRU. Exact only while a
 * PTE is cleared and flushed: GUP-fast can then take no reference through it
 * (write_protect_page() in mm/ksm.c).
 */
static inline bool pagefold_remap_held(struct folio *folio)
{
	int expected = pagefold_mapcount(folio) + 1 +
		       folio_test_swapcache(folio);

	return folio_ref_count(folio) != expected;
}

/**
 * pagefold_remap_possible() - may this entry be cleared?
 * @pte: the entry, of a mapping in scope; what was known of it may have
 *	changed.
 *
 * Context: Page table lock held.
 */
static inline bool pagefold_remap_possible(pte_t pte)
{
	return pte_present(pte) && !pte_special(pte) && !pte_protnone(pte) &&
	       !pagefold_pte_uffd(pte);
}

/**
 * pagefold_remap_finish() - install the entry of the frame, or put back @old.
 * @remap: the page; its outcome is that of one mapping more.
 * @vma: the mapping.
 * @addr: the address.
 * @ptep: the entry, clear and flushed.
 * @old: what it was.
 *
 * Context: Page table lock held since before the entry was cleared.
 */
void pagefold_remap_finish(struct pagefold_remap *remap,
			   struct vm_area_struct *vma, unsigned long addr,
			   pte_t *ptep, pte_t old);

/**
 * pagefold_remap_conclude() - after the last mapping.
 * @remap: the page; its outcome is counted.
 *
 * Context: Process context, no lock but the page's.
 */
void pagefold_remap_conclude(const struct pagefold_remap *remap);

#endif
