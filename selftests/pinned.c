// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that the kernel holds on to on a program's behalf: whoever holds the
 * page and the program must go on seeing the same bytes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "pagefold_harness.h"

#define NR	2
#define AT	77

/* What holds a page: the pipe it was spliced into, or a ring it is fixed in. */
struct holder {
	int pipe[2];
	int ring;
	u32 *sq_tail, *sq_mask, *sq_array;
	u32 *cq_head, *cq_mask;
	struct io_uring_cqe *cqes;
	struct io_uring_sqe *sqes;
	char *fixed;
};

/* Each: 0, or -errno where there is no such thing in this kernel. */
static int splice_hold(struct holder *h, char *page)
{
	struct iovec iov = { .iov_base = page, .iov_len = PF_PAGE };

	if (vmsplice(h->pipe[1], &iov, 1, 0) != PF_PAGE)
		return -errno;
	return 0;
}

/* Take the held page's content as the kernel sees it, and let it go. */
static int splice_release(struct holder *h, char *copy)
{
	size_t got = 0;
	ssize_t ret;

	while (got < PF_PAGE) {
		ret = read(h->pipe[0], copy + got, PF_PAGE - got);
		if (ret <= 0)
			return -EIO;
		got += ret;
	}
	return 0;
}

static int ring_map(struct holder *h, struct io_uring_params *p)
{
	const int prot = PROT_READ | PROT_WRITE;
	size_t sq_size = p->sq_off.array + p->sq_entries * sizeof(u32);
	size_t cq_size = p->cq_off.cqes +
			 p->cq_entries * sizeof(struct io_uring_cqe);
	char *sq, *cq;

	sq = mmap(NULL, sq_size, prot, MAP_SHARED, h->ring, IORING_OFF_SQ_RING);
	cq = mmap(NULL, cq_size, prot, MAP_SHARED, h->ring, IORING_OFF_CQ_RING);
	h->sqes = mmap(NULL, p->sq_entries * sizeof(*h->sqes), prot,
		       MAP_SHARED, h->ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || h->sqes == MAP_FAILED)
		return -errno;
	h->sq_tail = (u32 *)(sq + p->sq_off.tail);
	h->sq_mask = (u32 *)(sq + p->sq_off.ring_mask);
	h->sq_array = (u32 *)(sq + p->sq_off.array);
	h->cq_head = (u32 *)(cq + p->cq_off.head);
	h->cq_mask = (u32 *)(cq + p->cq_off.ring_mask);
	h->cqes = (struct io_uring_cqe *)(cq + p->cq_off.cqes);
	return 0;
}

static int ring_hold(struct holder *h, char *page)
{
	struct iovec iov = { .iov_base = page, .iov_len = PF_PAGE };
	struct io_uring_params params = {};

	h->ring = syscall(SYS_io_uring_setup, 2, &params);
	if (h->ring < 0 || syscall(SYS_io_uring_register, h->ring,
				   IORING_REGISTER_BUFFERS, &iov, 1))
		return -errno;
	h->fixed = page;
	return ring_map(h, &params);
}

/* Let the kernel read from or write to the fixed page, through a pipe. */
static int ring_transfer(struct holder *h, int op, int fd)
{
	u32 tail = *h->sq_tail;
	struct io_uring_sqe *sqe = &h->sqes[tail & *h->sq_mask];
	int res;

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)h->fixed;
	sqe->len = PF_PAGE;
	sqe->off = -1;
	h->sq_array[tail & *h->sq_mask] = tail & *h->sq_mask;
	/* pairs with the kernel's load when it takes the entry */
	__atomic_store_n(h->sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, h->ring, 1, 1,
		    IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -errno;
	res = h->cqes[*h->cq_head & *h->cq_mask].res;
	__atomic_store_n(h->cq_head, *h->cq_head + 1, __ATOMIC_RELEASE);
	return res == PF_PAGE ? 0 : -EIO;
}

static int ring_release(struct holder *h, char *copy)
{
	int ret = ring_transfer(h, IORING_OP_WRITE_FIXED, h->pipe[1]);

	if (!ret)
		ret = splice_release(h, copy);
	if (!ret && syscall(SYS_io_uring_register, h->ring,
			    IORING_UNREGISTER_BUFFERS, NULL, 0))
		ret = -errno;
	close(h->ring);
	return ret;
}

FIXTURE(pinned) {
	u64 seed;
	char *mem;
	char *copy;
	struct holder holder;
};

FIXTURE_VARIANT(pinned) {
	int (*hold)(struct holder *h, char *page);
	int (*release)(struct holder *h, char *copy);
};

FIXTURE_VARIANT_ADD(pinned, vmsplice)
{
	.hold = splice_hold,
	.release = splice_release,
};

FIXTURE_VARIANT_ADD(pinned, io_uring)
{
	.hold = ring_hold,
	.release = ring_release,
};

FIXTURE_SETUP(pinned)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	ASSERT_EQ(0, pf_set("run", "0"));
	ASSERT_EQ(0, pipe(self->holder.pipe));
	self->seed = pf_seed();
	self->copy = pf_map_plain(1);
	self->mem = pf_twins(NR, self->seed);
}

FIXTURE_TEARDOWN(pinned)
{
	pf_end();
}

TEST_F(pinned, stays_until_released)
{
	u64 before = pf_pfn(self->mem);
	char old = self->mem[AT];
	int ret = variant->hold(&self->holder, self->mem);

	if (ret)
		SKIP(return, "not available here: %s", strerror(-ret));
	ASSERT_EQ(0, pf_set("run", "1"));
	ASSERT_TRUE(pf_control());
	EXPECT_EQ(before, pf_pfn(self->mem));
	EXPECT_TRUE(pf_apart(self->mem, NR));

	/* the program writes: the holder must see it, so it is one page yet */
	self->mem[AT] = 'p';
	ASSERT_EQ(0, variant->release(&self->holder, self->copy));
	EXPECT_TRUE(pf_holds_but(self->copy, self->seed, AT, 'p'));
	EXPECT_TRUE(pf_holds_but(self->mem, self->seed, AT, 'p'));
	EXPECT_TRUE(pf_holds(self->mem + PF_PAGE, self->seed));

	/* it was the holder that kept the pages apart */
	self->mem[AT] = old;
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

/* There is a frame for it already, and still it is not taken. */
TEST_F(pinned, others_fold_without_it)
{
	int ret = variant->hold(&self->holder, self->mem);
	char *late;

	if (ret)
		SKIP(return, "not available here: %s", strerror(-ret));
	ASSERT_EQ(0, pf_set("run", "1"));
	late = pf_twins(NR, self->seed);
	/* the others fold; the held page is no part of it */
	ASSERT_TRUE(pf_wait_until(pf_share(late, NR)));
	pf_passes(3);
	EXPECT_FALSE(pf_folded(self->mem));
	EXPECT_TRUE(pf_holds(self->mem, self->seed));
	self->mem[AT] = 'q';
	ASSERT_EQ(0, variant->release(&self->holder, self->copy));
	EXPECT_TRUE(pf_holds_but(self->copy, self->seed, AT, 'q'));
	EXPECT_TRUE(pf_holds_all(late, NR, self->seed));
}

/* A page that is folded already is taken hold of. */
TEST_F(pinned, after_the_fold)
{
	char *twin;
	int ret;

	twin = pf_twins(1, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR) &&
				  pf_pfn(twin) == pf_pfn(self->mem)));
	ret = variant->hold(&self->holder, self->mem);
	if (ret)
		SKIP(return, "not available here: %s", strerror(-ret));
	pf_passes(3);
	ASSERT_EQ(0, munmap(self->mem + PF_PAGE, PF_PAGE));
	ASSERT_EQ(0, munmap(twin, PF_PAGE));
	pf_passes(3);
	EXPECT_TRUE(pf_holds(self->mem, self->seed));
	ASSERT_EQ(0, variant->release(&self->holder, self->copy));
	EXPECT_TRUE(pf_holds(self->copy, self->seed));
	EXPECT_TRUE(pf_holds(self->mem, self->seed));
}

FIXTURE(fixed) {
	u64 seed;
	struct holder holder;
};

FIXTURE_VARIANT(fixed) {
	bool folded_first;
};

FIXTURE_VARIANT_ADD(fixed, before_the_fold)
{
	.folded_first = false,
};

FIXTURE_VARIANT_ADD(fixed, after_the_fold)
{
	.folded_first = true,
};

FIXTURE_SETUP(fixed)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	ASSERT_EQ(0, pipe(self->holder.pipe));
}

FIXTURE_TEARDOWN(fixed)
{
	pf_end();
}

/*
 * The kernel writes to the fixed page long after it took hold of it. The
 * program must see that, in this page and in no other.
 */
TEST_F(fixed, the_kernel_writes)
{
	char *mem = pf_twins(3, self->seed);
	char page[PF_PAGE];
	u64 news = pf_seed();
	int ret;

	if (variant->folded_first)
		ASSERT_TRUE(pf_wait_until(pf_share(mem, 3)));
	ret = ring_hold(&self->holder, mem);
	if (ret)
		SKIP(return, "no io_uring here: %s", strerror(-ret));
	ASSERT_TRUE(pf_control());
	EXPECT_FALSE(pf_folded(mem));
	pf_fill(page, news);
	ASSERT_EQ(PF_PAGE, write(self->holder.pipe[1], page, PF_PAGE));
	ASSERT_EQ(0, ring_transfer(&self->holder, IORING_OP_READ_FIXED,
				   self->holder.pipe[0]));
	EXPECT_TRUE(pf_holds(mem, news));
	EXPECT_TRUE(pf_wait_until(pf_share(mem + PF_PAGE, 2)));
	EXPECT_TRUE(pf_holds_all(mem + PF_PAGE, 2, self->seed));
	ASSERT_TRUE(pf_control());
	EXPECT_TRUE(pf_holds(mem, news));
}

TEST_HARNESS_MAIN
