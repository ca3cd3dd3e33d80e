// SPDX-License-Identifier: GPL-2.0
#include <linux/debugfs.h>
#include <linux/kstrtox.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include "compat/seq_file.h"
#include "debug.h"
#include "debugfs.h"
#include "frame.h"
#include "pagefold.h"
#include "savings.h"
#include "scan.h"
#include "scope.h"
#include "scrub.h"

static struct dentry *folder;

static int stats_show(struct seq_file *m, void *unused)
{
	struct pagefold_sharing sharing = pagefold_sharing_now();

#define X(name) \
	seq_printf(m, #name " %lld\n", (s64)pagefold_counted(name));
	PAGEFOLD_COUNTERS(X)
#undef X
	seq_printf(m, "cpu_ns %llu\n", pagefold_scan_cpu_ns());
	seq_printf(m, "frames_live %ld\n",
		   atomic_long_read(&pagefold_stats.frames_live));
	seq_printf(m, "frames_lonely %lu\n", sharing.lonely);
	seq_printf(m, "bytes_saved %llu\n", pagefold_bytes_saved(&sharing));
	seq_printf(m, "bytes_metadata %llu\n", pagefold_bytes_metadata());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static void show_latency(struct seq_file *m, const char *name,
			 const struct pagefold_latency *latency)
{
	u64 count;
	int i;

	for (i = 0; i < PAGEFOLD_LATENCY_BUCKETS; i++) {
		count = atomic64_read(&latency->bucket[i]);
		if (count)
			seq_printf(m, "%s below_ns %llu count %llu\n", name,
				   1ULL << i, count);
	}
}

static int latency_show(struct seq_file *m, void *unused)
{
#define X(name) show_latency(m, #name, &pagefold_stats.latency_##name);
	PAGEFOLD_LATENCIES(X)
#undef X
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(latency);

static void get_comm(pid_t nr, char *comm)
{
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(find_pid_ns(nr, &init_pid_ns), PIDTYPE_TGID);
	strscpy(comm, task ? task->comm : "(gone)", TASK_COMM_LEN);
	rcu_read_unlock();
}

static int show_process(struct seq_file *m, struct mm_struct *mm, pid_t nr)
{
	struct pagefold_savings savings;
	char comm[TASK_COMM_LEN];
	int err = pagefold_savings_of(mm, &savings);

	if (err || !savings.folded)
		return err;
	get_comm(nr, comm);
	seq_printf(m, "%d %s %lu %llu\n", nr, comm, savings.folded,
		   savings.saved_bytes >> 10);
	return 0;
}

static int processes_show(struct seq_file *m, void *unused)
{
	struct mm_struct *mm;
	int next = 0, err;

	seq_puts(m, "pid comm folded_pages saved_kb\n");
	while ((mm = pagefold_scope_next(&next))) {
		err = show_process(m, mm, next - 1);
		mmdrop(mm);
		if (err)
			return err;
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(processes);

static int scrub_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "rounds %lld\n", pagefold_counted(scrub_rounds));
	seq_printf(m, "frames_read %lld\n", pagefold_counted(scrub_read));
	seq_printf(m, "mismatches %lld\n",
		   pagefold_counted(scrub_mismatches));
	seq_printf(m, "frames_unread %lu\n", pagefold_frame_unread());
	return 0;
}

/* Any 1 reads every frame before write() returns. */
static ssize_t scrub_write(struct file *file, const char __user *text,
			   size_t count, loff_t *offset)
{
	unsigned int value;
	int err = kstrtouint_from_user(text, count, 10, &value);

	if (err)
		return err;
	if (value != 1)
		return -EINVAL;
	err = pagefold_scrub_all();
	return err ? err : count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(scrub);

void pagefold_debugfs_add(void)
{
	folder = debugfs_create_dir("pagefold", NULL);
	debugfs_create_file("stats", 0400, folder, NULL, &stats_fops);
	debugfs_create_file("latency", 0400, folder, NULL, &latency_fops);
	debugfs_create_file("processes", 0400, folder, NULL, &processes_fops);
	debugfs_create_file("scrub", 0600, folder, NULL, &scrub_fops);
	pagefold_debug_add(folder);
}

void pagefold_debugfs_remove(void)
{
	debugfs_remove_recursive(folder);
}
