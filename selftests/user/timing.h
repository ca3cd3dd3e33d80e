/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nanoseconds of CPU that an operation takes.
 */
#ifndef PAGEFOLD_TIMING_H
#define PAGEFOLD_TIMING_H

/* Time on a CPU since this thread began: others may use the machine at once. */
double timing_now_ns(void);

/* Nanoseconds each of @n operations, for numbers from @first on. */
double timing_of(void (*op)(unsigned long i), unsigned long first,
		 unsigned long n);

/*
 * The best of many turns, in which nobody else disturbed the caches much. Each
 * turn is over others of @pages numbers: none are in a cache from the one
 * before.
 */
double timing_best_turn(void (*op)(unsigned long i), unsigned long pages);

void timing_print(const char *name, unsigned long pages, double ns);

#endif
