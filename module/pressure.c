// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>
#include <linux/swap.h>
#include "compat/shrinker.h"
#include "frame.h"
#include "pressure.h"
#include "scan.h"
#include "stats.h"

/* Reclaim asks over and over; a pass for it takes a while. */
#define INTERVAL HZ

/* When to ring again at the earliest; whoever reclaims moves it on. */
static unsigned long next_time;

static unsigned long count_objects(struct shrinker *unused,
				   struct shrink_control *sc)
{
	return atomic_long_read(&pagefold_stats.frames_live);
}

/* Lonely frames are of use to reclaim only if it can swap what they become. */
static void ring(void)
{
	unsigned long next = READ_ONCE(next_time);

	/* Of several that come at once, one rings. */
	if (get_nr_swap_pages() > 0 && time_after_eq(jiffies, next) &&
	    cmpxchg(&next_time, next, jiffies + INTERVAL) == next)
		pagefold_scan_relieve();
}

/*
 * Frames that nobody maps are freed from here. Which mapping a lonely frame
 * has left is found by walking page tables, and that is the scanner's work.
 */
static unsigned long scan_objects(struct shrinker *unused,
				  struct shrink_control *sc)
{
	unsigned long freed;

	ring();
	if (!pagefold_scan_tryhold())
		return SHRINK_STOP;
	freed = pagefold_frame_prune_some(sc->nr_to_scan);
	pagefold_scan_release();
	return freed;
}

int pagefold_pressure_watch(void)
{
	WRITE_ONCE(next_time, jiffies);
	return pagefold_shrinker_add(count_objects, scan_objects);
}

void pagefold_pressure_unwatch(void)
{
	pagefold_shrinker_remove();
}
