// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that was added while the module is loaded: its pages are folded, and
 * it can be taken away again.
 *
 * Plugging it in is for the machine outside to do. PAGEFOLD_CHANNEL names a
 * file to ask it through, with a line as "@hotadd 256" for so many MiB.
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

FIXTURE(hotadd) {
	int blocks[BLOCKS];	/* numbers of those that were added */
	int n;
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

static void ask_outside(const char *channel)
{
	char line[32];
	int fd = open(channel, O_WRONLY | O_APPEND | O_NOCTTY);
	int len = snprintf(line, sizeof(line), "\n@hotadd %d\n", MIB);

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

FIXTURE_SETUP(hotadd)
{
	const char *channel = getenv("PAGEFOLD_CHANNEL");
	int before[BLOCKS], n_before, i;
	char text[32];

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	if (!channel || access(MEMORY "block_size_bytes", F_OK))
		SKIP(return, "nobody here can add memory to this machine");
	pf_file_read(MEMORY "block_size_bytes", text, sizeof(text));
	self->block_pages = strtoull(text, NULL, 16) / PF_PAGE;
	n_before = list_blocks(before);
	ask_outside(channel);
	for (i = 0; i < 300 && self->n * self->block_pages * PF_PAGE <
	     MIB * 1048576UL; i++) {
		usleep(100000);
		self->n = new_blocks(self->blocks, before, n_before);
	}
	if (!self->n)
		SKIP(return, "no memory came");
	for (i = 0; i < self->n; i++)
		set_block(self->blocks[i], "online_movable");
}

FIXTURE_TEARDOWN(hotadd)
{
	int i;

	if (self->ballast)
		munmap(self->ballast, self->ballast_pages * PF_PAGE);
	for (i = 0; i < self->n; i++)
		set_block(self->blocks[i], "offline");
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

TEST_F(hotadd, pages_in_new_memory)
{
	char *pages[NR];
	u64 seeds[NR / 2];
	int i, tries, left = 0;

	ASSERT_EQ(0, pf_set("run", "0"));
	map_in_new_memory(self, pages, NR);
	for (i = 0; i < NR; i++) {
		if (i < NR / 2)
			seeds[i] = pf_seed();
		pf_fill(pages[i], seeds[i % (NR / 2)]);
		ASSERT_TRUE(is_new_memory(self, pf_pfn(pages[i])));
	}
	for (i = 0; i < NR / 2; i++)
		ASSERT_TRUE(pf_wait_until(pf_pfn(pages[i]) ==
					  pf_pfn(pages[i + NR / 2]) &&
					  pf_folded(pages[i])));
	for (i = 0; i < NR; i++)
		EXPECT_TRUE(pf_holds(pages[i], seeds[i % (NR / 2)]));

	/* written again, so that ordinary pages stand there, some known */
	for (i = 0; i < NR / 2; i++)
		pf_fill(pages[i], pf_seed());
	pf_passes(3);
	for (i = 0; i < self->n; i++) {
		for (tries = 0; tries < 20 && (tries == 0 || left == -EBUSY);
		     tries++)
			left = set_block(self->blocks[i], "offline");
		EXPECT_EQ(0, left);
	}
	for (i = NR / 2; i < NR; i++) {
		EXPECT_TRUE(pf_holds(pages[i], seeds[i % (NR / 2)]));
		EXPECT_FALSE(is_new_memory(self, pf_pfn(pages[i])));
	}
	ASSERT_TRUE(pf_control());
}

TEST_HARNESS_MAIN
