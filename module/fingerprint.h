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
u64 pagefold_fingerprint_mix(const struct pagefold_seed *seed,
			     const u64 *lanes);
bool pagefold_page_is_zero(const void *page);

#endif /* _PAGEFOLD_FINGERPRINT_H */
