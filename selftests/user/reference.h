/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fingerprint by schoolbook arithmetic, slowly.
 */
#ifndef _PAGEFOLD_REFERENCE_H
#define _PAGEFOLD_REFERENCE_H

#include "fingerprint.h"

u64 reference_fingerprint(const struct pagefold_seed *seed, const u64 *page);
u64 reference_avx2_fingerprint(const struct pagefold_seed *seed,
			       const u64 *page);

#endif /* _PAGEFOLD_REFERENCE_H */
