// SPDX-License-Identifier: GPL-2.0
/*
 * Lock order: mmap_lock (read, trylock) > page table lock > index stripe
 */
#include <linux/sched/clock.h>
#include "compat/kernel.h"
#include "lonely.h"
#include "pagefold.h"
#include "ptes.h"
#include "scope.h"
#include "table.h"
#include "trace.h"
#include "visit.h"

/* A hold that finds only holes and memory out of scope ends after these. */
#define STEPS_MAX 64

/*
 * One that finds work ends after about so much: dirty bits cleared, pages to
 * settle and frames to give back, one for each. The locks are not to be held
 * for long, but each turn has a cost of its own, a flush of the TLB mostly.
 */
#define WORK_MAX 128

static void visit_huge(struct pagefold_visit *visit,
		       const struct pagefold_table *found)
{
	struct pagefold_ptes table = {
		.visit = visit, .vma = found->vma, .pmd = found->pmd,
	};
	pmd_t *pmd = found->pmd;
	spinlock_t *ptl = pmd_lock(visit->mm, pmd); /* of the entry */

	if (pmd_present(*pmd) && pmd_trans_huge(*pmd) && !pmd_protnone(*pmd))
		pagefold_ptes_visit_huge(&table, found->start & HPAGE_PMD_MASK);
	spin_unlock(ptl);
}

static void visit_table(struct pagefold_visit *visit,
			const struct pagefold_table *found)
{
	struct pagefold_ptes table = {
		.visit = visit, .vma = found->vma, .pmd = found->pmd,
	};
	struct mm_struct *mm = visit->mm;
	spinlock_t *ptl; /* of the page table */
	pte_t *ptep;
	u64 start;

	if (!pagefold_pte_map(mm, found->pmd, found->start, &ptep, &ptl)) {
		visit_huge(visit, found);
		return;
	}
	start = local_clock();
	visit->next = pagefold_ptes_visit(&table, ptep, found->start,
					  found->end);
	if (table.flush_end)
		flush_tlb_mm_range(mm, table.flush_start, table.flush_end,
				   PAGE_SHIFT, false);
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
		visit_table(visit, &found);
		if (visit->nlonely)
			pagefold_lonely_give_back(visit, found.vma);
		/* What comes next is in another one, or has to wait. */
		if (!(visit->next & ~PMD_MASK) || visit->left <= 0)
			return PAGEFOLD_TURN_MORE;
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

	visit->left = WORK_MAX;
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

void pagefold_visit_make_room(struct pagefold_visit *visit)
{
	if (visit->unnoted &&
	    pagefold_index_prepare(&pagefold_index, visit->unnoted) == -ENOMEM)
		pagefold_count(nomem);
	visit->unnoted = 0;
}
