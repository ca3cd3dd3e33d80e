// SPDX-License-Identifier: GPL-2.0
/*
 * A simple model of the index, to compare it with.
 */
#include "model.h"

struct model m;

u64 pfn_of(unsigned int slot)
{
	if (slot < LOW)
		return slot;
	slot -= LOW;
	if (slot < MIDDLE)
		return (2048 << m.shift) - MIDDLE / 2 + slot;
	return limit() - (HIGH - BEYOND) + slot - MIDDLE;
}

static unsigned int slot_of(u64 pfn)
{
	u64 middle = pfn_of(LOW), high = pfn_of(LOW + MIDDLE);
	u64 slot = pfn < LOW ? pfn :
		   pfn < high ? pfn - middle + LOW :
				pfn - high + LOW + MIDDLE;

	CHECK(slot < SLOTS && pfn_of(slot) == pfn);
	return slot;
}

/* As many low bits as name a bucket that is there. */
static u32 bucket_of(u32 tag)
{
	u32 bits = pagefold_tag_bits(tag), size = BIT(28);

	while (bits % size >= m.count)
		size /= 2;
	return bits % size;
}

static bool in_bucket(unsigned int slot, u32 bucket)
{
	return linked(slot) && bucket_of(m.tag[slot]) == bucket;
}

unsigned int bucket_size(u32 tag)
{
	u32 bucket = bucket_of(tag);
	unsigned int slot, n = 0;

	for (slot = 0; slot < SLOTS; slot++)
		n += in_bucket(slot, bucket);
	return n;
}

static unsigned int check_bucket(u32 bucket)
{
	u64 newer = U64_MAX;
	unsigned int n = 0;
	u32 pfn, slot;

	for (pfn = *pagefold_buckets_at(&m.ix.buckets, bucket); pfn; n++) {
		slot = slot_of(pfn);
		CHECK(in_bucket(slot, bucket));
		CHECK(m.linked_at[slot] < newer);
		newer = m.linked_at[slot];
		pfn = pagefold_entries_at(&m.ix.entries, pfn)->next;
	}
	return n;
}

static unsigned int count_linked(void)
{
	unsigned int slot, n = 0;

	for (slot = 0; slot < SLOTS; slot++)
		n += linked(slot);
	return n;
}

void model_check(void)
{
	unsigned int slot, n = 0;
	u32 bucket;

	for (slot = 0; slot < SLOTS; slot++)
		CHECK(pagefold_index_tag(&m.ix, pfn_of(slot)) == m.tag[slot]);
	CHECK(m.ix.buckets.count == m.count);
	for (bucket = 0; bucket < m.count; bucket++)
		n += check_bucket(bucket);
	CHECK(n == count_linked());
	CHECK(atomic_long_read(&m.ix.buckets.linked) == n);
	CHECK(pagefold_index_bytes(&m.ix) == sizeof(m.ix) + env_live_bytes);
	CHECK(m.fail_in == env_fail_in);
}

static bool allocation_fails(void)
{
	return m.fail_in && !--m.fail_in;
}

static void note_section(u64 section)
{
	unsigned int slot;

	for (slot = 0; slot < SLOTS; slot++)
		if (pfn_of(slot) >> m.shift == section)
			m.section[slot] = true;
}

int expect_prepare(unsigned int slot)
{
	u64 pfn = pfn_of(slot), section = pfn >> m.shift;

	if (!pfn || pfn >= limit())
		return -ERANGE;
	if (m.section[slot])
		return 0;
	if (!m.leaf[section / 2048] && allocation_fails())
		return -ENOMEM;
	m.leaf[section / 2048] = true;
	if (allocation_fails())
		return -ENOMEM;
	note_section(section);
	return 0;
}

/* Leaves of 512 chunks; the first of both is there from the beginning. */
static void expect_growth(void)
{
	if (count_linked() <= 2 * m.count || m.count == BIT(18 + m.chunk_shift))
		return;
	if (m.count == m.chunks << m.chunk_shift) {
		if (m.chunks == 512 * m.bucket_leaves) {
			if (allocation_fails())
				return;
			m.bucket_leaves++;
		}
		if (allocation_fails())
			return;
		m.chunks++;
	}
	m.count++;
}

int expect_link(unsigned int slot, u32 tag)
{
	if (bucket_size(tag) == PAGEFOLD_INDEX_BUCKET_MAX)
		return -ENOSPC;
	m.tag[slot] = tag;
	m.linked_at[slot] = m.clock++;
	expect_growth();
	return 0;
}

int expect_insert(unsigned int slot, u32 tag)
{
	int err = expect_prepare(slot);

	if (err)
		return err;
	if (linked(slot))
		m.tag[slot] = 0;
	return expect_link(slot, tag);
}

void model_insert(unsigned int slot, u32 tag)
{
	int err = expect_insert(slot, tag);

	CHECK(pagefold_index_insert(&m.ix, pfn_of(slot), tag) == err);
}

void model_init(unsigned int shift, unsigned int chunk_shift)
{
	memset(&m, 0, sizeof(m));
	env_fail_in = 0;
	m.shift = shift;
	m.chunk_shift = chunk_shift;
	env_section_shift = shift;
	env_chunk_shift = chunk_shift;
	m.count = BIT(chunk_shift);
	m.chunks = 1;
	m.bucket_leaves = 1;
	CHECK(!pagefold_index_init(&m.ix));
	model_check();
}

void model_exit(void)
{
	pagefold_index_exit(&m.ix);
	CHECK(!env_live && !env_live_bytes);
}
