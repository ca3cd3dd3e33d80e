// SPDX-License-Identifier: GPL-2.0
#include <linux/cred.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/sysfs.h>
#include "compat/symbols.h"
#include "pagefold.h"
#include "settings.h"
#include "sysfs.h"

#define SHOW(name, format, value)					\
static ssize_t name##_show(struct kobject *kobj,			\
			   struct kobj_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, format "\n", value);			\
}

#define STORE(name, set)						\
static ssize_t name##_store(struct kobject *kobj,			\
			    struct kobj_attribute *attr,		\
			    const char *buf, size_t count)		\
{									\
	int err = set;							\
									\
	return err ? err : count;					\
}

#define SETTING(name, set)						\
SHOW(name, "%u", pagefold_setting(name))				\
STORE(name, set)							\
static struct kobj_attribute name##_attr = __ATTR_RW(name)

#define FIGURE(name, format, value)					\
SHOW(name, format, value)						\
static struct kobj_attribute name##_attr = __ATTR_RO(name)

SETTING(run, pagefold_run_set(buf));
SETTING(cpu_percent, pagefold_number_set(&pagefold_cpu_percent, buf));
SETTING(settle_ms, pagefold_number_set(&pagefold_settle_ms, buf));
SETTING(use_zero_pages, pagefold_zero_set(buf));
SETTING(scrub_per_second,
	pagefold_number_set(&pagefold_scrub_per_second, buf));

static ssize_t scope_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return pagefold_scope_show(buf);
}

STORE(scope, pagefold_scope_set(buf))
static struct kobj_attribute scope_attr = __ATTR_RW(scope);

/* Up to date for root alone: others must not keep the frames' lock busy. */
static struct pagefold_sharing sharing(void)
{
	return uid_eq(current_euid(), GLOBAL_ROOT_UID) ?
	       pagefold_sharing_now() : pagefold_sharing_recent();
}

/* Mappings beyond the first of each frame: what is saved, as KSM counts it. */
static unsigned long pages_sharing(void)
{
	struct pagefold_sharing now = sharing();

	return now.mappings - now.frames;
}

static long long general_profit(void)
{
	struct pagefold_sharing now = sharing();

	return pagefold_bytes_saved(&now) - pagefold_bytes_metadata();
}

FIGURE(pages_shared, "%lu", sharing().frames);
FIGURE(pages_sharing, "%lu", pages_sharing());
FIGURE(pages_scanned, "%llu", (u64)pagefold_counted(visited));
FIGURE(full_scans, "%llu", (u64)pagefold_counted(passes));
FIGURE(zero_pages, "%llu", (u64)pagefold_counted(folded_zero));
FIGURE(general_profit, "%lld", general_profit());

static struct attribute *attributes[] = {
	&run_attr.attr,
	&scope_attr.attr,
	&cpu_percent_attr.attr,
	&settle_ms_attr.attr,
	&use_zero_pages_attr.attr,
	&scrub_per_second_attr.attr,
	&pages_shared_attr.attr,
	&pages_sharing_attr.attr,
	&pages_scanned_attr.attr,
	&full_scans_attr.attr,
	&zero_pages_attr.attr,
	&general_profit_attr.attr,
	NULL,
};

static const struct attribute_group group = { .attrs = attributes };

static struct kobject *folder;

int pagefold_sysfs_add(void)
{
	int err;

	folder = kobject_create_and_add("pagefold", pagefold_mm_kobj());
	if (!folder)
		return -ENOMEM;
	err = sysfs_create_group(folder, &group);
	if (err)
		kobject_put(folder);
	return err;
}

void pagefold_sysfs_remove(void)
{
	sysfs_remove_group(folder, &group);
	kobject_put(folder);
}
