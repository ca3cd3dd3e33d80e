// SPDX-License-Identifier: GPL-2.0
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include "compat/kernel.h"
#include "frame.h"
#include "pagefold.h"
#include "scan.h"
#include "scope.h"
#include "split.h"
#include "table.h"
#include "trace.h"

static bool maps_frame(pte_t pte)
{
	return pte_present(pte) && !pte_special(pte) &&
	       pagefold_frame_is_ours(pte_page(pte));
}

/* The first address from @addr on, before @end, that maps a frame, or @end. */
static unsigned long next_frame(struct mm_struct *mm, pmd_t *pmd,
				unsigned long addr, unsigned long end)
{
	spinlock_t *ptl; /* of the page table */
	pte_t *ptep, *first;

	if (addr >= end || !pagefold_pte_map(mm, pmd, addr, &first, &ptl))
		return end;
	for (ptep = first; addr < end; addr += PAGE_SIZE, ptep++)
		if (maps_frame(ptep_get(ptep)))
			break;
	pte_unmap_unlock(first, ptl);
	return addr;
}

/*
 * break_ksm() in mm/ksm.c: the fault that GUP uses before it pins. NOWAIT: it
 * never lets go of the mmap lock. If the mapping is gone by now, it may wait
 * for what its file would have to bring in, as any fault does.
 */
static int unshare(struct vm_area_struct *vma, unsigned long addr)
{
	vm_fault_t fault = handle_mm_fault(vma, addr, FAULT_FLAG_UNSHARE |
					   FAULT_FLAG_REMOTE |
					   FAULT_FLAG_ALLOW_RETRY |
					   FAULT_FLAG_RETRY_NOWAIT, NULL);

	trace_pagefold_unshared(addr, (__force unsigned int)fault);
	if (fault & VM_FAULT_OOM) {
		pagefold_count(nomem);
		return -ENOMEM;
	}
	/* SIGBUS: a truncated file took the mapping along. */
	if (fault & VM_FAULT_ERROR)
		return -EFAULT;
	if (!(fault & VM_FAULT_RETRY))
		pagefold_count(unshared);
	return 0;
}

/*
 * The page that an unshare fault makes is clean in the page table and by its
 * flag, though its content is nowhere else. Once it is shared by fork(),
 * madvise_free_pte_range() in mm/madvise.c would free such a page lazily for
 * one sharer, and reclaim discard it for the others. The mmap lock keeps
 * fork() off until this is done.
 */
static void keep_dirty(struct vm_area_struct *vma, pmd_t *pmd,
		       unsigned long addr)
{
	spinlock_t *ptl; /* of the page table */
	pte_t *ptep, pte;

	if (!pagefold_pte_map(vma->vm_mm, pmd, addr, &ptep, &ptl))
		return;
	pte = ptep_get(ptep);
	if (pte_present(pte) && !pte_special(pte) && PageAnon(pte_page(pte)))
		folio_mark_dirty(page_folio(pte_page(pte)));
	pte_unmap_unlock(ptep, ptl);
}

bool pagefold_split_wanted(struct vm_area_struct *vma)
{
	return vma->anon_vma && !(vma->vm_flags & (VM_PFNMAP | VM_HUGETLB));
}

static int split_table(const struct pagefold_table *table)
{
	unsigned long addr = table->start;
	int err;

	for (;;) {
		addr = next_frame(table->vma->vm_mm, table->pmd, addr,
				  table->end);
		if (addr >= table->end)
			return 0;
		/*
		 * A fault may back out when the entry just changed: look at
		 * the same address again, as break_ksm() does.
		 */
		err = unshare(table->vma, addr);
		keep_dirty(table->vma, table->pmd, addr);
		if (err == -EFAULT)
			addr += PAGE_SIZE;
		else if (err)
			return err;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/* One page table of @mm from *addr on. 1 when there is more, 0 at the end. */
static int split_step(struct mm_struct *mm, unsigned long *addr)
{
	struct pagefold_table table;
	int ret = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	if (pagefold_table_next(mm, *addr, pagefold_split_wanted, &table)) {
		*addr = table.end;
		ret = table.pmd ? split_table(&table) : 0;
		if (!ret)
			ret = 1;
	}
	mmap_read_unlock(mm);
	return ret;
}

/*
 * A fault while the process exits would map what nobody unmaps: exit_mmap()
 * unmaps under the read lock, too. While mm_users is held it does not begin.
 */
static int split_mm(struct mm_struct *mm)
{
	unsigned long addr = 0;
	int ret;

	if (!mmget_not_zero(mm))
		return 0;
	do {
		ret = split_step(mm, &addr);
		cond_resched();
	} while (ret > 0);
	mmput(mm);
	return ret;
}

static int split_every_process(void)
{
	struct mm_struct *mm;
	int pid = 0, err;

	while ((mm = pagefold_scope_next(&pid))) {
		err = split_mm(mm);
		mmdrop(mm);
		if (err)
			return err;
	}
	return 0;
}

/* A fork() meanwhile may have copied mappings past us: until none is left. */
int pagefold_split_all(void)
{
	unsigned long before;
	int err;

	do {
		before = pagefold_sharing_now().mappings;
		err = split_every_process();
		pagefold_scan_hold();
		pagefold_frame_sweep(ULONG_MAX);
		pagefold_scan_release();
	} while (!err && pagefold_sharing_now().mappings &&
		 before != pagefold_sharing_now().mappings);
	return err;
}
