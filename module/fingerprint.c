// SPDX-License-Identifier: GPL-2.0
/*
 * The fingerprint: a keyed 64-bit hash of one page.
 */
#include "fingerprint.h"

/* Words per turn of the loops below; each is unrolled whole. */
#define NH_STEP		64
#define ZERO_STEP	16

static_assert(PAGEFOLD_FINGERPRINT_WORDS % NH_STEP == 0);
static_assert(PAGEFOLD_FINGERPRINT_WORDS % ZERO_STEP == 0);

/**
 * pagefold_fingerprint_seed() - draw a new secret
 * @seed: Filled with random bits.
 *
 * Context: Any.
 */
void pagefold_fingerprint_seed(struct pagefold_seed *seed)
{
	get_random_bytes(seed, sizeof(*seed));
}

/*
 * Two words: seven instructions, of which one is a multiplication. Inlined
 * by doubling instead of by a pragma, as that is the same to each compiler.
 */
static __always_inline unsigned __int128
nh2(unsigned __int128 sum, const u64 *key, const u64 *word)
{
	return sum + (unsigned __int128)(key[0] + word[0]) *
		     (key[1] + word[1]);
}

static __always_inline unsigned __int128
nh8(unsigned __int128 sum, const u64 *key, const u64 *word)
{
	sum = nh2(sum, key, word);
	sum = nh2(sum, key + 2, word + 2);
	sum = nh2(sum, key + 4, word + 4);
	return nh2(sum, key + 6, word + 6);
}

static __always_inline unsigned __int128
nh32(unsigned __int128 sum, const u64 *key, const u64 *word)
{
	sum = nh8(sum, key, word);
	sum = nh8(sum, key + 8, word + 8);
	sum = nh8(sum, key + 16, word + 16);
	return nh8(sum, key + 24, word + 24);
}

/**
 * pagefold_fingerprint() - hash one page
 * @seed: The secret.
 * @page: 4096 bytes, aligned to 8. They may change meanwhile; what is
 *	returned then is the fingerprint of no page in particular.
 *
 * First NH with words of 64 bits and a key as long as the page:
 *
 *	sum of (key[i] + word[i] mod 2^64) * (key[i+1] + word[i+1] mod 2^64)
 *	over all even i, mod 2^128
 *
 * (Black, Halevi, Krawczyk, Krovetz, Rogaway: UMAC, CRYPTO '99; with words of
 * this size in VHASH: Krovetz, Dai: VMAC, 2007). Two different pages have the
 * same sum with a probability of at most 2^-64 over the choice of the key.
 *
 * Then multiply-shift for vectors takes the 128 bits, lo and hi, to 64:
 *
 *	(a * lo + b * hi + c mod 2^128) / 2^64
 *
 * (Dietzfelbinger: Universal hashing and k-wise independent random variables
 * via integer arithmetic without primes, STACS '96). For two different sums
 * the results are uniform and independent, so any n bits of them are equal
 * with a probability of 2^-n. A last step, one to one, spreads the result.
 *
 * Together: two different pages, chosen without knowing the seed, collide with
 * a probability of at most 2^-63, and agree in the 28 bits of a tag
 * with one of at most 2^-28 + 2^-64.
 *
 * Context: Any. Uses no FPU registers.
 * Return: The fingerprint, all of its 64 bits equally good.
 */
u64 pagefold_fingerprint(const struct pagefold_seed *seed, const void *page)
{
	const u64 *key = seed->nh, *end = key + PAGEFOLD_FINGERPRINT_WORDS;
	const u64 *word = page;
	unsigned __int128 sum = 0;

	for (; key != end; key += NH_STEP, word += NH_STEP) {
		sum = nh32(sum, key, word);
		sum = nh32(sum, key + NH_STEP / 2, word + NH_STEP / 2);
	}
	return pagefold_fingerprint_mix2(seed, sum, sum >> 64);
}

static __always_inline u64 or8(const u64 *word)
{
	return word[0] | word[1] | word[2] | word[3] |
	       word[4] | word[5] | word[6] | word[7];
}

/**
 * pagefold_page_is_zero() - whether all of a page is zero
 * @page: 4096 bytes, aligned to 8.
 *
 * Nearly all pages that are not zero are told by their first word.
 *
 * Context: Any.
 * Return: true or false.
 */
bool pagefold_page_is_zero(const void *page)
{
	const u64 *word = page, *end = word + PAGEFOLD_FINGERPRINT_WORDS;

	if (likely(*word))
		return false;
	for (; word != end; word += ZERO_STEP)
		if (or8(word) | or8(word + ZERO_STEP / 2))
			return false;
	return true;
}
