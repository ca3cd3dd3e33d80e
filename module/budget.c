// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/time64.h>
#include "budget.h"
#include "pagefold.h"

/* Work so long before sleeping: long against a switch, short for a CPU. */
#define SLICE_NS (4 * NSEC_PER_MSEC)

/*
 * A pass was worth its while if one in so many entries was news, or so many
 * were written: what was written may settle soon. Hot pages alone never reach
 * that, their bits are cleared in one pass out of 32.
 */
#define NEWS_WORTH 1024
#define WRITTEN_WORTH 16

/* The first rest after a pass that found nothing. */
#define REST_MS_MIN 20U

/* The tick adds to it. */
static u64 worked_ns(void)
{
	return READ_ONCE(current->se.sum_exec_runtime);
}

void pagefold_budget_start(struct pagefold_budget *budget)
{
	budget->paid_ns = worked_ns();
	budget->rest_ms = 0;
}

void pagefold_budget_wake(struct pagefold_budget *budget)
{
	budget->rest_ms = 0;
}

void pagefold_budget_pay(struct pagefold_budget *budget,
			 void (*sleep)(unsigned int ms))
{
	u64 ns = worked_ns() - budget->paid_ns;
	unsigned int percent = pagefold_setting(cpu_percent);

	if (ns < SLICE_NS)
		return;
	budget->paid_ns += ns;
	if (percent < 100)
		sleep(div_u64(ns * (100 - percent),
			      percent * NSEC_PER_MSEC) + 1);
}

void pagefold_budget_pass(struct pagefold_budget *budget)
{
	budget->pass_jiffies = jiffies;
}

unsigned int pagefold_budget_settle(const struct pagefold_budget *budget)
{
	unsigned int since = jiffies_to_msecs(jiffies - budget->pass_jiffies);
	unsigned int settle = pagefold_setting(settle_ms);

	return settle > since ? settle - since : 0;
}

unsigned int pagefold_budget_rest(struct pagefold_budget *budget, u64 visited,
				  u64 news, u64 written)
{
	if (news > visited / NEWS_WORTH || written > visited / WRITTEN_WORTH)
		budget->rest_ms = 0;
	else
		budget->rest_ms = clamp(budget->rest_ms * 2, REST_MS_MIN,
					PAGEFOLD_REST_MS_MAX);
	return budget->rest_ms;
}
