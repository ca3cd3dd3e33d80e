// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's memory runs out while pages are folded, and while all are
 * split: folded memory stays valid, and no byte of it changes.
 */
#include <errno.h>
#include <signal.h>

#include "pagefold_harness.h"

#define CHUNK	64	/* pages */
#define RESERVE	(24UL << 20)	/* what a holder of memory leaves */
#define SHARE	8	/* one of so many parts of memory is folded */

FIXTURE(faults_oom) {
	struct pf_peer hog, writer;
	char *mem;
	size_t n;
	u64 seed;
	long long kills;
};

/* Read without stdio: at the end of memory nothing is allocated for this. */
static long long number_after(const char *path, const char *name)
{
	static char text[65536];
	char *at;

	if (pf_file_read(path, text, sizeof(text)) < 0)
		pf_die("%s", path);
	at = strstr(text, name);
	if (!at)
		pf_die("no %s in %s", name, path);
	return strtoll(at + strlen(name), NULL, 10);
}

static size_t available(void)
{
	return number_after("/proc/meminfo", "MemAvailable:") << 10;
}

static long long oom_kills(void)
{
	return number_after("/proc/vmstat", "oom_kill ");
}

FIXTURE_SETUP(faults_oom)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (number_after("/proc/meminfo", "SwapTotal:"))
		SKIP(return, "with swap this takes too long");
	if (number_after("/proc/meminfo", "MemTotal:") > 2 << 20)
		SKIP(return, "too much memory to use up");
	self->kills = oom_kills();
	self->seed = pf_seed();
	self->n = available() / SHARE / PF_PAGE;
	self->mem = pf_map(self->n);
}

FIXTURE_TEARDOWN(faults_oom)
{
	pf_peer_kill(&self->writer);
	pf_peer_kill(&self->hog);
	pf_end();
}

static void offer_to_killer(void)
{
	if (pf_file_write("/proc/self/oom_score_adj", "1000"))
		pf_die("oom_score_adj");
}

/* Equal pages fill the memory faster than they are folded. */
static int take_all(struct pf_peer *self, void *arg)
{
	u64 seed = pf_seed();
	size_t i;

	offer_to_killer();
	while (available()) {
		char *mem = pf_map(CHUNK);

		for (i = 0; i < CHUNK; i++)
			pf_fill(mem + i * PF_PAGE, seed + i / 2 * 4096);
		seed += CHUNK / 2 * 4096;
	}
	return 0;
}

TEST_F_TIMEOUT(faults_oom, while_folding, 240)
{
	pf_fill_all(self->mem, self->n, self->seed);
	self->hog = pf_peer_start(take_all, NULL);
	EXPECT_EQ(-1, pf_peer_end(&self->hog));
	EXPECT_LT(self->kills, oom_kills());
	EXPECT_TRUE(pf_holds_all(self->mem, self->n, self->seed));
	EXPECT_TRUE(pf_control());
	EXPECT_TRUE(pf_holds_all(self->mem, self->n, self->seed));
}

/* Nearly all memory, in pages that are all different. */
static void take_most(void)
{
	size_t i;

	while (available() > RESERVE) {
		char *mem = pf_map_plain(CHUNK);

		for (i = 0; i < CHUNK; i++)
			*(size_t *)(mem + i * PF_PAGE) = (size_t)mem + i;
	}
}

static int hold_most(struct pf_peer *self, void *arg)
{
	offer_to_killer();
	take_most();
	pf_meet(self);
	pause();
	return 0;
}

static bool all_split(struct _test_data_faults_oom *self)
{
	size_t i;

	for (i = 0; i < self->n; i++)
		if (pf_folded(self->mem + i * PF_PAGE))
			return false;
	return true;
}

static int split_all(struct pf_peer *self, void *arg)
{
	return pf_set("run", "2") ? 1 : 2;
}

/*
 * Who asks for more than there is pays for it: the writer is killed in the
 * middle of the split, rather than one that only holds much.
 */
TEST_F_TIMEOUT(faults_oom, while_splitting, 240)
{
	pf_fill_all(self->mem, self->n, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_get("pages_sharing") >=
				  self->n * 9 / 10));
	self->hog = pf_peer_start(hold_most, NULL);
	pf_meet(&self->hog);
	self->writer = pf_peer_start(split_all, NULL);
	EXPECT_EQ(-1, pf_peer_end(&self->writer));
	EXPECT_LT(self->kills, oom_kills());
	EXPECT_NE(2, pf_get("run"));
	EXPECT_FALSE(all_split(self));
	EXPECT_TRUE(pf_holds_all(self->mem, self->n, self->seed));
	pf_peer_kill(&self->hog);
	ASSERT_EQ(0, pf_set("run", "2"));
	EXPECT_EQ(2, pf_get("run"));
	EXPECT_TRUE(all_split(self));
	EXPECT_TRUE(pf_holds_all(self->mem, self->n, self->seed));
}

TEST_HARNESS_MAIN
