// SPDX-License-Identifier: GPL-2.0
#include <linux/fs.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include "compat/kernel.h"
#include "pagefold.h"
#include "scope.h"

/* What vma_ksm_compatible() in mm/ksm.c leaves alone, and what DESIGN adds. */
#define NEVER (VM_SHARED | VM_MAYSHARE | VM_PFNMAP | VM_IO | VM_DONTEXPAND | \
	       VM_HUGETLB | VM_MIXEDMAP | VM_LOCKED | VM_MTE | \
	       PAGEFOLD_VM_DROPPABLE | PAGEFOLD_VM_SHADOW_STACK)

/* Memory that asks for care is folded only where folding was asked for. */
#define NOT_UNASKED (VM_WIPEONFORK | VM_DONTDUMP)

static bool wanted(vm_flags_t flags)
{
	if (flags & VM_MERGEABLE)
		return true;
	return pagefold_setting(scope) == PAGEFOLD_SCOPE_ALL &&
	       !(flags & NOT_UNASKED);
}

bool pagefold_scope_vma(struct vm_area_struct *vma)
{
	vm_flags_t flags = READ_ONCE(vma->vm_flags);

	return !(flags & NEVER) && wanted(flags) && READ_ONCE(vma->anon_vma) &&
	       !userfaultfd_armed(vma) && !vma_is_dax(vma) &&
	       !pagefold_mm_mirrored(vma->vm_mm);
}

bool pagefold_scope_mm(struct mm_struct *mm)
{
	return pagefold_setting(scope) == PAGEFOLD_SCOPE_ALL ||
	       pagefold_mm_mergeable(mm);
}

/*
 * Processes that share an mm (vfork(), CLONE_VM) would have it visited twice
 * in a pass: pages would seem to settle between the two visits.
 */
static bool visited_elsewhere(struct mm_struct *mm, struct task_struct *leader)
{
#ifdef CONFIG_MEMCG
	struct task_struct *owner = rcu_dereference(mm->owner);

	return owner && owner->group_leader != leader;
#else
	return false;
#endif
}

/* The mm of @thread, held by mm_count. A kernel thread has none of its own. */
static struct mm_struct *grab_mm(struct task_struct *thread,
				 struct task_struct *leader)
{
	struct mm_struct *mm;

	task_lock(thread);
	mm = thread->flags & PF_KTHREAD ? NULL : thread->mm;
	if (mm && visited_elsewhere(mm, leader))
		mm = NULL;
	if (mm)
		mmgrab(mm);
	task_unlock(thread);
	return mm;
}

/* The mm at a process id. The first thread may have ended before others. */
static struct mm_struct *mm_of(struct pid *pid)
{
	struct task_struct *leader = pid_task(pid, PIDTYPE_TGID);
	struct mm_struct *mm = NULL;
	struct task_struct *thread;

	if (!leader)
		return NULL;
	for_each_thread(leader, thread) {
		mm = grab_mm(thread, leader);
		if (mm)
			break;
	}
	return mm;
}

struct mm_struct *pagefold_scope_next(int *pid)
{
	struct mm_struct *mm = NULL;
	struct pid *found;

	rcu_read_lock();
	while (!mm) {
		found = idr_get_next(&init_pid_ns.idr, pid);
		if (!found)
			break;
		mm = mm_of(found);
		(*pid)++;
	}
	rcu_read_unlock();
	return mm;
}
