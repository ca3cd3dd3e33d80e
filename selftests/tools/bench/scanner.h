/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one who merges: pagefold or the kernel's KSM, by the same few questions.
 */
#ifndef BENCH_SCANNER_H
#define BENCH_SCANNER_H

#include <stdint.h>

/* Which one it is. Ends the program if that is not there. */
void scanner_choose(const char *name);
int scanner_is_pagefold(void);

void scanner_start(void);
void scanner_stop(void);

/* Nanoseconds of CPU that its thread used since it was made. */
uint64_t scanner_cpu_ns(void);
/* Id of its thread. */
int scanner_thread(void);

/* Passes over all memory since it was loaded. */
uint64_t scanner_passes(void);
/* Return when @n more are done. */
void scanner_wait_passes(unsigned int n);

/* Passes until memory at rest costs what it will cost, and to measure then. */
unsigned int scanner_warm_passes(void);
unsigned int scanner_rest_passes(void);

/* Pages saved, those that became the zero page, too. */
uint64_t scanner_saved(void);

/* Mappings of merged pages, without the zero page. */
uint64_t scanner_merged(void);

/*
 * Bytes of bookkeeping; 0 is not known, as a kernel without slab_nomerge keeps
 * KSM's together with others'.
 */
uint64_t scanner_metadata(void);

#endif
