// SPDX-License-Identifier: GPL-2.0
/* The torture test: what a process does, and how processes end. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "torture.h"

#define SOLO_POLL	20000	/* microseconds */
#define LOOKS		8	/* of so many one is at all pages */

const struct operation operations[] = {
	{ "write", 30, op_write, 0 },
	{ "byte", 30, op_byte, 0 },
	{ "twin", 6, op_twin, 0 },
	{ "rest", 10, op_rest, 0 },
	{ "remap", 4, op_remap, 0 },
	{ "mremap", 8, op_move, 0 },
	{ "mprotect", 8, op_protect, 0 },
	{ "dontneed", 3, op_advise, MADV_DONTNEED },
	{ "free", 4, op_advise, MADV_FREE },
	{ "cold", 3, op_advise, MADV_COLD },
	{ "pageout", 6, op_advise, MADV_PAGEOUT },
	{ "mergeable", 4, op_advise, MADV_MERGEABLE },
	{ "unmergeable", 2, op_advise, MADV_UNMERGEABLE },
	{ "hugepage", 2, op_advise, MADV_HUGEPAGE },
	{ "nohugepage", 1, op_advise, MADV_NOHUGEPAGE },
	{ "collapse", 3, op_advise, MADV_COLLAPSE },
	{ "willneed", 2, op_advise, MADV_WILLNEED },
	{ "populate_read", 2, op_advise, MADV_POPULATE_READ },
	{ "populate_write", 2, op_advise, MADV_POPULATE_WRITE },
	{ "soft_offline", 1, op_offline, MADV_SOFT_OFFLINE },
	{ "mlock", 4, op_lock, 0 },
	{ "fork", 6, op_fork, 0 },
	{ "exit", 1, op_exit, 0 },
	{ "exec", 1, op_exec, 0 },
	{ "writev", 4, op_foreign, FOREIGN_WRITEV },
	{ "ptrace", 3, op_foreign, FOREIGN_POKE },
	{ "procmem", 3, op_foreign, FOREIGN_MEM },
	{ "direct", 8, op_direct, 0 },
	{ "io_uring", 8, op_ring, 0 },
	{ "vmsplice", 6, op_splice, 0 },
	{ "userfaultfd", 6, op_uffd, 0 },
	{ "threads", 10, op_threads, 0 },
};

const u32 nr_operations = ARRAY_SIZE(operations);

static u32 weight_of(u32 i)
{
	return shared->left_out[i] ? 0 : operations[i].weight;
}

static u32 some_operation(struct worker *w)
{
	u32 i, at, sum = 0;

	for (i = 0; i < nr_operations; i++)
		sum += weight_of(i);
	at = below(&w->stream, sum);
	for (i = 0; at >= weight_of(i); i++)
		at -= weight_of(i);
	return i;
}

static bool others_turn(const struct worker *w)
{
	u32 solo = PF_LOAD(&shared->solo);

	return solo && solo != w->slot + 1 && !PF_LOAD(&shared->stop);
}

/*
 * Where operations take long, more is verified after each: the kernel is what
 * is slow there, not this.
 */
static bool look_at_all(struct worker *w)
{
	u32 often = pf_slowness();

	return one_in(&w->stream, often < LOOKS ? LOOKS / often : 1);
}

static void step(struct worker *w)
{
	u32 i = some_operation(w);
	int ret;

	while (others_turn(w))
		usleep(SOLO_POLL);
	w->what = operations[i].name;
	ret = operations[i].run(w, operations[i].arg);
	if (ret)
		not_here(i, w->what, -ret);
	else
		ADD(shared->operations[i], 1);
	ADD(shared->progress[w->slot], 1);
	w->what = "verify";
	if (look_at_all(w))
		verify_all(w);
	else
		verify(w, some_range(w, 128), w->kind);
}

void worker_steps(struct worker *w, u32 steps)
{
	while (steps-- && !PF_LOAD(&shared->stop))
		step(w);
}

/* The process of a slot, until the run ends or an operation ends it. */
void worker_main(u32 slot)
{
	struct worker *w = worker_new(slot);

	while (!PF_LOAD(&shared->stop))
		step(w);
	verify_all(w);
	while (w->children)
		child_end(w, -1);
	_exit(0);
}

/**
 * spawn() - fork a child that goes on with the memory, or what it finds there
 * @w: the process; in the child it has become the child's
 *
 * Return: as fork().
 */
pid_t spawn(struct worker *w)
{
	u64 seed = draw(&w->stream);
	pid_t pid = fork();

	if (pid > 0) {
		ADD(shared->processes, 1);
		w->children++;
	}
	if (pid)
		return pid;
	w->stream.state = seed;
	w->kind = CHECK_CHILD;
	w->depth++;
	w->children = 0;
	w->file = -1;
	w->ring.fd = -1;
	return 0;
}

/*
 * A process may end by itself or by the OOM killer, in no other way. SIGTERM
 * comes from op_foreign().
 */
bool died_well(pid_t pid, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return true;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
		ADD(shared->killed, 1);
		return true;
	}
	say_line("# process %d died, wait status %x", pid, status);
	first_to_fail(FAILED_DIED);
	PF_STORE(&shared->stop, 1);
	return false;
}

/* Wait for the child @pid, or for any if that is -1. */
void child_end(struct worker *w, pid_t pid)
{
	int status;

	do {
		pid = waitpid(pid, &status, 0);
	} while (pid < 0 && errno == EINTR);
	w->children--;
	if (pid > 0)
		died_well(pid, status);
}

u64 operations_done(void)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < nr_operations; i++)
		sum += shared->operations[i];
	return sum;
}
