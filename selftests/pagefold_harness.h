/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's harness, as the pagefold tests use it. Included by each test
 * program once, never by the helpers: the harness defines functions.
 */
#ifndef PAGEFOLD_HARNESS_H
#define PAGEFOLD_HARNESS_H

#include "pagefold.h"

/* Emulated machines are slow, some kernels more; the harness sets its limits. */
static inline unsigned int pf_alarm(unsigned int seconds)
{
	return alarm(seconds * pf_slowness());
}

#define alarm pf_alarm
#include "kselftest_harness.h"
#undef alarm

/* A test that hangs is what this is for. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

/* A fixture whose tests run with each kind of swap space. */
#define PF_SWAP_VARIANTS(fixture)				\
	FIXTURE_VARIANT(fixture) { bool zram; };		\
	FIXTURE_VARIANT_ADD(fixture, zram) { .zram = true };	\
	FIXTURE_VARIANT_ADD(fixture, file) { .zram = false }

#endif /* PAGEFOLD_HARNESS_H */
