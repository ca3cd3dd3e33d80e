// SPDX-License-Identifier: GPL-2.0
/*
 * Lock order: mmap_lock (read), page lock > page table lock
 */
#include "bytes.h"
#include "compat/kernel.h"
#include "pagefold.h"
#include "remap.h"
#include "trace.h"

/*
 * A page that is not exclusive is mapped read-only wherever it is mapped: once
 * it was found equal while nobody else held it, it stays so. (What a batch found
 * equal has this mapping only, so exclusive or not it is not asked again.)
 */
static bool is_equal(struct pagefold_remap *remap)
{
	if (remap->equal)
		return true;
	if (!pagefold_bytes_equal(remap->page, remap->frame))
		return false;
	remap->equal = !PageAnonExclusive(remap->page);
	return true;
}

/*
 * May this cleared and flushed mapping be replaced? The order matters: what
 * page_try_share_anon_rmap() changes must not have to be undone.
 */
static bool may_replace(struct pagefold_remap *remap)
{
	struct page *page = remap->page;

	if (pagefold_remap_held(page_folio(page))) {
		remap->outcome.pinned++;
		return false;
	}
	if (!is_equal(remap)) {
		remap->outcome.changed++;
		return false;
	}
	if (PageAnonExclusive(page) && pagefold_try_share(page)) {
		remap->outcome.pinned++;
		return false;
	}
	return true;
}

/*
 * What replaces @old, read-only. mprotect() sets vm_page_prot before it
 * rewrites the PTEs under their lock, which we hold: either its new value is
 * read here, or this PTE is rewritten afterwards.
 */
static pte_t replacement(struct pagefold_remap *remap,
			 struct vm_area_struct *vma, unsigned long addr,
			 pte_t old)
{
	pgprot_t prot = READ_ONCE(vma->vm_page_prot);
	pte_t pte;

	if (remap->frame)
		pte = mk_pte(remap->frame, prot);
	else
		pte = pte_mkspecial(pfn_pte(page_to_pfn(ZERO_PAGE(addr)),
					    prot));
	pte = pte_wrprotect(pte);
	return pte_soft_dirty(old) ? pte_mksoft_dirty(pte) : pte;
}

/* replace_page() in mm/ksm.c, on a PTE that is already clear. */
static void replace(struct pagefold_remap *remap, struct vm_area_struct *vma,
		    unsigned long addr, pte_t *ptep, pte_t old)
{
	struct page *page = remap->page;

	if (remap->frame) {
		get_page(remap->frame);
		pagefold_add_anon_rmap(remap->frame, vma, addr);
	} else {
		/* The zero page is not anonymous, nor counted at all. */
		dec_mm_counter(vma->vm_mm, MM_ANONPAGES);
	}
	set_pte_at(vma->vm_mm, addr, ptep, replacement(remap, vma, addr, old));

	/* Mappings that stay must not lose what was written through this. */
	if (pte_dirty(old))
		folio_mark_dirty(page_folio(page));
	pagefold_remove_rmap(page, vma);
	put_page(page);
	remap->outcome.folded++;
}

void pagefold_remap_finish(struct pagefold_remap *remap,
			   struct vm_area_struct *vma, unsigned long addr,
			   pte_t *ptep, pte_t old)
{
	if (may_replace(remap))
		replace(remap, vma, addr, ptep, old);
	else
		set_pte_at(vma->vm_mm, addr, ptep, old);
}

static void count(const struct pagefold_remap *remap)
{
	const struct pagefold_fold *outcome = &remap->outcome;

	if (remap->frame)
		pagefold_count_add(folded, outcome->folded);
	else
		pagefold_count_add(folded_zero, outcome->folded);
	pagefold_count_add(pinned, outcome->pinned);
	pagefold_count_add(changed, outcome->changed);
	pagefold_count_add(refused, outcome->refused);
	trace_pagefold_folded(page_to_pfn(remap->page),
			      remap->frame ? page_to_pfn(remap->frame) : 0,
			      outcome->folded, outcome->pinned,
			      outcome->changed, outcome->refused);
}

void pagefold_remap_conclude(const struct pagefold_remap *remap)
{
	struct folio *folio = page_folio(remap->page);

	/* The slot of a page that is gone serves nobody. */
	if (folio_test_swapcache(folio) && !pagefold_mapcount(folio))
		folio_free_swap(folio);
	count(remap);
}
