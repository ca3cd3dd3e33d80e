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
	u64 seed;
};

PF_SWAP_VARIANTS(swap);

FIXTURE_SETUP(swap)
{
	int ret;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	ret = pf_swap_on(&self->swap, variant->zram, SPACE);
	if (ret)
		SKIP(return, "no swap space here: %s", strerror(-ret));
	self->seed = pf_seed();
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
 * that were looked at just now are put back once or twice, and those in another
 * CPU's batch are out of reach.
 */
static bool page_out(char *mem)
{
	int i;

	for (i = 0; i < 200 && swapped(mem) < NR; i++) {
		pf_drain_lru();
		madvise(mem, SIZE, MADV_PAGEOUT);
		usleep(1000);
	}
	return swapped(mem) == NR;
}

static bool twins_folded(struct _test_data_swap *self, const char *twin)
{
	return pf_same_frames(self->mem, NR, getpid(), twin);
}

/* The other process: has the same pages, and goes when it is told to. */
static int be_twin(struct pf_peer *self, void *arg)
{
	struct _test_data_swap *data = arg;

	pf_fill_each(data->mem, NR, data->seed);
	pf_meet(self);
	pf_meet(self);
	return 0;
}

/* A page whose twins have gone is an ordinary page, which can be swapped. */
TEST_F(swap, after_the_twins_exited)
{
	struct pf_peer peer = pf_peer_start(be_twin, self);

	pf_fill_each(self->mem, NR, self->seed);
	pf_meet(&peer);
	EXPECT_TRUE(pf_wait_until(pf_same_frames(self->mem, NR,
						 peer.pid, self->mem)));
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));

	ASSERT_TRUE(pf_wait_until(pf_apart(self->mem, NR)));
	EXPECT_TRUE(pf_holds_each(self->mem, NR, self->seed));
	EXPECT_TRUE(page_out(self->mem));
	EXPECT_TRUE(pf_holds_each(self->mem, NR, self->seed));
}

/*
 * Swapped in again a page stands in another frame, clean, where another page
 * was known before. It must be looked at like any other.
 */
TEST_F(swap, swapped_in_is_found)
{
	char *twin;
	int round;

	pf_fill_each(self->mem, NR, self->seed);
	ASSERT_TRUE(pf_control());
	for (round = 0; round < 3; round++) {
		ASSERT_TRUE(page_out(self->mem));
		ASSERT_TRUE(pf_holds_each(self->mem, NR, self->seed));
		twin = pf_map(NR);
		pf_fill_each(twin, NR, self->seed);
		ASSERT_TRUE(pf_wait_long_until(twins_folded(self, twin)));
		ASSERT_TRUE(pf_holds_each(self->mem, NR, self->seed));
		ASSERT_TRUE(pf_holds_each(twin, NR, self->seed));
		munmap(twin, SIZE);
		ASSERT_TRUE(pf_wait_until(pf_apart(self->mem, NR)));
	}
}

/* Twins that were never looked at, all of them swapped out. */
static char *twin_swapped_out(struct _test_data_swap *self)
{
	char *twin = pf_map(NR);

	if (pf_set("run", "0"))
		pf_die("stopping the scanner");
	pf_fill_each(self->mem, NR, self->seed);
	pf_fill_each(twin, NR, self->seed);
	return page_out(self->mem) && page_out(twin) ? twin : NULL;
}

/* Both were swapped out and came back by reading only. */
TEST_F(swap, both_swapped_in)
{
	char *twin = twin_swapped_out(self);

	ASSERT_NE(NULL, twin);
	ASSERT_TRUE(pf_holds_each(self->mem, NR, self->seed));
	ASSERT_TRUE(pf_holds_each(twin, NR, self->seed));
	ASSERT_TRUE(pf_wait_long_until(twins_folded(self, twin)));
	EXPECT_TRUE(pf_holds_each(self->mem, NR, self->seed));
	EXPECT_TRUE(pf_holds_each(twin, NR, self->seed));
	munmap(twin, SIZE);
}

/* Space in the swap area that a folded page occupied is free again. */
TEST_F(swap, slots_are_freed)
{
	/* the kernel may keep some freed slots at hand for each CPU */
	const long at_hand = 64 * sysconf(_SC_NPROCESSORS_CONF) * 4;
	char *twin = twin_swapped_out(self);

	ASSERT_NE(NULL, twin);
	ASSERT_LE(2 * SIZE / 1024, pf_swap_used(&self->swap));
	ASSERT_TRUE(pf_holds_each(self->mem, NR, self->seed));
	ASSERT_TRUE(pf_holds_each(twin, NR, self->seed));
	ASSERT_TRUE(pf_wait_long_until(twins_folded(self, twin)));
	EXPECT_GE(at_hand, pf_swap_used(&self->swap));
	munmap(twin, SIZE);
}

/* Frames are not swapped; asking for it does no harm. */
TEST_F(swap, frames_stay)
{
	char *twin = pf_map(NR);

	pf_fill_each(self->mem, NR, self->seed);
	pf_fill_each(twin, NR, self->seed);
	ASSERT_TRUE(pf_wait_long_until(twins_folded(self, twin)));
	madvise(self->mem, SIZE, MADV_PAGEOUT);
	madvise(twin, SIZE, MADV_PAGEOUT);
	EXPECT_TRUE(twins_folded(self, twin));
	EXPECT_TRUE(pf_holds_each(self->mem, NR, self->seed));
	munmap(twin, SIZE);
}

TEST_HARNESS_MAIN
