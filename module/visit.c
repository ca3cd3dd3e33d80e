// SPDX-License-Identifier: GPL-2.0
/*
 * Lock order: mmap_lock (read, trylock) > page table lock > index stripe
 */
#include <linux/sched/clock.h>
#include "compat/kernel.h"
#include "compat/pte.h"
#include "frame.h"
#include "lonely.h"
#include "pagefold.h"
#include "scope.h"
#include "settle.h"
#include "table.h"
#include "trace.h"
#include "twin.h"
#include "visit.h"

/* A hold that finds only holes and memory out of scope ends after these. */
#define STEPS_MAX 64

/* A candidate that may be written unseen is read again in 1 of 2^n passes. */
#define JUDGED_AGAIN 3

/*
 * In 1 of 2^n passes a candidate is asked whether it is still the page that
 * was tagged: pages swapped in or migrated come clean, to frame numbers that
 * may have tags of others.
 */
#define ASKED_AGAIN 4

/* One page table, under its lock. */
struct table {
	struct pagefold_visit *visit;
	struct vm_area_struct *vma;
	pmd_t *pmd;
	/* Addresses of the first and the last dirty bit cleared. */
	unsigned long flush_start;
	unsigned long flush_end;
};

/* A huge page is settled as a whole: once, if its parts come in a row. */
static void collect(struct pagefold_visit *visit, struct page *page)
{
	if (PageCompound(page) && visit->npages &&
	    page_folio(visit->pages[visit->npages - 1]) == page_folio(page))
		return;
	if (pagefold_broken(visit->npages == ARRAY_SIZE(visit->pages)))
		return;
	get_page(page);
	visit->pages[visit->npages++] = page;
}

/* May @page ever be folded? What else there is changes by itself. */
static bool ordinary(struct folio *folio)
{
	return folio_test_anon(folio) && !folio_test_ksm(folio) &&
	       folio_test_swapbacked(folio) && !folio_is_zone_device(folio);
}

/* How seldom to look at a page: tried in vain, or judged and found equal. */
static unsigned int patience(u32 tag)
{
	if (pagefold_tag_is_retry(tag))
		return tag - PAGEFOLD_RETRY;
	return pagefold_tag_is_candidate(tag) ? JUDGED_AGAIN : 0;
}

/* Unwritten since the last visit, and not known by a tag that says enough. */
static void visit_clean(struct table *table, unsigned long pfn, u32 tag)
{
	struct pagefold_visit *visit = table->visit;
	struct page *page = pfn_to_page(pfn);
	struct folio *folio = page_folio(page);

	if (pagefold_frame_is_ours(page)) {
		/* One that is held and has no tag is full. */
		if (!pagefold_frame_is_held(page))
			collect(visit, page);
		return;
	}
	if (!ordinary(folio))
		return;
	if (pagefold_settle_due(folio_pfn(folio) >> folio_order(folio),
				visit->pass, patience(tag)))
		collect(visit, page);
}

/* Another page came to a frame number that is tagged: settle it anew. */
static void visit_candidate(struct table *table, unsigned long pfn, u32 tag)
{
	if (!pagefold_twin_gone(pfn, tag))
		return;
	pagefold_index_remove(&pagefold_index, pfn);
	visit_clean(table, pfn, 0);
}

static void keep_dirty(struct table *table, struct folio *folio)
{
	if (!folio_test_dirty(folio))
		folio_mark_dirty(folio);
	table->visit->written++;
}

/*
 * The dirty bit goes to the page, as zap_pte_range() in mm/memory.c moves it.
 * The caller flushes before the page table lock is dropped: until then other
 * CPUs write through old entries without setting the bit again, and reclaim
 * would take the page for clean and unwritable.
 */
static void clear_dirty(struct table *table, struct folio *folio,
			unsigned long addr, pte_t *ptep)
{
	keep_dirty(table, folio);
	pagefold_pte_mkclean(ptep);
	if (!table->flush_end)
		table->flush_start = addr;
	table->flush_end = addr + PAGE_SIZE;
}

/*
 * Dirty, but not writable: the bit is older than what made the entry
 * read-only (fork() mostly) and may stand in the entries of many processes.
 * It does not make the page hot. A tag may be older still, so look again.
 */
static void visit_old_dirt(struct table *table, struct page *page, u32 tag)
{
	if (pagefold_tag_is_candidate(tag) && !PageCompound(page))
		collect(table->visit, page);
}

/* Written since the last visit: any tag is of a content that is gone. */
static void visit_written(struct table *table, unsigned long pfn, u32 tag)
{
	unsigned int heat = 0;

	if (!pagefold_tag_is_known(tag) && !pagefold_tag_is_retry(tag))
		heat = tag;
	pagefold_index_set_heat(&pagefold_index, pfn,
				min(heat + 1, PAGEFOLD_HOT_MAX));
}

/* Found written so often that it is not its turn in this pass. */
static bool is_hot(struct pagefold_visit *visit, unsigned long pfn, u32 tag)
{
	bool hot = tag && tag <= PAGEFOLD_HOT_MAX &&
		   !pagefold_settle_due(pfn, visit->pass, tag - 1);

	visit->hot += hot;
	return hot;
}

static void visit_dirty(struct table *table, pte_t pte, unsigned long addr,
			pte_t *ptep, u32 tag)
{
	unsigned long pfn = pte_pfn(pte);
	struct page *page = pfn_to_page(pfn);
	struct folio *folio;

	if (is_hot(table->visit, pfn, tag))
		return;
	folio = page_folio(page);
	if (!ordinary(folio))
		return;
	clear_dirty(table, folio, addr, ptep);
	if (pte_write(pte))
		visit_written(table, pfn, tag);
	else
		visit_old_dirt(table, page, tag);
}

/*
 * The sacred path: memory at rest is known by its tag and costs no more than
 * to read the entry and the tag.
 */
static __always_inline void visit_pte(struct table *table, pte_t pte,
				      unsigned long addr, pte_t *ptep)
{
	struct pagefold_visit *visit = table->visit;
	u32 tag = pagefold_index_tag(&pagefold_index, pte_pfn(pte));

	if (unlikely(visit->relieve || pagefold_tag_is_lonely(tag)))
		visit_frame(table, pte_page(pte), addr, ptep, tag);
	else if (unlikely(pte_dirty(pte)))
		visit_dirty(table, pte, addr, ptep, tag);
	else if (unlikely(!pagefold_tag_is_linked(tag) ||
			  (visit->judge && !pagefold_tag_is_frame(tag))))
		visit_clean(table, pte_pfn(pte), tag);
	else if (unlikely(!pagefold_tag_is_frame(tag) &&
			  pagefold_settle_due(pte_pfn(pte), visit->pass,
					      ASKED_AGAIN)))
		visit_candidate(table, pte_pfn(pte), tag);
}

static void visit_entries(struct table *table, pte_t *ptep, unsigned long addr,
			  unsigned long end)
{
	unsigned int visited = 0;
	pte_t pte;

	for (; addr != end; addr += PAGE_SIZE, ptep++) {
		pte = ptep_get(ptep);
		if (!pte_present(pte))
			continue;
		visited++;
		if (likely(!pte_special(pte) && !pte_protnone(pte)))
			visit_pte(table, pte, addr, ptep);
	}
	table->visit->visited += visited;
}

/* Like visit_dirty() and visit_clean(), told by the tag of the first part. */
static void visit_huge_entry(struct table *table, unsigned long addr,
			     pmd_t *pmd)
{
	struct pagefold_visit *visit = table->visit;
	struct page *page = pmd_page(*pmd);
	unsigned long pfn = page_to_pfn(page);
	u32 tag = pagefold_index_tag(&pagefold_index, pfn);

	visit->visited += HPAGE_PMD_NR;
	if (visit->relieve || !ordinary(page_folio(page)))
		return;
	if (!pmd_dirty(*pmd)) {
		if (!pagefold_tag_is_linked(tag) || visit->judge)
			visit_clean(table, pfn, tag);
		return;
	}
	if (is_hot(visit, pfn, tag))
		return;
	keep_dirty(table, page_folio(page));
	pagefold_pmd_mkclean(pmd);
	flush_tlb_mm_range(table->vma->vm_mm, addr, addr + HPAGE_PMD_SIZE,
			   PMD_SHIFT, false);
	visit_written(table, pfn, tag);
}

static void visit_huge(struct pagefold_visit *visit,
		       struct vm_area_struct *vma, pmd_t *pmd,
		       unsigned long addr)
{
	struct table table = { .visit = visit, .vma = vma, .pmd = pmd };
	spinlock_t *ptl = pmd_lock(vma->vm_mm, pmd); /* of the entry */

	if (pmd_present(*pmd) && pmd_trans_huge(*pmd) && !pmd_protnone(*pmd))
		visit_huge_entry(&table, addr & HPAGE_PMD_MASK, pmd);
	spin_unlock(ptl);
}

static void visit_table(struct pagefold_visit *visit,
			struct vm_area_struct *vma, pmd_t *pmd,
			unsigned long addr, unsigned long end)
{
	struct table table = { .visit = visit, .vma = vma, .pmd = pmd };
	spinlock_t *ptl; /* of the page table */
	pte_t *ptep;
	u64 start;

	if (!pagefold_pte_map(vma->vm_mm, pmd, addr, &ptep, &ptl)) {
		visit_huge(visit, vma, pmd, addr);
		return;
	}
	start = local_clock();
	visit_entries(&table, ptep, addr, end);
	if (table.flush_end)
		flush_tlb_mm_range(vma->vm_mm, table.flush_start,
				   table.flush_end, PAGE_SHIFT, false);
	pte_unmap_unlock(ptep, ptl);
	pagefold_latency_add(&pagefold_stats.latency_table_hold,
			     local_clock() - start);
}

/* Up to the next page table in scope, at or after visit->next. */
static bool find_table(struct pagefold_visit *visit,
		       struct pagefold_table *found)
{
	int step;

	for (step = 0; step < STEPS_MAX; step++) {
		if (!pagefold_table_next(visit->mm, visit->next,
					 visit->wanted, found))
			return false;
		visit->next = found->end;
		if (found->pmd)
			return true;
	}
	found->pmd = NULL;
	return true;
}

/* All VMAs that share the first page table found. */
static enum pagefold_turn visit_region(struct pagefold_visit *visit)
{
	unsigned long region = ULONG_MAX; /* none yet; 0 is the lowest one */
	struct pagefold_table found;

	for (;;) {
		if (!find_table(visit, &found))
			return PAGEFOLD_TURN_DONE;
		if (!found.pmd)
			return PAGEFOLD_TURN_MORE;
		if (region != ULONG_MAX &&
		    (found.start & PMD_MASK) != region) {
			visit->next = found.start;
			return PAGEFOLD_TURN_MORE;
		}
		region = found.start & PMD_MASK;
		visit_table(visit, found.vma, found.pmd, found.start,
			    found.end);
		if (visit->nlonely)
			pagefold_lonely_give_back(visit, found.vma);
	}
}

static void count_turn(struct pagefold_visit *visit, unsigned long start)
{
	pagefold_count_add(visited, visit->visited);
	pagefold_count_add(written, visit->written);
	pagefold_count_add(hot_skipped, visit->hot);
	pagefold_count_add(settled, visit->npages);
	trace_pagefold_visited(start, visit->visited, visit->written,
			       visit->npages);
}

enum pagefold_turn pagefold_visit_turn(struct pagefold_visit *visit)
{
	enum pagefold_turn turn = PAGEFOLD_TURN_DONE;
	unsigned long start_address = visit->next;
	u64 start, ns;

	visit->visited = 0;
	visit->written = 0;
	visit->hot = 0;
	visit->npages = 0;
	if (!mmap_read_trylock(visit->mm)) {
		pagefold_count(mmap_busy);
		return PAGEFOLD_TURN_BUSY;
	}
	start = local_clock();
	visit->judge = mm_has_notifiers(visit->mm);
	if (!pagefold_scope_exiting(visit->mm))
		turn = visit_region(visit);
	mmap_read_unlock(visit->mm);
	ns = local_clock() - start;
	pagefold_latency_add(&pagefold_stats.latency_mmap_hold, ns);
	pagefold_count_add(cpu_ns_walk, ns);
	count_turn(visit, start_address);
	return turn;
}
