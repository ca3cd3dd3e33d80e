/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A simple model of the index, to compare it with.
 *
 * The model is one array of tags. What is in which bucket, and in which order,
 * follows from the tags and from when each was linked.
 */
#ifndef _PAGEFOLD_MODEL_H
#define _PAGEFOLD_MODEL_H

#include "env.h"
#include "index.h"

#define CHECK(cond)							\
	do {								\
		if (!(cond))						\
			env_bug(#cond, __FILE__, __LINE__);		\
	} while (0)

/*
 * Frame numbers that the steps use, as slots in ascending order: the low ones,
 * those around the end of the first leaf, those around the limit.
 */
#define LOW	320
#define MIDDLE	128
#define HIGH	64
#define BEYOND	8	/* of the high ones, cannot be stored */
#define SLOTS	(LOW + MIDDLE + HIGH)

struct model {
	struct pagefold_index ix;
	unsigned int shift;
	unsigned int chunk_shift;
	u32 count;		/* of buckets */
	u32 chunks;		/* of heads */
	u32 bucket_leaves;	/* of chunks */
	u32 tag[SLOTS];
	u64 linked_at[SLOTS];
	u64 clock;
	bool section[SLOTS];
	bool leaf[PAGEFOLD_ENTRIES_LEAVES];
	long fail_in;		/* as env_fail_in */
};

extern struct model m;

static inline u64 limit(void)
{
	return BIT_ULL(23 + m.shift);
}

static inline bool linked(unsigned int slot)
{
	return pagefold_tag_is_linked(m.tag[slot]);
}

u64 pfn_of(unsigned int slot);

/* How many are in the bucket of @tag. */
unsigned int bucket_size(u32 tag);

/*
 * An empty index and model, with 2^@shift pages in a section and 2^@chunk_shift
 * buckets to begin with; and the end of both.
 */
void model_init(unsigned int shift, unsigned int chunk_shift);
void model_exit(void);

/* A difference between the index and the model ends the program. */
void model_check(void);

/* What the index must return, done in the model. */
int expect_prepare(unsigned int slot);
int expect_link(unsigned int slot, u32 tag);
int expect_insert(unsigned int slot, u32 tag);

/* Do both. */
void model_insert(unsigned int slot, u32 tag);

/* Read @data as a list of steps to take, checking after each. */
void model_run(const u8 *data, size_t len);

#endif /* _PAGEFOLD_MODEL_H */
