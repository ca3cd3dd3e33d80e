/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scope: whose memory is visited.
 */
#ifndef PAGEFOLD_SCOPE_H
#define PAGEFOLD_SCOPE_H

#include <linux/mm_types.h>
#include <linux/types.h>

/**
 * pagefold_scope_vma() - may pages of this mapping be folded?
 * @vma: found under the mmap lock or by rmap_walk().
 *
 * Context: The caller makes sure that @vma stays; the flags may change at
 * once unless the mmap lock is held, so ask again under the page table lock.
 */
bool pagefold_scope_vma(struct vm_area_struct *vma);

/* May @mm hold any memory in scope at all? No lock needed. */
bool pagefold_scope_mm(struct mm_struct *mm);

/**
 * pagefold_scope_next() - the next process's memory.
 * @pid: in: the process to start looking at; out: the one to go on with.
 *
 * Every mm is met once, at the process that owns it, unless it changes
 * hands meanwhile.
 *
 * Context: Process context.
 * Return: An mm held by mm_count, not by mm_users, to be given back by
 * mmdrop(); NULL when there is no further one.
 */
struct mm_struct *pagefold_scope_next(int *pid);

/* Is @mm being torn down? Under the mmap lock (ksm_test_exit()). */
static inline bool pagefold_scope_exiting(struct mm_struct *mm)
{
	return atomic_read(&mm->mm_users) == 0;
}

#endif
