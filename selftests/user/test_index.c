// SPDX-License-Identifier: GPL-2.0
/*
 * The index, one thread: tags, bounds, memory, and random steps beside a model.
 */
#include <stdlib.h>

#include "env.h"
#include "index.h"
#include "ktap.h"
#include "model.h"

#define N_ELEMENTS(array)	(sizeof(array) / sizeof(*(array)))

static struct pagefold_index ix;

static enum pagefold_index_verdict skip(void *ctx, unsigned long pfn, u32 tag)
{
	(void)ctx;
	(void)pfn;
	(void)tag;
	return PAGEFOLD_INDEX_SKIP;
}

static enum pagefold_index_verdict drop(void *ctx, unsigned long pfn, u32 tag)
{
	(void)ctx;
	(void)pfn;
	(void)tag;
	return PAGEFOLD_INDEX_DROP;
}

static void one_fingerprint(u64 fingerprint)
{
	u32 frame = pagefold_tag_frame(fingerprint), tag;
	u32 bits = pagefold_tag_bits(frame);
	unsigned int ident;

	EXPECT(bits == (fingerprint & 0xfffffff) ||
	       bits == (fingerprint & 0xfffffff) + 64);
	EXPECT(bits >= 64);
	EXPECT(pagefold_tag_is_linked(frame) && pagefold_tag_is_frame(frame));
	EXPECT(!pagefold_tag_is_candidate(frame));
	EXPECT(!pagefold_tag_is_lonely(frame) && !pagefold_tag_heat(frame));
	EXPECT(pagefold_tag_is_at_rest(frame) && pagefold_tag_is_shared(frame));
	tag = pagefold_tag_set_lonely(frame, true);
	EXPECT(pagefold_tag_is_linked(tag) && pagefold_tag_is_frame(tag));
	EXPECT(pagefold_tag_is_lonely(tag) && pagefold_tag_bits(tag) == bits);
	EXPECT(!pagefold_tag_is_at_rest(tag) && !pagefold_tag_is_shared(tag));
	EXPECT(!pagefold_tag_is_candidate(tag) && !pagefold_tag_heat(tag));
	EXPECT(!pagefold_tag_is_seen(tag));
	EXPECT(pagefold_tag_set_lonely(tag, false) == frame);
	tag = pagefold_tag_seen(fingerprint);
	EXPECT(pagefold_tag_is_seen(tag) && pagefold_tag_is_known(tag));
	EXPECT(!pagefold_tag_is_linked(tag) && !pagefold_tag_is_frame(tag));
	EXPECT(!pagefold_tag_is_candidate(tag) && !pagefold_tag_heat(tag));
	EXPECT(!pagefold_tag_is_lonely(tag) && pagefold_tag_bits(tag) == bits);
	EXPECT(!pagefold_tag_is_at_rest(tag) && !pagefold_tag_is_shared(tag));
	EXPECT(!pagefold_tag_is_seen(frame) && pagefold_tag_is_known(frame));
	for (ident = 0; ident < 16; ident++) {
		tag = pagefold_tag_candidate(fingerprint, ident);
		EXPECT(pagefold_tag_is_linked(tag));
		EXPECT(pagefold_tag_is_candidate(tag));
		EXPECT(!pagefold_tag_is_frame(tag));
		EXPECT(pagefold_tag_is_at_rest(tag));
		EXPECT(!pagefold_tag_is_shared(tag));
		EXPECT(!pagefold_tag_is_seen(tag) && pagefold_tag_is_known(tag));
		EXPECT(!pagefold_tag_is_lonely(tag) && !pagefold_tag_heat(tag));
		EXPECT(pagefold_tag_ident(tag) == ident % 8);
		EXPECT(pagefold_tag_bits(tag) == bits);
	}
}

static void test_tags(void)
{
	unsigned int i;

	for (i = 0; i < 256; i++) {
		one_fingerprint(i);
		one_fingerprint(0xfffffff - i);
		one_fingerprint(i + BIT(28));
		one_fingerprint(U64_MAX - i);
		one_fingerprint(env_random());
	}
	for (i = 0; i < 64; i++) {
		EXPECT(!pagefold_tag_is_linked(i) && !pagefold_tag_is_frame(i));
		EXPECT(!pagefold_tag_is_candidate(i));
		EXPECT(!pagefold_tag_is_at_rest(i) &&
		       !pagefold_tag_is_shared(i));
		EXPECT(!pagefold_tag_is_seen(i) && !pagefold_tag_is_known(i));
		EXPECT(pagefold_tag_heat(i) == i);
	}
}

/* Each bucket that there ever can be, and those that come by growing. */
static void test_bucket_numbers(void)
{
	u32 count, tag, bucket;
	unsigned int i;

	for (i = 0; i < 100000; i++) {
		count = 1 + env_below(BIT(1 + env_below(28)));
		tag = env_random();
		bucket = pagefold_buckets_number(tag, count);
		EXPECT(bucket < count);
		/* The tags of one bucket have its bits in common. */
		EXPECT(pagefold_buckets_number(bucket, count) == bucket);
		/* Only one bucket loses some to the next one. */
		if (pagefold_buckets_number(tag, count + 1) == count)
			EXPECT(bucket == pagefold_buckets_number(count, count));
		else
			EXPECT(bucket ==
			       pagefold_buckets_number(tag, count + 1));
	}
}

static unsigned int longest_chain(void)
{
	unsigned int n, longest = 0;
	u32 bucket, pfn;

	for (bucket = 0; bucket < ix.buckets.count; bucket++) {
		pfn = *pagefold_buckets_at(&ix.buckets, bucket);
		for (n = 0; pfn; n++)
			pfn = pagefold_entries_at(&ix.entries, pfn)->next;
		if (n > longest)
			longest = n;
	}
	return longest;
}

/* Growth follows what is linked, and makes up for memory that was missing. */
static void test_growth(void)
{
	unsigned long pfn, pages = 40000;
	u32 tag[40000];

	env_section_shift = 9;
	env_chunk_shift = 4;
	EXPECT(!pagefold_index_init(&ix));
	EXPECT(ix.buckets.count == 16);
	for (pfn = 1; pfn < pages; pfn++) {
		tag[pfn] = pagefold_tag_candidate(env_random(), 0);
		env_fail_one_in = pfn < pages / 2 ? 0 : 2;
		EXPECT(!pagefold_index_prepare(&ix, pfn) || env_fail_one_in);
		if (pagefold_index_insert(&ix, pfn, tag[pfn]) == -ENOMEM)
			pfn--;
		EXPECT(env_fail_one_in || ix.buckets.count ==
		       16 + (pfn > 32 ? pfn - 32 - (pfn - 32) / 2 : 0));
	}
	env_fail_one_in = 0;
	EXPECT(ix.buckets.count <= pages / 2);
	EXPECT(ix.buckets.count >= pages / 2 - 16);
	EXPECT(longest_chain() < 24);
	for (pfn = 1; pfn < pages; pfn++)
		EXPECT(pagefold_index_find(&ix, tag[pfn], skip, NULL) >= 1);
	for (pfn = 1; pfn < pages; pfn++)
		pagefold_index_remove(&ix, pfn);
	EXPECT(!longest_chain() && !atomic_long_read(&ix.buckets.linked));
	EXPECT(ix.buckets.count >= pages / 2 - 16);
	EXPECT(pagefold_index_bytes(&ix) == sizeof(ix) + (u64)env_live_bytes);
	pagefold_index_exit(&ix);
	EXPECT(!env_live);
}

/* Without memory to grow, everything is in longer chains. */
static void test_no_growth(void)
{
	unsigned long pfn;

	env_section_shift = 9;
	env_chunk_shift = 2;
	EXPECT(!pagefold_index_init(&ix));
	EXPECT(!pagefold_index_prepare(&ix, 1));
	env_fail_one_in = 1;
	for (pfn = 1; pfn < 512; pfn++)
		EXPECT(!pagefold_index_insert(&ix, pfn,
					      pagefold_tag_frame(pfn + 64)));
	EXPECT(ix.buckets.count == 4 && longest_chain() == 128);
	for (pfn = 1; pfn < 512; pfn++)
		EXPECT(pagefold_index_find(&ix, pagefold_tag_frame(pfn + 64),
					   skip, NULL) == 1);
	env_fail_one_in = 0;
	/* One bucket for each that is linked anew, which adds none. */
	for (pfn = 1; pfn < 512; pfn++)
		EXPECT(!pagefold_index_insert(&ix, pfn,
					      pagefold_tag_frame(pfn + 64)));
	EXPECT(ix.buckets.count == 256 && longest_chain() <= 4);
	pagefold_index_exit(&ix);
}

/* As many buckets as the tags can name, or as there is room for. */
static void test_most_buckets(void)
{
	unsigned int shift;
	u32 most;

	for (shift = 0; shift <= 10; shift++) {
		env_chunk_shift = shift;
		most = PAGEFOLD_BUCKETS_MAX;
		EXPECT(most == BIT(18 + shift));
		EXPECT(!pagefold_index_init(&ix));
		ix.buckets.count = most;
		ix.buckets.linked.counter = 4L * most;
		pagefold_buckets_grow(&ix.buckets, &ix.entries);
		EXPECT(ix.buckets.count == most);
		/* nothing is linked in the buckets that were made up */
		pagefold_index_exit(&ix);
		EXPECT(!env_live);
	}
}

static void test_frame_number_limits(void)
{
	u32 tag = pagefold_tag_frame(1);
	unsigned int shift;
	u64 limit;

	env_chunk_shift = 4;
	for (shift = 0; shift <= 11; shift++) {
		env_section_shift = shift;
		EXPECT(!pagefold_index_init(&ix));
		limit = min(BIT(23 + shift), BIT(32));
		EXPECT(pagefold_index_insert(&ix, 0, tag) == -ERANGE);
		EXPECT(pagefold_index_insert(&ix, limit, tag) == -ERANGE);
		EXPECT(pagefold_index_insert(&ix, BIT(40), tag) == -ERANGE);
		EXPECT(pagefold_index_set_heat(&ix, limit, 1) == -ERANGE);
		EXPECT(!pagefold_index_tag(&ix, limit));
		EXPECT(!pagefold_index_tag(&ix, U64_MAX));
		pagefold_index_remove(&ix, U64_MAX);
		pagefold_index_forget(&ix, U64_MAX, U64_MAX);
		pagefold_index_set_lonely(&ix, U64_MAX, true);
		EXPECT(!pagefold_index_insert(&ix, limit - 1, tag));
		EXPECT(pagefold_index_tag(&ix, limit - 1) == tag);
		EXPECT(pagefold_index_find(&ix, tag, drop, NULL) == 1);
		EXPECT(!pagefold_index_tag(&ix, limit - 1));
		pagefold_index_exit(&ix);
	}
}

/* By itself on the heap, so that ASan sees a read behind its end. */
static void test_lookup_limits(void)
{
	struct pagefold_entries *all = malloc(sizeof(*all));
	unsigned int shift;
	u64 limit;

	for (shift = 0; shift <= 11; shift++) {
		env_section_shift = shift;
		limit = PAGEFOLD_ENTRIES_LIMIT;
		pagefold_entries_init(all);
		EXPECT(!pagefold_entries_at(all, limit - 1));
		EXPECT(!pagefold_entries_at(all, limit));
		EXPECT(!pagefold_entries_at(all, U64_MAX));
		EXPECT(pagefold_entries_next(all, 0) == limit);
		EXPECT(pagefold_entries_next(all, limit) == limit);
		EXPECT(pagefold_entries_next(all, U64_MAX) == limit);
		pagefold_entries_exit(all);
	}
	free(all);
}

static void test_bounds(void)
{
	u32 tag = pagefold_tag_candidate(77, 0);
	unsigned long pfn;

	env_section_shift = 4;
	env_chunk_shift = 0;
	EXPECT(!pagefold_index_init(&ix));
	for (pfn = 1; pfn <= PAGEFOLD_INDEX_BUCKET_MAX; pfn++)
		EXPECT(!pagefold_index_insert(&ix, pfn, tag));
	EXPECT(pagefold_index_insert(&ix, pfn, tag) == -ENOSPC);
	EXPECT(!pagefold_index_tag(&ix, pfn));
	EXPECT(pagefold_index_find(&ix, tag, skip, NULL) ==
	       PAGEFOLD_INDEX_OFFERS_MAX);
	EXPECT(pagefold_index_find(&ix, tag, drop, NULL) ==
	       PAGEFOLD_INDEX_OFFERS_MAX);
	EXPECT(!pagefold_index_insert(&ix, pfn, tag));
	pagefold_index_exit(&ix);
}

/* Each allocation fails in turn, alone: nothing is lost, the next try works. */
static void test_no_memory(void)
{
	u32 tag = pagefold_tag_frame(5);
	u64 bytes;
	long nth;

	env_section_shift = 3;
	env_chunk_shift = 4;
	for (nth = 1; nth <= 2; nth++) {
		env_fail_in = nth;
		EXPECT(pagefold_index_init(&ix) == -ENOMEM);
		EXPECT(!env_live && !env_live_bytes);
		pagefold_index_exit(&ix);
		EXPECT(!pagefold_index_init(&ix));
		bytes = pagefold_index_bytes(&ix);
		env_fail_in = nth;
		EXPECT(pagefold_index_insert(&ix, 9, tag) == -ENOMEM);
		EXPECT(!pagefold_index_tag(&ix, 9));
		EXPECT(pagefold_index_set_heat(&ix, 9, 3) == -ENOMEM);
		EXPECT(!pagefold_index_find(&ix, tag, skip, NULL));
		EXPECT(!pagefold_index_insert(&ix, 9, tag));
		EXPECT(pagefold_index_find(&ix, tag, skip, NULL) == 1);
		EXPECT(pagefold_index_bytes(&ix) == bytes + 2048 * 8 + 8 * 8);
		pagefold_index_exit(&ix);
		EXPECT(!env_live && !env_live_bytes);
	}
}

static void test_exit_of_nothing(void)
{
	memset(&ix, 0, sizeof(ix));
	pagefold_index_exit(&ix);
	EXPECT(!pagefold_index_init(&ix));
	pagefold_index_exit(&ix);
}

/* Where all is visited and linked: 8 for the entry and 2 for a bucket. */
static void test_bytes_per_page(void)
{
	unsigned long pfn, pages = BIT(18);

	env_section_shift = 9;
	env_chunk_shift = 10;
	EXPECT(!pagefold_index_init(&ix));
	EXPECT(pagefold_index_bytes(&ix) <= 13 * 4096);
	for (pfn = 1; pfn < pages; pfn++)
		EXPECT(!pagefold_index_insert(&ix, pfn,
					      pagefold_tag_frame(env_random())));
	EXPECT(pagefold_index_bytes(&ix) <= 10 * pages + 16 * 4096);
	EXPECT(pagefold_index_bytes(&ix) == sizeof(ix) + (u64)env_live_bytes);
	pagefold_index_exit(&ix);
}

/* What is asked for each page of a pass takes no lock. */
static void test_no_lock_to_look(void)
{
	unsigned long taken;

	env_section_shift = 4;
	env_chunk_shift = 6;
	EXPECT(!pagefold_index_init(&ix));
	EXPECT(!pagefold_index_insert(&ix, 7, pagefold_tag_frame(7)));
	taken = env_locks_taken;
	pagefold_index_tag(&ix, 7);
	pagefold_index_remove(&ix, 8);
	pagefold_index_remove(&ix, 800);
	EXPECT(!pagefold_index_set_heat(&ix, 9, 1));
	EXPECT(!pagefold_index_find(&ix, pagefold_tag_frame(8), skip, NULL));
	EXPECT(env_locks_taken == taken);
	pagefold_index_exit(&ix);
}

/* Random steps: what the fuzzer does without a compiler that has one. */
static void test_random_steps(void)
{
	u8 bytes[1200];
	unsigned int run;

	for (run = 0; run < 400; run++) {
		get_random_bytes(bytes, sizeof(bytes));
		model_run(bytes, 2 + env_below(sizeof(bytes) - 2));
	}
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		{ "tags", test_tags },
		{ "bucket_numbers", test_bucket_numbers },
		{ "growth", test_growth },
		{ "no_growth", test_no_growth },
		{ "most_buckets", test_most_buckets },
		{ "frame_number_limits", test_frame_number_limits },
		{ "lookup_limits", test_lookup_limits },
		{ "bounds", test_bounds },
		{ "no_memory", test_no_memory },
		{ "exit_of_nothing", test_exit_of_nothing },
		{ "bytes_per_page", test_bytes_per_page },
		{ "no_lock_to_look", test_no_lock_to_look },
		{ "random_steps", test_random_steps },
	};

	return ktap_main(argc, argv, tests, N_ELEMENTS(tests));
}
