// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include "compat/kernel.h"
#include "frame.h"
#include "pagefold.h"
#include "trace.h"

/*
 * The struct page of a frame carries all there is to know about it:
 *
 *   mapping   KSM, NULL stable node: the kernel takes it for a KSM page
 *             that has no rmap (rmap_walk_ksm(), collect_procs_ksm())
 *   private   full fingerprint
 *   lru       link in the list of all frames
 *   _refcount 1 of pagefold + 1 a mapping
 *
 * No PG_lru: not swappable, not movable, left alone by khugepaged.
 */

/* All frames, protected by frames_lock. The sweep turns it around. */
static LIST_HEAD(frames);
static DEFINE_MUTEX(frames_lock);

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

static u64 fingerprint_of(struct page *page)
{
	void *bytes = kmap_local_page(page);
	u64 fingerprint = pagefold_fingerprint(&pagefold_seed, bytes);

	kunmap_local(bytes);
	return fingerprint;
}

static void become_frame(struct page *frame, u64 fingerprint)
{
	__SetPageUptodate(frame);
	__folio_set_swapbacked(page_folio(frame));
	pagefold_set_mapping_ksm(frame);
	set_page_private(frame, fingerprint);
}

/* Into the index, with a reference of its own; false if there is no room. */
static bool enter(struct page *frame, u64 fingerprint)
{
	get_page(frame);
	if (!pagefold_index_insert(&pagefold_index, page_to_pfn(frame),
				   pagefold_tag_frame(fingerprint))) {
		mutex_lock(&frames_lock);
		list_add_tail(&frame->lru, &frames);
		mutex_unlock(&frames_lock);
		atomic_long_inc(&pagefold_stats.frames_live);
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
	if (fingerprint_of(frame) != fingerprint) {
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

void pagefold_frame_adopt(struct page *page)
{
	u32 tag = pagefold_index_tag(&pagefold_index, page_to_pfn(page));
	u64 fingerprint;

	/* Met twice before the visit got round to it. */
	if (pagefold_tag_is_frame(tag))
		return;
	fingerprint = fingerprint_of(page);
	set_page_private(page, fingerprint);
	if (!enter(page, fingerprint))
		return;
	pagefold_count(frames_adopted);
	trace_pagefold_frame_adopted(page_to_pfn(page));
}

/* Out of the index and the list, and pagefold's reference back. */
static void leave(struct page *frame)
{
	lockdep_assert_held(&frames_lock);
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

void pagefold_frame_prune(struct page *frame)
{
	mutex_lock(&frames_lock);
	if (!pagefold_frame_mappings(frame))
		prune(frame);
	mutex_unlock(&frames_lock);
}

static void look_after(struct page *frame)
{
	unsigned long pfn = page_to_pfn(frame);
	u32 tag = pagefold_index_tag(&pagefold_index, pfn);
	int mappings = pagefold_frame_mappings(frame);

	if (pagefold_broken(!pagefold_tag_is_frame(tag)))
		return;
	if (!mappings)
		prune(frame);
	else if (pagefold_tag_is_lonely(tag) != (mappings == 1))
		pagefold_index_set_lonely(&pagefold_index, pfn,
					  mappings == 1);
}

void pagefold_frame_sweep(unsigned long max)
{
	struct page *frame, *next;
	LIST_HEAD(done);

	mutex_lock(&frames_lock);
	list_for_each_entry_safe(frame, next, &frames, lru) {
		if (!max--)
			break;
		list_move(&frame->lru, &done);
		look_after(frame);
		cond_resched();
	}
	list_splice_tail(&done, &frames);
	mutex_unlock(&frames_lock);
}

void pagefold_frame_each(void (*look)(const struct page *frame, void *ctx),
			 void *ctx)
{
	const struct page *frame;

	mutex_lock(&frames_lock);
	list_for_each_entry(frame, &frames, lru) {
		look(frame, ctx);
		cond_resched();
	}
	mutex_unlock(&frames_lock);
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

	return pagefold_mapping_is_frame(folio) && !folio_test_lru(folio) &&
	       !folio_test_large(folio);
}

void pagefold_frame_release_all(void)
{
	struct page *frame, *next;

	mutex_lock(&frames_lock);
	list_for_each_entry_safe(frame, next, &frames, lru)
		leave(frame);
	mutex_unlock(&frames_lock);
}
