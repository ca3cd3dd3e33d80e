// SPDX-License-Identifier: GPL-2.0
/*
 * The soft-dirty bit tells a checkpoint or migration tool what a program wrote.
 * Neither the walk, which clears the hardware's dirty bit, nor a fold changes
 * it.
 */
#include "pagefold_harness.h"

#define NR	4

FIXTURE(softdirty) {
	char *mem;
	u64 seed;
};

FIXTURE_VARIANT(softdirty) {
	bool zeroes;
};

FIXTURE_VARIANT_ADD(softdirty, content)
{
	.zeroes = false,
};

FIXTURE_VARIANT_ADD(softdirty, zeroes)
{
	.zeroes = true,
};

static void clear_soft_dirty(void)
{
	if (pf_file_write("/proc/self/clear_refs", "4"))
		pf_die("clear_refs");
}

static bool is_soft_dirty(const char *mem)
{
	return pf_pagemap(mem) & PF_MAP_SOFT_DIRTY;
}

static size_t soft_dirty(const char *mem, size_t n)
{
	size_t i, found = 0;

	for (i = 0; i < n; i++)
		found += is_soft_dirty(mem + i * PF_PAGE);
	return found;
}

static bool available(void)
{
	char *page = pf_map_plain(1);
	bool set, cleared;

	page[0] = 1;
	set = is_soft_dirty(page);
	clear_soft_dirty();
	cleared = !is_soft_dirty(page);
	munmap(page, PF_PAGE);
	return set && cleared;
}

FIXTURE_SETUP(softdirty)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (!available())
		SKIP(return, "this kernel has no soft-dirty bits");
	ASSERT_EQ(0, pf_set("run", "0"));
	self->seed = pf_seed();
	self->mem = pf_map(NR);
	pf_fill_all(self->mem, NR, self->seed);
	if (variant->zeroes)
		memset(self->mem, 0, NR * PF_PAGE);
}

FIXTURE_TEARDOWN(softdirty)
{
	pf_end();
}

static bool folded(const char *mem, bool zeroes)
{
	return zeroes ? pf_distinct(mem, NR) == 1 &&
			pf_is_zero_page(pf_pfn(mem)) :
			pf_share(mem, NR);
}

TEST_F(softdirty, set_stays_set)
{
	ASSERT_EQ(NR, soft_dirty(self->mem, NR));
	ASSERT_TRUE(pf_wait_until(folded(self->mem, variant->zeroes)));
	EXPECT_EQ(NR, soft_dirty(self->mem, NR));
}

TEST_F(softdirty, clear_stays_clear)
{
	clear_soft_dirty();
	ASSERT_EQ(0, soft_dirty(self->mem, NR));
	ASSERT_TRUE(pf_wait_until(folded(self->mem, variant->zeroes)));
	EXPECT_EQ(0, soft_dirty(self->mem, NR));
}

TEST_F(softdirty, mixed_stays_mixed)
{
	clear_soft_dirty();
	/* the same byte again: written, yet equal to the others */
	PF_STORE(self->mem + PF_PAGE, self->mem[PF_PAGE]);
	ASSERT_EQ(1, soft_dirty(self->mem, NR));
	ASSERT_TRUE(pf_wait_until(folded(self->mem, variant->zeroes)));
	EXPECT_EQ(1, soft_dirty(self->mem, NR));
	EXPECT_TRUE(is_soft_dirty(self->mem + PF_PAGE));
}

TEST_F(softdirty, a_write_after_the_fold_shows)
{
	ASSERT_TRUE(pf_wait_until(folded(self->mem, variant->zeroes)));
	clear_soft_dirty();
	ASSERT_EQ(0, soft_dirty(self->mem, NR));
	self->mem[2 * PF_PAGE] ^= 1;
	EXPECT_EQ(1, soft_dirty(self->mem, NR));
	EXPECT_TRUE(is_soft_dirty(self->mem + 2 * PF_PAGE));
}

/* The walk alone, over pages that have no twin. */
TEST_F(softdirty, survives_the_walk)
{
	size_t i;

	for (i = 0; i < NR; i++)
		pf_fill(self->mem + i * PF_PAGE, pf_seed());
	clear_soft_dirty();
	pf_fill(self->mem + PF_PAGE, pf_seed());
	ASSERT_EQ(0, pf_set("run", "1"));
	ASSERT_TRUE(pf_control());
	EXPECT_EQ(1, soft_dirty(self->mem, NR));
	EXPECT_TRUE(is_soft_dirty(self->mem + PF_PAGE));
	self->mem[0] ^= 1;
	EXPECT_EQ(2, soft_dirty(self->mem, NR));
}

TEST_HARNESS_MAIN
