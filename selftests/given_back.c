// SPDX-License-Identifier: GPL-2.0
/*
 * A page that a lonely mapping was given in the place of its frame stays with
 * its program: also when no CPU's batch holds it for the LRU list any more.
 */
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

TEST_HARNESS_MAIN
