/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KTAP from a table of tests.
 */
#ifndef _PAGEFOLD_KTAP_H
#define _PAGEFOLD_KTAP_H

#include <stdbool.h>
#include <stdio.h>

struct ktap_test {
	const char *name;
	void (*run)(void);
};

/* Set by EXPECT(); any thread may. */
extern bool ktap_failed;

/* A test goes on after it failed, but says only where it failed first. */
#define EXPECT(cond)							\
	do {								\
		if (!(cond) &&						\
		    !__atomic_exchange_n(&ktap_failed, true,		\
					 __ATOMIC_RELAXED))		\
			printf("# %s:%d: %s\n", __FILE__, __LINE__,	\
			       #cond);					\
	} while (0)

/*
 * Run them all; argv[1] may give the seed of a run to repeat.
 * Return: the exit code, 1 when a test failed.
 */
int ktap_main(int argc, char **argv, const struct ktap_test *tests,
	      unsigned int n);

#endif /* _PAGEFOLD_KTAP_H */
