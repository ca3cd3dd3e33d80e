// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner.h"

#define POLL_US 1000
#define POLLS_MAX 600000	/* ten minutes without a pass */

struct scanner {
	const char *name;
	const char *folder;
	const char *thread;
};

static const struct scanner scanners[] = {
	{ "pagefold", "/sys/kernel/mm/pagefold", "pagefold" },
	{ "ksm", "/sys/kernel/mm/ksm", "ksmd" },
};

static const struct scanner *scanner;
static int thread;

static FILE *open_file(const char *folder, const char *name, const char *mode)
{
	char path[400];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, mode);
	if (!file)
		err(1, "%s", path);
	return file;
}

static uint64_t read_number(const char *folder, const char *name)
{
	FILE *file = open_file(folder, name, "r");
	unsigned long long number;

	if (fscanf(file, "%llu", &number) != 1)
		errx(1, "%s/%s: no number", folder, name);
	fclose(file);
	return number;
}

static void set_run(const char *value)
{
	FILE *file = open_file(scanner->folder, "run", "w");

	fputs(value, file);
	if (fclose(file))
		err(1, "%s/run", scanner->folder);
}

static int is_thread(const char *pid, const char *name)
{
	char folder[280], comm[64] = "";
	FILE *file;

	snprintf(folder, sizeof(folder), "/proc/%s", pid);
	file = open_file(folder, "comm", "r");
	if (fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = 0;
	fclose(file);
	return !strcmp(comm, name);
}

static int find_thread(const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int pid = 0;

	if (!proc)
		err(1, "/proc");
	while (!pid && (entry = readdir(proc)))
		if (atoi(entry->d_name) && is_thread(entry->d_name, name))
			pid = atoi(entry->d_name);
	closedir(proc);
	if (!pid)
		errx(1, "no thread named %s", name);
	return pid;
}

void scanner_choose(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(scanners) / sizeof(*scanners); i++)
		if (!strcmp(name, scanners[i].name))
			scanner = &scanners[i];
	if (!scanner)
		errx(2, "no scanner named %s", name);
	thread = find_thread(scanner->thread);
}

int scanner_is_pagefold(void)
{
	return scanner == &scanners[0];
}

void scanner_start(void)
{
	set_run("1");
}

void scanner_stop(void)
{
	set_run("0");
}

int scanner_thread(void)
{
	return thread;
}

uint64_t scanner_cpu_ns(void)
{
	char folder[32];

	snprintf(folder, sizeof(folder), "/proc/%d", thread);
	return read_number(folder, "schedstat");
}

static uint64_t scanner_file(const char *name)
{
	return read_number(scanner->folder, name);
}

uint64_t scanner_passes(void)
{
	return scanner_file("full_scans");
}

/*
 * pagefold is asked for each pass by itself, so that it is at rest when this
 * returns. ksmd with sleep_millisecs 0 needs no asking and never rests.
 */
static void wait_pass(void)
{
	uint64_t before = scanner_passes();
	int polls = 0;

	if (scanner_is_pagefold())
		scanner_start();
	while (scanner_passes() == before) {
		if (polls++ == POLLS_MAX)
			errx(1, "%s makes no passes", scanner->name);
		usleep(POLL_US);
	}
}

void scanner_wait_passes(unsigned int n)
{
	while (n--)
		wait_pass();
}

/*
 * KSM's smart_scan looks at a page in one pass of nine at the rarest, from the
 * ninth on; without it each pass costs the same. pagefold looks at a hot page
 * in one of 32, from the sixth time on that it was found written.
 */
static int is_smart(void)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/smart_scan", scanner->folder);
	return !access(path, F_OK);
}

unsigned int scanner_warm_passes(void)
{
	return scanner_is_pagefold() || is_smart() ? 12 : 3;
}

unsigned int scanner_rest_passes(void)
{
	if (scanner_is_pagefold())
		return 64;
	return is_smart() ? 9 : 3;
}

uint64_t scanner_saved(void)
{
	return scanner_file("pages_sharing") +
	       scanner_file(scanner_is_pagefold() ? "zero_pages" :
						    "ksm_zero_pages");
}

uint64_t scanner_merged(void)
{
	return scanner_file("pages_shared") + scanner_file("pages_sharing");
}

static uint64_t stat_named(const char *wanted)
{
	FILE *file = open_file("/sys/kernel/debug/pagefold", "stats", "r");
	unsigned long long value, found = 0;
	char name[64];

	while (fscanf(file, "%63s %llu", name, &value) == 2)
		if (!strcmp(name, wanted))
			found = value;
	fclose(file);
	return found;
}

/* Slabs whole: what is free in them serves nobody else (slab_nomerge). */
static uint64_t slab_bytes(const char *prefix)
{
	FILE *file = open_file("/proc", "slabinfo", "r");
	unsigned long long pages, slabs, bytes = 0;
	char line[400];

	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, prefix, strlen(prefix)))
			continue;
		if (sscanf(line, "%*s %*u %*u %*u %*u %llu %*s %*s %*u %*u %*u %*s %*s %*u %llu",
			   &pages, &slabs) == 2)
			bytes += pages * slabs * 4096;
	}
	fclose(file);
	return bytes;
}

uint64_t scanner_metadata(void)
{
	if (scanner_is_pagefold())
		return stat_named("bytes_metadata");
	return slab_bytes("ksm_");
}
