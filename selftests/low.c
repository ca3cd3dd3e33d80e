// SPDX-License-Identifier: GPL-2.0
/*
 * Memory below 2 MiB and the page table after it. A turn of the scanner took
 * both for one, and had room for the pages of one only: with distinct pages
 * in both it wrote past the end of its own memory.
 */
#include <sys/mman.h>
#include "pagefold_harness.h"

#define LOW ((char *)0x10000)	/* vm.mmap_min_addr of Debian */
#define END ((char *)0x400000)	/* behind the second page table */
#define NR ((END - LOW) / PF_PAGE)

FIXTURE(low)
{
	u64 *seeds;
};

FIXTURE_SETUP(low)
{
	void *mem;
	size_t i;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	mem = mmap(LOW, NR * PF_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		   MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (mem != LOW)
		SKIP(return, "no memory at such low addresses here");
	madvise(LOW, NR * PF_PAGE, MADV_NOHUGEPAGE);
	ASSERT_EQ(0, madvise(LOW, NR * PF_PAGE, MADV_MERGEABLE));
	self->seeds = calloc(NR, sizeof(*self->seeds));
	ASSERT_NE(NULL, self->seeds);
	for (i = 0; i < NR; i++) {
		self->seeds[i] = pf_seed();
		pf_fill(LOW + i * PF_PAGE, self->seeds[i]);
	}
}

FIXTURE_TEARDOWN(low)
{
	munmap(LOW, NR * PF_PAGE);
	pf_end();
}

TEST_F(low, two_tables)
{
	size_t i;

	ASSERT_TRUE(pf_control());
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(pf_holds(LOW + i * PF_PAGE, self->seeds[i]));
	EXPECT_EQ(1, pf_get("run"));
}

/* They fold like any others, too. */
TEST_F(low, twins)
{
	char *twins = pf_map(NR);
	size_t i;

	for (i = 0; i < NR; i++)
		pf_fill(twins + i * PF_PAGE, self->seeds[i]);
	for (i = 0; i < NR; i += 61)
		EXPECT_TRUE(pf_wait_until(pf_pfn(LOW + i * PF_PAGE) ==
					  pf_pfn(twins + i * PF_PAGE)));
	munmap(twins, NR * PF_PAGE);
}

TEST_HARNESS_MAIN
