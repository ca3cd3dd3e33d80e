/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /sys/kernel/mm/pagefold, described in Documentation/admin-guide.rst.
 */
#ifndef PAGEFOLD_SYSFS_H
#define PAGEFOLD_SYSFS_H

/**
 * pagefold_sysfs_add() - add the folder.
 *
 * Return: 0 or -ENOMEM, or what sysfs_create_group() returns.
 */
int pagefold_sysfs_add(void);

/* Remove it; waits for readers and writers. */
void pagefold_sysfs_remove(void);

#endif
