// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "twins.h"

#define PAGE ((size_t)4096)
/* The most that is copied of one mapping, of one process, and kept in all. */
#define MOST_OF_MAPPING	((size_t)1024)
#define MOST_OF_PROCESS ((size_t)4096)
#define MOST_KEPT	((size_t)16384)

/* Entries of pagemap and of kpageflags, Documentation/admin-guide/mm. */
#define ENTRY_PRESENT	0x8000000000000000ULL
#define ENTRY_FILE	0x2000000000000000ULL
#define ENTRY_UFFD	0x0200000000000000ULL
#define ENTRY_PFN	0x007fffffffffffffULL
#define FLAG_HUGE	0x0020000ULL
#define FLAG_THP	0x0400000ULL
#define FLAG_ZERO_PAGE	0x1000000ULL

struct page {
	unsigned long at;	/* its address in the process */
	char mapped;		/* in a mapping that the test made */
	char zero;		/* all zeros: needs no twin */
};

/* Memory of page i of the list has its twin at copies + i * PAGE. */
struct twins {
	struct twins *next;
	int pagemap;		/* of the process */
	size_t count;
	char *copies;
	struct page pages[MOST_OF_PROCESS];
};

/* The files of one process that are read. */
struct source {
	FILE *maps;
	int memory;
	int pagemap;
};

static uint64_t read_entry(int fd, unsigned long index)
{
	uint64_t entry;

	if (pread(fd, &entry, sizeof(entry), index * sizeof(entry)) !=
	    sizeof(entry))
		return 0;
	return entry;
}

static uint64_t page_flags(uint64_t pfn)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	return read_entry(fd, pfn);
}

/*
 * A page of its own that the process has, and no part of a huge one. What is
 * protected by userfaultfd is not folded, and to read it could be to wait for
 * the test, which waits for us.
 */
static int is_plain(uint64_t entry)
{
	if (!(entry & ENTRY_PRESENT) || (entry & (ENTRY_FILE | ENTRY_UFFD)))
		return 0;
	return !(page_flags(entry & ENTRY_PFN) &
		 (FLAG_HUGE | FLAG_THP | FLAG_ZERO_PAGE));
}

static int is_zero(const char *copy)
{
	return !copy[0] && !memcmp(copy, copy + 1, PAGE - 1);
}

static void copy_page(struct twins *twins, const struct source *from,
		      unsigned long at, int mapped)
{
	char *copy = twins->copies + twins->count * PAGE;
	struct page *page = &twins->pages[twins->count];

	if (pread(from->memory, copy, PAGE, at) != (ssize_t)PAGE)
		return;
	page->at = at;
	page->mapped = mapped;
	page->zero = is_zero(copy);
	twins->count++;
}

static void copy_mapping(struct twins *twins, const struct source *from,
			 unsigned long start, unsigned long end, int mapped)
{
	size_t most = twins->count + MOST_OF_MAPPING;
	unsigned long at;

	if (most > MOST_OF_PROCESS)
		most = MOST_OF_PROCESS;
	for (at = start; at < end && twins->count < most; at += PAGE)
		if (is_plain(read_entry(from->pagemap, at / PAGE)))
			copy_page(twins, from, at, mapped);
}

/* A line of maps; a mapping without a name has an empty one. */
struct mapping {
	unsigned long start, end;
	char shared;
	char name[256];
};

static int read_mapping(FILE *maps, struct mapping *to)
{
	char line[4096];

	to->name[0] = '\0';
	return fgets(line, sizeof(line), maps) &&
	       sscanf(line, "%lx-%lx %*c%*c%*c%c %*x %*s %*u %255s",
		      &to->start, &to->end, &to->shared, to->name) >= 3;
}

/*
 * Part of the program: heap, stack, its file, which is mapped lowest, and what
 * of its data is not in that file.
 */
static int is_of_program(const struct mapping *mapping, char *file,
			 unsigned long *end)
{
	if (!file[0])
		memcpy(file, mapping->name, sizeof(mapping->name));
	if (mapping->name[0] == '[')
		return 1;
	if (strcmp(mapping->name, file) &&
	    (mapping->name[0] || mapping->start != *end))
		return 0;
	*end = mapping->end;
	return 1;
}

/* The kernel's own mappings, [vdso] and the like, are no memory. */
static void copy_all(struct twins *twins, const struct source *from)
{
	struct mapping mapping;
	char program[256] = "";
	unsigned long end = 0;
	int own;

	while (read_mapping(from->maps, &mapping)) {
		own = !is_of_program(&mapping, program, &end);
		if (mapping.shared == 'p' && strncmp(mapping.name, "[v", 2))
			copy_mapping(twins, from, mapping.start, mapping.end,
				     own);
	}
}

static int open_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void close_source(struct source *from)
{
	if (from->maps)
		fclose(from->maps);
	if (from->memory >= 0)
		close(from->memory);
}

static int open_source(struct source *from, pid_t pid)
{
	int maps = open_file(pid, "maps");

	from->maps = maps < 0 ? NULL : fdopen(maps, "r");
	from->memory = open_file(pid, "mem");
	from->pagemap = open_file(pid, "pagemap");
	return from->maps && from->memory >= 0 && from->pagemap >= 0;
}

static void twins_free(struct twins *twins)
{
	if (twins->copies != MAP_FAILED)
		munmap(twins->copies, MOST_OF_PROCESS * PAGE);
	if (twins->pagemap >= 0)
		close(twins->pagemap);
	munmap(twins, sizeof(*twins));
}

static void *map(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* What belongs to no page gives its memory back. */
static struct twins *twins_alloc(void)
{
	struct twins *twins = map(sizeof(*twins));

	if (twins == MAP_FAILED)
		return NULL;
	twins->copies = map(MOST_OF_PROCESS * PAGE);
	if (twins->copies == MAP_FAILED) {
		munmap(twins, sizeof(*twins));
		return NULL;
	}
	madvise(twins->copies, MOST_OF_PROCESS * PAGE, MADV_NOHUGEPAGE);
	madvise(twins, sizeof(*twins), MADV_NOHUGEPAGE);
	return twins;
}

struct twins *twins_make(pid_t pid)
{
	struct twins *twins = twins_alloc();
	struct source from;

	if (!twins)
		return NULL;
	if (open_source(&from, pid))
		copy_all(twins, &from);
	twins->pagemap = from.pagemap;
	close_source(&from);
	if (twins->count)
		return twins;
	twins_free(twins);
	return NULL;
}

static int is_folded(const struct page *page, uint64_t theirs, uint64_t ours)
{
	if (!(theirs & ENTRY_PRESENT))
		return 0;
	if (page->zero)
		return !!(page_flags(theirs & ENTRY_PFN) & FLAG_ZERO_PAGE);
	return (theirs & ENTRY_PFN) == (ours & ENTRY_PFN);
}

size_t twins_count(const struct twins *twins, size_t *mapped)
{
	static int self = -1;
	unsigned long copy;
	size_t i, folded = 0;

	if (self < 0)
		self = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	*mapped = 0;
	for (i = 0; i < twins->count; i++) {
		copy = (unsigned long)twins->copies + i * PAGE;
		if (!is_folded(&twins->pages[i],
			       read_entry(twins->pagemap, twins->pages[i].at / PAGE),
			       read_entry(self, copy / PAGE)))
			continue;
		folded++;
		*mapped += twins->pages[i].mapped;
	}
	return folded;
}

size_t twins_pages(const struct twins *twins)
{
	return twins->count;
}

void twins_keep(struct twins *twins)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct twins *oldest, **youngest = &oldest;
	static size_t kept;
	struct twins *old;

	if (!twins)
		return;
	close(twins->pagemap);
	twins->pagemap = -1;
	pthread_mutex_lock(&lock);
	twins->next = NULL;
	*youngest = twins;
	youngest = &twins->next;
	kept += twins->count;
	while (kept > MOST_KEPT && oldest != twins) {
		old = oldest;
		oldest = old->next;
		kept -= old->count;
		twins_free(old);
	}
	pthread_mutex_unlock(&lock);
}
