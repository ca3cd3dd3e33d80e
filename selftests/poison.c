// SPDX-License-Identifier: GPL-2.0
/* Pages that the kernel takes out of use because their memory is bad. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>

#include "pagefold_harness.h"

#define NR	4
#define SIZE	(NR * PF_PAGE)

#ifndef MADV_HWPOISON
#define MADV_HWPOISON		100
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif

static sigjmp_buf after_fault;

static void on_fault(int sig)
{
	siglongjmp(after_fault, 1);
}

/* Poisoning one's own page brings a signal at once, with nothing read yet. */
static void on_news(int sig)
{
}

/* Reading a page that is gone for good kills, unless one sees to it. */
static bool holds_or_faults(const char *page, u64 seed, bool *faulted)
{
	struct sigaction old, action = { .sa_handler = on_fault };
	bool holds = false;

	sigaction(SIGBUS, &action, &old);
	*faulted = sigsetjmp(after_fault, 1);
	if (!*faulted)
		holds = pf_holds(page, seed);
	sigaction(SIGBUS, &old, NULL);
	return holds || *faulted;
}

FIXTURE(poison) {
	u64 seed;
	char *mem;
};

FIXTURE_SETUP(poison)
{
	char *page;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	page = pf_map_plain(1);
	page[0] = 1;
	if (madvise(page, PF_PAGE, MADV_SOFT_OFFLINE) && errno == EINVAL)
		SKIP(return, "no CONFIG_MEMORY_FAILURE in this kernel");
	signal(SIGBUS, on_news);
	self->seed = pf_seed();
	self->mem = pf_twins(NR, self->seed);
}

FIXTURE_TEARDOWN(poison)
{
	pf_end();
}

/* The page moves away; where it is then it is found. */
TEST_F(poison, soft_offline_of_pages)
{
	char *late;
	size_t i;

	for (i = 0; i < NR; i++)
		pf_fill(self->mem + i * PF_PAGE, self->seed + i);
	ASSERT_TRUE(pf_control());
	for (i = 0; i < NR; i++)
		madvise(self->mem + i * PF_PAGE, PF_PAGE, MADV_SOFT_OFFLINE);
	late = pf_map(NR);
	for (i = 0; i < NR; i++)
		pf_fill(late + i * PF_PAGE, self->seed + i);
	for (i = 0; i < NR; i++) {
		EXPECT_TRUE(pf_wait_long_until(pf_pfn(late + i * PF_PAGE) ==
					       pf_pfn(self->mem +
						      i * PF_PAGE)));
		EXPECT_TRUE(pf_holds(self->mem + i * PF_PAGE, self->seed + i));
	}
}

TEST_F(poison, soft_offline_of_a_frame)
{
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	madvise(self->mem, PF_PAGE, MADV_SOFT_OFFLINE);
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
	pf_passes(3);
	self->mem[5] ^= 1;
	EXPECT_TRUE(pf_holds_all(self->mem + PF_PAGE, NR - 1, self->seed));
}

/* One of them is lost; the others are not, and go on as if it were not there */
TEST_F(poison, one_of_the_twins)
{
	bool faulted;

	ASSERT_EQ(0, pf_set("run", "2"));
	pf_fill_all(self->mem, NR, self->seed);
	if (madvise(self->mem, PF_PAGE, MADV_HWPOISON))
		SKIP(return, "the page could not be poisoned: %s",
		     strerror(errno));
	ASSERT_EQ(0, pf_set("run", "1"));
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem + PF_PAGE, NR - 1)));
	EXPECT_TRUE(pf_holds_all(self->mem + PF_PAGE, NR - 1, self->seed));
	EXPECT_TRUE(holds_or_faults(self->mem, self->seed, &faulted));
	EXPECT_TRUE(faulted);
}

/*
 * A frame that goes bad is lost for all who share it: they get a signal when
 * they look, or the kernel leaves it in place. Nobody gets other bytes.
 */
TEST_F(poison, a_frame)
{
	bool faulted;
	size_t i;

	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	madvise(self->mem, PF_PAGE, MADV_HWPOISON);
	pf_passes(3);
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(holds_or_faults(self->mem + i * PF_PAGE,
					    self->seed, &faulted));
	EXPECT_TRUE(pf_control());
}

TEST_HARNESS_MAIN
