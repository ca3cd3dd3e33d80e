// SPDX-License-Identifier: GPL-2.0
/* Helpers of the pagefold tests: a second process, in step with the first. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "pagefold.h"

/**
 * pf_peer_start() - start a second process
 * @fn: what it does; what it returns is its exit status
 * @arg: for @fn
 */
struct pf_peer pf_peer_start(int (*fn)(struct pf_peer *self, void *arg),
			     void *arg)
{
	struct pf_peer peer, self;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		pf_die("socketpair");
	self = (struct pf_peer){ .pid = getpid(), .fd = fds[1] };
	peer.fd = fds[0];
	fflush(NULL);
	peer.pid = fork();
	if (peer.pid < 0)
		pf_die("fork");
	if (!peer.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		_exit(fn(&self, arg));
	}
	close(fds[1]);
	return peer;
}

void pf_meet(struct pf_peer *peer)
{
	char byte = 0;

	if (send(peer->fd, &byte, 1, MSG_NOSIGNAL) != 1 ||
	    recv(peer->fd, &byte, 1, 0) != 1)
		pf_die("process %d is gone", peer->pid);
}

/* Wait for the process to end; its exit status, or -1 if it was killed. */
int pf_peer_end(struct pf_peer *peer)
{
	int status;

	while (waitpid(peer->pid, &status, 0) < 0)
		if (errno != EINTR)
			pf_die("waiting for process %d", peer->pid);
	close(peer->fd);
	peer->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* For teardowns: also right if the process has ended already. */
void pf_peer_kill(struct pf_peer *peer)
{
	if (!peer->pid)
		return;
	kill(peer->pid, SIGKILL);
	pf_peer_end(peer);
}

/* Only on this CPU from now on; on a smaller machine they are taken in turn. */
void pf_run_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}
