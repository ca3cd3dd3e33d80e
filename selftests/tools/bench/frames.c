// SPDX-License-Identifier: GPL-2.0
/*
 * What the memory really takes, by page frame number, whoever merged it.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "memory.h"

#define PAGEMAP_FRAME 0x007fffffffffffffULL
#define PAGEMAP_PRESENT 0x8000000000000000ULL

size_t memory_anonymous(void)
{
	unsigned long resident, shared;
	FILE *file = fopen("/proc/self/statm", "r");

	if (!file || fscanf(file, "%*u %lu %lu", &resident, &shared) != 2)
		errx(1, "/proc/self/statm");
	fclose(file);
	return resident - shared;
}

/* Entries of @n pages from @page on. */
static void read_pagemap(const struct memory *memory, pid_t pid, size_t page,
			 size_t n, uint64_t *entries)
{
	uintptr_t first = (uintptr_t)memory->bytes / PAGE + page;
	ssize_t size = n * sizeof(*entries);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || pread(fd, entries, size, first * sizeof(*entries)) != size)
		err(1, "%s", path);
	close(fd);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static size_t count_distinct(uint64_t *entries, size_t n)
{
	size_t i, distinct = 0;

	for (i = 0; i < n; i++)
		entries[i] = entries[i] & PAGEMAP_PRESENT ?
			     entries[i] & PAGEMAP_FRAME : 0;
	qsort(entries, n, sizeof(*entries), compare);
	for (i = 0; i < n; i++)
		distinct += entries[i] && (!i || entries[i] != entries[i - 1]);
	return distinct;
}

size_t memory_frames(const struct memory *memory)
{
	uint64_t *entries = calloc(memory->pages, sizeof(*entries));
	size_t distinct;
	unsigned int i;

	if (!entries)
		err(1, "calloc");
	read_pagemap(memory, getpid(), 0, memory->length, entries);
	for (i = 0; i < memory->children; i++)
		read_pagemap(memory, memory->child[i], 0, memory->length,
			     entries + (i + 1) * memory->length);
	distinct = count_distinct(entries, memory->pages);
	free(entries);
	return distinct;
}

unsigned long memory_frame(const struct memory *memory, size_t page)
{
	uint64_t entry;

	read_pagemap(memory, getpid(), page, 1, &entry);
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_FRAME : 0;
}
