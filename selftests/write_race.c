// SPDX-License-Identifier: GPL-2.0
/*
 * Pages are written between the moment when they are read and that when they are
 * folded. The first page that was folded tells that its neighbours are being
 * read; what is written then must be there afterwards, and nowhere else.
 */
#define _GNU_SOURCE
#include <sched.h>

#include "pagefold_harness.h"

#define NR	240	/* one frame takes them */
#define NEXT	20	/* pages after the first that may be folded with it */
#define ROUNDS	100
#define ROUNDS_MOST	500
#define SPINS	100
#define AT	1234

FIXTURE(write_race) {
	u64 seed;
	char *frame, *mem;
};

/* The scanner on one CPU, who writes on another: else they take turns. */
static void keep_apart(void)
{
	cpu_set_t set;

	pf_run_on(0);
	CPU_ZERO(&set);
	CPU_SET(1, &set);
	sched_setaffinity(pf_scanner(), sizeof(set), &set);
}

FIXTURE_SETUP(write_race)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	keep_apart();
	self->seed = pf_seed();
	self->frame = pf_twins(2, self->seed);
	self->mem = pf_map(NR);
	ASSERT_TRUE(pf_wait_until(pf_share(self->frame, 2)));
}

FIXTURE_TEARDOWN(write_race)
{
	pf_end();
}

/* No rest, but a word now and then. */
static bool first_is_folded(struct _test_data_write_race *self)
{
	u64 frame = pf_pfn(self->frame);
	int spins;

	for (spins = 0; spins < SPINS; spins++)
		if (pf_pfn(self->mem) == frame)
			return true;
	return false;
}

static void write_next(struct _test_data_write_race *self, char byte)
{
	size_t i;

	for (i = NEXT; i < NR; i++)
		PF_STORE(self->mem + i * PF_PAGE + AT, byte);
}

static size_t wrong(struct _test_data_write_race *self, char byte)
{
	size_t i, n = !pf_holds_all(self->mem, NEXT, self->seed);

	for (i = NEXT; i < NR; i++)
		n += !pf_holds_but(self->mem + i * PF_PAGE, self->seed, AT,
				   byte);
	return n + !pf_holds_all(self->frame, 2, self->seed);
}

/* On a busy host the writer may be late each time; what it wrote is checked. */
TEST_F(write_race, no_write_is_lost)
{
	long long before = pf_stat("changed"), changed = 0;
	char byte;
	int round;

	for (round = 0; round < ROUNDS || (!changed && round < ROUNDS_MOST);
	     round++) {
		pf_fill_all(self->mem, NR, self->seed);
		byte = self->mem[NEXT * PF_PAGE + AT] + 1 + round % 255;
		ASSERT_TRUE(pf_wait_until(first_is_folded(self)));
		write_next(self, byte);
		ASSERT_EQ(0, wrong(self, byte));
		changed = pf_stat("changed") - before;
	}
	TH_LOG("%lld pages were written in between in %d rounds", changed,
	       round);
	if (!changed)
		SKIP(return, "no page was written in between");
}

TEST_HARNESS_MAIN
