// SPDX-License-Identifier: GPL-2.0
#include "compat/kernel.h"
#include "table.h"

/*
 * The entry of the page table of @addr, or NULL; then *end is where the hole
 * ends. Like mm_find_pmd() in mm/rmap.c, in private anonymous memory: what is
 * huge above the PMD level is not there.
 */
static pmd_t *find_pmd(struct mm_struct *mm, unsigned long addr,
		       unsigned long *end)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (!pgd_present(*pgd)) {
		*end = pgd_addr_end(addr, *end);
		return NULL;
	}
	p4d = p4d_offset(pgd, addr);
	if (!p4d_present(*p4d)) {
		*end = p4d_addr_end(addr, *end);
		return NULL;
	}
	pud = pud_offset(p4d, addr);
	if (!pud_present(*pud) || pud_leaf(*pud)) {
		*end = pud_addr_end(addr, *end);
		return NULL;
	}
	pmd = pmd_offset(pud, addr);
	*end = pmd_addr_end(addr, *end);
	return pmd_none(*pmd) ? NULL : pmd;
}

bool pagefold_table_next(struct mm_struct *mm, unsigned long addr,
			 bool (*wanted)(struct vm_area_struct *vma),
			 struct pagefold_table *table)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (!vma)
		return false;
	table->vma = vma;
	table->pmd = NULL;
	table->start = max(addr, vma->vm_start);
	table->end = vma->vm_end;
	if (wanted(vma))
		table->pmd = find_pmd(mm, table->start, &table->end);
	return true;
}
