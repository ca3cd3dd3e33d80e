// SPDX-License-Identifier: GPL-2.0
/*
 * A process exits after the scanner has seen that it maps a page, and before it
 * looks for its mappings: the anon_vma is freed by then, which the lock of the
 * page does not prevent. KASAN tells if somebody uses it.
 */
#include <signal.h>
#include <sys/mman.h>

#include "pagefold_harness.h"

#define HOLD_UP		PF_DEBUGFS "hold_up"
#define HOLD_UP_MS	6000U
#define SHRINK		"/sys/kernel/slab/anon_vma/shrink"

/* So many that whole slabs of them become free with the process. */
#define VMAS		1000UL

FIXTURE(late_exit) {
	char *mem;
	struct pf_peer kid;
	u64 seed;
};

FIXTURE_SETUP(late_exit)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (access(HOLD_UP, F_OK) || access(SHRINK, F_OK))
		SKIP(return, "not a debug build");
	self->seed = pf_seed();
	self->mem = pf_map(1);
}

FIXTURE_TEARDOWN(late_exit)
{
	pf_peer_kill(&self->kid);
	pf_end();
}

/* Mappings with holes between them, as neighbours share an anon_vma. */
static char *map_apart(void)
{
	char *mem = pf_reserve(2 * VMAS);
	size_t i;

	for (i = 0; i < VMAS; i++) {
		munmap(mem + 2 * i * PF_PAGE, PF_PAGE);
		mprotect(mem + (2 * i + 1) * PF_PAGE, PF_PAGE,
			 PROT_READ | PROT_WRITE);
		mem[(2 * i + 1) * PF_PAGE] = 1;
	}
	return mem + (VMAS + 1) * PF_PAGE;
}

static int kid_main(struct pf_peer *parent, void *arg)
{
	const struct _test_data_late_exit *test = arg;
	char *page = map_apart();

	pf_meet(parent);
	pf_fill(page, test->seed);
	madvise(page, PF_PAGE, MADV_MERGEABLE);
	for (;;)
		pause();
}

/* What is freed goes back to the kernel only when it is asked for. */
static void wait_for_fold(void)
{
	unsigned int ms;

	for (ms = 0; ms < HOLD_UP_MS; ms += 200) {
		pf_file_write(SHRINK, "1");
		usleep(200 * 1000);
	}
	pf_passes(2);
}

TEST_F(late_exit, its_anon_vma_is_left_alone)
{
	char text[16];

	self->kid = pf_peer_start(kid_main, self);
	pf_meet(&self->kid);
	snprintf(text, sizeof(text), "%u", HOLD_UP_MS);
	ASSERT_EQ(0, pf_file_write(HOLD_UP, text));
	pf_fill(self->mem, self->seed);
	ASSERT_TRUE(pf_wait_until(!pf_file_number(HOLD_UP)));
	pf_peer_kill(&self->kid);
	wait_for_fold();
	ASSERT_TRUE(pf_holds(self->mem, self->seed));
}

TEST_HARNESS_MAIN
