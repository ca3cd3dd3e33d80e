/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fold: mappings of a page become mappings of a frame.
 */
#ifndef PAGEFOLD_FOLD_H
#define PAGEFOLD_FOLD_H

#include <linux/mm_types.h>
#include "remap.h"

/**
 * pagefold_fold() - fold every mapping of a page into a frame.
 * @page: ordinary anonymous page, not part of a huge one; locked, with one
 *	reference of the caller's.
 * @frame: a frame, referenced; NULL for the kernel's zero page.
 *
 * Bytes are compared with the mapping cleared and flushed, so nothing that
 * is written can be lost and nothing unequal can be folded. A mapping that
 * cannot be folded is as it was before.
 *
 * Context: Process context, no lock but the page's. Takes anon_vma (read),
 * then page table locks.
 * Return: The outcome, counted by mapping.
 */
struct pagefold_fold pagefold_fold(struct page *page, struct page *frame);

/**
 * pagefold_fold_possible() - is it worth trying?
 * @page: as for pagefold_fold().
 *
 * Return: false when somebody else holds a reference right now, when the
 * page is under writeback, lazily freed or no longer mapped.
 */
bool pagefold_fold_possible(struct page *page);

#endif
