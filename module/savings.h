/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The savings of one process.
 */
#ifndef PAGEFOLD_SAVINGS_H
#define PAGEFOLD_SAVINGS_H

#include <linux/mm_types.h>

/**
 * struct pagefold_savings - what folding does for one process.
 * @folded: its mappings of frames.
 * @saved_bytes: its part of what they save: each mapping of a frame with n
 *               mappings counts 4096 * (n - 1) / n.
 */
struct pagefold_savings {
	unsigned long folded;
	u64 saved_bytes;
};

/**
 * pagefold_savings_of() - read the page tables of a process.
 * @mm: its memory, held by mm_count.
 * @savings: the result.
 *
 * Context: Process context; holds the mmap lock for one page table at a time.
 * Return: 0, or -EINTR when killed while waiting for the lock.
 */
int pagefold_savings_of(struct mm_struct *mm,
			struct pagefold_savings *savings);

#endif
