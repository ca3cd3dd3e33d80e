/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test that lingers and the keeper that it asks have in common.
 */
#ifndef PAGEFOLD_KEEPER_H
#define PAGEFOLD_KEEPER_H

#include <sys/un.h>

/* An abstract name: open to a test that became another user. */
#define KEEPER_ADDRESS							\
	{ .sun_family = AF_UNIX, .sun_path = "\0pagefold upstream keeper" }

#endif
