// SPDX-License-Identifier: GPL-2.0
/*
 * Lock order: mmap_lock (read) > page table lock
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mmap_lock.h>
#include <linux/sched/mm.h>
#include "compat/kernel.h"
#include "compat/pte.h"
#include "frame.h"
#include "lonely.h"
#include "pagefold.h"
#include "trace.h"
#include "visit.h"

/* So few sharers that a cold frame is given back when memory is short. */
#define FEW_SHARERS 2

/*
 * So many pages are taken from the reserves in a turn without a frame freed for
 * them (others hold a reference, or one of the sharers was given back).
 */
#define VAIN_MAX 16

void pagefold_lonely_note(struct pagefold_visit *visit,
			  struct pagefold_lonely mapping, pte_t *ptep)
{
	int mappings = pagefold_frame_mappings(mapping.frame);
	bool cold = visit->cold && mappings == FEW_SHARERS &&
		    !pagefold_pte_test_and_clear_young(ptep);

	visit->cold -= cold;
	if (pagefold_broken(visit->nlonely == ARRAY_SIZE(visit->lonely)))
		return;
	if (mappings == 1 || cold) {
		visit->left--;
		visit->lonely[visit->nlonely++] = mapping;
	}
}

/*
 * The page costs memory before the frame is freed. It must neither wait for
 * reclaim nor have somebody killed, not even in a memory cgroup at its limit:
 * so it is taken as reclaim itself takes memory.
 */
static struct page *alloc_charged(struct mm_struct *mm, struct page *frame)
{
	unsigned int flags = memalloc_noreclaim_save();
	struct page *page;

	page = alloc_pages_node(page_to_nid(frame),
				GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, 0);
	if (page && mem_cgroup_charge(page_folio(page), mm, GFP_KERNEL)) {
		put_page(page);
		page = NULL;
	}
	memalloc_noreclaim_restore(flags);
	return page;
}

static bool still_maps(pte_t pte, struct page *frame)
{
	return pte_present(pte) && !pte_special(pte) && !pte_protnone(pte) &&
	       !pagefold_pte_uffd(pte) && pte_page(pte) == frame;
}

/*
 * The reverse of replace() in remap.c; wp_page_copy() for an unshare fault. The
 * entry takes over the reference to @page.
 */
static void install(struct vm_area_struct *vma, unsigned long addr,
		    pte_t *ptep, struct page *page, struct page *frame)
{
	pte_t old, pte = mk_pte(page, READ_ONCE(vma->vm_page_prot));

	flush_cache_page(vma, addr, page_to_pfn(frame));
	old = ptep_clear_flush(vma, addr, ptep);
	/* See keep_dirty() in split.c. */
	folio_mark_dirty(page_folio(page));
	pagefold_add_new_anon_rmap(page, vma, addr);
	folio_add_lru(page_folio(page));
	pte = pte_mkyoung(pte_wrprotect(pte));
	if (pte_soft_dirty(old))
		pte = pte_mksoft_dirty(pte);
	set_pte_at(vma->vm_mm, addr, ptep, pte);
	pagefold_remove_rmap(frame, vma);
	put_page(frame);
}

/*
 * No fault is taken: the mapping may be gone by now, and a fault would bring in
 * whatever belongs there, wait for the server of a file, or map what nobody
 * unmaps in a process that exits (exit_mmap() unmaps under the read lock, too).
 */
static bool replace(struct vm_area_struct *vma,
		    const struct pagefold_lonely *mapping, struct page *page)
{
	unsigned long addr = mapping->addr;
	bool replaced = false;
	spinlock_t *ptl; /* of the page table */
	pte_t *ptep;

	if (!pagefold_pte_map(vma->vm_mm, mapping->pmd, addr, &ptep, &ptl))
		return false;
	if (still_maps(ptep_get(ptep), mapping->frame)) {
		install(vma, addr, ptep, page, mapping->frame);
		replaced = true;
	}
	pte_unmap_unlock(ptep, ptl);
	return replaced;
}

/* Return: false when there is no memory. */
static bool give_back(struct vm_area_struct *vma,
		      const struct pagefold_lonely *mapping)
{
	struct mmu_notifier_range range;
	struct page *page = alloc_charged(vma->vm_mm, mapping->frame);

	if (!page) {
		pagefold_count(nomem);
		return false;
	}
	copy_highpage(page, mapping->frame);
	__SetPageUptodate(page);
	pagefold_range_init(&range, vma, mapping->addr,
			    mapping->addr + PAGE_SIZE);
	pagefold_notifier_start(&range);
	if (replace(vma, mapping, page)) {
		pagefold_count(unshared);
		trace_pagefold_unshared(mapping->addr, 0);
	} else {
		put_page(page);
	}
	pagefold_notifier_end(&range);
	return true;
}

void pagefold_lonely_give_back(struct pagefold_visit *visit,
			       struct vm_area_struct *vma)
{
	const struct pagefold_lonely *mapping = visit->lonely;
	const struct pagefold_lonely *end = mapping + visit->nlonely;
	unsigned int vain = 0;

	visit->nlonely = 0;
	if (vma->vm_flags & VM_LOCKED)
		return;
	for (; mapping != end && vain < VAIN_MAX; mapping++) {
		if (mmap_lock_is_contended(vma->vm_mm) ||
		    PageHWPoison(mapping->frame) || !give_back(vma, mapping))
			return;
		vain += !pagefold_frame_prune(mapping->frame);
	}
}
