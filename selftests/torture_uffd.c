// SPDX-License-Identifier: GPL-2.0
/* The torture test: memory that must not be written for a while. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "torture.h"

#define PAGES	64
#define TRIES	4
#define NAP_US	20000

/* Through the kernel: where a store would be a signal, this says no. */
static bool can_be_written(char *mem)
{
	char byte = 0x5a;
	bool can = false;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return false;
	if (write(ends[1], &byte, 1) == 1)
		can = read(ends[0], mem, 1) == 1;
	close(ends[0]);
	close(ends[1]);
	return can;
}

/* Memory that holds something is there, so its protection is, too. */
static void try_to_write(struct worker *w, struct range r, bool all)
{
	const struct model *m;
	u32 i, page;

	for (i = 0; i < TRIES; i++) {
		page = below(&w->stream, r.n);
		m = &range_models(r)[page];
		if (!all && (!m->content || m->freed))
			continue;
		if (can_be_written(range_mem(r) + page * PF_PAGE))
			wrong(w, CHECK_PROTECTED, range_mem(r) + page * PF_PAGE,
			      "a protected page was written");
		ADD(shared->checks[CHECK_PROTECTED], 1);
	}
}

int op_protect(struct worker *w, int arg)
{
	struct range r = some_range(w, BLOCK_PAGES);
	bool readable = one_in(&w->stream, 2);

	if (mprotect(range_mem(r), range_size(r),
		     readable ? PROT_READ : PROT_NONE))
		return 0;
	nap(w, NAP_US);
	try_to_write(w, r, true);
	if (readable)
		verify(w, r, CHECK_PROTECTED);
	if (mprotect(range_mem(r), range_size(r), PROT_READ | PROT_WRITE))
		_exit(0); /* too many mappings */
	verify(w, r, CHECK_PROTECTED);
	return 0;
}

/* A userfaultfd that answers a write with an error; -1 with errno set. */
static int uffd_open(void)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_SIGBUS | UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || !ioctl(fd, UFFDIO_API, &api))
		return fd;
	close(fd);
	return -1;
}

static bool uffd_protect(int fd, struct range r, bool on)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)range_mem(r), range_size(r) },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};
	int tries = 100;

	/* EAGAIN: the mappings are changing, somebody collapses them */
	while (ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
		if (errno != EAGAIN || !tries--)
			return false;
	return true;
}

static void write_protected(struct worker *w, int fd, struct range r)
{
	if (one_in(&w->stream, 2))
		nap(w, NAP_US);
	if (!uffd_protect(fd, r, true))
		return;
	nap(w, NAP_US);
	try_to_write(w, r, false);
	verify(w, r, CHECK_PROTECTED);
	if (!uffd_protect(fd, r, false))
		return;
	verify(w, r, CHECK_PROTECTED);
	if (one_in(&w->stream, 2))
		put(w, r, some_content(&w->stream));
}

int op_uffd(struct worker *w, int arg)
{
	struct range r = some_range(w, PAGES);
	struct uffdio_register reg = {
		.range = { (uintptr_t)range_mem(r), range_size(r) },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	int fd = uffd_open();

	if (fd < 0)
		return errno == EMFILE || errno == ENOMEM ? 0 : -errno;
	if (!ioctl(fd, UFFDIO_REGISTER, &reg)) {
		write_protected(w, fd, r);
		ioctl(fd, UFFDIO_UNREGISTER, &reg.range);
	}
	close(fd);
	verify(w, r, CHECK_PROTECTED);
	return 0;
}
