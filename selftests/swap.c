// SPDX-License-Identifier: GPL-2.0
/* Folding and swapping: neither may hide pages from the other. */
#include <errno.h>

#include "pagefold_harness.h"

#define NR	256
#define SIZE	(NR * PF_PAGE)
#define SPACE	(64UL << 20)

FIXTURE(swap) {
	struct pf_swap swap;
	char *mem;
	u64 seeds[NR];
};

FIXTURE_VARIANT(swap) {
	bool zram;
};

FIXTURE_VARIANT_ADD(swap, zram)
{
	.zram = true,
};

FIXTURE_VARIANT_ADD(swap, file)
{
	.zram = false,
};

/* Page i of each such region is a twin of page i of every other. */
static void fill_distinct(char *mem, const u64 *seeds)
{
	size_t i;

	for (i = 0; i < NR; i++)
		pf_fill(mem + i * PF_PAGE, seeds[i]);
}

static bool holds_distinct(const char *mem, const u64 *seeds)
{
	size_t i;

	for (i = 0; i < NR; i++)
		if (!pf_holds(mem + i * PF_PAGE, seeds[i]))
			return false;
	return true;
}

FIXTURE_SETUP(swap)
{
	size_t i;
	int ret;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	ret = pf_swap_on(&self->swap, variant->zram, SPACE);
	if (ret)
		SKIP(return, "no swap space here: %s", strerror(-ret));
	for (i = 0; i < NR; i++)
		self->seeds[i] = pf_seed();
	self->mem = pf_map(NR);
}

FIXTURE_TEARDOWN(swap)
{
	munmap(self->mem, SIZE);
	pf_swap_off(&self->swap);
	pf_end();
}

static size_t swapped(const char *mem)
{
	size_t i, n = 0;

	for (i = 0; i < NR; i++)
		n += !!(pf_pagemap(mem + i * PF_PAGE) & PF_MAP_SWAP);
	return n;
}

/*
 * Ask for the pages to be swapped out, until the kernel has done so. Pages
 * that were looked at just now are put back once or twice.
 */
static bool page_out(char *mem)
{
	int i;

	for (i = 0; i < 200 && swapped(mem) < NR; i++) {
		madvise(mem, SIZE, MADV_PAGEOUT);
		usleep(1000);
	}
	return swapped(mem) == NR;
}

static bool same_frames(const char *a, const char *b)
{
	size_t i;

	for (i = 0; i < NR; i++) {
		u64 pfn = pf_pfn(a + i * PF_PAGE);

		if (pfn != pf_pfn(b + i * PF_PAGE) || !pf_is_frame(pfn))
			return false;
	}
	return true;
}

/* The other process: has the same pages, and goes when it is told to. */
static int be_twin(struct pf_peer *self, void *arg)
{
	struct _test_data_swap *data = arg;

	fill_distinct(data->mem, data->seeds);
	pf_meet(self);
	pf_meet(self);
	return 0;
}

static bool all_folded(struct _test_data_swap *self, pid_t pid)
{
	size_t i;

	for (i = 0; i < NR; i++) {
		char *page = self->mem + i * PF_PAGE;
		u64 pfn = pf_pfn(page);

		if (!pf_is_frame(pfn) || pf_pfn_of(pid, page) != pfn)
			return false;
	}
	return true;
}

/* Present, and no frame among them. */
static bool all_ordinary(const char *mem)
{
	size_t i;

	for (i = 0; i < NR; i++) {
		u64 pfn = pf_pfn(mem + i * PF_PAGE);

		if (pfn == PF_NO_PFN || pf_is_frame(pfn))
			return false;
	}
	return true;
}

/* A page whose twins have gone is an ordinary page, which can be swapped. */
TEST_F(swap, after_the_twins_exited)
{
	struct pf_peer peer = pf_peer_start(be_twin, self);

	fill_distinct(self->mem, self->seeds);
	pf_meet(&peer);
	EXPECT_TRUE(pf_wait_until(all_folded(self, peer.pid)));
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));

	ASSERT_TRUE(pf_wait_until(all_ordinary(self->mem)));
	EXPECT_TRUE(holds_distinct(self->mem, self->seeds));
	EXPECT_TRUE(page_out(self->mem));
	EXPECT_TRUE(holds_distinct(self->mem, self->seeds));
}

/*
 * Swapped in again a page stands in another frame, clean, where another page
 * was known before. It must be looked at like any other.
 */
TEST_F(swap, swapped_in_is_found)
{
	char *twin;
	int round;

	fill_distinct(self->mem, self->seeds);
	ASSERT_TRUE(pf_control());
	for (round = 0; round < 3; round++) {
		ASSERT_TRUE(page_out(self->mem));
		ASSERT_TRUE(holds_distinct(self->mem, self->seeds));
		twin = pf_map(NR);
		fill_distinct(twin, self->seeds);
		ASSERT_TRUE(pf_wait_long_until(same_frames(self->mem, twin)));
		ASSERT_TRUE(holds_distinct(self->mem, self->seeds));
		ASSERT_TRUE(holds_distinct(twin, self->seeds));
		munmap(twin, SIZE);
		ASSERT_TRUE(pf_wait_until(all_ordinary(self->mem)));
	}
}

/* Both were swapped out and came back by reading only. */
TEST_F(swap, both_swapped_in)
{
	char *twin = pf_map(NR);

	ASSERT_EQ(0, pf_set("run", "0"));
	fill_distinct(self->mem, self->seeds);
	fill_distinct(twin, self->seeds);
	ASSERT_TRUE(page_out(self->mem));
	ASSERT_TRUE(page_out(twin));
	ASSERT_TRUE(holds_distinct(self->mem, self->seeds));
	ASSERT_TRUE(holds_distinct(twin, self->seeds));
	ASSERT_TRUE(pf_wait_long_until(same_frames(self->mem, twin)));
	EXPECT_TRUE(holds_distinct(self->mem, self->seeds));
	EXPECT_TRUE(holds_distinct(twin, self->seeds));
	munmap(twin, SIZE);
}

/* Space in the swap area that a folded page occupied is free again. */
TEST_F(swap, slots_are_freed)
{
	/* the kernel may keep some freed slots at hand for each CPU */
	const long at_hand = 64 * sysconf(_SC_NPROCESSORS_CONF) * 4;
	char *twin = pf_map(NR);

	ASSERT_EQ(0, pf_set("run", "0"));
	fill_distinct(self->mem, self->seeds);
	fill_distinct(twin, self->seeds);
	ASSERT_TRUE(page_out(self->mem));
	ASSERT_TRUE(page_out(twin));
	ASSERT_LE(2 * SIZE / 1024, pf_swap_used(&self->swap));
	ASSERT_TRUE(holds_distinct(self->mem, self->seeds));
	ASSERT_TRUE(holds_distinct(twin, self->seeds));
	ASSERT_TRUE(pf_wait_long_until(same_frames(self->mem, twin)));
	EXPECT_GE(at_hand, pf_swap_used(&self->swap));
	munmap(twin, SIZE);
}

/* Frames are not swapped; asking for it does no harm. */
TEST_F(swap, frames_stay)
{
	char *twin = pf_map(NR);

	fill_distinct(self->mem, self->seeds);
	fill_distinct(twin, self->seeds);
	ASSERT_TRUE(pf_wait_long_until(same_frames(self->mem, twin)));
	madvise(self->mem, SIZE, MADV_PAGEOUT);
	madvise(twin, SIZE, MADV_PAGEOUT);
	EXPECT_TRUE(same_frames(self->mem, twin));
	EXPECT_TRUE(holds_distinct(self->mem, self->seeds));
	munmap(twin, SIZE);
}

TEST_HARNESS_MAIN
