// SPDX-License-Identifier: GPL-2.0
/*
 * On a machine with several memory nodes: a frame stands on the node of the
 * pages that it was made from, and pages that moved to another node are found
 * there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>

#include "pagefold_harness.h"

#define NR		64
#define MPOL_BIND	2
#define MPOL_MF_MOVE	2

FIXTURE(numa) {
	u64 seed;
};

static bool node_has_memory(int node)
{
	char path[64], text[1024];
	unsigned long kb = 0;
	char *at;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo",
		 node);
	if (pf_file_read(path, text, sizeof(text)) < 0)
		return false;
	at = strstr(text, "MemTotal:");
	if (at)
		kb = strtoul(at + strlen("MemTotal:"), NULL, 10);
	return kb > 0;
}

FIXTURE_SETUP(numa)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (!node_has_memory(1))
		SKIP(return, "this machine has one memory node");
	self->seed = pf_seed();
}

FIXTURE_TEARDOWN(numa)
{
	pf_end();
}

/* NR distinct pages on that node, the same ones at each call. */
static char *map_on_node(struct _test_data_numa *self, int node)
{
	unsigned long mask = 1UL << node;
	char *mem = pf_map(NR);

	if (syscall(SYS_mbind, mem, NR * PF_PAGE, MPOL_BIND, &mask,
		    sizeof(mask) * 8, 0))
		pf_die("mbind to node %d", node);
	pf_fill_each(mem, NR, self->seed);
	return mem;
}

/* Which node each page is on, as the kernel says. */
static bool all_on_node(char *mem, int node)
{
	int status[NR];
	void *pages[NR];
	size_t i;

	for (i = 0; i < NR; i++)
		pages[i] = mem + i * PF_PAGE;
	if (syscall(SYS_move_pages, 0, NR, pages, NULL, status, 0))
		pf_die("move_pages");
	for (i = 0; i < NR; i++)
		if (status[i] != node)
			return false;
	return true;
}

TEST_F(numa, frames_stay_on_the_node)
{
	char *a, *b;
	int node;

	for (node = 0; node < 2; node++) {
		a = map_on_node(self, node);
		b = map_on_node(self, node);
		ASSERT_TRUE(pf_wait_until(pf_same_frames(a, NR, getpid(), b)));
		EXPECT_TRUE(all_on_node(a, node));
		EXPECT_TRUE(pf_holds_each(a, NR, self->seed));
		munmap(a, NR * PF_PAGE);
		munmap(b, NR * PF_PAGE);
	}
}

/* Known already, then moved: clean in a new place, like pages swapped in. */
TEST_F(numa, moved_pages_are_found)
{
	unsigned long mask = 1UL << 1;
	char *mem, *twins;
	int round;

	mem = map_on_node(self, 0);
	for (round = 0; round < 2; round++) {
		ASSERT_TRUE(pf_control());
		ASSERT_EQ(0, syscall(SYS_mbind, mem, NR * PF_PAGE, MPOL_BIND,
				     &mask, sizeof(mask) * 8, MPOL_MF_MOVE));
		ASSERT_TRUE(all_on_node(mem, mask == 2));
		mask ^= 3;
	}
	twins = map_on_node(self, 0);
	EXPECT_TRUE(pf_wait_long_until(pf_same_frames(mem, NR, getpid(), twins)));
	EXPECT_TRUE(pf_holds_each(mem, NR, self->seed));
	EXPECT_TRUE(pf_holds_each(twins, NR, self->seed));
}

/* Frames do not move; asking for it does no harm. */
TEST_F(numa, frames_do_not_move)
{
	unsigned long mask = 1UL << 1;
	char *a = map_on_node(self, 0), *b = map_on_node(self, 0);

	ASSERT_TRUE(pf_wait_until(pf_same_frames(a, NR, getpid(), b)));
	syscall(SYS_mbind, a, NR * PF_PAGE, MPOL_BIND, &mask,
		sizeof(mask) * 8, MPOL_MF_MOVE);
	EXPECT_TRUE(pf_holds_each(a, NR, self->seed));
	EXPECT_TRUE(pf_holds_each(b, NR, self->seed));
	a[0] ^= 1;
	EXPECT_TRUE(pf_holds_each(b, NR, self->seed));
}

TEST_HARNESS_MAIN
