// SPDX-License-Identifier: GPL-2.0
/*
 * Counters are counted up by one thread while another pages the same memory
 * out and the scanner folds what is equal in it. No write may be lost.
 *
 * What this is after: the scanner clears a dirty bit while another CPU goes on
 * writing through its old TLB entry, and reclaim takes the page for clean.
 * It wants the machine for itself: beside other load they hardly ever meet.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

#include "pagefold_harness.h"

#define NR	64
#define SIZE	(NR * PF_PAGE)
#define SPACE	(64UL << 20)
#define SECONDS	20
#define ROUNDS	300		/* of paging out, after a pass each */
#define REST	100000		/* rounds of the writer that some pages rest */

FIXTURE(swap_race) {
	struct pf_swap swap;
	char *mem;
	u64 rounds, lost;
	bool stop;
	pthread_t writer;
};

PF_SWAP_VARIANTS(swap_race);

FIXTURE_SETUP(swap_race)
{
	int ret;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	ret = pf_swap_on(&self->swap, variant->zram, SPACE);
	if (ret)
		SKIP(return, "no swap space here: %s", strerror(-ret));
	self->mem = pf_twins(NR, pf_seed());
}

FIXTURE_TEARDOWN(swap_race)
{
	munmap(self->mem, SIZE);
	pf_swap_off(&self->swap);
	pf_end();
}

/*
 * The first word of each page counts the rounds. All pages of a round have the
 * same content, so pages that rest for a while are folded. A page that rests
 * has the count of the round before it rested.
 */
static void *count_up(void *arg)
{
	struct _test_data_swap_race *self = arg;
	u64 expected[NR] = {};
	size_t i;
	u64 *count;

	pf_run_on(0);
	for (i = 0; i < NR; i++)
		*(u64 *)(self->mem + i * PF_PAGE) = 0;
	while (!PF_LOAD(&self->stop)) {
		/* now the one half rests, now a quarter, now none */
		for (i = self->rounds / REST % 3 * NR / 4; i < NR; i++) {
			count = (u64 *)(self->mem + i * PF_PAGE);
			self->lost += PF_LOAD(count) != expected[i];
			expected[i] = self->rounds + 1;
			PF_STORE(count, expected[i]);
		}
		self->rounds++;
	}
	for (i = 0; i < NR; i++)
		self->lost += *(u64 *)(self->mem + i * PF_PAGE) != expected[i];
	return NULL;
}

static long long swapped_out(void)
{
	static char text[32768];
	char *line;

	if (pf_file_read("/proc/vmstat", text, sizeof(text)) < 0)
		pf_die("/proc/vmstat");
	line = strstr(text, "\npswpout ");
	return line ? strtoll(line + strlen("\npswpout "), NULL, 10) : 0;
}

/*
 * Page out just after the scanner has been there. Pages that were swapped in
 * by another CPU are out of reach until its batch is drained.
 */
static void page_out_meanwhile(struct _test_data_swap_race *self)
{
	time_t end = time(NULL) + SECONDS, limit = time(NULL) + 3 * SECONDS;
	long long next;
	int round;

	pf_run_on(1);
	for (round = 0; time(NULL) < end ||
	     (round < ROUNDS && time(NULL) < limit); round++) {
		pf_drain_lru();
		next = pf_get("full_scans") + 1 + round % 3;
		do {
			pf_set("run", "1");
		} while (pf_get("full_scans") < next && time(NULL) < limit);
		madvise(self->mem, SIZE, MADV_PAGEOUT);
	}
}

TEST_F(swap_race, no_write_is_lost)
{
	long long out = swapped_out(), folded = pf_stat("folded");

	ASSERT_EQ(0, pthread_create(&self->writer, NULL, count_up, self));
	page_out_meanwhile(self);
	PF_STORE(&self->stop, true);
	pthread_join(self->writer, NULL);
	EXPECT_EQ(0, self->lost);
	/* else it was a test of nothing */
	EXPECT_LT(NR, self->rounds);
	EXPECT_LE(out + NR, swapped_out());
	TH_LOG("%llu rounds, %lld pages swapped out, %lld folds", self->rounds,
	       swapped_out() - out, pf_stat("folded") - folded);
}

TEST_HARNESS_MAIN
