/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The twin: what in the index has the content of a page.
 */
#ifndef PAGEFOLD_TWIN_H
#define PAGEFOLD_TWIN_H

#include <linux/mm_types.h>
#include <linux/types.h>

/**
 * struct pagefold_twin - a twin, referenced; none when @page is NULL.
 * @page: a frame or a candidate.
 * @frame: which of them it is.
 * @awaited: there is none, and who looked for it is a candidate now.
 */
struct pagefold_twin {
	struct page *page;
	bool frame;
	bool awaited;
};

/**
 * pagefold_twin_find_or_wait() - look for a twin in the index, or wait there.
 * @page: page to find a twin of, locked.
 * @fingerprint: its fingerprint.
 *
 * Without a twin the page becomes a candidate, if there is an entry for it and
 * room: else it is not in the index.
 *
 * A candidate's tag and some of its bytes were equal a moment ago; nothing more
 * is sure. It is part of a huge page only if there is no other.
 *
 * Context: Process context; takes an index stripe.
 * Return: The twin; the caller puts its reference.
 */
struct pagefold_twin pagefold_twin_find_or_wait(struct page *page,
						u64 fingerprint);

/**
 * pagefold_twin_likely() - is there another page with these fingerprint bits?
 * @pfn: frame number of the page itself.
 * @tag: its tag as a candidate.
 *
 * Context: Any; takes an index stripe.
 */
bool pagefold_twin_likely(unsigned long pfn, u32 tag);

/**
 * pagefold_twin_get() - take a reference to whatever is at a frame number.
 * @pfn: frame number from the index.
 *
 * Context: Any.
 * Return: The page, maybe part of a huge one, to be put by put_page(); NULL if
 * it is free, offline, or just changing.
 */
struct page *pagefold_twin_get(unsigned long pfn);

/**
 * pagefold_twin_hold() - take a reference to the page that was tagged.
 * @pfn: frame number of a candidate in the index.
 * @tag: its tag.
 *
 * Context: Any.
 * Return: The page, anonymous as long as it is held, to be put by put_page();
 * NULL if another came in its place.
 */
struct page *pagefold_twin_hold(unsigned long pfn, u32 tag);

/* The tag of @page as a candidate. */
u32 pagefold_twin_tag(struct page *page, u64 fingerprint);

/**
 * pagefold_twin_gone() - did the page that @tag stood for leave @pfn?
 * @pfn: frame number of a candidate in the index.
 * @tag: its tag.
 *
 * Context: Any; takes no reference, so the answer is a snapshot.
 */
bool pagefold_twin_gone(unsigned long pfn, u32 tag);

#endif
