// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/clock.h>
#include "bytes.h"
#include "frame.h"
#include "pagefold.h"
#include "sweep.h"
#include "twin.h"

/*
 * A sweep looks at so many entries for each page that the pass before found
 * changed, but at one for so many that it visited at most...
 */
#define EACH 8
#define SHARE_MOST 8
/* ...and at these at least, so that it gets round where nothing changes. */
#define SHARE_LEAST 32
#define FLOOR 2048UL
/* Of all entries. */
#define ROUND 256

/* The same of the frames, in one part of so many of all. */
#define FRAMES_LEAST 16

/*
 * One in 2^n candidates is read again when the sweep meets it, another each
 * time that it got round, so that each has its turn: what devices write
 * (O_DIRECT, pinned buffers) sets no dirty bit in a page table. And a page that
 * came to its frame number later, already clean, has the identity bits of the
 * one before in 1 of 8 cases.
 */
#define READ_AGAIN 3

/* Looked at under one hold of the turn lock: some 10 us if nothing is there. */
#define STEP 4096UL

/* The scanner's own. */
static unsigned long size = FLOOR;
static unsigned long frames;
static unsigned long cursor;
static unsigned int rounds;	/* times that it came to the end */
static unsigned long left;	/* entries of this sweep */

static bool content_is(unsigned long pfn, u32 tag)
{
	struct page *page = pagefold_twin_hold(pfn, tag);
	u64 fingerprint;

	if (!page)
		return false;
	fingerprint = pagefold_bytes_fingerprint(page);
	put_page(page);
	return pagefold_tag_bits(tag) == pagefold_tag_bits_of(fingerprint);
}

static enum pagefold_index_verdict look_at(void *unused, unsigned long pfn,
					   u32 tag)
{
	cond_resched();
	if (!pagefold_tag_is_candidate(tag))
		return PAGEFOLD_INDEX_SKIP;
	if (pagefold_twin_gone(pfn, tag) ||
	    (pagefold_due(pfn, rounds, READ_AGAIN) &&
	     !content_is(pfn, tag))) {
		pagefold_count(dropped);
		return PAGEFOLD_INDEX_DROP;
	}
	return PAGEFOLD_INDEX_SKIP;
}

void pagefold_sweep_begin(bool all)
{
	unsigned long live = atomic_long_read(&pagefold_stats.frames_live);
	u64 start = local_clock();

	pagefold_frame_sweep(all ? ULONG_MAX : frames + live / FRAMES_LEAST + 1);
	left = max(size, pagefold_index_entries(&pagefold_index) / ROUND);
	pagefold_count_add(cpu_ns_sweep, local_clock() - start);
}

bool pagefold_sweep_step(void)
{
	unsigned long n = min(left, STEP);
	u64 start = local_clock();

	cursor = pagefold_index_sweep(&pagefold_index, cursor, n, look_at,
				      NULL);
	rounds += !cursor;
	/* Not twice round in one sweep. */
	left = cursor ? left - n : 0;
	pagefold_count_add(swept, n);
	pagefold_count_add(cpu_ns_sweep, local_clock() - start);
	return left;
}

void pagefold_sweep_size(u64 visited, u64 changed)
{
	static u64 before;

	/* Who exits leaves nothing but fewer entries to visit. */
	changed += max(visited, before) - min(visited, before);
	before = visited;
	frames = EACH * changed;
	size = clamp_t(u64, EACH * changed, visited / SHARE_LEAST,
		       visited / SHARE_MOST);
	size = max(size, FLOOR);
}
