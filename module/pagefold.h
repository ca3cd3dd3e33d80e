/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the rooms of pagefold share: the settings, the index and the secret.
 */
#ifndef PAGEFOLD_H
#define PAGEFOLD_H

#include <linux/compiler.h>
#include <linux/types.h>
#include "fingerprint.h"
#include "index.h"
#include "stats.h"

/* Values of the sysfs file run, with the kernel's KSM's meaning. */
enum pagefold_run {
	PAGEFOLD_STOP,
	PAGEFOLD_RUN,
	PAGEFOLD_UNSHARE,
};

/* Values of the sysfs file scope. */
enum pagefold_scope {
	PAGEFOLD_SCOPE_MADVISE,
	PAGEFOLD_SCOPE_ALL,
};

/**
 * struct pagefold_settings - what the user set.
 * @run: an enum pagefold_run.
 * @scope: an enum pagefold_scope.
 * @cpu_percent: CPU time of the scanner in percent of one CPU, 1 to 100.
 * @settle_ms: shortest time a page must stay unwritten, in milliseconds.
 * @use_zero_pages: fold pages of zeros into the kernel's zero page.
 * @scrub_per_second: frames read by the scrub in the background, per second;
 *	0 for none.
 *
 * Each is one word, written by sysfs and read with READ_ONCE() wherever it
 * is needed: a change takes effect at the next use.
 */
struct pagefold_settings {
	unsigned int run;
	unsigned int scope;
	unsigned int cpu_percent;
	unsigned int settle_ms;
	bool use_zero_pages;
	unsigned int scrub_per_second;
};

extern struct pagefold_settings pagefold_settings;
extern struct pagefold_index pagefold_index;
extern struct pagefold_seed pagefold_seed;

#define pagefold_setting(name) READ_ONCE(pagefold_settings.name)

/* Is the scanner to run? */
static inline bool pagefold_running(void)
{
	return pagefold_setting(run) == PAGEFOLD_RUN;
}

/**
 * pagefold_due() - is it this page's turn in this pass?
 * @pfn: its frame number, which spreads the turns over the passes.
 * @pass: number of the pass.
 * @level: 0 for every pass, n for one pass in 2^n.
 */
static inline bool pagefold_due(unsigned long pfn, unsigned int pass,
				unsigned int level)
{
	return !((pfn ^ pass) & ((1U << level) - 1));
}

/**
 * pagefold_broken() - an invariant does not hold: warn once, stop scanning.
 * @condition: what must not be.
 *
 * Folded memory stays as it is, only nothing more is folded.
 * Context: Any.
 * Return: @condition.
 */
#define pagefold_broken(condition) ({					\
	bool __broken = !!(condition);					\
									\
	if (WARN_ONCE(__broken, "pagefold: stopped, broken invariant"))	\
		WRITE_ONCE(pagefold_settings.run, PAGEFOLD_STOP);	\
	unlikely(__broken);						\
})

#endif
