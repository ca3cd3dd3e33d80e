// SPDX-License-Identifier: GPL-2.0
#include <linux/memory.h>
#include <linux/notifier.h>
#include "hotplug.h"
#include "pagefold.h"
#include "scan.h"

/*
 * The scanner is kept off: it may hold a frame number from the index that it
 * has not looked up yet, and struct page may go with the memory.
 */
static int notify(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct memory_notify *gone = data;

	if (action == MEM_OFFLINE) {
		pagefold_scan_hold();
		pagefold_index_forget(&pagefold_index, gone->start_pfn,
				      gone->nr_pages);
		pagefold_scan_release();
	}
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = notify };

int pagefold_hotplug_watch(void)
{
	return register_memory_notifier(&notifier);
}

void pagefold_hotplug_unwatch(void)
{
	unregister_memory_notifier(&notifier);
}
