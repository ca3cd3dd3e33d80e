// SPDX-License-Identifier: GPL-2.0
/*
 * Lock order: page locks (trylock) > mmap_lock (read, trylock)
 *   > the locks of mmu notifiers, page table lock
 */
#include <linux/sched/clock.h>
#include "batch.h"
#include "bytes.h"
#include "compat/kernel.h"
#include "pagefold.h"
#include "scope.h"
#include "table.h"

/* Some pages of a batch, all in the part of a page table that is locked. */
struct part {
	struct vm_area_struct *vma;
	unsigned long start;
	pte_t *ptep;		/* entry of start */
	struct pagefold_batched *page, *end;
};

static pte_t *entry_of(const struct part *part,
		       const struct pagefold_batched *page)
{
	return part->ptep + ((page->addr - part->start) >> PAGE_SHIFT);
}

/*
 * As ptep_clear_flush() does it, but for the flush. A page that is still mapped
 * here alone stays so: our lock of it keeps others from mapping it out of the
 * swap cache, and the mmap lock keeps fork() off. So its references can be
 * counted one after the other.
 */
static bool clear(const struct part *part, struct pagefold_batched *page)
{
	struct vm_area_struct *vma = part->vma;
	pte_t *ptep = entry_of(part, page);
	pte_t pte = ptep_get(ptep);

	if (!pagefold_remap_possible(pte) ||
	    pte_pfn(pte) != page_to_pfn(page->remap.page) ||
	    !pagefold_batch_takes(page->remap.page) ||
	    PageHWPoison(page->remap.page) ||
	    (page->remap.frame && PageHWPoison(page->remap.frame)))
		return false;
	flush_cache_page(vma, page->addr, pte_pfn(pte));
	page->old = ptep_get_and_clear(vma->vm_mm, page->addr, ptep);
	page->tried = true;
	return true;
}

/*
 * Between here and finish_all() nobody reaches the pages through the entries:
 * not a CPU, as all are flushed, nor GUP-fast, which looks at an entry again
 * after it took a reference. Nor does a guest: what it had was dropped before,
 * and KVM takes no fault of it before it is told of the end.
 */
static void clear_all(const struct part *part)
{
	struct mm_struct *mm = part->vma->vm_mm;
	unsigned long start = ULONG_MAX, end = 0;
	struct pagefold_batched *page;

	for (page = part->page; page != part->end; page++) {
		if (!clear(part, page))
			continue;
		start = min(start, page->addr);
		end = max(end, page->addr + PAGE_SIZE);
	}
	if (!end)
		return;
	flush_tlb_mm_range(mm, start, end, PAGE_SHIFT, false);
	pagefold_flush_secondary(mm, start, end);
}

/*
 * Nobody can write, as said above, those that nobody else holds now: what is
 * equal stays so until they are replaced, each by the one mapping that it has.
 * What is not found equal here is compared once more then.
 */
static void compare_all(const struct part *part)
{
	struct pagefold_pair pairs[PAGEFOLD_BATCH_MAX];
	struct pagefold_batched *page;
	unsigned int n = 0;

	for (page = part->page; page != part->end; page++)
		if (page->tried &&
		    !pagefold_remap_held(page_folio(page->remap.page)))
			pairs[n++] = (struct pagefold_pair){
				page->remap.page, page->remap.frame,
				&page->remap.equal,
			};
	pagefold_bytes_equal_each(pairs, n);
}

static void finish_all(const struct part *part)
{
	struct pagefold_batched *page;

	for (page = part->page; page != part->end; page++)
		if (page->tried)
			pagefold_remap_finish(&page->remap, part->vma,
					      page->addr, entry_of(part, page),
					      page->old);
}

static void fold_locked(const struct part *part)
{
	clear_all(part);
	compare_all(part);
	finish_all(part);
}

/* Whoever has secondary page tables drops what is in there, as in fold.c. */
static void fold_part(const struct pagefold_table *table, struct part *part)
{
	struct mmu_notifier_range range;
	spinlock_t *ptl; /* of the page table */

	part->vma = table->vma;
	part->start = table->start;
	pagefold_range_init(&range, table->vma, part->page->addr,
			    part->end[-1].addr + PAGE_SIZE);
	pagefold_notifier_start(&range);
	if (pagefold_pte_map(table->vma->vm_mm, table->pmd, table->start,
			     &part->ptep, &ptl)) {
		fold_locked(part);
		pte_unmap_unlock(part->ptep, ptl);
	}
	pagefold_notifier_end(&range);
}

/*
 * The pages from @page on that are in the same part of a page table. With
 * secondary page tables they are neighbours, too: what is between them would
 * have to be dropped there as well.
 */
static struct pagefold_batched *
end_of_part(const struct pagefold_table *table, struct pagefold_batched *page,
	    struct pagefold_batched *end)
{
	bool neighbours = mm_has_notifiers(table->vma->vm_mm);
	unsigned long next = page->addr;

	while (page != end && page->addr >= table->start &&
	       page->addr < table->end && (!neighbours || page->addr == next)) {
		next = page->addr + PAGE_SIZE;
		page++;
	}
	return page;
}

/*
 * A mapping in scope stays so while the mmap lock is held: its flags change
 * under the write lock. Nor can a first notifier come meanwhile
 * (mmu_notifier_register()), and mm_has_notifiers() stays true.
 */
static unsigned int fold_in_mm(struct pagefold_batch *batch)
{
	struct pagefold_batched *end = batch->pages + batch->n;
	struct part part = { .end = batch->pages };
	struct pagefold_table table;

	while (part.end != end) {
		/* Most batches have one part; that of a notifier takes long. */
		if (part.end != batch->pages &&
		    mmap_lock_is_contended(batch->mm))
			break;
		part.page = part.end;
		if (!pagefold_table_next(batch->mm, part.page->addr,
					 pagefold_scope_vma, &table))
			return batch->n;
		part.end = end_of_part(&table, part.page, end);
		if (part.end == part.page)
			part.end++;
		else if (table.pmd)
			fold_part(&table, &part);
	}
	return part.end - batch->pages;
}

unsigned int pagefold_batch_fold(struct pagefold_batch *batch)
{
	unsigned int i, had_turn = batch->n;
	u64 start = local_clock();

	if (!mmap_read_trylock(batch->mm)) {
		pagefold_count(mmap_busy);
		return 0;
	}
	if (!pagefold_scope_exiting(batch->mm))
		had_turn = fold_in_mm(batch);
	mmap_read_unlock(batch->mm);
	pagefold_latency_add(&pagefold_stats.latency_fold,
			     local_clock() - start);
	for (i = 0; i < batch->n; i++)
		if (batch->pages[i].tried)
			pagefold_remap_conclude(&batch->pages[i].remap);
	return had_turn;
}
