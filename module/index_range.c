// SPDX-License-Identifier: GPL-2.0
/*
 * The index, by ranges of frame numbers.
 *
 * Takes no lock itself: what it finds may be out of date, and whoever acts on
 * it looks again under the lock.
 */
#include "index.h"

/**
 * pagefold_index_forget() - forget a range of pages
 * @ix: The index.
 * @first: First frame number.
 * @n: How many.
 *
 * For memory that goes away. The entries themselves stay allocated.
 *
 * Context: Any that may take a spinlock. Any number of threads.
 */
void pagefold_index_forget(struct pagefold_index *ix, unsigned long first,
			   unsigned long n)
{
	u64 pfn, end;

	if (first >= PAGEFOLD_ENTRIES_LIMIT)
		return;
	end = first + min_t(u64, n, PAGEFOLD_ENTRIES_LIMIT - first);
	for (pfn = first; pfn < end; pfn++) {
		pfn = pagefold_entries_next(&ix->entries, pfn);
		if (pfn < end)
			pagefold_index_remove(ix, pfn);
	}
}

/**
 * pagefold_index_sweep() - visit what is linked, a part at a time
 * @ix: The index.
 * @cursor: Where to go on: 0, or what the last call returned.
 * @max_entries: Look at no more than so many entries, linked or not; at least
 *	1.
 * @fn: Called without a lock: it may sleep and call the index. DROP unlinks
 *	the entry if its tag is still the one that @fn was given.
 * @ctx: Handed to @fn.
 *
 * Sections that were never used cost next to nothing.
 *
 * Context: May sleep if @fn does. Any number of threads.
 * Return: The next cursor, 0 when the end was reached.
 */
unsigned long pagefold_index_sweep(struct pagefold_index *ix,
				   unsigned long cursor,
				   unsigned long max_entries,
				   pagefold_index_fn fn, void *ctx)
{
	enum pagefold_index_verdict verdict = PAGEFOLD_INDEX_SKIP;
	struct pagefold_entry *entry = NULL;
	u64 pfn = cursor, end = 0;
	u32 tag;

	for (; max_entries && verdict != PAGEFOLD_INDEX_TAKE; max_entries--) {
		if (pfn >= end) {
			pfn = pagefold_entries_next(&ix->entries, pfn);
			if (pfn == PAGEFOLD_ENTRIES_LIMIT)
				return 0;
			entry = pagefold_entries_at(&ix->entries, pfn);
			end = pagefold_entries_section_end(pfn);
		}
		tag = READ_ONCE(entry->tag);
		if (pagefold_tag_is_linked(tag)) {
			verdict = fn(ctx, pfn, tag);
			if (verdict == PAGEFOLD_INDEX_DROP)
				pagefold_index_remove_if(ix, pfn, tag);
		}
		pfn++;
		entry++;
	}
	return pfn < PAGEFOLD_ENTRIES_LIMIT ? pfn : 0;
}
