/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PAGEFOLD_COMPAT_SHRINKER_H
#define PAGEFOLD_COMPAT_SHRINKER_H

#include <linux/mm.h>
#include <linux/shrinker.h>

/**
 * pagefold_shrinker_add() - register the module's shrinker.
 * @count: as in struct shrinker.
 * @scan: as in struct shrinker.
 *
 * Return: 0 or -ENOMEM.
 */
int pagefold_shrinker_add(unsigned long (*count)(struct shrinker *shrinker,
						 struct shrink_control *sc),
			  unsigned long (*scan)(struct shrinker *shrinker,
						struct shrink_control *sc));

void pagefold_shrinker_remove(void);

#endif
