/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Twins: a copy of the anonymous memory of a process, made while that stands
 * still, so that each of its pages has one to be folded with.
 */
#ifndef PAGEFOLD_TWINS_H
#define PAGEFOLD_TWINS_H

#include <stddef.h>
#include <sys/types.h>

struct twins;

/**
 * twins_make() - copy the present pages of a process that stands still
 * @pid: the process
 *
 * Huge pages are left out: a page that the test wants huge is not split only
 * because this made twins for its parts. So is what exceeds a few MiB.
 *
 * Return: the twins, or NULL if there is nothing that can be read.
 */
struct twins *twins_make(pid_t pid);

/**
 * twins_count() - how many pages are folded by now
 * @twins: made of that process
 * @mapped: is set to those among them that the test mapped itself, not part
 *          of its program, heap or stack
 *
 * A page is folded if it and its twin are one frame, or the zero page.
 *
 * Return: the number of pages.
 */
size_t twins_count(const struct twins *twins, size_t *mapped);

/* The number of pages that were looked at, all of which could be folded. */
size_t twins_pages(const struct twins *twins);

/**
 * twins_keep() - let them stay until there are many younger ones
 * @twins: is owned by this from here on; may be NULL
 *
 * What was folded would be given back soon if its twin were gone.
 */
void twins_keep(struct twins *twins);

#endif
