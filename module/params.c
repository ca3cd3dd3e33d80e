// SPDX-License-Identifier: GPL-2.0
/*
 * The settings as they can be given at load: insmod pagefold.ko scope=all
 */
#include <linux/errno.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include "pagefold.h"
#include "settings.h"

/* Nothing is folded yet that could be split. */
static int set_run(const char *text, const struct kernel_param *param)
{
	if (!strcmp(text, "0"))
		pagefold_settings.run = PAGEFOLD_STOP;
	else if (!strcmp(text, "1"))
		pagefold_settings.run = PAGEFOLD_RUN;
	else
		return -EINVAL;
	return 0;
}

static int set_scope(const char *text, const struct kernel_param *param)
{
	return pagefold_scope_set(text);
}

static int set_cpu_percent(const char *text, const struct kernel_param *param)
{
	return pagefold_number_set(&pagefold_cpu_percent, text);
}

static int set_settle_ms(const char *text, const struct kernel_param *param)
{
	return pagefold_number_set(&pagefold_settle_ms, text);
}

static int set_use_zero_pages(const char *text,
			      const struct kernel_param *param)
{
	return pagefold_zero_set(text);
}

static int set_scrub_per_second(const char *text,
				const struct kernel_param *param)
{
	return pagefold_number_set(&pagefold_scrub_per_second, text);
}

#define PARAM(name, description)					\
static const struct kernel_param_ops name##_ops = { .set = set_##name };\
module_param_cb(name, &name##_ops, NULL, 0);				\
MODULE_PARM_DESC(name, description)

PARAM(run, "0: do not scan yet, 1: scan (default)");
PARAM(scope, "whose memory: madvise (default) or all");
PARAM(cpu_percent, "budget of the scanner in percent of one CPU, 1 to 100 (default 20)");
PARAM(settle_ms, "shortest time a page must stay unwritten, in ms (default 1000)");
PARAM(use_zero_pages, "fold pages of zeros into the zero page, 0 or 1 (default 1)");
PARAM(scrub_per_second, "frames checked in the background per second, 0 (default) to 1000000");
