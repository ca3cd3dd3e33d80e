/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /sys/kernel/debug/pagefold, described in Documentation/admin-guide.rst.
 */
#ifndef PAGEFOLD_DEBUGFS_H
#define PAGEFOLD_DEBUGFS_H

/* Add the folder. It is an extra: nothing depends on whether it is there. */
void pagefold_debugfs_add(void);

/* Remove it; waits for readers. */
void pagefold_debugfs_remove(void);

#endif
