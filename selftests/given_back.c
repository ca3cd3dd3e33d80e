// SPDX-License-Identifier: GPL-2.0
/*
 * A page that a lonely mapping was given in the place of its frame stays with
 * its program: also when no CPU's batch holds it for the LRU list any more, and
 * when a child that shares it gives up its own part.
 */
#include <sys/wait.h>

#include "pagefold_harness.h"

#define NR	64
#define OTHERS	1024	/* pages that others use meanwhile */

FIXTURE(given_back) {
	char *mem;
	u64 seed;
	struct pf_peer twin;
};

static int be_twin(struct pf_peer *peer, void *arg)
{
	struct _test_data_given_back *self = arg;

	pf_fill_each(self->mem, NR, self->seed);
	pf_meet(peer);
	pf_meet(peer);
	return 0;
}

FIXTURE_SETUP(given_back)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->mem = pf_map(NR);
	self->twin = pf_peer_start(be_twin, self);
	pf_fill_each(self->mem, NR, self->seed);
	pf_meet(&self->twin);
	ASSERT_TRUE(pf_wait_until(pf_same_frames(self->mem, NR, self->twin.pid,
						 self->mem)));
	pf_meet(&self->twin);
	ASSERT_EQ(0, pf_peer_end(&self->twin));
	ASSERT_TRUE(pf_wait_until(pf_apart(self->mem, NR)));
}

FIXTURE_TEARDOWN(given_back)
{
	pf_peer_kill(&self->twin);
	pf_end();
}

TEST_F(given_back, stays)
{
	size_t i;
	u64 pfn;

	pf_drain_lru();
	pf_fill_each(pf_map_plain(OTHERS), OTHERS, pf_seed());
	for (i = 0; i < NR; i++) {
		pfn = pf_pfn(self->mem + i * PF_PAGE);
		EXPECT_TRUE(pf_kflags(pfn) & PF_KPF_LRU);
		EXPECT_EQ(1, pf_kcount(pfn));
	}
	EXPECT_TRUE(pf_holds_each(self->mem, NR, self->seed));
}

/* Have a child free lazily what it shares with us, then reclaim run. */
static int freed_by_child(struct _test_data_given_back *self)
{
	size_t size = NR * PF_PAGE;
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(madvise(self->mem, size, MADV_FREE));
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	pf_drain_lru();
	return status ?: madvise(self->mem, size, MADV_PAGEOUT);
}

/* The page is clean by its entry, and its content is nowhere else. */
TEST_F(given_back, outlives_a_child_that_frees)
{
	ASSERT_EQ(0, freed_by_child(self));
	EXPECT_TRUE(pf_holds_each(self->mem, NR, self->seed));
}

/* The same for pages that run 2 made of frames. */
TEST_F(given_back, split_outlives_a_child_that_frees)
{
	char *twins = pf_map(NR);

	pf_fill_each(twins, NR, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_same_frames(self->mem, NR, getpid(),
						 twins)));
	ASSERT_EQ(0, pf_set("run", "2"));
	ASSERT_TRUE(pf_apart(self->mem, NR));
	ASSERT_EQ(0, freed_by_child(self));
	EXPECT_TRUE(pf_holds_each(self->mem, NR, self->seed));
	EXPECT_TRUE(pf_holds_each(twins, NR, self->seed));
}

TEST_HARNESS_MAIN
