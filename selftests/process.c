// SPDX-License-Identifier: GPL-2.0
/* Processes come and go and share memory while pages are folded. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <sys/wait.h>

#include "pagefold_harness.h"

#define NR	4
#define SIZE	(NR * PF_PAGE)
#define STACK	(64 * 1024)

/* The program of the exec test: waits to be told to go on by end of file. */
#define EXEC_WORD	"wait-for-eof"

struct view {
	char *mem;
	u64 seed;
};

FIXTURE(process) {
	u64 seed;
	char *mem;
	u64 frame;
	struct view view;	/* for the other process */
};

FIXTURE_SETUP(process)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->mem = pf_twins(NR, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	self->frame = pf_pfn(self->mem);
	self->view.mem = self->mem;
	self->view.seed = self->seed;
}

FIXTURE_TEARDOWN(process)
{
	pf_end();
}

/* The child looks, writes its own byte, looks again. */
static int write_after_fork(struct pf_peer *self, void *arg)
{
	struct view *view = arg;
	int bad = !pf_holds_all(view->mem, NR, view->seed);

	pf_meet(self);
	pf_meet(self);
	view->mem[PF_PAGE + 50] = 'c';
	pf_meet(self);
	pf_meet(self);
	bad |= !pf_holds_but(view->mem + PF_PAGE, view->seed, 50, 'c');
	bad |= !pf_holds(view->mem, view->seed) << 1;
	bad |= !pf_holds_all(view->mem + 2 * PF_PAGE, 2, view->seed) << 2;
	return bad;
}

TEST_F(process, fork)
{
	struct pf_peer peer = pf_peer_start(write_after_fork, &self->view);

	pf_meet(&peer);
	EXPECT_EQ(self->frame, pf_pfn_of(peer.pid, self->mem));
	EXPECT_EQ(2 * NR, pf_kcount(self->frame));
	pf_meet(&peer);
	pf_meet(&peer);
	EXPECT_NE(self->frame, pf_pfn_of(peer.pid, self->mem + PF_PAGE));
	EXPECT_EQ(2 * NR - 1, pf_kcount(self->frame));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
	/* the parent's byte in turn is not the child's */
	self->mem[2 * PF_PAGE + 60] = 'p';
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
	EXPECT_TRUE(pf_holds_but(self->mem + 2 * PF_PAGE, self->seed, 60,
				 'p'));
	EXPECT_TRUE(pf_holds_all(self->mem, 2, self->seed));
	EXPECT_EQ(NR - 1, pf_kcount(self->frame));
}

static int just_exit(struct pf_peer *self, void *arg)
{
	struct view *view = arg;

	pf_meet(self);
	return !pf_holds_all(view->mem, NR, view->seed);
}

TEST_F(process, exit)
{
	struct pf_peer peer = pf_peer_start(just_exit, &self->view);

	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
	EXPECT_EQ(NR, pf_kcount(self->frame));
	EXPECT_TRUE(pf_share(self->mem, NR));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_F(process, killed)
{
	struct pf_peer peer = pf_peer_start(just_exit, &self->view);

	pf_peer_kill(&peer);
	EXPECT_EQ(NR, pf_kcount(self->frame));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

/* The parent is the first to go: what the child holds stays. */
static int outlive(struct pf_peer *self, void *arg)
{
	struct view *view = arg;
	struct pf_peer heir;

	pf_fill_all(view->mem, NR, view->seed);
	if (!pf_wait_until(pf_share(view->mem, NR)))
		return 1;
	heir = pf_peer_start(just_exit, view);
	pf_meet(self);
	pf_meet(&heir);
	return pf_peer_end(&heir);
}

TEST_F(process, grandchild)
{
	struct view view = { .mem = pf_map(NR), .seed = pf_seed() };
	struct pf_peer peer = pf_peer_start(outlive, &view);

	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_F(process, exec)
{
	int ready[2], go[2];
	char byte;
	int status;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	pid = fork();
	if (!pid) {
		close(go[1]);
		dup2(go[0], 0);
		dup2(ready[1], 1);
		execl("/proc/self/exe", "process", EXEC_WORD, NULL);
		_exit(1);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	/* the new program has none of it, and the old one all */
	EXPECT_EQ(NR, pf_kcount(self->frame));
	EXPECT_TRUE(pf_share(self->mem, NR));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
	close(go[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* A child by vfork() runs in the parent's memory until it execs or exits. */
TEST_F(process, vfork)
{
	int status;
	pid_t pid = vfork();

	if (!pid) {
		self->mem[70] = 'v';
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(pf_holds_but(self->mem, self->seed, 70, 'v'));
	EXPECT_TRUE(pf_holds_all(self->mem + PF_PAGE, NR - 1, self->seed));
	EXPECT_EQ(NR - 1, pf_kcount(self->frame));
}

static int write_in_clone(void *arg)
{
	struct view *view = arg;

	view->mem[80] = 's';
	pf_fill(view->mem + PF_PAGE, view->seed);
	return 0;
}

/* Another process in the same memory: its writes are ours. */
TEST_F(process, clone_vm)
{
	char *stack = pf_map_plain(STACK / PF_PAGE);
	int status;
	pid_t pid;

	pid = clone(write_in_clone, stack + STACK, CLONE_VM | SIGCHLD,
		    &self->view);
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(pf_holds_but(self->mem, self->seed, 80, 's'));
	/* written with the content that it had: folds again */
	EXPECT_TRUE(pf_wait_until(pf_share(self->mem + PF_PAGE, NR - 1)));
	EXPECT_TRUE(pf_holds_all(self->mem + PF_PAGE, NR - 1, self->seed));
}

/* Forks of forks, each with a byte of its own, beside a scanner at work. */
static int fork_and_write(struct pf_peer *self, void *arg)
{
	struct view *view = arg;
	struct view next = { .mem = view->mem, .seed = view->seed - 1 };
	struct pf_peer child;
	char mine = view->seed;
	int bad = 0;

	view->mem[90] = mine;
	if (mine) {
		child = pf_peer_start(fork_and_write, &next);
		pf_meet(&child);
		bad = view->mem[90] != mine;
		bad |= pf_peer_end(&child);
	}
	pf_meet(self);
	return bad | (view->mem[90] != mine);
}

TEST_F(process, line_of_descent)
{
	struct view view = { .mem = self->mem, .seed = 30 };
	char old = self->mem[90];
	struct pf_peer peer = pf_peer_start(fork_and_write, &view);

	pf_set("run", "1");
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
	EXPECT_EQ(old, self->mem[90]);
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

int main(int argc, char **argv)
{
	char byte = 0;

	if (argc == 2 && !strcmp(argv[1], EXEC_WORD))
		return write(1, &byte, 1) != 1 || read(0, &byte, 1) != 0;
	return test_harness_run(argc, argv);
}
