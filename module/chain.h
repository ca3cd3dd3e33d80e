/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The chains of the index: what is linked by tags of one bucket, protected by
 * the stripe lock of these. For the files that are the index.
 */
#ifndef _PAGEFOLD_CHAIN_H
#define _PAGEFOLD_CHAIN_H

#include "index.h"

static inline struct pagefold_entry *entry_at(struct pagefold_index *ix,
					      unsigned long pfn)
{
	return pagefold_entries_at(&ix->entries, pfn);
}

/* The same of a frame number out of a chain. */
static inline struct pagefold_entry *linked_at(struct pagefold_index *ix,
					       u32 pfn)
{
	return pagefold_entries_linked(&ix->entries, pfn);
}

static inline u32 *bucket_of(struct pagefold_index *ix, u32 tag)
{
	return pagefold_buckets_head(&ix->buckets, tag);
}

static inline spinlock_t *stripe_of(struct pagefold_index *ix, u32 tag)
{
	return pagefold_buckets_stripe(&ix->buckets, tag);
}

void pagefold_index_unlink(struct pagefold_index *ix, unsigned long pfn,
			   struct pagefold_entry *entry);

/*
 * Take @entry, of @pfn, out of its chain, if it is in one. Return: its tag then,
 * which anybody may change.
 */
static inline u32 take_out(struct pagefold_index *ix, unsigned long pfn,
			   struct pagefold_entry *entry)
{
	u32 tag = READ_ONCE(entry->tag);

	if (likely(!pagefold_tag_is_linked(tag)))
		return tag;
	pagefold_index_unlink(ix, pfn, entry);
	return 0;
}

/* Take @entry, whose link is @link, out of its chain. */
static inline void cut(struct pagefold_index *ix, u32 *link,
		       struct pagefold_entry *entry, u32 tag)
{
	/* It may be a head: pairs with pagefold_buckets_look_empty(). */
	smp_store_release(link, entry->next);
	atomic_long_dec(&ix->buckets.linked);
	/*
	 * Once its tag is not linked, anybody may link the entry again under
	 * another stripe. Pairs with the cmpxchg() in link_at(): entry->next
	 * is read here before it is written there.
	 */
	smp_store_release(&entry->tag, tag);
}

/* Is the chain too long that has @n entries, and @pfn and what follows it? */
static inline bool chain_is_full(struct pagefold_index *ix, unsigned int n,
				 u32 pfn)
{
	for (; pfn && n < PAGEFOLD_INDEX_BUCKET_MAX; n++)
		pfn = linked_at(ix, pfn)->next;
	return n >= PAGEFOLD_INDEX_BUCKET_MAX;
}

/*
 * Link @pfn, whose tag is @old and not linked, by @tag, of whose chain @head is
 * the head.
 * Return: 0, or -EAGAIN when its tag is not @old any more.
 */
static inline int link_at(struct pagefold_index *ix, u32 *head,
			  unsigned long pfn, struct pagefold_entry *entry,
			  u32 old, u32 tag)
{
	/*
	 * cmpxchg() decides between two that link or heat one page at once,
	 * as they may hold different stripes. From there on the entry is
	 * linked, and whoever wants to change it waits for our stripe.
	 */
	if (cmpxchg(&entry->tag, old, tag) != old)
		return -EAGAIN;
	entry->next = *head;
	WRITE_ONCE(*head, pfn);
	atomic_long_inc(&ix->buckets.linked);
	return 0;
}

#endif /* _PAGEFOLD_CHAIN_H */
