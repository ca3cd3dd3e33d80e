// SPDX-License-Identifier: GPL-2.0
/* The torture test: the verdict, a line for each kind of check. */
#include "torture.h"

#define TRIES	100	/* of 0.1 s, until no frame is left */

static const char * const names[CHECKS] = {
	[CHECK_OWN] = "pages hold what their process wrote",
	[CHECK_CHILD] = "children hold what they inherited and wrote",
	[CHECK_FOREIGN] = "pages hold what another process wrote to them",
	[CHECK_DEVICE] = "devices and pipes move what is in the pages",
	[CHECK_THREADS] = "no write of a thread is lost",
	[CHECK_PROTECTED] = "what is protected is not written",
	[CHECK_HELD] = "what the kernel holds is not replaced",
};

static u64 kills_before;

/* Counts one line of the verdict. */
static void result(bool tried, bool good, const char *name)
{
	if (!tried && good)
		ksft_test_result_skip("%s\n", name);
	else
		ksft_test_result(good, "%s\n", name);
}

static u64 count_kills(void)
{
	char text[32768], *at;

	if (pf_file_read("/proc/vmstat", text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, "\noom_kill ");
	return at ? strtoull(at + strlen("\noom_kill "), NULL, 10) : 0;
}

void verdict_begin(void)
{
	kills_before = count_kills();
	ksft_print_header();
	ksft_set_plan(CHECKS + 4);
}

static void verdict_of_processes(bool whole)
{
	u64 kills = count_kills() - kills_before;

	say_line("# %llu processes were killed, %llu by the OOM killer",
		 shared->killed, kills);
	/* those that hung or failed are killed by us */
	result(true, shared->failed_kind != FAILED_DIED &&
	       (!whole || shared->killed <= kills),
	       "no process died but by itself or the OOM killer");
	result(true, !shared->stuck, "every process went on, and ended");
}

/* The module has to be there, and to have done something. */
static void verdict_of_module(bool whole)
{
	bool tried = options.module && whole;
	u64 folded = shared->folded + stat_now("folded") +
		     stat_now("folded_zero");

	result(tried, !tried || folded, "pages were folded");
	shared->folded = folded;
}

static bool nothing_folded(void)
{
	int i;

	for (i = 0; i < TRIES; i++) {
		if (!pf_set("run", "2") && !pf_stat("frames_live"))
			return true;
		usleep(100000);
	}
	say_line("# %lld frames are left", pf_stat("frames_live"));
	return false;
}

static void verdict_of_split(bool whole)
{
	bool tried = options.module && whole && pf_loaded();

	result(tried, !tried || nothing_folded(),
	       "run 2 leaves no frame behind");
}

static void tell_operations(void)
{
	u32 i;

	for (i = 0; i < nr_operations; i++)
		if (shared->operations[i])
			say_line("# %8llu %s", shared->operations[i],
				 operations[i].name);
	say_line("# %8llu loads of the module", shared->loads);
	say_line("# %8llu passes", shared->passes + stat_now("passes"));
}

static void tell_figures(void)
{
	const struct {
		const char *name;
		u64 value;
	} figures[] = {
		{ "seed", shared->seed }, { "seconds", shared->seconds },
		{ "processes", shared->processes },
		{ "operations", operations_done() },
		{ "verified_bytes", shared->verified },
		{ "wrong_bytes", shared->wrong },
		{ "folded", shared->folded }, { "split", shared->split },
	};
	char line[512];
	int len = sprintf(line, "# torture:");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(figures); i++)
		len += sprintf(line + len, " %s=%llu", figures[i].name,
			       figures[i].value);
	say_line("%s", line);
}

/* The counts of kselftest.h are this file's: it ends the program, too. */
void verdict_end(void)
{
	bool whole = !shared->failed && !shared->stuck;
	u32 i;

	tell_operations();
	for (i = 0; i < CHECKS; i++)
		result(shared->checks[i], shared->failed_kind != i + 1,
		       names[i]);
	verdict_of_processes(whole);
	verdict_of_module(whole);
	verdict_of_split(whole);
	tell_figures();
	if (shared->loaded_by_us)
		pf_module_unload();
	ksft_finished();
}
