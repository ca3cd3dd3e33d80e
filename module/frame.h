/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame: a page that pagefold owns, mapped wherever equal pages were
 * folded into it.
 */
#ifndef PAGEFOLD_FRAME_H
#define PAGEFOLD_FRAME_H

#include <linux/mm_types.h>
#include <linux/types.h>

/**
 * pagefold_frame_make() - a frame with the content of a page, in the index.
 * @page: page to copy; its content may change meanwhile, fold() compares.
 * @fingerprint: fingerprint of what the frame is to hold.
 *
 * The frame is charged to the memory cgroup of @page. The caller gets a
 * reference on top of pagefold's own.
 *
 * Context: Process context, @page is locked and referenced.
 * Return: The frame, or NULL: no memory, or the content changed meanwhile.
 */
struct page *pagefold_frame_make(struct page *page, u64 fingerprint);

/**
 * pagefold_frame_adopt() - take over a frame of an earlier load.
 * @page: page for which pagefold_frame_is_ours() holds, referenced.
 *
 * Context: Process context.
 * Return: true if it is held now.
 */
bool pagefold_frame_adopt(struct page *page);

/**
 * pagefold_frame_prune() - free a frame if nobody maps it.
 * @frame: what was a frame in this turn of the scanner; maybe freed since.
 *
 * Context: Process context, the scanner. Does not wait: what is not freed now
 * is freed by the sweep.
 * Return: true if it was freed.
 */
bool pagefold_frame_prune(struct page *frame);

/**
 * pagefold_frame_prune_some() - free frames that nobody maps, for reclaim.
 * @max: how many to look at; the next call goes on with the others.
 *
 * Context: Any that may take a mutex by trylock, the scanner kept off.
 * Return: Pages freed.
 */
unsigned long pagefold_frame_prune_some(unsigned long max);

/**
 * pagefold_frame_sweep() - look after some of the frames.
 * @max: how many at most; the next call goes on with the others.
 *
 * Frees those that nobody maps; marks those that one mapping is left of, for
 * the next visit to give that back to ordinary memory.
 *
 * Context: Process context, the scanner or while it is kept off.
 */
void pagefold_frame_sweep(unsigned long max);

/* Fingerprint of the content of @frame. */
u64 pagefold_frame_fingerprint(const struct page *frame);

/* Number of references beyond pagefold's own: mappings, if nobody looks. */
int pagefold_frame_mappings(const struct page *frame);

/**
 * pagefold_frame_is_ours() - is this a frame, of this load or an earlier one?
 * @page: a page that is mapped or referenced.
 */
bool pagefold_frame_is_ours(struct page *page);

/* Is this a frame of this load, which holds a reference to it? */
bool pagefold_frame_is_held(struct page *page);

/* Once, before any other. */
void pagefold_frame_init(void);

/*
 * No more is folded into a frame with so many mappings. fork() copies mappings
 * without a look at the reference count: a process has no more than these of
 * one frame, and there are no more than 2^22 processes (PID_MAX_LIMIT), so the
 * count stays below 2^31.
 */
#define PAGEFOLD_FRAME_FULL 256

/**
 * pagefold_frame_release_all() - let go of every frame, for unloading.
 *
 * What is mapped lives on without pagefold.
 *
 * Context: Process context, the scanner has ended.
 */
void pagefold_frame_release_all(void);

/**
 * pagefold_frame_each() - look at some of the frames.
 * @max: how many at most; the next call goes on with the others.
 * @look: called with each frame and @ctx.
 * @ctx: for @look.
 *
 * Context: Process context, may sleep; no frame comes or goes meanwhile,
 * unless @look frees the one that it was called with.
 */
void pagefold_frame_each(unsigned long max,
			 void (*look)(struct page *frame, void *ctx),
			 void *ctx);

/* For the scrub: frames that it has still to read in this round. */
unsigned long pagefold_frame_unread(void);

/**
 * pagefold_frame_unread_all() - begin a round of the scrub.
 *
 * Does nothing before all frames were read that the round before began with.
 *
 * Context: Process context, may sleep.
 */
void pagefold_frame_unread_all(void);

/**
 * pagefold_frame_read() - say that a frame is read in this round.
 * @frame: the frame.
 *
 * Context: In the callback of pagefold_frame_each().
 * Return: false if it was read before, in the same round.
 */
bool pagefold_frame_read(struct page *frame);

/**
 * pagefold_frame_condemn() - never again fold anything into a frame.
 * @frame: a frame whose bytes are not what its fingerprint says.
 *
 * Who maps it keeps it: there is no other copy of that memory.
 *
 * Context: In the callback of pagefold_frame_each().
 * Return: false if that was done before.
 */
bool pagefold_frame_condemn(struct page *frame);

#endif
