// SPDX-License-Identifier: GPL-2.0
/*
 * The entries: one for each page of RAM, allocated where they are used.
 *
 * Takes no lock: what is allocated here stays, see levels.h.
 */
#include "entries.h"
#include "levels.h"

/*
 * What cannot be had costs a page its turn: nothing to warn about, and nothing
 * to have somebody killed for (kvmalloc() takes RETRY_MAYFAIL, but not
 * NORETRY).
 */
static int make_section(struct pagefold_entries *all, unsigned long section)
{
	unsigned long leaf = section >> PAGEFOLD_ENTRIES_LEAF_SHIFT;
	const struct pagefold_levels levels = {
		.per_leaf = PAGEFOLD_ENTRIES_PER_LEAF,
		.piece = sizeof(***all->leaves) << PAGEFOLD_SECTION_SHIFT,
		.gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL,
		.bytes = &all->bytes,
	};

	return pagefold_levels_make(&levels, (void ***)&all->leaves[leaf],
				    section % PAGEFOLD_ENTRIES_PER_LEAF);
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
	if (!pfn || pfn >= PAGEFOLD_ENTRIES_LIMIT)
		return -ERANGE;
	if (likely(pagefold_entries_at(all, pfn)))
		return 0;
	return make_section(all, pfn >> PAGEFOLD_SECTION_SHIFT);
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
	pagefold_levels_free((void ***)all->leaves, PAGEFOLD_ENTRIES_LEAVES,
			     PAGEFOLD_ENTRIES_PER_LEAF);
}
