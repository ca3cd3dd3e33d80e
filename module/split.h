/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The split: a mapping of a frame becomes ordinary memory again, on purpose.
 * (When somebody writes, the kernel's write fault does it by itself.)
 */
#ifndef PAGEFOLD_SPLIT_H
#define PAGEFOLD_SPLIT_H

#include <linux/mm_types.h>

/* Mappings that may map frames, in scope or not. */
bool pagefold_split_wanted(struct vm_area_struct *vma);

/**
 * pagefold_split_all() - unshare every mapping of every frame.
 *
 * Context: Process context, with run set so that the scanner does nothing.
 * Return: 0; -ENOMEM when memory ran out; -EINTR when the caller was killed.
 * What is still folded then stays valid.
 */
int pagefold_split_all(void);

#endif
