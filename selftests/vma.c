// SPDX-License-Identifier: GPL-2.0
/* What a program does to its mappings while pages in them are folded. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>

#include "pagefold_harness.h"

#define NR	8
#define SIZE	(NR * PF_PAGE)

FIXTURE(vma) {
	u64 seed;
	char *mem;
	char *twin;	/* one more mapping of the frame, that nobody touches */
	u64 frame;
};

FIXTURE_SETUP(vma)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->twin = pf_twins(1, self->seed);
	self->mem = pf_twins(NR, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR) &&
				  pf_pfn(self->mem) == pf_pfn(self->twin)));
	self->frame = pf_pfn(self->twin);
}

FIXTURE_TEARDOWN(vma)
{
	/* whatever was done to the others, this one saw nothing of it */
	EXPECT_TRUE(pf_holds(self->twin, self->seed));
	pf_end();
}

/* Memory that did not ask to be folded moves with its frames. */
TEST_F(vma, mremap_moves)
{
	char *plain = pf_map_plain(NR), *to = pf_reserve(NR), *moved;

	ASSERT_EQ(0, pf_set("scope", "all"));
	pf_fill_all(plain, NR, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_share(plain, NR) &&
				  pf_pfn(plain) == self->frame));
	moved = mremap(plain, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	ASSERT_EQ(to, moved);
	EXPECT_TRUE(pf_share(moved, NR));
	EXPECT_EQ(self->frame, pf_pfn(moved));
	EXPECT_EQ(2 * NR + 1, pf_kcount(self->frame));
	EXPECT_TRUE(pf_holds_all(moved, NR, self->seed));
	moved[PF_PAGE] ^= 1;
	EXPECT_FALSE(pf_folded(moved + PF_PAGE));
	EXPECT_TRUE(pf_holds(moved, self->seed));
	EXPECT_EQ(2 * NR, pf_kcount(self->frame));
}

/* The kernel splits mergeable memory before it moves it. */
TEST_F(vma, mremap_moves_mergeable)
{
	char *to = pf_reserve(NR);
	char *moved = mremap(self->mem, SIZE, SIZE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to);

	ASSERT_EQ(to, moved);
	EXPECT_TRUE(pf_holds_all(moved, NR, self->seed));
	ASSERT_TRUE(pf_wait_until(pf_share(moved, NR)));
	EXPECT_TRUE(pf_holds_all(moved, NR, self->seed));
	moved[PF_PAGE] ^= 1;
	EXPECT_TRUE(pf_holds(moved, self->seed));
}

/* The pages that are new at the end are no part of what was folded. */
TEST_F(vma, mremap_grows)
{
	char *grown = mremap(self->mem, SIZE, 2 * SIZE, MREMAP_MAYMOVE);

	ASSERT_NE(MAP_FAILED, grown);
	pf_fill_all(grown + SIZE, NR, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_share(grown, 2 * NR)));
	EXPECT_EQ(self->frame, pf_pfn(grown));
	EXPECT_TRUE(pf_holds_all(grown, 2 * NR, self->seed));
}

TEST_F(vma, mremap_moved_pages_fold_again)
{
	char *to = pf_reserve(NR);
	char *moved;

	pf_fill_all(self->mem, NR, self->seed);
	moved = mremap(self->mem, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       to);
	ASSERT_EQ(to, moved);
	ASSERT_TRUE(pf_wait_until(pf_share(moved, NR) &&
				  pf_pfn(moved) == pf_pfn(self->twin)));
	EXPECT_TRUE(pf_holds_all(moved, NR, self->seed));
}

static sigjmp_buf after_fault;

static void on_fault(int sig)
{
	siglongjmp(after_fault, 1);
}

/* Does a write to this address fault, as it must under PROT_READ? */
static bool write_faults(char *at)
{
	struct sigaction old, action = { .sa_handler = on_fault };
	bool faults = true;

	sigaction(SIGSEGV, &action, &old);
	if (!sigsetjmp(after_fault, 1)) {
		PF_STORE(at, 'f');
		faults = false;
	}
	sigaction(SIGSEGV, &old, NULL);
	return faults;
}

TEST_F(vma, mprotect_read_only)
{
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ));
	EXPECT_TRUE(write_faults(self->mem));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
	EXPECT_TRUE(pf_share(self->mem, NR));

	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ | PROT_WRITE));
	/* made writable again, yet the frame is not */
	EXPECT_FALSE(write_faults(self->mem));
	EXPECT_TRUE(pf_holds_but(self->mem, self->seed, 0, 'f'));
	EXPECT_FALSE(pf_folded(self->mem));
	EXPECT_TRUE(pf_share(self->mem + PF_PAGE, NR - 1));
	EXPECT_TRUE(pf_holds_all(self->mem + PF_PAGE, NR - 1, self->seed));
}

TEST_F(vma, mprotect_none)
{
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_NONE));
	pf_passes(3);
	EXPECT_TRUE(write_faults(self->mem));
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ | PROT_WRITE));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
	self->mem[1] = 'n';
	EXPECT_TRUE(pf_holds_but(self->mem, self->seed, 1, 'n'));
	EXPECT_TRUE(pf_holds_all(self->mem + PF_PAGE, NR - 1, self->seed));
}

/* A mapping without permissions is not to gain any by being folded. */
TEST_F(vma, fold_under_prot_none)
{
	pf_fill_all(self->mem, NR, self->seed);
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_NONE));
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(write_faults(self->mem));
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
	EXPECT_TRUE(write_faults(self->mem + PF_PAGE));
}

TEST_F(vma, dontneed)
{
	size_t i;

	ASSERT_EQ(0, madvise(self->mem, SIZE / 2, MADV_DONTNEED));
	EXPECT_EQ(PF_NO_PFN, pf_pfn(self->mem));
	EXPECT_EQ(NR / 2 + 1, pf_kcount(self->frame));
	for (i = 0; i < SIZE / 2; i++)
		ASSERT_EQ(0, self->mem[i]);
	EXPECT_TRUE(pf_share(self->mem + SIZE / 2, NR / 2));
	EXPECT_TRUE(pf_holds_all(self->mem + SIZE / 2, NR / 2, self->seed));
}

/* What MADV_FREE leaves is the old page or zeroes, and nobody else's loss. */
TEST_F(vma, free)
{
	static const char zeroes[PF_PAGE];
	size_t i;

	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_FREE));
	pf_passes(3);
	for (i = 0; i < NR; i++) {
		char *page = self->mem + i * PF_PAGE;

		EXPECT_TRUE(pf_holds(page, self->seed) ||
			    !memcmp(page, zeroes, PF_PAGE));
	}
	pf_fill(self->mem, self->seed + 1);
	pf_passes(3);
	EXPECT_TRUE(pf_holds(self->mem, self->seed + 1));
}

/* Pages given up by MADV_FREE before they were folded are not folded. */
TEST_F(vma, freed_pages_are_left_alone)
{
	size_t i;

	ASSERT_EQ(0, pf_set("run", "0"));
	pf_fill_all(self->mem, NR, self->seed);
	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_FREE));
	ASSERT_EQ(0, pf_set("run", "1"));
	ASSERT_TRUE(pf_control());
	for (i = 0; i < NR; i++)
		EXPECT_FALSE(pf_folded(self->mem + i * PF_PAGE));
}

TEST_F(vma, unmergeable)
{
	/* the frame shall not be taken back before it was looked at */
	ASSERT_EQ(0, pf_set("run", "0"));
	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_UNMERGEABLE));
	EXPECT_TRUE(pf_apart(self->mem, NR));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
	EXPECT_EQ(self->frame, pf_pfn(self->twin));
	EXPECT_EQ(1, pf_kcount(self->frame));
	/* and they stay so */
	ASSERT_EQ(0, pf_set("run", "1"));
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(pf_apart(self->mem, NR));
}

TEST_F(vma, unmap_in_the_middle)
{
	ASSERT_EQ(0, munmap(self->mem + PF_PAGE, 2 * PF_PAGE));
	EXPECT_EQ(NR - 1, pf_kcount(self->frame));
	EXPECT_EQ(PF_NO_PFN, pf_pfn(self->mem + PF_PAGE));
	EXPECT_TRUE(pf_holds(self->mem, self->seed));
	EXPECT_TRUE(pf_share(self->mem + 3 * PF_PAGE, NR - 3));
	EXPECT_TRUE(pf_holds_all(self->mem + 3 * PF_PAGE, NR - 3, self->seed));
}

TEST_F(vma, map_over)
{
	char *over = mmap(self->mem, PF_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	ASSERT_EQ(self->mem, over);
	EXPECT_EQ(0, over[100]);
	EXPECT_EQ(NR, pf_kcount(self->frame));
	EXPECT_TRUE(pf_holds_all(self->mem + PF_PAGE, NR - 1, self->seed));
}

TEST_F(vma, mlock_and_write)
{
	ASSERT_EQ(0, mlock(self->mem, SIZE));
	self->mem[3] = 'm';
	ASSERT_EQ(0, munlock(self->mem, SIZE));
	EXPECT_TRUE(pf_holds_but(self->mem, self->seed, 3, 'm'));
	EXPECT_TRUE(pf_holds_all(self->mem + PF_PAGE, NR - 1, self->seed));
}

/* khugepaged and MADV_COLLAPSE leave a range with a frame in it, or copy it. */
TEST_F(vma, collapse)
{
	char *huge = pf_map(PF_HUGE / PF_PAGE);
	size_t i, n = PF_HUGE / PF_PAGE;

	for (i = 0; i < n; i++)
		pf_fill(huge + i * PF_PAGE, self->seed + (i > 1) * i);
	ASSERT_TRUE(pf_wait_until(pf_share(huge, 2)));
	madvise(huge, PF_HUGE, MADV_HUGEPAGE);
	if (madvise(huge, PF_HUGE, MADV_COLLAPSE) && errno == EINVAL)
		TH_LOG("this kernel does not collapse on request");
	pf_passes(2);
	for (i = 0; i < n; i++)
		ASSERT_TRUE(pf_holds(huge + i * PF_PAGE,
				     self->seed + (i > 1) * i));
}

TEST_HARNESS_MAIN
