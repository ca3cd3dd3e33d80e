/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that the index and the fingerprint need from the kernel.
 *
 * The tests in selftests/user build the same files in user space: a header of
 * their own is included ahead of everything and has the same include guard,
 * so that this one then comes out empty.
 */
#ifndef _PAGEFOLD_INDEX_ENV_H
#define _PAGEFOLD_INDEX_ENV_H

#include <asm/barrier.h>
#include <asm/page.h>
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>

/* log2 of what fits into a page: entries of 8 bytes, heads of 4. */
#define PAGEFOLD_SECTION_SHIFT	(PAGE_SHIFT - 3)
#define PAGEFOLD_CHUNK_SHIFT	(PAGE_SHIFT - 2)

#endif /* _PAGEFOLD_INDEX_ENV_H */
