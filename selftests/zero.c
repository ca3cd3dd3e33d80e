// SPDX-License-Identifier: GPL-2.0
/*
 * Pages full of zeroes fold into the kernel's own zero page, or with
 * use_zero_pages=0 into a frame like all others.
 */
#include "pagefold_harness.h"

#define NR	16

FIXTURE(zero) {
	char *mem;
};

FIXTURE_VARIANT(zero) {
	const char *use_zero_pages;
	bool (*folded)(const char *mem, size_t n);
};

static bool in_zero_page(const char *mem, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!pf_is_zero_page(pf_pfn(mem + i * PF_PAGE)))
			return false;
	return true;
}

FIXTURE_VARIANT_ADD(zero, kernels_page)
{
	.use_zero_pages = "1",
	.folded = in_zero_page,
};

FIXTURE_VARIANT_ADD(zero, own_frame)
{
	.use_zero_pages = "0",
	.folded = pf_share,
};

FIXTURE_SETUP(zero)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	ASSERT_EQ(0, pf_set("use_zero_pages", variant->use_zero_pages));
	self->mem = pf_map(NR);
	/* written, so that pages of our own stand behind it */
	memset(self->mem, 1, NR * PF_PAGE);
	memset(self->mem, 0, NR * PF_PAGE);
}

FIXTURE_TEARDOWN(zero)
{
	munmap(self->mem, NR * PF_PAGE);
	pf_end();
}

static bool is_zero(const char *page)
{
	static const char zeroes[PF_PAGE];

	return !memcmp(page, zeroes, PF_PAGE);
}

static bool all_zero(const char *mem, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!is_zero(mem + i * PF_PAGE))
			return false;
	return true;
}

/* Each in some frame: one takes 256 mappings. */
static bool in_frames(const char *mem, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!pf_folded(mem + i * PF_PAGE))
			return false;
	return true;
}

/* What the kernel counts as anonymous memory of this process, in pages. */
static long anon_pages(void)
{
	char status[4096];
	char *line;

	if (pf_file_read("/proc/self/status", status, sizeof(status)) < 0)
		pf_die("/proc/self/status");
	line = strstr(status, "RssAnon:");
	if (!line)
		pf_die("no RssAnon");
	return strtol(line + strlen("RssAnon:"), NULL, 10) * 1024 / PF_PAGE;
}

TEST_F(zero, fold)
{
	ASSERT_TRUE(pf_wait_until(variant->folded(self->mem, NR)));
	EXPECT_TRUE(all_zero(self->mem, NR));
}

TEST_F(zero, split)
{
	size_t i;

	ASSERT_TRUE(pf_wait_until(variant->folded(self->mem, NR)));
	self->mem[3 * PF_PAGE + 17] = 'z';
	EXPECT_FALSE(variant->folded(self->mem + 3 * PF_PAGE, 1));
	for (i = 0; i < PF_PAGE; i++)
		ASSERT_EQ(i == 17 ? 'z' : 0, self->mem[3 * PF_PAGE + i]);
	EXPECT_TRUE(all_zero(self->mem, 3));
	EXPECT_TRUE(all_zero(self->mem + 4 * PF_PAGE, NR - 4));
	EXPECT_TRUE(variant->folded(self->mem, 3));
	EXPECT_TRUE(variant->folded(self->mem + 4 * PF_PAGE, NR - 4));
}

/* One bit anywhere, and it is not a page full of zeroes. */
TEST_F(zero, almost_zero_stays)
{
	static const size_t places[] = { 0, 7, 8, 2047, 4088, 4095 };
	const size_t n = ARRAY_SIZE(places);
	char *mem = pf_map(n);
	size_t i;

	ASSERT_EQ(0, pf_set("run", "0"));
	memset(mem, 0, n * PF_PAGE);
	for (i = 0; i < n; i++)
		mem[i * PF_PAGE + places[i]] = 1;
	ASSERT_EQ(0, pf_set("run", "1"));
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(pf_apart(mem, n));
	for (i = 0; i < n; i++)
		EXPECT_EQ(1, mem[i * PF_PAGE + places[i]]);
}

/*
 * Anonymous memory is counted right on the way there and back. Threads may keep
 * a few pages' worth of counts to themselves for a while.
 */
TEST_F(zero, memory_is_counted)
{
	const long n = 1024, slack = 128;
	/* pages of the zero page are nobody's memory; a frame's are */
	const long drop = variant->folded == in_zero_page ? n : 0;
	char *mem = pf_map(n);
	long before, folded, split;

	ASSERT_EQ(0, pf_set("run", "0"));
	memset(mem, 1, n * PF_PAGE);
	memset(mem, 0, n * PF_PAGE);
	before = anon_pages();
	ASSERT_TRUE(pf_wait_until(drop ? in_zero_page(mem, n) :
				  in_frames(mem, n)));
	folded = anon_pages();
	memset(mem, 1, n * PF_PAGE);
	split = anon_pages();
	EXPECT_GE(before - drop + slack, folded);
	EXPECT_LE(before - drop - slack, folded);
	EXPECT_GE(folded + drop + slack, split);
	EXPECT_LE(folded + drop - slack, split);
	munmap(mem, n * PF_PAGE);
	EXPECT_GE(split - n + slack, anon_pages());
	EXPECT_LE(split - n - slack, anon_pages());
}

/* The zero page under a mapping that nobody ever wrote to is not ours. */
TEST_F(zero, never_written)
{
	char *mem = pf_map(NR);

	ASSERT_TRUE(all_zero(mem, NR));
	ASSERT_TRUE(in_zero_page(mem, NR));
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(in_zero_page(mem, NR));
	EXPECT_TRUE(all_zero(mem, NR));
}

TEST_F(zero, read_only_mapping)
{
	ASSERT_EQ(0, mprotect(self->mem, NR * PF_PAGE, PROT_READ));
	ASSERT_TRUE(pf_wait_until(variant->folded(self->mem, NR)));
	ASSERT_EQ(0, mprotect(self->mem, NR * PF_PAGE,
			      PROT_READ | PROT_WRITE));
	self->mem[0] = 1;
	EXPECT_FALSE(variant->folded(self->mem, 1));
	EXPECT_TRUE(all_zero(self->mem + PF_PAGE, NR - 1));
}

static int all_zero_here(struct pf_peer *self, void *arg)
{
	char *mem = arg;

	pf_meet(self);
	mem[0] = 'c';
	pf_meet(self);
	return !all_zero(mem + PF_PAGE, NR - 1) || mem[0] != 'c';
}

TEST_F(zero, across_fork)
{
	struct pf_peer peer = pf_peer_start(all_zero_here, self->mem);

	EXPECT_TRUE(pf_wait_until(variant->folded(self->mem, NR)));
	pf_meet(&peer);
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
	EXPECT_TRUE(all_zero(self->mem, NR));
}

TEST_HARNESS_MAIN
