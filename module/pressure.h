/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory pressure: frames cannot be swapped, so they must give way.
 */
#ifndef PAGEFOLD_PRESSURE_H
#define PAGEFOLD_PRESSURE_H

/**
 * pagefold_pressure_watch() - be told when memory is short.
 *
 * Return: 0 or -ENOMEM.
 */
int pagefold_pressure_watch(void);

void pagefold_pressure_unwatch(void);

#endif
