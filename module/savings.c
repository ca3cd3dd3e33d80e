// SPDX-License-Identifier: GPL-2.0
#include <linux/sched.h>
#include "compat/kernel.h"
#include "frame.h"
#include "pagefold.h"
#include "savings.h"
#include "scope.h"
#include "split.h"
#include "table.h"

static void add_entry(struct pagefold_savings *savings, pte_t pte)
{
	int mappings;

	if (!pte_present(pte) || pte_special(pte) ||
	    !pagefold_frame_is_held(pte_page(pte)))
		return;
	mappings = max(pagefold_frame_mappings(pte_page(pte)), 1);
	savings->folded++;
	savings->saved_bytes += PAGE_SIZE - PAGE_SIZE / mappings;
}

static void add_table(struct pagefold_savings *savings,
		      const struct pagefold_table *table)
{
	unsigned long addr = table->start;
	spinlock_t *ptl; /* of the page table */
	pte_t *ptep, *first;

	if (!pagefold_pte_map(table->vma->vm_mm, table->pmd, addr, &first,
			      &ptl))
		return;
	for (ptep = first; addr < table->end; addr += PAGE_SIZE, ptep++)
		add_entry(savings, ptep_get(ptep));
	pte_unmap_unlock(first, ptl);
}

/* One page table from *addr on. 1 when there is more, 0 at the end. */
static int add_step(struct mm_struct *mm, unsigned long *addr,
		    struct pagefold_savings *savings)
{
	struct pagefold_table table;
	int more = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	if (!pagefold_scope_exiting(mm) &&
	    pagefold_table_next(mm, *addr, pagefold_split_wanted, &table)) {
		if (table.pmd)
			add_table(savings, &table);
		*addr = table.end;
		more = 1;
	}
	mmap_read_unlock(mm);
	return more;
}

int pagefold_savings_of(struct mm_struct *mm, struct pagefold_savings *savings)
{
	unsigned long addr = 0;
	int ret;

	*savings = (struct pagefold_savings){};
	do {
		ret = add_step(mm, &addr, savings);
		cond_resched();
	} while (ret > 0);
	return ret;
}
