// SPDX-License-Identifier: GPL-2.0
/*
 * The scanner never makes a program wait for long: it takes an mmap lock only
 * for reading, and for one page table at a time. Seen from outside, by the
 * kernel's own tracepoints of that lock.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "pagefold_harness.h"

#define TABLES	8		/* page tables filled */
#define ENTRIES	512		/* of a page table */
#define WORK	128		/* entries with work in a hold, as a rule, */
#define MORE	4		/* and so many more at most */
#define EVENTS	PF_TRACEFS "events/"

static const char * const events[] = {
	"mmap_lock/mmap_lock_acquire_returned",
	"mmap_lock/mmap_lock_released",
	"pagefold/pagefold_visited",
};

/* The scanner's thread is named after the module. */
static int scanner_pid(void)
{
	char path[300], comm[32];
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int pid = 0;

	while (proc && !pid && (entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (pf_file_read(path, comm, sizeof(comm)) > 0 &&
		    !strncmp(comm, "pagefold", strlen("pagefold")))
			pid = atoi(entry->d_name);
	}
	if (proc)
		closedir(proc);
	return pid;
}

static int event_set(const char *event, const char *file, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), EVENTS "%s/%s", event, file);
	return pf_file_write(path, value);
}

FIXTURE(mmap_lock) {
	char *mem;
};

FIXTURE_SETUP(mmap_lock)
{
	char filter[64];
	size_t i;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (access(EVENTS "mmap_lock", F_OK))
		SKIP(return, "this kernel does not trace mmap locks");
	/* events of all CPUs in the order in which they happened */
	ASSERT_EQ(0, pf_file_write(PF_TRACEFS "trace_clock", "counter"));
	snprintf(filter, sizeof(filter), "common_pid == %d", scanner_pid());
	for (i = 0; i < ARRAY_SIZE(events); i++)
		ASSERT_EQ(0, event_set(events[i], "filter", filter));
	self->mem = pf_map(TABLES * ENTRIES);
	for (i = 0; i < TABLES * ENTRIES; i++)
		pf_fill(self->mem + i * PF_PAGE, pf_seed());
}

FIXTURE_TEARDOWN(mmap_lock)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		event_set(events[i], "enable", "0");
		event_set(events[i], "filter", "0");
	}
	pf_file_write(PF_TRACEFS "tracing_on", "1");
	pf_file_write(PF_TRACEFS "trace_clock", "local");
	pf_file_write(PF_TRACEFS "trace", "\n");
	pf_end();
}

struct seen {
	unsigned int holds, visits, entries;
	unsigned int for_writing, long_holds;
	unsigned int work;		/* the most in one hold */
	bool held;
	unsigned int visits_in_hold;
};

/* One visit: what it says about how long the lock was held. */
static void take_in_visit(struct seen *seen, const char *line)
{
	unsigned int visited, written, settled;

	if (sscanf(line, "visited=%u written=%u settled=%u", &visited,
		   &written, &settled) != 3)
		return;
	seen->visits++;
	seen->visits_in_hold++;
	seen->entries += visited;
	seen->long_holds += visited > ENTRIES || seen->visits_in_hold > 1;
	if (written + settled > seen->work)
		seen->work = written + settled;
}

/* One line of the trace. */
static void take_in(struct seen *seen, const char *line)
{
	const char *at = strstr(line, "visited=");

	if (strstr(line, "mmap_lock_acquire_returned:")) {
		seen->held = strstr(line, "success=true");
		seen->for_writing += !!strstr(line, "write=true");
		seen->holds += seen->held;
		seen->visits_in_hold = 0;
	} else if (strstr(line, "mmap_lock_released:")) {
		seen->held = false;
	} else if (at) {
		take_in_visit(seen, at);
	}
}

/* What happens in so many passes. */
static void look(struct __test_metadata *_metadata, struct seen *seen,
		 unsigned int passes)
{
	char line[1024];
	FILE *trace;
	size_t i;

	*seen = (struct seen){};
	for (i = 0; i < ARRAY_SIZE(events); i++)
		ASSERT_EQ(0, event_set(events[i], "enable", "1"));
	/* all kinds of events from here on, and none after that */
	ASSERT_EQ(0, pf_file_write(PF_TRACEFS "trace", "\n"));
	pf_passes(passes);
	ASSERT_EQ(0, pf_file_write(PF_TRACEFS "tracing_on", "0"));

	trace = fopen(PF_TRACEFS "trace", "r");
	ASSERT_NE(NULL, trace);
	while (fgets(line, sizeof(line), trace))
		if (line[0] != '#')
			take_in(seen, line);
	fclose(trace);
	TH_LOG("%u holds, %u visits, %u entries, at most %u with work",
	       seen->holds, seen->visits, seen->entries, seen->work);
}

TEST_F(mmap_lock, one_page_table_at_a_time)
{
	struct seen seen;

	look(_metadata, &seen, 3);
	EXPECT_EQ(0, seen.for_writing);
	EXPECT_EQ(0, seen.long_holds);
	/* all of the memory was visited, so there was something to hold for */
	EXPECT_LE(3 * TABLES * ENTRIES, seen.entries);
	EXPECT_LE(seen.entries / ENTRIES, seen.holds);
}

/* Much to do in a page table: the locks are dropped in between. */
TEST_F(mmap_lock, less_with_work)
{
	struct seen seen;
	size_t i;

	ASSERT_TRUE(pf_control());
	ASSERT_EQ(0, pf_set("run", "0"));
	for (i = 0; i < TABLES * ENTRIES; i++)
		self->mem[i * PF_PAGE]++;
	/* who waits for passes lets it go on */
	look(_metadata, &seen, 40);
	EXPECT_EQ(0, seen.long_holds);
	EXPECT_LE(WORK, seen.work);
	EXPECT_GE(WORK + MORE, seen.work);
	/* each pass gets to the end of each page table */
	EXPECT_LE(40 * TABLES * ENTRIES, seen.entries);
}

/* A program that has the lock does not wait, nor is it waited for. */
TEST_F(mmap_lock, program_may_hold_it)
{
	int i;

	for (i = 0; i < 2000; i++) {
		ASSERT_EQ(0, mprotect(self->mem, PF_PAGE, PROT_READ));
		ASSERT_EQ(0, mprotect(self->mem, PF_PAGE,
				      PROT_READ | PROT_WRITE));
		self->mem[0]++;
	}
	ASSERT_TRUE(pf_control());
}

TEST_HARNESS_MAIN
