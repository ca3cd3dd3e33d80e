// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that end while they are visited: thousands of short ones, each with
 * pages that are equal to everybody's, killed or ending at any moment.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "pagefold_harness.h"

#define NR		8
#define PROCESSES	2000
#define AT_ONCE		16
#define MOUNTS		200

FIXTURE(exits) {
	u64 seed;
	char *mem;
};

FIXTURE_SETUP(exits)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->mem = pf_twins(NR, self->seed);
}

FIXTURE_TEARDOWN(exits)
{
	pf_end();
}

/* Write all pages as they are, some with a byte of our own; look; end. */
static void __noreturn live_shortly(char *mem, u64 seed, unsigned int nr)
{
	size_t page = nr % NR, at = nr % PF_PAGE;
	char byte = ~mem[page * PF_PAGE + at];
	size_t i;

	for (i = nr % 3; i < NR; i += 3)
		pf_fill(mem + i * PF_PAGE, seed);
	mem[page * PF_PAGE + at] = byte;
	if (nr % 4 == 0)
		usleep(nr % 5000);
	for (i = 0; i < NR; i++)
		if (i != page && !pf_holds(mem + i * PF_PAGE, seed))
			_exit(1);
	_exit(!pf_holds_but(mem + page * PF_PAGE, seed, at, byte));
}

static bool ended_well(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(exits, thousands_of_short_processes)
{
	unsigned int nr, running = 0, bad = 0;
	pid_t pid = 0;
	int status;

	for (nr = 0; nr < PROCESSES; nr++) {
		if (nr % 7 == 0 && pid > 0)
			kill(pid, SIGKILL);
		if (running == AT_ONCE) {
			ASSERT_LT(0, wait(&status));
			bad += !ended_well(status);
			running--;
		}
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			live_shortly(self->mem, self->seed, nr);
		running++;
		if (nr % 64 == 0)
			pf_set("run", "1");
	}
	while (wait(&status) > 0)
		bad += !ended_well(status);
	EXPECT_EQ(0, bad);
	EXPECT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
	EXPECT_EQ(NR, pf_kcount(pf_pfn(self->mem)));
}

/*
 * Its last breath: the process maps a file of a file system that is unmounted
 * as soon as wait() has returned. Nobody may hold the memory for longer.
 */
static void __noreturn map_and_end(const char *path, u64 seed, unsigned int nr)
{
	FILE *file = fopen(path, "w+");
	char *mem;

	if (!file || ftruncate(fileno(file), NR * PF_PAGE))
		_exit(1);
	mem = mmap(NULL, NR * PF_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		   fileno(file), 0);
	if (mem == MAP_FAILED ||
	    madvise(mem, NR * PF_PAGE, MADV_MERGEABLE))
		_exit(2);
	pf_fill_all(mem, NR, seed);
	usleep(nr % 8 * 1000);
	_exit(!pf_holds_all(mem, NR, seed));
}

TEST_F(exits, file_system_is_free_at_once)
{
	char dir[] = "/tmp/pagefold-mount-XXXXXX", path[64];
	unsigned int nr;
	int status;
	pid_t pid;

	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	for (nr = 0; nr < MOUNTS; nr++) {
		ASSERT_EQ(0, mount("pagefold", dir, "tmpfs", 0, NULL));
		if (nr % 16 == 0)
			pf_set("run", "1");
		pid = fork();
		if (!pid)
			map_and_end(path, self->seed, nr);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
		ASSERT_EQ(0, umount(dir)) {
			TH_LOG("round %u: %s", nr, strerror(errno));
			umount2(dir, MNT_DETACH);
		}
	}
	rmdir(dir);
}

TEST_HARNESS_MAIN
