// SPDX-License-Identifier: GPL-2.0
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include "avx2.h"
#include "bytes.h"
#include "pagefold.h"
#include "trace.h"

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
 * Vector registers are free between these, and preemption is off, on newer
 * kernels softirqs, too. The scanner is a kernel thread, which has none to save.
 */
static void vectors_begin(void)
{
	if (avx2)
		kernel_fpu_begin();
}

static void vectors_end(void)
{
	if (avx2)
		kernel_fpu_end();
}

/* This tells nearly all pages that are not zero. */
static bool may_be_zero(struct page *page)
{
	const u64 *word = kmap_local_page(page);
	u64 first = READ_ONCE(*word);

	kunmap_local(word);
	return unlikely(!first);
}

static bool is_zero(struct page *page)
{
	void *bytes = kmap_local_page(page);
	bool zero = avx2 ? pagefold_avx2_is_zero(bytes) :
			   pagefold_page_is_zero(bytes);

	kunmap_local(bytes);
	return zero;
}

static bool are_equal(struct page *a, struct page *b)
{
	void *bytes = kmap_local_page(a);
	void *others = kmap_local_page(b);
	bool same = avx2 ? pagefold_avx2_equal(bytes, others) :
			   equal(bytes, others);

	kunmap_local(others);
	kunmap_local(bytes);
	return same;
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
	bool same;

	if (!b && !may_be_zero(a))
		return false;
	vectors_begin();
	same = b ? are_equal(a, b) : is_zero(a);
	vectors_end();
	return same;
}

static void equal_some(const struct pagefold_pair *pairs, unsigned int n)
{
	vectors_begin();
	for (; n--; pairs++)
		*pairs->equal = pairs->b ? are_equal(pairs->a, pairs->b) :
					   is_zero(pairs->a);
	vectors_end();
}

void pagefold_bytes_equal_each(const struct pagefold_pair *pairs,
			       unsigned int n)
{
	unsigned int some;

	for (; n; n -= some, pairs += some) {
		some = min(n, PAGEFOLD_BYTES_AT_ONCE);
		equal_some(pairs, some);
	}
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

static u64 fingerprint(struct page *page)
{
	void *bytes = kmap_local_page(page);
	u64 value = avx2 ? pagefold_avx2_fingerprint(&pagefold_seed, bytes) :
			   pagefold_fingerprint(&pagefold_seed, bytes);

	kunmap_local(bytes);
	return value;
}

u64 pagefold_bytes_fingerprint(struct page *page)
{
	u64 value;

	vectors_begin();
	value = fingerprint(page);
	vectors_end();
	return value;
}

static void read_one(struct pagefold_reading *reading, bool zeros)
{
	reading->zero = zeros && may_be_zero(reading->page) &&
			is_zero(reading->page);
	reading->fingerprint = reading->zero ? 0 : fingerprint(reading->page);
}

static unsigned int read_all(struct pagefold_reading *readings, unsigned int n,
			     bool zeros)
{
	unsigned int i, done = 0;

	vectors_begin();
	for (i = 0; i < n; i++) {
		if (!readings[i].page)
			continue;
		read_one(&readings[i], zeros);
		done++;
	}
	vectors_end();
	return done;
}

static void trace(const struct pagefold_reading *readings, unsigned int n)
{
	if (!trace_pagefold_fingerprinted_enabled())
		return;
	for (; n--; readings++)
		if (readings->page)
			trace_pagefold_fingerprinted(page_to_pfn(readings->page),
						     readings->fingerprint);
}

void pagefold_bytes_read(struct pagefold_reading *readings, unsigned int n,
			 bool zeros)
{
	static unsigned int times;
	bool sample = pagefold_stats_sample(&times);
	u64 start = pagefold_stats_clock(sample);

	pagefold_count_add(fingerprinted, read_all(readings, n, zeros));
	if (sample)
		pagefold_count_add(cpu_ns_fingerprint,
				   pagefold_stats_clock(sample) - start);
	trace(readings, n);
}
