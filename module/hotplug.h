/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that is taken away while pagefold is loaded. (Added memory needs
 * nothing: the index grows where it is used.)
 */
#ifndef PAGEFOLD_HOTPLUG_H
#define PAGEFOLD_HOTPLUG_H

/**
 * pagefold_hotplug_watch() - be told when memory goes offline.
 *
 * Return: 0 or what register_memory_notifier() returns.
 */
int pagefold_hotplug_watch(void);

void pagefold_hotplug_unwatch(void);

#endif
