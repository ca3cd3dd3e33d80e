/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The visit: one page table of a process, or a part of it, looked at under one
 * hold of the mmap lock.
 */
#ifndef PAGEFOLD_VISIT_H
#define PAGEFOLD_VISIT_H

#include <linux/mm_types.h>
#include <linux/pgtable.h>
#include "lonely.h"

enum pagefold_turn {
	PAGEFOLD_TURN_MORE,	/* there is memory left to visit */
	PAGEFOLD_TURN_DONE,	/* the end of the address space, or exiting */
	PAGEFOLD_TURN_BUSY,	/* the mmap lock was taken */
};

/**
 * struct pagefold_visit - where a visit is and what it found.
 * @mm: the memory visited, held by mm_count.
 * @next: address to go on at.
 * @wanted: which mappings to visit: those in scope, or with @relieve all.
 * @pass: number of the pass.
 * @judge: the mm has secondary page tables, see pagefold_settle().
 * @relieve: memory is short: only look for frames to give back, cold ones too.
 * @left: how much work this turn may still find, about: the locks are held
 *	meanwhile.
 * @visited: present page table entries met in this turn.
 * @written: dirty bits cleared in this turn.
 * @hot: dirty bits left in this turn.
 * @npages: how many of @pages are in use.
 * @pages: pages that settled. Each is referenced, but of parts of a huge page
 *	in a row only the first.
 * @addrs: where each was mapped, 0 for the parts of a huge page that one entry
 *	maps. Nothing holds the page there.
 * @unnoted: frame number of a page with no room in the index for what is to be
 *	noted of it; 0 for none. Its neighbours get room with it, so that most
 *	page tables need few turns.
 * @nlonely: how many of @lonely are in use.
 * @lonely: mappings that are to become ordinary memory again.
 * @cold: how many more of them may be of cold frames, with @relieve.
 */
struct pagefold_visit {
	struct mm_struct *mm;
	unsigned long next;
	bool (*wanted)(struct vm_area_struct *vma);
	unsigned int pass;
	bool judge;
	bool relieve;
	int left;
	unsigned int visited;
	unsigned int written;
	unsigned int hot;
	unsigned int npages;
	struct page *pages[PTRS_PER_PTE];
	unsigned long addrs[PTRS_PER_PTE];
	unsigned long unnoted;
	unsigned int nlonely;
	struct pagefold_lonely lonely[PTRS_PER_PTE];
	unsigned int cold;
};

/**
 * pagefold_visit_turn() - visit the next page table, or what is left of one.
 * @visit: the visit; @next moves on, @pages is filled for the caller to
 *         settle and put.
 *
 * Context: Process context; takes the mmap lock by trylock, for one page
 * table at most.
 */
enum pagefold_turn pagefold_visit_turn(struct pagefold_visit *visit);

/**
 * pagefold_visit_make_room() - allocate what could not be under the locks.
 * @visit: the visit; has no @unnoted page any more.
 *
 * Context: May sleep, and reclaim: no lock and no page is to be held.
 */
void pagefold_visit_make_room(struct pagefold_visit *visit);

#endif
