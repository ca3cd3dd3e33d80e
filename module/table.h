/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way from an address to its page table.
 */
#ifndef PAGEFOLD_TABLE_H
#define PAGEFOLD_TABLE_H

#include <linux/mm_types.h>
#include <linux/types.h>

/**
 * struct pagefold_table - one page table's part of a mapping, or a hole.
 * @vma: the mapping.
 * @pmd: entry of the page table; NULL when the addresses hold nothing to
 *       visit.
 * @start: first address.
 * @end: address behind the last one, where to go on.
 */
struct pagefold_table {
	struct vm_area_struct *vma;
	pmd_t *pmd;
	unsigned long start;
	unsigned long end;
};

/**
 * pagefold_table_next() - the next part of the address space.
 * @mm: its memory.
 * @addr: address to start at.
 * @wanted: which mappings to look into.
 * @table: what was found: at most one page table's worth of one mapping that
 *         is wanted, or memory to be skipped.
 *
 * Context: mmap lock held for reading.
 * Return: false at the end of the address space.
 */
bool pagefold_table_next(struct mm_struct *mm, unsigned long addr,
			 bool (*wanted)(struct vm_area_struct *vma),
			 struct pagefold_table *table);

#endif
