// SPDX-License-Identifier: GPL-2.0
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include "compat/kernel.h"
#include "budget.h"
#include "frame.h"
#include "pagefold.h"
#include "scan.h"
#include "scope.h"
#include "settle.h"
#include "split.h"
#include "sweep.h"
#include "trace.h"
#include "visit.h"

/*
 * A turn lost to a taken mmap lock is tried again, so long after, while an mm has
 * tries left: so many to begin with, more for each turn that was had, and never
 * more than so many. An mm that is locked for long is put off soon. One that is
 * locked two thirds of the time is visited to its end, or the scanner would
 * never get there. And nobody can hold the scanner for long.
 */
#define BUSY_MS 2
#define BUSY_TRIES 10
#define BUSY_TRIES_EACH 4
#define BUSY_TRIES_MAX 100

/*
 * Mappings of cold frames given back at once, at most: each takes a page from
 * the reserves until reclaim has swapped something out.
 */
#define COLD_MAX 32

/* Between two drains of all CPUs' batches, at least. */
#define DRAIN_INTERVAL (HZ / 20)

/* While stopped, the scanner still frees frames that nobody maps. */
#define STOPPED_MS 5000

/* Held for each page table visited; whoever takes it keeps the scanner off. */
static DEFINE_MUTEX(turn_lock);

static DECLARE_WAIT_QUEUE_HEAD(doorbell);
static struct task_struct *scanner;

/*
 * Set by others before wake_up(), which orders it against the look that
 * wait_event() takes; cleared by the scanner.
 */
static bool woken;
static bool changed;
static bool relieve;

/* The scanner's own. */
static struct pagefold_visit *visit;
static struct pagefold_budget budget;
static u64 news;	/* folds and candidates of this pass */
static u64 visited;	/* page table entries of this pass */
static u64 written;	/* dirty bits cleared in this pass */

/* What is given back when memory is short is given back while stopped, too. */
static bool may_go_on(void)
{
	return !kthread_should_stop() &&
	       (pagefold_running() ||
		(visit->relieve && pagefold_setting(run) == PAGEFOLD_STOP));
}

/* A reason to end the rest between two passes. */
static bool rung(void)
{
	return !may_go_on() || READ_ONCE(woken) || READ_ONCE(relieve);
}

/* A reason to do something before pages can have settled. */
static bool pressed(void)
{
	return !may_go_on() || READ_ONCE(relieve) || READ_ONCE(changed);
}

/* A reason to think again how long that takes. */
static bool unsettled(void)
{
	return !may_go_on() || READ_ONCE(changed);
}

/* Sleep so long, unless the scanner is to stop or, with @wake, to wake up. */
static void sleep_ms(unsigned int ms, bool (*wake)(void))
{
	if (ms)
		wait_event_freezable_timeout(doorbell, wake(),
					     msecs_to_jiffies(ms));
}

static bool never(void)
{
	return !may_go_on();
}

static void pause_ms(unsigned int ms)
{
	sleep_ms(ms, never);
}

static enum pagefold_turn turn(void)
{
	enum pagefold_turn turn = PAGEFOLD_TURN_DONE;

	mutex_lock(&turn_lock);
	if (may_go_on()) {
		turn = pagefold_visit_turn(visit);
		news += pagefold_settle(visit);
		visited += visit->visited;
		written += visit->written;
	}
	mutex_unlock(&turn_lock);
	pagefold_visit_make_room(visit);
	return turn;
}

/* Where the scanner lets others go first. No lock is held here. */
static void pay(void)
{
	if (!visit->relieve)
		pagefold_budget_pay(&budget, pause_ms);
	cond_resched();
	try_to_freeze();
}

static int tries_after(enum pagefold_turn turned, int tries)
{
	/* Others need what is given back now more than this mm its turn. */
	int most = visit->relieve || READ_ONCE(relieve) ? BUSY_TRIES :
							  BUSY_TRIES_MAX;

	if (turned != PAGEFOLD_TURN_BUSY)
		return min(tries + BUSY_TRIES_EACH, most);
	/* exit_mmap() holds the lock until nothing is left. */
	return pagefold_scope_exiting(visit->mm) ? 0 : min(tries - 1, most);
}

static void visit_mm(struct mm_struct *mm)
{
	enum pagefold_turn turned;
	int tries = BUSY_TRIES;

	visit->mm = mm;
	visit->next = 0;
	do {
		turned = turn();
		tries = tries_after(turned, tries);
		if (turned == PAGEFOLD_TURN_BUSY)
			pause_ms(BUSY_MS);
		else
			pay();
	} while (turned != PAGEFOLD_TURN_DONE && tries > 0 && may_go_on());
}

static void visit_all(void)
{
	struct mm_struct *mm;
	int pid = 0;

	while (may_go_on() && (mm = pagefold_scope_next(&pid))) {
		if (visit->relieve || pagefold_scope_mm(mm))
			visit_mm(mm);
		mmdrop(mm);
		cond_resched();
	}
}

/*
 * Pages fresh from a fault stand in per-CPU batches that hold references:
 * they look pinned until those are drained, which disturbs every CPU.
 * ksm_do_scan() does it each time, this only when the last pass met one,
 * and at most once in DRAIN_INTERVAL.
 */
static void drain_batches(void)
{
	u64 met = pagefold_counted(pinned);
	static unsigned long next;
	static u64 before;

	if (met == before || time_before(jiffies, next))
		return;
	lru_add_drain_all();
	before = met;
	next = jiffies + DRAIN_INTERVAL;
}

static bool may_sweep(void)
{
	return !kthread_should_stop() &&
	       pagefold_setting(run) != PAGEFOLD_UNSHARE;
}

/* Sweep first: what it marks lonely goes back in this very pass. */
static void sweep(void)
{
	bool more = true, begun = false;

	while (more && may_sweep()) {
		mutex_lock(&turn_lock);
		if (!begun)
			pagefold_sweep_begin(visit->relieve);
		begun = true;
		more = pagefold_sweep_step();
		mutex_unlock(&turn_lock);
		pay();
	}
}

static void pass(void)
{
	news = 0;
	visited = 0;
	written = 0;
	visit->pass++;
	if (xchg(&woken, false))
		pagefold_budget_wake(&budget);
	drain_batches();
	sweep();
	visit_all();
	pagefold_sweep_size(visited, written + news);
	if (may_go_on())
		pagefold_count(passes);
}

/* Not a pass: it clears no dirty bit, so it makes no page settle early. */
static void give_back(void)
{
	visit->relieve = true;
	visit->wanted = pagefold_split_wanted;
	visit->cold = COLD_MAX;
	WRITE_ONCE(relieve, false);
	sweep();
	visit_all();
	visit->relieve = false;
	visit->wanted = pagefold_scope_vma;
	visit->cold = 0;
}

/*
 * Until pages that were clean now can count as settled no wake-up makes the
 * next pass start; only then it ends the rest.
 */
static void wait_settled(bool (*wake)(void))
{
	do {
		WRITE_ONCE(changed, false);
		sleep_ms(pagefold_budget_settle(&budget), wake);
	} while (READ_ONCE(changed));
}

static void rest(void)
{
	unsigned int more = pagefold_budget_rest(&budget, visited, news,
						 written);

	trace_pagefold_pass(visit->pass, visited, news,
			    pagefold_budget_settle(&budget) + more);
	wait_settled(pressed);
	if (!READ_ONCE(relieve))
		sleep_ms(more, rung);
}

/* One relief between two passes, in the place of what was left of a rest. */
static void relieved_rest(void)
{
	rest();
	if (!may_go_on() || !READ_ONCE(relieve))
		return;
	give_back();
	wait_settled(unsettled);
}

/* A reason to do something while stopped, but not while all is split. */
static bool called(void)
{
	return kthread_should_stop() || pagefold_running() ||
	       (READ_ONCE(relieve) &&
		pagefold_setting(run) == PAGEFOLD_STOP);
}

static void stopped(void)
{
	sleep_ms(STOPPED_MS, called);
	if (kthread_should_stop() ||
	    pagefold_setting(run) != PAGEFOLD_STOP)
		return;
	/* Nobody visits what changes meanwhile: all frames may have. */
	pagefold_sweep_size(visited,
			    atomic_long_read(&pagefold_stats.frames_live));
	if (READ_ONCE(relieve))
		give_back();
	else
		sweep();
}

static int scan(void *unused)
{
	set_freezable();
	set_user_nice(current, 5);
	pagefold_budget_start(&budget);
	while (!kthread_should_stop()) {
		if (!may_go_on()) {
			stopped();
			continue;
		}
		pagefold_budget_pass(&budget);
		pass();
		relieved_rest();
	}
	return 0;
}

void pagefold_scan_wake(void)
{
	WRITE_ONCE(woken, true);
	wake_up(&doorbell);
}

void pagefold_scan_changed(void)
{
	WRITE_ONCE(changed, true);
	wake_up(&doorbell);
}

void pagefold_scan_relieve(void)
{
	WRITE_ONCE(relieve, true);
	wake_up(&doorbell);
}

void pagefold_scan_hold(void)
{
	mutex_lock(&turn_lock);
}

bool pagefold_scan_tryhold(void)
{
	return mutex_trylock(&turn_lock);
}

void pagefold_scan_release(void)
{
	mutex_unlock(&turn_lock);
}

u64 pagefold_scan_cpu_ns(void)
{
	return READ_ONCE(scanner->se.sum_exec_runtime);
}

int pagefold_scan_start(void)
{
	struct task_struct *task;

	visit = kvzalloc(sizeof(*visit), GFP_KERNEL);
	if (!visit)
		return -ENOMEM;
	visit->wanted = pagefold_scope_vma;
	task = kthread_create(scan, NULL, "pagefold");
	if (IS_ERR(task)) {
		kvfree(visit);
		return PTR_ERR(task);
	}
	/* The figures of the thread outlive it, until it is put. */
	scanner = get_task_struct(task);
	wake_up_process(scanner);
	return 0;
}

void pagefold_scan_stop(void)
{
	kthread_stop(scanner);
	put_task_struct(scanner);
	kvfree(visit);
}
