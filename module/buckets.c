// SPDX-License-Identifier: GPL-2.0
/*
 * The buckets: where chains of equal fingerprint bits begin. Their number
 * grows with what is linked.
 *
 * Lock order: a stripe lock is the innermost lock there is. Never two at once,
 * and nothing is allocated under one.
 */
#include "buckets.h"
#include "levels.h"

/* Is there a chunk of heads for this bucket? */
static bool make_room(struct pagefold_buckets *all, u32 bucket, gfp_t gfp)
{
	unsigned long chunk = bucket >> PAGEFOLD_CHUNK_SHIFT;
	unsigned long leaf = chunk >> PAGEFOLD_BUCKETS_LEAF_SHIFT;
	const struct pagefold_levels levels = {
		.per_leaf = PAGEFOLD_BUCKETS_PER_LEAF,
		.piece = sizeof(***all->leaves) * PAGEFOLD_BUCKETS_CHUNK,
		.gfp = gfp,
		.bytes = &all->bytes,
	};

	return !pagefold_levels_make(&levels, (void ***)&all->leaves[leaf],
				     chunk % PAGEFOLD_BUCKETS_PER_LEAF);
}

/*
 * Make one more bucket of half of another, each in the order it was: what is
 * in it has the same lowest bits, and the next higher one tells where it goes.
 *
 * Who looks at a head without the lock is not to find it empty while the tag
 * is on its way: the new chain is there before it is looked for, and the old
 * one shortened when it is not any more. Pairs with
 * pagefold_buckets_look_empty().
 */
static void split(struct pagefold_buckets *all,
		  const struct pagefold_entries *entries, u32 count)
{
	u32 higher = 1U << (fls(count) - 1);
	u32 *old = pagefold_buckets_at(all, count - higher);
	u32 *new = pagefold_buckets_at(all, count);
	u32 stay = 0, go = 0, *stay_end = &stay, *go_end = &go, pfn;
	struct pagefold_entry *entry;

	for (pfn = *old; pfn; pfn = entry->next) {
		entry = pagefold_entries_linked(entries, pfn);
		if (READ_ONCE(entry->tag) & higher) {
			*go_end = pfn;
			go_end = &entry->next;
		} else {
			*stay_end = pfn;
			stay_end = &entry->next;
		}
	}
	*go_end = 0;
	*stay_end = 0;
	WRITE_ONCE(*new, go);
	/* The chunk and the new chain before the number that leads there... */
	smp_store_release(&all->count, count + 1);
	/* ...and that before the old chain is without what is there. */
	smp_store_release(old, stay);
}

/**
 * pagefold_buckets_add() - one more bucket
 * @all: The buckets.
 * @entries: What is linked in them.
 * @count: How many there were; nothing happens if there are more meanwhile.
 *
 * If there is no memory chains get longer, and what was missed is made up for
 * later.
 *
 * Context: Any without a stripe lock; does not sleep. Any number of threads.
 */
void pagefold_buckets_add(struct pagefold_buckets *all,
			  const struct pagefold_entries *entries, u32 count)
{
	spinlock_t *stripe = pagefold_buckets_stripe(all, count);

	/* Chains that are longer for a while are no reason to wait. */
	if (count == PAGEFOLD_BUCKETS_MAX ||
	    (!(count % PAGEFOLD_BUCKETS_CHUNK) &&
	     !make_room(all, count, GFP_NOWAIT)))
		return;
	spin_lock(stripe);
	/* Nobody else makes the same one: it takes this lock. */
	if (READ_ONCE(all->count) == count)
		split(all, entries, count);
	spin_unlock(stripe);
}

/**
 * pagefold_buckets_look_empty() - is nothing linked by the bits of a tag?
 * @all: The buckets.
 * @tag: A linked tag.
 *
 * Most pages have no twin and most of the buckets that they look into are
 * empty: no lock for those. Missing an entry that is linked just now is no
 * worse than having looked a moment earlier.
 *
 * Context: Any. Takes no lock.
 * Return: true if nothing was linked a moment ago.
 */
bool pagefold_buckets_look_empty(struct pagefold_buckets *all, u32 tag)
{
	/* Pairs with split(): so is what was linked there. */
	u32 count = smp_load_acquire(&all->count);
	u32 *head = pagefold_buckets_at(all,
					pagefold_buckets_number(tag, count));

	/*
	 * Pairs with whoever emptied it, split() or cut(): if that was because
	 * the tag belongs elsewhere now, the new number is seen.
	 */
	return !smp_load_acquire(head) && READ_ONCE(all->count) == count;
}

/**
 * pagefold_buckets_init() - the fewest buckets there can be
 * @all: The buckets.
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int pagefold_buckets_init(struct pagefold_buckets *all)
{
	unsigned int i;

	memset(all, 0, sizeof(*all));
	for (i = 0; i < PAGEFOLD_BUCKETS_STRIPES; i++)
		spin_lock_init(&all->stripes[i]);
	all->count = PAGEFOLD_BUCKETS_CHUNK;
	return make_room(all, 0, GFP_KERNEL) ? 0 : -ENOMEM;
}

/**
 * pagefold_buckets_exit() - free all buckets
 * @all: The buckets, or zeroes. Nobody may use them any more.
 *
 * Context: May sleep.
 */
void pagefold_buckets_exit(struct pagefold_buckets *all)
{
	pagefold_levels_free((void ***)all->leaves, PAGEFOLD_BUCKETS_LEAVES,
			     PAGEFOLD_BUCKETS_PER_LEAF);
}
