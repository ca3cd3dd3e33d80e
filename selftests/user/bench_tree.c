// SPDX-License-Identifier: GPL-2.0
/*
 * What finding a page costs the way KSM does it: a red-black tree of pages, of
 * which two are compared byte by byte at each step down.
 *
 * bench_tree MILLIONS
 *
 * The tree is that of libbsd. Of each page there are the first eight bytes: no
 * two are alike in them, so nobody reads further. With whole pages each step
 * would miss one more entry of the TLB.
 */
#include <bsd/sys/tree.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "timing.h"

struct node {
	RB_ENTRY(node) link;
	u64 *page;
};

static struct node *nodes;
static u64 *contents;
static unsigned long pages;	/* a power of two */
static u64 sink;		/* keeps results from being optimised away */

static int compare(const struct node *a, const struct node *b)
{
	return memcmp(a->page, b->page, sizeof(*a->page));
}

RB_HEAD(tree, node) root = RB_INITIALIZER(&root);
RB_PROTOTYPE(tree, node, link, compare)
RB_GENERATE(tree, node, link, compare)

static void *huge_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	madvise(p, size, MADV_HUGEPAGE);
	return p;
}

/* Every page once, in no order. */
static unsigned long scattered(unsigned long i)
{
	return (i * 2654435761UL + 12345) & (pages - 1);
}

/* The node whose content comes scattered(@i)th: the next one is far away. */
static struct node *node_of(unsigned long i)
{
	return &nodes[scattered(scattered(i))];
}

/* Content number @i, in the order of memcmp(); odd ones are in no page. */
static u64 content(unsigned long i)
{
	return htobe64(i);
}

static struct node *find(u64 bytes)
{
	struct node probe = { .page = &bytes };

	return RB_FIND(tree, &root, &probe);
}

static void op_find_hit(unsigned long i)
{
	sink += (u64)find(content(scattered(i) * 2));
}

static void op_find_miss(unsigned long i)
{
	sink += (u64)find(content(scattered(i) * 2 + 1));
}

static void op_remove(unsigned long i)
{
	RB_REMOVE(tree, &root, node_of(i));
}

static void op_insert(unsigned long i)
{
	sink += (u64)RB_INSERT(tree, &root, node_of(i));
}

/* In the order of the contents, which is the fastest; the nodes are in none. */
static void fill(void)
{
	struct node *node;
	unsigned long i;

	nodes = huge_alloc(pages * sizeof(*nodes));
	contents = huge_alloc(pages * sizeof(*contents));
	for (i = 0; i < pages; i++) {
		node = &nodes[scattered(i)];
		node->page = &contents[scattered(i)];
		*node->page = content(i * 2);
		RB_INSERT(tree, &root, node);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*op)(unsigned long i);
	} ops[] = {
		{ "tree_find_hit", op_find_hit },
		{ "tree_find_miss", op_find_miss },
		{ "tree_remove", op_remove },
		{ "tree_insert", op_insert },
	};
	unsigned int i;

	pages = argc == 2 ? strtoul(argv[1], NULL, 0) << 20 : 0;
	if (!pages)
		return 2;
	fill();
	for (i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		timing_print(ops[i].name, pages,
			     timing_best_turn(ops[i].op, pages));
	printf("bench: pages=%lu tree_bytes_per_page=%zu\n", pages,
	       sizeof(*nodes));
	return !sink;
}
