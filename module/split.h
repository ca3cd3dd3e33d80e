/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The split: a mapping of a frame becomes ordinary memory again, on purpose.
 * (When somebody writes, the kernel's write fault does it by itself.)
 */
#ifndef PAGEFOLD_SPLIT_H
#define PAGEFOLD_SPLIT_H

#include <linux/mm_types.h>

/* So few sharers that a cold frame is given back when memory is short. */
#define PAGEFOLD_FEW_SHARERS 2

/**
 * pagefold_split_one() - unshare one mapping.
 * @vma: mapping of @addr.
 * @pmd: entry of its page table.
 * @addr: address; nothing happens if no frame is mapped there any more.
 *
 * Context: mmap lock held for reading; may sleep, but not for other than
 * memory.
 * Return: 0; -ENOMEM when there was no memory for an ordinary page; -EFAULT
 * when the fault failed otherwise (the mapping is gone).
 */
int pagefold_split_one(struct vm_area_struct *vma, pmd_t *pmd,
		       unsigned long addr);

/* Mappings that may map frames, in scope or not. */
bool pagefold_split_wanted(struct vm_area_struct *vma);

/**
 * pagefold_split_all() - unshare every mapping of every frame.
 *
 * Context: Process context, with the scanner kept off (pagefold_scan_hold()).
 * Return: 0; -ENOMEM when memory ran out; -EINTR when the caller was killed.
 * What is still folded then stays valid.
 */
int pagefold_split_all(void);

#endif
