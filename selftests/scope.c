// SPDX-License-Identifier: GPL-2.0
/* Whose memory is folded: who asked for it, or everybody's. */
#include <errno.h>
#include <sys/prctl.h>

#include "pagefold_harness.h"

#define NR	4
#define SIZE	(NR * PF_PAGE)

FIXTURE(scope) {
	u64 seed;
	char *mem;	/* did not ask */
};

FIXTURE_SETUP(scope)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->mem = pf_map_plain(NR);
	pf_fill_all(self->mem, NR, self->seed);
}

FIXTURE_TEARDOWN(scope)
{
	pf_end();
}

TEST_F(scope, others_are_left_alone)
{
	u64 before = pf_pfn(self->mem);

	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(pf_apart(self->mem, NR));
	EXPECT_EQ(before, pf_pfn(self->mem));
}

/* Not even for a frame that is there already. */
TEST_F(scope, no_frame_for_others)
{
	char *asked = pf_twins(2, self->seed);

	ASSERT_TRUE(pf_wait_until(pf_share(asked, 2)));
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(pf_apart(self->mem, NR));
	EXPECT_EQ(2, pf_kcount(pf_pfn(asked)));
}

TEST_F(scope, zeroes_of_others)
{
	memset(self->mem, 0, SIZE);
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(pf_apart(self->mem, NR));
}

TEST_F(scope, madvise)
{
	ASSERT_EQ(0, madvise(self->mem, 2 * PF_PAGE, MADV_MERGEABLE));
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, 2)));
	ASSERT_TRUE(pf_control());
	/* the other half of the mapping did not ask */
	EXPECT_TRUE(pf_apart(self->mem + 2 * PF_PAGE, 2));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_F(scope, all)
{
	ASSERT_EQ(0, pf_set("scope", "all"));
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_F(scope, all_and_back)
{
	char *later;

	ASSERT_EQ(0, pf_set("scope", "all"));
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	ASSERT_EQ(0, pf_set("scope", "madvise"));
	later = pf_map_plain(2);
	pf_fill_all(later, 2, self->seed);
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(pf_apart(later, 2));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

/*
 * One process asked, the other has the same page by fork and did not: the walk
 * over the mappings of a page asks each of them.
 */
static int unask(struct pf_peer *self, void *arg)
{
	if (madvise(arg, PF_PAGE, MADV_UNMERGEABLE))
		return 1;
	pf_meet(self);
	pf_meet(self);
	return 0;
}

TEST_F(scope, asked_in_one_process_only)
{
	char *mem = pf_map(2);
	struct pf_peer peer;

	ASSERT_EQ(0, pf_set("run", "0"));
	pf_fill(mem, self->seed);
	peer = pf_peer_start(unask, mem);
	pf_meet(&peer);
	pf_fill(mem + PF_PAGE, self->seed);
	ASSERT_EQ(0, pf_set("run", "1"));
	EXPECT_TRUE(pf_control());
	EXPECT_FALSE(pf_is_frame(pf_pfn_of(peer.pid, mem)));
	EXPECT_TRUE(pf_holds_all(mem, 2, self->seed));
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
}

TEST_F(scope, prctl)
{
	if (prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0))
		SKIP(return, "no PR_SET_MEMORY_MERGE in this kernel: %s",
		     strerror(errno));
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));

	ASSERT_EQ(0, prctl(PR_SET_MEMORY_MERGE, 0, 0, 0, 0));
	EXPECT_TRUE(pf_apart(self->mem, NR));
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(pf_apart(self->mem, NR));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

static int is_folded_here(struct pf_peer *self, void *arg)
{
	u64 seed = pf_seed();

	pf_fill_all(arg, NR, seed);
	pf_meet(self);
	return !pf_wait_until(pf_share(arg, NR)) ||
	       !pf_holds_all(arg, NR, seed);
}

TEST_F(scope, prctl_is_inherited)
{
	char *mem = pf_map_plain(NR);
	struct pf_peer peer;

	if (prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0))
		SKIP(return, "no PR_SET_MEMORY_MERGE in this kernel: %s",
		     strerror(errno));
	peer = pf_peer_start(is_folded_here, mem);
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
}

TEST_HARNESS_MAIN
