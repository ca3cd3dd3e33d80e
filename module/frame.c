// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include "bytes.h"
#include "compat/kernel.h"
#include "frame.h"
#include "pagefold.h"
#include "trace.h"

/*
 * The struct page of a frame carries all there is to know about it:
 *
 *   mapping   KSM, NULL stable node: the kernel takes it for a KSM page
 *             that has no rmap (rmap_walk_ksm(), collect_procs_ksm())
 *   index     whose it is, see below
 *   private   full fingerprint
 *   lru       link in the list of all frames
 *   _refcount 1 of pagefold + 1 a mapping
 *
 * No PG_lru: not swappable, not movable, left alone by khugepaged.
 */

/*
 *   63                    32 31                      2     1      0
 *  +------------------------+------------------------+-----+-------+
 *  |   MARK, all of them 1  |          load          | BAD | ROUND |
 *  +------------------------+------------------------+-----+-------+
 *
 * MARK: KSM's own pages have a NULL stable node for moments, but no page of a
 *	process has this index.
 * load: tells the frames of this load from those of earlier ones.
 * BAD: the bytes are not those of the fingerprint.
 * ROUND: changes with each round of the scrub, at the frames that it has read.
 *
 * The two lowest are protected by frames_lock.
 */
#define MARK (~0UL << 32)
#define ROUND 1UL
#define BAD 2UL
#define LOAD_STEP 4UL

/* The index of the frames that this load holds, but for the lowest bits. */
static unsigned long held;

/* All frames, protected by frames_lock. Whoever looks turns it around. */
static LIST_HEAD(frames);
static DEFINE_MUTEX(frames_lock);

/* The scrub: ROUND or 0, and frames not read yet. Protected by frames_lock. */
static unsigned long scrub_round;
static unsigned long unread;

/*
 * NORETRY: rather no frame than an OOM kill, in the cgroup or the machine.
 * The memory is unmovable (GFP_KERNEL), as frames cannot migrate.
 */
#define FRAME_GFP (GFP_KERNEL | __GFP_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/* Like get_mem_cgroup_from_folio(), which 6.1 does not have. */
static struct mem_cgroup *memcg_of(struct page *page)
{
	struct mem_cgroup *memcg;

	rcu_read_lock();
	memcg = folio_memcg(page_folio(page));
	if (memcg && !css_tryget(&memcg->css))
		memcg = NULL;
	rcu_read_unlock();
	return memcg;
}

/* The current task pays through the memory cgroup of @page. */
static struct page *alloc_charged(struct page *page)
{
	struct mem_cgroup *memcg = memcg_of(page);
	struct mem_cgroup *old = set_active_memcg(memcg);
	struct page *frame;

	frame = alloc_pages_node(page_to_nid(page), FRAME_GFP, 0);
	set_active_memcg(old);
	mem_cgroup_put(memcg);
	return frame;
}

static void become_frame(struct page *frame, u64 fingerprint)
{
	__SetPageUptodate(frame);
	__folio_set_swapbacked(page_folio(frame));
	pagefold_set_mapping_ksm(page_folio(frame));
	set_page_private(frame, fingerprint);
}

/* Its bytes were read just now: the scrub need not do so in this round. */
static void join(struct page *frame)
{
	mutex_lock(&frames_lock);
	page_folio(frame)->index = held | scrub_round;
	list_add_tail(&frame->lru, &frames);
	atomic_long_inc(&pagefold_stats.frames_live);
	mutex_unlock(&frames_lock);
}

/* Into the index, with a reference of its own; false if there is no room. */
static bool enter(struct page *frame, u64 fingerprint)
{
	get_page(frame);
	if (!pagefold_index_insert(&pagefold_index, page_to_pfn(frame),
				   pagefold_tag_frame(fingerprint))) {
		join(frame);
		return true;
	}
	put_page(frame);
	pagefold_count(nomem);
	return false;
}

struct page *pagefold_frame_make(struct page *page, u64 fingerprint)
{
	struct page *frame = alloc_charged(page);

	if (!frame) {
		pagefold_count(nomem);
		return NULL;
	}
	copy_highpage(frame, page);
	/* A frame's fingerprint never lies about the frame's content. */
	if (pagefold_bytes_fingerprint(frame) != fingerprint) {
		pagefold_count(changed);
		goto free;
	}
	become_frame(frame, fingerprint);
	if (!enter(frame, fingerprint))
		goto free;
	pagefold_count(frames_made);
	trace_pagefold_frame_made(page_to_pfn(frame));
	return frame;
free:
	put_page(frame);
	return NULL;
}

bool pagefold_frame_adopt(struct page *page)
{
	u64 fingerprint;

	/* Met twice before the visit got round to it. */
	if (pagefold_frame_is_held(page))
		return false;
	fingerprint = pagefold_bytes_fingerprint(page);
	set_page_private(page, fingerprint);
	if (!enter(page, fingerprint))
		return false;
	pagefold_count(frames_adopted);
	trace_pagefold_frame_adopted(page_to_pfn(page));
	return true;
}

static bool is_unread(struct page *frame)
{
	return (page_folio(frame)->index ^ scrub_round) & ROUND;
}

/* Out of the index and the list, and pagefold's reference back. */
static void leave(struct page *frame)
{
	lockdep_assert_held(&frames_lock);
	unread -= is_unread(frame);
	/* A frame still, but of another load. */
	page_folio(frame)->index = MARK | (held - LOAD_STEP);
	pagefold_index_remove(&pagefold_index, page_to_pfn(frame));
	list_del(&frame->lru);
	atomic_long_dec(&pagefold_stats.frames_live);
	put_page(frame);
}

/* Should a new reference come up now, its holder frees the frame. */
static void prune(struct page *frame)
{
	trace_pagefold_frame_pruned(page_to_pfn(frame));
	leave(frame);
	pagefold_count(frames_pruned);
}

/*
 * The caller may be the second to come for this frame, and hold an mmap lock:
 * it must not wait for who reads the list. Frames come only from the scanner,
 * so a page that is not held any more has not become another one.
 */
bool pagefold_frame_prune(struct page *frame)
{
	bool freed = false;

	if (!mutex_trylock(&frames_lock))
		return freed;
	if (pagefold_frame_is_held(frame) && !pagefold_frame_mappings(frame)) {
		prune(frame);
		freed = true;
	}
	mutex_unlock(&frames_lock);
	return freed;
}

/*
 * Full frames are out of the index, so that nobody has to pass them by. Bad
 * ones are, so that nobody finds them.
 */
static void link_again(struct page *frame, int mappings)
{
	if (mappings < PAGEFOLD_FRAME_FULL / 2 &&
	    !(page_folio(frame)->index & BAD))
		pagefold_index_insert(&pagefold_index, page_to_pfn(frame),
				      pagefold_tag_frame(page_private(frame)));
	pagefold_index_set_lonely(&pagefold_index, page_to_pfn(frame),
				  mappings == 1);
}

static void look_after(struct page *frame, void *unused)
{
	unsigned long pfn = page_to_pfn(frame);
	u32 tag = pagefold_index_tag(&pagefold_index, pfn);
	int mappings = pagefold_frame_mappings(frame);

	if (!mappings)
		prune(frame);
	else if (!pagefold_tag_is_frame(tag))
		link_again(frame, mappings);
	else if (pagefold_tag_is_lonely(tag) != (mappings == 1))
		pagefold_index_set_lonely(&pagefold_index, pfn,
					  mappings == 1);
}

unsigned long pagefold_frame_prune_some(unsigned long max)
{
	struct page *frame, *next;
	unsigned long freed = 0;
	LIST_HEAD(done);

	if (!mutex_trylock(&frames_lock))
		return 0;
	list_for_each_entry_safe(frame, next, &frames, lru) {
		if (!max--)
			break;
		list_move_tail(&frame->lru, &done);
		if (!pagefold_frame_mappings(frame)) {
			prune(frame);
			freed++;
		}
	}
	list_splice_tail(&done, &frames);
	mutex_unlock(&frames_lock);
	return freed;
}

void pagefold_frame_each(unsigned long max,
			 void (*look)(struct page *frame, void *ctx),
			 void *ctx)
{
	struct page *frame, *next;

	/*
	 * The list is turned around once, at the end: under this lock, which
	 * is held all the time, nobody else changes or goes along it, and @look
	 * takes no frame out but the one at hand.
	 */
	mutex_lock(&frames_lock);
	list_for_each_entry_safe(frame, next, &frames, lru) {
		if (!max--) {
			list_rotate_to_front(&frame->lru, &frames);
			break;
		}
		look(frame, ctx);
		cond_resched();
	}
	mutex_unlock(&frames_lock);
}

void pagefold_frame_sweep(unsigned long max)
{
	pagefold_frame_each(max, look_after, NULL);
}

unsigned long pagefold_frame_unread(void)
{
	return READ_ONCE(unread);
}

void pagefold_frame_unread_all(void)
{
	mutex_lock(&frames_lock);
	if (!unread) {
		scrub_round ^= ROUND;
		unread = atomic_long_read(&pagefold_stats.frames_live);
	}
	mutex_unlock(&frames_lock);
}

bool pagefold_frame_read(struct page *frame)
{
	lockdep_assert_held(&frames_lock);
	if (!is_unread(frame))
		return false;
	page_folio(frame)->index ^= ROUND;
	unread--;
	return true;
}

bool pagefold_frame_condemn(struct page *frame)
{
	lockdep_assert_held(&frames_lock);
	if (page_folio(frame)->index & BAD)
		return false;
	page_folio(frame)->index |= BAD;
	pagefold_index_set_heat(&pagefold_index, page_to_pfn(frame),
				PAGEFOLD_FULL);
	return true;
}

u64 pagefold_frame_fingerprint(const struct page *frame)
{
	return page_private(frame);
}

int pagefold_frame_mappings(const struct page *frame)
{
	return page_ref_count(frame) - 1;
}

bool pagefold_frame_is_ours(struct page *page)
{
	struct folio *folio = page_folio(page);

	return pagefold_mapping_is_ksm_null(folio) &&
	       (READ_ONCE(folio->index) & MARK) == MARK;
}

bool pagefold_frame_is_held(struct page *page)
{
	return pagefold_frame_is_ours(page) &&
	       !((READ_ONCE(page_folio(page)->index) ^ held) & ~(BAD | ROUND));
}

void pagefold_frame_init(void)
{
	held = MARK | (get_random_u32() & ~(BAD | ROUND));
}

void pagefold_frame_release_all(void)
{
	struct page *frame, *next;

	mutex_lock(&frames_lock);
	list_for_each_entry_safe(frame, next, &frames, lru) {
		leave(frame);
		cond_resched();
	}
	mutex_unlock(&frames_lock);
}
