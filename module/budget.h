/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The budget: how much the scanner may work, and how long it rests.
 */
#ifndef PAGEFOLD_BUDGET_H
#define PAGEFOLD_BUDGET_H

#include <linux/types.h>

/**
 * struct pagefold_budget - the scanner's account.
 * @paid_ns: CPU time of the scanner that was paid for by sleeping.
 * @pass_jiffies: when the pass began.
 * @rest_ms: length of the last rest.
 *
 * Used by the scanner alone.
 */
struct pagefold_budget {
	u64 paid_ns;
	unsigned long pass_jiffies;
	unsigned int rest_ms;
};

/* Open the account of the calling thread. */
void pagefold_budget_start(struct pagefold_budget *budget);

/* Forget how long the rests had become. */
void pagefold_budget_wake(struct pagefold_budget *budget);

/**
 * pagefold_budget_pay() - sleep for the work since the last payment.
 * @budget: the account.
 * @sleep: sleeps so many milliseconds.
 *
 * Work is paid for in slices of a few milliseconds, at the rate that the
 * setting cpu_percent gives.
 *
 * Context: The scanner, no locks held.
 */
void pagefold_budget_pay(struct pagefold_budget *budget,
			 void (*sleep)(unsigned int ms));

/* A pass begins. */
void pagefold_budget_pass(struct pagefold_budget *budget);

/**
 * pagefold_budget_settle() - how long until the next pass may begin.
 * @budget: the account.
 *
 * Return: Milliseconds that are left of settle_ms since the pass began: pages
 * that are unwritten after so long have settled.
 */
unsigned int pagefold_budget_settle(const struct pagefold_budget *budget);

/**
 * pagefold_budget_rest() - how long to rest beyond that.
 * @budget: the account.
 * @visited: page table entries visited in the pass.
 * @news: folds and candidates of the pass.
 * @written: dirty bits cleared in the pass: pages that may settle now.
 *
 * A pass that found something is followed by the next one as soon as pages
 * can have settled. Each that found nothing doubles the rest.
 *
 * Return: Milliseconds, 0 to PAGEFOLD_REST_MS_MAX.
 */
unsigned int pagefold_budget_rest(struct pagefold_budget *budget, u64 visited,
				  u64 news, u64 written);

/* Beyond settle_ms, memory that changed is noticed after so long at most. */
#define PAGEFOLD_REST_MS_MAX 5000U

#endif
