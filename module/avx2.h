/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bytes of pages, 32 at a time, on CPUs that have AVX2.
 */
#ifndef _PAGEFOLD_AVX2_H
#define _PAGEFOLD_AVX2_H

#include "fingerprint.h"

/*
 * Context of all: what asm/fpu/api.h says about code between
 * kernel_fpu_begin() and kernel_fpu_end(), which the caller calls.
 */
u64 pagefold_avx2_fingerprint(const struct pagefold_seed *seed,
			      const void *page);
bool pagefold_avx2_equal(const void *a, const void *b);
bool pagefold_avx2_is_zero(const void *page);

#endif /* _PAGEFOLD_AVX2_H */
