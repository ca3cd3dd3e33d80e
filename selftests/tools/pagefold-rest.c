// SPDX-License-Identifier: GPL-2.0
/*
 * What a pass over memory at rest costs the scanner: pagefold's or ksmd.
 *
 *   pagefold-rest pagefold|ksm PAGES CONTENTS PASSES
 *
 * Makes PAGES pages with CONTENTS different contents, asks for merging, waits
 * until all that can merge has merged, then lets the scanner make PASSES more
 * passes and prints the CPU time of its thread for them:
 *
 *   rest scanner=NAME pages=N merged=N passes=N cpu_ns=N
 *
 * The scanner's settings are the caller's. Root only.
 */
#include <dirent.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define WAIT_S 600

/* Where each of the two scanners is to be found. */
static const struct scanner {
	const char *name;
	const char *folder;
	const char *thread;
} scanners[] = {
	{ "pagefold", "/sys/kernel/mm/pagefold", "pagefold" },
	{ "ksm", "/sys/kernel/mm/ksm", "ksmd" },
};

static const struct scanner *scanner;

static FILE *open_file(const char *folder, const char *name, const char *mode)
{
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, mode);
	if (!file)
		err(1, "%s", path);
	return file;
}

static uint64_t read_number(const char *folder, const char *name)
{
	FILE *file = open_file(folder, name, "r");
	unsigned long long number;

	if (fscanf(file, "%llu", &number) != 1)
		errx(1, "%s/%s: no number", folder, name);
	fclose(file);
	return number;
}

/* Ask for the next pass now; ksmd with sleep_millisecs 0 needs no asking. */
static void wake(void)
{
	FILE *file = open_file(scanner->folder, "run", "w");

	fputs("1", file);
	fclose(file);
}

static int is_thread(const char *folder, const char *name)
{
	FILE *file = open_file(folder, "comm", "r");
	char comm[64] = "";

	if (fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = 0;
	fclose(file);
	return !strcmp(comm, name);
}

/* The folder in /proc of the scanner's thread. */
static void find_thread(char *folder, size_t size)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		err(1, "/proc");
	while ((entry = readdir(proc))) {
		snprintf(folder, size, "/proc/%s", entry->d_name);
		if (atoi(entry->d_name) && is_thread(folder, scanner->thread))
			break;
	}
	closedir(proc);
	if (!entry)
		errx(1, "no thread named %s", scanner->thread);
}

static uint64_t passes(void)
{
	return read_number(scanner->folder, "full_scans");
}

static uint64_t merged(void)
{
	return read_number(scanner->folder, "pages_shared") +
	       read_number(scanner->folder, "pages_sharing");
}

static void wait_passes(uint64_t n)
{
	uint64_t until = passes() + n;
	int tenths;

	for (tenths = 0; passes() < until; tenths++) {
		if (tenths > WAIT_S * 10)
			errx(1, "the scanner makes no passes");
		wake();
		usleep(100000);
	}
}

/* Content number i, told from others in its first word. */
static void fill(char *mem, size_t pages, size_t contents)
{
	size_t i;

	for (i = 0; i < pages; i++) {
		memset(mem + i * PAGE, 0x5a, PAGE);
		*(size_t *)(mem + i * PAGE) = i % contents + 1;
	}
}

static void wait_merged(size_t pages)
{
	uint64_t before;
	int still = 0;

	while (still < 3) {
		before = merged();
		wait_passes(2);
		still = merged() == before ? still + 1 : 0;
	}
	if (merged() < pages / 100 * 99)
		errx(1, "only %llu of %zu pages merged",
		     (unsigned long long)merged(), pages);
}

static char *make_memory(size_t pages, size_t contents)
{
	char *mem = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		err(1, "mmap");
	madvise(mem, pages * PAGE, MADV_NOHUGEPAGE);
	if (madvise(mem, pages * PAGE, MADV_MERGEABLE))
		err(1, "MADV_MERGEABLE");
	fill(mem, pages, contents);
	return mem;
}

static void measure(size_t pages, uint64_t n)
{
	uint64_t pass, cpu;
	char thread[300];

	find_thread(thread, sizeof(thread));
	pass = passes();
	cpu = read_number(thread, "schedstat");
	wait_passes(n);
	cpu = read_number(thread, "schedstat") - cpu;
	pass = passes() - pass;
	printf("rest scanner=%s pages=%zu merged=%llu passes=%llu cpu_ns=%llu\n",
	       scanner->name, pages, (unsigned long long)merged(),
	       (unsigned long long)pass, (unsigned long long)cpu);
}

int main(int argc, char **argv)
{
	size_t pages, contents;
	unsigned int i;

	if (argc != 5)
		errx(2, "usage: %s pagefold|ksm PAGES CONTENTS PASSES", *argv);
	for (i = 0; i < 2; i++)
		if (!strcmp(argv[1], scanners[i].name))
			scanner = &scanners[i];
	if (!scanner)
		errx(2, "no scanner named %s", argv[1]);
	pages = strtoul(argv[2], NULL, 10);
	contents = strtoul(argv[3], NULL, 10);
	if (!pages || !contents)
		errx(2, "pages and contents are numbers");
	make_memory(pages, contents);
	wait_merged(pages);
	measure(pages, strtoul(argv[4], NULL, 10));
	return 0;
}
