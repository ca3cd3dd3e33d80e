/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The huge page: read as a whole, and split only when enough of it folds.
 */
#ifndef PAGEFOLD_HUGE_H
#define PAGEFOLD_HUGE_H

#include <linux/mm_types.h>
#include <linux/types.h>

/*
 * One part in so many must have a twin, 64 KiB of 2 MiB. Below that the memory
 * is not worth what the program loses by smaller TLB entries; the kernel's KSM
 * splits for a single page.
 */
#define PAGEFOLD_HUGE_WORTH 32

/**
 * pagefold_huge_settle() - read parts of a huge page, split it if that pays.
 * @pages: parts that settled; the first is referenced, and its folio locked;
 *	unlocked on return.
 * @n: how many.
 * @judge: as for pagefold_settle_read().
 *
 * They become candidates. If enough parts have twins, these or those read at
 * earlier visits, the page is split, and they are settled by the next visit;
 * else it stays whole.
 *
 * Context: Process context, no further locks held.
 * Return: true if it was split.
 */
bool pagefold_huge_settle(struct page **pages, unsigned int n, bool judge);

/**
 * pagefold_huge_yield() - split a huge page for the twin of one part?
 * @page: a part that is a candidate, referenced, and its folio locked.
 *
 * Context: as above.
 * Return: true when it was split: @page is a page of its own now, and locked.
 */
bool pagefold_huge_yield(struct page *page);

#endif
