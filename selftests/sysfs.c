// SPDX-License-Identifier: GPL-2.0
/* Every file in /sys/kernel/mm/pagefold: there, its mode, good and bad input. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "pagefold_harness.h"

#define MAX	8

struct bad {
	const char *text;
	int error;
};

struct good {
	const char *text;
	const char *shown;
};

FIXTURE(tunable) {
	char path[128];
};

FIXTURE_VARIANT(tunable) {
	const char *name;
	struct good good[MAX];
	struct bad bad[MAX];
};

FIXTURE_VARIANT_ADD(tunable, run)
{
	.name = "run",
	.good = { { "0", "0\n" }, { "1", "1\n" }, { "2", "2\n" },
		  { "1\n", "1\n" } },
	.bad = { { "3", EINVAL }, { "-1", EINVAL }, { "x", EINVAL },
		 { "", EINVAL }, { "1 2", EINVAL },
		 { "99999999999999999999", EINVAL } },
};

FIXTURE_VARIANT_ADD(tunable, scope)
{
	.name = "scope",
	.good = { { "all", "madvise [all]\n" },
		  { "madvise", "[madvise] all\n" },
		  { "all\n", "madvise [all]\n" } },
	.bad = { { "none", EINVAL }, { "", EINVAL }, { "1", EINVAL },
		 { "allx", EINVAL }, { "al", EINVAL },
		 { "madvise all", EINVAL } },
};

FIXTURE_VARIANT_ADD(tunable, cpu_percent)
{
	.name = "cpu_percent",
	.good = { { "1", "1\n" }, { "100", "100\n" }, { "20\n", "20\n" } },
	.bad = { { "0", ERANGE }, { "101", ERANGE }, { "x", EINVAL },
		 { "", EINVAL }, { "-1", EINVAL }, { "5%", EINVAL },
		 { "99999999999999999999", ERANGE } },
};

FIXTURE_VARIANT_ADD(tunable, settle_ms)
{
	.name = "settle_ms",
	.good = { { "0", "0\n" }, { "3600000", "3600000\n" },
		  { "1000\n", "1000\n" } },
	.bad = { { "3600001", ERANGE }, { "x", EINVAL }, { "", EINVAL },
		 { "-1", EINVAL }, { "1s", EINVAL },
		 { "99999999999999999999", ERANGE } },
};

FIXTURE_VARIANT_ADD(tunable, use_zero_pages)
{
	.name = "use_zero_pages",
	.good = { { "0", "0\n" }, { "1", "1\n" }, { "0\n", "0\n" } },
	.bad = { { "2", ERANGE }, { "x", EINVAL }, { "", EINVAL },
		 { "-1", EINVAL } },
};

FIXTURE_VARIANT_ADD(tunable, scrub_per_second)
{
	.name = "scrub_per_second",
	.good = { { "1", "1\n" }, { "1000000", "1000000\n" }, { "0\n", "0\n" } },
	.bad = { { "1000001", ERANGE }, { "x", EINVAL }, { "", EINVAL },
		 { "-1", EINVAL }, { "99999999999999999999", ERANGE } },
};

FIXTURE_SETUP(tunable)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	snprintf(self->path, sizeof(self->path), PF_SYSFS "%s", variant->name);
}

FIXTURE_TEARDOWN(tunable)
{
	pf_end();
}

TEST_F(tunable, mode)
{
	struct stat st;

	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(S_IFREG | 0644, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
}

TEST_F(tunable, good_input)
{
	const struct good *good;
	char text[64];

	for (good = variant->good; good->text; good++) {
		EXPECT_EQ(0, pf_set(variant->name, good->text));
		ASSERT_LT(0, pf_file_read(self->path, text, sizeof(text)));
		EXPECT_STREQ(good->shown, text);
	}
}

/* write() of nothing does not reach the file; an empty line does. */
static int set_text(const char *name, const char *text)
{
	return pf_set(name, *text ? text : "\n");
}

TEST_F(tunable, bad_input_changes_nothing)
{
	const struct bad *bad;
	char before[64], text[64];

	ASSERT_LT(0, pf_file_read(self->path, before, sizeof(before)));
	for (bad = variant->bad; bad->text; bad++) {
		EXPECT_EQ(-bad->error, set_text(variant->name, bad->text)) {
			TH_LOG("for the input '%s'", bad->text);
		}
		ASSERT_LT(0, pf_file_read(self->path, text, sizeof(text)));
		EXPECT_STREQ(before, text);
	}
	ASSERT_TRUE(pf_control());
}

FIXTURE(figure) {
	char path[128];
};

FIXTURE_VARIANT(figure) {
	const char *name;
};

FIXTURE_VARIANT_ADD(figure, pages_shared) { .name = "pages_shared", };
FIXTURE_VARIANT_ADD(figure, pages_sharing) { .name = "pages_sharing", };
FIXTURE_VARIANT_ADD(figure, pages_scanned) { .name = "pages_scanned", };
FIXTURE_VARIANT_ADD(figure, full_scans) { .name = "full_scans", };
FIXTURE_VARIANT_ADD(figure, zero_pages) { .name = "zero_pages", };
FIXTURE_VARIANT_ADD(figure, general_profit) { .name = "general_profit", };

FIXTURE_SETUP(figure)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	snprintf(self->path, sizeof(self->path), PF_SYSFS "%s", variant->name);
}

FIXTURE_TEARDOWN(figure)
{
	pf_end();
}

TEST_F(figure, read_only_number)
{
	char text[64], rest;
	long long value;
	struct stat st;
	int fields;

	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(S_IFREG | 0444, st.st_mode);
	ASSERT_LT(0, pf_file_read(self->path, text, sizeof(text)));
	fields = sscanf(text, "%lld%c", &value, &rest);
	ASSERT_EQ(2, fields);
	EXPECT_EQ('\n', rest);
	EXPECT_EQ('\n', text[strlen(text) - 1]);
	EXPECT_GT(0, pf_set(variant->name, "0"));
}

FIXTURE(meaning) {
	char *mem;
	u64 seed;
};

FIXTURE_SETUP(meaning)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	ASSERT_EQ(0, pf_set("run", "2"));
}

FIXTURE_TEARDOWN(meaning)
{
	pf_end();
}

/* Checked against the page frame numbers of this process, the only one. */
TEST_F(meaning, shared_and_sharing)
{
	const size_t n = 16;
	char *mem = pf_map(3 * n);
	long long scanned = pf_get("pages_scanned");
	size_t i;

	if (pf_get("pages_shared"))
		SKIP(return, "other programs here have folded memory");
	for (i = 0; i < n; i++)
		pf_fill_all(mem + 3 * i * PF_PAGE, 3, pf_seed());
	ASSERT_TRUE(pf_wait_until(pf_distinct(mem, 3 * n) == n));
	ASSERT_TRUE(pf_wait_until(pf_get("pages_shared") == n));
	EXPECT_EQ(2 * n, pf_get("pages_sharing"));
	EXPECT_LE(scanned + 3 * n, pf_get("pages_scanned"));
	mem[0] ^= 1;
	EXPECT_TRUE(pf_wait_until(pf_get("pages_sharing") == 2 * n - 1));
	EXPECT_EQ(n, pf_get("pages_shared"));
}

TEST_F(meaning, zero_pages)
{
	const size_t n = 16;
	char *mem = pf_map(n);
	long long before = pf_get("zero_pages");

	memset(mem, 1, n * PF_PAGE);
	memset(mem, 0, n * PF_PAGE);
	ASSERT_TRUE(pf_wait_until(pf_distinct(mem, n) == 1));
	EXPECT_TRUE(pf_is_zero_page(pf_pfn(mem)));
	EXPECT_LE(before + n, pf_get("zero_pages"));
}

TEST_F(meaning, profit_grows)
{
	const size_t n = 2048;
	char *mem = pf_map(n);
	long long before = pf_get("general_profit");
	size_t i;

	for (i = 0; i < n; i++)
		pf_fill(mem + i * PF_PAGE, self->seed + i / 64);
	ASSERT_TRUE(pf_wait_until(pf_distinct(mem, n) == n / 64));
	/* some of what was saved may be spent on metadata */
	EXPECT_LE(before + n / 2 * PF_PAGE, pf_get("general_profit"));
}

TEST(nothing_else_there)
{
	struct dirent *entry;
	int n = 0;
	DIR *dir;

	if (!pf_loaded())
		SKIP(return, "pagefold is not loaded");
	dir = opendir(PF_SYSFS);
	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	EXPECT_EQ(12, n) {
		TH_LOG("a new file needs a test here, too");
	}
}

TEST_HARNESS_MAIN
