/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scanner: a thread that visits all the memory in scope, pass by pass.
 */
#ifndef PAGEFOLD_SCAN_H
#define PAGEFOLD_SCAN_H

#include <linux/types.h>

/**
 * pagefold_scan_start() - start the scanner's thread.
 *
 * Return: 0 or -ENOMEM.
 */
int pagefold_scan_start(void);

/**
 * pagefold_scan_stop() - end the scanner's thread, in the middle of a pass if
 * need be.
 *
 * Context: Process context; waits for the page table in hand.
 */
void pagefold_scan_stop(void);

/* Start the next pass now, and passes without rest until it finds nothing. */
void pagefold_scan_wake(void);

/* A setting changed: what the scanner is waiting for may be over. */
void pagefold_scan_changed(void);

/**
 * pagefold_scan_relieve() - memory is short: give lonely frames back now.
 *
 * Context: Any; the scanner does it, the caller does not wait.
 */
void pagefold_scan_relieve(void);

/**
 * pagefold_scan_hold() - keep the scanner off until pagefold_scan_release().
 *
 * Context: Process context; waits for the page table in hand.
 */
void pagefold_scan_hold(void);
bool pagefold_scan_tryhold(void);
void pagefold_scan_release(void);

/* CPU time of the scanner's thread, in ns. */
u64 pagefold_scan_cpu_ns(void);

#endif
