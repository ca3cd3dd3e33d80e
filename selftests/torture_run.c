// SPDX-License-Identifier: GPL-2.0
/* The torture test: the process that starts, watches and ends all others. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "torture.h"

#define DISTURBERS	ARRAY_SIZE(disturbers)
#define PROGRESS_S	5
#define STUCK_S		300	/* without an operation of a slot */
#define END_S		120	/* to end in */

/* The first OF_MODULE need the module. */
static void (*const disturbers[])(struct stream *s) = {
	disturb_module, disturb_reload,
	disturb_knobs, disturb_groups, disturb_memory,
};

#define OF_MODULE	2

static pid_t slots[SLOTS], helpers[DISTURBERS];
static u64 last_progress[SLOTS];
static time_t progress_at[SLOTS], began;
static bool stuck;

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* --- beginning ----------------------------------------------------------- */

static void start_slot(u32 slot)
{
	pid_t pid = fork();

	if (pid > 0) {
		slots[slot] = pid;
		progress_at[slot] = now();
		ADD(shared->processes, 1);
	}
	if (pid)
		return;
	pf_file_write("/proc/self/oom_score_adj", "0");
	group_join(slot);
	worker_main(slot);
}

static void start_disturber(u32 i)
{
	struct stream s = stream_of(shared->seed, SLOTS + 1 + i, 0);

	helpers[i] = fork();
	if (helpers[i])
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!PF_LOAD(&shared->stop))
		disturbers[i](&s);
	/* once more: what lasts ends */
	if (disturbers[i] == disturb_memory || disturbers[i] == disturb_groups)
		disturbers[i](&s);
	_exit(0);
}

/* Begin: all that runs is a child, or a child's child, of this process. */
void run_start(void)
{
	u32 i;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pf_file_write("/proc/self/oom_score_adj", "-1000");
	knobs_save();
	groups_make();
	began = now();
	for (i = 0; i < options.processes; i++)
		start_slot(i);
	for (i = 0; i < DISTURBERS; i++)
		if (options.module || i >= OF_MODULE)
			start_disturber(i);
}

/* --- meanwhile ----------------------------------------------------------- */

static void slot_ended(u32 slot, pid_t pid, int status)
{
	u32 mine = slot + 1;

	slots[slot] = 0;
	died_well(pid, status);
	__atomic_compare_exchange_n(&shared->solo, &mine, 0, false,
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	ADD(shared->generation[slot], 1);
	if (!PF_LOAD(&shared->stop))
		start_slot(slot);
}

/* A process whose parent was killed: SIGKILL came from that, or from us. */
static void orphan_ended(pid_t pid, int status)
{
	u32 i;

	for (i = 0; i < DISTURBERS; i++) {
		if (helpers[i] != pid)
			continue;
		helpers[i] = 0;
		if (!PF_LOAD(&shared->stop))
			start_disturber(i);
	}
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		died_well(pid, status);
}

static void reap(void)
{
	int status;
	pid_t pid;
	u32 i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < options.processes && slots[i] != pid; i++)
			;
		if (i < options.processes)
			slot_ended(i, pid, status);
		else
			orphan_ended(pid, status);
	}
}

/* Where in the kernel it is, and the kernel log tells of all tasks that wait. */
static void tell_stack(pid_t pid)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (pf_file_read(path, text, 40) > 0)
		say_line("# %s", text);
	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	if (pf_file_read(path, text, 400) > 0)
		say_line("# %s", text);
	pf_file_write("/proc/sysrq-trigger", "w");
	pf_file_write("/proc/sysrq-trigger", "l");
}

static void tell_stuck(u32 slot)
{
	stuck = true;
	say_line("# slot %u, process %d: no operation in %d s", slot,
		 slots[slot], STUCK_S);
	tell_stack(slots[slot]);
}

static void look_for_stuck(void)
{
	u32 i;

	for (i = 0; i < options.processes && !stuck; i++) {
		if (PF_LOAD(&shared->progress[i]) != last_progress[i]) {
			last_progress[i] = PF_LOAD(&shared->progress[i]);
			progress_at[i] = now();
		}
		if (now() - progress_at[i] > STUCK_S)
			tell_stuck(i);
	}
}

static bool ended(void)
{
	if (PF_LOAD(&shared->failed) || stuck)
		return true;
	if (options.bytes)
		return PF_LOAD(&shared->verified) >= options.bytes;
	return now() - began >= options.seconds;
}

static void tell_progress(void)
{
	say_line("# %ld s: %llu MB verified, %llu operations, %llu folded, %llu passes",
		 now() - began, shared->verified / 1000000, operations_done(),
		 shared->folded + stat_now("folded") + stat_now("folded_zero"),
		 shared->passes + stat_now("passes"));
}

/* Until there was enough, or something is wrong. */
void run_watch(void)
{
	time_t told = now();

	while (!ended()) {
		usleep(50000);
		reap();
		look_for_stuck();
		if (now() - told < PROGRESS_S)
			continue;
		told = now();
		tell_progress();
	}
}

/* --- the end ------------------------------------------------------------- */

/* All that are left: children that nobody waits for are our children now. */
static void each_child(void (*fn)(pid_t pid))
{
	char path[64], text[16384], *at, *end;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	if (pf_file_read(path, text, sizeof(text)) < 0)
		return;
	for (at = text; (pid = strtol(at, &end, 10)) > 0; at = end)
		fn(pid);
}

static void kill_one(pid_t pid)
{
	kill(pid, SIGKILL);
}

static void tell_left(pid_t pid)
{
	say_line("# process %d did not end in %d s", pid, END_S);
	tell_stack(pid);
}

/* What does not end by itself in time is killed. */
void run_finish(void)
{
	bool good = !PF_LOAD(&shared->failed) && !stuck;
	time_t limit = now() + END_S;
	siginfo_t info;
	bool left;

	PF_STORE(&shared->stop, 1);
	do {
		if (!good)
			each_child(kill_one);
		reap();
		usleep(20000);
		left = !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
		if (good && left && now() > limit) {
			each_child(tell_left);
			good = false;
			stuck = true;
		}
	} while (left && now() < limit + END_S);
	knobs_restore();
	groups_remove();
	shared->stuck = stuck;
	shared->seconds = now() - began;
}
