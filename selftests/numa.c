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
	u64 seeds[NR];
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
	size_t i;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (!node_has_memory(1))
		SKIP(return, "this machine has one memory node");
	for (i = 0; i < NR; i++)
		self->seeds[i] = pf_seed();
}

FIXTURE_TEARDOWN(numa)
{
	pf_end();
}

/* NR distinct pages on that node, page i with content i. */
static char *map_on_node(struct _test_data_numa *self, int node)
{
	unsigned long mask = 1UL << node;
	char *mem = pf_map(NR);
	size_t i;

	if (syscall(SYS_mbind, mem, NR * PF_PAGE, MPOL_BIND, &mask,
		    sizeof(mask) * 8, 0))
		pf_die("mbind to node %d", node);
	for (i = 0; i < NR; i++)
		pf_fill(mem + i * PF_PAGE, self->seeds[i]);
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

static bool same_frames(const char *a, const char *b)
{
	size_t i;

	for (i = 0; i < NR; i++) {
		u64 pfn = pf_pfn(a + i * PF_PAGE);

		if (pfn != pf_pfn(b + i * PF_PAGE) || !pf_is_frame(pfn))
			return false;
	}
	return true;
}

static bool right(struct _test_data_numa *self, const char *mem)
{
	size_t i;

	for (i = 0; i < NR; i++)
		if (!pf_holds(mem + i * PF_PAGE, self->seeds[i]))
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
		ASSERT_TRUE(pf_wait_until(same_frames(a, b)));
		EXPECT_TRUE(all_on_node(a, node));
		EXPECT_TRUE(right(self, a));
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
	EXPECT_TRUE(pf_wait_long_until(same_frames(mem, twins)));
	EXPECT_TRUE(right(self, mem));
	EXPECT_TRUE(right(self, twins));
}

/* Frames do not move; asking for it does no harm. */
TEST_F(numa, frames_do_not_move)
{
	unsigned long mask = 1UL << 1;
	char *a = map_on_node(self, 0), *b = map_on_node(self, 0);

	ASSERT_TRUE(pf_wait_until(same_frames(a, b)));
	syscall(SYS_mbind, a, NR * PF_PAGE, MPOL_BIND, &mask,
		sizeof(mask) * 8, MPOL_MF_MOVE);
	EXPECT_TRUE(right(self, a));
	EXPECT_TRUE(right(self, b));
	a[0] ^= 1;
	EXPECT_TRUE(right(self, b));
}

TEST_HARNESS_MAIN
