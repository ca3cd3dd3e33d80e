/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lonely mapping: shared with nobody any more, so it goes back to ordinary
 * memory, which can be swapped and moved.
 */
#ifndef PAGEFOLD_LONELY_H
#define PAGEFOLD_LONELY_H

#include <linux/mm_types.h>
#include <linux/pgtable.h>
#include <linux/types.h>

struct pagefold_visit;

/**
 * struct pagefold_lonely - a mapping that is to become ordinary memory again.
 * @addr: its address.
 * @pmd: entry of its page table.
 * @frame: the frame mapped there.
 */
struct pagefold_lonely {
	unsigned long addr;
	pmd_t *pmd;
	struct page *frame;
};

/**
 * pagefold_lonely_note() - note a mapping if it is lonely.
 * @visit: the visit, which notes it. With @visit->relieve a mapping counts
 *	as lonely, too, if it is one of few that nobody used of late.
 * @mapping: the mapping.
 * @ptep: its page table entry.
 *
 * Context: Under the page table lock.
 */
void pagefold_lonely_note(struct pagefold_visit *visit,
			  struct pagefold_lonely mapping, pte_t *ptep);

/**
 * pagefold_lonely_give_back() - make what was noted ordinary memory.
 * @visit: the visit; it has nothing noted any more afterwards.
 * @vma: mapping of all that was noted.
 *
 * What cannot be done now stays for a later pass.
 *
 * Context: mmap lock held for reading; may sleep, but not for other than
 * memory, and that without reclaim.
 */
void pagefold_lonely_give_back(struct pagefold_visit *visit,
			       struct vm_area_struct *vma);

#endif
