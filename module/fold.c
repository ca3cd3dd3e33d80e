// SPDX-License-Identifier: GPL-2.0
/*
 * Lock order:
 *
 *   mmap_lock (read, trylock) > page lock (trylock) > anon_vma (rmap_walk())
 *     > mmap_lock of a mapping (read, trylock) > page table lock
 *     > index stripe
 */
#include <linux/sched/clock.h>
#include "compat/kernel.h"
#include "debug.h"
#include "fold.h"
#include "pagefold.h"
#include "remap.h"
#include "scope.h"

/*
 * The lock of the anon_vma is held for so many mappings at most, in which
 * fork() and exit() of the sharers wait. The others' turn is the next pass.
 */
#define MAPPINGS_MAX 256

/* Of those that share its anon_vma many may not map the page at all. */
#define MET_MAX (16 * MAPPINGS_MAX)

/* One call of pagefold_fold(), as rmap_walk() carries it along. */
struct walk {
	struct pagefold_remap remap;
	unsigned int met;	/* mappings that may be of the page */
	unsigned int tried;	/* mappings cleared */
};

static void fold_pte(struct walk *walk, struct vm_area_struct *vma,
		     unsigned long addr, pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);

	/* The mapping was found in scope before its mmap lock was taken. */
	if (!pagefold_scope_vma(vma) || !pagefold_remap_possible(pte)) {
		walk->remap.outcome.refused++;
		return;
	}
	walk->tried++;
	flush_cache_page(vma, addr, pte_pfn(pte));
	pte = ptep_clear_flush(vma, addr, ptep);
	pagefold_flush_secondary(vma->vm_mm, addr, addr + PAGE_SIZE);
	pagefold_remap_finish(&walk->remap, vma, addr, ptep, pte);
}

static void fold_in_vma(struct walk *walk, struct vm_area_struct *vma,
			unsigned long addr)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, page_folio(walk->remap.page), vma, addr, 0);
	struct mmu_notifier_range range;

	might_sleep();
	pagefold_range_init(&range, vma, addr, addr + PAGE_SIZE);
	pagefold_notifier_start(&range);
	while (page_vma_mapped_walk(&pvmw)) {
		if (pagefold_broken(!pvmw.pte)) {
			page_vma_mapped_walk_done(&pvmw);
			break;
		}
		fold_pte(walk, vma, pvmw.address, pvmw.pte);
	}
	pagefold_notifier_end(&range);
}

/*
 * rmap_one of rmap_walk(), shaped like try_to_unmap_one() in mm/rmap.c. Who has
 * the mmap lock for writing may be taking the memory out of scope: madvise()
 * has split it and not yet cleared VM_MERGEABLE. The lock is tried, so it does
 * not matter that it is taken inside of anon_vma.
 */
static bool fold_mapping(struct folio *folio, struct vm_area_struct *vma,
			 unsigned long addr, void *arg)
{
	struct mm_struct *mm = vma->vm_mm;
	struct walk *walk = arg;

	if (!pagefold_scope_vma(vma) || !mmap_read_trylock(mm)) {
		walk->remap.outcome.refused++;
	} else {
		fold_in_vma(walk, vma, addr);
		mmap_read_unlock(mm);
	}
	if (++walk->met < MET_MAX && walk->tried < MAPPINGS_MAX)
		return true;
	/* There may be more. With nothing folded it must not be tried so soon. */
	walk->remap.outcome.refused += !walk->remap.outcome.folded;
	return false;
}

/* done of rmap_walk(): what is not mapped any more need not be looked for. */
static int is_unmapped(struct folio *folio)
{
	return !folio_mapped(folio);
}

/*
 * Without .anon_lock rmap_walk() would take the anon_vma for granted, which is
 * gone with the last mapping, and that is no matter of the page lock.
 */
struct pagefold_fold pagefold_fold(struct page *page, struct page *frame)
{
	struct walk walk = { .remap = { .page = page, .frame = frame } };
	struct rmap_walk_control control = {
		.anon_lock = folio_lock_anon_vma_read,
		.rmap_one = fold_mapping,
		.done = is_unmapped,
		.arg = &walk,
	};
	struct folio *folio = page_folio(page);
	u64 start = local_clock();

	pagefold_debug_hold_up();
	rmap_walk(folio, &control);
	pagefold_latency_add(&pagefold_stats.latency_fold,
			     local_clock() - start);
	pagefold_remap_conclude(&walk.remap);
	return walk.remap.outcome;
}

bool pagefold_fold_possible(struct page *page)
{
	struct folio *folio = page_folio(page);

	return folio_test_anon(folio) && !folio_test_ksm(folio) &&
	       !folio_test_large(folio) && folio_test_swapbacked(folio) &&
	       !folio_test_writeback(folio) && pagefold_mapcount(folio) &&
	       !PageHWPoison(page) && !pagefold_remap_held(folio);
}
