/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The buckets: where chains of equal fingerprint bits begin. Their number
 * grows with what is linked.
 */
#ifndef _PAGEFOLD_BUCKETS_H
#define _PAGEFOLD_BUCKETS_H

#include "entries.h"
#include "tag.h"

/*
 * Linear hashing (Litwin, VLDB '80): with n buckets, 2^k < n <= 2^(k+1), the
 * lowest k + 1 fingerprint bits name the bucket, but for those not there yet
 * the lowest k do. One bucket more takes its entries from one other, whose
 * number is the same but for bit k; all others stay as they are.
 *
 * Heads are allocated in chunks of a page. There are as many stripe locks as
 * heads in a chunk, and never fewer buckets: a tag is protected by the same
 * lock however many buckets there are, and so are the two that a split is
 * about. (PAGEFOLD_CHUNK_SHIFT is 10, and smaller in tests.)
 */
#define PAGEFOLD_BUCKETS_CHUNK		BIT(PAGEFOLD_CHUNK_SHIFT)
#define PAGEFOLD_BUCKETS_STRIPES	1024
#define PAGEFOLD_BUCKETS_LEAF_SHIFT	9
#define PAGEFOLD_BUCKETS_PER_LEAF	BIT(PAGEFOLD_BUCKETS_LEAF_SHIFT)
#define PAGEFOLD_BUCKETS_LEAVES		512
#define PAGEFOLD_BUCKETS_MAX						\
	min_t(u32, PAGEFOLD_TAG_BITS + 1, BIT(18 + PAGEFOLD_CHUNK_SHIFT))

static_assert(PAGEFOLD_BUCKETS_LEAVES * PAGEFOLD_BUCKETS_PER_LEAF == BIT(18));

/* Linked entries for each bucket, on average, from which on they grow. */
#define PAGEFOLD_BUCKETS_LOAD		2

/**
 * struct pagefold_buckets - heads of chains, and their locks
 * @count: Number of buckets; never shrinks. That there is one more is changed
 *	under the stripe lock of both that this is about. So who holds a stripe
 *	lock may read it at any time: a change concerns other stripes.
 * @linked: Entries in all chains.
 * @bytes: Memory allocated.
 * @leaves: The chunks, see levels.h. A head is the first frame number of a
 *	chain, 0 for none; protected by its stripe lock, and read without it to
 *	see that a bucket is empty.
 * @stripes: Never two at once; innermost in the lock order.
 *
 * The locks are not padded to cache lines: packed they are 64 lines that stay
 * in the L1 cache, padded they were 1024. What padding would avoid, two CPUs
 * wanting neighbouring locks at one moment, is rare: each step takes a random
 * one for some ten loads.
 */
struct pagefold_buckets {
	u32 count;
	atomic_long_t linked;
	atomic_long_t bytes;
	u32 **leaves[PAGEFOLD_BUCKETS_LEAVES];
	/* See above for what each of them protects. */
	spinlock_t stripes[PAGEFOLD_BUCKETS_STRIPES];
};

int pagefold_buckets_init(struct pagefold_buckets *all);
void pagefold_buckets_exit(struct pagefold_buckets *all);
void pagefold_buckets_add(struct pagefold_buckets *all,
			  const struct pagefold_entries *entries, u32 count);
bool pagefold_buckets_look_empty(struct pagefold_buckets *all, u32 tag);

/* The lock of what is linked by @tag. */
static inline spinlock_t *
pagefold_buckets_stripe(struct pagefold_buckets *all, u32 tag)
{
	return &all->stripes[tag % PAGEFOLD_BUCKETS_CHUNK];
}

/* The bucket of @tag when there are @count. */
static inline u32 pagefold_buckets_number(u32 tag, u32 count)
{
	u32 mask = (1U << fls(count - 1)) - 1;
	u32 bucket = pagefold_tag_bits(tag) & mask;

	return bucket < count ? bucket : bucket & (mask >> 1);
}

/* A head that is there. */
static inline u32 *pagefold_buckets_at(const struct pagefold_buckets *all,
				       u32 bucket)
{
	unsigned long chunk = bucket >> PAGEFOLD_CHUNK_SHIFT;
	u32 **leaf;

	/* No subscript: UBSAN would check a bucket for each chain. */
	leaf = READ_ONCE(*(all->leaves +
			   (chunk >> PAGEFOLD_BUCKETS_LEAF_SHIFT)));
	return READ_ONCE(leaf[chunk % PAGEFOLD_BUCKETS_PER_LEAF]) +
	       bucket % PAGEFOLD_BUCKETS_CHUNK;
}

/* The head of @tag, under its stripe lock. */
static inline u32 *pagefold_buckets_head(struct pagefold_buckets *all, u32 tag)
{
	/* Pairs with split(): who sees the number sees the chunk. */
	u32 count = smp_load_acquire(&all->count);

	lockdep_assert_held(pagefold_buckets_stripe(all, tag));
	return pagefold_buckets_at(all, pagefold_buckets_number(tag, count));
}

/**
 * pagefold_buckets_grow() - one more bucket, if more are wanted
 * @all: The buckets.
 * @entries: What is linked in them.
 *
 * Called for each entry that was linked.
 *
 * Context: Any without a stripe lock; does not sleep. Any number of threads.
 */
static inline void
pagefold_buckets_grow(struct pagefold_buckets *all,
		      const struct pagefold_entries *entries)
{
	/* Pairs with split(): the chunk of each bucket so far is there. */
	u32 count = smp_load_acquire(&all->count);

	if (unlikely(atomic_long_read(&all->linked) >
		     (long)count * PAGEFOLD_BUCKETS_LOAD))
		pagefold_buckets_add(all, entries, count);
}

#endif /* _PAGEFOLD_BUCKETS_H */
