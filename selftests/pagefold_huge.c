// SPDX-License-Identifier: GPL-2.0
/* Helpers of the pagefold tests: a transparent huge page. */
#include "pagefold.h"

/* The page that is behind @mem belongs to a huge page, however it is mapped. */
bool pf_is_huge(const char *mem)
{
	return pf_kflags(pf_pfn(mem)) & PF_KPF_THP;
}

/**
 * pf_map_huge() - a huge page that asked to be folded
 * @seed: what its first part holds; to each further part belongs one more
 *
 * Return: its address, or NULL where the kernel gives none.
 */
char *pf_map_huge(u64 seed)
{
	char *mem = pf_map(PF_PARTS);

	madvise(mem, PF_HUGE, MADV_HUGEPAGE);
	pf_fill_each(mem, PF_PARTS, seed);
	if (pf_is_huge(mem))
		return mem;
	munmap(mem, PF_HUGE);
	return NULL;
}
