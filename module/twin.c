// SPDX-License-Identifier: GPL-2.0
#include <linux/hash.h>
#include <linux/memory_hotplug.h>
#include "bytes.h"
#include "compat/kernel.h"
#include "frame.h"
#include "pagefold.h"
#include "twin.h"

/* A part of a huge page is the second choice: it would have to be split. */
struct search {
	struct page *page;
	u64 fingerprint;
	struct pagefold_twin twin;
	struct page *part;
	unsigned long full;	/* frame number of a frame that takes no more */
};

static unsigned int identity(struct page *page)
{
	return hash_long(pagefold_page_identity(page), 3);
}

u32 pagefold_twin_tag(struct page *page, u64 fingerprint)
{
	return pagefold_tag_candidate(fingerprint, identity(page));
}

/* Frames in the index stay: pagefold_frame_prune() unlinks them first. */
static enum pagefold_index_verdict try_frame(struct search *search,
					     unsigned long pfn)
{
	struct page *frame = pfn_to_page(pfn);

	if (pagefold_frame_mappings(frame) >= PAGEFOLD_FRAME_FULL ||
	    PageHWPoison(frame)) {
		search->full = pfn;
		return PAGEFOLD_INDEX_DROP;
	}
	if (pagefold_frame_fingerprint(frame) != search->fingerprint)
		return PAGEFOLD_INDEX_SKIP;
	get_page(frame);
	search->twin = (struct pagefold_twin){ .page = frame, .frame = true };
	return PAGEFOLD_INDEX_TAKE;
}

/* A page that is still the one which was tagged. */
static bool same_page(struct page *page, u32 tag)
{
	struct folio *folio = page_folio(page);

	return folio_test_anon(folio) && !folio_test_ksm(folio) &&
	       !PageHWPoison(page) && identity(page) == pagefold_tag_ident(tag);
}

/* A part of a huge page is held by the reference count of the whole. */
struct page *pagefold_twin_get(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);
	struct folio *folio;

	if (!page)
		return NULL;
	folio = page_folio(page);
	if (!folio_try_get(folio))
		return NULL;
	/* Split or freed and made part of another before it was held? */
	if (page_folio(page) == folio && !PageHWPoison(page))
		return page;
	folio_put(folio);
	return NULL;
}

struct page *pagefold_twin_hold(unsigned long pfn, u32 tag)
{
	struct page *page = pagefold_twin_get(pfn);

	if (!page || same_page(page, tag))
		return page;
	put_page(page);
	return NULL;
}

/* A page that looks equal, referenced. */
static enum pagefold_index_verdict choose(struct search *search,
					  struct page *page)
{
	if (!PageCompound(page)) {
		search->twin.page = page;
		return PAGEFOLD_INDEX_TAKE;
	}
	if (search->part)
		put_page(page);
	else
		search->part = page;
	return PAGEFOLD_INDEX_HOLD;
}

static enum pagefold_index_verdict try_candidate(struct search *search,
						 unsigned long pfn, u32 tag)
{
	struct page *page = pagefold_twin_hold(pfn, tag);

	if (!page)
		return PAGEFOLD_INDEX_DROP;
	if (pagefold_bytes_alike(page, search->page))
		return choose(search, page);
	put_page(page);
	return PAGEFOLD_INDEX_SKIP;
}

static enum pagefold_index_verdict try(void *ctx, unsigned long pfn, u32 tag)
{
	struct search *search = ctx;

	if (pagefold_tag_is_frame(tag))
		return try_frame(search, pfn);
	if (pfn == page_to_pfn(search->page))
		return PAGEFOLD_INDEX_SKIP;
	return try_candidate(search, pfn, tag);
}

struct pagefold_twin pagefold_twin_find_or_wait(struct page *page,
						u64 fingerprint)
{
	struct search search = { .page = page, .fingerprint = fingerprint };
	u32 tag = pagefold_twin_tag(page, fingerprint);
	int err;

	err = pagefold_index_find_or_insert(&pagefold_index, page_to_pfn(page),
					    tag, try, &search);
	if (search.full)
		pagefold_index_set_heat(&pagefold_index, search.full,
					PAGEFOLD_FULL);
	if (!search.twin.page)
		search.twin.page = search.part;
	else if (search.part)
		put_page(search.part);
	search.twin.awaited = !err;
	return search.twin;
}

static enum pagefold_index_verdict not_itself(void *ctx, unsigned long pfn,
					      u32 tag)
{
	unsigned long *self = ctx;

	if (pfn == *self)
		return PAGEFOLD_INDEX_SKIP;
	*self = 0;
	return PAGEFOLD_INDEX_TAKE;
}

bool pagefold_twin_likely(unsigned long pfn, u32 tag)
{
	unsigned long self = pfn;

	pagefold_index_find(&pagefold_index, tag, not_itself, &self);
	return !self;
}

bool pagefold_twin_gone(unsigned long pfn, u32 tag)
{
	struct page *page = pfn_to_online_page(pfn);

	return !page || !page_count(page) || !same_page(page, tag);
}
