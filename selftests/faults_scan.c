// SPDX-License-Identifier: GPL-2.0
/*
 * The scanner's allocations fail, each in turn and then by chance: no byte is
 * lost, what could not be folded is folded later, and the module can be
 * unloaded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

#include "pagefold_harness.h"

#define NR	16
#define MOST	2000	/* allocations of the scanner until NR pages folded */
#define ROUNDS	20
#define PARAMS	"run=0 settle_ms=0 cpu_percent=100"

FIXTURE(faults_scan) {
	bool was_loaded;
	char *mem;
	u64 seed;
};

FIXTURE_SETUP(faults_scan)
{
	if (!pf_fault_possible())
		SKIP(return, "this kernel lets no allocation fail");
	if (access(pf_module_file(), R_OK))
		SKIP(return, "set PAGEFOLD_KO to the module's file");
	self->was_loaded = pf_loaded();
	if (self->was_loaded)
		ASSERT_EQ(0, pf_module_unload());
	self->seed = pf_seed();
	pf_fault_begin();
}

FIXTURE_TEARDOWN(faults_scan)
{
	pf_fault_end();
	if (pf_loaded() && !self->was_loaded)
		pf_module_unload();
	if (!pf_loaded() && self->was_loaded)
		pf_module_load("");
	pf_end();
}

/* A second content, so that more than one frame has to be made. */
static bool folded(const char *mem)
{
	return pf_share(mem, NR / 2) &&
	       pf_share(mem + NR / 2 * PF_PAGE, NR / 2);
}

static void fill(struct _test_data_faults_scan *self)
{
	self->mem = pf_map(NR);
	pf_fill_all(self->mem, NR / 2, self->seed);
	pf_fill_all(self->mem + NR / 2 * PF_PAGE, NR / 2, self->seed + 1);
}

static bool holds(struct _test_data_faults_scan *self)
{
	return pf_holds_all(self->mem, NR / 2, self->seed) &&
	       pf_holds_all(self->mem + NR / 2 * PF_PAGE, NR / 2,
			    self->seed + 1);
}

/* From the first thing that a scanner of a fresh load does. */
TEST_F_TIMEOUT(faults_scan, each_in_turn, 900)
{
	unsigned int nth, left = 0;
	pid_t scanner;

	for (nth = 1; !left && nth < MOST; nth++) {
		fill(self);
		ASSERT_EQ(0, pf_module_load(PARAMS));
		scanner = pf_scanner();
		ASSERT_NE(0, scanner);
		pf_fault_nth(scanner, nth);
		ASSERT_EQ(0, pf_set("run", "1"));
		ASSERT_TRUE(pf_wait_until(folded(self->mem))) {
			TH_LOG("allocation %u", nth);
		}
		left = pf_fault_left(scanner);
		pf_fault_nth(scanner, 0);
		ASSERT_TRUE(holds(self));
		ASSERT_EQ(0, pf_module_unload());
		ASSERT_TRUE(holds(self));
		munmap(self->mem, NR * PF_PAGE);
	}
	ksft_print_msg("allocations 1 to %u failed\n", nth - 2);
	EXPECT_LT(3, nth);
	EXPECT_NE(0, left);
}

/* Nothing at all to be had: nothing is folded, and it says so. */
TEST_F(faults_scan, none_at_all)
{
	pid_t scanner;

	ASSERT_EQ(0, pf_module_load(PARAMS));
	scanner = pf_scanner();
	ASSERT_NE(0, scanner);
	fill(self);
	pf_fault_percent(scanner, 100);
	ASSERT_EQ(0, pf_set("run", "1"));
	pf_passes(5);
	EXPECT_TRUE(pf_apart(self->mem, NR));
	EXPECT_LT(0, pf_stat("nomem"));
	EXPECT_TRUE(holds(self));
	pf_fault_percent(scanner, 0);
	EXPECT_TRUE(pf_wait_until(folded(self->mem)));
	EXPECT_TRUE(holds(self));
}

struct churn {
	char *mem;
	bool stop;
	bool bad;
};

/* Each page in turn: written, and right again, with the others looked at. */
static void *churn_on(void *arg)
{
	struct churn *churn = arg;
	size_t at;
	u64 step;

	for (step = 0; !PF_LOAD(&churn->stop); step++) {
		at = step % NR * PF_PAGE + step % PF_PAGE;
		churn->mem[at] ^= 0x55;
		usleep(500);
		churn->mem[at] ^= 0x55;
	}
	return NULL;
}

TEST_F_TIMEOUT(faults_scan, by_chance, 300)
{
	struct churn churn = { 0 };
	pthread_t thread;
	pid_t scanner;
	int i;

	fill(self);
	churn.mem = self->mem;
	ASSERT_EQ(0, pthread_create(&thread, NULL, churn_on, &churn));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, pf_module_load(PARAMS));
		scanner = pf_scanner();
		ASSERT_NE(0, scanner);
		pf_fault_percent(scanner, 10 + i * 80 / ROUNDS);
		ASSERT_EQ(0, pf_set("run", "1"));
		pf_passes(3);
		/* unloading with allocations still failing */
		ASSERT_EQ(0, pf_module_unload());
		pf_fault_end();
	}
	PF_STORE(&churn.stop, true);
	pthread_join(thread, NULL);
	EXPECT_TRUE(holds(self));
	ASSERT_EQ(0, pf_module_load(PARAMS));
	ASSERT_EQ(0, pf_set("run", "1"));
	EXPECT_TRUE(pf_wait_until(folded(self->mem)));
	EXPECT_TRUE(holds(self));
}

TEST_HARNESS_MAIN
