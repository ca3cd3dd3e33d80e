// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own names and prototypes, forwarded to what symbols.c found.
 */
#include <linux/static_call.h>
#include "kernel.h"

#define X(name) DECLARE_STATIC_CALL(pagefold_##name, name);
PAGEFOLD_SYMBOLS(X)
#undef X

void rmap_walk(struct folio *folio, struct rmap_walk_control *rwc)
{
	static_call(pagefold_rmap_walk)(folio, rwc);
}

#ifdef PAGEFOLD_HAS_RMAP_CONST_FOLIO
struct anon_vma *folio_lock_anon_vma_read(const struct folio *folio,
					  struct rmap_walk_control *rwc)
#else
struct anon_vma *folio_lock_anon_vma_read(struct folio *folio,
					  struct rmap_walk_control *rwc)
#endif
{
	return static_call(pagefold_folio_lock_anon_vma_read)(folio, rwc);
}

bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw)
{
	return static_call(pagefold_page_vma_mapped_walk)(pvmw);
}

pte_t ptep_clear_flush(struct vm_area_struct *vma, unsigned long address,
		       pte_t *ptep)
{
	return static_call(pagefold_ptep_clear_flush)(vma, address, ptep);
}

int __mmu_notifier_invalidate_range_start(struct mmu_notifier_range *r)
{
	return static_call(pagefold___mmu_notifier_invalidate_range_start)(r);
}

#ifdef PAGEFOLD_HAS_NOTIFIER_ONLY_END
void __mmu_notifier_invalidate_range_end(struct mmu_notifier_range *r,
					 bool only_end)
{
	static_call(pagefold___mmu_notifier_invalidate_range_end)(r, only_end);
}
#else
void __mmu_notifier_invalidate_range_end(struct mmu_notifier_range *r)
{
	static_call(pagefold___mmu_notifier_invalidate_range_end)(r);
}
#endif

void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start,
			unsigned long end, unsigned int stride_shift,
			bool freed_tables)
{
	static_call(pagefold_flush_tlb_mm_range)(mm, start, end, stride_shift,
						 freed_tables);
}

void lru_add_drain_all(void)
{
	static_call(pagefold_lru_add_drain_all)();
}

#ifdef PAGEFOLD_HAS_RSS_TRACE_COUNT
void mm_trace_rss_stat(struct mm_struct *mm, int member, long count)
{
	static_call(pagefold_mm_trace_rss_stat)(mm, member, count);
}
#else
void mm_trace_rss_stat(struct mm_struct *mm, int member)
{
	static_call(pagefold_mm_trace_rss_stat)(mm, member);
}
#endif

bool folio_free_swap(struct folio *folio)
{
	return static_call(pagefold_folio_free_swap)(folio);
}

int __mem_cgroup_charge(struct folio *folio, struct mm_struct *mm, gfp_t gfp)
{
	return static_call(pagefold___mem_cgroup_charge)(folio, mm, gfp);
}

#ifdef PAGEFOLD_HAS_NOTIFIER_RANGE_FLUSH
void __mmu_notifier_invalidate_range(struct mm_struct *mm,
				     unsigned long start, unsigned long end)
{
	static_call(pagefold___mmu_notifier_invalidate_range)(mm, start, end);
}
#endif

#if defined(PAGEFOLD_HAS_NEW_RMAP_FLAGS)
void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma,
			     unsigned long address, rmap_t flags)
{
	static_call(pagefold_folio_add_new_anon_rmap)(folio, vma, address,
						      flags);
}
#elif defined(PAGEFOLD_HAS_RMAP_BY_FOLIO)
void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma,
			     unsigned long address)
{
	static_call(pagefold_folio_add_new_anon_rmap)(folio, vma, address);
}
#else
void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma,
			    unsigned long address)
{
	static_call(pagefold_page_add_new_anon_rmap)(page, vma, address);
}
#endif

#ifdef PAGEFOLD_HAS_RMAP_BY_FOLIO
void folio_add_anon_rmap_ptes(struct folio *folio, struct page *page,
			      int nr_pages, struct vm_area_struct *vma,
			      unsigned long address, rmap_t flags)
{
	static_call(pagefold_folio_add_anon_rmap_ptes)(folio, page, nr_pages,
						       vma, address, flags);
}

void folio_remove_rmap_ptes(struct folio *folio, struct page *page,
			    int nr_pages, struct vm_area_struct *vma)
{
	static_call(pagefold_folio_remove_rmap_ptes)(folio, page, nr_pages,
						     vma);
}
#else
void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma,
			unsigned long address, rmap_t flags)
{
	static_call(pagefold_page_add_anon_rmap)(page, vma, address, flags);
}

void page_remove_rmap(struct page *page, struct vm_area_struct *vma,
		      bool compound)
{
	static_call(pagefold_page_remove_rmap)(page, vma, compound);
}
#endif

#if defined(PAGEFOLD_HAS_PTE_MAP_WRAPPED)
pte_t *__pte_offset_map_lock(struct mm_struct *mm, pmd_t *pmd,
			     unsigned long addr, spinlock_t **ptlp)
{
	return static_call(pagefold___pte_offset_map_lock)(mm, pmd, addr,
							   ptlp);
}
#elif defined(PAGEFOLD_HAS_PTE_MAP_FUNCTION)
pte_t *pte_offset_map_lock(struct mm_struct *mm, pmd_t *pmd,
			   unsigned long addr, spinlock_t **ptlp)
{
	return static_call(pagefold_pte_offset_map_lock)(mm, pmd, addr, ptlp);
}
#endif

#if defined(PAGEFOLD_HAS_SPLIT_TO_ORDER_WRAPPED)
int __split_huge_page_to_list_to_order(struct page *page,
				       struct list_head *list,
				       unsigned int new_order)
{
	return static_call(pagefold___split_huge_page_to_list_to_order)
		(page, list, new_order);
}
#elif defined(PAGEFOLD_HAS_SPLIT_TO_ORDER)
int split_huge_page_to_list_to_order(struct page *page,
				     struct list_head *list,
				     unsigned int new_order)
{
	return static_call(pagefold_split_huge_page_to_list_to_order)
		(page, list, new_order);
}
#else
int split_huge_page_to_list(struct page *page, struct list_head *list)
{
	return static_call(pagefold_split_huge_page_to_list)(page, list);
}
#endif

#ifdef PAGEFOLD_HAS_HUGETLB_BASEPAGE_INDEX
pgoff_t hugetlb_basepage_index(struct page *page)
{
	return static_call(pagefold_hugetlb_basepage_index)(page);
}
#endif
