// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include "frame.h"
#include "pagefold.h"
#include "stats.h"

/* So old may figures be that anybody can ask for. */
#define RECENT HZ

struct pagefold_stats pagefold_stats;

void pagefold_latency_add(struct pagefold_latency *latency, u64 ns)
{
	int bucket = min(fls64(ns), PAGEFOLD_LATENCY_BUCKETS - 1);

	atomic64_inc(&latency->bucket[bucket]);
}

static void add_frame(struct page *frame, void *ctx)
{
	struct pagefold_sharing *sharing = ctx;
	int mappings = pagefold_frame_mappings(frame);

	sharing->frames += mappings > 0;
	sharing->lonely += mappings == 1;
	sharing->mappings += mappings;
}

struct pagefold_sharing pagefold_sharing_now(void)
{
	struct pagefold_sharing sharing = {};

	pagefold_frame_each(ULONG_MAX, add_frame, &sharing);
	return sharing;
}

struct pagefold_sharing pagefold_sharing_recent(void)
{
	static struct pagefold_sharing sharing;
	static unsigned long counted;
	static DEFINE_MUTEX(lock);	/* protects both */
	struct pagefold_sharing recent;

	mutex_lock(&lock);
	if (!counted || time_after(jiffies, counted + RECENT)) {
		sharing = pagefold_sharing_now();
		counted = jiffies | 1;
	}
	recent = sharing;
	mutex_unlock(&lock);
	return recent;
}

u64 pagefold_bytes_saved(const struct pagefold_sharing *sharing)
{
	u64 pages = sharing->mappings - sharing->frames +
		    pagefold_counted(folded_zero);

	return pages << PAGE_SHIFT;
}

u64 pagefold_bytes_metadata(void)
{
	return pagefold_index_bytes(&pagefold_index);
}
