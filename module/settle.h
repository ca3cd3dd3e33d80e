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
 * @page: page of a process, referenced.
 * @judge: the page may have been written unseen (a guest of KVM writes
 *         through page tables of its own), so it has settled only if its
 *         fingerprint is the one of the visit before.
 *
 * Context: Process context, no locks held. Takes the page lock by trylock.
 * Return: true if that was news: the page was folded, or is a candidate now.
 */
bool pagefold_settle(struct page *page, bool judge);

enum pagefold_content {
	PAGEFOLD_CONTENT_CANDIDATE,	/* a candidate now, or already */
	PAGEFOLD_CONTENT_TWIN,		/* none, there is a twin already */
	PAGEFOLD_CONTENT_ZERO,		/* zeros: they fold into the zero page */
	PAGEFOLD_CONTENT_OPEN,		/* may have been written, or no memory */
};

/**
 * pagefold_settle_read() - read a part of a huge page.
 * @page: the part, referenced.
 * @judge: as for pagefold_settle().
 *
 * Context: Process context, its folio is locked.
 * Return: What it was found to be.
 */
enum pagefold_content pagefold_settle_read(struct page *page, bool judge);

/*
 * The unlinked half of the heat: values up to HOT_MAX count how often a page
 * was found written, those above how often folding it was tried in vain.
 */
#define PAGEFOLD_HOT_MAX 6U
#define PAGEFOLD_RETRY 32U
#define PAGEFOLD_RETRY_MAX (PAGEFOLD_RETRY + 5U)

static inline bool pagefold_tag_is_retry(u32 tag)
{
	return tag >= PAGEFOLD_RETRY && tag <= PAGEFOLD_RETRY_MAX;
}

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
