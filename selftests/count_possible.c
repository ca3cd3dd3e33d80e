// SPDX-License-Identifier: GPL-2.0
/*
 * tools/pagefold-possible counts right: a process with known pages is counted
 * before and after they become equal, zero, locked and so on.
 */
#define main pagefold_possible_main
#include "tools/pagefold-possible.c"
#undef main

#include <sys/wait.h>

#include "pagefold_harness.h"

#define NR	64
#define PAGE_KB	4

struct counts {
	long possible, read, zero;
};

static long value_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	if (!at)
		pf_die("no %s in what it printed", name);
	return strtol(at + strlen(name), NULL, 10);
}

static void __noreturn count_in_child(int out, char *argv[])
{
	int argc = 0;

	while (argv[argc])
		argc++;
	dup2(out, STDOUT_FILENO);
	pagefold_possible_main(argc, argv);
	fflush(stdout);
	_exit(0);
}

/* What the tool says when it is called like that. */
static struct counts count_args(char *argv[])
{
	static char text[8192];
	size_t used = 0;
	ssize_t got;
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		pf_die("pipe");
	fflush(NULL);
	pid = fork();
	if (!pid)
		count_in_child(fds[1], argv);
	close(fds[1]);
	while ((got = read(fds[0], text + used, sizeof(text) - 1 - used)) > 0)
		used += got;
	text[used] = 0;
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return (struct counts) {
		.possible = value_of(text, "possible_kb "),
		.read = value_of(text, "read_kb "),
		.zero = value_of(text, "\nzero_kb "),
	};
}

/* Of this process; what a first count leaves behind is not in a second. */
static struct counts count_self(void)
{
	char pid[16];
	char *argv[3] = { "possible", pid };

	snprintf(pid, sizeof(pid), "%d", getpid());
	count_args(argv);
	return count_args(argv);
}

FIXTURE(possible) {
	char *mem;
	struct counts before;
};

FIXTURE_SETUP(possible)
{
	self->mem = pf_map_plain(NR);
	for (size_t i = 0; i < NR; i++)
		pf_fill(self->mem + i * PF_PAGE, pf_seed());
	self->before = count_self();
}

FIXTURE_TEARDOWN(possible)
{
	munmap(self->mem, NR * PF_PAGE);
}

TEST_F(possible, equal_pages)
{
	struct counts after;

	pf_fill_all(self->mem, 20, pf_seed());
	after = count_self();
	EXPECT_EQ(self->before.possible + 19 * PAGE_KB, after.possible);
	EXPECT_EQ(self->before.read, after.read);
	EXPECT_EQ(self->before.zero, after.zero);
}

TEST_F(possible, zero_pages)
{
	struct counts after;

	memset(self->mem, 0, 10 * PF_PAGE);
	after = count_self();
	EXPECT_EQ(self->before.possible + 10 * PAGE_KB, after.possible);
	EXPECT_EQ(self->before.zero + 10 * PAGE_KB, after.zero);
}

TEST_F(possible, one_byte_makes_a_difference)
{
	pf_fill_all(self->mem, 20, pf_seed());
	for (size_t i = 0; i < 20; i++)
		self->mem[i * PF_PAGE + 4095 - i * 200] ^= 1 + i;
	EXPECT_EQ(self->before.possible, count_self().possible);
}

TEST_F(possible, locked_pages_are_left_out)
{
	pf_fill_all(self->mem, 20, pf_seed());
	ASSERT_EQ(0, mlock(self->mem, NR * PF_PAGE));
	EXPECT_EQ(self->before.possible, count_self().possible);
	EXPECT_EQ(self->before.read - NR * PAGE_KB, count_self().read);
}

static int stay(struct pf_peer *parent, void *arg)
{
	pf_meet(parent);
	pf_meet(parent);
	return 0;
}

/* A page of two processes is one page. */
TEST_F(possible, shared_by_fork)
{
	char me[16], child[16];
	char *argv[4] = { "possible", me, child };
	struct counts one, both;
	struct pf_peer peer;

	pf_fill_all(self->mem, 20, pf_seed());
	peer = pf_peer_start(stay, NULL);
	pf_meet(&peer);
	snprintf(me, sizeof(me), "%d", getpid());
	snprintf(child, sizeof(child), "%d", peer.pid);
	one = count_self();
	both = count_args(argv);
	pf_meet(&peer);
	EXPECT_EQ(0, pf_peer_end(&peer));
	/* stack and the like were copied, the pages were not */
	EXPECT_LT(both.read, one.read + NR * PAGE_KB);
	EXPECT_LT(both.possible, one.possible + 19 * PAGE_KB);
}

TEST_F(possible, mergeable_only)
{
	char pid[16];
	char *argv[4] = { "possible", "-m", pid };

	snprintf(pid, sizeof(pid), "%d", getpid());
	pf_fill_all(self->mem, 20, pf_seed());
	EXPECT_EQ(0, count_args(argv).read);
	ASSERT_EQ(0, madvise(self->mem, 10 * PF_PAGE, MADV_MERGEABLE));
	EXPECT_EQ(10 * PAGE_KB, count_args(argv).read);
	EXPECT_EQ(9 * PAGE_KB, count_args(argv).possible);
}

TEST_F(possible, nothing_is_faulted_in)
{
	char *absent = pf_reserve(NR);

	EXPECT_EQ(self->before.read, count_self().read);
	for (size_t i = 0; i < NR; i++)
		EXPECT_EQ(PF_NO_PFN, pf_pfn(absent + i * PF_PAGE));
	munmap(absent, NR * PF_PAGE);
}

TEST_HARNESS_MAIN
