/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The batch: pages of one page table that are folded under one hold of its
 * lock, with one flush.
 */
#ifndef PAGEFOLD_BATCH_H
#define PAGEFOLD_BATCH_H

#include "compat/kernel.h"
#include "remap.h"

/*
 * So many pages are compared, and fresh ones not written, while the page table
 * lock is held.
 */
#define PAGEFOLD_BATCH_MAX 16

/**
 * struct pagefold_batched - a page of a batch.
 * @remap: the page and its frame.
 * @addr: where the page was mapped when it was visited.
 * @tried: it was still there, and the outcome is known.
 * @old: the entry that was cleared.
 */
struct pagefold_batched {
	struct pagefold_remap remap;
	unsigned long addr;
	bool tried;
	pte_t old;
};

/**
 * struct pagefold_batch - pages that wait to be folded.
 * @mm: whose pages, held by mm_count.
 * @n: how many.
 * @pages: each with its frame, locked and referenced.
 */
struct pagefold_batch {
	struct mm_struct *mm;
	unsigned int n;
	struct pagefold_batched pages[PAGEFOLD_BATCH_MAX];
};

/**
 * pagefold_batch_takes() - is this page for a batch?
 * @page: as for pagefold_fold().
 *
 * Return: true when it is mapped once: then nobody else need be found who maps
 * it, and the page is gone when it was folded.
 */
static inline bool pagefold_batch_takes(struct page *page)
{
	return pagefold_mapcount(page_folio(page)) == 1;
}

/**
 * pagefold_batch_add() - one page more; there must be room.
 * @batch: the batch.
 * @page: the page. Its lock and reference are the batch's until it is folded.
 * @frame: as for pagefold_fold(); with a reference, also the batch's.
 * @addr: where the page was mapped.
 */
static inline void pagefold_batch_add(struct pagefold_batch *batch,
				      struct page *page, struct page *frame,
				      unsigned long addr)
{
	batch->pages[batch->n++] = (struct pagefold_batched){
		.remap = { .page = page, .frame = frame },
		.addr = addr,
	};
}

/* Is @page, mapped at @addr, the one that was added last? */
static inline bool pagefold_batch_last(const struct pagefold_batch *batch,
				       const struct page *page,
				       unsigned long addr)
{
	const struct pagefold_batched *last;

	if (!batch->n)
		return false;
	last = &batch->pages[batch->n - 1];
	return last->remap.page == page && last->addr == addr;
}

/**
 * pagefold_batch_fold() - fold what can be folded.
 * @batch: the batch; the outcome stands with each page that was tried.
 *
 * What pagefold_fold() promises holds here too.
 *
 * Context: Process context, no lock but the pages'. Takes the mmap lock by
 * trylock, then page table locks. With secondary page tables it may sleep.
 * Return: how many of the pages had their turn, from the first on. None when the
 * mmap lock was taken, not all when somebody came to wait for it.
 */
unsigned int pagefold_batch_fold(struct pagefold_batch *batch);

#endif
