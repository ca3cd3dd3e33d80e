// SPDX-License-Identifier: GPL-2.0
/*
 * A page that is being written all the time is left alone; once it is left in
 * peace it folds. That it was left alone shows in its frame number: a fold and
 * the split after it would have changed that.
 */
#include <pthread.h>

#include "pagefold_harness.h"

#define NR		4
#define PASSES		2

/*
 * Two visits must be further apart than the longest time for which the writer
 * may be kept from running.
 */
#define SETTLE_MS	"1000"

FIXTURE(written) {
	u64 seed;
	char *mem;
	bool stop;
	pthread_t writer;
};

FIXTURE_VARIANT(written) {
	/* how the content changes with each write; 0: it stays the same */
	u64 step;
};

FIXTURE_VARIANT_ADD(written, changing_content)
{
	.step = 1,
};

FIXTURE_VARIANT_ADD(written, same_content)
{
	.step = 0,
};

FIXTURE_SETUP(written)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->mem = pf_map(NR);
}

FIXTURE_TEARDOWN(written)
{
	pf_end();
}

struct writer {
	struct _test_data_written *self;
	u64 step;
};

/* Write the same value to all the pages, so they stay equal or nearly so. */
static void *write_on(void *arg)
{
	struct writer *writer = arg;
	u64 *first = (u64 *)writer->self->mem;
	u64 value = *first;
	size_t i;

	while (!PF_LOAD(&writer->self->stop)) {
		value += writer->step;
		for (i = 0; i < NR; i++)
			PF_STORE(first + i * PF_PAGE / sizeof(u64), value);
		usleep(500);
	}
	return NULL;
}

static void wait_settled_passes(unsigned int n)
{
	long long last = pf_get("full_scans") + n;

	while (pf_get("full_scans") < last) {
		pf_set("run", "1");
		usleep(20000);
	}
}

TEST_F(written, left_alone_until_it_rests)
{
	struct writer writer = { .self = self, .step = variant->step };
	u64 before[NR];
	size_t i;

	ASSERT_EQ(0, pf_set("settle_ms", SETTLE_MS));
	pf_fill_all(self->mem, NR, self->seed);
	for (i = 0; i < NR; i++)
		before[i] = pf_pfn(self->mem + i * PF_PAGE);
	ASSERT_EQ(NR, pf_distinct(self->mem, NR));
	ASSERT_EQ(0, pthread_create(&self->writer, NULL, write_on, &writer));

	ASSERT_TRUE(pf_control());
	wait_settled_passes(PASSES);
	for (i = 0; i < NR; i++)
		EXPECT_EQ(before[i], pf_pfn(self->mem + i * PF_PAGE));
	EXPECT_TRUE(pf_apart(self->mem, NR));

	PF_STORE(&self->stop, true);
	pthread_join(self->writer, NULL);
	ASSERT_EQ(0, pf_set("settle_ms", "0"));
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	EXPECT_EQ(0, memcmp(self->mem, self->mem + PF_PAGE, PF_PAGE));
}

TEST_HARNESS_MAIN
