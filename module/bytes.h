/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bytes of pages. They may be written meanwhile, unless the caller keeps
 * everybody out: the answer then holds for no moment in particular.
 */
#ifndef PAGEFOLD_BYTES_H
#define PAGEFOLD_BYTES_H

#include <linux/mm_types.h>
#include <linux/types.h>

/* Once, before any other: 32 bytes at a time, where the CPU can. */
void pagefold_bytes_init(void);

/**
 * pagefold_bytes_equal() - compare two pages, every byte.
 * @a: a page, referenced.
 * @b: another; NULL stands for a page of zeros.
 *
 * Context: Any.
 */
bool pagefold_bytes_equal(struct page *a, struct page *b);

/**
 * struct pagefold_pair - two pages, as for pagefold_bytes_equal().
 * @a: one.
 * @b: the other.
 * @equal: where pagefold_bytes_equal_each() says whether they are.
 */
struct pagefold_pair {
	struct page *a;
	struct page *b;
	bool *equal;
};

/**
 * pagefold_bytes_equal_each() - compare pairs of pages.
 * @pairs: the pairs.
 * @n: how many.
 *
 * Context: Any but hard interrupts.
 */
void pagefold_bytes_equal_each(const struct pagefold_pair *pairs,
			       unsigned int n);

/**
 * pagefold_bytes_alike() - compare a few bytes all over two pages.
 * @a: a page, referenced.
 * @b: another.
 *
 * Context: Any; short enough to be done under a spinlock.
 * Return: false when they differ, true when they may be equal.
 */
bool pagefold_bytes_alike(struct page *a, struct page *b);

/* The fingerprint of @page under the seed of this load. */
u64 pagefold_bytes_fingerprint(struct page *page);

/*
 * Pages read, or pairs compared, before preemption and softirqs are let in. What
 * it takes to get the vector registers and to give them back is shared by so
 * many: 67 instructions on 6.1, by scripts/bench/run -p, and their returns.
 */
#define PAGEFOLD_BYTES_AT_ONCE 4U

/**
 * struct pagefold_reading - what a page holds.
 * @page: the page, referenced; NULL for none.
 * @fingerprint: its fingerprint; 0 for zeros, which need none.
 * @zero: it is all zero.
 */
struct pagefold_reading {
	struct page *page;
	u64 fingerprint;
	bool zero;
};

/**
 * pagefold_bytes_read() - read some pages.
 * @readings: the pages; the rest is filled in.
 * @n: how many, 1..PAGEFOLD_BYTES_AT_ONCE.
 * @zeros: whether zeros are told from other bytes.
 *
 * Context: Any but hard interrupts.
 */
void pagefold_bytes_read(struct pagefold_reading *readings, unsigned int n,
			 bool zeros);

#endif
