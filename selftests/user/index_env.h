/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the index and the fingerprint need from the kernel, in user space.
 *
 * Included ahead of every file (cc -include). It has the include guard of
 * the kernel's version in module/, which therefore comes out empty.
 *
 * ENV_BENCH leaves out all checks, so that only the code itself is measured.
 */
#ifndef _PAGEFOLD_INDEX_ENV_H
#define _PAGEFOLD_INDEX_ENV_H

#include <assert.h>
#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;

#define U64_MAX			(~0ULL)
#define U32_MAX			(~0U)
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define min_t(type, a, b) ({						\
	type a_ = (a);							\
	type b_ = (b);							\
									\
	a_ < b_ ? a_ : b_;						\
})
#define min(a, b)		min_t(__typeof__(a), a, b)
#define clamp(x, lo, hi) ({						\
	__typeof__(x) lo_ = (lo);					\
	__typeof__(x) x_ = min(x, hi);					\
									\
	x_ < lo_ ? lo_ : x_;						\
})
#define fls(x)			((x) ? 32 - __builtin_clz(x) : 0)

#ifdef ENV_BENCH
#define PAGEFOLD_SECTION_SHIFT	9
#define PAGEFOLD_CHUNK_SHIFT	10
#define env_disturb()		((void)0)
#else
/* Constants of the kernel; here each test may have others. */
extern unsigned int env_section_shift;
extern unsigned int env_chunk_shift;
#define PAGEFOLD_SECTION_SHIFT	env_section_shift
#define PAGEFOLD_CHUNK_SHIFT	env_chunk_shift

/* Now and then let another thread run, where that could hurt. */
void env_disturb(void);
#endif

/*
 * READ_ONCE() of the kernel orders what depends on the value behind it, which
 * is what "consume" means. Both are plain moves on x86.
 */
#define READ_ONCE(x)							\
	(env_disturb(), __atomic_load_n(&(x), __ATOMIC_CONSUME))
#define WRITE_ONCE(x, value)						\
	__atomic_store_n(&(x), value, __ATOMIC_RELAXED)
/* As in the kernel. */
#define smp_load_acquire(ptr)						\
	(env_disturb(), __atomic_load_n(ptr, __ATOMIC_ACQUIRE))
/* As in the kernel. */
#define smp_store_release(ptr, value)					\
	__atomic_store_n(ptr, value, __ATOMIC_RELEASE)
#define cmpxchg(ptr, old, new) ({					\
	__typeof__(ptr) ptr_ = (ptr);					\
	__typeof__(*ptr_) old_ = (old);					\
									\
	env_disturb();							\
	__atomic_compare_exchange_n(ptr_, &old_, new, false,		\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);\
	old_;								\
})

#define atomic_long_t		struct env_atomic
struct env_atomic {
	long counter;
};

static inline void atomic_long_add(long n, atomic_long_t *v)
{
	__atomic_fetch_add(&v->counter, n, __ATOMIC_RELAXED);
}

static inline void atomic_long_inc(atomic_long_t *v)
{
	atomic_long_add(1, v);
}

static inline void atomic_long_dec(atomic_long_t *v)
{
	atomic_long_add(-1, v);
}

static inline long atomic_long_read(const atomic_long_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);
}

/* As small as the kernel's. 0 is free, else the thread that holds it. */
#define spinlock_t		struct env_lock
struct env_lock {
	u32 holder;
};

#define spin_lock_init(lock)	((lock)->holder = 0)

#ifdef ENV_BENCH
static inline void spin_lock(spinlock_t *lock)
{
	while (__atomic_exchange_n(&lock->holder, 1, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
}

static inline void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
}

#define lockdep_assert_held(lock)	((void)(lock))
#else
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
void env_assert_held(spinlock_t *lock);
#define lockdep_assert_held(lock)	env_assert_held(lock)
#endif

#define gfp_t			int
#define GFP_KERNEL		1
#define __GFP_NOWARN		2
#define __GFP_RETRY_MAYFAIL	4
#define GFP_NOWAIT		8

void *kvcalloc(size_t n, size_t size, int gfp);
void kvfree(const void *p);
void get_random_bytes(void *buf, size_t len);

/* A broken invariant ends the program. */
void env_bug(const char *what, const char *file, int line);

#define WARN_ON_ONCE(cond)						\
	((cond) ? (env_bug(#cond, __FILE__, __LINE__), true) : false)

#endif /* _PAGEFOLD_INDEX_ENV_H */
