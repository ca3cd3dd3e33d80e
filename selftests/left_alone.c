// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is never folded even with scope all: locked, shared, huge,
 * watched by userfaultfd, or marked by its program as in need of care.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "pagefold_harness.h"

#define NR	4
#define SIZE	(NR * PF_PAGE)

/* Each maker returns NR pages, or NULL where the kernel does not have such. */
static char *checked(void *mem)
{
	return mem == MAP_FAILED ? NULL : mem;
}

static char *map_with(int flags, int fd)
{
	return checked(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, fd, 0));
}

static char *make_mlock(void)
{
	char *mem = pf_map(NR);

	return mlock(mem, SIZE) ? NULL : mem;
}

static char *make_mlock_onfault(void)
{
	char *mem = pf_map(NR);

	return mlock2(mem, SIZE, MLOCK_ONFAULT) ? NULL : mem;
}

static char *make_map_locked(void)
{
	return map_with(MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1);
}

static char *make_shared_anonymous(void)
{
	return map_with(MAP_SHARED | MAP_ANONYMOUS, -1);
}

static char *make_memfd(void)
{
	int fd = memfd_create("pagefold", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, SIZE))
		return NULL;
	return map_with(MAP_SHARED, fd);
}

static char *make_shm(void)
{
	int id = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
	void *mem = id < 0 ? MAP_FAILED : shmat(id, NULL, 0);

	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
	return checked(mem);
}

static char *make_droppable(void)
{
	return map_with(MAP_DROPPABLE | MAP_ANONYMOUS, -1);
}

static char *advised(int advice)
{
	char *mem = pf_map_plain(NR);

	return madvise(mem, SIZE, advice) ? NULL : mem;
}

static char *make_wipe_on_fork(void)
{
	return advised(MADV_WIPEONFORK);
}

static char *make_dont_dump(void)
{
	return advised(MADV_DONTDUMP);
}

/* Watched by userfaultfd: no page is missing, none write-protected. */
static char *watched(u64 features, u64 mode)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = { .mode = mode };
	char *mem = pf_map(NR);
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	memset(mem, 1, SIZE);
	reg.range.start = (uintptr_t)mem;
	reg.range.len = SIZE;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &reg))
		return NULL;
	return mem;
}

static char *make_uffd_missing(void)
{
	return watched(0, UFFDIO_REGISTER_MODE_MISSING);
}

static char *make_uffd_wp(void)
{
	return watched(UFFD_FEATURE_PAGEFAULT_FLAG_WP,
		       UFFDIO_REGISTER_MODE_WP);
}

FIXTURE(left_alone) {
	char *mem;
	u64 seed;
};

FIXTURE_VARIANT(left_alone) {
	char *(*make)(void);
	/* who asks for folding in so many words gets it in such memory too */
	bool unasked;
};

FIXTURE_VARIANT_ADD(left_alone, mlock) { .make = make_mlock, };
FIXTURE_VARIANT_ADD(left_alone, mlock_onfault) { .make = make_mlock_onfault, };
FIXTURE_VARIANT_ADD(left_alone, map_locked) { .make = make_map_locked, };
FIXTURE_VARIANT_ADD(left_alone, shared) { .make = make_shared_anonymous, };
FIXTURE_VARIANT_ADD(left_alone, memfd) { .make = make_memfd, };
FIXTURE_VARIANT_ADD(left_alone, shm) { .make = make_shm, };
FIXTURE_VARIANT_ADD(left_alone, droppable) { .make = make_droppable, };
FIXTURE_VARIANT_ADD(left_alone, uffd_missing) { .make = make_uffd_missing, };
FIXTURE_VARIANT_ADD(left_alone, uffd_wp) { .make = make_uffd_wp, };

FIXTURE_VARIANT_ADD(left_alone, wipe_on_fork)
{
	.make = make_wipe_on_fork,
	.unasked = true,
};

FIXTURE_VARIANT_ADD(left_alone, dont_dump)
{
	.make = make_dont_dump,
	.unasked = true,
};

FIXTURE_SETUP(left_alone)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	ASSERT_EQ(0, pf_set("scope", "all"));
	self->seed = pf_seed();
	/* nothing may happen to it before it is what it shall be */
	ASSERT_EQ(0, pf_set("run", "0"));
	self->mem = variant->make();
	if (!self->mem)
		SKIP(return, "this kernel or machine has no such memory: %s",
		     strerror(errno));
	if (!variant->unasked)
		madvise(self->mem, SIZE, MADV_MERGEABLE);
}

FIXTURE_TEARDOWN(left_alone)
{
	pf_end();
}

TEST_F(left_alone, with_content)
{
	u64 before[NR];
	size_t i;

	pf_fill_all(self->mem, NR, self->seed);
	for (i = 0; i < NR; i++)
		before[i] = pf_pfn(self->mem + i * PF_PAGE);
	ASSERT_EQ(NR, pf_distinct(self->mem, NR));
	ASSERT_EQ(0, pf_set("run", "1"));

	ASSERT_TRUE(pf_control());
	for (i = 0; i < NR; i++) {
		EXPECT_EQ(before[i], pf_pfn(self->mem + i * PF_PAGE));
		EXPECT_FALSE(pf_is_frame(before[i]));
	}
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_F(left_alone, with_zeroes)
{
	u64 before[NR];
	size_t i;

	memset(self->mem, 1, SIZE);
	memset(self->mem, 0, SIZE);
	for (i = 0; i < NR; i++)
		before[i] = pf_pfn(self->mem + i * PF_PAGE);
	ASSERT_EQ(0, pf_set("run", "1"));

	ASSERT_TRUE(pf_control());
	for (i = 0; i < NR; i++)
		EXPECT_EQ(before[i], pf_pfn(self->mem + i * PF_PAGE));
}

FIXTURE(freed_again) {
	char *mem;
};

FIXTURE_SETUP(freed_again)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
}

FIXTURE_TEARDOWN(freed_again)
{
	pf_end();
}

/* It was the lock that kept the pages apart, nothing about the pages. */
TEST_F(freed_again, munlock)
{
	u64 seed = pf_seed();
	char *mem = make_mlock();

	if (!mem)
		SKIP(return, "mlock is not permitted");
	pf_fill_all(mem, NR, seed);
	ASSERT_TRUE(pf_control());
	ASSERT_TRUE(pf_apart(mem, NR));
	ASSERT_EQ(0, munlock(mem, SIZE));
	ASSERT_TRUE(pf_wait_until(pf_share(mem, NR)));
	EXPECT_TRUE(pf_holds_all(mem, NR, seed));
}

/* Folded first, locked then: whatever mlock makes of it, the bytes are right */
TEST_F(freed_again, mlock_of_folded)
{
	u64 seed = pf_seed();
	char *mem = pf_twins(NR, seed);

	ASSERT_TRUE(pf_wait_until(pf_share(mem, NR)));
	ASSERT_EQ(0, mlock(mem, SIZE));
	pf_passes(3);
	EXPECT_TRUE(pf_holds_all(mem, NR, seed));
	mem[5] = 'l';
	EXPECT_TRUE(pf_holds_but(mem, seed, 5, 'l'));
	EXPECT_TRUE(pf_holds_all(mem + PF_PAGE, NR - 1, seed));
}

TEST_F(freed_again, hugetlb)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
	u64 seed = pf_seed();
	char *mem;
	u64 first;

	mem = mmap(NULL, PF_HUGE, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (mem == MAP_FAILED)
		SKIP(return, "no hugetlb pages are set aside");
	ASSERT_EQ(0, pf_set("scope", "all"));
	pf_fill_all(mem, PF_HUGE / PF_PAGE, seed);
	first = pf_pfn(mem);
	ASSERT_TRUE(pf_control());
	EXPECT_EQ(first, pf_pfn(mem));
	EXPECT_EQ(first + 511, pf_pfn(mem + 511 * PF_PAGE));
	EXPECT_TRUE(pf_holds_all(mem, PF_HUGE / PF_PAGE, seed));
	munmap(mem, PF_HUGE);
}

TEST_HARNESS_MAIN
