// SPDX-License-Identifier: GPL-2.0
/*
 * What the index needs from the kernel, with checks: one stripe lock at most,
 * nothing allocated or freed under it, nothing leaked.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "env.h"

#define ENV_CHECK(cond)							\
	do {								\
		if (!(cond))						\
			env_bug(#cond, __FILE__, __LINE__);		\
	} while (0)

unsigned int env_section_shift = 9;
unsigned int env_chunk_shift = 10;
long env_live;
long env_live_bytes;
size_t env_last_bytes;
long env_fail_in;
unsigned int env_fail_one_in;
unsigned int env_yield_one_in;
__thread unsigned int env_locks_held;
__thread unsigned long env_locks_taken;

static __thread u64 random_state = 1;
static __thread u32 thread_id;
static u32 threads;

void env_bug(const char *what, const char *file, int line)
{
	printf("Bail out! %s:%d: %s\n", file, line, what);
	fflush(stdout);
	abort();
}

void env_seed(u64 seed)
{
	random_state = seed;
}

/* splitmix64: Steele, Lea, Flood, OOPSLA '14. */
u64 env_random(void)
{
	u64 z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void get_random_bytes(void *buf, size_t len)
{
	u8 *byte = buf;

	while (len--)
		*byte++ = env_random();
}

void env_disturb(void)
{
	if (env_yield_one_in && !env_below(env_yield_one_in))
		sched_yield();
}

static u32 this_thread(void)
{
	if (!thread_id)
		thread_id = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
	return thread_id;
}

void spin_lock(spinlock_t *lock)
{
	u32 none = 0;

	ENV_CHECK(!env_locks_held);
	env_disturb();
	while (!__atomic_compare_exchange_n(&lock->holder, &none, this_thread(),
					    false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED)) {
		none = 0;
		sched_yield();
	}
	env_locks_held++;
	env_locks_taken++;
}

void env_assert_held(spinlock_t *lock)
{
	ENV_CHECK(__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) ==
		  this_thread());
}

void spin_unlock(spinlock_t *lock)
{
	env_assert_held(lock);
	env_locks_held--;
	__atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
}

/* Its size stands in front of what was allocated, 16 bytes keep it aligned. */
#define HEADER	16

static bool allocation_fails(void)
{
	if (env_fail_in && !--env_fail_in)
		return true;
	return env_fail_one_in && !env_below(env_fail_one_in);
}

void *kvcalloc(size_t n, size_t size, int gfp)
{
	size_t bytes = n * size;
	size_t *p = NULL;

	ENV_CHECK(!env_locks_held);
	ENV_CHECK(gfp == (GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN) ||
		  gfp == (GFP_KERNEL | __GFP_NOWARN) ||
		  gfp == (GFP_NOWAIT | __GFP_NOWARN));
	__atomic_store_n(&env_last_bytes, bytes, __ATOMIC_RELAXED);
	if (!allocation_fails())
		p = calloc(1, bytes + HEADER);
	if (!p)
		return NULL;
	*p = bytes;
	__atomic_add_fetch(&env_live, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&env_live_bytes, bytes, __ATOMIC_RELAXED);
	return (char *)p + HEADER;
}

void kvfree(const void *p)
{
	size_t *header;

	ENV_CHECK(!env_locks_held);
	if (!p)
		return;
	header = (size_t *)((char *)p - HEADER);
	__atomic_sub_fetch(&env_live, 1, __ATOMIC_RELAXED);
	__atomic_sub_fetch(&env_live_bytes, *header, __ATOMIC_RELAXED);
	free(header);
}
