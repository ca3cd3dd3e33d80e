/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs that know nothing of merging.
 */
#ifndef BENCH_PROGRAMS_H
#define BENCH_PROGRAMS_H

#include <stddef.h>

/*
 * Become the program @argv, with all its memory opted in, and that of what it
 * starts. Returns only to say that this kernel cannot do so (before 6.7).
 */
void programs_opt_in(char **argv);

/* Scan what is opted in: @pages, of which @possible could be saved. */
void programs_measure(size_t pages, size_t possible);

#endif
