// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is written from its first moment on, so that nothing of it ever
 * settled, is looked at less and less often. (Nothing but counters shows that:
 * what the scanner does with such a page is to clear its dirty bit.)
 */
#include <pthread.h>

#include "pagefold_harness.h"

#define NR	2048
#define PASSES	60

/* Longer than the writer may be kept from running. */
#define SETTLE_MS	"200"

FIXTURE(hot) {
	u64 *words;
	bool stop;
	u64 rounds;
	pthread_t writer;
};

static u64 *word(struct _test_data_hot *self, size_t page)
{
	return self->words + page * PF_PAGE / sizeof(u64);
}

static void *write_on(void *arg)
{
	struct _test_data_hot *self = arg;
	size_t i;

	while (!PF_LOAD(&self->stop)) {
		self->rounds++;
		for (i = 0; i < NR; i++)
			PF_STORE(word(self, i), self->rounds << 32 | i);
		usleep(500);
	}
	return NULL;
}

FIXTURE_SETUP(hot)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	ASSERT_EQ(0, pf_set("settle_ms", SETTLE_MS));
	self->words = (u64 *)pf_map(NR);
	ASSERT_EQ(0, pthread_create(&self->writer, NULL, write_on, self));
}

FIXTURE_TEARDOWN(hot)
{
	pf_end();
}

TEST_F(hot, is_looked_at_less_often)
{
	long long left = pf_stat("hot_skipped"), cleared = pf_stat("written");
	size_t i;

	pf_passes(PASSES);
	left = pf_stat("hot_skipped") - left;
	cleared = pf_stat("written") - cleared;
	PF_STORE(&self->stop, true);
	pthread_join(self->writer, NULL);
	TH_LOG("%lld dirty bits were left, %lld cleared", left, cleared);
	EXPECT_LE(NR, cleared);
	EXPECT_LE(4 * NR, left);
	for (i = 0; i < NR; i++)
		EXPECT_EQ(self->rounds << 32 | i, *word(self, i));

	/* And not for ever: all of them are equal now, and stay so. */
	ASSERT_EQ(0, pf_set("settle_ms", "0"));
	pf_fill_all((char *)self->words, NR, pf_seed());
	EXPECT_TRUE(pf_wait_long_until(pf_folded(self->words)));
	EXPECT_TRUE(pf_wait_long_until(pf_folded(word(self, NR - 1))));
}

TEST_HARNESS_MAIN
