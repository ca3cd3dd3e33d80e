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
 * @pass: number of the pass.
 *
 * Context: Process context, the scanner or while it is kept off.
 * Return: true if there are more in this sweep.
 */
bool pagefold_sweep_step(unsigned int pass);

/**
 * pagefold_sweep_size() - say what the last pass visited.
 * @visited: page table entries: the next sweep costs a part of that.
 */
void pagefold_sweep_size(u64 visited);

#endif
