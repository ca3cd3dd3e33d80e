// SPDX-License-Identifier: GPL-2.0
/*
 * The index, many threads: built with ThreadSanitizer, disturbed at each
 * lock-free access, few buckets and few pages, so that they meet.
 */
#include <pthread.h>

#include "env.h"
#include "index.h"
#include "ktap.h"

#define THREADS		4
#define ROUNDS		150
#define STEPS		400	/* per thread and round */
#define PAGES		48	/* frame numbers 1.. */
#define GROWN		300	/* pages of each thread */
#define SHIFT		2
#define CHUNK_SHIFT	2

static struct pagefold_index ix;
static u64 round_seed;

static u32 any_tag(void)
{
	u64 fingerprint = env_below(3) | env_below(2) << 2 | env_below(2) << 4;

	return env_below(2) ? pagefold_tag_frame(fingerprint) :
	       pagefold_tag_candidate(fingerprint, env_below(8));
}

static unsigned long any_page(void)
{
	return 1 + env_below(PAGES);
}

static void run_threads(void *(*fn)(void *))
{
	pthread_t threads[THREADS];
	unsigned long i;

	round_seed = env_random();
	for (i = 0; i < THREADS; i++)
		EXPECT(!pthread_create(&threads[i], NULL, fn, (void *)i));
	for (i = 0; i < THREADS; i++)
		EXPECT(!pthread_join(threads[i], NULL));
}

/* All that is linked is in its bucket, once, and nothing else is there. */
static void expect_sound(void)
{
	unsigned int in_buckets = 0, linked = 0, bucket;
	struct pagefold_entry *entry;
	unsigned long pfn;

	for (bucket = 0; bucket < ix.buckets.count; bucket++) {
		for (pfn = *pagefold_buckets_at(&ix.buckets, bucket); pfn;
		     pfn = entry->next) {
			entry = pagefold_entries_at(&ix.entries, pfn);
			EXPECT(pagefold_tag_is_linked(entry->tag));
			EXPECT(pagefold_buckets_number(entry->tag,
						       ix.buckets.count) ==
			       bucket);
			if (++in_buckets > PAGES)
				break;
		}
	}
	for (pfn = 1; pfn <= PAGES; pfn++)
		linked += pagefold_tag_is_linked(pagefold_index_tag(&ix, pfn));
	EXPECT(linked == in_buckets);
	EXPECT(linked == atomic_long_read(&ix.buckets.linked));
	EXPECT(pagefold_index_bytes(&ix) == sizeof(ix) + (u64)env_live_bytes);
}

static enum pagefold_index_verdict any_verdict(unsigned int drop_one_in)
{
	if (!env_below(16))
		return PAGEFOLD_INDEX_TAKE;
	if (!env_below(16))
		return PAGEFOLD_INDEX_HOLD;
	return env_below(drop_one_in) ? PAGEFOLD_INDEX_SKIP :
					PAGEFOLD_INDEX_DROP;
}

static enum pagefold_index_verdict offered(void *ctx, unsigned long pfn,
					   u32 tag)
{
	u32 *wanted = ctx;

	EXPECT(env_locks_held == 1);
	EXPECT(pagefold_tag_is_linked(tag));
	EXPECT(!pagefold_tag_bits(tag ^ *wanted));
	EXPECT(pagefold_index_tag(&ix, pfn) == tag);
	return any_verdict(8);
}

static enum pagefold_index_verdict visited(void *ctx, unsigned long pfn,
					   u32 tag)
{
	(void)ctx;
	EXPECT(!env_locks_held);
	EXPECT(pfn && pfn <= PAGES && pagefold_tag_is_linked(tag));
	if (!env_below(8))
		pagefold_index_set_lonely(&ix, pfn, true);
	return any_verdict(8);
}

static void any_insert(void)
{
	int err = pagefold_index_insert(&ix, any_page(), any_tag());

	EXPECT(!err || err == -ENOMEM);
}

static void any_step(unsigned long *cursor)
{
	u32 tag = any_tag();

	switch (env_below(13)) {
	case 0:
		pagefold_index_remove(&ix, any_page());
		break;
	case 1:
		pagefold_index_set_heat(&ix, any_page(), env_below(64));
		break;
	case 2:
		pagefold_index_set_lonely(&ix, any_page(), env_below(2));
		break;
	case 3:
	case 4:
		pagefold_index_find(&ix, tag, offered, &tag);
		break;
	case 11:
	case 12:
		pagefold_index_find_or_insert(&ix, any_page(), tag, offered,
					      &tag);
		break;
	case 5:
		*cursor = pagefold_index_sweep(&ix, *cursor, 1 + env_below(20),
					       visited, NULL);
		break;
	case 6:
		pagefold_index_set_seen(&ix, any_page(), env_below(6));
		break;
	case 7:
		if (!env_below(8))
			pagefold_index_forget(&ix, any_page(), env_below(20));
		break;
	default:
		any_insert();
	}
}

static void *chaos(void *arg)
{
	unsigned long cursor = 0;
	unsigned int i;

	env_seed(round_seed + (unsigned long)arg * 1000003);
	for (i = 0; i < STEPS; i++)
		any_step(&cursor);
	return NULL;
}

/* Everybody does everything to every page. */
static void test_chaos(void)
{
	unsigned int round;

	for (round = 0; round < ROUNDS && !ktap_failed; round++) {
		EXPECT(!pagefold_index_init(&ix));
		run_threads(chaos);
		expect_sound();
		pagefold_index_exit(&ix);
	}
}

struct hunt {
	unsigned long pfn;
	u32 tag;
	bool found;
};

static enum pagefold_index_verdict hunted(void *ctx, unsigned long pfn, u32 tag)
{
	struct hunt *hunt = ctx;

	if (pfn != hunt->pfn)
		return PAGEFOLD_INDEX_SKIP;
	hunt->found = true;
	hunt->tag = tag;
	return PAGEFOLD_INDEX_TAKE;
}

static bool is_found(unsigned long pfn, u32 tag)
{
	struct hunt hunt = { .pfn = pfn };

	pagefold_index_find(&ix, tag, hunted, &hunt);
	return hunt.found && hunt.tag == tag;
}

/* Only this thread changes its pages: each step must have worked. */
static void *owner(void *arg)
{
	unsigned long pfn, mine = (unsigned long)arg;
	unsigned int i;
	u32 tag;

	env_seed(round_seed + mine * 1000003);
	for (i = 0; i < STEPS; i++) {
		pfn = 1 + mine + env_below(PAGES / THREADS) * THREADS;
		tag = any_tag();
		while (pagefold_index_insert(&ix, pfn, tag))
			;
		EXPECT(pagefold_index_tag(&ix, pfn) == tag);
		EXPECT(is_found(pfn, tag));
		if (env_below(2))
			continue;
		EXPECT(!pagefold_index_set_heat(&ix, pfn, env_below(3)));
		EXPECT(pagefold_index_tag(&ix, pfn) < 3);
		EXPECT(!is_found(pfn, tag));
	}
	return NULL;
}

/* Pages of different threads share buckets and sections, not entries. */
static void test_owners(void)
{
	unsigned int round;

	for (round = 0; round < ROUNDS && !ktap_failed; round++) {
		EXPECT(!pagefold_index_init(&ix));
		env_fail_one_in = 3;
		run_threads(owner);
		env_fail_one_in = 0;
		expect_sound();
		pagefold_index_exit(&ix);
	}
}

static u32 grown_tag(unsigned long pfn)
{
	return pagefold_tag_candidate(pfn * 0x9e3779b97f4a7c15ULL >> 20, 0);
}

/* What was linked once is found, however often its bucket is split. */
static void *grower(void *arg)
{
	unsigned long i, pfn, mine = (unsigned long)arg;

	env_seed(round_seed + mine * 1000003);
	for (i = 0; i < GROWN; i++) {
		pfn = 1 + mine + i * THREADS;
		EXPECT(!pagefold_index_insert(&ix, pfn, grown_tag(pfn)));
		pfn = 1 + mine + env_below(i + 1) * THREADS;
		EXPECT(is_found(pfn, grown_tag(pfn)));
	}
	return NULL;
}

static void test_growth(void)
{
	unsigned int round;

	for (round = 0; round < ROUNDS && !ktap_failed; round++) {
		env_section_shift = 9;
		EXPECT(!pagefold_index_init(&ix));
		run_threads(grower);
		env_section_shift = SHIFT;
		/* Those who meet make one bucket for all of them. */
		EXPECT(ix.buckets.count <= THREADS * GROWN / 2);
		EXPECT(ix.buckets.count >= GROWN / 2);
		pagefold_index_exit(&ix);
	}
}

/* All threads want the same section at once: one wins, nothing leaks. */
static void *first_use(void *arg)
{
	unsigned long section;

	env_seed(round_seed + (unsigned long)arg);
	for (section = 0; section < 4096; section += 256)
		EXPECT(!pagefold_index_prepare(&ix, (section << SHIFT) + 1));
	return NULL;
}

static void test_first_use(void)
{
	unsigned int round;
	u64 expected;

	for (round = 0; round < ROUNDS && !ktap_failed; round++) {
		EXPECT(!pagefold_index_init(&ix));
		expected = pagefold_index_bytes(&ix) + 2 * 16384 +
			   16 * 4 * 8;
		run_threads(first_use);
		EXPECT(pagefold_index_bytes(&ix) == expected);
		EXPECT(sizeof(ix) + (u64)env_live_bytes == expected);
		EXPECT(env_live == 20);
		pagefold_index_exit(&ix);
	}
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		{ "chaos", test_chaos },
		{ "owners", test_owners },
		{ "growth", test_growth },
		{ "first_use", test_first_use },
	};

	env_section_shift = SHIFT;
	env_chunk_shift = CHUNK_SHIFT;
	env_yield_one_in = 16;
	return ktap_main(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
