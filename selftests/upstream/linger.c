// SPDX-License-Identifier: GPL-2.0
/*
 * Linked into the kernel's own mm tests with -Wl,--wrap=NAME: before a call
 * that does something to memory, the test stands still until keeper.c, which
 * runs it, has seen its memory folded. Most of those tests last milliseconds
 * and would be over before a page of theirs settled.
 *
 * Without a keeper this changes nothing but the time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "keeper.h"
#include "linger.h"

/* From one place with no other in between: it is a loop. */
#define MOST_IN_A_ROW 3

/* The keeper has no time left for this test: loops need not ask again. */
static int lingered_enough;

/* The keeper knows who asks, and ends the connection when it is done. */
static void ask_keeper(int fd)
{
	const struct sockaddr_un to = KEEPER_ADDRESS;
	ssize_t got;
	char byte;

	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		return;
	do {
		got = recv(fd, &byte, 1, 0);
	} while (got < 0 && errno == EINTR);
	lingered_enough = got == 1;
}

static void linger(void)
{
	int saved = errno, fd;

	if (lingered_enough)
		return;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		ask_keeper(fd);
		close(fd);
	}
	errno = saved;
}

/* How often this thread lingered to change something, and since then. */
static __thread int changes_in_a_row, looks;

/* Before what changes memory, but not all the time in a loop of that. */
static void linger_change(const void *place)
{
	static __thread const void *last;

	looks = 0;
	changes_in_a_row = place == last ? changes_in_a_row + 1 : 0;
	last = place;
	if (changes_in_a_row < MOST_IN_A_ROW)
		linger();
}

/* Before what looks at memory, but not at each page of it. */
static void linger_look(void)
{
	if (looks++ < MOST_IN_A_ROW)
		linger();
}

#define HERE __builtin_return_address(0)

/* New memory: there will be something to look at. */
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t from)
{
	looks = 0;
	return __real_mmap(at, len, prot, flags, fd, from);
}

int __wrap_mprotect(void *at, size_t len, int prot)
{
	linger_change(HERE);
	return __real_mprotect(at, len, prot);
}

int __wrap_madvise(void *at, size_t len, int advice)
{
	linger_change(HERE);
	return __real_madvise(at, len, advice);
}

int __wrap_mlock(const void *at, size_t len)
{
	linger_change(HERE);
	return __real_mlock(at, len);
}

int __wrap_munlock(const void *at, size_t len)
{
	linger_change(HERE);
	return __real_munlock(at, len);
}

int __wrap_mlockall(int flags)
{
	linger_change(HERE);
	return __real_mlockall(flags);
}

ssize_t __wrap_vmsplice(int fd, const struct iovec *from, size_t count,
			unsigned int flags)
{
	linger_change(HERE);
	return __real_vmsplice(fd, from, count, flags);
}

ssize_t __wrap_process_madvise(int fd, const struct iovec *at, size_t count,
			       int advice, unsigned int flags)
{
	linger_change(HERE);
	return __real_process_madvise(fd, at, count, advice, flags);
}

/* Entries of pagemap are read eight bytes each. */
ssize_t __wrap_pread(int fd, void *to, size_t len, off_t at)
{
	if (len == 8)
		linger_look();
	return __real_pread(fd, to, len, at);
}

ssize_t __wrap_pread64(int fd, void *to, size_t len, off64_t at)
{
	if (len == 8)
		linger_look();
	return __real_pread64(fd, to, len, at);
}

/* One byte: a word to another process of the test, or to clear_refs. */
ssize_t __wrap_write(int fd, const void *from, size_t len)
{
	if (len == 1)
		linger_change(HERE);
	return __real_write(fd, from, len);
}

/* Both sides of a fork() have the same memory then: let that fold, too. */
pid_t __wrap_fork(void)
{
	pid_t pid;

	linger_change(HERE);
	pid = __real_fork();
	linger();
	return pid;
}

/* What has no fixed arguments gets as many as the kernel could read. */
void *__wrap_mremap(void *from, size_t len, size_t to_len, int flags, ...)
{
	va_list list;
	void *to;

	va_start(list, flags);
	to = va_arg(list, void *);
	va_end(list);
	linger_change(HERE);
	return __real_mremap(from, len, to_len, flags, to);
}

/* Pins, userfaultfd and PAGEMAP_SCAN are ioctls; a pin also lasts. */
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *arg;
	int ret;

	va_start(list, request);
	arg = va_arg(list, void *);
	va_end(list);
	linger_look();
	ret = __real_ioctl(fd, request, arg);
	linger_look();
	return ret;
}

static int is_about_memory(long number)
{
	switch (number) {
	case SYS_mprotect:
	case SYS_pkey_mprotect:
	case SYS_madvise:
	case SYS_process_madvise:
	case SYS_mremap:
	case SYS_mlock:
	case SYS_mlock2:
	case SYS_munlock:
	case SYS_move_pages:
	case SYS_clone:
	case SYS_clone3:
	case SYS_userfaultfd:
		return 1;
	}
	return 0;
}

long __wrap_syscall(long number, ...)
{
	va_list list;
	long a[6];
	int i;

	va_start(list, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (is_about_memory(number))
		linger_change(HERE);
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
