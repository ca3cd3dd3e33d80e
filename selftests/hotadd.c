// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that was added while the module is loaded: its pages are folded, and
 * it can be taken away again, and added once more.
 *
 * That is for the machine outside to do. PAGEFOLD_CHANNEL names a file to ask
 * it through: a line "@hotadd 256" for so many MiB, "@hotremove" for those that
 * were added last.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "pagefold_harness.h"

#define MEMORY	"/sys/devices/system/memory/"
#define MIB	256
#define BLOCKS	512
#define NR	64
#define SWEEPS	150	/* passes, in which all of the index is swept */
#define LIMIT	300	/* tenths of a second for memory to come or go */

FIXTURE(hotadd) {
	int blocks[BLOCKS];	/* numbers of those that were added */
	int n;
	const char *channel;
	u64 block_pages;
	char *ballast;		/* fills the memory that was there before */
	size_t ballast_pages;
};

/* Is this block number among those known? */
static bool known(const int *blocks, int n, int block)
{
	while (n--)
		if (blocks[n] == block)
			return true;
	return false;
}

static int list_blocks(int *blocks)
{
	DIR *dir = opendir(MEMORY);
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return 0;
	while (n < BLOCKS && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "memory%d", &blocks[n]) == 1)
			n++;
	closedir(dir);
	return n;
}

static void ask_outside(const char *channel, const char *order)
{
	char line[32];
	int fd = open(channel, O_WRONLY | O_APPEND | O_NOCTTY);
	int len = snprintf(line, sizeof(line), "\n%s\n", order);

	if (fd < 0 || write(fd, line, len) != len)
		pf_die("%s", channel);
	close(fd);
}

static int set_block(int block, const char *state)
{
	char path[64];

	snprintf(path, sizeof(path), MEMORY "memory%d/state", block);
	return pf_file_write(path, state);
}

/* Those of the blocks there are now that were not there before. */
static int new_blocks(int *found, const int *before, int n_before)
{
	int now[BLOCKS], n = list_blocks(now), i, n_found = 0;

	for (i = 0; i < n; i++)
		if (!known(before, n_before, now[i]))
			found[n_found++] = now[i];
	return n_found;
}

static bool plug_in(struct _test_data_hotadd *self)
{
	const int want = MIB * 256 / self->block_pages;
	int before[BLOCKS], n_before = list_blocks(before), i;
	char order[32];

	snprintf(order, sizeof(order), "@hotadd %d", MIB);
	ask_outside(self->channel, order);
	self->n = 0;
	for (i = 0; i < LIMIT && self->n < want; i++) {
		usleep(100000);
		self->n = new_blocks(self->blocks, before, n_before);
	}
	for (i = 0; i < self->n; i++)
		set_block(self->blocks[i], "online_movable");
	return self->n == want;
}

static int take_offline(struct _test_data_hotadd *self)
{
	int i, tries, ret = 0;

	for (i = 0; i < self->n && !ret; i++)
		for (tries = 0; tries < 20 && (tries == 0 || ret == -EBUSY);
		     tries++)
			ret = set_block(self->blocks[i], "offline");
	return ret;
}

static bool any_left(struct _test_data_hotadd *self)
{
	int now[BLOCKS], n = list_blocks(now), i;

	for (i = 0; i < self->n; i++)
		if (known(now, n, self->blocks[i]))
			return true;
	return false;
}

/* What is offline goes, and its struct pages with it. */
static bool pull_out(struct _test_data_hotadd *self)
{
	int i;

	ask_outside(self->channel, "@hotremove");
	for (i = 0; i < LIMIT && any_left(self); i++)
		usleep(100000);
	if (any_left(self))
		return false;
	self->n = 0;
	return true;
}

static void free_ballast(struct _test_data_hotadd *self)
{
	if (self->ballast)
		munmap(self->ballast, self->ballast_pages * PF_PAGE);
	self->ballast = NULL;
}

FIXTURE_SETUP(hotadd)
{
	char text[32];

	self->channel = getenv("PAGEFOLD_CHANNEL");
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (!self->channel || access(MEMORY "block_size_bytes", F_OK))
		SKIP(return, "nobody here can add memory to this machine");
	pf_file_read(MEMORY "block_size_bytes", text, sizeof(text));
	self->block_pages = strtoull(text, NULL, 16) / PF_PAGE;
	if (!plug_in(self))
		SKIP(return, "no memory came");
}

FIXTURE_TEARDOWN(hotadd)
{
	free_ballast(self);
	if (self->n && !take_offline(self))
		pull_out(self);
	pf_end();
}

static bool is_new_memory(struct _test_data_hotadd *self, u64 pfn)
{
	return known(self->blocks, self->n, pfn / self->block_pages);
}

/* Map pages until there are @n that stand in the new memory; their addresses */
static void map_in_new_memory(struct _test_data_hotadd *self, char **pages,
			      size_t n)
{
	size_t i, found = 0;

	self->ballast_pages = sysconf(_SC_AVPHYS_PAGES) * 3 / 4;
	self->ballast = pf_map(self->ballast_pages);
	for (i = 0; i < self->ballast_pages && found < n; i++) {
		char *page = self->ballast + i * PF_PAGE;

		page[0] = 1;
		if (is_new_memory(self, pf_pfn(page)))
			pages[found++] = page;
	}
	if (found < n)
		pf_die("only %zu pages in the new memory", found);
}

/* Pages in the new memory, each with a twin there; all of them folded. */
static bool fold_in_new_memory(struct _test_data_hotadd *self, char **pages,
			       u64 seed)
{
	int i;

	if (pf_set("run", "0"))
		pf_die("stopping the scanner");
	map_in_new_memory(self, pages, NR);
	for (i = 0; i < NR; i++) {
		pf_fill(pages[i], seed + i % (NR / 2));
		if (!is_new_memory(self, pf_pfn(pages[i])))
			return false;
	}
	for (i = 0; i < NR / 2; i++)
		if (!pf_wait_until(pf_pfn(pages[i]) ==
				   pf_pfn(pages[i + NR / 2]) &&
				   pf_folded(pages[i])))
			return false;
	return true;
}

TEST_F(hotadd, pages_in_new_memory)
{
	u64 seed = pf_seed();
	char *pages[NR];
	int i;

	ASSERT_TRUE(fold_in_new_memory(self, pages, seed));
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(pf_holds(pages[i], seed + i % (NR / 2)));

	/* written again, so that ordinary pages stand there, some known */
	for (i = 0; i < NR / 2; i++)
		pf_fill(pages[i], pf_seed());
	pf_passes(3);
	EXPECT_EQ(0, take_offline(self));
	for (i = NR / 2; i < NR; i++) {
		EXPECT_TRUE(pf_holds(pages[i], seed + i % (NR / 2)));
		EXPECT_FALSE(is_new_memory(self, pf_pfn(pages[i])));
	}
	ASSERT_TRUE(pf_control());
}

/* What was known of the old memory is not taken for the new one's. */
TEST_F(hotadd, gone_and_come_again)
{
	u64 seed = pf_seed();
	char *pages[NR];
	int i, round;

	for (round = 0; round < 2; round++) {
		ASSERT_TRUE(fold_in_new_memory(self, pages, seed));
		/* now some are known where they are, as candidates */
		for (i = 0; i < NR / 2; i++)
			pf_fill(pages[i], pf_seed());
		pf_passes(3);
		free_ballast(self);
		ASSERT_EQ(0, take_offline(self));
		ASSERT_TRUE(pull_out(self));
		/* nothing of it is there to be looked at */
		ASSERT_TRUE(pf_control());
		pf_passes(SWEEPS);
		ASSERT_TRUE(plug_in(self));
	}
	ASSERT_TRUE(fold_in_new_memory(self, pages, seed));
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(pf_holds(pages[i], seed + i % (NR / 2)));
}

TEST_HARNESS_MAIN
