/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sweep: what no visit meets, because nothing maps it any more.
 */
#ifndef PAGEFOLD_SWEEP_H
#define PAGEFOLD_SWEEP_H

#include <linux/types.h>

/**
 * pagefold_sweep_begin() - look after some frames, and begin with the index.
 * @all: all frames, not only some.
 *
 * Context: Process context, the scanner or while it is kept off.
 */
void pagefold_sweep_begin(bool all);

/**
 * pagefold_sweep_step() - look after some index entries.
 *
 * Context: Process context, the scanner or while it is kept off.
 * Return: true if there are more in this sweep.
 */
bool pagefold_sweep_step(void);

/**
 * pagefold_sweep_size() - say what the last pass found.
 * @visited: page table entries.
 * @changed: those of them that were written, folded or read.
 *
 * The next sweep costs a part of what changed since the pass before, and a
 * small part of what was visited. However little changes, a frame has its turn
 * in 16 sweeps, and an entry of the index in 256: in 32 where all that has
 * entries is visited. A scrub goes through the same list of frames, and may put
 * a frame's turn off.
 */
void pagefold_sweep_size(u64 visited, u64 changed);

#endif
