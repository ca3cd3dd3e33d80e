// SPDX-License-Identifier: GPL-2.0
#include <linux/highmem.h>
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
		same = pagefold_page_is_zero(bytes);
	} else {
		others = kmap_local_page(b);
		same = equal(bytes, others);
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
	u64 fingerprint = pagefold_fingerprint(&pagefold_seed, bytes);

	kunmap_local(bytes);
	return fingerprint;
}
