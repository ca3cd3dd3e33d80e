// SPDX-License-Identifier: GPL-2.0
/*
 * Loading, with each of its allocations failing in turn: either the module is
 * loaded and works, or nothing of it is there and it can be loaded again.
 */
#include <errno.h>

#include "pagefold_harness.h"

#define NR	8
#define MANY	1000000U
#define WAY_BACK	50U
#define PARAMS	"settle_ms=0 cpu_percent=100"

FIXTURE(faults_load) {
	bool was_loaded;
	char *mem;
	u64 seed;
};

FIXTURE_SETUP(faults_load)
{
	if (!pf_fault_possible())
		SKIP(return, "this kernel lets no allocation fail");
	if (access(pf_module_file(), R_OK))
		SKIP(return, "set PAGEFOLD_KO to the module's file");
	self->was_loaded = pf_loaded();
	if (self->was_loaded)
		ASSERT_EQ(0, pf_module_unload());
	self->seed = pf_seed();
	pf_fault_begin();
}

FIXTURE_TEARDOWN(faults_load)
{
	if (pf_loaded() && !self->was_loaded)
		pf_module_unload();
	if (!pf_loaded() && self->was_loaded)
		pf_module_load("");
	pf_end();
}

/* Load it, with that allocation failing; was there one? */
static bool load_with(unsigned int nth, const char *params, int *ret)
{
	pf_fault_this(nth);
	*ret = pf_module_load(params);
	return !pf_fault_done();
}

/* How many allocations does it take until a load fails like this? */
static unsigned int until_refused(const char *params, int error)
{
	unsigned int taken;
	int ret;

	pf_fault_this(MANY);
	ret = pf_module_load(params);
	taken = MANY - pf_fault_done();
	if (!ret)
		pf_module_unload();
	return ret == error ? taken : 0;
}

/*
 * What the kernel does before it calls the module is not the module's, and the
 * kernel warns when its own tables for a new one get no memory. A module that
 * was built with PAGEFOLD_DEBUG=1 can be told to fail at its first step; on its
 * way back the kernel allocates little. Else it fails at a wrong parameter,
 * some hundred allocations earlier.
 */
static unsigned int before_first_step(void)
{
	unsigned int taken = until_refused("missing=*", -ENOENT);

	if (taken > WAY_BACK)
		return taken - WAY_BACK;
	taken = until_refused("run=wrong", -EINVAL);
	if (!taken)
		pf_die("a wrong parameter was taken");
	return taken;
}

static bool nothing_there(void)
{
	static const char * const places[] = {
		"/sys/module/pagefold", PF_SYSFS, PF_DEBUGFS,
		PF_TRACEFS "events/pagefold",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (!access(places[i], F_OK)) {
			ksft_print_msg("%s is left\n", places[i]);
			return false;
		}
	return !pf_scanner();
}

static bool works(struct _test_data_faults_load *self)
{
	char *mem = pf_twins(NR, self->seed);
	bool good = pf_wait_until(pf_share(mem, NR)) &&
		    pf_holds_all(mem, NR, self->seed);

	munmap(mem, NR * PF_PAGE);
	return good;
}

TEST_F_TIMEOUT(faults_load, each_in_turn, 900)
{
	unsigned int first = before_first_step(), nth, refused = 0;
	bool failed = true;
	int ret = 0;

	ksft_print_msg("allocations before the first step: %u\n", first);
	for (nth = first; failed; nth++) {
		failed = load_with(nth, PARAMS, &ret);
		if (ret) {
			ASSERT_EQ(-ENOMEM, ret) {
				TH_LOG("allocation %u", nth);
			}
			ASSERT_TRUE(nothing_there());
			refused++;
			continue;
		}
		ASSERT_TRUE(pf_loaded());
		ASSERT_TRUE(works(self));
		ASSERT_EQ(0, pf_module_unload());
		ASSERT_TRUE(nothing_there());
	}
	ksft_print_msg("allocations %u to %u failed, %u times no load\n",
		       first, nth - 2, refused);
	EXPECT_EQ(0, ret);
	EXPECT_LT(10, refused);
}

TEST_HARNESS_MAIN
