// SPDX-License-Identifier: GPL-2.0
/*
 * keeper BUDGET_S[/N] COMMAND...: runs a test of the kernel's. Whenever it
 * lingers (linger.c) its pages get twins (twins.c), and it goes on when they
 * are folded, or after some passes of the scanner. Without the module it is
 * held up as well. Only each Nth time it is, so that the budget of a test with
 * very many cases reaches to its end. When the test has lingered for BUDGET_S
 * in all, it runs on.
 *
 * Says at the end, in a line of its own:
 *   # keeper: lingered N ms N pages N folded N mapped N
 * where pages is what could have been folded, folded what was, and mapped
 * those of them that the test had mapped itself. Exits with the test's
 * status, 128 + N if signal N ended it. Nothing that it started is left.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"
#include "twins.h"

#define SYSFS "/sys/kernel/mm/pagefold/"
#define STEP_MS 5
/* So many passes at least, as huge pages have no twins to wait for. */
#define FEWEST_PASSES 3
#define MOST_PASSES 8
#define MOST_MS 2000
#define MS_WITHOUT 40

static atomic_ulong asked, lingered, ms, pages, folded, mapped;
static unsigned long budget_ms, stride = 1;

static unsigned long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000UL + ts.tv_nsec / 1000000;
}

static void sleep_ms(unsigned long time)
{
	usleep(time * 1000);
}

/* The number of passes that were made; -1 if the module is not loaded. */
static long passes(void)
{
	char text[32] = "";
	int fd = open(SYSFS "full_scans", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return atol(text);
}

/* The scanner rests when it found nothing new for a while. */
static void wake_scanner(void)
{
	int fd = open(SYSFS "run", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		perror("keeper: run");
	close(fd);
}

static size_t wait_folded(const struct twins *twins, size_t *own)
{
	unsigned long start = now_ms();
	long first = passes(), done = 0;
	size_t count = 0;

	*own = 0;
	if (first < 0) {
		sleep_ms(MS_WITHOUT);
		return 0;
	}
	while (done < MOST_PASSES && now_ms() - start < MOST_MS) {
		wake_scanner();
		sleep_ms(STEP_MS);
		done = passes() - first;
		if (done < FEWEST_PASSES)
			continue;
		count = twins_count(twins, own);
		if (count == twins_pages(twins))
			break;
	}
	return count;
}

static void hold(pid_t pid)
{
	unsigned long start = now_ms();
	struct twins *twins = twins_make(pid);
	size_t own;

	if (!twins)
		return;
	folded += wait_folded(twins, &own);
	mapped += own;
	pages += twins_pages(twins);
	twins_keep(twins);
	lingered++;
	ms += now_ms() - start;
}

/* The test goes on when its connection ends; a byte: it need not come back. */
static void *serve(void *arg)
{
	int fd = (long)arg;
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (ms >= budget_ms)
		send(fd, "", 1, MSG_NOSIGNAL);
	else if (asked++ % stride == 0 &&
		 !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		hold(peer.pid);
	close(fd);
	return NULL;
}

static void *answer(void *arg)
{
	int listener = (long)arg;
	pthread_t thread;
	long fd;

	for (;;) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		if (pthread_create(&thread, NULL, serve, (void *)fd))
			close(fd);
		else
			pthread_detach(thread);
	}
	return NULL;
}

static int listen_for_tests(void)
{
	const struct sockaddr_un at = KEEPER_ADDRESS;
	pthread_t thread;
	long fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) ||
	    listen(fd, 64))
		return -1;
	return pthread_create(&thread, NULL, answer, (void *)fd) ? -1 : 0;
}

/* What the test left running became a child of this. */
static void end_leftovers(void)
{
	char path[64];
	FILE *file;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	do {
		file = fopen(path, "r");
		if (!file)
			return;
		while (fscanf(file, "%d", &pid) == 1)
			kill(pid, SIGKILL);
		fclose(file);
	} while (wait(NULL) > 0 || errno == EINTR);
}

static int run(char **command)
{
	pid_t ended, pid = fork();
	int status;

	if (!pid) {
		execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	do {
		ended = wait(&status);
	} while (ended != pid && (ended > 0 || errno == EINTR));
	if (ended != pid)
		return 127;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

/* SECONDS or SECONDS/STRIDE */
static int parse_budget(const char *text)
{
	char *end;

	budget_ms = strtoul(text, &end, 10) * 1000;
	if (*end == '/')
		stride = strtoul(end + 1, &end, 10);
	return *end || !stride ? -1 : 0;
}

int main(int argc, char **argv)
{
	int status;

	if (argc < 3 || parse_budget(argv[1])) {
		fprintf(stderr, "usage: keeper BUDGET_S[/N] COMMAND...\n");
		return 2;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (listen_for_tests()) {
		perror("keeper");
		return 2;
	}
	status = run(argv + 2);
	end_leftovers();
	printf("\n# keeper: lingered %lu ms %lu pages %lu folded %lu mapped %lu\n",
	       lingered, ms, pages, folded, mapped);
	return status;
}
