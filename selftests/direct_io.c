// SPDX-License-Identifier: GPL-2.0
/*
 * Reads that bypass the page cache write to a program's pages behind its back.
 * While such a read is in flight its pages stay what they are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>

#include "pagefold_harness.h"

#define NR	2
#define SIZE	(NR * PF_PAGE)
#define ROUNDS	200

#define GROUP	"pagefold-direct-io"

/* A file of equal pages on a disk, opened for direct reads; -1 if none. */
static int direct_file(u64 seed, char *buf)
{
	static const char * const dirs[] = { "/mnt", "/var/tmp", "/root", "." };
	char path[64];
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/pagefold-XXXXXX", dirs[i]);
		fd = mkostemp(path, O_DIRECT);
		if (fd < 0)
			continue;
		unlink(path);
		pf_fill_all(buf, NR, seed);
		if (write(fd, buf, SIZE) == SIZE && !fsync(fd) &&
		    pread(fd, buf, SIZE, 0) == SIZE)
			return fd;
		close(fd);
	}
	return -1;
}

/* Limit reads of the disk that the file is on; 0 or -errno. */
static int limit_reads(int fd, const char *rbps)
{
	char text[128], path[128];
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition",
		 major(st.st_dev), minor(st.st_dev));
	if (!access(path, F_OK)) {
		/* limits are for whole disks */
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../dev",
			 major(st.st_dev), minor(st.st_dev));
		if (pf_file_read(path, text, sizeof(text)) < 0)
			return -ENODEV;
		*strchrnul(text, '\n') = '\0';
	} else {
		snprintf(text, sizeof(text), "%u:%u", major(st.st_dev),
			 minor(st.st_dev));
	}
	snprintf(text + strlen(text), sizeof(text) - strlen(text), " rbps=%s",
		 rbps);
	return pf_cgroup_write(GROUP, "io.max", text);
}

/*
 * Kernels that tell lockdep of a frozen queue have a cycle in their own locks
 * around io.max: lockdep reports it, and watches nothing from then on.
 */
static bool lockdep_would_stop(void)
{
	FILE *classes = fopen("/proc/lockdep", "r");
	char line[512];
	bool found = false;

	while (classes && !found && fgets(line, sizeof(line), classes))
		found = strstr(line, "q_usage_counter(io)");
	if (classes)
		fclose(classes);
	return found;
}

FIXTURE(direct_io) {
	u64 seed;	/* what the memory holds */
	u64 file_seed;
	char *mem;
	int fd;
	bool done;
	pid_t tid;
	pthread_t thread;
};

FIXTURE_SETUP(direct_io)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->file_seed = pf_seed();
	self->mem = pf_map(NR);
	self->fd = direct_file(self->file_seed, self->mem);
	if (self->fd < 0)
		SKIP(return, "no file system here takes O_DIRECT");
}

FIXTURE_TEARDOWN(direct_io)
{
	if (!lockdep_would_stop())
		limit_reads(self->fd, "max");
	pf_cgroup_remove(GROUP);
	pf_end();
}

/* Both content and equality change under the scanner, many times. */
TEST_F(direct_io, back_and_forth)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		pf_fill_all(self->mem, NR, self->seed);
		if (i % 8 == 0)
			pf_set("run", "1");
		usleep(i % 8 * 1000);
		ASSERT_TRUE(pf_holds_all(self->mem, NR, self->seed));
		ASSERT_EQ(SIZE, pread(self->fd, self->mem, SIZE, 0));
		ASSERT_TRUE(pf_holds_all(self->mem, NR, self->file_seed));
	}
}

/* Read into pages that are one frame by now, and into one page of it only. */
TEST_F(direct_io, into_folded_pages)
{
	char *twin = pf_twins(1, self->seed);

	pf_fill_all(self->mem, NR, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR) &&
				  pf_pfn(twin) == pf_pfn(self->mem)));
	ASSERT_EQ(PF_PAGE, pread(self->fd, self->mem, PF_PAGE, 0));
	EXPECT_TRUE(pf_holds(self->mem, self->file_seed));
	EXPECT_FALSE(pf_folded(self->mem));
	EXPECT_TRUE(pf_holds(self->mem + PF_PAGE, self->seed));
	EXPECT_TRUE(pf_holds(twin, self->seed));
}

/*
 * The kernel wrote, no program did. The pages were looked at before, and must
 * be again, for they are equal now.
 */
TEST_F(direct_io, what_was_read_is_found)
{
	pf_fill(self->mem, self->seed);
	pf_fill(self->mem + PF_PAGE, pf_seed());
	ASSERT_TRUE(pf_control());
	ASSERT_TRUE(pf_apart(self->mem, NR));
	ASSERT_EQ(SIZE, pread(self->fd, self->mem, SIZE, 0));
	EXPECT_TRUE(pf_wait_long_until(pf_share(self->mem, NR)));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->file_seed));
}

static int enter_slow_group(int fd)
{
	int ret = pf_cgroup_make(GROUP, "io");

	ret = ret ?: limit_reads(fd, "16");
	return ret ?: pf_cgroup_write(GROUP, "cgroup.procs", "0");
}

static void *read_slowly(void *arg)
{
	struct _test_data_direct_io *self = arg;
	ssize_t got;

	PF_STORE(&self->tid, syscall(SYS_gettid));
	got = pread(self->fd, self->mem, SIZE, 0);
	PF_STORE(&self->done, true);
	return (void *)got;
}

/* Does the reader sleep for the disk? Then its pages are held. */
static bool in_flight(struct _test_data_direct_io *self)
{
	char path[64], stat[512];
	char *state;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
		 PF_LOAD(&self->tid));
	if (pf_file_read(path, stat, sizeof(stat)) < 0)
		return false;
	state = strrchr(stat, ')');
	return state && state[2] == 'D' && !PF_LOAD(&self->done);
}

TEST_F(direct_io, in_flight)
{
	u64 before[NR];
	void *got;
	int i;

	if (lockdep_would_stop())
		SKIP(return, "io.max makes lockdep stop here");
	ASSERT_EQ(0, pf_set("run", "0"));
	pf_fill_all(self->mem, NR, self->seed);
	for (i = 0; i < NR; i++)
		before[i] = pf_pfn(self->mem + i * PF_PAGE);
	if (enter_slow_group(self->fd))
		SKIP(return, "reads cannot be slowed down here (io.max)");
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, read_slowly, self));
	for (i = 0; i < 1000 && !in_flight(self); i++)
		usleep(1000);
	ASSERT_TRUE(in_flight(self));

	ASSERT_EQ(0, pf_set("run", "1"));
	EXPECT_TRUE(pf_control());
	EXPECT_TRUE(in_flight(self));
	for (i = 0; i < NR; i++)
		EXPECT_EQ(before[i], pf_pfn(self->mem + i * PF_PAGE));
	EXPECT_EQ(0, limit_reads(self->fd, "max"));
	ASSERT_EQ(0, pthread_join(self->thread, &got));
	EXPECT_EQ(SIZE, (ssize_t)got);
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->file_seed));
	pf_passes(3);
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->file_seed));
}

TEST_HARNESS_MAIN
