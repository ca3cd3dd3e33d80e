/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The index: what is known about each page of RAM, by page frame number.
 */
#ifndef _PAGEFOLD_INDEX_H
#define _PAGEFOLD_INDEX_H

#include "buckets.h"
#include "entries.h"
#include "tag.h"

/* Bounds for one call, so that no bucket can stall the scanner. */
#define PAGEFOLD_INDEX_OFFERS_MAX	64U	/* equal entries per find */
#define PAGEFOLD_INDEX_BUCKET_MAX	256U	/* entries per bucket */

/**
 * struct pagefold_index - the whole index
 * @entries: All that can be linked.
 * @buckets: What it is linked into, and the locks for that.
 */
struct pagefold_index {
	struct pagefold_entries entries;
	struct pagefold_buckets buckets;
};

/*
 * Visitors of linked entries, called with the frame number and the tag.
 */
enum pagefold_index_verdict {
	PAGEFOLD_INDEX_SKIP,	/* leave it, go on */
	PAGEFOLD_INDEX_TAKE,	/* leave it, end here */
	PAGEFOLD_INDEX_HOLD,	/* leave it, go on for a better one */
	PAGEFOLD_INDEX_DROP,	/* unlink it (its tag becomes 0), go on */
};

typedef enum pagefold_index_verdict (*pagefold_index_fn)(void *ctx,
							 unsigned long pfn,
							 u32 tag);

int pagefold_index_init(struct pagefold_index *ix);
void pagefold_index_exit(struct pagefold_index *ix);

int pagefold_index_insert(struct pagefold_index *ix, unsigned long pfn,
			  u32 tag);
void pagefold_index_remove(struct pagefold_index *ix, unsigned long pfn);
void pagefold_index_remove_if(struct pagefold_index *ix, unsigned long pfn,
			      u32 tag);
int pagefold_index_set_heat(struct pagefold_index *ix, unsigned long pfn,
			    unsigned int heat);
int pagefold_index_set_seen(struct pagefold_index *ix, unsigned long pfn,
			    u64 fingerprint);
void pagefold_index_set_lonely(struct pagefold_index *ix, unsigned long pfn,
			       bool lonely);
void pagefold_index_forget(struct pagefold_index *ix, unsigned long first,
			   unsigned long n);

int pagefold_index_find_or_insert(struct pagefold_index *ix, unsigned long pfn,
				  u32 tag, pagefold_index_fn fn, void *ctx);
unsigned int pagefold_index_find(struct pagefold_index *ix, u32 tag,
				 pagefold_index_fn fn, void *ctx);
unsigned long pagefold_index_sweep(struct pagefold_index *ix,
				   unsigned long cursor,
				   unsigned long max_entries,
				   pagefold_index_fn fn, void *ctx);

/**
 * pagefold_index_prepare() - allocate what is needed to store a page
 * @ix: The index.
 * @pfn: Frame number.
 *
 * Once it returned 0, pagefold_index_insert() and pagefold_index_set_heat()
 * of any page in the same section neither sleep nor run out of memory.
 *
 * Context: May sleep, unless the section was used before. Any number of
 *	threads.
 * Return: 0, -ENOMEM, or -ERANGE for a frame number that cannot be stored.
 */
static inline int pagefold_index_prepare(struct pagefold_index *ix,
					 unsigned long pfn)
{
	return pagefold_entries_prepare(&ix->entries, pfn);
}

/**
 * pagefold_index_tag() - what is known about a page, for each PTE visited
 * @ix: The index.
 * @pfn: Any frame number, also one that cannot be stored.
 *
 * Context: Any. Takes no lock; the tag may be out of date when it returns.
 * Return: The tag, 0 when the page was never seen.
 */
static inline u32 pagefold_index_tag(const struct pagefold_index *ix,
				     unsigned long pfn)
{
	struct pagefold_entry *first;

	first = pagefold_entries_section(&ix->entries, pfn);
	if (unlikely(!first))
		return 0;
	return READ_ONCE(first[pagefold_entries_offset(pfn)].tag);
}

/**
 * pagefold_index_bytes() - memory that the index takes
 * @ix: The index.
 *
 * Return: Bytes, with the struct itself.
 */
static inline u64 pagefold_index_bytes(struct pagefold_index *ix)
{
	return sizeof(*ix) + atomic_long_read(&ix->entries.bytes) +
	       atomic_long_read(&ix->buckets.bytes);
}

/**
 * pagefold_index_entries() - what a whole sweep goes round
 * @ix: The index.
 *
 * Return: Entries, or some more: the way to them counts as if it were entries.
 */
static inline unsigned long
pagefold_index_entries(const struct pagefold_index *ix)
{
	return atomic_long_read(&ix->entries.bytes) /
	       sizeof(struct pagefold_entry);
}

#endif /* _PAGEFOLD_INDEX_H */
