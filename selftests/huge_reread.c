// SPDX-License-Identifier: GPL-2.0
/*
 * What a huge page costs that nothing folds with: each part is read when it
 * settled, and not again because of another part, of a child's copy of the
 * entry, or of a first part that needs no place in the index.
 */
#include "pagefold_harness.h"

#define WRITES	12
#define KIDS	30
#define PASSES	70
#define TWINS	32	/* so many parts with twins are worth a split */

FIXTURE(huge_reread) {
	u64 seed;
	char *huge;
	struct pf_peer kids[KIDS];
};

FIXTURE_SETUP(huge_reread)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	/* nothing is read before it is what it shall be */
	ASSERT_EQ(0, pf_set("run", "0"));
	self->seed = pf_seed();
	self->huge = pf_map_huge(self->seed);
	if (!self->huge)
		SKIP(return, "the kernel gave no huge page");
}

FIXTURE_TEARDOWN(huge_reread)
{
	int i;

	for (i = 0; i < KIDS; i++)
		pf_peer_kill(&self->kids[i]);
	pf_end();
}

static bool read_since(long long before, long long pages)
{
	return pf_stat("fingerprinted") - before >= pages;
}

/* Pages read in so many passes. */
static long long read_in(unsigned int passes)
{
	long long before = pf_stat("fingerprinted");

	pf_passes(passes);
	return pf_stat("fingerprinted") - before;
}

/* Let the scanner read all of the huge page, and come to rest. */
static bool settles(void)
{
	long long before = pf_stat("fingerprinted");

	pf_set("run", "1");
	if (!pf_wait_until(read_since(before, PF_PARTS)))
		return false;
	pf_passes(4);
	return true;
}

/* The last parts can be folded still: they get twins elsewhere, and are. */
static bool still_folds(struct _test_data_huge_reread *self)
{
	char *parts = self->huge + PF_HUGE - TWINS * PF_PAGE;
	char *twins = pf_map(TWINS);

	pf_fill_each(twins, TWINS, self->seed + PF_PARTS - TWINS);
	return pf_wait_until(pf_same_frames(twins, TWINS, getpid(), parts));
}

/* Mapped page by page, one of them is written again and again. */
TEST_F(huge_reread, only_the_part_written)
{
	long long before, read;
	int i;

	ASSERT_EQ(0, mprotect(self->huge + PF_HUGE - PF_PAGE, PF_PAGE,
			      PROT_READ));
	ASSERT_TRUE(pf_is_huge(self->huge));
	ASSERT_TRUE(settles());
	before = pf_stat("fingerprinted");
	for (i = 1; i <= WRITES; i++) {
		self->huge[100 * PF_PAGE] ^= i;
		ASSERT_TRUE(pf_wait_until(read_since(before, i)));
		pf_passes(2);
	}
	read = pf_stat("fingerprinted") - before;
	EXPECT_LE(WRITES, read);
	EXPECT_GE(4 * WRITES, read);
	EXPECT_TRUE(pf_is_huge(self->huge));
	EXPECT_TRUE(still_folds(self));
}

static int be_kid(struct pf_peer *peer, void *arg)
{
	pf_meet(peer);
	pf_meet(peer);
	return 0;
}

/* Each child's entry is dirty, but nobody has written. */
TEST_F(huge_reread, not_for_each_child)
{
	long long read;
	int i;

	for (i = 0; i < KIDS; i++)
		self->kids[i] = pf_peer_start(be_kid, NULL);
	for (i = 0; i < KIDS; i++)
		pf_meet(&self->kids[i]);
	read = pf_stat("fingerprinted");
	ASSERT_EQ(0, pf_set("run", "1"));
	pf_passes(2 * KIDS);
	read = pf_stat("fingerprinted") - read;
	EXPECT_LE(PF_PARTS, read);
	EXPECT_GT(2 * PF_PARTS, read);
	EXPECT_TRUE(pf_is_huge(self->huge));
	EXPECT_TRUE(still_folds(self));
}

TEST_F(huge_reread, first_part_of_zeros)
{
	memset(self->huge, 0, PF_PAGE);
	ASSERT_TRUE(settles());
	EXPECT_GT(PF_PARTS, read_in(PASSES));
	EXPECT_TRUE(pf_is_huge(self->huge));
	EXPECT_TRUE(still_folds(self));
}

TEST_F(huge_reread, first_part_with_a_twin)
{
	pf_fill(pf_map(1), self->seed);
	ASSERT_TRUE(settles());
	EXPECT_GT(PF_PARTS, read_in(PASSES));
	EXPECT_TRUE(pf_is_huge(self->huge));
	EXPECT_TRUE(still_folds(self));
}

TEST_HARNESS_MAIN
