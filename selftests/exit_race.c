// SPDX-License-Identifier: GPL-2.0
/*
 * Processes are killed just when their frames become ordinary pages again, by
 * run=2 or because they are the last to map them. What is unshared then must
 * not be mapped after the exit has unmapped it: in a private mapping of a file
 * a fault would bring in pages of the file, and those stayed mapped for ever.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>

#include "pagefold_harness.h"

#define KIDS	8
#define TABLE	512UL			/* pages of a page table */
#define NR	(KIDS * TABLE)
#define SIZE	(NR * PF_PAGE)
#define ROUNDS	3

FIXTURE(exit_race) {
	int file;
	char *mem;
	struct pf_peer kids[KIDS], killer;
	unsigned int starting;
	bool lonely;	/* each kid has a page table of its own to map */
};

FIXTURE_VARIANT(exit_race) {
	bool lonely;
};

FIXTURE_VARIANT_ADD(exit_race, split_all) { .lonely = false };
FIXTURE_VARIANT_ADD(exit_race, last_to_map) { .lonely = true };

FIXTURE_SETUP(exit_race)
{
	char page[PF_PAGE];
	size_t i;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->lonely = variant->lonely;
	self->file = memfd_create("pagefold", MFD_CLOEXEC);
	memset(page, 'f', sizeof(page));
	for (i = 0; i < NR; i++)
		ASSERT_EQ(sizeof(page), write(self->file, page, sizeof(page)));
}

FIXTURE_TEARDOWN(exit_race)
{
	int i;

	for (i = 0; i < KIDS; i++)
		pf_peer_kill(&self->kids[i]);
	pf_peer_kill(&self->killer);
	close(self->file);
	pf_end();
}

static char *first_of(struct _test_data_exit_race *self, unsigned int kid)
{
	return self->mem + (self->lonely ? kid * TABLE * PF_PAGE : 0);
}

static char *end_of(struct _test_data_exit_race *self, unsigned int kid)
{
	return self->lonely ? first_of(self, kid + 1) : self->mem + SIZE;
}

/* Private pages over a file, each folded with one of the anonymous ones. */
static bool fold_over_file(struct _test_data_exit_race *self)
{
	u64 seed = pf_seed();
	char *twins = pf_map(NR);
	size_t i;
	bool folded = true;

	self->mem = mmap(pf_reserve(NR), SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_FIXED, self->file, 0);
	if (self->mem == MAP_FAILED ||
	    madvise(self->mem, SIZE, MADV_MERGEABLE))
		pf_die("mapping the file");
	pf_fill_each(self->mem, NR, seed);
	pf_fill_each(twins, NR, seed);
	for (i = 0; i < NR && folded; i += TABLE / 4)
		folded = pf_wait_until(pf_same_frames(self->mem + i * PF_PAGE,
						      1, getpid(),
						      twins + i * PF_PAGE));
	pf_set("run", "0");
	munmap(twins, SIZE);
	return folded;
}

static int be_kid(struct pf_peer *peer, void *arg)
{
	struct _test_data_exit_race *self = arg;
	char *first = first_of(self, self->starting);
	char *end = end_of(self, self->starting);

	pf_run_on(1);
	munmap(self->mem, first - self->mem);
	munmap(end, self->mem + SIZE - end);
	pf_meet(peer);
	pf_meet(peer);
	return 0;
}

/* Kill each kid as soon as its first or its last page is another one. */
static int be_killer(struct pf_peer *peer, void *arg)
{
	struct _test_data_exit_race *self = arg;
	u64 first[KIDS], last[KIDS];
	unsigned int alive = KIDS;
	pid_t pid;
	int i;

	pf_run_on(1);
	for (i = 0; i < KIDS; i++) {
		pid = self->kids[i].pid;
		first[i] = pf_pfn_of(pid, first_of(self, i));
		last[i] = pf_pfn_of(pid, end_of(self, i) - PF_PAGE);
	}
	munmap(self->mem, SIZE);
	pf_meet(peer);
	for (i = 0; alive; i = (i + 1) % KIDS) {
		pid = self->kids[i].pid;
		if (!pid || (pf_pfn_of(pid, first_of(self, i)) == first[i] &&
			     pf_pfn_of(pid, end_of(self, i) - PF_PAGE) ==
				last[i]))
			continue;
		kill(pid, SIGKILL);
		self->kids[i].pid = 0;
		alive--;
	}
	return 0;
}

static void start_all(struct _test_data_exit_race *self)
{
	unsigned int *i = &self->starting;

	for (*i = 0; *i < KIDS; ++*i)
		self->kids[*i] = pf_peer_start(be_kid, self);
	for (*i = 0; *i < KIDS; ++*i)
		pf_meet(&self->kids[*i]);
	self->killer = pf_peer_start(be_killer, self);
	pf_meet(&self->killer);
	munmap(self->mem, SIZE);
}

/* How many pages of the file are mapped, though nobody is left to map them? */
static unsigned int still_mapped(struct _test_data_exit_race *self)
{
	char *view = mmap(NULL, SIZE, PROT_READ, MAP_SHARED | MAP_POPULATE,
			  self->file, 0);
	unsigned int n = 0;
	size_t i;

	if (view == MAP_FAILED)
		pf_die("mapping the file");
	for (i = 0; i < NR; i++)
		n += pf_kcount(pf_pfn(view + i * PF_PAGE)) != 1;
	munmap(view, SIZE);
	return n;
}

TEST_F(exit_race, nothing_stays_mapped)
{
	int round, i;

	pf_run_on(0);
	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, pf_set("run", "1"));
		ASSERT_TRUE(fold_over_file(self));
		start_all(self);
		ASSERT_EQ(0, pf_set("run", variant->lonely ? "1" : "2"));
		ASSERT_EQ(0, pf_peer_end(&self->killer));
		for (i = 0; i < KIDS; i++)
			pf_peer_kill(&self->kids[i]);
		ASSERT_EQ(0, still_mapped(self));
	}
}

TEST_HARNESS_MAIN
