// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads write pages whose content comes from a small stock, so that
 * twins arise, fold and split all the time. Nobody's write may be lost, and
 * none may show elsewhere.
 */
#include <pthread.h>

#include "pagefold_harness.h"

#define THREADS	8
#define NR	32
#define STOCK	4
#define PASSES	100

struct worker {
	char *mem;
	const u64 *stock;
	const bool *stop;
	unsigned int random;
	u64 writes, wrong;
	pthread_t thread;
};

FIXTURE(threads) {
	struct worker workers[THREADS];
	u64 stock[STOCK];
	bool stop;
};

FIXTURE_VARIANT(threads) {
	const char *scope;
	const char *settle_ms;
};

FIXTURE_VARIANT_ADD(threads, at_once)
{
	.scope = "madvise",
	.settle_ms = "0",
};

FIXTURE_VARIANT_ADD(threads, everything)
{
	.scope = "all",
	.settle_ms = "0",
};

FIXTURE_VARIANT_ADD(threads, settled)
{
	.scope = "madvise",
	.settle_ms = "5",
};

FIXTURE_SETUP(threads)
{
	int i;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	ASSERT_EQ(0, pf_set("scope", variant->scope));
	ASSERT_EQ(0, pf_set("settle_ms", variant->settle_ms));
	/* the first of the stock, seed 0, is a page full of zeroes */
	for (i = 1; i < STOCK; i++)
		self->stock[i] = pf_seed();
	for (i = 0; i < THREADS; i++) {
		self->workers[i].mem = pf_map(NR);
		self->workers[i].stock = self->stock;
		self->workers[i].stop = &self->stop;
		self->workers[i].random = i + 1;
	}
}

FIXTURE_TEARDOWN(threads)
{
	pf_end();
}

/* What page i holds: one of the stock, and perhaps a byte of its own. */
struct content {
	int seed;
	size_t at;
	char byte;
};

static void write_page(struct worker *w, size_t i, struct content *content)
{
	char *page = w->mem + i * PF_PAGE;

	if (rand_r(&w->random) % 2) {
		content->seed = rand_r(&w->random) % STOCK;
		pf_fill(page, w->stock[content->seed]);
		content->at = 0;
		content->byte = page[0];
	} else {
		page[content->at] = content->byte;
		pf_fill(page, w->stock[content->seed]);
		content->at = rand_r(&w->random) % PF_PAGE;
		content->byte = rand_r(&w->random);
		page[content->at] = content->byte;
	}
	w->writes++;
}

static bool right(struct worker *w, size_t i, const struct content *content)
{
	return pf_holds_but(w->mem + i * PF_PAGE, w->stock[content->seed],
			    content->at, content->byte);
}

static void *work(void *arg)
{
	struct content contents[NR] = {};
	struct worker *w = arg;
	size_t i;

	for (i = 0; i < NR; i++)
		write_page(w, i, &contents[i]);
	while (!PF_LOAD(w->stop)) {
		i = rand_r(&w->random) % NR;
		w->wrong += !right(w, i, &contents[i]);
		write_page(w, i, &contents[i]);
		if (w->writes % 16 == 0)
			usleep(2000);
	}
	for (i = 0; i < NR; i++)
		w->wrong += !right(w, i, &contents[i]);
	return NULL;
}

TEST_F(threads, write)
{
	u64 writes = 0;
	int i;

	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&self->workers[i].thread, NULL,
					    work, &self->workers[i]));
	for (i = 0; i < PASSES / 10; i++)
		pf_passes(10);
	PF_STORE(&self->stop, true);
	for (i = 0; i < THREADS; i++) {
		pthread_join(self->workers[i].thread, NULL);
		EXPECT_EQ(0, self->workers[i].wrong);
		writes += self->workers[i].writes;
	}
	TH_LOG("%llu writes over %d passes, %lld folds since load", writes,
	       PASSES, pf_stat("folded"));
	/* at rest they fold, for there are only so many contents */
	EXPECT_TRUE(pf_wait_until(pf_distinct(self->workers[0].mem, NR) < NR));
}

TEST_HARNESS_MAIN
