/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tag: what is known about one page, in 32 bits.
 */
#ifndef _PAGEFOLD_TAG_H
#define _PAGEFOLD_TAG_H

#include "index_env.h"

/*
 *          31 30 29 28 27                                        0
 *         +--+--+--+--+-------------------------------------------+
 * heat    | 0  0  0  0|  0 ... 0                    |  0 .. 63    |
 *         +--+--+--+--+-------------------------------------------+
 * seen    | 0  1  0  1|  fingerprint bits, never below 64         |
 *         +--+--+--+--+-------------------------------------------+
 * frame   | 0  1  1| S|  fingerprint bits, never below 64         |
 *         +--+--+--+--+-------------------------------------------+
 * candi-  | 1|  ident |  fingerprint bits, never below 64         |
 * date    +--+--+--+--+-------------------------------------------+
 *
 * heat: 0 = never seen, 1..6 = how often in a row it was found written, 32..37
 *	= how often folding it was tried in vain, 63 = a frame that takes no
 *	more mappings. Such an entry is in no bucket.
 * seen: this was the content at the last visit, of a page that may be written
 *	unseen. Such an entry is in no bucket either; all others are "linked".
 * ident: three bits of a hash of where the page is mapped, so that another
 *	page at the same frame number is noticed (7 times out of 8).
 * S: shared; 0 is lonely: a sweep found that one mapping of this frame is
 *	left.
 *
 * The order is that of how much is to be done: from a shared frame upwards a
 * page is at rest, which the walk asks for each page in each pass.
 *
 * The bucket is chosen by the fingerprint bits alone: whatever is linked can
 * be unlinked by its tag, without knowing the content it stood for, and the
 * candidates and frames of one content are in one bucket.
 */
#define PAGEFOLD_TAG_BITS	0x0fffffffU
#define PAGEFOLD_TAG_IDENT	0x70000000U
#define PAGEFOLD_TAG_SEEN	0x50000000U
#define PAGEFOLD_TAG_FRAME	0x60000000U
#define PAGEFOLD_TAG_SHARED	0x10000000U
#define PAGEFOLD_TAG_CANDIDATE	0x80000000U
#define PAGEFOLD_TAG_IDENT_SHIFT	28
#define PAGEFOLD_HEAT_MAX	63U
#define PAGEFOLD_HOT_MAX	6U
#define PAGEFOLD_RETRY		32U
#define PAGEFOLD_RETRY_MAX	(PAGEFOLD_RETRY + 5U)
#define PAGEFOLD_FULL		PAGEFOLD_HEAT_MAX

static_assert((PAGEFOLD_TAG_BITS | PAGEFOLD_TAG_IDENT |
	       PAGEFOLD_TAG_CANDIDATE) == 0xffffffffU);
static_assert((PAGEFOLD_TAG_BITS ^ PAGEFOLD_TAG_IDENT ^
	       PAGEFOLD_TAG_CANDIDATE) == 0xffffffffU);
static_assert(PAGEFOLD_TAG_IDENT >> PAGEFOLD_TAG_IDENT_SHIFT == 7);
static_assert((PAGEFOLD_TAG_SEEN & PAGEFOLD_TAG_BITS) == 0);
static_assert((PAGEFOLD_TAG_SEEN | PAGEFOLD_TAG_BITS) + 1 ==
	      PAGEFOLD_TAG_FRAME);
static_assert((PAGEFOLD_TAG_FRAME | PAGEFOLD_TAG_BITS) + 1 ==
	      (PAGEFOLD_TAG_FRAME | PAGEFOLD_TAG_SHARED));
static_assert((PAGEFOLD_TAG_FRAME | PAGEFOLD_TAG_SHARED |
	       PAGEFOLD_TAG_BITS) + 1 == PAGEFOLD_TAG_CANDIDATE);
static_assert(PAGEFOLD_HEAT_MAX < PAGEFOLD_TAG_BITS);
static_assert(PAGEFOLD_RETRY_MAX < PAGEFOLD_FULL);

/* 28 of the 64 bits; those that would read as heat move up by 64. */
static inline u32 pagefold_tag_bits_of(u64 fingerprint)
{
	u32 bits = fingerprint & PAGEFOLD_TAG_BITS;

	return bits > PAGEFOLD_HEAT_MAX ? bits : bits + PAGEFOLD_HEAT_MAX + 1;
}

static inline u32 pagefold_tag_candidate(u64 fingerprint, unsigned int ident)
{
	return pagefold_tag_bits_of(fingerprint) | PAGEFOLD_TAG_CANDIDATE |
	       ((ident << PAGEFOLD_TAG_IDENT_SHIFT) & PAGEFOLD_TAG_IDENT);
}

/* The tag of a frame, shared or lonely. */
static inline u32 pagefold_tag_set_lonely(u32 tag, bool lonely)
{
	return lonely ? tag & ~PAGEFOLD_TAG_SHARED : tag | PAGEFOLD_TAG_SHARED;
}

static inline u32 pagefold_tag_frame(u64 fingerprint)
{
	return pagefold_tag_bits_of(fingerprint) | PAGEFOLD_TAG_FRAME |
	       PAGEFOLD_TAG_SHARED;
}

static inline u32 pagefold_tag_seen(u64 fingerprint)
{
	return pagefold_tag_bits_of(fingerprint) | PAGEFOLD_TAG_SEEN;
}

static inline bool pagefold_tag_is_linked(u32 tag)
{
	return tag >= PAGEFOLD_TAG_FRAME;
}

/* Does it say what the content was? */
static inline bool pagefold_tag_is_known(u32 tag)
{
	return tag > PAGEFOLD_HEAT_MAX;
}

/* Nothing that is known is below it. */
static inline bool pagefold_tag_is_seen(u32 tag)
{
	return pagefold_tag_is_known(tag) && !pagefold_tag_is_linked(tag);
}

static inline bool pagefold_tag_is_candidate(u32 tag)
{
	return tag & PAGEFOLD_TAG_CANDIDATE;
}

static inline bool pagefold_tag_is_frame(u32 tag)
{
	return pagefold_tag_is_linked(tag) && !pagefold_tag_is_candidate(tag);
}

static inline bool pagefold_tag_is_lonely(u32 tag)
{
	return pagefold_tag_is_frame(tag) && !(tag & PAGEFOLD_TAG_SHARED);
}

/* A frame that is not lonely, or a candidate. */
static inline bool pagefold_tag_is_at_rest(u32 tag)
{
	return tag >= (PAGEFOLD_TAG_FRAME | PAGEFOLD_TAG_SHARED);
}

/* The first alone: as signed numbers, the highest there are. */
static inline bool pagefold_tag_is_shared(u32 tag)
{
	return (s32)tag >= (s32)(PAGEFOLD_TAG_FRAME | PAGEFOLD_TAG_SHARED);
}

/* 0 for what is linked as well: a page that settled is cold. */
static inline unsigned int pagefold_tag_heat(u32 tag)
{
	return pagefold_tag_is_known(tag) ? 0 : tag;
}

static inline bool pagefold_tag_is_hot(u32 tag)
{
	return tag && tag <= PAGEFOLD_HOT_MAX;
}

static inline bool pagefold_tag_is_retry(u32 tag)
{
	return tag >= PAGEFOLD_RETRY && tag <= PAGEFOLD_RETRY_MAX;
}

/* Only candidates have one. */
static inline unsigned int pagefold_tag_ident(u32 tag)
{
	return (tag & PAGEFOLD_TAG_IDENT) >> PAGEFOLD_TAG_IDENT_SHIFT;
}

static inline u32 pagefold_tag_bits(u32 tag)
{
	return tag & PAGEFOLD_TAG_BITS;
}

#endif /* _PAGEFOLD_TAG_H */
