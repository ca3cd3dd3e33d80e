// SPDX-License-Identifier: GPL-2.0
/* Helpers of the pagefold tests: pages and their content. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "pagefold.h"

/* One 64-bit entry of a table in /proc; 0 where there is no such entry. */
static u64 entry_at(int fd, u64 index)
{
	u64 entry;

	if (pread(fd, &entry, sizeof(entry), index * sizeof(entry)) !=
	    sizeof(entry))
		return 0;
	return entry;
}

static int table_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		pf_die("opening %s", path);
	return fd;
}

u64 pf_pagemap_of(pid_t pid, const void *addr)
{
	char path[64];
	u64 entry;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = table_open(path);
	entry = entry_at(fd, (uintptr_t)addr / PF_PAGE);
	close(fd);
	return entry;
}

u64 pf_pagemap(const void *addr)
{
	return pf_pagemap_of(getpid(), addr);
}

/**
 * pf_pfn_of() - the frame number behind an address
 * @pid: of which process
 * @addr: the address there
 *
 * Return: the number, or PF_NO_PFN where no page is mapped.
 */
u64 pf_pfn_of(pid_t pid, const void *addr)
{
	u64 entry = pf_pagemap_of(pid, addr);

	if (!(entry & PF_MAP_PRESENT))
		return PF_NO_PFN;
	if (!(entry & PF_MAP_PFN_MASK))
		pf_die("page frame numbers are hidden: root is needed");
	return entry & PF_MAP_PFN_MASK;
}

u64 pf_pfn(const void *addr)
{
	return pf_pfn_of(getpid(), addr);
}

/* These tables are the whole machine's, so they need opening only once. */
static u64 frame_entry(int *fd, const char *path, u64 pfn)
{
	if (pfn == PF_NO_PFN)
		return 0;
	if (!*fd)
		*fd = table_open(path);
	return entry_at(*fd, pfn);
}

u64 pf_kflags(u64 pfn)
{
	static int fd;

	return frame_entry(&fd, "/proc/kpageflags", pfn);
}

u64 pf_kcount(u64 pfn)
{
	static int fd;

	return frame_entry(&fd, "/proc/kpagecount", pfn);
}

/* The inode number of the memory cgroup that a page is charged to. */
u64 pf_kcgroup(u64 pfn)
{
	static int fd;

	return frame_entry(&fd, "/proc/kpagecgroup", pfn);
}

/*
 * Kernels around 6.12 say "KSM" of every anonymous page: they test for a value
 * of several bits as if it was one.
 */
static bool ksm_flag_lies(void)
{
	static int lies = -1;
	char *page;

	if (lies >= 0)
		return lies;
	page = pf_map_plain(1);
	/* a page of its own: the mapping did not ask to be folded */
	pf_fill(page, pf_seed());
	lies = !!(pf_kflags(pf_pfn(page)) & PF_KPF_KSM);
	munmap(page, PF_PAGE);
	return lies;
}

/* Let no page wait in a CPU's batch any more for its place on an LRU list. */
void pf_drain_lru(void)
{
	void *page = NULL;
	int node = 0, status;

	/* to move no pages at all begins with just that */
	syscall(SYS_move_pages, 0, 0, &page, &node, &status, 0);
}

static bool flagged_as_frame(u64 pfn)
{
	const u64 want = PF_KPF_KSM | PF_KPF_ANON;

	return (pf_kflags(pfn) & (want | PF_KPF_LRU)) == want;
}

/* A frame of ours: the kernel takes it for KSM's, but it is on no LRU list. */
bool pf_is_frame(u64 pfn)
{
	if (!flagged_as_frame(pfn))
		return false;
	if (!ksm_flag_lies())
		return true;
	pf_drain_lru();
	return flagged_as_frame(pfn);
}

/* A page of the kernel's own KSM, where its flags tell. */
bool pf_is_ksm(u64 pfn)
{
	return !ksm_flag_lies() && (pf_kflags(pfn) & PF_KPF_KSM);
}

bool pf_is_zero_page(u64 pfn)
{
	return pf_kflags(pfn) & PF_KPF_ZERO_PAGE;
}

bool pf_folded(const void *addr)
{
	return pf_is_frame(pf_pfn(addr));
}

/**
 * pf_share() - are all of these pages folded into one frame
 * @mem: the first of them
 * @n: how many
 */
bool pf_share(const char *mem, size_t n)
{
	u64 pfn = pf_pfn(mem);
	size_t i;

	for (i = 1; i < n; i++)
		if (pf_pfn(mem + i * PF_PAGE) != pfn)
			return false;
	return pf_is_frame(pfn);
}

/* How many different page frames stand behind these pages. */
size_t pf_distinct(const char *mem, size_t n)
{
	size_t i, j, distinct = 0;
	u64 *pfns = calloc(n, sizeof(*pfns));

	if (!pfns)
		pf_die("no memory for %zu numbers", n);
	for (i = 0; i < n; i++) {
		pfns[distinct] = pf_pfn(mem + i * PF_PAGE);
		for (j = 0; pfns[j] != pfns[distinct]; j++)
			;
		distinct += j == distinct;
	}
	free(pfns);
	return distinct;
}

/**
 * pf_apart() - is each of these pages present, ordinary and on its own
 * @mem: the first of them
 * @n: how many
 */
bool pf_apart(const char *mem, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		u64 pfn = pf_pfn(mem + i * PF_PAGE);

		if (pfn == PF_NO_PFN || pf_is_zero_page(pfn) ||
		    pf_is_frame(pfn))
			return false;
	}
	return pf_distinct(mem, n) == n;
}

/**
 * pf_same_frames() - is each of these pages a frame that @pid has too
 * @mem: the first of them
 * @n: how many
 * @pid: a process
 * @there: the address of its first one
 */
bool pf_same_frames(const char *mem, size_t n, pid_t pid, const char *there)
{
	size_t i;

	for (i = 0; i < n; i++) {
		u64 pfn = pf_pfn(mem + i * PF_PAGE);

		if (pf_pfn_of(pid, there + i * PF_PAGE) != pfn ||
		    !pf_is_frame(pfn))
			return false;
	}
	return true;
}

/*
 * Address space for @n private anonymous pages, on its own page table so that
 * what a test does to it happens to nothing else, and never huge.
 */
char *pf_reserve(size_t n)
{
	size_t size = (n * PF_PAGE + PF_HUGE - 1) / PF_HUGE * PF_HUGE;
	char *raw = mmap(NULL, size + PF_HUGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *mem;

	if (raw == MAP_FAILED)
		pf_die("reserving %zu pages", n);
	mem = raw + (PF_HUGE - (uintptr_t)raw % PF_HUGE) % PF_HUGE;
	if (mem != raw)
		munmap(raw, mem - raw);
	munmap(mem + n * PF_PAGE, raw + size + PF_HUGE - (mem + n * PF_PAGE));
	return mem;
}

/* @n pages, none of them touched yet, that did not ask to be folded. */
char *pf_map_plain(size_t n)
{
	char *mem = pf_reserve(n);

	if (mprotect(mem, n * PF_PAGE, PROT_READ | PROT_WRITE))
		pf_die("mapping %zu pages", n);
	/* EINVAL where the kernel has no huge pages: then nothing to forbid */
	madvise(mem, n * PF_PAGE, MADV_NOHUGEPAGE);
	return mem;
}

/* @n pages, none of them touched yet, that asked to be folded. */
char *pf_map(size_t n)
{
	char *mem = pf_map_plain(n);

	if (madvise(mem, n * PF_PAGE, MADV_MERGEABLE))
		pf_die("MADV_MERGEABLE");
	return mem;
}

/*
 * A seed that no test of this or another process has had, and neither have the
 * 4095 after it.
 */
u64 pf_seed(void)
{
	static u32 nr;
	static pid_t nr_of;

	/* fork() carries the counter over; the child's process id is new */
	if (nr_of != getpid())
		nr = 0;
	nr_of = getpid();
	nr++;
	return (u64)nr_of << 32 | (u64)nr << 12;
}

/*
 * Spread the seed over all bits but the highest of each byte, which is set: no
 * word is zero by chance, and to write a letter anywhere is to change the page.
 */
static u64 word_at(u64 seed, size_t i)
{
	const u64 high = 0x8080808080808080ULL;
	u64 z = seed * 0x2545f4914f6cdd1dULL + i + 1;

	z = (z ^ z >> 32) * 0xd6e8feb86659fd93ULL;
	z = (z ^ z >> 32) * 0xd6e8feb86659fd93ULL;
	return (z ^ z >> 32) | high;
}

/* Fill a page with what belongs to a seed; to seed 0 belong zeroes. */
void pf_fill(void *page, u64 seed)
{
	u64 *word = page;
	size_t i;

	for (i = 0; i < PF_PAGE / sizeof(*word); i++)
		word[i] = seed ? word_at(seed, i) : 0;
}

void pf_fill_all(char *mem, size_t n, u64 seed)
{
	size_t i;

	for (i = 0; i < n; i++)
		pf_fill(mem + i * PF_PAGE, seed);
}

/* Distinct pages: to the first belongs @seed, to each one more. */
void pf_fill_each(char *mem, size_t n, u64 seed)
{
	size_t i;

	for (i = 0; i < n; i++)
		pf_fill(mem + i * PF_PAGE, seed + i);
}

bool pf_holds(const void *page, u64 seed)
{
	char want[PF_PAGE];

	pf_fill(want, seed);
	return !memcmp(page, want, PF_PAGE);
}

bool pf_holds_all(const char *mem, size_t n, u64 seed)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!pf_holds(mem + i * PF_PAGE, seed))
			return false;
	return true;
}

bool pf_holds_each(const char *mem, size_t n, u64 seed)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!pf_holds(mem + i * PF_PAGE, seed + i))
			return false;
	return true;
}

/* Does @page hold what pf_fill() wrote, but for @byte at @at? */
bool pf_holds_but(const void *page, u64 seed, size_t at, char byte)
{
	char want[PF_PAGE];

	pf_fill(want, seed);
	want[at] = byte;
	return !memcmp(page, want, PF_PAGE);
}

/* @n equal pages that asked to be folded. */
char *pf_twins(size_t n, u64 seed)
{
	char *mem = pf_map(n);

	pf_fill_all(mem, n, seed);
	return mem;
}
