// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "pagefold: " fmt

#include <linux/module.h>
#include "bytes.h"
#include "compat/symbols.h"
#include "debugfs.h"
#include "frame.h"
#include "hotplug.h"
#include "pagefold.h"
#include "pressure.h"
#include "scan.h"
#include "scrub.h"
#include "sysfs.h"

struct pagefold_index pagefold_index;
struct pagefold_seed pagefold_seed;

static int __init pagefold_init(void)
{
	int err;

	if (!IS_ENABLED(CONFIG_KSM)) {
		pr_err("cannot load: this kernel lacks CONFIG_KSM\n");
		return -EOPNOTSUPP;
	}
	err = pagefold_symbols_resolve();
	if (err)
		return err;
	pagefold_bytes_init();
	pagefold_fingerprint_seed(&pagefold_seed);
	pagefold_frame_init();
	err = pagefold_index_init(&pagefold_index);
	if (err)
		return err;
	err = pagefold_hotplug_watch();
	if (err)
		goto exit_index;
	err = pagefold_scan_start();
	if (err)
		goto unwatch_hotplug;
	err = pagefold_pressure_watch();
	if (err)
		goto stop_scan;
	err = pagefold_scrub_start();
	if (err)
		goto unwatch_pressure;
	err = pagefold_sysfs_add();
	if (err)
		goto stop_scrub;
	pagefold_debugfs_add();
	return 0;

stop_scrub:
	pagefold_scrub_stop();
unwatch_pressure:
	pagefold_pressure_unwatch();
stop_scan:
	pagefold_scan_stop();
	pagefold_frame_release_all();
unwatch_hotplug:
	pagefold_hotplug_unwatch();
exit_index:
	pagefold_index_exit(&pagefold_index);
	return err;
}

static void __exit pagefold_exit(void)
{
	pagefold_debugfs_remove();
	pagefold_sysfs_remove();
	pagefold_scrub_stop();
	pagefold_pressure_unwatch();
	pagefold_scan_stop();
	pagefold_frame_release_all();
	pagefold_hotplug_unwatch();
	pagefold_index_exit(&pagefold_index);
}

module_init(pagefold_init);
module_exit(pagefold_exit);

MODULE_DESCRIPTION("Folds memory pages with equal content into one");
MODULE_AUTHOR("The pagefold authors");
MODULE_LICENSE("GPL");
