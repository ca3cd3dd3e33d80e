// SPDX-License-Identifier: GPL-2.0
/* When all programs have gone, nothing is left of what was folded for them. */
#include "pagefold_harness.h"

#define NR	32
#define PEERS	4

FIXTURE(counts) {
	struct pf_peer peers[PEERS];
	char *mem;
	u64 seed;
};

FIXTURE_SETUP(counts)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	/* what an earlier program left is not what is counted here */
	ASSERT_EQ(0, pf_set("run", "2"));
	self->mem = pf_map(NR);
	self->seed = pf_seed();
}

FIXTURE_TEARDOWN(counts)
{
	int i;

	for (i = 0; i < PEERS; i++)
		pf_peer_kill(&self->peers[i]);
	pf_end();
}

/* Distinct pages, the same ones in every process. */
static int hold(struct pf_peer *self, void *arg)
{
	struct _test_data_counts *data = arg;

	pf_fill_each(data->mem, NR, data->seed);
	pf_meet(self);
	pf_meet(self);
	return !pf_holds_each(data->mem, NR, data->seed);
}

static void start_all(struct _test_data_counts *self)
{
	int i;

	for (i = 0; i < PEERS; i++)
		self->peers[i] = pf_peer_start(hold, self);
	for (i = 0; i < PEERS; i++)
		pf_meet(&self->peers[i]);
	pf_set("run", "1");
}

static bool all_folded(struct _test_data_counts *self)
{
	size_t i;
	int p;

	for (i = 0; i < NR; i++) {
		char *page = self->mem + i * PF_PAGE;
		u64 pfn = pf_pfn_of(self->peers[0].pid, page);

		if (!pf_is_frame(pfn))
			return false;
		for (p = 1; p < PEERS; p++)
			if (pf_pfn_of(self->peers[p].pid, page) != pfn)
				return false;
	}
	return true;
}

/* The frames that all of them share in the end. */
static bool fold_all(struct _test_data_counts *self, u64 *frames)
{
	size_t i;

	start_all(self);
	if (!pf_wait_until(all_folded(self)))
		return false;
	for (i = 0; i < NR; i++)
		frames[i] = pf_pfn_of(self->peers[0].pid,
				      self->mem + i * PF_PAGE);
	return true;
}

static bool none_left(const u64 *frames)
{
	size_t i;

	for (i = 0; i < NR; i++)
		if (pf_is_frame(frames[i]))
			return false;
	return pf_get("pages_shared") == 0 && pf_get("pages_sharing") == 0 &&
	       pf_stat("frames_live") == 0;
}

TEST_F(counts, follow_the_pages)
{
	ASSERT_EQ(0, pf_get("pages_shared"));
	start_all(self);
	ASSERT_TRUE(pf_wait_until(all_folded(self)));
	EXPECT_TRUE(pf_wait_until(pf_get("pages_shared") == NR));
	EXPECT_TRUE(pf_wait_until(pf_get("pages_sharing") ==
				  NR * (PEERS - 1)));
	EXPECT_EQ(NR, pf_stat("frames_live"));
}

TEST_F(counts, zero_when_all_have_gone)
{
	u64 frames[NR];
	size_t i;

	ASSERT_TRUE(fold_all(self, frames));
	for (i = 0; i < PEERS; i++) {
		pf_meet(&self->peers[i]);
		EXPECT_EQ(0, pf_peer_end(&self->peers[i]));
	}
	EXPECT_TRUE(pf_wait_until(none_left(frames)));
}

/* Killed, not ended: the same. */
TEST_F(counts, zero_when_all_were_killed)
{
	u64 frames[NR];
	size_t i;

	ASSERT_TRUE(fold_all(self, frames));
	for (i = 0; i < PEERS; i++)
		pf_peer_kill(&self->peers[i]);
	EXPECT_TRUE(pf_wait_until(none_left(frames)));
}

TEST_HARNESS_MAIN
