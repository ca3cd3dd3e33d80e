// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own KSM works on the same memory at the same time: neither
 * takes the other's pages, and the bytes stay right.
 */
#include <errno.h>
#include <pthread.h>

#include "pagefold_harness.h"

#define KSM	"/sys/kernel/mm/ksm/"
#define NR	32
#define ROUNDS	150

static const char * const ksm_files[] = {
	"run", "sleep_millisecs", "pages_to_scan", "use_zero_pages",
};

#define NR_FILES ARRAY_SIZE(ksm_files)

FIXTURE(ksm) {
	char saved[NR_FILES][32];
	char *mem;
	u64 seed;
};

static int ksm_set(const char *name, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), KSM "%s", name);
	return pf_file_write(path, value);
}

FIXTURE_SETUP(ksm)
{
	static const char * const values[NR_FILES] = { "0", "1", "1000", "0" };
	char path[64];
	size_t i;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (access(KSM "run", W_OK))
		SKIP(return, "this kernel has no KSM");
	for (i = 0; i < NR_FILES; i++) {
		snprintf(path, sizeof(path), KSM "%s", ksm_files[i]);
		pf_file_read(path, self->saved[i], sizeof(self->saved[i]));
		ksm_set(ksm_files[i], values[i]);
	}
	ASSERT_EQ(0, pf_set("run", "0"));
	self->seed = pf_seed();
	self->mem = pf_twins(NR, self->seed);
}

FIXTURE_TEARDOWN(ksm)
{
	size_t i;

	ksm_set("run", "2");
	for (i = NR_FILES; i-- > 0;)
		ksm_set(ksm_files[i], self->saved[i]);
	pf_end();
}

/* A merged page of the kernel's KSM is swappable, so on an LRU list. */
static bool ksm_merged(const char *mem, size_t n)
{
	return pf_distinct(mem, n) == 1 &&
	       pf_kflags(pf_pfn(mem)) & PF_KPF_KSM;
}

static bool wait_for_ksm(const char *mem, size_t n)
{
	int i;

	for (i = 0; i < 1000 && !ksm_merged(mem, n); i++)
		usleep(10000);
	return ksm_merged(mem, n);
}

TEST_F(ksm, merged_pages_are_left_alone)
{
	u64 pfn;

	ASSERT_EQ(0, ksm_set("run", "1"));
	ASSERT_TRUE(wait_for_ksm(self->mem, NR));
	ASSERT_EQ(0, ksm_set("run", "0"));
	pfn = pf_pfn(self->mem);

	ASSERT_EQ(0, pf_set("run", "1"));
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(ksm_merged(self->mem, NR));
	EXPECT_EQ(pfn, pf_pfn(self->mem));
	EXPECT_EQ(NR, pf_kcount(pfn));
	/* split by KSM itself, so it still knows its page */
	ASSERT_EQ(0, pf_set("run", "0"));
	ASSERT_EQ(0, ksm_set("run", "2"));
	EXPECT_TRUE(pf_apart(self->mem, NR));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_F(ksm, run_2_leaves_it_merged)
{
	ASSERT_EQ(0, ksm_set("run", "1"));
	ASSERT_TRUE(wait_for_ksm(self->mem, NR));
	ASSERT_EQ(0, ksm_set("run", "0"));
	ASSERT_EQ(0, pf_set("run", "2"));
	EXPECT_TRUE(ksm_merged(self->mem, NR));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_F(ksm, frames_are_left_alone)
{
	u64 frame;
	char *late;

	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	ASSERT_EQ(0, pf_set("run", "0"));
	frame = pf_pfn(self->mem);
	late = pf_twins(2, pf_seed());
	ASSERT_EQ(0, ksm_set("run", "1"));
	/* the other pair shows that KSM has been round */
	ASSERT_TRUE(wait_for_ksm(late, 2));
	usleep(100000);
	EXPECT_TRUE(pf_share(self->mem, NR));
	EXPECT_EQ(frame, pf_pfn(self->mem));
	EXPECT_EQ(NR, pf_kcount(frame));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

/* KSM's "split everything" reaches frames as it reaches any KSM page. */
TEST_F(ksm, split_by_the_other)
{
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	ASSERT_EQ(0, pf_set("run", "0"));
	ASSERT_EQ(0, ksm_set("run", "1"));
	ASSERT_EQ(0, ksm_set("run", "2"));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
	ASSERT_EQ(0, ksm_set("run", "0"));
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_F(ksm, both_at_work)
{
	u64 seeds[4], at[NR];
	unsigned int random = self->seed;
	int round;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(seeds); i++)
		seeds[i] = pf_seed();
	for (i = 0; i < NR; i++)
		at[i] = self->seed;
	ASSERT_EQ(0, pf_set("run", "1"));
	ASSERT_EQ(0, ksm_set("run", "1"));
	for (round = 0; round < ROUNDS; round++) {
		/* some pages change, the others have time to be taken */
		for (i = 0; i < NR; i++) {
			ASSERT_TRUE(pf_holds(self->mem + i * PF_PAGE, at[i]));
			if (rand_r(&random) % 8)
				continue;
			at[i] = seeds[rand_r(&random) % ARRAY_SIZE(seeds)];
			pf_fill(self->mem + i * PF_PAGE, at[i]);
		}
		pf_set("run", "1");
		usleep(5000);
	}
	/* each is told to let everything go while the other goes on */
	EXPECT_EQ(0, ksm_set("run", "2"));
	EXPECT_EQ(0, pf_set("run", "2"));
	EXPECT_TRUE(pf_apart(self->mem, NR));
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(pf_holds(self->mem + i * PF_PAGE, at[i]));
}

TEST_HARNESS_MAIN
