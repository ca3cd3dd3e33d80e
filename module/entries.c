// SPDX-License-Identifier: GPL-2.0
/*
 * The entries: one for each page of RAM, allocated where they are used.
 *
 * Takes no lock: what is allocated here is published by cmpxchg() and stays.
 */
#include "entries.h"

/*
 * Set *@slot to @bytes of zeroed memory unless it is set already.
 *
 * Two may get here at once: the first cmpxchg() wins, the other gives its
 * memory back. cmpxchg() is a full barrier and pairs with the READ_ONCE() in
 * pagefold_entries_section(): who sees the pointer sees zeroes behind it.
 */
static int publish(struct pagefold_entries *all, void **slot, size_t bytes)
{
	void *new;

	/*
	 * What cannot be had costs a page its turn: nothing to warn about, and
	 * nothing to have somebody killed for (kvmalloc() takes RETRY_MAYFAIL,
	 * but not NORETRY).
	 */
	new = kvcalloc(bytes, 1, GFP_KERNEL | __GFP_RETRY_MAYFAIL |
				 __GFP_NOWARN);
	if (!new)
		return -ENOMEM;
	if (cmpxchg(slot, NULL, new))
		kvfree(new);
	else
		atomic_long_add(bytes, &all->bytes);
	return 0;
}

/**
 * pagefold_entries_prepare() - allocate the section of a page
 * @all: The entries.
 * @pfn: Frame number.
 *
 * Context: May sleep, unless the section was used before. Any number of
 *	threads.
 * Return: 0, -ENOMEM, or -ERANGE for a frame number that cannot be stored.
 */
int pagefold_entries_prepare(struct pagefold_entries *all, unsigned long pfn)
{
	unsigned long section = pfn >> PAGEFOLD_SECTION_SHIFT;
	struct pagefold_entry ***leaf, **slot;
	int err = 0;

	if (!pfn || pfn >= PAGEFOLD_ENTRIES_LIMIT)
		return -ERANGE;
	if (likely(pagefold_entries_at(all, pfn)))
		return 0;
	leaf = &all->leaves[section >> PAGEFOLD_ENTRIES_LEAF_SHIFT];
	if (!READ_ONCE(*leaf))
		err = publish(all, (void **)leaf,
			      sizeof(**leaf) * PAGEFOLD_ENTRIES_PER_LEAF);
	if (err)
		return err;
	/* Pairs with the cmpxchg() in publish(), ours or somebody else's. */
	slot = READ_ONCE(*leaf) + section % PAGEFOLD_ENTRIES_PER_LEAF;
	return publish(all, (void **)slot,
		       sizeof(**slot) << PAGEFOLD_SECTION_SHIFT);
}

/**
 * pagefold_entries_next() - skip what was never used
 * @all: The entries.
 * @pfn: Any frame number.
 *
 * Context: Any.
 * Return: The first frame number from @pfn on whose section is allocated, or
 *	the limit.
 */
u64 pagefold_entries_next(const struct pagefold_entries *all, u64 pfn)
{
	unsigned int leaf_shift = PAGEFOLD_SECTION_SHIFT +
				  PAGEFOLD_ENTRIES_LEAF_SHIFT;
	unsigned int shift;

	while (pfn < PAGEFOLD_ENTRIES_LIMIT &&
	       !pagefold_entries_section(all, pfn)) {
		shift = READ_ONCE(all->leaves[pfn >> leaf_shift]) ?
			PAGEFOLD_SECTION_SHIFT : leaf_shift;
		pfn = ((pfn >> shift) + 1) << shift;
	}
	return min_t(u64, pfn, PAGEFOLD_ENTRIES_LIMIT);
}

/**
 * pagefold_entries_init() - no entries yet
 * @all: The entries.
 *
 * Context: Any.
 */
void pagefold_entries_init(struct pagefold_entries *all)
{
	memset(all, 0, sizeof(*all));
}

/**
 * pagefold_entries_exit() - free all entries
 * @all: The entries, or zeroes. Nobody may use them any more.
 *
 * Context: May sleep.
 */
void pagefold_entries_exit(struct pagefold_entries *all)
{
	unsigned int i, j;

	for (i = 0; i < PAGEFOLD_ENTRIES_LEAVES; i++) {
		if (!all->leaves[i])
			continue;
		for (j = 0; j < PAGEFOLD_ENTRIES_PER_LEAF; j++)
			kvfree(all->leaves[i][j]);
		kvfree(all->leaves[i]);
	}
}
