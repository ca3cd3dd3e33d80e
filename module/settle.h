/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is done with a page that settled: read it once, find its twin, fold.
 */
#ifndef PAGEFOLD_SETTLE_H
#define PAGEFOLD_SETTLE_H

#include <linux/mm_types.h>
#include <linux/types.h>

struct pagefold_visit;

/**
 * pagefold_settle() - fingerprint pages and fold those that have a twin.
 * @visit: a visit that found pages; puts them.
 *
 * Those of memory that may be written unseen (a guest of KVM writes through
 * page tables of its own) have settled only if their fingerprints are those of
 * the visit before.
 *
 * Context: Process context, the scanner, no locks held. Takes page locks by
 * trylock.
 * Return: how many are news: folded, or candidates now.
 */
unsigned int pagefold_settle(struct pagefold_visit *visit);

/**
 * pagefold_settle_read() - read a part of a huge page.
 * @page: the part, referenced.
 * @judge: it may have been written unseen, see pagefold_settle().
 *
 * It becomes a candidate, or gets the tag of zeros, which fold into the zero
 * page and need no twin.
 *
 * Context: Process context, its folio is locked.
 */
void pagefold_settle_read(struct page *page, bool judge);

#endif
