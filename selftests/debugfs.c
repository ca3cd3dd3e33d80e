// SPDX-License-Identifier: GPL-2.0
/* Every file in /sys/kernel/debug/pagefold, and the tracepoints. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "pagefold_harness.h"

#define NR	16
#define TEXT	65536

FIXTURE(debugfs) {
	char *mem;
	u64 seed;
	char *text;
};

FIXTURE_SETUP(debugfs)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (access(PF_DEBUGFS, F_OK))
		SKIP(return, "debugfs is not mounted");
	self->text = malloc(TEXT);
	self->seed = pf_seed();
	self->mem = pf_twins(NR, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
}

FIXTURE_TEARDOWN(debugfs)
{
	pf_end();
}

static void check_file(struct __test_metadata *_metadata,
		       struct _test_data_debugfs *self, const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), PF_DEBUGFS "%s", name);
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(S_IFREG | 0400, st.st_mode);
	ASSERT_LT(0, pf_file_read(path, self->text, TEXT));
	EXPECT_GT(0, pf_file_write(path, "0"));
}

TEST_F(debugfs, stats_lists_every_counter)
{
	static const char * const names[] = {
		"passes", "visited", "settled", "fingerprinted", "folded",
		"folded_zero", "frames_live", "frames_made", "frames_pruned",
		"frames_adopted", "frames_lonely", "unshared", "pinned",
		"changed", "refused", "lock_busy", "mmap_busy", "written",
		"hot_skipped", "huge_split", "nomem", "swept", "dropped",
		"cpu_ns", "cpu_ns_walk", "cpu_ns_fingerprint", "cpu_ns_fold",
		"cpu_ns_sweep", "scrub_rounds", "scrub_read",
		"scrub_mismatches", "bytes_saved", "bytes_metadata",
	};
	char *line, *next, name[64], rest;
	long long value;
	int fields;
	size_t i;

	check_file(_metadata, self, "stats");
	for (line = self->text; *line; line = next) {
		next = strchr(line, '\n');
		ASSERT_NE(NULL, next);
		*next++ = '\0';
		fields = sscanf(line, "%63s %lld%c", name, &value, &rest);
		EXPECT_EQ(2, fields) {
			TH_LOG("the line '%s'", line);
		}
	}
	for (i = 0; i < ARRAY_SIZE(names); i++)
		pf_stat(names[i]);
}

/* The figures that can be known here, against the state of the pages. */
TEST_F(debugfs, stats_count)
{
	long long folded = pf_stat("folded");
	long long written = pf_stat("written");
	long long live = pf_stat("frames_live");
	char *more = pf_map(2 * NR);
	size_t i;

	EXPECT_LE(NR, folded);
	EXPECT_LE(1, live);
	for (i = 0; i < 2 * NR; i++)
		pf_fill(more + i * PF_PAGE, self->seed + 1000 + i / 2);
	ASSERT_TRUE(pf_wait_until(pf_distinct(more, 2 * NR) == NR));
	EXPECT_LE(folded + 2 * NR, pf_stat("folded"));
	EXPECT_LE(written + 2 * NR, pf_stat("written"));
	EXPECT_LE(live + NR, pf_stat("frames_live"));
	EXPECT_LE(pf_stat("frames_live") + pf_stat("frames_pruned"),
		  pf_stat("frames_made") + pf_stat("frames_adopted"));
	EXPECT_LT(0, pf_stat("cpu_ns"));
	EXPECT_LE((2 * NR - 1) * (long long)PF_PAGE, pf_stat("bytes_saved"));
	EXPECT_LT(0, pf_stat("bytes_metadata"));
}

/* At rest nothing is read again: one fingerprint in a page's life. */
TEST_F(debugfs, one_fingerprint_a_page)
{
	char *lone = pf_map(NR);
	long long before;
	size_t i;

	/* A page is not to be read while it is half written. */
	ASSERT_EQ(0, pf_set("run", "0"));
	for (i = 0; i < NR; i++)
		pf_fill(lone + i * PF_PAGE, pf_seed());
	before = pf_stat("fingerprinted");
	ASSERT_EQ(0, pf_set("run", "1"));
	/* In a frame that was hot a page may wait for long. */
	ASSERT_TRUE(pf_wait_until(pf_stat("fingerprinted") >=
				  before + NR));
	pf_passes(40);
	/* or twice, if somebody else had it locked between reading and settling */
	EXPECT_GE(before + NR + NR / 4, pf_stat("fingerprinted"));
}

TEST_F(debugfs, latency)
{
	unsigned long long below, count;
	char *line, name[64];
	int fields;

	check_file(_metadata, self, "latency");
	for (line = strtok(self->text, "\n"); line; line = strtok(NULL, "\n")) {
		fields = sscanf(line, "%63s below_ns %llu count %llu", name,
				&below, &count);
		EXPECT_EQ(3, fields) {
			TH_LOG("the line '%s'", line);
		}
		EXPECT_LT(0, count);
		/* powers of two */
		EXPECT_EQ(0, below & (below - 1));
	}
}

/* This process is listed with just what its page table shows. */
TEST_F(debugfs, processes)
{
	unsigned long folded, saved;
	char want[16], *line, comm[64];
	int pid, fields, found = 0;

	check_file(_metadata, self, "processes");
	snprintf(want, sizeof(want), "%d ", getpid());
	for (line = strtok(self->text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strncmp(line, want, strlen(want)))
			continue;
		found++;
		fields = sscanf(line, "%d %63s %lu %lu", &pid, comm, &folded,
				&saved);
		ASSERT_EQ(4, fields);
		EXPECT_EQ(NR, folded);
		EXPECT_LT(0, saved);
		EXPECT_GE(NR * PF_PAGE / 1024, saved);
	}
	EXPECT_EQ(1, found);
}

static void trace(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), PF_TRACEFS "%s", file);
	if (pf_file_write(path, text))
		pf_die("%s", path);
}

TEST_F(debugfs, tracepoints)
{
	static char text[1 << 20];
	char want[64];
	char *mem = pf_map(2);

	if (access(PF_TRACEFS "events/pagefold/enable", W_OK))
		SKIP(return, "no tracepoints here");
	trace("trace", "\n");
	trace("events/pagefold/enable", "1");
	pf_fill_all(mem, 2, pf_seed());
	EXPECT_TRUE(pf_wait_until(pf_share(mem, 2)));
	trace("events/pagefold/enable", "0");
	ASSERT_LT(0, pf_file_read(PF_TRACEFS "trace", text, sizeof(text)));
	/* the frame that stands behind the two pages now was spoken of */
	snprintf(want, sizeof(want), "frame=%llu ", pf_pfn(mem));
	EXPECT_NE(NULL, strstr(text, want));
	EXPECT_NE(NULL, strstr(text, "pagefold_folded: "));
	EXPECT_NE(NULL, strstr(text, "pagefold_pass: "));
	trace("trace", "\n");
}

TEST_HARNESS_MAIN
