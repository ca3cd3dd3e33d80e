// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include "compat/kernel.h"
#include "huge.h"
#include "pagefold.h"
#include "settle.h"
#include "twin.h"

/* The parts of one huge page that have a twin somewhere. */
struct parts {
	unsigned long first;	/* frame number */
	unsigned int n;
	DECLARE_BITMAP(twins, HPAGE_PMD_NR);
};

static void parts_of(struct parts *parts, struct page *page)
{
	struct folio *folio = page_folio(page);

	parts->first = folio_pfn(folio);
	parts->n = min_t(long, folio_nr_pages(folio), HPAGE_PMD_NR);
	bitmap_zero(parts->twins, HPAGE_PMD_NR);
}

/*
 * Zeros need no twin, and carry the tag of zeros; other parts that were read
 * at an earlier visit may have got twins since.
 */
static bool has_twin(unsigned long pfn, u32 tag)
{
	if (pagefold_tag_is_candidate(tag))
		return pagefold_twin_likely(pfn, tag);
	return tag == pagefold_tag_seen(0) && pagefold_setting(use_zero_pages);
}

static void find_twins(struct parts *parts)
{
	unsigned long pfn;
	unsigned int i;

	for (i = 0; i < parts->n; i++) {
		pfn = parts->first + i;
		if (has_twin(pfn, pagefold_index_tag(&pagefold_index, pfn)))
			__set_bit(i, parts->twins);
	}
}

/*
 * Read the parts that settled. What does not get into the index now would be
 * read at each visit.
 */
static void read_parts(struct page **pages, unsigned int n, bool judge)
{
	unsigned long pfn;
	unsigned int i;

	for (i = 0; i < n; i++) {
		pagefold_settle_read(pages[i], judge);
		pfn = page_to_pfn(pages[i]);
		if (!pagefold_tag_is_known(pagefold_index_tag(&pagefold_index,
							      pfn)))
			pagefold_index_set_heat(&pagefold_index, pfn,
						PAGEFOLD_RETRY_MAX);
		cond_resched();
	}
}

/* 64 KiB of 2 MiB, and as much of smaller ones; see huge.h. */
static unsigned int enough(const struct parts *parts)
{
	return max(parts->n / PAGEFOLD_HUGE_WORTH, 1U);
}

/*
 * The parts with twins are forgotten, so that the next visit settles them as
 * pages of their own. To do so at once would recurse: their twins may be
 * parts of huge pages, too.
 */
static bool split_if_worth(const struct parts *parts, struct page *page)
{
	unsigned int i;

	if (bitmap_weight(parts->twins, HPAGE_PMD_NR) < enough(parts) ||
	    split_huge_page(page))
		return false;
	for_each_set_bit(i, parts->twins, HPAGE_PMD_NR)
		pagefold_index_remove(&pagefold_index, parts->first + i);
	pagefold_count(huge_split);
	return true;
}

bool pagefold_huge_settle(struct page **pages, unsigned int n, bool judge)
{
	struct parts parts;
	bool split;

	read_parts(pages, n, judge);
	parts_of(&parts, pages[0]);
	find_twins(&parts);
	split = split_if_worth(&parts, pages[0]);
	unlock_page(pages[0]);
	return split;
}

bool pagefold_huge_yield(struct page *page)
{
	struct parts parts;

	parts_of(&parts, page);
	find_twins(&parts);
	return split_if_worth(&parts, page);
}
