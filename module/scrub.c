// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "pagefold: " fmt

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>
#include "bytes.h"
#include "frame.h"
#include "pagefold.h"
#include "scrub.h"
#include "trace.h"

/* Frames looked at while the list of frames is held, some 50 us. */
#define STEP 64UL

/* One scrub at a time. */
static DEFINE_MUTEX(scrub_lock);

static void background(struct work_struct *unused);
static DECLARE_DELAYED_WORK(work, background);

/* There from before sysfs is added until after it is removed. */
static struct workqueue_struct *queue;

static void found_bad(struct page *frame)
{
	if (!pagefold_frame_condemn(frame))
		return;
	pagefold_count(scrub_mismatches);
	trace_pagefold_scrub_mismatch(page_to_pfn(frame),
				      pagefold_frame_mappings(frame));
	pr_warn_ratelimited("frame %#lx, mapped %d times, is not what was folded: its memory was damaged; nothing more is folded into it\n",
			    page_to_pfn(frame), pagefold_frame_mappings(frame));
}

/* What the machine knows to be bad would stop it if it were read. */
static void look_at(struct page *frame, void *ctx)
{
	unsigned long *left = ctx;

	if (!pagefold_frame_read(frame))
		return;
	*left -= 1;
	pagefold_count(scrub_read);
	if (!PageHWPoison(frame) && pagefold_bytes_fingerprint(frame) !=
				    pagefold_frame_fingerprint(frame))
		found_bad(frame);
}

/*
 * Read @max frames, or what is left of this round. It ends, too, when the last
 * frame not read goes.
 */
static int scrub(unsigned long max)
{
	bool begun = pagefold_frame_unread();
	unsigned long left = max;

	while (left && pagefold_frame_unread()) {
		pagefold_frame_each(min(left, STEP), look_at, &left);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	if (begun && !pagefold_frame_unread())
		pagefold_count(scrub_rounds);
	return 0;
}

/* The end of a round that goes on in the background, then a whole one. */
int pagefold_scrub_all(void)
{
	int err = mutex_lock_killable(&scrub_lock);

	if (err)
		return err;
	err = scrub(ULONG_MAX);
	if (!err) {
		pagefold_frame_unread_all();
		err = scrub(ULONG_MAX);
	}
	mutex_unlock(&scrub_lock);
	return err;
}

static void background(struct work_struct *unused)
{
	unsigned int pace = pagefold_setting(scrub_per_second);

	if (!pace)
		return;
	if (mutex_trylock(&scrub_lock)) {
		if (!pagefold_frame_unread())
			pagefold_frame_unread_all();
		scrub(pace);
		mutex_unlock(&scrub_lock);
	}
	queue_delayed_work(queue, &work, HZ);
}

void pagefold_scrub_pace(void)
{
	if (queue)
		mod_delayed_work(queue, &work, 0);
}

int pagefold_scrub_start(void)
{
	queue = alloc_workqueue("pagefold_scrub", WQ_UNBOUND | WQ_FREEZABLE, 1);
	if (!queue)
		return -ENOMEM;
	pagefold_scrub_pace();
	return 0;
}

void pagefold_scrub_stop(void)
{
	cancel_delayed_work_sync(&work);
	destroy_workqueue(queue);
}
