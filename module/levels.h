/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two levels by which something large is found that is allocated in
 * pieces: leaves, and in these the pieces.
 *
 * Takes no lock: a pointer is set once, by cmpxchg(), and stays until all are
 * freed.
 */
#ifndef _PAGEFOLD_LEVELS_H
#define _PAGEFOLD_LEVELS_H

#include "index_env.h"

/**
 * struct pagefold_levels - how large, and what it takes.
 * @per_leaf: Pieces in a leaf.
 * @piece: Bytes of each.
 * @gfp: How to allocate; nobody is warned when it fails.
 * @bytes: Counts the memory allocated.
 */
struct pagefold_levels {
	unsigned int per_leaf;
	size_t piece;
	gfp_t gfp;
	atomic_long_t *bytes;
};

int pagefold_levels_make(const struct pagefold_levels *levels, void ***leaf,
			 unsigned int at);
void pagefold_levels_free(void ***leaves, unsigned int n,
			  unsigned int per_leaf);

#endif /* _PAGEFOLD_LEVELS_H */
