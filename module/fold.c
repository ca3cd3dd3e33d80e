// SPDX-License-Identifier: GPL-2.0
/*
 * Lock order:
 *
 *   mmap_lock (read, trylock) > page lock (trylock) > anon_vma (rmap_walk())
 *     > mmap_lock of a mapping (read, trylock) > page table lock
 *     > index stripe
 */
#include <linux/sched/clock.h>
#include "bytes.h"
#include "compat/kernel.h"
#include "fold.h"
#include "frame.h"
#include "pagefold.h"
#include "scope.h"
#include "trace.h"

/*
 * The lock of the anon_vma is held for so many mappings at most, in which
 * fork() and exit() of the sharers wait. The others' turn is the next pass.
 */
#define MAPPINGS_MAX 256

/* Of those that share its anon_vma many may not map the page at all. */
#define MET_MAX (16 * MAPPINGS_MAX)

/* One call of pagefold_fold(), as rmap_walk() carries it along. */
struct walk {
	struct page *page;
	struct page *frame;
	unsigned int met;	/* mappings that may be of the page */
	unsigned int tried;	/* mappings cleared */
	bool equal;		/* and so it stays: nobody can write */
	struct pagefold_fold outcome;
};

/*
 * Somebody besides the mappings, the swap cache and our caller holds the
 * page: O_DIRECT, a pin, a batch on its way to the LRU. Exact only while a
 * PTE is cleared and flushed: GUP-fast can then take no reference through it
 * (write_protect_page() in mm/ksm.c).
 */
static bool held_by_others(struct folio *folio)
{
	int expected = pagefold_mapcount(folio) + 1 +
		       folio_test_swapcache(folio);

	return folio_ref_count(folio) != expected;
}

/*
 * A page that is not exclusive is mapped read-only wherever it is mapped: once
 * it was found equal while nobody else held it, it stays so.
 */
static bool is_equal(struct walk *walk)
{
	if (walk->equal)
		return true;
	if (!pagefold_bytes_equal(walk->page, walk->frame))
		return false;
	walk->equal = !PageAnonExclusive(walk->page);
	return true;
}

/*
 * May this cleared and flushed mapping be replaced? The order matters: what
 * page_try_share_anon_rmap() changes must not have to be undone.
 */
static bool may_replace(struct walk *walk)
{
	struct page *page = walk->page;

	if (held_by_others(page_folio(page))) {
		walk->outcome.pinned++;
		return false;
	}
	if (!is_equal(walk)) {
		walk->outcome.changed++;
		return false;
	}
	if (PageAnonExclusive(page) && pagefold_try_share(page)) {
		walk->outcome.pinned++;
		return false;
	}
	return true;
}

/*
 * What replaces @old, read-only. mprotect() sets vm_page_prot before it
 * rewrites the PTEs under their lock, which we hold: either its new value is
 * read here, or this PTE is rewritten afterwards.
 */
static pte_t replacement(struct walk *walk, struct vm_area_struct *vma,
			 unsigned long addr, pte_t old)
{
	pgprot_t prot = READ_ONCE(vma->vm_page_prot);
	pte_t pte;

	if (walk->frame)
		pte = mk_pte(walk->frame, prot);
	else
		pte = pte_mkspecial(pfn_pte(page_to_pfn(ZERO_PAGE(addr)),
					    prot));
	pte = pte_wrprotect(pte);
	return pte_soft_dirty(old) ? pte_mksoft_dirty(pte) : pte;
}

/* replace_page() in mm/ksm.c, on a PTE that is already clear. */
static void replace(struct walk *walk, struct vm_area_struct *vma,
		    unsigned long addr, pte_t *ptep, pte_t old)
{
	struct page *page = walk->page;

	if (walk->frame) {
		get_page(walk->frame);
		pagefold_add_anon_rmap(walk->frame, vma, addr);
	} else {
		/* The zero page is not anonymous, nor counted at all. */
		dec_mm_counter(vma->vm_mm, MM_ANONPAGES);
	}
	set_pte_at(vma->vm_mm, addr, ptep, replacement(walk, vma, addr, old));

	/* Mappings that stay must not lose what was written through this. */
	if (pte_dirty(old))
		folio_mark_dirty(page_folio(page));
	pagefold_remove_rmap(page, vma);
	put_page(page);
	walk->outcome.folded++;
}

/* Under the page table lock: what rmap_walk() found may have changed. */
static bool may_clear(struct vm_area_struct *vma, pte_t pte)
{
	return pte_present(pte) && !pte_special(pte) && !pte_protnone(pte) &&
	       !pagefold_pte_uffd(pte) && pagefold_scope_vma(vma);
}

static void fold_pte(struct walk *walk, struct vm_area_struct *vma,
		     unsigned long addr, pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);

	if (!may_clear(vma, pte)) {
		walk->outcome.refused++;
		return;
	}
	walk->tried++;
	flush_cache_page(vma, addr, pte_pfn(pte));
	pte = ptep_clear_flush(vma, addr, ptep);
	pagefold_flush_secondary(vma, addr);
	if (may_replace(walk))
		replace(walk, vma, addr, ptep, pte);
	else
		set_pte_at(vma->vm_mm, addr, ptep, pte);
}

static void fold_in_vma(struct walk *walk, struct vm_area_struct *vma,
			unsigned long addr)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, page_folio(walk->page), vma, addr, 0);
	struct mmu_notifier_range range;

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
		walk->outcome.refused++;
	} else {
		fold_in_vma(walk, vma, addr);
		mmap_read_unlock(mm);
	}
	if (++walk->met < MET_MAX && walk->tried < MAPPINGS_MAX)
		return true;
	/* There may be more. With nothing folded it must not be tried so soon. */
	walk->outcome.refused += !walk->outcome.folded;
	return false;
}

/* done of rmap_walk(): what is not mapped any more need not be looked for. */
static int is_unmapped(struct folio *folio)
{
	return !folio_mapped(folio);
}

static void count_outcome(struct walk *walk)
{
	struct pagefold_fold *outcome = &walk->outcome;

	if (walk->frame)
		pagefold_count_add(folded, outcome->folded);
	else
		pagefold_count_add(folded_zero, outcome->folded);
	pagefold_count_add(pinned, outcome->pinned);
	pagefold_count_add(changed, outcome->changed);
	pagefold_count_add(refused, outcome->refused);
	trace_pagefold_folded(page_to_pfn(walk->page),
			      walk->frame ? page_to_pfn(walk->frame) : 0,
			      outcome->folded, outcome->pinned,
			      outcome->changed, outcome->refused);
}

struct pagefold_fold pagefold_fold(struct page *page, struct page *frame)
{
	struct walk walk = { .page = page, .frame = frame };
	struct rmap_walk_control control = {
		.rmap_one = fold_mapping,
		.done = is_unmapped,
		.arg = &walk,
	};
	struct folio *folio = page_folio(page);
	u64 start = local_clock();

	rmap_walk(folio, &control);
	/* The slot of a page that is gone serves nobody. */
	if (!folio_mapped(folio))
		folio_free_swap(folio);
	pagefold_latency_add(&pagefold_stats.latency_fold,
			     local_clock() - start);
	count_outcome(&walk);
	return walk.outcome;
}

bool pagefold_fold_possible(struct page *page)
{
	struct folio *folio = page_folio(page);

	return folio_test_anon(folio) && !folio_test_ksm(folio) &&
	       !folio_test_large(folio) && folio_test_swapbacked(folio) &&
	       !folio_test_writeback(folio) && folio_mapped(folio) &&
	       !PageHWPoison(page) &&
	       !held_by_others(folio);
}
