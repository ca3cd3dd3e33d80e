// SPDX-License-Identifier: GPL-2.0
/*
 * What a scanner costs, in CPU time of its thread, and what it gives. On a
 * machine whose clock counts instructions (scripts/vm -i) a nanosecond is one
 * instruction.
 *
 * bench pagefold|ksm WORKLOAD [wall]
 * bench pagefold|ksm programs PAGES POSSIBLE: of what was opted in before, by
 * bench opt-in PROGRAM [ARGUMENT...]
 *
 * The scanner is there, and stopped. Prints "figure metric=M value=N" lines;
 * with wall also how long it took.
 */
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "figure.h"
#include "guest.h"
#include "holds.h"
#include "mark.h"
#include "memory.h"
#include "programs.h"
#include "scanner.h"
#include "work.h"

#define POLL_US 2000
#define POLLS_MAX 300000
#define ENOUGH 95		/* percent of what can merge */
#define HOLD_PASSES 5
#define DELAY_LIMIT_MS 60000

static struct memory memory;
static int wall;

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static size_t merged(size_t anonymous_before)
{
	return scanner_merged() + anonymous_before - memory_anonymous();
}

static void wait_merged(size_t wanted)
{
	size_t before = memory_anonymous();
	int polls = 0;

	while (merged(before) < wanted) {
		if (polls++ == POLLS_MAX)
			errx(1, "%zu pages merged, %zu wanted",
			     merged(before), wanted);
		usleep(POLL_US);
	}
}

static void first_merge(void)
{
	uint64_t cpu = scanner_cpu_ns();
	double start = now_ms();

	mark_phase();
	scanner_start();
	wait_merged(memory.mergeable * ENOUGH / 100);
	cpu = scanner_cpu_ns() - cpu;
	mark_phase();
	figure_print("first_merge_insns", (double)cpu / memory.pages);
	if (wall)
		figure_print("first_merge_ms", now_ms() - start);
}

static void rest(void)
{
	uint64_t cpu, passes;

	mark_phase();
	passes = scanner_passes();
	cpu = scanner_cpu_ns();
	scanner_wait_passes(scanner_rest_passes());
	cpu = scanner_cpu_ns() - cpu;
	passes = scanner_passes() - passes;
	mark_phase();
	figure_print("rest_insns", (double)cpu / passes / memory.pages);
}

/* Half of the pages are written between any two passes. */
static void write_and_pass(unsigned int rounds)
{
	while (rounds--) {
		memory_write_half(&memory);
		scanner_wait_passes(1);
	}
}

static void written(void)
{
	uint64_t cpu, passes;

	mark_phase();
	passes = scanner_passes();
	cpu = scanner_cpu_ns();
	write_and_pass(scanner_rest_passes());
	cpu = scanner_cpu_ns() - cpu;
	passes = scanner_passes() - passes;
	mark_phase();
	figure_print("written_insns", (double)cpu / passes / memory.pages);
}

static void saving(size_t before)
{
	size_t now = memory_frames(&memory);

	figure_print("saving_percent", 100.0 * ((double)before - now) /
		     ((double)before - memory.best));
	if (scanner_metadata())
		figure_print("metadata_bytes",
			     (double)scanner_metadata() / memory.pages);
}

/*
 * Two pages, far from each other, become equal and stay so. There is no figure
 * if they do not merge: KSM's smart_scan may look at the one and the other in
 * different passes for ever, and forgets in each pass what it saw in the last.
 */
static void delay(void)
{
	size_t a = memory.length / 3, b = memory.length - 1;
	double start;

	memory_fill(&memory, a, memory.pages * 2);
	memory_fill(&memory, b, memory.pages * 2);
	start = now_ms();
	while (memory_frame(&memory, a) != memory_frame(&memory, b)) {
		if (now_ms() - start > DELAY_LIMIT_MS) {
			warnx("two equal pages did not merge in %d s",
			      DELAY_LIMIT_MS / 1000);
			return;
		}
		usleep(POLL_US);
	}
	figure_print("delay_ms", now_ms() - start);
}

static void run_resting(void (*make)(struct memory *memory))
{
	size_t before;

	make(&memory);
	before = memory_frames(&memory);
	first_merge();
	scanner_wait_passes(scanner_warm_passes());
	rest();
	saving(before);
	delay();
	memory_end(&memory);
}

static void run_half_written(void)
{
	size_t before;

	memory_duplicates(&memory);
	before = memory_frames(&memory);
	scanner_start();
	write_and_pass(scanner_warm_passes());
	written();
	memory_expect_half(&memory);
	saving(before);
	memory_end(&memory);
}

/* Once without the scanner, once with it. */
static void run_program(void)
{
	uint64_t alone = work_cpu_ns(), with;

	scanner_start();
	with = work_cpu_ns();
	figure_print("program_insns", with);
	figure_print("program_pays_percent",
		     100.0 * ((double)with - alone) / alone);
}

static uint64_t longest_hold(const struct holds *holds)
{
	uint64_t ns;

	memory_few(&memory);
	holds_start(holds, scanner_thread());
	scanner_start();
	scanner_wait_passes(HOLD_PASSES);
	scanner_stop();
	ns = holds_longest(holds);
	memory_end(&memory);
	return ns;
}

static void run_holds(void)
{
	figure_print("mmap_lock_ns", longest_hold(&holds_of_mmap_lock));
	figure_print("table_lock_ns", longest_hold(&holds_of_table_lock));
}

static void run(const char *workload)
{
	if (!strcmp(workload, "duplicates"))
		run_resting(memory_duplicates);
	else if (!strcmp(workload, "unique"))
		run_resting(memory_unique);
	else if (!strcmp(workload, "zeroes"))
		run_resting(memory_zeroes);
	else if (!strcmp(workload, "forked"))
		run_resting(memory_forked);
	else if (!strcmp(workload, "kvm"))
		run_resting(guest_duplicates);
	else if (!strcmp(workload, "half-written"))
		run_half_written();
	else if (!strcmp(workload, "program"))
		run_program();
	else if (!strcmp(workload, "holds"))
		run_holds();
	else
		errx(2, "no workload named %s", workload);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "opt-in"))
		programs_opt_in(argv + 2);
	wall = argc == 4 && !strcmp(argv[3], "wall");
	if (argc < 3)
		errx(2, "usage: %s pagefold|ksm WORKLOAD [wall]", *argv);
	scanner_choose(argv[1]);
	if (argc == 5 && !strcmp(argv[2], "programs"))
		programs_measure(strtoul(argv[3], NULL, 10),
				 strtoul(argv[4], NULL, 10));
	else
		run(argv[2]);
	return 0;
}
