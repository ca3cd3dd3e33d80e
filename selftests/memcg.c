// SPDX-License-Identifier: GPL-2.0
/*
 * Frames are paid for by the memory cgroup of the pages they were made from:
 * folding pairs of pages is no way around a limit.
 */
#include <errno.h>

#include "pagefold_harness.h"

#define GROUP	"pagefold-memcg"
#define NR	256
#define LIMIT	(8UL << 20)
#define CHUNK	128	/* pairs of pages filled, then folded, at a time */
#define CHUNKS	(2 * LIMIT / PF_PAGE / CHUNK)

FIXTURE(memcg) {
	char *mem;
	struct pf_peer peer;
	u64 *held;	/* shared: bytes of distinct content so far */
};

FIXTURE_SETUP(memcg)
{
	int ret;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	ret = pf_cgroup_make(GROUP, "memory");
	if (ret)
		SKIP(return, "no memory cgroups (v2) here: %s",
		     strerror(-ret));
	self->held = mmap(NULL, PF_PAGE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*self->held = 0;
}

FIXTURE_TEARDOWN(memcg)
{
	pf_peer_kill(&self->peer);
	pf_cgroup_remove(GROUP);
	pf_end();
}

static void fill_pairs(char *mem, size_t n)
{
	size_t i;
	u64 seed;

	for (i = 0; i < n; i++) {
		seed = pf_seed();
		pf_fill(mem + 2 * i * PF_PAGE, seed);
		pf_fill(mem + (2 * i + 1) * PF_PAGE, seed);
	}
}

static bool pairs_folded(pid_t pid, const char *mem, size_t n)
{
	size_t i;
	u64 pfn;

	for (i = 0; i < n; i++) {
		pfn = pf_pfn_of(pid, mem + 2 * i * PF_PAGE);
		if (pf_pfn_of(pid, mem + (2 * i + 1) * PF_PAGE) != pfn ||
		    !pf_is_frame(pfn))
			return false;
	}
	return true;
}

static int hold_pairs(struct pf_peer *self, void *arg)
{
	if (pf_cgroup_write(GROUP, "cgroup.procs", "0"))
		return 1;
	fill_pairs(arg, NR);
	pf_meet(self);
	pf_meet(self);
	return 0;
}

TEST_F(memcg, frames_are_charged)
{
	u64 inode = pf_cgroup_inode(GROUP);
	size_t i;

	self->mem = pf_map(2 * NR);
	self->peer = pf_peer_start(hold_pairs, self->mem);
	pf_meet(&self->peer);
	ASSERT_TRUE(pf_wait_until(pairs_folded(self->peer.pid, self->mem,
					       NR)));
	for (i = 0; i < NR; i++)
		ASSERT_EQ(inode, pf_kcgroup(pf_pfn_of(self->peer.pid,
						      self->mem + 2 * i *
						      PF_PAGE)));
	EXPECT_LE(NR * PF_PAGE, pf_cgroup_number(GROUP, "memory.current"));
	/* and they are given back: the other half of the pages is free */
	EXPECT_TRUE(pf_wait_until(pf_cgroup_number(GROUP, "memory.current") <
				  2 * NR * PF_PAGE));
	pf_meet(&self->peer);
	EXPECT_EQ(0, pf_peer_end(&self->peer));
	EXPECT_TRUE(pf_wait_until(pf_cgroup_number(GROUP, "memory.current") <
				  NR * PF_PAGE / 2));
}

/* As hold_pairs(), but not to be killed; at last with the pages split. */
static int hold_unkillable(struct pf_peer *self, void *arg)
{
	u64 first = pf_seed() + 4096;
	size_t i;

	if (pf_file_write("/proc/self/oom_score_adj", "-1000"))
		return 1;
	if (pf_cgroup_write(GROUP, "cgroup.procs", "0"))
		return 2;
	/* pf_seed() goes on in steps of 4096 */
	fill_pairs(arg, NR);
	pf_meet(self);
	pf_meet(self);
	for (i = 0; i < 2 * NR; i++)
		if (!pf_holds((char *)arg + i * PF_PAGE, first + i / 2 * 4096))
			return 3;
	return 0;
}

/* Splitting everything ends when memory does, and can be asked for again. */
TEST_F(memcg, split_without_memory)
{
	long long current;
	char limit[32];
	pid_t pid;

	self->mem = pf_map(2 * NR);
	self->peer = pf_peer_start(hold_unkillable, self->mem);
	pf_meet(&self->peer);
	pid = self->peer.pid;
	ASSERT_TRUE(pf_wait_until(pairs_folded(pid, self->mem, NR)));
	pf_cgroup_write(GROUP, "memory.swap.max", "0");
	current = pf_cgroup_number(GROUP, "memory.current");
	snprintf(limit, sizeof(limit), "%lld", current + NR / 4 * 4096LL);
	ASSERT_EQ(0, pf_cgroup_write(GROUP, "memory.max", limit));

	EXPECT_EQ(-ENOMEM, pf_set("run", "2"));
	EXPECT_NE(1, pf_get("run"));
	EXPECT_TRUE(pf_is_frame(pf_pfn_of(pid, self->mem + (2 * NR - 1) *
					  PF_PAGE)));
	ASSERT_EQ(0, pf_cgroup_write(GROUP, "memory.max", "max"));
	EXPECT_EQ(0, pf_set("run", "2"));
	EXPECT_EQ(2, pf_get("run"));
	EXPECT_FALSE(pf_is_frame(pf_pfn_of(pid, self->mem)));
	EXPECT_FALSE(pf_is_frame(pf_pfn_of(pid, self->mem + (2 * NR - 1) *
					   PF_PAGE)));
	pf_meet(&self->peer);
	EXPECT_EQ(0, pf_peer_end(&self->peer));
}

/* Take ever more memory, all of it in pairs that are waited for to fold. */
static int take_more(struct pf_peer *self, void *arg)
{
	u64 *held = arg;
	int i;

	if (pf_cgroup_write(GROUP, "cgroup.procs", "0"))
		return 1;
	pf_meet(self);
	for (i = 0; i < CHUNKS; i++) {
		char *mem = pf_map(2 * CHUNK);

		fill_pairs(mem, CHUNK);
		if (!pf_wait_until(pairs_folded(getpid(), mem, CHUNK)))
			return 2;
		*held += CHUNK * PF_PAGE;
	}
	return 3;
}

/* Twice the limit is wanted; when the limit is reached the killer comes. */
TEST_F(memcg, the_limit_holds)
{
	char limit[32];

	snprintf(limit, sizeof(limit), "%lu", LIMIT);
	ASSERT_EQ(0, pf_cgroup_write(GROUP, "memory.max", limit));
	/* swap is no way out, where there is any */
	pf_cgroup_write(GROUP, "memory.swap.max", "0");
	self->peer = pf_peer_start(take_more, self->held);
	pf_meet(&self->peer);
	EXPECT_EQ(-1, pf_peer_end(&self->peer));
	EXPECT_LT(0, pf_cgroup_event(GROUP, "oom_kill "));
	EXPECT_GE(LIMIT, *self->held);
	/* the fold did give memory back: it got further than without */
	EXPECT_LT(LIMIT / 2, *self->held);
}

TEST_HARNESS_MAIN
