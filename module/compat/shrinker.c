// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include "shrinker.h"

#ifdef PAGEFOLD_HAS_SHRINKER_ALLOC
static struct shrinker *shrinker;

int pagefold_shrinker_add(unsigned long (*count)(struct shrinker *shrinker,
						 struct shrink_control *sc),
			  unsigned long (*scan)(struct shrinker *shrinker,
						struct shrink_control *sc))
{
	shrinker = shrinker_alloc(0, "pagefold");
	if (!shrinker)
		return -ENOMEM;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker_register(shrinker);
	return 0;
}

void pagefold_shrinker_remove(void)
{
	shrinker_free(shrinker);
}
#else
static struct shrinker shrinker = { .seeks = DEFAULT_SEEKS };

int pagefold_shrinker_add(unsigned long (*count)(struct shrinker *shrinker,
						 struct shrink_control *sc),
			  unsigned long (*scan)(struct shrinker *shrinker,
						struct shrink_control *sc))
{
	shrinker.count_objects = count;
	shrinker.scan_objects = scan;
	return register_shrinker(&shrinker, "pagefold");
}

void pagefold_shrinker_remove(void)
{
	unregister_shrinker(&shrinker);
}
#endif
