// SPDX-License-Identifier: GPL-2.0
/*
 * With nothing new to find the scanner rests longer and longer between two
 * passes; when memory changes it is back by itself, nobody needs to wake it.
 *
 * How long it means to rest is what its tracepoint says, so that a slow machine
 * changes no verdict.
 */
#include "pagefold_harness.h"

#define NR		256
#define REST_MIN	20	/* ms, the first rest and the longest */
#define REST_MAX	5000
#define LIMIT		90	/* seconds, for what takes two rests */
#define PASSES		4096
#define EVENT		PF_TRACEFS "events/pagefold/pagefold_pass/enable"

FIXTURE(backoff) {
	char *mem;
	u64 seed;
};

struct pass {
	unsigned int nr, rest_ms;
	u64 visited, news;
};

/* The passes that ended since forget_passes(). */
static int read_passes(struct pass *pass)
{
	static char text[PASSES * 128];
	const char *line = text;
	int n = 0;

	if (pf_file_read(PF_TRACEFS "trace", text, sizeof(text)) < 0)
		pf_die("reading the trace");
	while (n < PASSES && (line = strstr(line, " pass=")) &&
	       sscanf(line, " pass=%u visited=%llu news=%llu rest_ms=%u",
		      &pass[n].nr, &pass[n].visited, &pass[n].news,
		      &pass[n].rest_ms) == 4) {
		line++;
		n++;
	}
	return n;
}

static void forget_passes(void)
{
	if (pf_file_write(PF_TRACEFS "trace", "\n"))
		pf_die("emptying the trace");
}

/* Has a pass ended that said it would rest so long? */
static bool rested(unsigned int ms)
{
	static struct pass pass[PASSES];
	int n = read_passes(pass);

	while (n--)
		if (pass[n].rest_ms == ms)
			return true;
	return false;
}

static bool passes_since(int n)
{
	static struct pass pass[PASSES];

	return read_passes(pass) >= n;
}

/* pf_wait_until() wakes the scanner; this only looks. */
#define wait_quietly(cond) ({						\
	bool held_;							\
	int tenths_ = LIMIT * 10;					\
									\
	while (!(held_ = (cond)) && tenths_--)				\
		usleep(100000);						\
	held_;								\
})

FIXTURE_SETUP(backoff)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (access(EVENT, W_OK))
		SKIP(return, "this kernel has no tracepoints");
	self->seed = pf_seed();
	self->mem = pf_map(NR);
	pf_fill_each(self->mem, NR, self->seed);
	ASSERT_TRUE(pf_control());
	ASSERT_EQ(0, pf_file_write(EVENT, "1"));
	forget_passes();
	ASSERT_TRUE(wait_quietly(rested(REST_MAX)));
}

FIXTURE_TEARDOWN(backoff)
{
	pf_file_write(EVENT, "0");
	forget_passes();
	pf_end();
}

/* Twice as long each time, from the shortest rest to the longest. */
TEST_F(backoff, doubles_when_woken)
{
	static struct pass pass[PASSES];
	unsigned int want = REST_MIN;
	int n, i;

	forget_passes();
	ASSERT_EQ(0, pf_set("run", "1"));
	ASSERT_TRUE(wait_quietly(rested(REST_MIN)));
	ASSERT_TRUE(wait_quietly(rested(REST_MAX)));
	n = read_passes(pass);
	for (i = 0; pass[i].rest_ms != REST_MIN; i++)
		EXPECT_EQ(REST_MAX, pass[i].rest_ms);
	for (; i < n; i++) {
		EXPECT_EQ(want, pass[i].rest_ms);
		want = want * 2 < REST_MAX ? want * 2 : REST_MAX;
	}
}

/* A pass at rest reads no page and clears no dirty bit. */
TEST_F(backoff, reads_nothing_at_rest)
{
	long long read = pf_stat("fingerprinted"), written = pf_stat("written");
	static struct pass pass[PASSES];
	int n;

	forget_passes();
	ASSERT_TRUE(wait_quietly(passes_since(3)));
	for (n = read_passes(pass); n--;) {
		EXPECT_EQ(REST_MAX, pass[n].rest_ms);
		EXPECT_LE(NR, pass[n].visited);
		EXPECT_EQ(0, pass[n].news);
	}
	EXPECT_EQ(read, pf_stat("fingerprinted"));
	EXPECT_EQ(written, pf_stat("written"));
}

/* Much that is new: no more rest until it is dealt with. */
TEST_F(backoff, comes_back_for_much)
{
	char *twins;

	forget_passes();
	twins = pf_map(NR);
	pf_fill_each(twins, NR, self->seed);
	EXPECT_TRUE(wait_quietly(pf_same_frames(self->mem, NR, getpid(),
						twins)));
	EXPECT_TRUE(rested(0));
	EXPECT_TRUE(pf_holds_each(self->mem, NR, self->seed));
	EXPECT_TRUE(pf_holds_each(twins, NR, self->seed));
	EXPECT_TRUE(wait_quietly(rested(REST_MAX)));
}

/* Little that is new is found as well. */
TEST_F(backoff, finds_a_single_pair)
{
	u64 seed = pf_seed();

	pf_fill_all(self->mem, 2, seed);
	EXPECT_TRUE(wait_quietly(pf_share(self->mem, 2)));
	EXPECT_TRUE(pf_holds_all(self->mem, 2, seed));
}

TEST_HARNESS_MAIN
