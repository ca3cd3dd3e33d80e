// SPDX-License-Identifier: GPL-2.0
/* The torture test: operations that make, replace and end processes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "torture.h"

#define CHILDREN	3	/* of one process at a time */
#define STEPS		48	/* of a child, at most */
#define FOREIGN_PAGES	16
#define POKED		2	/* pages poked word by word, at most */

/* The child verifies what it inherited, goes on by itself, verifies again. */
static void __noreturn child(struct worker *w)
{
	verify_all(w);
	worker_steps(w, below(&w->stream, STEPS));
	verify_all(w);
	while (w->children)
		child_end(w, -1);
	_exit(0);
}

int op_fork(struct worker *w, int arg)
{
	if (w->depth == DEPTH)
		return 0;
	while (w->children >= CHILDREN)
		child_end(w, -1);
	if (!spawn(w))
		child(w);
	return 0;
}

/* End without a last look. */
int op_exit(struct worker *w, int arg)
{
	_exit(0);
}

/* The next life of the slot, in the same process. */
int op_exec(struct worker *w, int arg)
{
	char slot[16];

	if (w->depth)
		_exit(0);
	while (w->children)
		child_end(w, -1);
	snprintf(slot, sizeof(slot), "%u", w->slot);
	ADD(shared->generation[w->slot], 1);
	execl("/proc/self/exe", "torture", "--slot", slot, NULL);
	return -errno;
}

static bool write_to(pid_t pid, struct range r, const char *content)
{
	struct iovec local[FOREIGN_PAGES];
	struct iovec remote = {
		.iov_base = range_mem(r), .iov_len = range_size(r),
	};
	u32 i;

	for (i = 0; i < r.n; i++)
		local[i] = (struct iovec){ (void *)content, PF_PAGE };
	return process_vm_writev(pid, local, r.n, &remote, 1, 0) ==
	       range_size(r);
}

static bool poke(pid_t pid, struct range r, const char *content)
{
	size_t at;
	long word;

	for (at = 0; at < range_size(r); at += sizeof(word)) {
		memcpy(&word, content + at % PF_PAGE, sizeof(word));
		if (ptrace(PTRACE_POKEDATA, pid, range_mem(r) + at, word))
			return false;
	}
	return true;
}

static bool write_mem(pid_t pid, struct range r, const char *content)
{
	char path[32];
	bool done = true;
	int fd;
	u32 i;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (i = 0; i < r.n && done; i++)
		done = pwrite(fd, content, PF_PAGE,
			      (uintptr_t)range_mem(r) + i * PF_PAGE) ==
		       PF_PAGE;
	if (fd >= 0)
		close(fd);
	return done;
}

static bool foreign_write(pid_t pid, struct range r, int how, u8 content)
{
	const char *page = shared->contents[content];

	switch (how) {
	case FOREIGN_WRITEV:
		return write_to(pid, r, page);
	case FOREIGN_POKE:
		return poke(pid, r, page);
	default:
		return write_mem(pid, r, page);
	}
}

/* Stops until it was written to, then looks what it finds. */
static void __noreturn written_to(struct worker *w, struct range r, int how,
				  u8 content, pid_t parent)
{
	u32 i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* who would let it go on may have been killed before that */
	if (getppid() != parent)
		_exit(0);
	if (how == FOREIGN_POKE)
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	expect(r, content);
	for (i = 0; i < 2; i++) {
		verify(w, r, CHECK_FOREIGN);
		nap(w, 10000);
	}
	verify_all(w);
	_exit(0);
}

/* False if it was killed before it came so far; it is still to be reaped. */
static bool wait_stopped(pid_t pid)
{
	siginfo_t info;

	return !waitid(P_PID, pid, &info, WSTOPPED | WEXITED | WNOWAIT) &&
	       (info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED);
}

static void go_on(pid_t pid, int how)
{
	if (how == FOREIGN_POKE)
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	else
		kill(pid, SIGCONT);
}

/*
 * Fork, and write into the child's memory while it stands still. When that
 * fails half-way (no memory left, the child killed) nothing is known of it.
 */
int op_foreign(struct worker *w, int how)
{
	struct range r = some_range(w, how == FOREIGN_POKE ? POKED :
				    FOREIGN_PAGES);
	u8 content = some_content(&w->stream);
	pid_t self = getpid(), pid = spawn(w);

	if (pid < 0)
		return 0;
	if (!pid)
		written_to(w, r, how, content, self);
	if (wait_stopped(pid)) {
		nap(w, 10000);
		if (!foreign_write(pid, r, how, content))
			kill(pid, SIGTERM);
		go_on(pid, how);
	}
	verify(w, r, w->kind);
	child_end(w, pid);
	return 0;
}
