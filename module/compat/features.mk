# SPDX-License-Identifier: GPL-2.0
# What differs between the supported kernels, as named features. Each is read
# from the headers that the module is built against, not from a version, so a
# distribution's backport is seen too. The release is where mainline got it.

# $(call feature,NAME,header,extended regular expression)
feature = $(if $(shell grep -sE '$(3)' $(srctree)/include/linux/$(2)),\
	-DPAGEFOLD_HAS_$(1))

# 6.2: mm_trace_rss_stat() lost its count
pagefold-features += $(call feature,RSS_TRACE_COUNT,mm.h,mm_trace_rss_stat..*long count.)
# 6.3: mmu_notifier_range_init() lost its vma; read from the macro form
pagefold-features += $(call feature,NOTIFIER_RANGE_VMA,mmu_notifier.h,define mmu_notifier_range_init.range.*vma)
# 6.5 to 6.18: pte_offset_map_lock() may fail, behind an inline wrapper
pagefold-features += $(call feature,PTE_MAP_WRAPPED,mm.h,^pte_t .__pte_offset_map_lock.)
# later: the same, the function itself
pagefold-features += $(call feature,PTE_MAP_FUNCTION,mm.h,^pte_t .pte_offset_map_lock.)
# 6.6: __mmu_notifier_invalidate_range_end() lost only_end
pagefold-features += $(call feature,NOTIFIER_ONLY_END,mmu_notifier.h,bool only_end)
# 6.7: shrinkers are allocated
pagefold-features += $(call feature,SHRINKER_ALLOC,shrinker.h,shrinker_alloc.)
# 6.8: rmap of page table entries by folio
pagefold-features += $(call feature,RMAP_BY_FOLIO,rmap.h,^void folio_add_anon_rmap_ptes.)
# later: those who lock an anon_vma do not change the folio
pagefold-features += $(call feature,RMAP_CONST_FOLIO,rmap.h,anon_lock..const struct folio)
# 6.11: the rmap of a new page is told whether it is exclusive
pagefold-features += $(if $(shell grep -sA1 '^void folio_add_new_anon_rmap.struct folio' \
	$(srctree)/include/linux/rmap.h | grep rmap_t),-DPAGEFOLD_HAS_NEW_RMAP_FLAGS)
# until 6.6: devices' translations are flushed by a notifier of their own
pagefold-features += $(call feature,NOTIFIER_RANGE_FLUSH,mmu_notifier.h,^extern void __mmu_notifier_invalidate_range.struct mm_struct)
# 6.9: huge pages are split to an order
pagefold-features += $(call feature,SPLIT_TO_ORDER,huge_mm.h,^int split_huge_page_to_list_to_order.)
# 6.18: the same behind an inline wrapper
pagefold-features += $(call feature,SPLIT_TO_ORDER_WRAPPED,huge_mm.h,^int __split_huge_page_to_list_to_order.)
# 6.18: mm flags are a bitmap
pagefold-features += $(call feature,MM_FLAGS_BITMAP,mm.h,mm_flags_test.)
# 6.17: mapping bits of a folio are named after the folio
pagefold-features += $(call feature,FOLIO_MAPPING_KSM,page-flags.h,define FOLIO_MAPPING_KSM)
# 6.11: memory that the kernel may drop
pagefold-features += $(call feature,VM_DROPPABLE,mm.h,define VM_DROPPABLE)
# 6.6: shadow stacks
pagefold-features += $(call feature,VM_SHADOW_STACK,mm.h,define VM_SHADOW_STACK)
# until 6.5: page_to_pgoff() asks for huge pages, in a function of its own
pagefold-features += $(call feature,HUGETLB_BASEPAGE_INDEX,pagemap.h,hugetlb_basepage_index.struct page)
# 7.3: page table entries are marked for more than one mode of userfaultfd
pagefold-features += $(call feature,PTE_UFFD,userfaultfd_k.h,pte_uffd.pte)

ccflags-y += $(pagefold-features)
