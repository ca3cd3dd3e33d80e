// SPDX-License-Identifier: GPL-2.0
/*
 * The scrub reads every frame, on demand and in the background, and nothing is
 * ever folded into a frame that it found damaged.
 */
#include <errno.h>
#include <sys/stat.h>

#include "pagefold_harness.h"

#define NR	32
#define SCRUB	PF_DEBUGFS "scrub"
#define DAMAGE	PF_DEBUGFS "damage"

FIXTURE(scrub) {
	char *mem;
	u64 seed;
};

/* NR frames of two pages each. */
FIXTURE_SETUP(scrub)
{
	size_t i;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (access(SCRUB, F_OK))
		SKIP(return, "debugfs is not mounted");
	self->seed = pf_seed();
	self->mem = pf_map(2 * NR);
	for (i = 0; i < 2 * NR; i++)
		pf_fill(self->mem + i * PF_PAGE, self->seed + i / 2);
	ASSERT_TRUE(pf_wait_until(pf_distinct(self->mem, 2 * NR) == NR));
}

FIXTURE_TEARDOWN(scrub)
{
	pf_end();
}

TEST_F(scrub, bad_input_does_nothing)
{
	static const char * const bad[] = { "0", "2", "x", "-1", "\n", "1x" };
	long long before = pf_stat("scrub_read");
	struct stat st;
	size_t i;

	ASSERT_EQ(0, stat(SCRUB, &st));
	EXPECT_EQ(S_IFREG | 0600, st.st_mode);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, pf_file_write(SCRUB, bad[i])) {
			TH_LOG("for the input '%s'", bad[i]);
		}
	EXPECT_EQ(before, pf_stat("scrub_read"));
}

TEST_F(scrub, reads_every_frame_on_demand)
{
	long long rounds = pf_stat("scrub_rounds");
	long long mismatches = pf_stat("scrub_mismatches");
	long long frames = pf_stat("frames_live");
	long long read;

	ASSERT_EQ(0, pf_set("run", "0"));
	ASSERT_EQ(0, pf_file_write(SCRUB, "1"));
	read = pf_stat("scrub_read");
	ASSERT_EQ(0, pf_file_write(SCRUB, "1"));
	EXPECT_LE(rounds + 2, pf_stat("scrub_rounds"));
	/* what is pruned meanwhile is not read */
	EXPECT_LE(NR, pf_stat("scrub_read") - read);
	EXPECT_GE(frames, pf_stat("scrub_read") - read);
	EXPECT_EQ(mismatches, pf_stat("scrub_mismatches"));
}

TEST_F(scrub, shows_what_it_did)
{
	long long rounds, read, mismatches, unread;
	char text[256];
	int fields;

	ASSERT_EQ(0, pf_set("run", "0"));
	ASSERT_EQ(0, pf_file_write(SCRUB, "1"));
	ASSERT_LT(0, pf_file_read(SCRUB, text, sizeof(text)));
	fields = sscanf(text, "rounds %lld\nframes_read %lld\n"
			"mismatches %lld\nframes_unread %lld\n",
			&rounds, &read, &mismatches, &unread);
	ASSERT_EQ(4, fields);
	EXPECT_EQ(pf_stat("scrub_rounds"), rounds);
	EXPECT_EQ(pf_stat("scrub_read"), read);
	EXPECT_EQ(pf_stat("scrub_mismatches"), mismatches);
	EXPECT_EQ(0, unread);
}

TEST_F(scrub, goes_on_in_the_background)
{
	long long rounds = pf_stat("scrub_rounds");
	long long read;

	ASSERT_EQ(0, pf_set("scrub_per_second", "1000000"));
	EXPECT_TRUE(pf_wait_long_until(pf_stat("scrub_rounds") >= rounds + 2));
	ASSERT_EQ(0, pf_set("scrub_per_second", "0"));
	/* one that is at it comes to its end */
	ASSERT_EQ(0, pf_file_write(SCRUB, "1"));
	read = pf_stat("scrub_read");
	sleep(3);
	EXPECT_EQ(read, pf_stat("scrub_read"));
}

static int damage(u64 pfn)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", pfn);
	return pf_file_write(DAMAGE, text);
}

TEST_F(scrub, damaged_frame_takes_no_more)
{
	long long before = pf_stat("scrub_mismatches");
	u64 bad = pf_pfn(self->mem);
	char *more = pf_map(3);

	if (access(DAMAGE, F_OK))
		SKIP(return, "the module was built without PAGEFOLD_DEBUG=1");
	ASSERT_EQ(-ENOENT, damage(0));
	ASSERT_EQ(0, damage(bad));
	ASSERT_EQ(0, pf_file_write(SCRUB, "1"));
	EXPECT_EQ(before + 1, pf_stat("scrub_mismatches"));
	/* its sharers keep what there is, and find it damaged */
	EXPECT_EQ(bad, pf_pfn(self->mem));
	EXPECT_FALSE(pf_holds(self->mem, self->seed));
	EXPECT_TRUE(pf_holds_all(self->mem + 2 * PF_PAGE, 1, self->seed + 1));
	/* neither equal to what it was nor to what it is */
	pf_fill_all(more, 2, self->seed);
	memcpy(more + 2 * PF_PAGE, self->mem, PF_PAGE);
	EXPECT_TRUE(pf_wait_until(pf_share(more, 2)));
	EXPECT_TRUE(pf_control());
	EXPECT_NE(bad, pf_pfn(more));
	EXPECT_NE(bad, pf_pfn(more + 2 * PF_PAGE));
	/* said once */
	ASSERT_EQ(0, pf_file_write(SCRUB, "1"));
	EXPECT_EQ(before + 1, pf_stat("scrub_mismatches"));
}

TEST_HARNESS_MAIN
