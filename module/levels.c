// SPDX-License-Identifier: GPL-2.0
/*
 * The two levels by which something large is found that is allocated in
 * pieces.
 */
#include "levels.h"

/*
 * Set *@slot to @size bytes of zeroed memory unless it is set already.
 *
 * Two may get here at once: the first cmpxchg() wins, the other gives its
 * memory back. cmpxchg() is a full barrier and pairs with the READ_ONCE() of
 * who goes down the levels: who sees the pointer sees zeroes behind it.
 */
static int publish(const struct pagefold_levels *levels, void **slot,
		   size_t size)
{
	void *new;

	if (READ_ONCE(*slot))
		return 0;
	new = kvcalloc(size, 1, levels->gfp | __GFP_NOWARN);
	if (!new)
		return -ENOMEM;
	if (cmpxchg(slot, NULL, new))
		kvfree(new);
	else
		atomic_long_add(size, levels->bytes);
	return 0;
}

/**
 * pagefold_levels_make() - allocate a piece, unless it is there
 * @levels: How.
 * @leaf: Where its leaf is, or will be.
 * @at: Its number in the leaf.
 *
 * Context: As @levels->gfp allows. Any number of threads.
 * Return: 0 or -ENOMEM.
 */
int pagefold_levels_make(const struct pagefold_levels *levels, void ***leaf,
			 unsigned int at)
{
	int err = publish(levels, (void **)leaf,
			  sizeof(**leaf) * levels->per_leaf);

	if (err)
		return err;
	/* Pairs with the cmpxchg() in publish(), ours or somebody else's. */
	return publish(levels, READ_ONCE(*leaf) + at, levels->piece);
}

/**
 * pagefold_levels_free() - free all leaves and pieces
 * @leaves: The leaves.
 * @n: How many there can be.
 * @per_leaf: Pieces in each.
 *
 * Context: May sleep. Nobody uses them any more.
 */
void pagefold_levels_free(void ***leaves, unsigned int n,
			  unsigned int per_leaf)
{
	unsigned int i, j;

	for (i = 0; i < n; i++) {
		if (!leaves[i])
			continue;
		for (j = 0; j < per_leaf; j++)
			kvfree(leaves[i][j]);
		kvfree(leaves[i]);
	}
}
