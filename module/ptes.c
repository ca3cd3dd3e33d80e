// SPDX-License-Identifier: GPL-2.0
/*
 * Lock order: page table lock > index stripe
 */
#include "compat/kernel.h"
#include "compat/pte.h"
#include "frame.h"
#include "lonely.h"
#include "near.h"
#include "pagefold.h"
#include "ptes.h"
#include "twin.h"
#include "visit.h"

/* A candidate that may be written unseen is read again in 1 of 2^n passes. */
#define JUDGED_AGAIN 6

/* See note_heat(). */
#define UNNOTED 3

/* Zeros in a huge page are read again in 1 of 2^n passes. */
#define ZEROS_AGAIN 5

/*
 * In 1 of 16 passes a candidate is asked whether it is still the page that
 * was tagged: pages swapped in or migrated come clean, to frame numbers that
 * may have tags of others. In each pass it is the turn of that part of a page
 * table, so that the others need not look whose turn it is.
 */
#define PARTS 16
#define PART_SIZE (PMD_SIZE / PARTS)

/* The parts of a huge page follow one another and share one reference. */
static bool is_next_part(const struct pagefold_visit *visit,
			 struct folio *folio)
{
	return folio_test_large(folio) && visit->npages &&
	       page_folio(visit->pages[visit->npages - 1]) == folio;
}

static void collect(const struct pagefold_ptes *table, struct folio *folio,
		    struct page *page)
{
	struct pagefold_visit *visit = table->visit;

	if (pagefold_broken(visit->npages == ARRAY_SIZE(visit->pages)))
		return;
	if (!is_next_part(visit, folio))
		folio_get(folio);
	visit->left--;
	visit->addrs[visit->npages] = table->addr;
	visit->pages[visit->npages++] = page;
}

static void visit_frame(struct pagefold_ptes *table, unsigned long pfn,
			unsigned long addr, pte_t *ptep, u32 tag)
{
	struct pagefold_lonely mapping = {
		.addr = addr, .pmd = table->pmd, .frame = pfn_to_page(pfn),
	};

	if (pagefold_tag_is_frame(tag))
		pagefold_lonely_note(table->visit, mapping, ptep);
}

/* May @page ever be folded? What else there is changes by itself. */
static bool ordinary(struct folio *folio)
{
	return folio_test_anon(folio) && !folio_test_ksm(folio) &&
	       folio_test_swapbacked(folio) && !folio_is_zone_device(folio);
}

/*
 * How seldom to look at a page: tried in vain, or judged and found equal, or
 * known to be zeros in a huge page that is not worth a split.
 */
static unsigned int patience(u32 tag, bool judge)
{
	if (pagefold_tag_is_retry(tag))
		return tag - PAGEFOLD_RETRY;
	if (pagefold_tag_is_seen(tag))
		return judge ? 0 : ZEROS_AGAIN;
	return pagefold_tag_is_candidate(tag) ? JUDGED_AGAIN : 0;
}

/* What is known of the page at hand. */
static __always_inline u32 tag_of(struct pagefold_ptes *table,
				  unsigned long pfn)
{
	const struct pagefold_entry *entry;

	entry = pagefold_entries_at(&pagefold_index.entries, pfn);
	table->noted = entry;
	return entry ? READ_ONCE(entry->tag) : 0;
}

/*
 * Most pages that are written once fold, and need no entry of their own: where
 * there is none, one is made in 1 of 2^n passes, for what is written for long.
 */
static void note_heat(struct pagefold_ptes *table, unsigned long pfn,
		      unsigned int heat)
{
	struct pagefold_visit *visit = table->visit;

	if (table->noted)
		pagefold_index_set_heat(&pagefold_index, pfn, heat);
	else if (pagefold_due(pfn >> PAGEFOLD_SECTION_SHIFT, visit->pass,
			      UNNOTED) && pfn < PAGEFOLD_ENTRIES_LIMIT)
		visit->unnoted = pfn;
}

/*
 * Unwritten since the last visit, and not known by a tag that says enough. The
 * parts of a huge page have their turn in the same pass, as they are settled
 * together. What can never be folded (of files, mostly) is to cost no look at
 * its struct page in each pass.
 */
static void visit_clean(struct pagefold_ptes *table, unsigned long pfn,
			u32 tag)
{
	struct pagefold_visit *visit = table->visit;
	struct folio *folio;
	struct page *page;

	if (!pagefold_due(pfn >> HPAGE_PMD_ORDER, visit->pass,
			  patience(tag, visit->judge)))
		return;
	page = pfn_to_page(pfn);
	folio = page_folio(page);
	if (ordinary(folio))
		collect(table, folio, page);
	else if (!pagefold_frame_is_ours(page))
		note_heat(table, pfn, PAGEFOLD_RETRY_MAX);
	else if (!pagefold_frame_is_held(page))
		collect(table, folio, page);
}

/* Another page came to a frame number that is tagged: settle it anew. */
static void visit_candidate(struct pagefold_ptes *table, unsigned long pfn,
			    u32 tag)
{
	if (!pagefold_twin_gone(pfn, tag))
		return;
	pagefold_index_remove(&pagefold_index, pfn);
	visit_clean(table, pfn, 0);
}

/* What folio_mark_dirty() does with anonymous pages that have no swap slot. */
static inline void keep_dirty(struct pagefold_ptes *table,
			      struct folio *folio)
{
	if (folio_test_swapcache(folio))
		folio_mark_dirty(folio);
	else if (!folio_test_dirty(folio))
		folio_set_dirty(folio);
	table->visit->written++;
}

/*
 * The dirty bit goes to the page, as zap_pte_range() in mm/memory.c moves it.
 * The caller flushes before the page table lock is dropped: until then other
 * CPUs write through old entries without setting the bit again, and reclaim
 * would take the page for clean and unwritable.
 */
static void clear_dirty(struct pagefold_ptes *table, struct folio *folio,
			unsigned long addr, pte_t *ptep)
{
	table->visit->left--;
	keep_dirty(table, folio);
	pagefold_pte_mkclean(ptep);
	if (!table->flush_end)
		table->flush_start = addr;
	table->flush_end = addr + PAGE_SIZE;
}

/*
 * Dirty, but not writable: the bit is older than what made the entry
 * read-only (fork() mostly) and may stand in the entries of many processes.
 * It does not make the page hot. A tag may be older still, so look again.
 */
static void visit_old_dirt(struct pagefold_ptes *table, struct folio *folio,
			   struct page *page, u32 tag)
{
	if (pagefold_tag_is_candidate(tag) && !folio_test_large(folio))
		collect(table, folio, page);
}

/* Written since the last visit: any tag is of a content that is gone. */
static inline void visit_written(struct pagefold_ptes *table,
				 unsigned long pfn, u32 tag)
{
	unsigned int heat = pagefold_tag_is_hot(tag) ? tag : 0;

	note_heat(table, pfn, min(heat + 1, PAGEFOLD_HOT_MAX));
}

/* Found written so often that it is not its turn in this pass. */
static bool is_hot(struct pagefold_visit *visit, unsigned long pfn, u32 tag)
{
	bool hot = pagefold_near_is_hot(tag, pfn, visit->pass);

	visit->hot += hot;
	return hot;
}

static void visit_dirty(struct pagefold_ptes *table, unsigned long pfn,
			unsigned long addr, pte_t *ptep, pte_t pte, u32 tag)
{
	struct page *page = pfn_to_page(pfn);
	struct folio *folio;

	if (is_hot(table->visit, pfn, tag))
		return;
	folio = page_folio(page);
	if (!ordinary(folio))
		return;
	clear_dirty(table, folio, addr, ptep);
	if (pte_write(pte))
		visit_written(table, pfn, tag);
	else
		visit_old_dirt(table, folio, page, tag);
}

/* An entry that is not at rest. */
static noinline void visit_pte(struct pagefold_ptes *table, unsigned long addr,
			       pte_t *ptep, bool asked)
{
	struct pagefold_visit *visit = table->visit;
	pte_t pte = ptep_get(ptep);
	unsigned long pfn;
	u32 tag;

	if (!pte_present(pte)) {
		visit->visited--;
		return;
	}
	if (pte_special(pte) || pte_protnone(pte))
		return;
	table->addr = addr;
	pfn = pte_pfn(pte);
	tag = tag_of(table, pfn);
	if (visit->relieve || pagefold_tag_is_lonely(tag))
		visit_frame(table, pfn, addr, ptep, tag);
	else if (tag == PAGEFOLD_FULL)
		return;
	else if (pte_dirty(pte))
		visit_dirty(table, pfn, addr, ptep, pte, tag);
	else if (!pagefold_tag_is_linked(tag) ||
		 (visit->judge && !pagefold_tag_is_frame(tag)))
		visit_clean(table, pfn, tag);
	else if (asked && pagefold_tag_is_candidate(tag))
		visit_candidate(table, pfn, tag);
}

/* Parts of a huge page that were collected in a row are settled together. */
static bool in_row(const struct pagefold_visit *visit, unsigned long next)
{
	unsigned int n = visit->npages;
	struct folio *folio;

	if (!n || visit->addrs[n - 1] + PAGE_SIZE != next)
		return false;
	folio = page_folio(visit->pages[n - 1]);
	return folio_page_idx(folio, visit->pages[n - 1]) + 1 <
	       folio_nr_pages(folio);
}

/*
 * The sacred path: memory at rest is known by its tag and costs no more than
 * to read the entry and the tag. One comparison tells that an entry is at rest
 * and that its tag is in the section at hand. If all are to be looked at
 * whatever they are (memory is short) it is not @fast. Returns the address that
 * it got to.
 */
static __always_inline unsigned long
visit_part(struct pagefold_ptes *table, pte_t *first, unsigned long addr,
	   unsigned long end, bool fast, bool asked)
{
	pte_t *ptep = first, *last = ptep + ((end - addr) >> PAGE_SHIFT);
	unsigned int pass = table->visit->pass;
	struct pagefold_near near = { .bits = PAGEFOLD_NEAR_NONE };
	struct pagefold_near written = near; /* not where the frames are */

	for (;;) {
		ptep = pagefold_near_skip(near, ptep, last, asked);
		if (ptep == last)
			return end;
		/* As a rule the section is the same behind a row of them. */
		if (fast && pagefold_near_special(ptep)) {
			ptep = pagefold_near_skip_special(ptep + 1, last);
			continue;
		}
		if (fast && pagefold_near_hot(&written, ptep, pass)) {
			table->visit->hot++;
			ptep++;
			continue;
		}
		if (!fast || !pagefold_near_come(&near, ptep) ||
		    !pagefold_near_rests(near, ptep, asked))
			visit_pte(table, addr + (ptep - first) * PAGE_SIZE,
				  ptep, asked);
		ptep++;
		if (unlikely(table->visit->left <= 0) &&
		    !in_row(table->visit, addr + (ptep - first) * PAGE_SIZE))
			return addr + (ptep - first) * PAGE_SIZE;
	}
}

unsigned long pagefold_ptes_visit(struct pagefold_ptes *table, pte_t *ptep,
				  unsigned long addr, unsigned long end)
{
	struct pagefold_visit *visit = table->visit;
	bool fast = !visit->relieve && pagefold_pte_readable();
	unsigned long part = (visit->pass + (addr >> PMD_SHIFT)) % PARTS;
	unsigned long from = (addr & PMD_MASK) + part * PART_SIZE;
	unsigned long to = clamp(from + PART_SIZE, addr, end);
	unsigned long reached;

	from = clamp(from, addr, end);
	/* Whatever is not a frame may have been written unseen. */
	if (visit->judge) {
		from = addr;
		to = end;
	}
	visit->visited += (end - addr) >> PAGE_SHIFT;
	reached = visit_part(table, ptep, addr, from, fast, false);
	if (reached == from)
		reached = visit_part(table, ptep + ((from - addr) >> PAGE_SHIFT),
				     from, to, fast, true);
	if (reached == to)
		reached = visit_part(table, ptep + ((to - addr) >> PAGE_SHIFT),
				     to, end, fast, false);
	visit->visited -= (end - reached) >> PAGE_SHIFT;
	return reached;
}

static void collect_huge(const struct pagefold_ptes *table, struct page *page)
{
	struct folio *folio = page_folio(page);
	unsigned int i;

	for (i = 0; i < HPAGE_PMD_NR; i++)
		collect(table, folio, page + i);
}

/* Like visit_dirty() and visit_clean(), told by the tag of the first part. */
void pagefold_ptes_visit_huge(struct pagefold_ptes *table, unsigned long addr)
{
	struct pagefold_visit *visit = table->visit;
	pmd_t value = READ_ONCE(*table->pmd);
	struct page *page = pmd_page(value);
	unsigned long pfn = page_to_pfn(page);
	u32 tag = tag_of(table, pfn);

	visit->visited += HPAGE_PMD_NR;
	if (visit->relieve || !ordinary(page_folio(page)))
		return;
	if (!pmd_dirty(value)) {
		if ((!pagefold_tag_is_known(tag) || visit->judge) &&
		    pagefold_due(pfn >> HPAGE_PMD_ORDER, visit->pass,
				 patience(tag, visit->judge)))
			collect_huge(table, page);
		return;
	}
	if (is_hot(visit, pfn, tag))
		return;
	keep_dirty(table, page_folio(page));
	pagefold_pmd_mkclean(table->pmd);
	flush_tlb_mm_range(table->vma->vm_mm, addr, addr + HPAGE_PMD_SIZE,
			   PMD_SHIFT, false);
	if (pmd_write(value))
		visit_written(table, pfn, tag);
	else if (pagefold_tag_is_known(tag))
		collect_huge(table, page);
}
