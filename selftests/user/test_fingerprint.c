// SPDX-License-Identifier: GPL-2.0
/*
 * The fingerprint: right by a slow reference, sensitive to each bit of page
 * and seed, even over buckets; and the test for zero pages.
 */
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "env.h"
#include "ktap.h"
#include "reference.h"
#include "tag.h"

#define WORDS	PAGEFOLD_FINGERPRINT_WORDS

static struct pagefold_seed seed;
static u64 page[WORDS];

static void fill(u64 *words, unsigned int n, u64 value)
{
	while (n--)
		*words++ = value;
}

static void compare(void)
{
	EXPECT(pagefold_fingerprint(&seed, page) ==
	       reference_fingerprint(&seed, page));
}

static void test_reference(void)
{
	static const u64 edges[] = { 0, 1, U64_MAX, BIT(63), U32_MAX };
	unsigned int i, j, n = sizeof(edges) / sizeof(*edges);

	for (i = 0; i < n * n; i++) {
		fill(page, WORDS, edges[i % n]);
		fill(seed.nh, WORDS, edges[i / n]);
		for (j = 0; j < n; j++) {
			fill(seed.mix, 6, edges[j]);
			compare();
		}
	}
	for (i = 0; i < 100; i++) {
		pagefold_fingerprint_seed(&seed);
		get_random_bytes(page, sizeof(page));
		compare();
	}
}

static void test_each_page_bit(void)
{
	unsigned int bit;
	u64 before;

	pagefold_fingerprint_seed(&seed);
	get_random_bytes(page, sizeof(page));
	before = pagefold_fingerprint(&seed, page);
	for (bit = 0; bit < 64 * WORDS; bit++) {
		page[bit / 64] ^= BIT(bit % 64);
		EXPECT(pagefold_fingerprint(&seed, page) != before);
		page[bit / 64] ^= BIT(bit % 64);
	}
	EXPECT(pagefold_fingerprint(&seed, page) == before);
}

/* Two words trade places, which a sum without a key would not notice. */
static void test_each_word_place(void)
{
	unsigned int i;
	u64 before;

	pagefold_fingerprint_seed(&seed);
	for (i = 0; i < WORDS; i++)
		page[i] = i;
	before = pagefold_fingerprint(&seed, page);
	for (i = 1; i < WORDS; i++) {
		page[i] = 0;
		page[0] = i;
		EXPECT(pagefold_fingerprint(&seed, page) != before);
		page[i] = i;
		page[0] = 0;
	}
}

/* Whether any of many pages has another fingerprint than with @other. */
static bool seeds_differ(const struct pagefold_seed *other)
{
	unsigned int i;

	for (i = 0; i < 64; i++) {
		get_random_bytes(page, 64);
		if (pagefold_fingerprint(&seed, page) !=
		    pagefold_fingerprint(other, page))
			return true;
	}
	return false;
}

static void test_each_seed_word(void)
{
	struct pagefold_seed other;
	u64 *word = (u64 *)&other;
	unsigned int i;

	pagefold_fingerprint_seed(&seed);
	get_random_bytes(page, sizeof(page));
	for (i = 0; i < sizeof(seed) / 8; i++) {
		other = seed;
		word[i] ^= BIT(63);
		EXPECT(seeds_differ(&other));
	}
}

static void test_seeds_differ(void)
{
	struct pagefold_seed other;
	unsigned int i;

	pagefold_fingerprint_seed(&seed);
	pagefold_fingerprint_seed(&other);
	for (i = 0; i < sizeof(seed) / 8; i++)
		EXPECT(((u64 *)&seed)[i] != ((u64 *)&other)[i]);
	fill(page, WORDS, 0);
	EXPECT(pagefold_fingerprint(&seed, page) !=
	       pagefold_fingerprint(&other, page));
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
static void test_distribution(void)
{
	enum { BUCKETS = 4096, ALL = 64 * BUCKETS };
	unsigned int *counts = calloc(3 * BUCKETS, sizeof(*counts));
	u64 i, fingerprint;
	u32 bits;

	pagefold_fingerprint_seed(&seed);
	fill(page, WORDS, 0);
	for (i = 0; i < ALL; i++) {
		page[300] = i << 20;
		fingerprint = pagefold_fingerprint(&seed, page);
		bits = pagefold_tag_bits(pagefold_tag_frame(fingerprint));
		counts[bits % BUCKETS]++;
		counts[BUCKETS + (bits >> 16)]++;
		counts[2 * BUCKETS + (fingerprint >> 52)]++;
	}
	for (i = 0; i < 3; i++)
		expect_even(counts + i * BUCKETS, BUCKETS, ALL);
	free(counts);
}

static void test_zero_page(void)
{
	unsigned int bit;

	fill(page, WORDS, 0);
	EXPECT(pagefold_page_is_zero(page));
	for (bit = 0; bit < 64 * WORDS; bit++) {
		page[bit / 64] = BIT(bit % 64);
		EXPECT(!pagefold_page_is_zero(page));
		page[bit / 64] = 0;
	}
}

/*
 * Nothing beside the page is touched, and of a page that is not zero nothing
 * that is more than 128 bytes behind the word that tells.
 */
static void test_reads_within(void)
{
	char *map = mmap(NULL, 3 * 4096, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u64 *middle = (u64 *)(map + 4096);
	unsigned int word;

	EXPECT(map != MAP_FAILED);
	EXPECT(!mprotect(middle, 4096, PROT_READ | PROT_WRITE));
	EXPECT(pagefold_page_is_zero(middle));
	pagefold_fingerprint(&seed, middle);
	for (word = 16; word <= WORDS; word += 16) {
		middle[WORDS - 1] = 1;
		EXPECT(!pagefold_page_is_zero(middle + WORDS - word));
	}
	EXPECT(!pagefold_page_is_zero(middle + WORDS - 1));
	EXPECT(!munmap(map, 3 * 4096));
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		{ "reference", test_reference },
		{ "each_page_bit", test_each_page_bit },
		{ "each_word_place", test_each_word_place },
		{ "each_seed_word", test_each_seed_word },
		{ "seeds_differ", test_seeds_differ },
		{ "distribution", test_distribution },
		{ "zero_page", test_zero_page },
		{ "reads_within", test_reads_within },
	};

	return ktap_main(argc, argv, tests, sizeof(tests) / sizeof(*tests));
}
