// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of one page table are folded together: each must become its own twin's
 * frame, or the zero page, or stay what it was, whatever its neighbours are.
 */
#define _GNU_SOURCE
#include <sys/uio.h>
#include <unistd.h>

#include "pagefold_harness.h"

#define NR	64

enum kind {
	TWIN,	/* equal to a frame */
	ZERO,
	ALONE,	/* equal to nothing */
	HELD,	/* equal to a frame, and in a pipe, which takes 16 */
	KINDS
};

FIXTURE(mixed) {
	u64 seed;
	char *frames, *mem;
	u64 before[NR];
	int pipe[2];
};

static char *at(char *mem, size_t i)
{
	return mem + i * PF_PAGE;
}

static int fill(struct _test_data_mixed *self, size_t i)
{
	struct iovec iov = { at(self->mem, i), PF_PAGE };

	switch (i % KINDS) {
	case ZERO:
		memset(at(self->mem, i), 0, PF_PAGE);
		return 0;
	case ALONE:
		pf_fill(at(self->mem, i), self->seed + NR + i);
		return 0;
	}
	pf_fill(at(self->mem, i), self->seed + i);
	return i % KINDS == HELD &&
	       vmsplice(self->pipe[1], &iov, 1, 0) != PF_PAGE;
}

FIXTURE_SETUP(mixed)
{
	size_t i;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->frames = pf_map(2 * NR);
	pf_fill_each(self->frames, NR, self->seed);
	pf_fill_each(at(self->frames, NR), NR, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_same_frames(self->frames, NR, getpid(),
						 at(self->frames, NR))));
	ASSERT_EQ(0, pf_set("run", "0"));
	ASSERT_EQ(0, pipe(self->pipe));
	self->mem = pf_map(NR);
	for (i = 0; i < NR; i++) {
		ASSERT_EQ(0, fill(self, i));
		self->before[i] = pf_pfn(at(self->mem, i));
	}
	ASSERT_EQ(0, pf_set("run", "1"));
}

FIXTURE_TEARDOWN(mixed)
{
	close(self->pipe[0]);
	close(self->pipe[1]);
	pf_end();
}

static bool is_as_it_should(struct _test_data_mixed *self, size_t i)
{
	u64 pfn = pf_pfn(at(self->mem, i));

	switch (i % KINDS) {
	case TWIN:
		return pfn == pf_pfn(at(self->frames, i));
	case ZERO:
		return pf_is_zero_page(pfn);
	}
	return pfn == self->before[i];
}

static bool holds(struct _test_data_mixed *self, size_t i)
{
	static const char zeros[PF_PAGE];

	switch (i % KINDS) {
	case ZERO:
		return !memcmp(at(self->mem, i), zeros, PF_PAGE);
	case ALONE:
		return pf_holds(at(self->mem, i), self->seed + NR + i);
	}
	return pf_holds(at(self->mem, i), self->seed + i);
}

static size_t count(struct _test_data_mixed *self,
		    bool (*is)(struct _test_data_mixed *self, size_t i))
{
	size_t i, n = 0;

	for (i = 0; i < NR; i++)
		n += is(self, i);
	return n;
}

static bool empties(struct _test_data_mixed *self)
{
	char page[PF_PAGE];
	size_t i;

	for (i = HELD; i < NR; i += KINDS)
		if (read(self->pipe[0], page, PF_PAGE) != PF_PAGE ||
		    !pf_holds(page, self->seed + i))
			return false;
	return true;
}

static bool held_are_folded(struct _test_data_mixed *self)
{
	size_t i;

	for (i = HELD; i < NR; i += KINDS)
		if (pf_pfn(at(self->mem, i)) != pf_pfn(at(self->frames, i)))
			return false;
	return true;
}

TEST_F(mixed, each_gets_its_own)
{
	ASSERT_TRUE(pf_wait_until(count(self, is_as_it_should) == NR));
	pf_passes(4);
	EXPECT_EQ(NR, count(self, is_as_it_should));
	EXPECT_EQ(NR, count(self, holds));
	EXPECT_TRUE(pf_holds_each(self->frames, NR, self->seed));

	ASSERT_TRUE(empties(self));
	EXPECT_TRUE(pf_wait_long_until(held_are_folded(self)));
	EXPECT_EQ(NR, count(self, holds));
}

TEST_HARNESS_MAIN
