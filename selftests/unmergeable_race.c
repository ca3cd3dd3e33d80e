// SPDX-License-Identifier: GPL-2.0
/*
 * MADV_UNMERGEABLE while pages of the range are being folded: when it returns
 * the range has no frame any more. The kernel splits what is folded first and
 * only then notes that no more shall be.
 */
#include "pagefold_harness.h"

#define NR	2048UL
#define SIZE	(NR * PF_PAGE)
#define ROUNDS	12

FIXTURE(unmergeable_race) {
	char *mem;
};

FIXTURE_SETUP(unmergeable_race)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->mem = pf_map_plain(NR);
}

FIXTURE_TEARDOWN(unmergeable_race)
{
	pf_end();
}

static size_t frames_in(const char *mem)
{
	size_t i, frames = 0;

	for (i = 0; i < NR; i++)
		frames += pf_folded(mem + i * PF_PAGE);
	return frames;
}

TEST_F(unmergeable_race, leaves_no_frame)
{
	u64 first, seed;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		seed = pf_seed();
		pf_fill_all(self->mem, NR, seed);
		first = pf_pfn(self->mem);
		ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_MERGEABLE));
		/* the others are still to come then */
		ASSERT_TRUE(pf_wait_until(pf_pfn(self->mem) != first));
		ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_UNMERGEABLE));
		ASSERT_EQ(0, frames_in(self->mem));
		ASSERT_TRUE(pf_holds_all(self->mem, NR, seed));
	}
}

TEST_HARNESS_MAIN
