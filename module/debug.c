// SPDX-License-Identifier: GPL-2.0
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/highmem.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include "debug.h"
#include "frame.h"
#include "twin.h"

static char *missing;
module_param(missing, charp, 0);
MODULE_PARM_DESC(missing, "debug: take this symbol for missing, * for all");

bool pagefold_debug_hides(const char *name)
{
	return missing && (!strcmp(missing, "*") || !strcmp(missing, name));
}

static void flip_bit(struct page *page)
{
	u8 *bytes = kmap_local_page(page);

	bytes[PAGE_SIZE / 2] ^= 1;
	kunmap_local(bytes);
}

static int damage(void *unused, u64 pfn)
{
	struct page *page = pagefold_twin_get(pfn);
	int err = -ENOENT;

	if (!page)
		return err;
	if (pagefold_frame_is_held(page)) {
		flip_bit(page);
		err = 0;
	}
	put_page(page);
	return err;
}
DEFINE_DEBUGFS_ATTRIBUTE(damage_fops, NULL, damage, "%llu\n");

static u32 hold_up_ms;

void pagefold_debug_hold_up(void)
{
	u32 ms = xchg(&hold_up_ms, 0);

	if (ms)
		msleep(ms);
}

void pagefold_debug_add(struct dentry *folder)
{
	debugfs_create_file_unsafe("damage", 0200, folder, NULL, &damage_fops);
	debugfs_create_u32("hold_up", 0600, folder, &hold_up_ms);
}
