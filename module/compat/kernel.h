/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the supported kernels (6.1 to the newest). The
 * features are named in features.mk, with the release they came with; code
 * outside this folder knows none of them.
 */
#ifndef PAGEFOLD_COMPAT_KERNEL_H
#define PAGEFOLD_COMPAT_KERNEL_H

#include <linux/hash.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>
#include <linux/sched/coredump.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/userfaultfd_k.h>

/* asm/tlbflush.h hides it from modules. */
void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start,
			unsigned long end, unsigned int stride_shift,
			bool freed_tables);

/* The functions that symbols.c looks up and mm.c defines. */
#define PAGEFOLD_SYMBOLS(X)			\
	X(rmap_walk)				\
	X(folio_lock_anon_vma_read)		\
	X(page_vma_mapped_walk)			\
	X(ptep_clear_flush)			\
	X(__mmu_notifier_invalidate_range_start)\
	X(__mmu_notifier_invalidate_range_end)	\
	X(flush_tlb_mm_range)			\
	X(lru_add_drain_all)			\
	X(mm_trace_rss_stat)			\
	X(folio_free_swap)			\
	X(__mem_cgroup_charge)			\
	PAGEFOLD_SYMBOLS_SECONDARY(X)		\
	PAGEFOLD_SYMBOLS_RMAP(X)		\
	PAGEFOLD_SYMBOLS_PTE_MAP(X)		\
	PAGEFOLD_SYMBOLS_SPLIT(X)		\
	PAGEFOLD_SYMBOLS_HUGETLB(X)

#ifdef PAGEFOLD_HAS_NOTIFIER_RANGE_FLUSH
#define PAGEFOLD_SYMBOLS_SECONDARY(X) X(__mmu_notifier_invalidate_range)
#else
#define PAGEFOLD_SYMBOLS_SECONDARY(X)
#endif

#ifdef PAGEFOLD_HAS_RMAP_BY_FOLIO
#define PAGEFOLD_SYMBOLS_RMAP(X) \
	X(folio_add_anon_rmap_ptes) X(folio_add_new_anon_rmap) \
	X(folio_remove_rmap_ptes)
#else
#define PAGEFOLD_SYMBOLS_RMAP(X) \
	X(page_add_anon_rmap) X(page_add_new_anon_rmap) X(page_remove_rmap)
#endif

#if defined(PAGEFOLD_HAS_PTE_MAP_WRAPPED)
#define PAGEFOLD_SYMBOLS_PTE_MAP(X) X(__pte_offset_map_lock)
#elif defined(PAGEFOLD_HAS_PTE_MAP_FUNCTION)
#define PAGEFOLD_SYMBOLS_PTE_MAP(X) X(pte_offset_map_lock)
#else
#define PAGEFOLD_SYMBOLS_PTE_MAP(X)
#endif

#if defined(PAGEFOLD_HAS_SPLIT_TO_ORDER_WRAPPED)
#define PAGEFOLD_SYMBOLS_SPLIT(X) X(__split_huge_page_to_list_to_order)
#elif defined(PAGEFOLD_HAS_SPLIT_TO_ORDER)
#define PAGEFOLD_SYMBOLS_SPLIT(X) X(split_huge_page_to_list_to_order)
#else
#define PAGEFOLD_SYMBOLS_SPLIT(X) X(split_huge_page_to_list)
#endif

#ifdef PAGEFOLD_HAS_HUGETLB_BASEPAGE_INDEX
#define PAGEFOLD_SYMBOLS_HUGETLB(X) X(hugetlb_basepage_index)
#else
#define PAGEFOLD_SYMBOLS_HUGETLB(X)
#endif

#ifdef PAGEFOLD_HAS_FOLIO_MAPPING_KSM
#define PAGEFOLD_MAPPING_KSM FOLIO_MAPPING_KSM
#else
#define PAGEFOLD_MAPPING_KSM PAGE_MAPPING_KSM
#endif

#ifdef PAGEFOLD_HAS_VM_DROPPABLE
#define PAGEFOLD_VM_DROPPABLE VM_DROPPABLE
#else
#define PAGEFOLD_VM_DROPPABLE VM_NONE
#endif

#ifdef PAGEFOLD_HAS_VM_SHADOW_STACK
#define PAGEFOLD_VM_SHADOW_STACK VM_SHADOW_STACK
#else
#define PAGEFOLD_VM_SHADOW_STACK VM_NONE
#endif

/* Asked through MADV_MERGEABLE or PR_SET_MEMORY_MERGE at least once? */
static inline bool pagefold_mm_mergeable(struct mm_struct *mm)
{
#ifdef PAGEFOLD_HAS_MM_FLAGS_BITMAP
	return mm_flags_test(MMF_VM_MERGEABLE, mm);
#else
	return test_bit(MMF_VM_MERGEABLE, &mm->flags);
#endif
}

/* Marked by userfaultfd, for whatever mode. */
static inline bool pagefold_pte_uffd(pte_t pte)
{
#ifdef PAGEFOLD_HAS_PTE_UFFD
	return pte_uffd(pte);
#else
	return pte_uffd_wp(pte);
#endif
}

/* Number of mappings of a folio of one page. */
static inline int pagefold_mapcount(struct folio *folio)
{
	return atomic_read(&folio->_mapcount) + 1;
}

/* KSM mapping with a NULL stable node. KSM's own pages are so for moments. */
static inline void pagefold_set_mapping_ksm(struct folio *folio)
{
	folio->mapping = (void *)PAGEFOLD_MAPPING_KSM;
}

static inline bool pagefold_mapping_is_ksm_null(struct folio *folio)
{
	return READ_ONCE(folio->mapping) == (void *)PAGEFOLD_MAPPING_KSM;
}

/*
 * Does a driver mirror this mm (HMM)? migrate_vma_setup() replaces any mapping
 * by a migration entry that rmap_walk_ksm() would not find again. Private to
 * mm/mmu_notifier.c, whose struct starts like this since 5.5.
 */
static inline bool pagefold_mm_mirrored(struct mm_struct *mm)
{
	const struct {
		struct hlist_head list;
		bool has_itree;
	} *subscriptions = (void *)READ_ONCE(mm->notifier_subscriptions);

	return subscriptions && READ_ONCE(subscriptions->has_itree);
}

/* Bits that tell a page of one process from what comes at its frame next. */
static inline unsigned long pagefold_page_identity(struct page *page)
{
	struct folio *folio = page_folio(page);
	unsigned long index = READ_ONCE(folio->index) + page_to_pfn(page) -
			      folio_pfn(folio);

	return (unsigned long)READ_ONCE(folio->mapping) +
	       index * GOLDEN_RATIO_64;
}

static inline void pagefold_add_anon_rmap(struct page *page,
					  struct vm_area_struct *vma,
					  unsigned long addr)
{
#ifdef PAGEFOLD_HAS_RMAP_BY_FOLIO
	folio_add_anon_rmap_pte(page_folio(page), page, vma, addr, RMAP_NONE);
#else
	page_add_anon_rmap(page, vma, addr, RMAP_NONE);
#endif
}

/* A new page that nobody else maps: exclusive. */
static inline void pagefold_add_new_anon_rmap(struct page *page,
					      struct vm_area_struct *vma,
					      unsigned long addr)
{
#if defined(PAGEFOLD_HAS_NEW_RMAP_FLAGS)
	folio_add_new_anon_rmap(page_folio(page), vma, addr, RMAP_EXCLUSIVE);
#elif defined(PAGEFOLD_HAS_RMAP_BY_FOLIO)
	folio_add_new_anon_rmap(page_folio(page), vma, addr);
#else
	page_add_new_anon_rmap(page, vma, addr);
#endif
}

static inline void pagefold_remove_rmap(struct page *page,
					struct vm_area_struct *vma)
{
#ifdef PAGEFOLD_HAS_RMAP_BY_FOLIO
	folio_remove_rmap_pte(page_folio(page), page, vma);
#else
	page_remove_rmap(page, vma, false);
#endif
}

/* 0, or nonzero when the exclusive page may be pinned. After clearing. */
static inline int pagefold_try_share(struct page *page)
{
#ifdef PAGEFOLD_HAS_RMAP_BY_FOLIO
	return folio_try_share_anon_rmap_pte(page_folio(page), page);
#else
	return page_try_share_anon_rmap(page);
#endif
}

static inline void pagefold_range_init(struct mmu_notifier_range *range,
				       struct vm_area_struct *vma,
				       unsigned long start, unsigned long end)
{
#ifdef PAGEFOLD_HAS_NOTIFIER_RANGE_VMA
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, vma, vma->vm_mm,
				start, end);
#else
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, vma->vm_mm,
				start, end);
#endif
}

/*
 * The kernel's inline start/end pair refers to a lockdep map that is not
 * exported, so these call what is below it.
 */
static inline void pagefold_notifier_start(struct mmu_notifier_range *range)
{
	might_sleep_if(mm_has_notifiers(range->mm));
	if (mm_has_notifiers(range->mm)) {
		range->flags |= MMU_NOTIFIER_RANGE_BLOCKABLE;
		__mmu_notifier_invalidate_range_start(range);
	}
}

static inline void pagefold_notifier_end(struct mmu_notifier_range *range)
{
	if (!mm_has_notifiers(range->mm))
		return;
#ifdef PAGEFOLD_HAS_NOTIFIER_ONLY_END
	__mmu_notifier_invalidate_range_end(range, false);
#else
	__mmu_notifier_invalidate_range_end(range);
#endif
}

/*
 * Other translations than the CPUs' (of devices that share the mm) are dropped
 * by the flush itself since 6.6, before that by a call of its own, as in
 * ptep_clear_flush_notify().
 */
static inline void pagefold_flush_secondary(struct mm_struct *mm,
					    unsigned long start,
					    unsigned long end)
{
#ifdef PAGEFOLD_HAS_NOTIFIER_RANGE_FLUSH
	if (mm_has_notifiers(mm))
		__mmu_notifier_invalidate_range(mm, start, end);
#endif
}

/**
 * pagefold_pte_map() - map and lock the page table of an address.
 * @mm: the memory.
 * @pmd: entry of the page table.
 * @addr: the address.
 * @ptep: set to the entry of @addr.
 * @ptl: set to the lock.
 *
 * Context: mmap lock held for reading.
 * Return: false when there is no page table (none, huge, just changed).
 */
static inline bool pagefold_pte_map(struct mm_struct *mm, pmd_t *pmd,
				    unsigned long addr, pte_t **ptep,
				    spinlock_t **ptl)
{
#if defined(PAGEFOLD_HAS_PTE_MAP_WRAPPED)
	*ptep = __pte_offset_map_lock(mm, pmd, addr, ptl);
	if (!*ptep)
		return false;
	/* Both for sparse: pte_unmap_unlock() gives both back. */
	__acquire(RCU);
	__acquire(*ptl);
	return true;
#elif defined(PAGEFOLD_HAS_PTE_MAP_FUNCTION)
	*ptep = pte_offset_map_lock(mm, pmd, addr, ptl);
	return *ptep;
#else
	/* As in mm_find_pmd(): a table found stays while mmap_lock is held. */
	pmd_t value = READ_ONCE(*pmd);

	if (!pmd_present(value) || pmd_leaf(value))
		return false;
	*ptep = pte_offset_map_lock(mm, pmd, addr, ptl);
	return true;
#endif
}

#endif
