/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The strings that a test pulls behind the index: allocations that fail,
 * counts of what is allocated and locked, random numbers from a seed.
 */
#ifndef _PAGEFOLD_ENV_H
#define _PAGEFOLD_ENV_H

#include "index_env.h"

/* Of all threads together. */
extern long env_live;			/* allocations not freed */
extern long env_live_bytes;		/* their bytes */
extern size_t env_last_bytes;		/* the size last asked for */
extern long env_fail_in;		/* this one fails: 1 = the next */
extern unsigned int env_fail_one_in;	/* one in so many fails, 0 = none */
extern unsigned int env_yield_one_in;	/* env_disturb() yields, 0 = never */

/* Of this thread. */
extern __thread unsigned int env_locks_held;
extern __thread unsigned long env_locks_taken;

/* Numbers start over from @seed, in this thread. */
void env_seed(u64 seed);
u64 env_random(void);

/* From 0 to @n - 1. */
static inline u64 env_below(u64 n)
{
	return env_random() % n;
}

#endif /* _PAGEFOLD_ENV_H */
