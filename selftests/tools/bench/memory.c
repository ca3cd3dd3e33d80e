// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"

#define PAGES 80000
#define CONTENTS 2000
/* So few that what they are traced doing can be kept. */
#define FEW (2 * CONTENTS)
/* Of the unique pages one in so many has an equal one: see memory_unique(). */
#define CONTROL 100
/* Of the zero-heavy pages one in so many is not zero. */
#define NOT_ZERO 10
/* The children of the tree write one page in so many. */
#define WRITTEN 10

struct memory memory_map(size_t pages)
{
	struct memory memory = { .length = pages, .pages = pages };

	memory.bytes = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory.bytes == MAP_FAILED)
		err(1, "mmap");
	madvise(memory.bytes, pages * PAGE, MADV_NOHUGEPAGE);
	if (madvise(memory.bytes, pages * PAGE, MADV_MERGEABLE))
		err(1, "MADV_MERGEABLE");
	return memory;
}

/*
 * Noise: a comparison of two different pages ends at their first word, which
 * is the best that can happen to who compares pages.
 */
void memory_fill(const struct memory *memory, size_t page, size_t content)
{
	uint64_t *word = (uint64_t *)(memory->bytes + page * PAGE);
	uint64_t state = content * 0x9e3779b97f4a7c15ULL;
	size_t i;

	for (i = 0; i < PAGE / sizeof(*word); i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		word[i] = state;
	}
}

void memory_end(const struct memory *memory)
{
	unsigned int i;

	for (i = 0; i < memory->children; i++) {
		kill(memory->child[i], SIGKILL);
		waitpid(memory->child[i], NULL, 0);
	}
	munmap(memory->bytes, memory->length * PAGE);
}

static void make_duplicates(struct memory *memory, size_t pages)
{
	size_t i;

	*memory = memory_map(pages);
	for (i = 0; i < pages; i++)
		memory_fill(memory, i, i % CONTENTS + 1);
	memory->mergeable = pages;
	memory->best = CONTENTS;
}

void memory_duplicates(struct memory *memory)
{
	make_duplicates(memory, PAGES);
}

void memory_few(struct memory *memory)
{
	make_duplicates(memory, FEW);
}

/*
 * One page in CONTROL of the first half has its equal in the second half. When
 * those have merged the scanner has got so far; nothing else would show it.
 */
void memory_unique(struct memory *memory)
{
	size_t i, half = PAGES / 2;

	*memory = memory_map(PAGES);
	for (i = 0; i < half; i++) {
		memory_fill(memory, i, i + 1);
		memory_fill(memory, half + i,
			    i % CONTROL ? half + i + 1 : i + 1);
	}
	memory->mergeable = PAGES / CONTROL;
	memory->best = PAGES - half / CONTROL;
}

void memory_zeroes(struct memory *memory)
{
	size_t i;

	*memory = memory_map(PAGES);
	for (i = 0; i < PAGES; i++)
		memory_fill(memory, i, i % NOT_ZERO ? 0 : i + 1);
	memory->mergeable = PAGES - PAGES / NOT_ZERO;
	memory->best = PAGES / NOT_ZERO + 1;
}

/* Writes its part of the pages, says so, and waits for its end. */
static void be_child(const struct memory *memory, int done)
{
	size_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < memory->length; i += WRITTEN)
		memory_fill(memory, i, memory->length + i + 1);
	if (write(done, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void make_child(struct memory *memory)
{
	int done[2];
	char byte;

	if (pipe(done))
		err(1, "pipe");
	memory->child[memory->children] = fork();
	if (memory->child[memory->children] < 0)
		err(1, "fork");
	if (!memory->child[memory->children])
		be_child(memory, done[1]);
	memory->children++;
	close(done[1]);
	if (read(done[0], &byte, 1) != 1)
		errx(1, "a child died");
	close(done[0]);
}

/*
 * A parent and its children: what each child wrote is the same in all of them,
 * the rest they share since the fork.
 */
void memory_forked(struct memory *memory)
{
	size_t i, written;

	*memory = memory_map(PAGES / (CHILDREN_MAX + 1));
	for (i = 0; i < memory->length; i++)
		memory_fill(memory, i, i + 1);
	while (memory->children < CHILDREN_MAX)
		make_child(memory);
	written = (memory->length + WRITTEN - 1) / WRITTEN;
	memory->pages = memory->length * (CHILDREN_MAX + 1);
	memory->mergeable = written * CHILDREN_MAX;
	memory->best = memory->length + written;
}

void memory_write_half(const struct memory *memory)
{
	static uint64_t round;
	uint64_t *word;
	size_t i;

	round++;
	for (i = 0; i < memory->length; i += 2) {
		word = (uint64_t *)(memory->bytes + i * PAGE);
		*word = round << 32 | i;
	}
}

void memory_expect_half(struct memory *memory)
{
	memory->mergeable = memory->length / 2;
	memory->best = memory->length / 2 + CONTENTS / 2;
}
