// SPDX-License-Identifier: GPL-2.0
/*
 * Under memory pressure frames go back at once, without waiting for a pass that
 * may be an hour away: those that one mapping is left of, and those that nobody
 * maps any more.
 */
#include <errno.h>

#include "pagefold_harness.h"

#define NR	64
#define SIZE	(NR * PF_PAGE)
#define SPACE	(64UL << 20)
#define TRIES	100	/* of reclaim; each may find others at work */

FIXTURE(pressure) {
	struct pf_swap swap;
	char *mem;
	u64 seed, frames[NR];
	struct pf_peer twin;
};

static int be_twin(struct pf_peer *self, void *arg)
{
	struct _test_data_pressure *data = arg;

	pf_fill_each(data->mem, NR, data->seed);
	pf_meet(self);
	pf_meet(self);
	return 0;
}

static bool all_folded(struct _test_data_pressure *self)
{
	return pf_same_frames(self->mem, NR, self->twin.pid, self->mem);
}

FIXTURE_SETUP(pressure)
{
	size_t i;
	int ret;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	/* lonely frames are of use to reclaim if it can swap */
	ret = pf_swap_on(&self->swap, true, SPACE);
	if (ret)
		SKIP(return, "no swap space here: %s", strerror(-ret));
	self->seed = pf_seed();
	self->mem = pf_map(NR);
	self->twin = pf_peer_start(be_twin, self);
	pf_fill_each(self->mem, NR, self->seed);
	pf_meet(&self->twin);
	ASSERT_TRUE(pf_wait_until(all_folded(self)));
	for (i = 0; i < NR; i++)
		self->frames[i] = pf_pfn(self->mem + i * PF_PAGE);
}

FIXTURE_TEARDOWN(pressure)
{
	pf_peer_kill(&self->twin);
	munmap(self->mem, SIZE);
	pf_swap_off(&self->swap);
	pf_end();
}

/* Let reclaim ask all its shrinkers, until @cond holds. */
static bool reclaim_until(bool (*cond)(struct _test_data_pressure *self),
			  struct _test_data_pressure *self)
{
	int i;

	for (i = 0; i < TRIES && !cond(self); i++) {
		pf_file_write("/proc/sys/vm/drop_caches", "2");
		usleep(50000);
	}
	return cond(self);
}

static bool all_ordinary(struct _test_data_pressure *self)
{
	return pf_apart(self->mem, NR);
}

static bool no_frame_left(struct _test_data_pressure *self)
{
	size_t i;

	for (i = 0; i < NR; i++)
		if (pf_is_frame(self->frames[i]))
			return false;
	return true;
}

TEST_F(pressure, lonely_frames)
{
	long long last = pf_get("full_scans");

	/* one more pass, and then none for an hour */
	ASSERT_EQ(0, pf_set("settle_ms", "3600000"));
	ASSERT_TRUE(pf_wait_until(pf_get("full_scans") > last));
	pf_meet(&self->twin);
	ASSERT_EQ(0, pf_peer_end(&self->twin));
	EXPECT_TRUE(reclaim_until(all_ordinary, self));
	EXPECT_TRUE(pf_holds_each(self->mem, NR, self->seed));
}

/* Even with the scanner stopped. */
TEST_F(pressure, frames_of_nobody)
{
	ASSERT_EQ(0, pf_set("run", "0"));
	munmap(self->mem, SIZE);
	pf_meet(&self->twin);
	ASSERT_EQ(0, pf_peer_end(&self->twin));
	EXPECT_TRUE(reclaim_until(no_frame_left, self));
}

/* What is shared is of use and stays. */
TEST_F(pressure, shared_frames_stay_right)
{
	size_t i;

	for (i = 0; i < 5; i++) {
		pf_file_write("/proc/sys/vm/drop_caches", "2");
		usleep(20000);
	}
	EXPECT_TRUE(pf_holds_each(self->mem, NR, self->seed));
	pf_meet(&self->twin);
	EXPECT_EQ(0, pf_peer_end(&self->twin));
}

TEST_HARNESS_MAIN
