// SPDX-License-Identifier: GPL-2.0
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include "avx2.h"
#include "bytes.h"
#include "pagefold.h"

/* Words per turn of the loop below, which has no branch inside a turn. */
#define STEP 16

/* One word in so many is compared to see if pages are alike. */
#define STRIDE 32

#define WORDS (PAGE_SIZE / sizeof(u64))

static __always_inline u64 differ4(const u64 *a, const u64 *b)
{
	return (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]);
}

/* memcmp() looks for the first byte that differs, in over twice the steps. */
static bool equal(const u64 *a, const u64 *b)
{
	const u64 *end = a + WORDS;

	for (; a != end; a += STEP, b += STEP)
		if (differ4(a, b) | differ4(a + 4, b + 4) |
		    differ4(a + 8, b + 8) | differ4(a + 12, b + 12))
			return false;
	return true;
}

static bool avx2 __ro_after_init;

void __init pagefold_bytes_init(void)
{
	avx2 = boot_cpu_has(X86_FEATURE_AVX2) &&
	       boot_cpu_has(X86_FEATURE_OSXSAVE) &&
	       cpu_has_xfeatures(XFEATURE_MASK_SSE | XFEATURE_MASK_YMM, NULL);
}

/*
 * Vector registers are free between kernel_fpu_begin() and kernel_fpu_end(),
 * with preemption off for one page at most. The scanner has none to save.
 */
static bool is_zero(const void *page)
{
	bool zero;

	/* This tells nearly all pages that are not zero. */
	if (likely(READ_ONCE(*(const u64 *)page)))
		return false;
	if (!avx2)
		return pagefold_page_is_zero(page);
	kernel_fpu_begin();
	zero = pagefold_avx2_is_zero(page);
	kernel_fpu_end();
	return zero;
}

static bool are_equal(const void *a, const void *b)
{
	bool same;

	if (!avx2)
		return equal(a, b);
	kernel_fpu_begin();
	same = pagefold_avx2_equal(a, b);
	kernel_fpu_end();
	return same;
}

static u64 fingerprint_of(const void *page)
{
	u64 fingerprint;

	if (!avx2)
		return pagefold_fingerprint(&pagefold_seed, page);
	kernel_fpu_begin();
	fingerprint = pagefold_avx2_fingerprint(&pagefold_seed, page);
	kernel_fpu_end();
	return fingerprint;
}

static bool alike(const u64 *a, const u64 *b)
{
	unsigned int i;

	for (i = 0; i < WORDS; i += STRIDE)
		if (a[i] != b[i])
			return false;
	return true;
}

bool pagefold_bytes_equal(struct page *a, struct page *b)
{
	void *bytes = kmap_local_page(a);
	void *others;
	bool same;

	if (!b) {
		same = is_zero(bytes);
	} else {
		others = kmap_local_page(b);
		same = are_equal(bytes, others);
		kunmap_local(others);
	}
	kunmap_local(bytes);
	return same;
}

bool pagefold_bytes_alike(struct page *a, struct page *b)
{
	void *bytes = kmap_local_page(a);
	void *others = kmap_local_page(b);
	bool same = alike(bytes, others);

	kunmap_local(others);
	kunmap_local(bytes);
	return same;
}

u64 pagefold_bytes_fingerprint(struct page *page)
{
	void *bytes = kmap_local_page(page);
	u64 fingerprint = fingerprint_of(bytes);

	kunmap_local(bytes);
	return fingerprint;
}
