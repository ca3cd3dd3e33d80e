// SPDX-License-Identifier: GPL-2.0
/*
 * What the index and the fingerprint cost.
 *
 * bench time index MILLIONS | bench time fingerprint
 *	prints "bench: ..." lines with nanoseconds
 * bench count OPERATION N
 *	does it so often and prints nothing, for a tool that counts instructions
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "fingerprint.h"
#include "index.h"
#include "timing.h"

#define N_ELEMENTS(array)	(sizeof(array) / sizeof(*(array)))
#define POOL		(64UL << 10)	/* pages to fingerprint, 256 MiB */
#define COUNT_PAGES	(64UL << 10)	/* index size when counting */
#define HUGE		(2UL << 20)
#define ARENA		(16UL << 30)

static struct pagefold_index ix;
static struct pagefold_seed seed;
static unsigned long pages;	/* a power of two */
static char *pool;
static u64 sink;		/* keeps results from being optimised away */

void env_bug(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

/*
 * Memory as the kernel would have it: the entries of a section in one piece of
 * its direct map, the heads in a huge mapping, so few TLB misses.
 */
void *kvcalloc(size_t n, size_t size, int gfp)
{
	static char *next, *end;
	char *p;

	(void)gfp;
	if (!next) {
		next = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			    MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (next == MAP_FAILED)
			env_bug("no memory", __FILE__, __LINE__);
		end = next + ARENA;
		next = (char *)(((u64)next + HUGE - 1) & -HUGE);
		madvise(next, end - next, MADV_HUGEPAGE);
	}
	p = next;
	next += n * size;
	if (next > end)
		env_bug("arena is full", __FILE__, __LINE__);
	return p;
}

void kvfree(const void *p)
{
	(void)p;	/* the program ends soon */
}

static u64 mix(u64 z)
{
	z += 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void get_random_bytes(void *buf, size_t len)
{
	u64 *word = buf, i;

	for (i = 0; i < len / 8; i++)
		word[i] = mix(i);
}

/* Every page once, in no order. */
static unsigned long scattered(unsigned long i)
{
	return (i * 2654435761UL + 12345) & (pages - 1);
}

static u32 tag_of(unsigned long pfn)
{
	return pagefold_tag_candidate(mix(pfn), 0);
}

static enum pagefold_index_verdict take(void *ctx, unsigned long pfn, u32 tag)
{
	(void)ctx;
	sink += pfn + tag;
	return PAGEFOLD_INDEX_TAKE;
}

static enum pagefold_index_verdict skip(void *ctx, unsigned long pfn, u32 tag)
{
	(void)ctx;
	sink += pfn + tag;
	return PAGEFOLD_INDEX_SKIP;
}

static void op_nothing(unsigned long i)
{
	sink += scattered(i) + tag_of(i);
}

static void op_tag_in_order(unsigned long i)
{
	sink += pagefold_index_tag(&ix, i & (pages - 1));
}

static void op_tag_scattered(unsigned long i)
{
	sink += pagefold_index_tag(&ix, scattered(i));
}

static void op_find_hit(unsigned long i)
{
	pagefold_index_find(&ix, tag_of(scattered(i)), take, NULL);
}

static void op_find_miss(unsigned long i)
{
	pagefold_index_find(&ix, tag_of(scattered(i) | BIT(40)), skip, NULL);
}

/* What a page with new content costs: no twin is found, it is linked. */
static void op_find_insert(unsigned long i)
{
	unsigned long pfn = scattered(i);
	u32 tag = tag_of(pfn | BIT(40));

	sink += pagefold_index_find_or_insert(&ix, pfn, tag, skip, NULL);
}

static void op_remove(unsigned long i)
{
	pagefold_index_remove(&ix, scattered(i));
}

static void op_insert(unsigned long i)
{
	unsigned long pfn = scattered(i);

	sink += pagefold_index_insert(&ix, pfn, tag_of(pfn));
}

static void op_set_heat(unsigned long i)
{
	sink += pagefold_index_set_heat(&ix, scattered(i), 1 + i % 63);
}

static void op_fingerprint_hot(unsigned long i)
{
	(void)i;
	sink += pagefold_fingerprint(&seed, pool);
}

static void op_fingerprint_cold(unsigned long i)
{
	sink += pagefold_fingerprint(&seed, pool + scattered(i) * 4096);
}

static void op_zero_is_zero(unsigned long i)
{
	static u64 zeroes[PAGEFOLD_FINGERPRINT_WORDS];

	(void)i;
	sink += pagefold_page_is_zero(zeroes);
}

static void op_other_is_zero(unsigned long i)
{
	(void)i;
	sink += pagefold_page_is_zero(pool);
}

struct operation {
	const char *name;
	void (*op)(unsigned long i);
};

/* In this order the index is full before each that needs it full. */
static const struct operation index_ops[] = {
	{ "nothing", op_nothing },
	{ "tag_in_order", op_tag_in_order },
	{ "tag_scattered", op_tag_scattered },
	{ "find_hit", op_find_hit },
	{ "find_miss", op_find_miss },
	{ "remove", op_remove },
	{ "insert", op_insert },
	{ "set_heat", op_set_heat },
	{ "find_insert", op_find_insert },
};

static const struct operation page_ops[] = {
	{ "fingerprint_hot", op_fingerprint_hot },
	{ "fingerprint_cold", op_fingerprint_cold },
	{ "zero_page_is_zero", op_zero_is_zero },
	{ "other_page_is_zero", op_other_is_zero },
};

static void fill_index(unsigned long n)
{
	unsigned long pfn;

	pages = n;
	if (pagefold_index_init(&ix))
		env_bug("no index", __FILE__, __LINE__);
	for (pfn = 1; pfn < pages; pfn++)
		pagefold_index_insert(&ix, pfn, tag_of(pfn));
}

static void time_index_ops(void)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(index_ops); i++)
		timing_print(index_ops[i].name, pages,
			     timing_best_turn(index_ops[i].op, pages));
}

static void time_index(unsigned long millions)
{
	double start = timing_now_ns(), pass;

	fill_index(millions << 20);
	timing_print("fill", pages, (timing_now_ns() - start) / pages);
	start = timing_now_ns();
	pagefold_index_sweep(&ix, 0, pages, skip, NULL);
	pass = timing_now_ns() - start;
	time_index_ops();
	timing_print("sweep", pages, pass / pages);
	printf("bench: pages=%lu bytes_per_page=%.4f\n", pages,
	       (double)pagefold_index_bytes(&ix) / pages);
}

static void fill_pool(unsigned long n)
{
	pages = n;
	pagefold_fingerprint_seed(&seed);
	pool = kvcalloc(pages, 4096, GFP_KERNEL);
	get_random_bytes(pool, pages * 4096);
}

static void time_fingerprint(void)
{
	unsigned int i;
	double ns;

	fill_pool(POOL);
	for (i = 0; i < N_ELEMENTS(page_ops); i++) {
		ns = timing_best_turn(page_ops[i].op, pages);
		printf("bench: op=%s ns=%.1f gb_per_s=%.1f\n",
		       page_ops[i].name, ns, 4096 / ns);
	}
}

static int count(const char *name, unsigned long n)
{
	unsigned int i;

	fill_pool(16);
	for (i = 0; i < N_ELEMENTS(page_ops); i++)
		if (!strcmp(page_ops[i].name, name))
			return timing_of(page_ops[i].op, 0, n) < 0;
	fill_index(COUNT_PAGES);
	/* What is inserted or heated must not be linked before. */
	for (i = 0; strstr(name, "insert") && i < pages; i++)
		pagefold_index_remove(&ix, i);
	for (i = 0; i < N_ELEMENTS(index_ops); i++)
		if (!strcmp(index_ops[i].name, name))
			return timing_of(index_ops[i].op, 0, n) < 0;
	return 2;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "count"))
		return count(argv[2], strtoul(argv[3], NULL, 0));
	if (argc == 4 && !strcmp(argv[1], "time") && !strcmp(argv[2], "index"))
		time_index(strtoul(argv[3], NULL, 0));
	else if (argc == 3 && !strcmp(argv[2], "fingerprint"))
		time_fingerprint();
	else
		return 2;
	return !sink;
}
