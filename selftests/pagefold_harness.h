/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's harness, as the pagefold tests use it. Included by each test
 * program once, never by the helpers: the harness defines functions.
 */
#ifndef PAGEFOLD_HARNESS_H
#define PAGEFOLD_HARNESS_H

#include "kselftest_harness.h"
#include "pagefold.h"

/* Emulated machines are slow; a test that hangs is what this is for. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#endif /* PAGEFOLD_HARNESS_H */
