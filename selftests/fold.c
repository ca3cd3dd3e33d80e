// SPDX-License-Identifier: GPL-2.0
/* Equal pages fold, wherever they are; unequal ones never do. */
#define _GNU_SOURCE
#include <fcntl.h>

#include "pagefold_harness.h"

#define MANY	64

FIXTURE(fold) {
	u64 seed;
};

FIXTURE_SETUP(fold)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
}

FIXTURE_TEARDOWN(fold)
{
	pf_end();
}

TEST_F(fold, two_in_a_process)
{
	char *mem = pf_twins(2, self->seed);

	ASSERT_TRUE(pf_wait_until(pf_share(mem, 2)));
	EXPECT_EQ(2, pf_kcount(pf_pfn(mem)));
	EXPECT_TRUE(pf_holds_all(mem, 2, self->seed));
}

TEST_F(fold, many_in_a_process)
{
	char *mem = pf_twins(MANY, self->seed);

	ASSERT_TRUE(pf_wait_until(pf_share(mem, MANY)));
	EXPECT_EQ(MANY, pf_kcount(pf_pfn(mem)));
	EXPECT_TRUE(pf_holds_all(mem, MANY, self->seed));
}

static bool all_folded(const char *mem, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!pf_folded(mem + i * PF_PAGE))
			return false;
	return true;
}

/* How many mappings one frame takes is its own affair; it is more than this. */
TEST_F(fold, more_than_one_frame_takes)
{
	const size_t n = 2048;
	char *mem = pf_twins(n, self->seed);
	size_t i;

	/* those in a CPU's batch follow when it is drained */
	ASSERT_TRUE(pf_wait_until(all_folded(mem, n)));
	EXPECT_LE(pf_distinct(mem, n), n / 100);
	EXPECT_TRUE(pf_holds_all(mem, n, self->seed));
	for (i = 0; i < n; i += 97)
		mem[i * PF_PAGE + i] ^= 1;
	for (i = 0; i < n; i++)
		ASSERT_EQ(i % 97 != 0, pf_holds(mem + i * PF_PAGE,
						self->seed));
}

TEST_F(fold, frame_is_none_of_the_twins)
{
	char *mem = pf_map(2);
	u64 before[2];

	ASSERT_EQ(0, pf_set("run", "0"));
	pf_fill_all(mem, 2, self->seed);
	before[0] = pf_pfn(mem);
	before[1] = pf_pfn(mem + PF_PAGE);
	ASSERT_NE(before[0], before[1]);
	ASSERT_TRUE(pf_wait_until(pf_share(mem, 2)));
	EXPECT_NE(before[0], pf_pfn(mem));
	EXPECT_NE(before[1], pf_pfn(mem));
}

TEST_F(fold, pairs_keep_to_themselves)
{
	char *mem = pf_map(MANY);
	u64 seeds[MANY / 2];
	size_t i;

	for (i = 0; i < MANY / 2; i++) {
		seeds[i] = pf_seed();
		pf_fill(mem + i * PF_PAGE, seeds[i]);
		pf_fill(mem + (MANY - 1 - i) * PF_PAGE, seeds[i]);
	}
	ASSERT_TRUE(pf_wait_until(pf_distinct(mem, MANY) == MANY / 2));
	for (i = 0; i < MANY / 2; i++) {
		char *twin = mem + (MANY - 1 - i) * PF_PAGE;

		EXPECT_EQ(pf_pfn(mem + i * PF_PAGE), pf_pfn(twin));
		EXPECT_TRUE(pf_folded(twin));
		EXPECT_TRUE(pf_holds(mem + i * PF_PAGE, seeds[i]));
		EXPECT_TRUE(pf_holds(twin, seeds[i]));
	}
}

TEST_F(fold, one_more_joins_the_frame)
{
	char *mem = pf_twins(2, self->seed);
	char *late;
	u64 frame;

	ASSERT_TRUE(pf_wait_until(pf_share(mem, 2)));
	frame = pf_pfn(mem);
	late = pf_twins(1, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_pfn(late) == frame));
	EXPECT_EQ(frame, pf_pfn(mem));
	EXPECT_EQ(frame, pf_pfn(mem + PF_PAGE));
	EXPECT_EQ(3, pf_kcount(frame));
	EXPECT_TRUE(pf_holds(late, self->seed));
}

/* A page that was looked at once already must be looked at again. */
TEST_F(fold, pages_that_become_equal)
{
	char *mem = pf_map(2);

	pf_fill(mem, self->seed);
	pf_fill(mem + PF_PAGE, pf_seed());
	ASSERT_TRUE(pf_control());
	ASSERT_TRUE(pf_apart(mem, 2));
	pf_fill(mem + PF_PAGE, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_share(mem, 2)));
	EXPECT_TRUE(pf_holds_all(mem, 2, self->seed));
}

TEST_F(fold, unequal_pages_stay)
{
	static const size_t places[] = { 0, 1, 1023, 2048, 4088, 4095 };
	const size_t n = ARRAY_SIZE(places) + 1;
	char *mem = pf_twins(n, self->seed);
	size_t i;

	ASSERT_EQ(0, pf_set("run", "2"));
	pf_fill_all(mem, n, self->seed);
	/* the least difference there is: one bit */
	for (i = 1; i < n; i++)
		mem[i * PF_PAGE + places[i - 1]] ^= 1;
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(pf_apart(mem, n));
	EXPECT_TRUE(pf_holds(mem, self->seed));
	for (i = 1; i < n; i++) {
		size_t at = places[i - 1];
		char byte = mem[at] ^ 1;

		EXPECT_TRUE(pf_holds_but(mem + i * PF_PAGE, self->seed, at,
					 byte));
	}
}

struct across {
	char *mem;
	u64 seed;
};

/* Make a page of its own, then say whether it still holds what it should. */
static int fill_and_check(struct pf_peer *self, void *arg)
{
	struct across *across = arg;

	pf_fill(across->mem, across->seed);
	pf_meet(self);
	pf_meet(self);
	return !pf_holds(across->mem, across->seed);
}

TEST_F(fold, across_processes)
{
	struct across across = { .mem = pf_map(1), .seed = self->seed };
	struct pf_peer peer = pf_peer_start(fill_and_check, &across);
	u64 frame;

	pf_fill(across.mem, self->seed);
	pf_meet(&peer);
	EXPECT_TRUE(pf_wait_until(pf_folded(across.mem) &&
				  pf_pfn(across.mem) ==
				  pf_pfn_of(peer.pid, across.mem)));
	frame = pf_pfn(across.mem);
	EXPECT_EQ(2, pf_kcount(frame));
	EXPECT_TRUE(pf_holds(across.mem, self->seed));
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
	/* the other is gone; what is left is ours */
	EXPECT_TRUE(pf_holds(across.mem, self->seed));
}

static int check_only(struct pf_peer *self, void *arg)
{
	struct across *across = arg;

	pf_meet(self);
	return !pf_holds(across->mem, across->seed);
}

/* A page that fork() shares is folded in the child as in the parent. */
TEST_F(fold, across_fork)
{
	struct across across = { .mem = pf_map(1), .seed = self->seed };
	struct pf_peer peer;
	char *twin;

	pf_fill(across.mem, self->seed);
	peer = pf_peer_start(check_only, &across);
	twin = pf_twins(1, self->seed);
	EXPECT_TRUE(pf_wait_until(pf_folded(twin) &&
				  pf_pfn(twin) == pf_pfn(across.mem) &&
				  pf_pfn(twin) ==
				  pf_pfn_of(peer.pid, across.mem)));
	EXPECT_EQ(3, pf_kcount(pf_pfn(twin)));
	EXPECT_TRUE(pf_holds(twin, self->seed));
	EXPECT_TRUE(pf_holds(across.mem, self->seed));
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
}

TEST_HARNESS_MAIN
