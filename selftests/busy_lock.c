// SPDX-License-Identifier: GPL-2.0
/*
 * A program that takes its mmap lock all the time, as one with many threads
 * does: turns of the scanner are lost to it, but the scanner gets to the end of
 * the program's memory all the same.
 */
#include <pthread.h>

#include "pagefold_harness.h"

#define TABLES	400
#define TABLE	512UL	/* pages of a page table */
#define LOST	10	/* turns of each pass, else the lock was not busy */

FIXTURE(busy_lock) {
	char *mem, *last;
	u64 seed;
	bool stop;
	pthread_t mapper;
};

/* Some of the time it holds the lock for writing, and some of it not. */
static void *map_and_unmap(void *arg)
{
	struct _test_data_busy_lock *self = arg;
	unsigned int i;
	char *mem;

	while (!PF_LOAD(&self->stop)) {
		mem = mmap(NULL, PF_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		munmap(mem, PF_PAGE);
		for (i = 0; i < 1000 && !PF_LOAD(&self->stop); i++)
			;
	}
	return NULL;
}

FIXTURE_SETUP(busy_lock)
{
	size_t i;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->mem = pf_map(TABLES * TABLE);
	self->last = self->mem + (TABLES * TABLE - 2) * PF_PAGE;
	for (i = 0; i < TABLES; i++)
		pf_fill(self->mem + i * TABLE * PF_PAGE, pf_seed());
	pf_fill_all(self->last, 2, self->seed);
	ASSERT_EQ(0, pthread_create(&self->mapper, NULL, map_and_unmap, self));
}

FIXTURE_TEARDOWN(busy_lock)
{
	PF_STORE(&self->stop, true);
	pthread_join(self->mapper, NULL);
	pf_end();
}

TEST_F(busy_lock, end_is_reached)
{
	long long lost = pf_stat("mmap_busy"), passes = pf_get("full_scans");

	EXPECT_TRUE(pf_wait_until(pf_share(self->last, 2)));
	lost = pf_stat("mmap_busy") - lost;
	passes = pf_get("full_scans") - passes + 1;
	TH_LOG("%lld turns were lost in %lld passes", lost, passes);
	EXPECT_LE(LOST * passes, lost);
	EXPECT_TRUE(pf_holds_all(self->last, 2, self->seed));
}

TEST_HARNESS_MAIN
