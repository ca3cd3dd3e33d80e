// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "pagefold: " fmt

#include <linux/kstrtox.h>
#include <linux/mutex.h>
#include <linux/oom.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "pagefold.h"
#include "scan.h"
#include "scrub.h"
#include "settings.h"
#include "split.h"

struct pagefold_settings pagefold_settings = {
	.run = PAGEFOLD_RUN,
	.scope = PAGEFOLD_SCOPE_MADVISE,
	.cpu_percent = 20,
	.settle_ms = 1000,
	.use_zero_pages = true,
};

const struct pagefold_number pagefold_cpu_percent = {
	.name = "cpu_percent",
	.value = &pagefold_settings.cpu_percent,
	.min = 1,
	.max = 100,
	.changed = pagefold_scan_changed,
};

const struct pagefold_number pagefold_settle_ms = {
	.name = "settle_ms",
	.value = &pagefold_settings.settle_ms,
	.min = 0,
	.max = 3600000,
	.changed = pagefold_scan_changed,
};

const struct pagefold_number pagefold_scrub_per_second = {
	.name = "scrub_per_second",
	.value = &pagefold_settings.scrub_per_second,
	.min = 0,
	.max = 1000000,
	.changed = pagefold_scrub_pace,
};

static const char * const scopes[] = {
	[PAGEFOLD_SCOPE_MADVISE] = "madvise",
	[PAGEFOLD_SCOPE_ALL] = "all",
};

/* One change of run at a time. */
static DEFINE_MUTEX(run_lock);

int pagefold_number_set(const struct pagefold_number *number, const char *text)
{
	unsigned int value;
	int err = kstrtouint(text, 10, &value);

	if (err)
		return err;
	if (value < number->min || value > number->max)
		return -ERANGE;
	WRITE_ONCE(*number->value, value);
	number->changed();
	return 0;
}

int pagefold_scope_set(const char *text)
{
	int scope = sysfs_match_string(scopes, text);

	if (scope < 0)
		return scope;
	WRITE_ONCE(pagefold_settings.scope, scope);
	return 0;
}

ssize_t pagefold_scope_show(char *buf)
{
	return sysfs_emit(buf, pagefold_setting(scope) == PAGEFOLD_SCOPE_ALL ?
			  "madvise [all]\n" : "[madvise] all\n");
}

int pagefold_zero_set(const char *text)
{
	unsigned int value;
	int err = kstrtouint(text, 10, &value);

	if (err)
		return err;
	if (value > 1)
		return -ERANGE;
	WRITE_ONCE(pagefold_settings.use_zero_pages, value);
	return 0;
}

/*
 * Who asks for everything at once is the one to go if memory ends, as with
 * run_store() in mm/ksm.c.
 */
static int split_everything(void)
{
	int err;

	/* With run set the scanner takes no other page table than that in hand. */
	pagefold_scan_hold();
	pagefold_scan_release();
	set_current_oom_origin();
	err = pagefold_split_all();
	clear_current_oom_origin();
	if (!err)
		return 0;
	WRITE_ONCE(pagefold_settings.run, PAGEFOLD_STOP);
	pr_warn("split not finished (%d): stopped, %lu pages stay folded and valid; write 2 to run again when memory is free\n",
		err, pagefold_sharing_now().mappings);
	return err;
}

static int change_run(unsigned int run)
{
	WRITE_ONCE(pagefold_settings.run, run);
	pagefold_scan_wake();
	return run == PAGEFOLD_UNSHARE ? split_everything() : 0;
}

int pagefold_run_set(const char *text)
{
	unsigned int run;
	int err = kstrtouint(text, 10, &run);

	if (err || run > PAGEFOLD_UNSHARE)
		return -EINVAL;
	if (mutex_lock_killable(&run_lock))
		return -EINTR;
	err = change_run(run);
	mutex_unlock(&run_lock);
	return err;
}
