/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

/* One line for scripts/bench/summarize. */
void figure_print(const char *metric, double value);

#endif
