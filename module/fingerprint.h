/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fingerprint: a keyed 64-bit hash of one page.
 */
#ifndef _PAGEFOLD_FINGERPRINT_H
#define _PAGEFOLD_FINGERPRINT_H

#include "index_env.h"

#define PAGEFOLD_FINGERPRINT_BYTES	4096
#define PAGEFOLD_FINGERPRINT_WORDS	(PAGEFOLD_FINGERPRINT_BYTES / 8)
#define PAGEFOLD_FINGERPRINT_LANES	4

/**
 * struct pagefold_seed - the secret that keys the fingerprint
 * @nh: One word for each word of a page.
 * @mix: 128-bit words, low half first, for the last step: one, and then one
 *	for each sum that is mixed, two or (with AVX2) four.
 */
struct pagefold_seed {
	u64 nh[PAGEFOLD_FINGERPRINT_WORDS];
	u64 mix[2 + 2 * PAGEFOLD_FINGERPRINT_LANES];
};

void pagefold_fingerprint_seed(struct pagefold_seed *seed);
u64 pagefold_fingerprint(const struct pagefold_seed *seed, const void *page);
bool pagefold_page_is_zero(const void *page);

/*
 * The 128-bit numbers at @mix, low halves first, times @a and @b: what the low
 * halves give, and the high ones, of which only as much counts.
 */
static __always_inline unsigned __int128
pagefold_fingerprint_low(const u64 *mix, u64 a, u64 b)
{
	return (unsigned __int128)mix[0] * a + (unsigned __int128)mix[2] * b;
}

static __always_inline u64
pagefold_fingerprint_high(const u64 *mix, u64 a, u64 b)
{
	return mix[1] * a + mix[3] * b;
}

/*
 * Steps in a pattern come out of multiplications as steps in a pattern: pages
 * that differ only by a counter, say, would crowd some buckets and leave out
 * others (measured: chi-square up to 18 times what chance gives). Shifting
 * breaks that. One to one (the factor is odd, 2^64 over the golden ratio), so
 * that no collision is added.
 */
static __always_inline u64 pagefold_fingerprint_spread(u64 x)
{
	x ^= x >> 32;
	x *= 0x9e3779b97f4a7c15ULL;
	return x ^ (x >> 32);
}

/* The last step of pagefold_fingerprint(), for the halves of its sum. */
static __always_inline u64
pagefold_fingerprint_mix2(const struct pagefold_seed *seed, u64 lo, u64 hi)
{
	const u64 *mix = seed->mix;
	unsigned __int128 low = mix[0];

	low += pagefold_fingerprint_low(mix + 2, lo, hi);
	return pagefold_fingerprint_spread(mix[1] + (u64)(low >> 64) +
		pagefold_fingerprint_high(mix + 2, lo, hi));
}

/*
 * The same with four words instead of two: those of as many lanes. For
 * different words the results are uniform and independent here, too.
 */
static __always_inline u64
pagefold_fingerprint_mix4(const struct pagefold_seed *seed, u64 a, u64 b,
			  u64 c, u64 d)
{
	const u64 *mix = seed->mix;
	unsigned __int128 low = mix[0];

	low += pagefold_fingerprint_low(mix + 2, a, b);
	low += pagefold_fingerprint_low(mix + 6, c, d);
	return pagefold_fingerprint_spread(mix[1] + (u64)(low >> 64) +
		pagefold_fingerprint_high(mix + 2, a, b) +
		pagefold_fingerprint_high(mix + 6, c, d));
}

#endif /* _PAGEFOLD_FINGERPRINT_H */
