// SPDX-License-Identifier: GPL-2.0
/*
 * Count what folding could give back, without asking pagefold.
 *
 * Every present private anonymous page of every process is read and hashed;
 * pages with equal content are counted. A page that several processes map is
 * counted once, by its page frame number. Nothing is faulted in: only what
 * /proc/PID/pagemap calls present is read, and only through /proc/PID/mem.
 * Pages that pagefold leaves alone by design are left out here as well.
 *
 *	pagefold-possible [-m] [PID...]
 *
 * -m counts only what asked to be merged (MADV_MERGEABLE); with PIDs only
 * those processes are read. This process is never part of the count.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define BIT_ULL(n)	(1ULL << (n))
#define PAGE		4096UL
#define CHUNK		512UL	/* pages looked at together: one page table */
#define TOP		12	/* process names listed */

/* /proc/PID/pagemap */
#define PM_PFN		(BIT_ULL(55) - 1)
#define PM_FILE		BIT_ULL(61)
#define PM_PRESENT	BIT_ULL(63)

/* /proc/kpageflags, and two marks of our own that no kernel sets */
#define KPF_LRU		BIT_ULL(5)
#define KPF_ANON	BIT_ULL(12)
#define KPF_SWAPBACKED	BIT_ULL(14)
#define KPF_TAIL	BIT_ULL(16)
#define KPF_KSM		BIT_ULL(21)
#define KPF_THP		BIT_ULL(22)
#define KPF_ZERO_PAGE	BIT_ULL(24)
#define SEEN		BIT_ULL(63)
#define LOADED		BIT_ULL(62)

typedef unsigned long long u64;

struct content {
	u64 lo, hi;	/* both 0: this slot is free */
};

struct name {
	char comm[32];
	u64 pages, copies, zero;
};

/* Everything is in pages. */
static struct {
	u64 pages, distinct;	/* read, each frame once; contents, not zero */
	u64 zero;		/* of zeroes only */
	u64 huge, huge_copies;	/* parts of huge pages; zero or met before */
	u64 unreadable;	/* gone while we looked */
	u64 frames, frame_maps;	/* of pagefold, and their mappings */
	u64 zero_maps;	/* mappings of the kernel's zero page */
	u64 areas;	/* chunks of RAM that any of these are in */
} count;

static struct content *table;
static u64 table_size;		/* a power of two */
static u64 **flags_dir;		/* page flags by frame number */
static u64 flags_dirs;
static struct name *names;
static size_t nr_names;
static u64 secret[4];
static int kpageflags_fd;
static bool only_mergeable;

static void *must_calloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		err(1, "out of memory");
	return p;
}

/* The flags of a page frame, read 512 at a time and kept. */
static u64 *page_flags(u64 pfn)
{
	u64 dir = pfn / CHUNK, *flags;

	if (dir >= flags_dirs) {
		u64 n = dir + dir / 2 + 64;

		flags_dir = realloc(flags_dir, n * sizeof(*flags_dir));
		if (!flags_dir)
			err(1, "out of memory");
		memset(flags_dir + flags_dirs, 0,
		       (n - flags_dirs) * sizeof(*flags_dir));
		flags_dirs = n;
	}
	if (!flags_dir[dir]) {
		flags_dir[dir] = must_calloc(CHUNK, sizeof(**flags_dir));
		count.areas++;
	}
	flags = &flags_dir[dir][pfn % CHUNK];
	if (!(*flags & LOADED)) {
		if (pread(kpageflags_fd, flags_dir[dir], PAGE,
			  dir * PAGE) <= 0)
			err(1, "/proc/kpageflags");
		for (u64 i = 0; i < CHUNK; i++)
			flags_dir[dir][i] |= LOADED;
	}
	return flags;
}

static u64 mix(u64 a, u64 b)
{
	unsigned __int128 p = (unsigned __int128)a * b;

	return (u64)p ^ (u64)(p >> 64);
}

/* Two lanes of 64 bits, seeded, so that no content can aim at a collision. */
static struct content hash_page(const u64 *w)
{
	struct content c = { secret[0], secret[1] };

	for (size_t i = 0; i < PAGE / 8; i += 4) {
		c.lo = mix(c.lo ^ w[i], secret[2] ^ w[i + 1]);
		c.hi = mix(c.hi ^ w[i + 2], secret[3] ^ w[i + 3]);
		c.hi += c.lo;
	}
	c.lo = mix(c.lo ^ secret[3], c.hi ^ secret[2]) | 1;
	return c;
}

static bool page_is_zero(const u64 *w)
{
	return !w[0] && !memcmp(w, w + 1, PAGE - 8);
}

static struct content *table_slot(struct content c)
{
	u64 i = c.hi & (table_size - 1);

	while (table[i].lo && (table[i].lo != c.lo || table[i].hi != c.hi))
		i = (i + 1) & (table_size - 1);
	return &table[i];
}

static void table_grow(void)
{
	struct content *old = table;
	u64 old_size = table_size;

	table_size *= 2;
	table = must_calloc(table_size, sizeof(*table));
	for (u64 i = 0; i < old_size; i++)
		if (old[i].lo)
			*table_slot(old[i]) = old[i];
	free(old);
}

/* True if this content was met before. */
static bool table_add(struct content c)
{
	struct content *slot = table_slot(c);

	if (slot->lo)
		return true;
	*slot = c;
	if (++count.distinct > table_size / 4 * 3)
		table_grow();
	return false;
}

static void count_page(const u64 *page, bool huge, struct name *name)
{
	bool zero = page_is_zero(page);
	bool copy = zero || table_add(hash_page(page));

	count.pages++;
	count.zero += zero;
	count.huge += huge;
	count.huge_copies += huge && copy;
	name->pages++;
	name->copies += copy;
	name->zero += zero;
}

/* Would pagefold look at it, and did we not count it yet? */
static bool page_wanted(u64 entry)
{
	u64 *flags;

	if (!(entry & PM_PRESENT) || (entry & PM_FILE) || !(entry & PM_PFN))
		return false;
	flags = page_flags(entry & PM_PFN);
	count.zero_maps += !!(*flags & KPF_ZERO_PAGE);
	/* of the parts of a huge page, some kernels tell such only of the first */
	if (!(*flags & KPF_ANON) || !(*flags & (KPF_SWAPBACKED | KPF_TAIL)))
		return false;
	/* some kernels call all anonymous pages KSM; frames are on no list */
	if ((*flags & (KPF_KSM | KPF_LRU | KPF_THP)) == KPF_KSM) {
		count.frame_maps++;
		count.frames += !(*flags & SEEN);
	}
	if (*flags & SEEN)
		return false;
	*flags |= SEEN;
	return true;
}

static void read_run(int mem, u64 addr, const u64 *entry, u64 n,
		     struct name *name)
{
	static u64 buf[CHUNK * PAGE / 8];
	ssize_t got = pread(mem, buf, n * PAGE, addr);
	u64 i, whole = got > 0 ? got / PAGE : 0;

	for (i = 0; i < whole; i++)
		count_page(buf + i * PAGE / 8,
			   *page_flags(entry[i] & PM_PFN) & KPF_THP, name);
	count.unreadable += n - whole;
}

static void read_range(int mem, int pagemap, u64 start, u64 end,
		       struct name *name)
{
	u64 entry[CHUNK], n, i, run;

	for (; start < end; start += n * PAGE) {
		n = (end - start) / PAGE;
		if (n > CHUNK)
			n = CHUNK;
		if (pread(pagemap, entry, n * 8, start / PAGE * 8) !=
		    (ssize_t)(n * 8))
			return;
		for (i = 0; i < n; i += run + 1) {
			for (run = 0; i + run < n; run++)
				if (!page_wanted(entry[i + run]))
					break;
			if (run)
				read_run(mem, start + i * PAGE, entry + i,
					 run, name);
		}
	}
}

/* Mappings that pagefold never folds, as smaps' VmFlags names them. */
static bool vma_wanted(const char *perms, const char *vmflags)
{
	static const char * const never[] = {
		" sh", " ht", " lo", " pf", " io", " mm", " dd", " wf",
		" um", " uw", " ui", " ss", " mt", " dp",
	};

	if (perms[3] != 'p')
		return false;
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (strstr(vmflags, never[i]))
			return false;
	return !only_mergeable || strstr(vmflags, " mg");
}

static FILE *open_proc(const char *pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	return fopen(path, "re");
}

static struct name *name_of(const char *pid)
{
	char comm[32] = "?";
	FILE *f = open_proc(pid, "comm");

	if (f && fgets(comm, sizeof(comm), f))
		comm[strcspn(comm, "\n")] = 0;
	if (f)
		fclose(f);
	for (char *c = comm; (c = strpbrk(c, " \t")); )
		*c = '_';
	for (size_t i = 0; i < nr_names; i++)
		if (!strcmp(names[i].comm, comm))
			return &names[i];
	names = realloc(names, (nr_names + 1) * sizeof(*names));
	if (!names)
		err(1, "out of memory");
	memset(&names[nr_names], 0, sizeof(*names));
	memcpy(names[nr_names].comm, comm, sizeof(comm));
	return &names[nr_names++];
}

static void read_mappings(FILE *smaps, int mem, int pagemap,
			  struct name *name)
{
	unsigned long start = 0, end = 0, s, e;
	char line[8192], perms[5] = "", p[5];

	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx %4s", &s, &e, p) == 3) {
			start = s;
			end = e;
			memcpy(perms, p, sizeof(p));
		} else if (!strncmp(line, "VmFlags:", 8) &&
			   vma_wanted(perms, line)) {
			read_range(mem, pagemap, start, end, name);
		}
	}
}

/* A process that exits meanwhile only ends its own part of the count. */
static void read_process(const char *pid)
{
	static const char * const file[] = { "smaps", "mem", "pagemap" };
	FILE *f[3];
	int i;

	for (i = 0; i < 3; i++) {
		f[i] = open_proc(pid, file[i]);
		if (!f[i])
			break;
	}
	if (i == 3)
		read_mappings(f[0], fileno(f[1]), fileno(f[2]), name_of(pid));
	while (i--)
		fclose(f[i]);
}

static void read_all(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;

	if (!proc)
		err(1, "/proc");
	while ((d = readdir(proc)))
		if (atoi(d->d_name) && atoi(d->d_name) != getpid())
			read_process(d->d_name);
	closedir(proc);
}

static int by_copies(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return (y->copies > x->copies) - (y->copies < x->copies);
}

static void print_result(void)
{
	u64 copies = count.pages - count.zero - count.distinct;

	printf("possible_kb %llu\n", (copies + count.zero) * 4);
	printf("read_kb %llu\n", count.pages * 4);
	printf("distinct_kb %llu\n", count.distinct * 4);
	printf("copies_kb %llu\n", copies * 4);
	printf("zero_kb %llu\n", count.zero * 4);
	printf("huge_kb %llu\n", count.huge * 4);
	printf("huge_possible_kb %llu\n", count.huge_copies * 4);
	printf("unreadable_kb %llu\n", count.unreadable * 4);
	printf("frames_kb %llu\n", count.frames * 4);
	printf("frame_maps_kb %llu\n", count.frame_maps * 4);
	printf("zero_page_maps_kb %llu\n", count.zero_maps * 4);
	printf("areas_kb %llu\n", count.areas * CHUNK * 4);
	qsort(names, nr_names, sizeof(*names), by_copies);
	for (size_t i = 0; i < nr_names && i < TOP && names[i].pages; i++)
		printf("process %s read_kb %llu possible_kb %llu zero_kb %llu\n",
		       names[i].comm, names[i].pages * 4,
		       names[i].copies * 4, names[i].zero * 4);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "-m")) {
		only_mergeable = true;
		argc--;
		argv++;
	}
	if (sysconf(_SC_PAGESIZE) != PAGE)
		errx(1, "made for pages of 4 KiB");
	kpageflags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (kpageflags_fd < 0)
		err(1, "/proc/kpageflags");
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		err(1, "getrandom");
	table_size = 1 << 14;
	table = must_calloc(table_size, sizeof(*table));
	if (argc == 1)
		read_all();
	while (*++argv)
		read_process(*argv);
	print_result();
	return 0;
}
