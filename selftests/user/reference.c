// SPDX-License-Identifier: GPL-2.0
/*
 * The fingerprint by schoolbook arithmetic, slowly: numbers are eight digits
 * of 16 bits, the lowest first, and everything is done modulo 2^128.
 */
#include "reference.h"

#define DIGITS	8

struct number {
	u32 digit[DIGITS];
};

static struct number number(u64 low, u64 high)
{
	struct number n;
	unsigned int i;

	for (i = 0; i < DIGITS; i++)
		n.digit[i] = ((i < 4 ? low : high) >> 16 * (i % 4)) & 0xffff;
	return n;
}

/* Each digit may hold more than 16 bits: move what is too much one up. */
static struct number carried(struct number n)
{
	u32 carry = 0;
	unsigned int i;

	for (i = 0; i < DIGITS; i++) {
		n.digit[i] += carry;
		carry = n.digit[i] >> 16;
		n.digit[i] &= 0xffff;
	}
	return n;
}

static struct number sum(struct number a, struct number b)
{
	unsigned int i;

	for (i = 0; i < DIGITS; i++)
		a.digit[i] += b.digit[i];
	return carried(a);
}

static struct number product(struct number a, struct number b)
{
	struct number all = number(0, 0), line;
	unsigned int i, j;

	for (i = 0; i < DIGITS; i++) {
		for (j = 0; j < DIGITS; j++) {
			line = number(0, 0);
			if (i + j < DIGITS)
				line.digit[i + j] = a.digit[i] * b.digit[j];
			all = sum(all, carried(line));
		}
	}
	return all;
}

static u64 word(struct number n, unsigned int which)
{
	u64 value = 0;
	int i;

	for (i = 3; i >= 0; i--)
		value = value << 16 | n.digit[4 * which + i];
	return value;
}

/* Low 64 bits only. */
static struct number word_sum(u64 a, u64 b)
{
	return number(word(sum(number(a, 0), number(b, 0)), 0), 0);
}

static struct number xor_high_half(struct number a)
{
	return number(word(a, 0) ^ word(a, 0) >> 32, 0);
}

/* Low 64 bits only. */
static struct number spread(struct number a)
{
	struct number golden = number(0x9e3779b97f4a7c15ULL, 0);

	a = product(xor_high_half(a), golden);
	return xor_high_half(a);
}

static u64 mixed(const u64 *mix, const u64 *sums, unsigned int n)
{
	struct number all = number(mix[0], mix[1]);

	for (; n--; sums++) {
		mix += 2;
		all = sum(all, product(number(mix[0], mix[1]),
				       number(*sums, 0)));
	}
	return word(spread(number(word(all, 1), 0)), 0);
}

u64 reference_fingerprint(const struct pagefold_seed *seed, const u64 *page)
{
	struct number nh = number(0, 0);
	unsigned int i;

	for (i = 0; i < 512; i += 2)
		nh = sum(nh, product(word_sum(seed->nh[i], page[i]),
				     word_sum(seed->nh[i + 1], page[i + 1])));
	return mixed(seed->mix, (u64 []){ word(nh, 0), word(nh, 1) }, 2);
}

/* Each half of the word @a and that of @b, then both times one another. */
static struct number product_of_halves(u64 a, u64 b)
{
	u64 low = (a + b) & U32_MAX, high = ((a >> 32) + (b >> 32)) & U32_MAX;

	return product(number(low, 0), number(high, 0));
}

u64 reference_avx2_fingerprint(const struct pagefold_seed *seed,
			       const u64 *page)
{
	struct number lane[4] = {};
	u64 sums[4];
	unsigned int i;

	for (i = 0; i < 512; i++)
		lane[i % 4] = sum(lane[i % 4],
				  product_of_halves(seed->nh[i], page[i]));
	for (i = 0; i < 4; i++)
		sums[i] = word(lane[i], 0);
	return mixed(seed->mix, sums, 4);
}
