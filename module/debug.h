/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Damage done on purpose, so that tests see what comes of it. Only in a debug
 * build (make PAGEFOLD_DEBUG=1).
 */
#ifndef PAGEFOLD_DEBUG_H
#define PAGEFOLD_DEBUG_H

#include <linux/types.h>

struct dentry;

#ifdef PAGEFOLD_DEBUG

/* Is the symbol @name to count as missing (parameter missing=NAME, * for all)? */
bool pagefold_debug_hides(const char *name);

/* Before a fold looks for mappings: the moment at which they may vanish. */
void pagefold_debug_hold_up(void);

/**
 * pagefold_debug_add() - add the files of a debug build.
 * @folder: pagefold's folder in debugfs.
 *
 * damage: a page frame number (decimal, or 0x...) written to it flips a bit in
 * the middle of that frame; ENOENT if pagefold holds none there.
 * hold_up: for so many milliseconds the next fold is held up, once; 0 as soon
 * as it is.
 */
void pagefold_debug_add(struct dentry *folder);

#else

static inline bool pagefold_debug_hides(const char *name)
{
	return false;
}

static inline void pagefold_debug_hold_up(void) {}
static inline void pagefold_debug_add(struct dentry *folder) {}

#endif
#endif
