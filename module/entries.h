/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The entries: one for each page of RAM, allocated where they are used.
 */
#ifndef _PAGEFOLD_ENTRIES_H
#define _PAGEFOLD_ENTRIES_H

#include "index_env.h"

/**
 * struct pagefold_entry - what is known about one page
 * @tag: See tag.h. Read without a lock. Changes from and to a linked value
 *	only under the stripe lock of that value (see index.h); between two
 *	values that are not linked by cmpxchg().
 * @next: Frame number of the next entry in the bucket, 0 ends it (frame
 *	number 0 is never used). Means nothing unless @tag is linked.
 *	Protected by the stripe lock of @tag.
 */
struct pagefold_entry {
	u32 tag;
	u32 next;
};

static_assert(sizeof(struct pagefold_entry) == 8);

/*
 * The entries of a section are one page, so that one page visited in a region
 * takes little memory. Sections are found through two levels, 2^12 leaves of
 * 2^11 sections: with the 512 pages of a section of x86-64 that is 2^32, all
 * that @next can name. PAGEFOLD_SECTION_SHIFT, log2 of the pages in a section,
 * is a constant of the kernel: it saves a third of the instructions of a
 * lookup.
 */
#define PAGEFOLD_ENTRIES_LEAF_SHIFT	11
#define PAGEFOLD_ENTRIES_PER_LEAF	BIT(PAGEFOLD_ENTRIES_LEAF_SHIFT)
#define PAGEFOLD_ENTRIES_LEAVES		4096
#define PAGEFOLD_ENTRIES_SECTIONS_SHIFT	23

static_assert(PAGEFOLD_ENTRIES_LEAVES * PAGEFOLD_ENTRIES_PER_LEAF ==
	      BIT(PAGEFOLD_ENTRIES_SECTIONS_SHIFT));

/* Frame numbers from here on cannot be stored: the links are 32 bits wide. */
#define PAGEFOLD_ENTRIES_LIMIT						\
	min_t(u64, BIT_ULL(32), BIT_ULL(PAGEFOLD_ENTRIES_SECTIONS_SHIFT + \
					PAGEFOLD_SECTION_SHIFT))

/**
 * struct pagefold_entries - all entries
 * @bytes: Memory allocated.
 * @leaves: The sections, see levels.h.
 */
struct pagefold_entries {
	atomic_long_t bytes;
	struct pagefold_entry **leaves[PAGEFOLD_ENTRIES_LEAVES];
};

void pagefold_entries_init(struct pagefold_entries *all);
void pagefold_entries_exit(struct pagefold_entries *all);
int pagefold_entries_prepare(struct pagefold_entries *all, unsigned long pfn);
u64 pagefold_entries_next(const struct pagefold_entries *all, u64 pfn);

/*
 * The entries of the section of @pfn, or NULL when it was never used.
 *
 * Both READ_ONCE() pair with the cmpxchg() in levels.c: the address of what
 * is read next depends on them, so the zeroes written before it are seen.
 */
static __always_inline struct pagefold_entry *
pagefold_entries_section(const struct pagefold_entries *all, unsigned long pfn)
{
	unsigned long section = pfn >> PAGEFOLD_SECTION_SHIFT;
	struct pagefold_entry **leaf;

	if (unlikely(pfn >= PAGEFOLD_ENTRIES_LIMIT))
		return NULL;
	/* No subscript: UBSAN would check again what was checked just now. */
	leaf = READ_ONCE(*(all->leaves +
			   (section >> PAGEFOLD_ENTRIES_LEAF_SHIFT)));
	if (unlikely(!leaf))
		return NULL;
	return READ_ONCE(leaf[section % PAGEFOLD_ENTRIES_PER_LEAF]);
}

/* Where the entry of @pfn is in its section. */
static inline unsigned long pagefold_entries_offset(unsigned long pfn)
{
	return pfn & (BIT(PAGEFOLD_SECTION_SHIFT) - 1);
}

/* The entry of @pfn, or NULL when its section was never used. */
static inline struct pagefold_entry *
pagefold_entries_at(const struct pagefold_entries *all, unsigned long pfn)
{
	struct pagefold_entry *first = pagefold_entries_section(all, pfn);

	return likely(first) ? first + pagefold_entries_offset(pfn) : NULL;
}

/* The entry of @pfn, which is linked somewhere: its section is there. */
static inline struct pagefold_entry *
pagefold_entries_linked(const struct pagefold_entries *all, u32 pfn)
{
	unsigned long section = pfn >> PAGEFOLD_SECTION_SHIFT;
	struct pagefold_entry **leaf;

	leaf = READ_ONCE(*(all->leaves +
			   (section >> PAGEFOLD_ENTRIES_LEAF_SHIFT)));
	return READ_ONCE(leaf[section % PAGEFOLD_ENTRIES_PER_LEAF]) +
	       pagefold_entries_offset(pfn);
}

/* Where the section of @pfn ends. */
static inline u64 pagefold_entries_section_end(u64 pfn)
{
	return ((pfn >> PAGEFOLD_SECTION_SHIFT) + 1) << PAGEFOLD_SECTION_SHIFT;
}

#endif /* _PAGEFOLD_ENTRIES_H */
