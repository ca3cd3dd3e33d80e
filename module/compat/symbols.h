/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions of mm that pagefold calls and the kernel does not export.
 *
 * pagefold_symbols_resolve() looks all of them up. symbols.c then defines
 * each under the kernel's own name and prototype, forwarding to a static
 * call, so the rest of the module (and the kernel's inline helpers in it)
 * reads and links like code in mm/.
 */
#ifndef PAGEFOLD_COMPAT_SYMBOLS_H
#define PAGEFOLD_COMPAT_SYMBOLS_H

struct kobject;

/**
 * pagefold_symbols_resolve() - find every unexported symbol, or refuse.
 *
 * Context: Process context, before anything else of the module runs.
 * Return: 0; -EOPNOTSUPP when the kernel has no way to look symbols up;
 * -ENOENT when some are missing. One log line names all of them.
 */
int pagefold_symbols_resolve(void);

/**
 * pagefold_mm_kobj() - the kobject of /sys/kernel/mm.
 *
 * Context: After pagefold_symbols_resolve() succeeded.
 */
struct kobject *pagefold_mm_kobj(void);

#endif
