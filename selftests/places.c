// SPDX-License-Identifier: GPL-2.0
/*
 * Equal pages fold in every kind of private memory: heap, data, stack, and the
 * copies that writing to a private file mapping made, but not the file's own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdalign.h>

#include "pagefold_harness.h"

static alignas(PF_PAGE) char data[2 * PF_PAGE] = { 1 };
static alignas(PF_PAGE) char bss[2 * PF_PAGE];

static char *in_data(void)
{
	return data;
}

static char *in_bss(void)
{
	return bss;
}

static char *in_heap(void)
{
	char *mem = sbrk(4 * PF_PAGE);

	return mem + (PF_PAGE - (uintptr_t)mem % PF_PAGE) % PF_PAGE;
}

/* Below the deepest frame of this test, in the mapping of the main stack. */
static char *in_stack(void)
{
	char deep[16 * PF_PAGE];
	char *mem = deep + 2 * PF_PAGE;

	memset(deep, 1, sizeof(deep));
	/* the address outlives the array on purpose: hide where it is from */
	asm volatile("" : "+r" (mem) : : "memory");
	return mem - (uintptr_t)mem % PF_PAGE;
}

static char *in_read_only(void)
{
	return pf_map_plain(2);
}

FIXTURE(places) {
	u64 seed;
};

FIXTURE_VARIANT(places) {
	char *(*two_pages)(void);
	int prot;
};

FIXTURE_VARIANT_ADD(places, initialised_data)
{
	.two_pages = in_data,
};

FIXTURE_VARIANT_ADD(places, bss)
{
	.two_pages = in_bss,
};

FIXTURE_VARIANT_ADD(places, heap)
{
	.two_pages = in_heap,
};

FIXTURE_VARIANT_ADD(places, stack)
{
	.two_pages = in_stack,
};

FIXTURE_VARIANT_ADD(places, read_only)
{
	.two_pages = in_read_only,
	.prot = PROT_READ,
};

FIXTURE_VARIANT_ADD(places, executable)
{
	.two_pages = in_read_only,
	.prot = PROT_READ | PROT_EXEC,
};

FIXTURE_SETUP(places)
{
	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	ASSERT_EQ(0, pf_set("scope", "all"));
	self->seed = pf_seed();
}

FIXTURE_TEARDOWN(places)
{
	pf_end();
}

TEST_F(places, fold_and_split)
{
	char *mem = variant->two_pages();

	pf_fill_all(mem, 2, self->seed);
	if (variant->prot)
		ASSERT_EQ(0, mprotect(mem, 2 * PF_PAGE, variant->prot));
	ASSERT_TRUE(pf_wait_until(pf_share(mem, 2)));
	EXPECT_TRUE(pf_holds_all(mem, 2, self->seed));

	if (variant->prot)
		ASSERT_EQ(0, mprotect(mem, 2 * PF_PAGE,
				      PROT_READ | PROT_WRITE));
	mem[7] = 'x';
	EXPECT_TRUE(pf_holds_but(mem, self->seed, 7, 'x'));
	EXPECT_TRUE(pf_holds(mem + PF_PAGE, self->seed));
	EXPECT_FALSE(pf_folded(mem));
}

FIXTURE(file) {
	u64 seed;
	int fd;
};

FIXTURE_VARIANT(file) {
	bool in_memory;
};

FIXTURE_VARIANT_ADD(file, memfd)
{
	.in_memory = true,
};

FIXTURE_VARIANT_ADD(file, on_disk)
{
	.in_memory = false,
};

static int unlinked_file(void)
{
	char path[] = "/var/tmp/pagefold-XXXXXX";
	char in_tmp[] = "/tmp/pagefold-XXXXXX";
	char *name = path;
	int fd = mkstemp(path);

	if (fd < 0) {
		name = in_tmp;
		fd = mkstemp(in_tmp);
	}
	if (fd >= 0)
		unlink(name);
	return fd;
}

#define FILE_PAGES	4

FIXTURE_SETUP(file)
{
	char page[PF_PAGE];
	int i;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->seed = pf_seed();
	self->fd = variant->in_memory ? memfd_create("pagefold", 0) :
		   unlinked_file();
	ASSERT_LE(0, self->fd);
	pf_fill(page, self->seed);
	for (i = 0; i < FILE_PAGES; i++)
		ASSERT_EQ(sizeof(page), write(self->fd, page, sizeof(page)));
}

FIXTURE_TEARDOWN(file)
{
	close(self->fd);
	pf_end();
}

/*
 * All pages of the file are equal. Two of the mapping are written to and so
 * become anonymous; two are only read and stay pages of the file.
 */
TEST_F(file, after_copy_on_write)
{
	char *mem = mmap(NULL, FILE_PAGES * PF_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE, self->fd, 0);
	char page[PF_PAGE];
	int i;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, madvise(mem, FILE_PAGES * PF_PAGE, MADV_MERGEABLE));
	ASSERT_TRUE(pf_holds_all(mem, FILE_PAGES, self->seed));
	pf_fill_all(mem, 2, self->seed);

	ASSERT_TRUE(pf_wait_until(pf_share(mem, 2)));
	pf_passes(3);
	EXPECT_TRUE(pf_share(mem, 2));
	EXPECT_EQ(2, pf_kcount(pf_pfn(mem)));
	EXPECT_EQ(3, pf_distinct(mem, FILE_PAGES));
	EXPECT_FALSE(pf_folded(mem + 2 * PF_PAGE));
	EXPECT_FALSE(pf_folded(mem + 3 * PF_PAGE));

	mem[9] = 'y';
	EXPECT_TRUE(pf_holds_but(mem, self->seed, 9, 'y'));
	EXPECT_TRUE(pf_holds_all(mem + PF_PAGE, 3, self->seed));
	for (i = 0; i < FILE_PAGES; i++) {
		ASSERT_EQ(sizeof(page), pread(self->fd, page, sizeof(page),
					      i * sizeof(page)));
		EXPECT_TRUE(pf_holds(page, self->seed));
	}
}

TEST_HARNESS_MAIN
