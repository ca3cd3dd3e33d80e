// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim asks for a few frames at a time. It gets round all of them: those in
 * use at the front do not keep it from those behind that nobody maps any more.
 */
#include "pagefold_harness.h"

#define NR	512UL	/* reclaim asks for 128 */
#define SIZE	(NR * PF_PAGE)
#define TRIES	5

FIXTURE(reclaim_round) {
	u64 frames[NR];
};

/* Is there swap space? Then reclaim has lonely frames given back as well. */
static bool can_swap(void)
{
	char text[4096];

	return pf_file_read("/proc/swaps", text, sizeof(text)) > 0 &&
	       strchr(text, '/');
}

FIXTURE_SETUP(reclaim_round)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (can_swap())
		SKIP(return, "there is swap space");
}

FIXTURE_TEARDOWN(reclaim_round)
{
	pf_end();
}

/* NR distinct pages twice, so NR frames; NULL if they did not come about. */
static char *fold_pairs(void)
{
	u64 seed = pf_seed();
	char *mem = pf_map(2 * NR);

	pf_fill_each(mem, NR, seed);
	pf_fill_each(mem + SIZE, NR, seed);
	if (!pf_wait_until(pf_same_frames(mem, NR, getpid(), mem + SIZE)))
		return NULL;
	return mem;
}

static bool any_left(struct _test_data_reclaim_round *self)
{
	size_t i;

	for (i = 0; i < NR; i++)
		if (pf_is_frame(self->frames[i]))
			return true;
	return false;
}

/*
 * A stopped scanner frees such frames as well, every few seconds; if it did so
 * just now nothing was seen.
 */
static bool reclaimed(struct _test_data_reclaim_round *self)
{
	long long swept = pf_stat("swept");

	pf_file_write("/proc/sys/vm/drop_caches", "2");
	return !any_left(self) && pf_stat("swept") == swept;
}

/* Whichever way the list of frames goes, some in use come first. */
TEST_F(reclaim_round, frames_of_nobody_behind_others)
{
	bool done = false;
	char *mem;
	size_t i;
	int try;

	ASSERT_NE(NULL, fold_pairs());
	for (try = 0; try < TRIES && !done; try++) {
		ASSERT_EQ(0, pf_set("run", "1"));
		mem = fold_pairs();
		ASSERT_NE(NULL, mem);
		ASSERT_NE(NULL, fold_pairs());
		ASSERT_EQ(0, pf_set("run", "0"));
		for (i = 0; i < NR; i++)
			self->frames[i] = pf_pfn(mem + i * PF_PAGE);
		munmap(mem, 2 * SIZE);
		done = reclaimed(self);
	}
	EXPECT_TRUE(done);
}

TEST_HARNESS_MAIN
