// SPDX-License-Identifier: GPL-2.0
#include <linux/pagemap.h>
#include <linux/sched/clock.h>
#include "batch.h"
#include "bytes.h"
#include "compat/kernel.h"
#include "fold.h"
#include "frame.h"
#include "huge.h"
#include "pagefold.h"
#include "settle.h"
#include "trace.h"
#include "twin.h"
#include "visit.h"

/* A page waits for so many others at most, of which some join it. */
#define WAIT_MAX 64

/* Pages that wait to be folded, and how many of them were. The scanner's. */
static struct pagefold_batch batch;
static unsigned int batch_folded;

static void fold_batch(void);

/* If an entry of the index must be allocated, no page is to wait for that. */
static void make_way(struct page *page)
{
	if (batch.n &&
	    !pagefold_entries_at(&pagefold_index.entries, page_to_pfn(page)))
		fold_batch();
}

/* Try again, but less and less often: what is pinned may stay so for long. */
static void retry_later(struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	u32 tag = pagefold_index_tag(&pagefold_index, pfn);
	unsigned int heat = PAGEFOLD_RETRY;

	if (pagefold_tag_is_retry(tag))
		heat = min(tag + 1, PAGEFOLD_RETRY_MAX);
	make_way(page);
	if (!pagefold_index_prepare(&pagefold_index, pfn))
		pagefold_index_set_heat(&pagefold_index, pfn, heat);
}

/* Keep the index right after a try to fold @page. True if it was folded. */
static bool concluded(struct page *page, struct pagefold_fold outcome)
{
	unsigned long pfn = page_to_pfn(page);

	if (outcome.pinned || outcome.refused)
		retry_later(page);
	else if (outcome.changed)
		pagefold_index_set_heat(&pagefold_index, pfn, 1);
	else if (pagefold_index_tag(&pagefold_index, pfn))
		pagefold_index_remove(&pagefold_index, pfn);
	return outcome.folded;
}

static bool fold_into(struct page *page, struct page *frame)
{
	return concluded(page, pagefold_fold(page, frame));
}

/* What was not tried is not looked for now. */
static bool conclude(struct pagefold_batched *batched)
{
	struct page *page = batched->remap.page;

	if (batched->tried)
		return concluded(page, batched->remap.outcome);
	pagefold_count(refused);
	retry_later(page);
	return false;
}

/*
 * Also before anything that may sleep or wait: nobody is to wait for the locks
 * of pages that wait themselves.
 */
static void fold_batch(void)
{
	struct page *pages[PAGEFOLD_BATCH_MAX];
	unsigned int i, n = batch.n, had_turn;

	if (!n)
		return;
	had_turn = pagefold_batch_fold(&batch);
	for (i = 0; i < n; i++) {
		pages[i] = batch.pages[i].remap.page;
		folio_unlock(page_folio(pages[i]));
	}
	/* Nothing waits any more: what follows may sleep, and come back here. */
	batch.n = 0;
	for (i = 0; i < n; i++) {
		/* Else it is the mm that is busy, not these pages. */
		if (i < had_turn)
			batch_folded += conclude(&batch.pages[i]);
		if (batch.pages[i].remap.frame)
			put_page(batch.pages[i].remap.frame);
	}
	release_pages(pages, n);
}

/*
 * @frame: its reference is given away. True if the page was folded; of one that
 * waits this is not known yet.
 */
static bool fold_soon(struct page *page, struct page *frame,
		      unsigned long addr)
{
	bool news;

	if (pagefold_batch_takes(page)) {
		pagefold_batch_add(&batch, page, frame, addr);
		return false;
	}
	fold_batch();
	news = fold_into(page, frame);
	if (frame)
		put_page(frame);
	return news;
}

/* A page of its own, as it seems: only its lock makes that sure. */
static bool is_single(struct folio *folio)
{
	return folio_test_anon(folio) && !folio_test_ksm(folio) &&
	       !folio_test_large(folio);
}

/* What somebody holds could not be folded: why read it? */
static bool is_free_to_fold(struct page *page)
{
	if (pagefold_fold_possible(page))
		return true;
	if (is_single(page_folio(page))) {
		pagefold_count(pinned);
		retry_later(page);
	}
	return false;
}

static bool become_candidate(struct page *page, u32 tag)
{
	make_way(page);
	if (pagefold_index_insert(&pagefold_index, page_to_pfn(page), tag)) {
		pagefold_count(nomem);
		retry_later(page);
		return false;
	}
	trace_pagefold_candidate(page_to_pfn(page));
	return true;
}

/* Both locked; a frame that ends up with one mapping is lonely, not wrong. */
static bool fold_locked_pair(struct page *page, struct page *twin,
			     u64 fingerprint)
{
	struct page *frame = pagefold_frame_make(page, fingerprint);
	bool news;

	if (!frame) {
		retry_later(page);
		return false;
	}
	/* A tag and a few bytes are no proof: then the twin is none. */
	news = fold_into(twin, frame) ? fold_into(page, frame) :
	       become_candidate(page, pagefold_twin_tag(page, fingerprint));
	put_page(frame);
	pagefold_frame_prune(frame);
	return news;
}

/* A twin that cannot be folded now must come back by itself, later. */
static bool fold_with_locked(struct page *page, struct page *twin,
			     u64 fingerprint)
{
	if ((!PageCompound(twin) || pagefold_huge_yield(twin)) &&
	    is_free_to_fold(twin))
		return fold_locked_pair(page, twin, fingerprint);
	return become_candidate(page, pagefold_twin_tag(page, fingerprint));
}

static bool fold_pair(struct page *page, struct page *twin, u64 fingerprint)
{
	bool news;

	fold_batch();
	if (!trylock_page(twin)) {
		pagefold_count(lock_busy);
		return false;
	}
	news = fold_with_locked(page, twin, fingerprint);
	unlock_page(twin);
	return news;
}

/* Is it known as a candidate already, with this content? */
static bool is_known(struct page *page, u64 fingerprint)
{
	u32 tag = pagefold_index_tag(&pagefold_index, page_to_pfn(page));

	return pagefold_tag_is_candidate(tag) &&
	       tag == pagefold_twin_tag(page, fingerprint);
}

static bool match(struct page *page, u64 fingerprint, unsigned long addr)
{
	struct pagefold_twin twin;
	bool news;

	if (is_known(page, fingerprint))
		return false;
	twin = pagefold_twin_find_or_wait(page, fingerprint);
	if (twin.awaited) {
		trace_pagefold_candidate(page_to_pfn(page));
		return true;
	}
	if (!twin.page)
		return become_candidate(page,
					pagefold_twin_tag(page, fingerprint));
	if (twin.frame)
		return fold_soon(page, twin.page, addr);
	news = fold_pair(page, twin.page, fingerprint);
	put_page(twin.page);
	return news;
}

/* Is @fingerprint the one of the visit before? If not, remember it. */
static bool seen_before(struct page *page, u64 fingerprint)
{
	unsigned long pfn = page_to_pfn(page);
	u32 tag = pagefold_index_tag(&pagefold_index, pfn);

	if (pagefold_tag_is_known(tag) &&
	    pagefold_tag_bits(tag) == pagefold_tag_bits_of(fingerprint))
		return true;
	make_way(page);
	pagefold_index_set_seen(&pagefold_index, pfn, fingerprint);
	return false;
}

/* The page is locked. */
static bool settle_locked(const struct pagefold_reading *reading, bool judge,
			  unsigned long addr)
{
	static unsigned int pages;
	bool sample = pagefold_stats_sample(&pages), news;
	u64 start = pagefold_stats_clock(sample);

	if (judge && !seen_before(reading->page, reading->fingerprint))
		return false;
	news = reading->zero ? fold_soon(reading->page, NULL, addr) :
	       match(reading->page, reading->fingerprint, addr);
	if (sample)
		pagefold_count_add(cpu_ns_fold,
				   pagefold_stats_clock(sample) - start);
	return news;
}

void pagefold_settle_read(struct page *page, bool judge)
{
	struct pagefold_reading reading = { .page = page };
	u32 tag;

	if (PageHWPoison(page))
		return;
	pagefold_bytes_read(&reading, 1, pagefold_setting(use_zero_pages));
	if (judge && !seen_before(page, reading.fingerprint))
		return;
	tag = pagefold_twin_tag(page, reading.fingerprint);
	if (reading.zero)
		pagefold_index_set_seen(&pagefold_index, page_to_pfn(page), 0);
	else if (pagefold_index_tag(&pagefold_index, page_to_pfn(page)) != tag)
		become_candidate(page, tag);
}

/*
 * Is the page the batch's now, with its lock and this reference? UFFDIO_MOVE
 * may have brought it before the eyes of one turn twice.
 */
static bool waits(const struct page *page, unsigned long addr)
{
	return pagefold_batch_last(&batch, page, addr);
}

/* Since it was read it may have been unmapped, or marked as broken. */
static bool is_still_there(struct folio *folio)
{
	return is_single(folio) && pagefold_mapcount(folio) &&
	       !PageHWPoison(&folio->page);
}

static bool settle(struct page **pages, unsigned int n, bool judge,
		   const struct pagefold_reading *reading, unsigned long addr)
{
	struct page *page = pages[0];
	/* It stays this as long as it is referenced: nobody can split it. */
	struct folio *folio = page_folio(page);
	bool news = false;

	if (folio_test_ksm(folio) && pagefold_frame_is_ours(page)) {
		/* The list of frames has a lock, which others hold for long. */
		fold_batch();
		return pagefold_frame_adopt(page);
	}
	if (!folio_trylock(folio)) {
		pagefold_count(lock_busy);
		return false;
	}
	/* Only now it stays what it is. */
	if (folio_test_anon(folio) && folio_test_large(folio)) {
		/* It is read as a whole, and split. */
		fold_batch();
		return pagefold_huge_settle(pages, n, judge);
	}
	if (reading->page && is_still_there(folio))
		news = settle_locked(reading, judge, addr);
	if (!waits(page, addr))
		folio_unlock(folio);
	return news;
}

/*
 * Read what is to be folded of @n pages. What they hold may change until they
 * are locked, and after that: a fold compares the bytes.
 */
static void read_some(struct pagefold_reading *readings, struct page **pages,
		      unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		readings[i].page = !PageLocked(pages[i]) &&
				   is_free_to_fold(pages[i]) ? pages[i] : NULL;
	pagefold_bytes_read(readings, n, pagefold_setting(use_zero_pages));
}

/* A huge page that somebody references is not split: its parts stay so. */
static unsigned int parts_in_row(struct page **page, struct page **end)
{
	struct folio *folio = page_folio(*page);
	unsigned int n = 1;

	while (folio_test_large(folio) && page + n != end &&
	       page_folio(page[n]) == folio)
		n++;
	return n;
}

static void fold_batch_timed(void)
{
	u64 start = local_clock();

	fold_batch();
	pagefold_count_add(cpu_ns_fold, local_clock() - start);
	cond_resched();
}

/* As long as pages wait, locked, the CPU is not given away but by a notifier. */
static void step(void)
{
	static unsigned int waited; /* steps */

	if (!batch.n) {
		waited = 0;
		cond_resched();
	} else if (batch.n == PAGEFOLD_BATCH_MAX || ++waited == WAIT_MAX) {
		waited = 0;
		fold_batch_timed();
	}
}

unsigned int pagefold_settle(struct pagefold_visit *visit)
{
	struct page **page = visit->pages, **end = page + visit->npages;
	struct pagefold_reading readings[PAGEFOLD_BYTES_AT_ONCE];
	const unsigned long *addr = visit->addrs;
	unsigned int n, at = 0, read = 0, news = 0;

	batch.mm = visit->mm;
	batch_folded = 0;
	for (; page != end; page += n, addr += n, at += n) {
		if (at >= read) {
			at = 0;
			read = min_t(long, end - page, PAGEFOLD_BYTES_AT_ONCE);
			read_some(readings, page, read);
		}
		n = readings[at].page ? 1 : parts_in_row(page, end);
		news += settle(page, n, visit->judge, &readings[at], *addr);
		if (!waits(*page, *addr))
			put_page(*page);
		step();
	}
	fold_batch_timed();
	return news + batch_folded;
}
