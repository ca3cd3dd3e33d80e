// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "pagefold: " fmt

#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kobject.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/static_call.h>
#include <linux/string.h>
#include "../debug.h"
#include "kernel.h"
#include "symbols.h"

/*
 * A direct call, patched into our own text, needs neither ENDBR nor a kCFI
 * hash at its target; a call through a pointer from kallsyms would need both.
 * So every looked-up function is called through a static call and only so.
 */
#define X(name) DEFINE_STATIC_CALL_NULL(pagefold_##name, name);
PAGEFOLD_SYMBOLS(X)
#undef X

DEFINE_STATIC_CALL_NULL(pagefold_lookup_name, kallsyms_lookup_name);

struct symbol {
	const char *name;
	struct static_call_key *key;
	void *trampoline;
	void *address;
};

#define X(symbol) {						\
	.name = #symbol,					\
	.key = &STATIC_CALL_KEY(pagefold_##symbol),		\
	.trampoline = STATIC_CALL_TRAMP_ADDR(pagefold_##symbol),\
},
static struct symbol symbols[] = { PAGEFOLD_SYMBOLS(X) };
#undef X

static struct kobject **mm_kobj_address;

/*
 * kallsyms_lookup_name() is not exported since 5.7, a kprobe still resolves
 * it. On ENDBR sites the probe's address is 4 past the symbol (from 5.18
 * on): as good an entry for a direct call as the symbol itself.
 */
static int __init find_lookup_name(void)
{
	struct kprobe probe = {
		.symbol_name = "kallsyms_lookup_name",
		/* Only its address is wanted: no text is patched for it. */
		.flags = KPROBE_FLAG_DISABLED,
	};
	int err = register_kprobe(&probe);

	if (err) {
		pr_err("cannot load: this kernel resolves no symbols (kprobe on kallsyms_lookup_name: %d); CONFIG_KPROBES and CONFIG_KALLSYMS are needed\n",
		       err);
		return -EOPNOTSUPP;
	}
	__static_call_update(&STATIC_CALL_KEY(pagefold_lookup_name),
			     STATIC_CALL_TRAMP_ADDR(pagefold_lookup_name),
			     probe.addr);
	unregister_kprobe(&probe);
	return 0;
}

static void *__init find(const char *name)
{
	if (pagefold_debug_hides(name))
		return NULL;
	return (void *)static_call(pagefold_lookup_name)(name);
}

/* Appends @name to the list of what is missing; a full list is cut short. */
static void __init add_missing(char *list, size_t size, const char *name)
{
	strlcat(list, " ", size);
	strlcat(list, name, size);
}

static void __init find_all(char *missing, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(symbols); i++) {
		symbols[i].address = find(symbols[i].name);
		if (!symbols[i].address)
			add_missing(missing, size, symbols[i].name);
	}
	mm_kobj_address = find("mm_kobj");
	if (!mm_kobj_address)
		add_missing(missing, size, "mm_kobj");
}

int __init pagefold_symbols_resolve(void)
{
	static char missing[1024] __initdata;
	size_t i;
	int err = find_lookup_name();

	if (err)
		return err;
	find_all(missing, sizeof(missing));
	if (missing[0]) {
		pr_err("cannot load: this kernel lacks%s\n", missing);
		return -ENOENT;
	}
	for (i = 0; i < ARRAY_SIZE(symbols); i++)
		__static_call_update(symbols[i].key, symbols[i].trampoline,
				     symbols[i].address);
	return 0;
}

struct kobject *pagefold_mm_kobj(void)
{
	return *mm_kobj_address;
}
