// SPDX-License-Identifier: GPL-2.0
/* The torture test: as much of io_uring as one buffer takes. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "torture.h"

static void *map_ring(int fd, size_t size, off_t which)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 which);

	return mem == MAP_FAILED ? NULL : mem;
}

static bool map_rings(struct ring *ring, struct io_uring_params *p)
{
	char *sq, *cq;

	sq = map_ring(ring->fd, p->sq_off.array + p->sq_entries * sizeof(u32),
		      IORING_OFF_SQ_RING);
	cq = map_ring(ring->fd, p->cq_off.cqes + p->cq_entries *
		      sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	ring->sqes = map_ring(ring->fd, p->sq_entries *
			      sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	if (!sq || !cq || !ring->sqes)
		return false;
	ring->sq_tail = (u32 *)(sq + p->sq_off.tail);
	ring->sq_mask = (u32 *)(sq + p->sq_off.ring_mask);
	ring->sq_array = (u32 *)(sq + p->sq_off.array);
	ring->cq_head = (u32 *)(cq + p->cq_off.head);
	ring->cq_mask = (u32 *)(cq + p->cq_off.ring_mask);
	ring->cqes = cq + p->cq_off.cqes;
	return true;
}

/* Once a process. 0 or -errno. */
int ring_open(struct ring *ring)
{
	struct io_uring_params params = {};

	if (ring->fd >= 0)
		return 0;
	ring->fd = syscall(SYS_io_uring_setup, 2, &params);
	if (ring->fd < 0)
		return -errno;
	if (map_rings(ring, &params))
		return 0;
	close(ring->fd);
	ring->fd = -1;
	return -ENOMEM;
}

/* The kernel holds these pages until ring_loose(). */
int ring_fix(struct ring *ring, void *mem, size_t size)
{
	struct iovec iov = { .iov_base = mem, .iov_len = size };

	return syscall(SYS_io_uring_register, ring->fd,
		       IORING_REGISTER_BUFFERS, &iov, 1) ? -errno : 0;
}

void ring_loose(struct ring *ring)
{
	syscall(SYS_io_uring_register, ring->fd, IORING_UNREGISTER_BUFFERS,
		NULL, 0);
}

/**
 * ring_transfer() - let the kernel read or write fixed pages, and wait
 * @ring: with @mem fixed in it
 * @op: IORING_OP_READ_FIXED or IORING_OP_WRITE_FIXED
 * @fd: from or to where
 * @offset: in the file; ~0 for a pipe
 * @mem: the pages
 * @size: of them
 *
 * Return: bytes moved, or -errno.
 */
int ring_transfer(struct ring *ring, int op, int fd, u64 offset, void *mem,
		  size_t size)
{
	u32 at = *ring->sq_tail & *ring->sq_mask;
	struct io_uring_sqe *sqe = (struct io_uring_sqe *)ring->sqes + at;
	struct io_uring_cqe *cqe;
	int res;

	*sqe = (struct io_uring_sqe){
		.opcode = op, .fd = fd, .addr = (uintptr_t)mem, .len = size,
		.off = offset,
	};
	ring->sq_array[at] = at;
	/* pairs with the kernel's load when it takes the entry */
	__atomic_store_n(ring->sq_tail, *ring->sq_tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1,
		    IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -errno;
	cqe = (struct io_uring_cqe *)ring->cqes +
	      (*ring->cq_head & *ring->cq_mask);
	res = cqe->res;
	/* pairs with the kernel's look for room */
	__atomic_store_n(ring->cq_head, *ring->cq_head + 1, __ATOMIC_RELEASE);
	return res;
}
