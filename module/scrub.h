/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scrub: is the content of every frame still what was folded?
 *
 * Folded memory is many programs' only copy, and who damages it damages all of
 * them: faulty memory, a device that writes where it should not, a kernel
 * that writes through a mapping it took to be writable.
 */
#ifndef PAGEFOLD_SCRUB_H
#define PAGEFOLD_SCRUB_H

/**
 * pagefold_scrub_all() - read every frame now.
 *
 * Context: Process context, sleeps. One at a time.
 * Return: 0, or -EINTR if a fatal signal came first.
 */
int pagefold_scrub_all(void);

/* Go on in the background at the pace that is set now; 0 stops. */
void pagefold_scrub_pace(void);

/**
 * pagefold_scrub_start() - begin what goes on in the background.
 *
 * Context: Process context, after pagefold_frame_init().
 * Return: 0 or -ENOMEM.
 */
int pagefold_scrub_start(void);

/* End it; before the frames are let go. Nobody sets its pace any more. */
void pagefold_scrub_stop(void);

#endif
