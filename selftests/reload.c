// SPDX-License-Identifier: GPL-2.0
/*
 * The module is removed and loaded 50 times, in the middle of passes, while
 * folded memory is in use and being written.
 */
#include <pthread.h>

#include "pagefold_harness.h"

#define ROUNDS	50
#define NR	128
#define PEERS	2
#define PARAMS	"scope=all settle_ms=0 cpu_percent=100"

FIXTURE(reload) {
	bool was_loaded;
	bool *stop;	/* shared with the other processes */
	struct pf_peer peers[PEERS];
	char *mem;
	u64 seed;
};

FIXTURE_SETUP(reload)
{
	self->was_loaded = pf_loaded();
	if (access(pf_module_file(), R_OK))
		SKIP(return, "set PAGEFOLD_KO to the module's file");
	if (self->was_loaded)
		ASSERT_EQ(0, pf_module_unload());
	self->stop = mmap(NULL, PF_PAGE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	self->mem = pf_map(NR);
	self->seed = pf_seed();
}

FIXTURE_TEARDOWN(reload)
{
	int i;

	for (i = 0; i < PEERS; i++)
		pf_peer_kill(&self->peers[i]);
	if (pf_loaded())
		pf_module_unload();
	if (self->was_loaded)
		pf_module_load("");
	pf_end();
}

/*
 * Each in a frame. Of one content there may be several: one that an earlier
 * load left is known again only when it is met.
 */
static bool all_folded(const char *mem, size_t n)
{
	while (n-- && pf_folded(mem + n * PF_PAGE))
		;
	return n == (size_t)-1;
}

/* One page: may hold the common content, or a byte of this process. */
static bool rewrite(char *page, u64 seed, u64 step)
{
	size_t at = step % PF_PAGE;
	char old = page[at];

	page[at] = ~old;
	if (!pf_holds_but(page, seed, at, ~old))
		return false;
	page[at] = old;
	return true;
}

/* The first quarter is written all the time, the next now and then. */
static int work(struct pf_peer *self, void *arg)
{
	struct _test_data_reload *data = arg;
	u64 step;

	pf_fill_all(data->mem, NR, data->seed);
	pf_meet(self);
	for (step = 0; !PF_LOAD(data->stop); step++) {
		size_t page = step % (NR / 4);

		if (step % 16 == 0)
			page = NR / 4 + step / 16 % (NR / 4);
		if (!rewrite(data->mem + page * PF_PAGE, data->seed, step))
			return 1;
		if (step % 64 == 0 &&
		    !pf_holds_all(data->mem, NR, data->seed))
			return 2;
		/* leave the scanner and the loader a CPU now and then */
		if (step % 256 == 0)
			usleep(2000);
	}
	return !pf_holds_all(data->mem, NR, data->seed);
}

TEST_F_TIMEOUT(reload, fifty_times, 300)
{
	char *rest = self->mem + NR / 2 * PF_PAGE;
	unsigned int random = self->seed;
	bool finish;
	int i, round;

	for (i = 0; i < PEERS; i++)
		self->peers[i] = pf_peer_start(work, self);
	pf_fill_all(self->mem, NR, self->seed);
	for (i = 0; i < PEERS; i++)
		pf_meet(&self->peers[i]);
	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, pf_module_load(PARAMS));
		/* now and then let it come to its end, else cut it short */
		finish = round % 10 == 0;
		if (!finish)
			usleep(rand_r(&random) % 50000);
		ASSERT_TRUE(!finish || pf_wait_until(all_folded(rest, NR / 2)));
		ASSERT_EQ(0, pf_module_unload());
		ASSERT_TRUE(pf_holds_all(self->mem, NR, self->seed));
		EXPECT_TRUE(!finish || all_folded(rest, NR / 2));
		rest[round * PF_PAGE + round] ^= 1;
		rest[round * PF_PAGE + round] ^= 1;
	}
	PF_STORE(self->stop, true);
	for (i = 0; i < PEERS; i++)
		EXPECT_EQ(0, pf_peer_end(&self->peers[i]));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_HARNESS_MAIN
