/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tells selftests/tools/profile.c, in an emulator, where a phase ends: a no-op
 * that compilers do not make. Anywhere else it does nothing.
 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

#define MARK_BYTES { 0x0f, 0x1f, 0x80, 0x66, 0x6f, 0x6c, 0x64 }

static inline void mark_phase(void)
{
	__asm__ volatile (".byte 0x0f, 0x1f, 0x80, 0x66, 0x6f, 0x6c, 0x64");
}

#endif
