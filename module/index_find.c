// SPDX-License-Identifier: GPL-2.0
/*
 * The index: what has the fingerprint bits of a page.
 *
 * Lock order: as in index.c.
 */
#include "chain.h"

/*
 * On the way along a chain.
 * @link: The next.
 * @passed: Entries left behind.
 * @offered: Entries that were.
 * @found: Some of these will do.
 */
struct way {
	u32 *link;
	unsigned int passed;
	unsigned int offered;
	bool found;
};

static __always_inline void pass(struct way *way, struct pagefold_entry *entry)
{
	way->passed++;
	way->link = &entry->next;
}

/* Offer what is in the chain and equal to @wanted to @fn. */
static __always_inline void offer(struct pagefold_index *ix, struct way *way,
				  u32 wanted, pagefold_index_fn fn, void *ctx)
{
	enum pagefold_index_verdict verdict = PAGEFOLD_INDEX_SKIP;
	struct pagefold_entry *entry;
	u32 tag;

	lockdep_assert_held(stripe_of(ix, wanted));
	while (*way->link && way->offered < PAGEFOLD_INDEX_OFFERS_MAX &&
	       verdict != PAGEFOLD_INDEX_TAKE) {
		entry = linked_at(ix, *way->link);
		/* Linked, so it stays; a cmpxchg() may still try and fail. */
		tag = READ_ONCE(entry->tag);
		if (pagefold_tag_bits(tag ^ wanted)) {
			pass(way, entry);
			continue;
		}
		verdict = fn(ctx, *way->link, tag);
		way->offered++;
		way->found |= verdict == PAGEFOLD_INDEX_TAKE ||
			      verdict == PAGEFOLD_INDEX_HOLD;
		if (verdict == PAGEFOLD_INDEX_DROP)
			cut(ix, way->link, entry, 0);
		else
			pass(way, entry);
	}
}

/**
 * pagefold_index_find() - look for pages with the fingerprint bits of a tag
 * @ix: The index.
 * @tag: Candidate or frame tag; only its fingerprint bits matter.
 * @fn: Called for each such entry, frames and candidates, newest first. It
 *	must not sleep and not call the index, and must itself take the
 *	references to what it found, as the lock is gone afterwards.
 * @ctx: Handed to @fn.
 *
 * Context: Any that may take a spinlock, which is held around @fn.
 * Return: How many entries were offered, 0..PAGEFOLD_INDEX_OFFERS_MAX.
 */
unsigned int pagefold_index_find(struct pagefold_index *ix, u32 tag,
				 pagefold_index_fn fn, void *ctx)
{
	spinlock_t *stripe = stripe_of(ix, tag);
	struct way way = {};

	if (pagefold_buckets_look_empty(&ix->buckets, tag))
		return 0;
	spin_lock(stripe);
	way.link = bucket_of(ix, tag);
	offer(ix, &way, tag, fn, ctx);
	spin_unlock(stripe);
	return way.offered;
}

/**
 * pagefold_index_find_or_insert() - look for pages like one, else link it
 * @ix: The index.
 * @pfn: Its frame number.
 * @tag: From pagefold_tag_candidate() or pagefold_tag_frame().
 * @fn: As for pagefold_index_find().
 * @ctx: Handed to @fn.
 *
 * A tag that the page was linked by is unlinked first: it is not offered, and
 * unless it is linked anew it is not linked afterwards. Allocates nothing:
 * where there is no entry for it, pagefold_index_insert() makes one.
 *
 * As nobody gets in between, two threads with an entry each cannot both find
 * nothing and then both link the same content.
 *
 * Context: Any that may take a spinlock, which is held around @fn. Any number
 *	of threads.
 * Return: 0 when it was linked; -EEXIST when @fn said HOLD or TAKE; -EINVAL for
 *	a tag of another kind; -ENOENT without an entry; -ENOSPC when the bucket
 *	is full; -EAGAIN when somebody else changed what is known about the
 *	page.
 */
int pagefold_index_find_or_insert(struct pagefold_index *ix, unsigned long pfn,
				  u32 tag, pagefold_index_fn fn, void *ctx)
{
	struct pagefold_entry *entry = pfn ? entry_at(ix, pfn) : NULL;
	spinlock_t *stripe = stripe_of(ix, tag);
	u32 *head, old;
	struct way way = {};
	int err;

	if (!pagefold_tag_is_linked(tag))
		return -EINVAL;
	old = entry ? take_out(ix, pfn, entry) : 0;
	spin_lock(stripe);
	head = bucket_of(ix, tag);
	way.link = head;
	offer(ix, &way, tag, fn, ctx);
	if (way.found)
		err = -EEXIST;
	else if (!entry)
		err = -ENOENT;
	else if (chain_is_full(ix, way.passed, *way.link))
		err = -ENOSPC;
	else
		err = link_at(ix, head, pfn, entry, old, tag);
	spin_unlock(stripe);
	if (!err)
		pagefold_buckets_grow(&ix->buckets, &ix->entries);
	return err;
}
