// SPDX-License-Identifier: GPL-2.0
/* The file "run": 0 stops, 1 goes on, 2 splits everything and stops. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "pagefold_harness.h"

#define NR	32

FIXTURE(run) {
	u64 seed;
	char *mem;
};

FIXTURE_SETUP(run)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->mem = pf_twins(NR, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
}

FIXTURE_TEARDOWN(run)
{
	pf_end();
}

/* With the scanner stopped nothing is folded, and nothing is split. */
TEST_F(run, stop_and_go)
{
	char *late;
	u64 frame = pf_pfn(self->mem);
	long long scans;

	ASSERT_EQ(0, pf_set("run", "0"));
	EXPECT_EQ(0, pf_get("run"));
	late = pf_twins(2, self->seed);
	scans = pf_get("full_scans");
	usleep(300000);
	/* the pass that was under way may have come to its end */
	EXPECT_GE(scans + 1, pf_get("full_scans"));
	EXPECT_TRUE(pf_apart(late, 2));
	EXPECT_TRUE(pf_share(self->mem, NR));
	EXPECT_EQ(frame, pf_pfn(self->mem));

	ASSERT_EQ(0, pf_set("run", "1"));
	EXPECT_EQ(1, pf_get("run"));
	ASSERT_TRUE(pf_wait_until(pf_pfn(late) == frame &&
				  pf_pfn(late + PF_PAGE) == frame));
	EXPECT_TRUE(pf_holds_all(late, 2, self->seed));
}

TEST_F(run, split_all)
{
	u64 frame = pf_pfn(self->mem);

	ASSERT_EQ(0, pf_set("run", "2"));
	EXPECT_EQ(2, pf_get("run"));
	EXPECT_TRUE(pf_apart(self->mem, NR));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
	EXPECT_FALSE(pf_is_frame(frame));
	EXPECT_EQ(0, pf_get("pages_shared"));
	EXPECT_EQ(0, pf_get("pages_sharing"));
	/* it stopped, too */
	usleep(100000);
	EXPECT_TRUE(pf_apart(self->mem, NR));
}

TEST_F(run, split_all_and_again)
{
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, pf_set("run", "2"));
		ASSERT_TRUE(pf_apart(self->mem, NR));
		ASSERT_TRUE(pf_holds_all(self->mem, NR, self->seed));
		ASSERT_EQ(0, pf_set("run", "1"));
		ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
		ASSERT_TRUE(pf_holds_all(self->mem, NR, self->seed));
	}
}

struct remote {
	char *mem;
	u64 seed;
};

/* Shares the frame by fork, and has pages of its own in it. */
static int hold(struct pf_peer *self, void *arg)
{
	struct remote *remote = arg;
	char *own = remote->mem + NR * PF_PAGE;
	int bad;

	pf_fill_all(own, NR, remote->seed);
	bad = !pf_wait_until(pf_share(remote->mem, 2 * NR));
	pf_meet(self);
	pf_meet(self);
	bad |= !pf_apart(own, NR) << 1;
	bad |= !pf_holds_all(remote->mem, 2 * NR, remote->seed) << 2;
	return bad;
}

TEST_F(run, split_all_processes)
{
	struct remote remote = { .mem = pf_map(2 * NR), .seed = self->seed };
	struct pf_peer peer;

	pf_fill_all(remote.mem, NR, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_share(remote.mem, NR)));
	peer = pf_peer_start(hold, &remote);
	pf_meet(&peer);
	EXPECT_EQ(0, pf_set("run", "2"));
	EXPECT_TRUE(pf_apart(self->mem, NR));
	EXPECT_TRUE(pf_apart(remote.mem, NR));
	EXPECT_FALSE(pf_is_frame(pf_pfn_of(peer.pid, remote.mem)));
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
	EXPECT_TRUE(pf_holds_all(remote.mem, NR, self->seed));
}

/* Read-only memory cannot be split by a write; the unshare fault does it. */
TEST_F(run, split_read_only)
{
	ASSERT_EQ(0, mprotect(self->mem, NR * PF_PAGE, PROT_READ));
	ASSERT_EQ(0, pf_set("run", "2"));
	EXPECT_TRUE(pf_apart(self->mem, NR));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_F(run, zeroes_stay_zeroes)
{
	static const char zeroes[PF_PAGE];
	size_t i;

	memset(self->mem, 0, NR * PF_PAGE);
	ASSERT_TRUE(pf_wait_until(pf_is_zero_page(pf_pfn(self->mem))));
	ASSERT_EQ(0, pf_set("run", "2"));
	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, memcmp(self->mem + i * PF_PAGE, zeroes, PF_PAGE));
	self->mem[1] = 1;
	EXPECT_EQ(0, self->mem[PF_PAGE + 1]);
}

struct churn {
	char *mem;
	bool stop;
	bool bad;
};

/* Write a counter into each page in turn, and expect to find it there. */
static void *churn_on(void *arg)
{
	struct churn *churn = arg;
	u64 round, i;

	for (round = 1; !PF_LOAD(&churn->stop); round++) {
		for (i = 0; i < NR; i += 3) {
			u64 *at = (u64 *)(churn->mem + i * PF_PAGE);

			if (round > 1 && PF_LOAD(at) != round - 1)
				PF_STORE(&churn->bad, true);
			PF_STORE(at, round);
		}
	}
	return NULL;
}

/* Everything is split while somebody writes and folding has just begun. */
TEST_F(run, split_all_under_writers)
{
	struct churn churn = { .mem = self->mem };
	pthread_t thread;
	int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, churn_on, &churn));
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, pf_set("run", "1"));
		usleep(10000);
		EXPECT_EQ(0, pf_set("run", "2"));
		EXPECT_TRUE(pf_apart(self->mem, NR));
	}
	PF_STORE(&churn.stop, true);
	pthread_join(thread, NULL);
	EXPECT_FALSE(churn.bad);
	for (i = 0; i < NR; i++)
		if (i % 3)
			EXPECT_TRUE(pf_holds(self->mem + i * PF_PAGE,
					     self->seed));
}

TEST_HARNESS_MAIN
