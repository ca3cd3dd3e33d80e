/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program that serves requests out of its memory.
 */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <stdint.h>

/* Of all that was read: so it must be read. */
extern uint64_t work_sum;

/* Nanoseconds of CPU that the same work takes its program each time. */
uint64_t work_cpu_ns(void);

#endif
