// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <time.h>

#include "timing.h"

#define TURNS	64
#define TURN	(64UL << 10)	/* operations in a turn, at most */

double timing_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

double timing_of(void (*op)(unsigned long i), unsigned long first,
		 unsigned long n)
{
	double start = timing_now_ns();
	unsigned long i;

	for (i = first; i < first + n; i++)
		op(i);
	return (timing_now_ns() - start) / n;
}

double timing_best_turn(void (*op)(unsigned long i), unsigned long pages)
{
	unsigned long turn, n = pages / TURNS < TURN ? pages / TURNS : TURN;
	double best = 0, ns;

	for (turn = 0; turn < TURNS; turn++) {
		ns = timing_of(op, turn * n, n);
		if (!turn || ns < best)
			best = ns;
	}
	return best;
}

void timing_print(const char *name, unsigned long pages, double ns)
{
	printf("bench: op=%s pages=%lu ns=%.1f\n", name, pages, ns);
	fflush(stdout);
}
