// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "holds.h"

#define TRACEFS "/sys/kernel/tracing/"
#define BUFFER_KB "131072"
#define DEPTH_MAX 32

const struct holds holds_of_mmap_lock = {
	.tracer = "nop",
	.setup = { "events/mmap_lock/enable", "1" },
	.pid_file = "set_event_pid",
	.taken = "mmap_lock_acquire_returned:",
	.given = "mmap_lock_released:",
};

/*
 * Functions of the kernel, and of pagefold, that return with a page table lock
 * held or take it themselves: the kernels differ in which they have.
 */
static const char *const table_takers[] = {
	"__pte_offset_map_lock", "pte_offset_map_lock", "map_pte",
	"page_vma_mapped_walk", "follow_page", "folio_walk_start",
	"ksm_next_page_pmd_entry", "replace_page", "write_protect_page",
	"try_to_merge_one_page", "visit_", NULL,
};

const struct holds holds_of_table_lock = {
	.tracer = "function",
	.setup = { "set_ftrace_filter",
		   "_raw_spin_lock _raw_spin_trylock _raw_spin_unlock" },
	.pid_file = "set_ftrace_pid",
	.taken = "_raw_spin_lock",
	.tried = "_raw_spin_trylock",
	.given = "_raw_spin_unlock",
	.takers = table_takers,
};

struct hold {
	uint64_t since;
	int meant;
};

static void set(const char *name, const char *value)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), TRACEFS "%s", name);
	file = fopen(path, "w");
	if (!file || fputs(value, file) < 0 || fclose(file))
		err(1, "%s", path);
}

void holds_start(const struct holds *holds, int thread)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", thread);
	set("tracing_on", "0");
	set("trace_clock", "x86-tsc");
	set("buffer_size_kb", BUFFER_KB);
	set(holds->pid_file, pid);
	set(holds->setup[0], holds->setup[1]);
	set("current_tracer", holds->tracer);
	set("trace", "");
	set("tracing_on", "1");
}

static int is_meant(const struct holds *holds, const char *taker)
{
	const char *const *name;

	for (name = holds->takers; name && *name; name++)
		if (!strncmp(taker, *name, strlen(*name)))
			return 1;
	return !holds->takers;
}

static int is_taken(const struct holds *holds, const char *what)
{
	return !strcmp(what, holds->taken) ||
	       (holds->tried && !strcmp(what, holds->tried));
}

/*
 * One line of the trace. Locks are given back in the reverse order; what does
 * not fit into that was taken before the trace began.
 */
static uint64_t look_at(const struct holds *holds, const char *line,
			struct hold *stack, int *depth)
{
	char what[64], rest[64] = "";
	unsigned long long now;
	const char *text = strchr(line, ']');
	struct hold *top;

	if (!text || sscanf(text, "] %*s %llu: %63s %63s", &now, what,
			    rest) < 2 || strstr(text, "success=false"))
		return 0;
	if (is_taken(holds, what) && *depth < DEPTH_MAX) {
		stack[*depth].meant = is_meant(holds, rest + 2);
		stack[(*depth)++].since = now;
	} else if (!strcmp(what, holds->given) && *depth) {
		top = &stack[--*depth];
		return top->meant ? now - top->since : 0;
	}
	return 0;
}

uint64_t holds_longest(const struct holds *holds)
{
	uint64_t ns, longest = 0;
	struct hold stack[DEPTH_MAX];
	char line[400];
	int depth = 0;
	FILE *trace;

	set("tracing_on", "0");
	trace = fopen(TRACEFS "trace", "r");
	if (!trace)
		err(1, TRACEFS "trace");
	while (fgets(line, sizeof(line), trace)) {
		ns = look_at(holds, line, stack, &depth);
		if (ns > longest)
			longest = ns;
	}
	fclose(trace);
	set("current_tracer", "nop");
	if (!longest)
		errx(1, "no lock was seen");
	return longest;
}
