// SPDX-License-Identifier: GPL-2.0
/*
 * Counters are counted up by some threads while another pages the same memory
 * out and the scanner folds what is equal in it. No write may be lost.
 *
 * What this is after: the scanner clears a dirty bit while another CPU goes on
 * writing through its old TLB entry, and reclaim takes the page for clean.
 * It wants the machine for itself: beside other load the two hardly ever meet.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "pagefold_harness.h"

#define WRITERS	2
#define NR	64		/* pages of each writer */
#define SPACE	(64UL << 20)
#define SECONDS	20
#define PASSES	200
#define REST	64		/* rounds after which some pages rest */

struct writer {
	char *mem;
	const bool *stop;
	u64 rounds;
	u64 lost;
	unsigned int cpu;
	pthread_t thread;
};

FIXTURE(swap_race) {
	struct pf_swap swap;
	struct writer writers[WRITERS];
	bool stop;
};

FIXTURE_VARIANT(swap_race) {
	bool zram;
};

FIXTURE_VARIANT_ADD(swap_race, zram)
{
	.zram = true,
};

FIXTURE_VARIANT_ADD(swap_race, file)
{
	.zram = false,
};

FIXTURE_SETUP(swap_race)
{
	u64 seed = pf_seed();
	int i, ret;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	ret = pf_swap_on(&self->swap, variant->zram, SPACE);
	if (ret)
		SKIP(return, "no swap space here: %s", strerror(-ret));
	for (i = 0; i < WRITERS; i++) {
		struct writer *writer = &self->writers[i];

		writer->mem = pf_twins(NR, seed);
		writer->stop = &self->stop;
		writer->cpu = i;
	}
}

FIXTURE_TEARDOWN(swap_race)
{
	int i;

	for (i = 0; i < WRITERS; i++)
		munmap(self->writers[i].mem, NR * PF_PAGE);
	pf_swap_off(&self->swap);
	pf_end();
}

static void run_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/*
 * The first word of each page counts the rounds. All pages of a round have the
 * same content, so pages that rest for a while are folded. A page that rests
 * has the count of the round before it rested.
 */
static void *count_up(void *arg)
{
	struct writer *writer = arg;
	u64 expected[NR] = {};
	size_t i, first;
	u64 *count;

	run_on(writer->cpu);
	for (i = 0; i < NR; i++)
		*(u64 *)(writer->mem + i * PF_PAGE) = 0;
	while (!PF_LOAD(writer->stop)) {
		/* now the one half rests, now the other, now none */
		first = writer->rounds / REST % 3 * NR / 4;
		for (i = first; i < NR; i++) {
			count = (u64 *)(writer->mem + i * PF_PAGE);
			if (PF_LOAD(count) != expected[i])
				writer->lost++;
			expected[i] = writer->rounds + 1;
			PF_STORE(count, expected[i]);
		}
		writer->rounds++;
	}
	for (i = 0; i < NR; i++)
		writer->lost += *(u64 *)(writer->mem + i * PF_PAGE) !=
				expected[i];
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

/* Page out until the scanner has been there often, for a while at least. */
static void page_out_meanwhile(struct _test_data_swap_race *self)
{
	long long enough = pf_get("full_scans") + PASSES;
	time_t end = time(NULL) + SECONDS, limit = time(NULL) + 3 * SECONDS;
	int i;

	while (time(NULL) < end ||
	       (pf_get("full_scans") < enough && time(NULL) < limit)) {
		for (i = 0; i < WRITERS; i++)
			madvise(self->writers[i].mem, NR * PF_PAGE,
				MADV_PAGEOUT);
		pf_set("run", "1");
	}
}

TEST_F(swap_race, no_write_is_lost)
{
	long long out = swapped_out(), folded = pf_stat("folded");
	int i;

	for (i = 0; i < WRITERS; i++)
		ASSERT_EQ(0, pthread_create(&self->writers[i].thread, NULL,
					    count_up, &self->writers[i]));
	page_out_meanwhile(self);
	PF_STORE(&self->stop, true);
	for (i = 0; i < WRITERS; i++) {
		pthread_join(self->writers[i].thread, NULL);
		EXPECT_EQ(0, self->writers[i].lost);
		EXPECT_LT(0, self->writers[i].rounds);
	}
	/* else it was a test of nothing */
	EXPECT_LT(out, swapped_out());
	TH_LOG("rounds %llu and %llu, pages swapped out %lld, folds %lld",
	       self->writers[0].rounds, self->writers[1].rounds,
	       swapped_out() - out, pf_stat("folded") - folded);
}

TEST_HARNESS_MAIN
