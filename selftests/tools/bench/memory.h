/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory that is scanned.
 */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stddef.h>
#include <sys/types.h>

#define PAGE ((size_t)4096)
#define CHILDREN_MAX 32

/**
 * struct memory - what a workload made.
 * @bytes: the pages, opted in to merging, in this process.
 * @length: how many pages that are.
 * @pages: how many there are in all, in the children, too.
 * @mergeable: how many of them have an equal one.
 * @best: how many frames would hold them all.
 * @child: processes that have the same pages at the same address.
 */
struct memory {
	char *bytes;
	size_t length;
	size_t pages;
	size_t mergeable;
	size_t best;
	pid_t child[CHILDREN_MAX];
	unsigned int children;
};

/* Opted in, ordinary pages, not yet touched. */
struct memory memory_map(size_t pages);

/* Fill page number @page with the content that has this number; 0 is zeroes. */
void memory_fill(const struct memory *memory, size_t page, size_t content);

/* The children end with this process, or here. */
void memory_end(const struct memory *memory);

/* The workloads. They end the program if there is no memory. */
void memory_duplicates(struct memory *memory);
void memory_few(struct memory *memory);
void memory_unique(struct memory *memory);
void memory_zeroes(struct memory *memory);
void memory_forked(struct memory *memory);

/* Write what is written all the time: every other page. */
void memory_write_half(const struct memory *memory);
/* What is left to merge then. */
void memory_expect_half(struct memory *memory);

/* Anonymous pages of this process: those of the zero page are none. */
size_t memory_anonymous(void);
/* Frames that hold the memory now. */
size_t memory_frames(const struct memory *memory);
/* The frame number of one page in this process; 0 if it has none. */
unsigned long memory_frame(const struct memory *memory, size_t page);

#endif
