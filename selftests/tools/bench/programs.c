// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "figure.h"
#include "programs.h"
#include "scanner.h"

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#endif

#define POLL_US 20000
#define SAMPLES_MAX 100000
#define ENOUGH 95		/* percent of what merged in the end */
/* It is over when little more merged in so many passes. */
#define QUIET_PASSES 12
#define LITTLE 400		/* one part of so many */

struct sample {
	uint64_t cpu_ns;
	uint64_t saved;
};

static struct sample samples[SAMPLES_MAX];

void programs_opt_in(char **argv)
{
	if (prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0))
		err(4, "PR_SET_MEMORY_MERGE");
	execvp(*argv, argv);
	err(1, "%s", *argv);
}

/* Take samples until nothing new merges. Return: how many. */
static unsigned int watch(uint64_t cpu)
{
	uint64_t best = 0, since = scanner_passes();
	unsigned int n = 0;

	while (scanner_passes() < since + QUIET_PASSES) {
		if (n == SAMPLES_MAX)
			errx(1, "pages go on merging");
		samples[n].cpu_ns = scanner_cpu_ns() - cpu;
		samples[n].saved = scanner_saved();
		if (samples[n].saved > best + best / LITTLE) {
			best = samples[n].saved;
			since = scanner_passes();
		}
		n++;
		usleep(POLL_US);
	}
	return n;
}

static uint64_t cpu_of_first_merge(unsigned int n)
{
	uint64_t enough = scanner_saved() * ENOUGH / 100;
	unsigned int i;

	for (i = 0; i < n - 1 && samples[i].saved < enough; i++)
		;
	return samples[i].cpu_ns;
}

void programs_measure(size_t pages, size_t possible)
{
	uint64_t cpu = scanner_cpu_ns(), passes;
	unsigned int n;

	scanner_start();
	n = watch(cpu);
	figure_print("first_merge_insns",
		     (double)cpu_of_first_merge(n) / pages);
	figure_print("saving_percent", 100.0 * scanner_saved() / possible);
	figure_print("metadata_bytes", (double)scanner_metadata() / pages);
	passes = scanner_passes();
	cpu = scanner_cpu_ns();
	scanner_wait_passes(scanner_rest_passes());
	figure_print("rest_insns", (double)(scanner_cpu_ns() - cpu) /
		     (scanner_passes() - passes) / pages);
}
