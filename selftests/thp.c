// SPDX-License-Identifier: GPL-2.0
/* Memory in transparent huge pages stays right, whole or in parts. */
#include "pagefold_harness.h"

#define NR	PF_PARTS
#define ENABLED	"/sys/kernel/mm/transparent_hugepage/enabled"

FIXTURE(thp) {
	u64 seed;
	char *huge[2];
};

FIXTURE_VARIANT(thp) {
	/* all 512 pages equal, or each equal to one of the other huge page */
	bool all_equal;
};

FIXTURE_VARIANT_ADD(thp, all_pages_equal)
{
	.all_equal = true,
};

FIXTURE_VARIANT_ADD(thp, two_equal_huge_pages)
{
	.all_equal = false,
};

static u64 seed_of(struct _test_data_thp *self, bool all_equal, size_t i)
{
	return self->seed + (all_equal ? 0 : i);
}

static bool holds(struct _test_data_thp *self, bool all_equal, int which,
		  size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++)
		if (!pf_holds(self->huge[which] + i * PF_PAGE,
			      seed_of(self, all_equal, i)))
			return false;
	return true;
}

FIXTURE_SETUP(thp)
{
	size_t i;
	int n;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (access(ENABLED, F_OK))
		SKIP(return, "no transparent huge pages in this kernel");
	self->seed = pf_seed();
	for (n = 0; n < 2; n++) {
		self->huge[n] = pf_map(NR);
		madvise(self->huge[n], PF_HUGE, MADV_HUGEPAGE);
		for (i = 0; i < NR; i++)
			pf_fill(self->huge[n] + i * PF_PAGE,
				seed_of(self, variant->all_equal, i));
		if (!pf_is_huge(self->huge[n]))
			SKIP(return, "the kernel gave no huge page");
	}
}

FIXTURE_TEARDOWN(thp)
{
	pf_end();
}

TEST_F(thp, stays_right)
{
	int n;

	ASSERT_TRUE(pf_control());
	for (n = 0; n < 2; n++)
		EXPECT_TRUE(holds(self, variant->all_equal, n, 0, NR));
	self->huge[0][5 * PF_PAGE + 9] ^= 1;
	EXPECT_FALSE(holds(self, variant->all_equal, 0, 5, 6));
	EXPECT_TRUE(holds(self, variant->all_equal, 0, 0, 5));
	EXPECT_TRUE(holds(self, variant->all_equal, 0, 6, NR));
	EXPECT_TRUE(holds(self, variant->all_equal, 1, 0, NR));
}

/* Mapped page by page after the change of a part, still one huge page. */
TEST_F(thp, mapped_in_parts)
{
	ASSERT_EQ(0, mprotect(self->huge[0], PF_HUGE / 2, PROT_READ));
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(holds(self, variant->all_equal, 0, 0, NR));
	ASSERT_EQ(0, mprotect(self->huge[0], PF_HUGE / 2,
			      PROT_READ | PROT_WRITE));
	self->huge[0][0] ^= 1;
	self->huge[0][PF_HUGE - 1] ^= 1;
	EXPECT_TRUE(holds(self, variant->all_equal, 0, 1, NR - 1));
	EXPECT_TRUE(holds(self, variant->all_equal, 1, 0, NR));
}

TEST_F(thp, partly_unmapped)
{
	ASSERT_EQ(0, munmap(self->huge[0] + PF_HUGE / 4, PF_HUGE / 4));
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(holds(self, variant->all_equal, 0, 0, NR / 4));
	EXPECT_TRUE(holds(self, variant->all_equal, 0, NR / 2, NR));
	EXPECT_TRUE(holds(self, variant->all_equal, 1, 0, NR));
}

struct view {
	struct _test_data_thp *self;
	bool all_equal;
};

static int write_in_child(struct pf_peer *peer, void *arg)
{
	struct view *view = arg;
	struct _test_data_thp *self = view->self;

	self->huge[0][100 * PF_PAGE] ^= 1;
	pf_meet(peer);
	pf_meet(peer);
	return !holds(self, view->all_equal, 0, 0, 100) ||
	       holds(self, view->all_equal, 0, 100, 101) ||
	       !holds(self, view->all_equal, 0, 101, NR) ||
	       !holds(self, view->all_equal, 1, 0, NR);
}

TEST_F(thp, shared_by_fork)
{
	struct view view = { .self = self, .all_equal = variant->all_equal };
	struct pf_peer peer = pf_peer_start(write_in_child, &view);
	int n;

	pf_meet(&peer);
	EXPECT_TRUE(pf_control());
	for (n = 0; n < 2; n++)
		EXPECT_TRUE(holds(self, variant->all_equal, n, 0, NR));
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
}

/* Two that can be folded find each other, huge twin or not. */
TEST_F(thp, ordinary_pages_equal_to_a_part)
{
	char *pair = pf_twins(2, seed_of(self, variant->all_equal, 7));

	ASSERT_TRUE(pf_wait_until(pf_share(pair, 2)));
	EXPECT_TRUE(pf_holds_all(pair, 2, seed_of(self, variant->all_equal,
						  7)));
	EXPECT_TRUE(holds(self, variant->all_equal, 0, 0, NR));
	EXPECT_TRUE(holds(self, variant->all_equal, 1, 0, NR));
}

TEST_F(thp, zeroes)
{
	size_t i;

	memset(self->huge[0], 0, PF_HUGE);
	ASSERT_TRUE(pf_control());
	for (i = 0; i < PF_HUGE; i += 8)
		ASSERT_EQ(0, *(u64 *)(self->huge[0] + i));
	self->huge[0][PF_HUGE / 2] = 1;
	EXPECT_EQ(0, self->huge[0][PF_HUGE / 2 - 1]);
	EXPECT_EQ(0, self->huge[0][PF_HUGE / 2 + PF_PAGE]);
	EXPECT_TRUE(holds(self, variant->all_equal, 1, 0, NR));
}

TEST_HARNESS_MAIN
