// SPDX-License-Identifier: GPL-2.0
/*
 * The fingerprint: right by a slow reference, sensitive to each bit of page
 * and seed, even over buckets; the test for zero pages and the comparison.
 * All of it also as it is done with AVX2.
 */
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "avx2.h"
#include "env.h"
#include "ktap.h"
#include "reference.h"
#include "tag.h"

#define WORDS	PAGEFOLD_FINGERPRINT_WORDS

/* One way to do it. */
struct way {
	u64 (*fingerprint)(const struct pagefold_seed *seed, const void *page);
	u64 (*reference)(const struct pagefold_seed *seed, const u64 *page);
	bool (*is_zero)(const void *page);
	unsigned int seed_words;	/* that make a difference */
	unsigned int turn;		/* words looked at together for zeros */
};

static const struct way scalar = {
	.fingerprint = pagefold_fingerprint,
	.reference = reference_fingerprint,
	.is_zero = pagefold_page_is_zero,
	.seed_words = WORDS + 6,
	.turn = 16,
};

static const struct way avx2 = {
	.fingerprint = pagefold_avx2_fingerprint,
	.reference = reference_avx2_fingerprint,
	.is_zero = pagefold_avx2_is_zero,
	.seed_words = WORDS + 10,
	.turn = 64,
};

static struct pagefold_seed seed;
static u64 page[WORDS];

static void fill(u64 *words, unsigned int n, u64 value)
{
	while (n--)
		*words++ = value;
}

static void compare(const struct way *way)
{
	EXPECT(way->fingerprint(&seed, page) ==
	       way->reference(&seed, page));
}

static void reference(const struct way *way)
{
	static const u64 edges[] = { 0, 1, U64_MAX, BIT(63), U32_MAX };
	unsigned int i, j, n = sizeof(edges) / sizeof(*edges);

	for (i = 0; i < n * n; i++) {
		fill(page, WORDS, edges[i % n]);
		fill(seed.nh, WORDS, edges[i / n]);
		for (j = 0; j < n; j++) {
			fill(seed.mix, 10, edges[j]);
			compare(way);
		}
	}
	for (i = 0; i < 100; i++) {
		pagefold_fingerprint_seed(&seed);
		get_random_bytes(page, sizeof(page));
		compare(way);
	}
}

static void each_page_bit(const struct way *way)
{
	unsigned int bit;
	u64 before;

	pagefold_fingerprint_seed(&seed);
	get_random_bytes(page, sizeof(page));
	before = way->fingerprint(&seed, page);
	for (bit = 0; bit < 64 * WORDS; bit++) {
		page[bit / 64] ^= BIT(bit % 64);
		EXPECT(way->fingerprint(&seed, page) != before);
		page[bit / 64] ^= BIT(bit % 64);
	}
	EXPECT(way->fingerprint(&seed, page) == before);
}

/* Two words trade places, which a sum without a key would not notice. */
static void each_word_place(const struct way *way)
{
	unsigned int i;
	u64 before;

	pagefold_fingerprint_seed(&seed);
	for (i = 0; i < WORDS; i++)
		page[i] = i;
	before = way->fingerprint(&seed, page);
	for (i = 1; i < WORDS; i++) {
		page[i] = 0;
		page[0] = i;
		EXPECT(way->fingerprint(&seed, page) != before);
		page[i] = i;
		page[0] = 0;
	}
}

/* Whether any of many pages has another fingerprint than with @other. */
static bool tell_apart(const struct way *way,
		       const struct pagefold_seed *other)
{
	unsigned int i;

	for (i = 0; i < 64; i++) {
		get_random_bytes(page, 64);
		if (way->fingerprint(&seed, page) !=
		    way->fingerprint(other, page))
			return true;
	}
	return false;
}

static void each_seed_word(const struct way *way)
{
	struct pagefold_seed other;
	u64 *word = (u64 *)&other;
	unsigned int i;

	pagefold_fingerprint_seed(&seed);
	get_random_bytes(page, sizeof(page));
	for (i = 0; i < way->seed_words; i++) {
		other = seed;
		word[i] ^= BIT(63);
		EXPECT(tell_apart(way, &other));
	}
}

static void seeds_differ(const struct way *way)
{
	struct pagefold_seed other;
	unsigned int i;

	pagefold_fingerprint_seed(&seed);
	pagefold_fingerprint_seed(&other);
	for (i = 0; i < sizeof(seed) / 8; i++)
		EXPECT(((u64 *)&seed)[i] != ((u64 *)&other)[i]);
	fill(page, WORDS, 0);
	EXPECT(way->fingerprint(&seed, page) !=
	       way->fingerprint(&other, page));
}

/*
 * Is the chi-square of @counts possible by chance? Its tails, by Laurent and
 * Massart (Annals of Statistics 28, 2000, lemma 1), for k degrees of freedom:
 *	P(X >= k + 2 sqrt(k x) + 2 x) <= e^-x, P(X <= k - 2 sqrt(k x)) <= e^-x
 */
static void expect_even(const unsigned int *counts, unsigned int n, double all)
{
	double x = 30 /* once in 10^13 */, k = n - 1, chi2 = 0, even = all / n;
	unsigned int i;

	for (i = 0; i < n; i++)
		chi2 += (counts[i] - even) * (counts[i] - even) / even;
	printf("# chi-square %.0f, %.0f degrees of freedom\n", chi2, k);
	EXPECT(chi2 < k + 2 * sqrt(k * x) + 2 * x);
	EXPECT(chi2 > k - 2 * sqrt(k * x));
}

/* Pages that differ little fall evenly into buckets, by any bits of the tag. */
static void distribution(const struct way *way)
{
	enum { BUCKETS = 4096, ALL = 64 * BUCKETS };
	unsigned int *counts = calloc(3 * BUCKETS, sizeof(*counts));
	u64 i, fingerprint;
	u32 bits;

	pagefold_fingerprint_seed(&seed);
	fill(page, WORDS, 0);
	for (i = 0; i < ALL; i++) {
		page[300] = i << 20;
		fingerprint = way->fingerprint(&seed, page);
		bits = pagefold_tag_bits(pagefold_tag_frame(fingerprint));
		counts[bits % BUCKETS]++;
		counts[BUCKETS + (bits >> 16)]++;
		counts[2 * BUCKETS + (fingerprint >> 52)]++;
	}
	for (i = 0; i < 3; i++)
		expect_even(counts + i * BUCKETS, BUCKETS, ALL);
	free(counts);
}

static void zero_page(const struct way *way)
{
	unsigned int bit;

	fill(page, WORDS, 0);
	EXPECT(way->is_zero(page));
	for (bit = 0; bit < 64 * WORDS; bit++) {
		page[bit / 64] = BIT(bit % 64);
		EXPECT(!way->is_zero(page));
		page[bit / 64] = 0;
	}
}

/*
 * Nothing beside the page is touched, and of a page that is not zero nothing
 * that is more than a turn behind the word that tells.
 */
static void reads_within(const struct way *way)
{
	char *map = mmap(NULL, 3 * 4096, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u64 *middle = (u64 *)(map + 4096);
	unsigned int word;

	EXPECT(map != MAP_FAILED);
	EXPECT(!mprotect(middle, 4096, PROT_READ | PROT_WRITE));
	EXPECT(way->is_zero(middle));
	way->fingerprint(&seed, middle);
	for (word = way->turn; word <= WORDS; word += way->turn) {
		middle[WORDS - 1] = 1;
		EXPECT(!way->is_zero(middle + WORDS - word));
	}
	EXPECT(!munmap(map, 3 * 4096));
}

/* As a rule the first word tells, and then no other is read. */
static void test_first_word(void)
{
	u64 *map = mmap(NULL, 2 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	EXPECT(map != MAP_FAILED);
	EXPECT(!mprotect(map, 4096, PROT_READ | PROT_WRITE));
	map[WORDS - 1] = 1;
	EXPECT(!pagefold_page_is_zero(map + WORDS - 1));
	EXPECT(!munmap(map, 2 * 4096));
}

/* A bit that differs anywhere is found, and nothing else is. */
static void test_avx2_equal(void)
{
	u64 other[WORDS];
	unsigned int bit;

	if (!__builtin_cpu_supports("avx2"))
		return;
	get_random_bytes(page, sizeof(page));
	memcpy(other, page, sizeof(page));
	EXPECT(pagefold_avx2_equal(page, other));
	EXPECT(pagefold_avx2_equal(page, page));
	for (bit = 0; bit < 64 * WORDS; bit++) {
		other[bit / 64] ^= BIT(bit % 64);
		EXPECT(!pagefold_avx2_equal(page, other));
		EXPECT(!pagefold_avx2_equal(other, page));
		other[bit / 64] ^= BIT(bit % 64);
	}
	EXPECT(pagefold_avx2_equal(page, other));
}

#define TESTS(X)							\
	X(reference) X(each_page_bit) X(each_word_place)		\
	X(each_seed_word) X(seeds_differ) X(distribution)		\
	X(zero_page) X(reads_within)

static bool has_avx2(void)
{
	if (!__builtin_cpu_supports("avx2"))
		printf("# no AVX2 here\n");
	return __builtin_cpu_supports("avx2");
}

#define X(name)								\
static void test_##name(void)						\
{									\
	name(&scalar);							\
}

TESTS(X)
#undef X

#define X(name)								\
static void test_avx2_##name(void)					\
{									\
	if (has_avx2())							\
		name(&avx2);						\
}

TESTS(X)
#undef X

#define X(name)	{ #name, test_##name }, { "avx2_" #name, test_avx2_##name },

static const struct ktap_test tests[] = {
	TESTS(X)
	{ "first_word", test_first_word },
	{ "avx2_equal", test_avx2_equal },
};

int main(int argc, char **argv)
{
	return ktap_main(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
