// SPDX-License-Identifier: GPL-2.0
/*
 * The torture test: operations in which the kernel or a device reads and
 * writes pages that it holds, past the process's page tables.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/uio.h>

#include "torture.h"

#define PAGES	8	/* a pipe takes 16 */
#define NAP_US	20000
#define HOLD_US	400000	/* for some visits of the scanner */

/* The process's own file for direct I/O; -1 with errno set if none. */
static int direct_file(struct worker *w)
{
	char path[96];

	if (w->file >= 0)
		return w->file;
	snprintf(path, sizeof(path), "%s/torture-XXXXXX", shared->dir);
	w->file = mkostemp(path, O_DIRECT | O_CLOEXEC);
	if (w->file >= 0)
		unlink(path);
	return w->file;
}

/* @to will hold what @from holds now. They may overlap. */
static void copy_models(struct range to, struct range from)
{
	memmove(range_models(to), range_models(from),
		from.n * sizeof(struct model));
}

/* Where no memory or no space is left there is nothing to verify. */
static bool no_room(int err)
{
	return err == ENOMEM || err == ENOSPC || err == EAGAIN ||
	       err == EINTR || err == EMFILE || err == EFAULT;
}

/* Read from the file at @at what the pages of @from held. */
static void direct_in(struct worker *w, struct range to, struct range from,
		      off_t at)
{
	ssize_t got;

	copy_models(to, from);
	remember(w, to, -1);
	got = pread(w->file, range_mem(to), range_size(to), at);
	if (got == range_size(to))
		return;
	if (got >= 0 || !no_room(errno))
		wrong(w, CHECK_DEVICE, range_mem(to), "a direct read gave %zd (%s)", got,
		      strerror(errno));
	put(w, to, some_content(&w->stream));
}

/* Out to the file, and from there into other pages. */
int op_direct(struct worker *w, int arg)
{
	struct range from = some_range(w, PAGES), to = some_range(w, PAGES);
	off_t at = below(&w->stream, 64) * PF_PAGE;
	size_t size = range_size(from);

	to.n = from.n;
	to.first = to.first > BLOCK_PAGES - to.n ? BLOCK_PAGES - to.n :
		   to.first;
	if (direct_file(w) < 0)
		return -errno;
	unfree(from);
	if (pwrite(w->file, range_mem(from), size, at) != size)
		return no_room(errno) ? 0 : -errno;
	/* what is written over may be folded, and will be while it is read */
	if (one_in(&w->stream, 2)) {
		unfree(to);
		nap(w, NAP_US);
	}
	direct_in(w, to, from, at);
	verify(w, to, CHECK_DEVICE);
	nap(w, NAP_US);
	verify(w, to, CHECK_DEVICE);
	return 0;
}

static bool pipe_fill(int fd, struct range r, u8 content)
{
	struct iovec iov[PAGES];
	u32 i;

	for (i = 0; i < r.n; i++)
		iov[i] = (struct iovec){ shared->contents[content], PF_PAGE };
	return writev(fd, iov, r.n) == range_size(r);
}

/* What came out of a pipe must be what the pages of @r hold. */
static void pipe_compare(struct worker *w, int fd, struct range r)
{
	char copy[PF_PAGE];
	size_t got;
	ssize_t ret;
	u32 i;

	for (i = 0; i < r.n; i++) {
		for (got = 0; got < PF_PAGE; got += ret) {
			ret = read(fd, copy + got, PF_PAGE - got);
			if (ret <= 0)
				wrong(w, CHECK_DEVICE, range_mem(r), "a pipe ended early");
		}
		verify_copy(w, r, i, copy, CHECK_DEVICE);
	}
}

/* Into the fixed pages, past the page tables. */
static void ring_in(struct worker *w, const int *ends, struct range r)
{
	u8 content = some_content(&w->stream);

	if (!pipe_fill(ends[1], r, content))
		return;
	remember(w, r, content);
	if (ring_transfer(&w->ring, IORING_OP_READ_FIXED, ends[0], ~0ULL,
			  range_mem(r), range_size(r)) != range_size(r))
		wrong(w, CHECK_DEVICE, range_mem(r), "a read into fixed pages failed");
	expect(r, content);
	verify(w, r, CHECK_DEVICE);
}

static void ring_out(struct worker *w, const int *ends, struct range r)
{
	if (ring_transfer(&w->ring, IORING_OP_WRITE_FIXED, ends[1], ~0ULL,
			  range_mem(r), range_size(r)) != range_size(r))
		wrong(w, CHECK_DEVICE, range_mem(r), "a write from fixed pages failed");
	pipe_compare(w, ends[0], r);
}

/* Through the file, where the device itself reads and writes the pages. */
static void ring_file(struct worker *w, struct range r)
{
	size_t size = range_size(r);
	char *mem = range_mem(r);

	if (direct_file(w) < 0 ||
	    ring_transfer(&w->ring, IORING_OP_WRITE_FIXED, w->file, 0, mem,
			  size) != size)
		return;
	if (ring_transfer(&w->ring, IORING_OP_READ_FIXED, w->file, 0, mem,
			  size) != size)
		wrong(w, CHECK_DEVICE, mem, "a direct read into fixed pages failed");
	verify(w, r, CHECK_DEVICE);
}

static void ring_rounds(struct worker *w, const int *ends, struct range r)
{
	u32 rounds = 1 + below(&w->stream, 4);

	while (rounds--) {
		nap(w, NAP_US);
		switch (below(&w->stream, 5)) {
		case 0:
			ring_out(w, ends, r);
			break;
		case 1:
			ring_file(w, r);
			break;
		case 2:
			put(w, r, some_content(&w->stream));
			break;
		case 3:
			op_fork(w, 0);
			break;
		default:
			ring_in(w, ends, r);
		}
	}
	verify(w, r, w->kind);
}

/* Pages fixed in a ring stay the process's pages. */
int op_ring(struct worker *w, int arg)
{
	struct range r = some_range(w, PAGES);
	int ends[2], ret = ring_open(&w->ring);

	if (ret)
		return no_room(-ret) ? 0 : ret;
	if (pipe2(ends, O_CLOEXEC))
		return 0;
	unfree(r);
	ret = ring_fix(&w->ring, range_mem(r), range_size(r));
	if (!ret) {
		ring_rounds(w, ends, r);
		ring_loose(&w->ring);
	}
	close(ends[0]);
	close(ends[1]);
	return no_room(-ret) ? 0 : ret;
}

/* Held and not written, a page stays what it is, whatever maps it. */
static void check_held(struct worker *w, struct range r, const u64 *before)
{
	u32 i, n = 0;
	u64 now;

	for (i = 0; i < r.n; i++) {
		now = pf_pfn(range_mem(r) + i * PF_PAGE);
		if (before[i] == PF_NO_PFN || now == PF_NO_PFN)
			continue;
		n++;
		if (now != before[i])
			wrong(w, CHECK_HELD, range_mem(r) + i * PF_PAGE,
			      "a page in a pipe was replaced: was %llx, is %llx",
			      before[i], now);
	}
	ADD(shared->checks[CHECK_HELD], n);
}

/*
 * A frame may be given back while a pipe has it, the zero page become part of a
 * huge page, and KSM be told to take its page back: what they hold never
 * changes. (What pins a page takes all these away first.) On kernels whose
 * flags tell nothing KSM's page is one that is mapped more than once; that
 * there are others of it costs the test a page.
 */
static bool may_be_replaced(u64 pfn)
{
	return pf_is_frame(pfn) || pf_is_zero_page(pfn) || pf_is_ksm(pfn) ||
	       pf_kcount(pfn) != 1;
}

static void get_pfns(struct range r, u64 *pfns)
{
	u32 i;

	for (i = 0; i < r.n; i++)
		pfns[i] = pf_pfn(range_mem(r) + i * PF_PAGE);
}

/* What was there before as after is what the pipe got. */
static void hold(struct worker *w, const int *ends, struct range r)
{
	struct iovec iov = { range_mem(r), range_size(r) };
	u64 before[PAGES], after[PAGES];
	u32 i;

	get_pfns(r, before);
	if (vmsplice(ends[1], &iov, 1, 0) != range_size(r))
		return;
	get_pfns(r, after);
	for (i = 0; i < r.n; i++)
		if (before[i] != after[i] || may_be_replaced(after[i]))
			before[i] = PF_NO_PFN;
	nap(w, one_in(&w->stream, 2) ? HOLD_US : NAP_US);
	check_held(w, r, before);
	pipe_compare(w, ends[0], r);
	verify(w, r, w->kind);
}

int op_splice(struct worker *w, int arg)
{
	struct range r = some_range(w, PAGES);
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return 0;
	unfree(r);
	if (one_in(&w->stream, 2))
		put(w, r, some_content(&w->stream));
	hold(w, ends, r);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
