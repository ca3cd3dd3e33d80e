/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is done with a page that settled: read it once, find its twin, fold.
 */
#ifndef PAGEFOLD_SETTLE_H
#define PAGEFOLD_SETTLE_H

#include <linux/mm_types.h>
#include <linux/types.h>

/**
 * pagefold_settle() - fingerprint a page and fold it if it has a twin.
 * @pages: page of a process, referenced; or parts of one huge page.
 * @n: how many.
 * @judge: the page may have been written unseen (a guest of KVM writes
 *         through page tables of its own), so it has settled only if its
 *         fingerprint is the one of the visit before.
 *
 * Context: Process context, no locks held. Takes the page lock by trylock.
 * Return: true if that was news: the page was folded, or is a candidate now.
 */
bool pagefold_settle(struct page **pages, unsigned int n, bool judge);

/**
 * pagefold_settle_read() - read a part of a huge page.
 * @page: the part, referenced.
 * @judge: as for pagefold_settle().
 *
 * It becomes a candidate, or gets the tag of zeros, which fold into the zero
 * page and need no twin.
 *
 * Context: Process context, its folio is locked.
 */
void pagefold_settle_read(struct page *page, bool judge);

/**
 * pagefold_settle_due() - is it this page's turn in this pass?
 * @pfn: its frame number, which spreads the turns over the passes.
 * @pass: number of the pass.
 * @level: 0 for every pass, n for one pass in 2^n.
 */
static inline bool pagefold_settle_due(unsigned long pfn, unsigned int pass,
				       unsigned int level)
{
	return !((pfn ^ pass) & ((1U << level) - 1));
}

#endif
