/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The entries of one page table: which of them were written, which settled.
 */
#ifndef PAGEFOLD_PTES_H
#define PAGEFOLD_PTES_H

#include <linux/mm_types.h>
#include <linux/pgtable.h>

struct pagefold_visit;

/**
 * struct pagefold_ptes - one page table, under its lock.
 * @visit: the visit, which notes what is found.
 * @vma: the mapping.
 * @pmd: entry of the page table.
 * @addr: address of the entry at hand.
 * @noted: the index has an entry for its page.
 * @flush_start: address of the first dirty bit cleared.
 * @flush_end: address behind the last one; 0 if none was.
 */
struct pagefold_ptes {
	struct pagefold_visit *visit;
	struct vm_area_struct *vma;
	pmd_t *pmd;
	unsigned long addr;
	bool noted;
	unsigned long flush_start;
	unsigned long flush_end;
};

/**
 * pagefold_ptes_visit() - visit the entries of one page table.
 * @table: the page table.
 * @ptep: entry of @addr.
 * @addr: first address.
 * @end: address behind the last one.
 *
 * Context: Under the page table lock. Before it is dropped the caller flushes
 * from @table->flush_start to @table->flush_end.
 * Return: the address to go on at: @end, or less when nothing is left of what
 * one hold may take (@left of struct pagefold_visit).
 */
unsigned long pagefold_ptes_visit(struct pagefold_ptes *table, pte_t *ptep,
				  unsigned long addr, unsigned long end);

/**
 * pagefold_ptes_visit_huge() - visit the one entry of a huge page.
 * @table: the mapping; its @pmd is that entry.
 * @addr: its address.
 *
 * Context: Under the lock of that entry. Flushes by itself.
 */
void pagefold_ptes_visit_huge(struct pagefold_ptes *table, unsigned long addr);

#endif
