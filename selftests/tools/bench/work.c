// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "work.h"

#define PAGES 20000
#define CONTENTS 1000
#define REQUESTS 10000
#define PAUSE_US 1000
#define READS 32		/* pages that a request reads whole */
#define HOT 100			/* pages of which each request writes one */
#define COLD_WRITES 10		/* one request in so many writes any page */

uint64_t work_sum;

static uint64_t state;

/* The same numbers each time. */
static size_t random_below(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static void read_page(const struct memory *memory, size_t page)
{
	const uint64_t *word = (uint64_t *)(memory->bytes + page * PAGE);
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < PAGE / sizeof(*word); i++)
		sum = (sum << 5 | sum >> 59) + word[i];
	work_sum += sum;
}

static void write_page(const struct memory *memory, size_t page)
{
	*(uint64_t *)(memory->bytes + page * PAGE) = state;
}

static void serve(const struct memory *memory)
{
	int i;

	for (i = 0; i < READS; i++)
		read_page(memory, random_below(memory->length));
	write_page(memory, random_below(HOT));
	if (!random_below(COLD_WRITES))
		write_page(memory, random_below(memory->length));
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now))
		err(1, "clock_gettime");
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

uint64_t work_cpu_ns(void)
{
	struct memory memory = memory_map(PAGES);
	uint64_t start;
	size_t i;

	state = 88172645463325252ULL;
	for (i = 0; i < PAGES; i++)
		memory_fill(&memory, i, i % CONTENTS + 1);
	start = cpu_ns();
	for (i = 0; i < REQUESTS; i++) {
		serve(&memory);
		usleep(PAUSE_US);
	}
	start = cpu_ns() - start;
	memory_end(&memory);
	return start;
}
