// SPDX-License-Identifier: GPL-2.0
/*
 * A write to a folded page splits it: the writer's page holds the byte, and
 * nobody else's does. Whichever way the byte is written.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "pagefold_harness.h"

#define AT	1234
#define BYTE	'w'
#define NR	3

static void by_store(char *at, char byte)
{
	PF_STORE(at, byte);
}

static void *store(void *at)
{
	by_store(at, BYTE);
	return NULL;
}

static void by_thread(char *at, char byte)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, store, at) ||
	    pthread_join(thread, NULL))
		pf_die("thread");
}

/* The kernel stores on the program's behalf. */
static void by_read(char *at, char byte)
{
	int fds[2];

	if (pipe(fds) || write(fds[1], &byte, 1) != 1 ||
	    read(fds[0], at, 1) != 1)
		pf_die("pipe");
	close(fds[0]);
	close(fds[1]);
}

static void by_proc_mem(char *at, char byte)
{
	int fd = open("/proc/self/mem", O_RDWR);

	if (fd < 0 || pwrite(fd, &byte, 1, (uintptr_t)at) != 1)
		pf_die("/proc/self/mem");
	close(fd);
}

static void by_process_vm_writev(char *at, char byte)
{
	struct iovec from = { .iov_base = &byte, .iov_len = 1 };
	struct iovec to = { .iov_base = at, .iov_len = 1 };

	if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) != 1)
		pf_die("process_vm_writev");
}

/* The other process attaches to this one and pokes. */
static int poke(struct pf_peer *self, void *arg)
{
	long word;
	int status;

	pf_meet(self);
	if (ptrace(PTRACE_ATTACH, self->pid, NULL, NULL) ||
	    waitpid(self->pid, &status, 0) != self->pid)
		return 1;
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, self->pid, arg, NULL);
	*(char *)&word = BYTE;
	if (errno || ptrace(PTRACE_POKEDATA, self->pid, arg, word))
		return 2;
	return ptrace(PTRACE_DETACH, self->pid, NULL, NULL) ? 3 : 0;
}

static void by_ptrace(char *at, char byte)
{
	struct pf_peer peer = pf_peer_start(poke, at);
	int ret;

	pf_meet(&peer);
	ret = pf_peer_end(&peer);
	if (ret)
		pf_die("ptrace, step %d", ret);
}

FIXTURE(split) {
	u64 seed;
	char *mem;
	struct pf_peer peer;
};

FIXTURE_VARIANT(split) {
	void (*write)(char *at, char byte);
};

#define WAY(name) \
	FIXTURE_VARIANT_ADD(split, name) { .write = by_##name }

WAY(store);
WAY(thread);
WAY(read);
WAY(proc_mem);
WAY(process_vm_writev);
WAY(ptrace);

struct bystander {
	char *page;
	u64 seed;
};

/* Another process with the same page: 0 if it never saw the byte. */
static int stand_by(struct pf_peer *self, void *arg)
{
	struct bystander *by = arg;

	pf_fill(by->page, by->seed);
	pf_meet(self);
	pf_meet(self);
	return !pf_holds(by->page, by->seed);
}

static bool all_folded(struct _test_data_split *self)
{
	return pf_share(self->mem, NR) &&
	       pf_pfn_of(self->peer.pid, self->mem) == pf_pfn(self->mem);
}

FIXTURE_SETUP(split)
{
	struct bystander by;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->mem = pf_map(NR);
	by.page = self->mem;
	by.seed = self->seed;
	self->peer = pf_peer_start(stand_by, &by);
	pf_fill_all(self->mem, NR, self->seed);
	pf_meet(&self->peer);
	ASSERT_TRUE(pf_wait_until(all_folded(self)));
}

FIXTURE_TEARDOWN(split)
{
	pf_peer_kill(&self->peer);
	pf_end();
}

TEST_F(split, only_the_writer_sees_it)
{
	u64 frame = pf_pfn(self->mem);
	char *mine = self->mem + PF_PAGE;

	variant->write(mine + AT, BYTE);
	EXPECT_TRUE(pf_holds_but(mine, self->seed, AT, BYTE));
	EXPECT_NE(frame, pf_pfn(mine));
	EXPECT_FALSE(pf_folded(mine));

	EXPECT_EQ(frame, pf_pfn(self->mem));
	EXPECT_EQ(frame, pf_pfn(self->mem + 2 * PF_PAGE));
	EXPECT_EQ(frame, pf_pfn_of(self->peer.pid, self->mem));
	EXPECT_EQ(3, pf_kcount(frame));
	EXPECT_TRUE(pf_holds(self->mem, self->seed));
	EXPECT_TRUE(pf_holds(self->mem + 2 * PF_PAGE, self->seed));
	pf_meet(&self->peer);
	EXPECT_EQ(0, pf_peer_end(&self->peer));
}

/* What was written stays written when the scanner comes by again. */
TEST_F(split, stays_written)
{
	char *mine = self->mem + PF_PAGE;

	variant->write(mine + AT, BYTE);
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(pf_holds_but(mine, self->seed, AT, BYTE));
	EXPECT_FALSE(pf_folded(mine));
	EXPECT_EQ(pf_pfn(self->mem), pf_pfn(self->mem + 2 * PF_PAGE));
}

/* A page that was written back to what it was folds again. */
TEST_F(split, folds_again)
{
	char *mine = self->mem + PF_PAGE;
	char old = mine[AT];

	/* or it is folded again before that can be looked at */
	ASSERT_EQ(0, pf_set("run", "0"));
	variant->write(mine + AT, BYTE);
	mine[AT] = old;
	EXPECT_FALSE(pf_pfn(mine) == pf_pfn(self->mem));
	ASSERT_TRUE(pf_wait_until(all_folded(self)));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_HARNESS_MAIN
