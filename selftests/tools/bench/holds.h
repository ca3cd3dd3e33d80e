/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long the scanner's thread holds locks that programs wait for, by the
 * kernel's own tracing. It wants a clock that counts instructions.
 */
#ifndef BENCH_HOLDS_H
#define BENCH_HOLDS_H

#include <stdint.h>

/**
 * struct holds - what to trace.
 * @tracer: for current_tracer.
 * @setup: a file of tracefs and what to write to it, before @pid_file.
 * @pid_file: takes the thread's id.
 * @taken: what a line about a lock taken names; @tried, if by a try, which
 *	does not fail where there is one CPU; @given, about one released.
 * @takers: who takes the locks meant, NULL for any; ends with NULL.
 */
struct holds {
	const char *tracer;
	const char *setup[2];
	const char *pid_file;
	const char *taken;
	const char *tried;
	const char *given;
	const char *const *takers;
};

extern const struct holds holds_of_mmap_lock;
extern const struct holds holds_of_table_lock;

void holds_start(const struct holds *holds, int thread);
/* Nanoseconds of the longest hold since holds_start(). */
uint64_t holds_longest(const struct holds *holds);

#endif
