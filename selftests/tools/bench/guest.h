/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest of KVM whose memory is what is scanned.
 */
#ifndef BENCH_GUEST_H
#define BENCH_GUEST_H

#include "memory.h"

/* The pages of memory_duplicates(), all of them read and written by a guest. */
void guest_duplicates(struct memory *memory);

#endif
