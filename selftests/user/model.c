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
		return (512 << m.shift) - MIDDLE / 2 + slot;
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

static bool in_bucket(unsigned int slot, u32 bucket)
{
	return linked(slot) &&
	       (pagefold_tag_bits(m.tag[slot]) & m.mask) == bucket;
}

unsigned int bucket_size(u32 tag)
{
	u32 bucket = pagefold_tag_bits(tag) & m.mask;
	unsigned int slot, n = 0;

	for (slot = 0; slot < SLOTS; slot++)
		n += in_bucket(slot, bucket);
	return n;
}

static void check_bucket(u32 bucket)
{
	u64 newer = U64_MAX;
	unsigned int n = 0;
	u32 pfn, slot;

	for (pfn = m.ix.heads[bucket]; pfn; n++) {
		slot = slot_of(pfn);
		CHECK(in_bucket(slot, bucket));
		CHECK(m.linked_at[slot] < newer);
		newer = m.linked_at[slot];
		pfn = pagefold_entries_at(&m.ix.entries, pfn)->next;
	}
	CHECK(n == bucket_size(bucket));
}

void model_check(void)
{
	unsigned int slot;
	u32 bucket;

	for (slot = 0; slot < SLOTS; slot++)
		CHECK(pagefold_index_tag(&m.ix, pfn_of(slot)) == m.tag[slot]);
	for (bucket = 0; bucket <= m.mask; bucket++)
		check_bucket(bucket);
	CHECK(pagefold_index_bytes(&m.ix) == (u64)env_live_bytes);
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
	if (!m.leaf[section / 512] && allocation_fails())
		return -ENOMEM;
	m.leaf[section / 512] = true;
	if (allocation_fails())
		return -ENOMEM;
	note_section(section);
	return 0;
}

int expect_insert(unsigned int slot, u32 tag)
{
	int err = expect_prepare(slot);

	if (err)
		return err;
	if (linked(slot))
		m.tag[slot] = 0;
	if (bucket_size(tag) == PAGEFOLD_INDEX_BUCKET_MAX)
		return -ENOSPC;
	m.tag[slot] = tag;
	m.linked_at[slot] = m.clock++;
	return 0;
}

void model_insert(unsigned int slot, u32 tag)
{
	int err = expect_insert(slot, tag);

	CHECK(pagefold_index_insert(&m.ix, pfn_of(slot), tag) == err);
}

void model_init(unsigned int shift, unsigned long pages)
{
	memset(&m, 0, sizeof(m));
	env_fail_in = 0;
	m.shift = shift;
	env_section_shift = shift;
	m.mask = pages ? rounddown_pow_of_two(pages) - 1 : 0;
	CHECK(!pagefold_index_init(&m.ix, pages));
	model_check();
}

void model_exit(void)
{
	pagefold_index_exit(&m.ix);
	CHECK(!env_live && !env_live_bytes);
}
