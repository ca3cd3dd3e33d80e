// SPDX-License-Identifier: GPL-2.0
/* Loading and unloading: parameters, good and bad. */
#include <errno.h>

#include "pagefold_harness.h"

#define MODULE	"/sys/module/pagefold"
#define EACH	"run=0 scope=all cpu_percent=7 settle_ms=321 use_zero_pages=0"

FIXTURE(load) {
	bool was_loaded;
};

FIXTURE_VARIANT(load) {
	const char *params;
	int error;
};

FIXTURE_VARIANT_ADD(load, run_3) { "run=3", EINVAL };
FIXTURE_VARIANT_ADD(load, run_2) { "run=2", EINVAL };
FIXTURE_VARIANT_ADD(load, run_word) { "run=yes", EINVAL };
FIXTURE_VARIANT_ADD(load, scope_none) { "scope=none", EINVAL };
FIXTURE_VARIANT_ADD(load, scope_empty) { "scope=", EINVAL };
FIXTURE_VARIANT_ADD(load, cpu_percent_0) { "cpu_percent=0", ERANGE };
FIXTURE_VARIANT_ADD(load, cpu_percent_101) { "cpu_percent=101", ERANGE };
FIXTURE_VARIANT_ADD(load, cpu_percent_word) { "cpu_percent=all", EINVAL };
FIXTURE_VARIANT_ADD(load, settle_ms_much) { "settle_ms=3600001", ERANGE };
FIXTURE_VARIANT_ADD(load, settle_ms_minus) { "settle_ms=-1", EINVAL };
FIXTURE_VARIANT_ADD(load, zero_pages_2) { "use_zero_pages=2", ERANGE };
FIXTURE_VARIANT_ADD(load, good_then_bad)
{
	"scope=all cpu_percent=500", ERANGE
};

FIXTURE_SETUP(load)
{
	self->was_loaded = pf_loaded();
	if (access(pf_module_file(), R_OK))
		SKIP(return, "set PAGEFOLD_KO to the module's file");
	if (self->was_loaded)
		ASSERT_EQ(0, pf_module_unload());
}

FIXTURE_TEARDOWN(load)
{
	if (pf_loaded() && !self->was_loaded)
		pf_module_unload();
	if (!pf_loaded() && self->was_loaded)
		pf_module_load("");
	pf_end();
}

TEST_F(load, bad_parameters_are_refused)
{
	ASSERT_EQ(-variant->error, pf_module_load(variant->params));
	EXPECT_NE(0, access(MODULE, F_OK));
	EXPECT_FALSE(pf_loaded());
	/* nothing of it is left in the way */
	ASSERT_EQ(0, pf_module_load(""));
	EXPECT_TRUE(pf_loaded());
	EXPECT_EQ(20, pf_get("cpu_percent"));
}

FIXTURE(unload) {
	bool was_loaded;
};

FIXTURE_SETUP(unload)
{
	self->was_loaded = pf_loaded();
	if (access(pf_module_file(), R_OK))
		SKIP(return, "set PAGEFOLD_KO to the module's file");
	if (self->was_loaded)
		ASSERT_EQ(0, pf_module_unload());
}

FIXTURE_TEARDOWN(unload)
{
	if (pf_loaded() && !self->was_loaded)
		pf_module_unload();
	if (!pf_loaded() && self->was_loaded)
		pf_module_load("");
	pf_end();
}

static const char *scope(void)
{
	static char text[64];

	pf_file_read(PF_SYSFS "scope", text, sizeof(text));
	return text;
}

TEST_F(unload, defaults)
{
	ASSERT_EQ(0, pf_module_load(""));
	EXPECT_EQ(1, pf_get("run"));
	EXPECT_STREQ("[madvise] all\n", scope());
	EXPECT_EQ(20, pf_get("cpu_percent"));
	EXPECT_EQ(1000, pf_get("settle_ms"));
	EXPECT_EQ(1, pf_get("use_zero_pages"));
}

TEST_F(unload, parameters_are_applied)
{
	ASSERT_EQ(0, pf_module_load(EACH));
	EXPECT_EQ(0, pf_get("run"));
	EXPECT_STREQ("madvise [all]\n", scope());
	EXPECT_EQ(7, pf_get("cpu_percent"));
	EXPECT_EQ(321, pf_get("settle_ms"));
	EXPECT_EQ(0, pf_get("use_zero_pages"));
	EXPECT_EQ(0, pf_get("full_scans"));
}

TEST_F(unload, nothing_is_left)
{
	ASSERT_EQ(0, pf_module_load("settle_ms=0"));
	ASSERT_EQ(0, pf_module_unload());
	EXPECT_NE(0, access(MODULE, F_OK));
	EXPECT_NE(0, access(PF_SYSFS, F_OK));
	EXPECT_NE(0, access(PF_DEBUGFS, F_OK));
	EXPECT_NE(0, access(PF_TRACEFS "events/pagefold", F_OK));
}

TEST_F(unload, only_once)
{
	ASSERT_EQ(0, pf_module_load(""));
	EXPECT_EQ(-EEXIST, pf_module_load(""));
	EXPECT_TRUE(pf_loaded());
}

/* Folded memory outlives the module that folded it. */
TEST_F(unload, folded_memory_stays)
{
	u64 seed = pf_seed();
	char *mem = pf_twins(8, seed);
	u64 frame;

	ASSERT_EQ(0, pf_module_load("settle_ms=0 cpu_percent=100"));
	ASSERT_TRUE(pf_wait_until(pf_share(mem, 8)));
	frame = pf_pfn(mem);
	ASSERT_EQ(0, pf_module_unload());
	EXPECT_TRUE(pf_share(mem, 8));
	EXPECT_EQ(frame, pf_pfn(mem));
	EXPECT_TRUE(pf_holds_all(mem, 8, seed));
	mem[3] = 'u';
	EXPECT_TRUE(pf_holds_but(mem, seed, 3, 'u'));
	EXPECT_TRUE(pf_holds_all(mem + PF_PAGE, 7, seed));
	EXPECT_EQ(7, pf_kcount(frame));
	/* the last mapping gone, the frame is free without the module */
	munmap(mem, 8 * PF_PAGE);
	EXPECT_FALSE(pf_is_frame(frame));
}

/* The next load finds the frames of the last one, and uses them. */
TEST_F(unload, frames_are_adopted)
{
	u64 seed = pf_seed();
	char *mem = pf_twins(4, seed);
	char *late;
	u64 frame;

	ASSERT_EQ(0, pf_module_load("settle_ms=0 cpu_percent=100"));
	ASSERT_TRUE(pf_wait_until(pf_share(mem, 4)));
	frame = pf_pfn(mem);
	ASSERT_EQ(0, pf_module_unload());
	ASSERT_EQ(0, pf_module_load("settle_ms=0 cpu_percent=100"));
	late = pf_twins(2, seed);
	ASSERT_TRUE(pf_wait_until(pf_pfn(late) == frame &&
				  pf_pfn(late + PF_PAGE) == frame));
	EXPECT_TRUE(pf_share(mem, 4));
	EXPECT_EQ(6, pf_kcount(frame));
	EXPECT_TRUE(pf_holds_all(late, 2, seed));
	ASSERT_EQ(0, pf_set("run", "2"));
	EXPECT_TRUE(pf_apart(mem, 4));
	EXPECT_TRUE(pf_holds_all(mem, 4, seed));
}

TEST_HARNESS_MAIN
