// SPDX-License-Identifier: GPL-2.0
/*
 * Steps that the index and its model take together, read from bytes.
 */
#include "model.h"

static const u8 *data, *data_end;

static u8 next_byte(void)
{
	return data < data_end ? *data++ : 0;
}

static unsigned int next_slot(void)
{
	return (next_byte() | next_byte() << 8) % SLOTS;
}

/*
 * Few contents, so that they meet; some differ only outside of the bucket, some
 * in bits that tell buckets once there are more of them.
 */
static u32 next_tag(void)
{
	u8 byte = next_byte();
	u64 fingerprint = (byte & 7) | (u64)(next_byte() & 3) << 5 |
			  (u64)(byte & 8) << 24 | (u64)(byte & 16) << 40;

	return byte & 32 ? pagefold_tag_frame(fingerprint) :
	       pagefold_tag_candidate(fingerprint, byte >> 6);
}

static void step_insert(void)
{
	unsigned int slot = next_slot();

	model_insert(slot, next_tag());
}

/* Enough of one content to meet the bounds. */
static void step_insert_many(void)
{
	unsigned int slot = next_slot(), n = next_byte() * 2;
	u32 tag = next_tag();

	while (n--)
		model_insert(slot++ % SLOTS, tag);
}

static void step_insert_unlinked(void)
{
	u32 tag = next_byte();

	tag = tag < 128 ? tag % 64 : pagefold_tag_seen(tag);
	CHECK(pagefold_index_insert(&m.ix, pfn_of(next_slot()), tag) ==
	      -EINVAL);
}

static void step_prepare(void)
{
	unsigned int slot = next_slot();
	int err = expect_prepare(slot);

	CHECK(pagefold_index_prepare(&m.ix, pfn_of(slot)) == err);
}

static void step_remove(void)
{
	unsigned int slot = next_slot();

	m.tag[slot] = 0;
	pagefold_index_remove(&m.ix, pfn_of(slot));
}

static void step_heat(void)
{
	unsigned int slot = next_slot(), heat = next_byte();
	u64 pfn = pfn_of(slot);
	int err = 0;

	if (!pfn || pfn >= limit())
		err = -ERANGE;
	else if (!m.section[slot])
		err = -ENOMEM;
	else
		m.tag[slot] = min(heat, 63);
	CHECK(pagefold_index_set_heat(&m.ix, pfn, heat) == err);
}

static void step_seen(void)
{
	unsigned int slot = next_slot(), fingerprint = next_byte();
	int err = expect_prepare(slot);

	if (!err)
		m.tag[slot] = pagefold_tag_seen(fingerprint);
	CHECK(pagefold_index_set_seen(&m.ix, pfn_of(slot), fingerprint) == err);
}

static void step_lonely(void)
{
	unsigned int slot = next_slot();
	bool lonely = next_byte() & 1;

	if (linked(slot) && !(m.tag[slot] & BIT(31)))
		m.tag[slot] = (m.tag[slot] & ~BIT(28)) | (u32)!lonely << 28;
	pagefold_index_set_lonely(&m.ix, pfn_of(slot), lonely);
}

static void step_forget(void)
{
	unsigned int slot = next_slot();
	u64 first = pfn_of(slot), n = next_byte() * 8;

	if (n == 255 * 8)
		n = U64_MAX;
	for (; slot < SLOTS && pfn_of(slot) - first < n; slot++)
		m.tag[slot] = 0;
	pagefold_index_forget(&m.ix, first, n);
}

/* What find() is expected to offer next, and how it will be answered. */
struct offers {
	u32 tag;
	u64 older_than;
	unsigned int n;
	unsigned int take_at;
	u8 drop;
	u8 hold;
	bool found;
};

/* The newest linked slot with these bits that is old enough, or SLOTS. */
static unsigned int next_offer(const struct offers *o)
{
	unsigned int slot, best = SLOTS;

	for (slot = 0; slot < SLOTS; slot++) {
		if (!linked(slot) || m.linked_at[slot] >= o->older_than ||
		    pagefold_tag_bits(m.tag[slot]) != pagefold_tag_bits(o->tag))
			continue;
		if (best == SLOTS || m.linked_at[slot] > m.linked_at[best])
			best = slot;
	}
	return best;
}

static enum pagefold_index_verdict check_offer(void *ctx, unsigned long pfn,
					       u32 tag)
{
	struct offers *o = ctx;
	unsigned int slot = next_offer(o);

	CHECK(env_locks_held == 1);
	CHECK(slot < SLOTS && pfn == pfn_of(slot) && tag == m.tag[slot]);
	o->older_than = m.linked_at[slot];
	if (o->n++ == o->take_at) {
		o->found = true;
		return PAGEFOLD_INDEX_TAKE;
	}
	if (o->drop >> (o->n % 8) & 1) {
		m.tag[slot] = 0;
		return PAGEFOLD_INDEX_DROP;
	}
	if (!(o->hold >> (o->n % 8) & 1))
		return PAGEFOLD_INDEX_SKIP;
	o->found = true;
	return PAGEFOLD_INDEX_HOLD;
}

static void check_offers(const struct offers *o)
{
	CHECK(o->n <= PAGEFOLD_INDEX_OFFERS_MAX);
	CHECK(o->n == PAGEFOLD_INDEX_OFFERS_MAX || o->n == o->take_at + 1 ||
	      next_offer(o) == SLOTS);
}

static void step_find(void)
{
	struct offers o = {
		.tag = next_tag(),
		.older_than = U64_MAX,
		.take_at = next_byte(),
		.drop = next_byte(),
		.hold = next_byte(),
	};
	bool empty = !bucket_size(o.tag);
	unsigned long locks = env_locks_taken;
	unsigned int n = pagefold_index_find(&m.ix, o.tag, check_offer, &o);

	CHECK(n == o.n);
	check_offers(&o);
	CHECK(env_locks_taken - locks == !empty);
}

static void step_find_or_insert(void)
{
	unsigned int slot = next_slot();
	u64 pfn = pfn_of(slot);
	bool stored = pfn && pfn < limit() && m.section[slot];
	struct offers o = {
		.tag = next_tag(),
		.older_than = U64_MAX,
		.take_at = next_byte(),
		.drop = next_byte(),
		.hold = next_byte() & next_byte(),
	};
	int err;

	if (stored && linked(slot))
		m.tag[slot] = 0;
	err = pagefold_index_find_or_insert(&m.ix, pfn, o.tag, check_offer, &o);
	check_offers(&o);
	if (o.found)
		CHECK(err == -EEXIST);
	else if (!stored)
		CHECK(err == -ENOENT);
	else
		CHECK(err == expect_link(slot, o.tag));
}

/* What sweep() is expected to visit next, and how it will be answered. */
struct visits {
	u64 next;
	u8 answers;
	bool taken;
};

static unsigned int next_linked(u64 pfn)
{
	unsigned int slot;

	for (slot = 0; slot < SLOTS; slot++)
		if (pfn_of(slot) >= pfn && linked(slot))
			break;
	return slot;
}

static enum pagefold_index_verdict check_visit(void *ctx, unsigned long pfn,
					       u32 tag)
{
	struct visits *v = ctx;
	unsigned int slot = next_linked(v->next);

	CHECK(!env_locks_held && !v->taken);
	CHECK(slot < SLOTS && pfn == pfn_of(slot) && tag == m.tag[slot]);
	v->next = pfn + 1;
	v->answers = v->answers >> 1 | v->answers << 7;
	switch (v->answers & 7) {
	case 0:
		v->taken = true;
		return PAGEFOLD_INDEX_TAKE;
	case 1: /* changed meanwhile: must stay */
		model_insert(slot, m.tag[slot] ^ BIT(26));
		return PAGEFOLD_INDEX_DROP;
	case 2:
		m.tag[slot] = 0;
		pagefold_index_remove(&m.ix, pfn);
		return PAGEFOLD_INDEX_DROP;
	case 3:
		m.tag[slot] = 0;
		return PAGEFOLD_INDEX_DROP;
	default:
		return PAGEFOLD_INDEX_SKIP;
	}
}

/* Entries allocated from @from up to @to. */
static u64 entries_between(u64 from, u64 to)
{
	u64 pfn, n = 0, section = U64_MAX;
	unsigned int slot;

	for (slot = 0; slot < SLOTS; slot++) {
		if (!m.section[slot] || pfn_of(slot) >> m.shift == section)
			continue;
		section = pfn_of(slot) >> m.shift;
		for (pfn = section << m.shift; pfn >> m.shift == section; pfn++)
			n += pfn >= from && pfn < to;
	}
	return n;
}

static void step_sweep(void)
{
	u64 from = pfn_of(next_slot()), max = next_byte() * 4 + 1, to, n;
	struct visits v = { .next = from, .answers = next_byte() };

	to = pagefold_index_sweep(&m.ix, from, max, check_visit, &v);
	CHECK(!to || to >= from);
	n = entries_between(from, to ? to : limit());
	CHECK(n <= max);
	CHECK(n == max || v.taken || !to);
	CHECK(v.next <= (to ? to : limit()) || v.next == from);
	CHECK(next_linked(v.next) == next_linked(to ? to : limit()));
}

static void step_fail(void)
{
	m.fail_in = next_byte() % 4;
	env_fail_in = m.fail_in;
}

static void (*const steps[])(void) = {
	step_insert, step_insert, step_insert_many, step_insert_unlinked,
	step_prepare, step_remove, step_heat, step_seen, step_lonely,
	step_forget,
	step_find, step_find, step_find_or_insert, step_find_or_insert,
	step_sweep, step_sweep, step_fail,
};

void model_run(const u8 *bytes, size_t len)
{
	unsigned int shift;

	data = bytes;
	data_end = data + len;
	shift = next_byte() % 5;
	model_init(shift, next_byte() % 5);
	while (data < data_end) {
		steps[next_byte() % (sizeof(steps) / sizeof(*steps))]();
		model_check();
	}
	model_exit();
}
