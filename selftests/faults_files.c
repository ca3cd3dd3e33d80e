// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations fail while the module's files are read and written, each in
 * turn: a write that failed changed nothing but, with run=2, what it had split
 * by then; a read says that it failed.
 */
#include <errno.h>
#include <fcntl.h>

#include "pagefold_harness.h"

#define NR	6
#define MOST	5000	/* allocations of one read or write */
#define TEXT	65536

FIXTURE(faults_files) {
	char *mem, *text;
	u64 seed;
};

FIXTURE_SETUP(faults_files)
{
	if (!pf_fault_possible())
		SKIP(return, "this kernel lets no allocation fail");
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	pf_fault_begin();
	self->text = malloc(TEXT);
	self->seed = pf_seed();
	self->mem = pf_twins(NR, self->seed);
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
}

FIXTURE_TEARDOWN(faults_files)
{
	pf_fault_end();
	pf_end();
}

/* write() with that allocation failing; 0 or -errno. Was there one? */
static bool write_with(int fd, const char *value, unsigned int nth, int *ret)
{
	pf_fault_this(nth);
	*ret = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	return !pf_fault_done();
}

static void reads_as(const char *path, char *text)
{
	if (pf_file_read(path, text, 64) <= 0)
		pf_die("%s", path);
}

/* Until no allocation of it fails any more; how many did? */
static unsigned int write_each(struct __test_metadata *_metadata,
			       const char *name, const char *value)
{
	char path[64], before[64], after[64];
	unsigned int nth;
	int fd, ret = 0;
	bool failed = true;

	snprintf(path, sizeof(path), PF_SYSFS "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	for (nth = 1; failed && nth < MOST; nth++) {
		reads_as(path, before);
		failed = write_with(fd, value, nth, &ret);
		reads_as(path, after);
		if (!ret)
			continue;
		ASSERT_EQ(-ENOMEM, ret);
		ASSERT_STREQ(before, after);
	}
	EXPECT_EQ(0, ret);
	EXPECT_FALSE(failed);
	close(fd);
	return nth - 2;
}

TEST_F_TIMEOUT(faults_files, settings, 240)
{
	static const char * const writes[][2] = {
		{ "scope", "all" }, { "scope", "madvise" },
		{ "cpu_percent", "50" }, { "settle_ms", "10" },
		{ "use_zero_pages", "0" }, { "run", "0" }, { "run", "1" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(writes); i++)
		EXPECT_LT(0, write_each(_metadata, writes[i][0],
					writes[i][1]));
	EXPECT_TRUE(pf_share(self->mem, NR));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_F_TIMEOUT(faults_files, split_all, 600)
{
	unsigned int nth, refused = 0;
	bool failed = true;
	int fd, ret = 0;

	fd = open(PF_SYSFS "run", O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	for (nth = 1; failed && nth < MOST; nth++) {
		ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
		failed = write_with(fd, "2", nth, &ret);
		ASSERT_TRUE(pf_holds_all(self->mem, NR, self->seed));
		if (ret) {
			ASSERT_EQ(-ENOMEM, ret);
			ASSERT_NE(2, pf_get("run"));
			refused++;
		} else {
			ASSERT_EQ(2, pf_get("run"));
			ASSERT_TRUE(pf_apart(self->mem, NR));
		}
		ASSERT_EQ(0, pf_set("run", "1"));
	}
	ksft_print_msg("allocations 1 to %u failed, %u times not all split\n",
		       nth - 2, refused);
	close(fd);
	EXPECT_EQ(0, ret);
	EXPECT_FALSE(failed);
	EXPECT_LE(NR, refused);
}

/* The whole file, with that allocation failing: 0 or -errno. */
static bool read_with(int fd, char *text, unsigned int nth, int *ret)
{
	ssize_t got;

	pf_fault_this(nth);
	do {
		got = read(fd, text, TEXT);
	} while (got > 0);
	*ret = got < 0 ? -errno : 0;
	return !pf_fault_done();
}

TEST_F_TIMEOUT(faults_files, reading, 240)
{
	static const char * const names[] = {
		PF_DEBUGFS "stats", PF_DEBUGFS "latency",
		PF_DEBUGFS "processes", PF_SYSFS "pages_sharing",
	};
	unsigned int nth;
	bool failed;
	int fd, ret;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		for (nth = 1, failed = true; failed && nth < MOST; nth++) {
			fd = open(names[i], O_RDONLY | O_CLOEXEC);
			ASSERT_LE(0, fd);
			failed = read_with(fd, self->text, nth, &ret);
			EXPECT_TRUE(!ret || ret == -ENOMEM);
			close(fd);
		}
		EXPECT_EQ(0, ret);
		EXPECT_FALSE(failed);
		EXPECT_LT(2, nth);
	}
}

TEST_HARNESS_MAIN
