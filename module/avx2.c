// SPDX-License-Identifier: GPL-2.0
/*
 * The bytes of pages, 32 at a time, on CPUs that have AVX2.
 *
 * Each loop is one asm statement, so that nothing of the compiler's comes
 * between. The kernel is compiled without vector registers, of which asm
 * statements then may not speak; in user space they must.
 */
#include "avx2.h"

#ifdef __SSE2__
#define CLOBBERS "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5"
#else
#define CLOBBERS "cc"
#endif

/* A turn of a loop: 16 vectors, by their offsets. */
#define TURN_BYTES 512
#define TURN(X)								\
	X(0) X(32) X(64) X(96) X(128) X(160) X(192) X(224)		\
	X(256) X(288) X(320) X(352) X(384) X(416) X(448) X(480)

static_assert(PAGEFOLD_FINGERPRINT_BYTES % TURN_BYTES == 0);

/* The sums of the lanes. */
struct lanes {
	u64 a, b, c, d;
};

static_assert(sizeof(struct lanes) == 8 * PAGEFOLD_FINGERPRINT_LANES);

struct whole {
	u8 bytes[PAGEFOLD_FINGERPRINT_BYTES];
};

/*
 * Eight words of 32 bits: to each is added its key, then those next to each
 * other are multiplied. Five instructions.
 */
#define NH8(at)								\
	"vmovdqu " #at "(%[word]), %%ymm1\n\t"				\
	"vpaddd " #at "(%[word],%[key]), %%ymm1, %%ymm1\n\t"		\
	"vpsrlq $32, %%ymm1, %%ymm2\n\t"				\
	"vpmuludq %%ymm1, %%ymm2, %%ymm2\n\t"				\
	"vpaddq %%ymm2, %%ymm0, %%ymm0\n\t"

static __always_inline struct lanes nh(const u64 *key, const void *page)
{
	const void *word = page;
	struct lanes sum;

	asm volatile("vpxor %%ymm0, %%ymm0, %%ymm0\n"
		     "1:\t"
		     TURN(NH8)
		     "add %[turn], %[word]\n\t"
		     "cmp %[end], %[word]\n\t"
		     "jne 1b\n\t"
		     "vmovq %%xmm0, %[a]\n\t"
		     "vpextrq $1, %%xmm0, %[b]\n\t"
		     "vextracti128 $1, %%ymm0, %%xmm0\n\t"
		     "vmovq %%xmm0, %[c]\n\t"
		     "vpextrq $1, %%xmm0, %[d]\n\t"
		     "vzeroupper"
		     : [word] "+&r" (word), [a] "=r" (sum.a), [b] "=r" (sum.b),
		       [c] "=r" (sum.c), [d] "=r" (sum.d)
		     : [key] "r" ((const void *)key - page),
		       [end] "r" (page + sizeof(struct whole)),
		       [turn] "i" (TURN_BYTES),
		       "m" (*(const struct whole *)page),
		       "m" (*(const struct whole *)key)
		     : "cc", CLOBBERS);
	return sum;
}

/**
 * pagefold_avx2_fingerprint() - hash one page
 * @seed: The secret.
 * @page: 4096 bytes. They may change meanwhile, as for
 *	pagefold_fingerprint().
 *
 * Another function than pagefold_fingerprint() is, of the same secret: a load
 * uses the one or the other. NH with words of 32 bits, in four lanes, of which
 * lane j has the eight bytes at 32 i + 8 j of all i:
 *
 *	sum of (key[n] + word[n] mod 2^32) * (key[n+1] + word[n+1] mod 2^32)
 *	over the pairs n, n+1 of words in the lane, mod 2^64
 *
 * Two pages that differ in a lane have the same sum of that lane with a
 * probability of at most 2^-32 over the choice of the key (Black, Halevi,
 * Krawczyk, Krovetz, Rogaway: UMAC, CRYPTO '99, theorem 4.2). Each lane has key
 * words of its own, so those that differ in k lanes have the same four sums
 * with one of at most 2^-32k.
 *
 * Then pagefold_fingerprint_mix4() takes the lanes to 64 bits, all equally good.
 *
 * Together: two different pages, chosen without knowing the seed, collide with
 * a probability of at most 2^-32 + 2^-64, and agree in the 28 bits of a tag
 * with one of at most 2^-28 + 2^-32. Who finds a fingerprint equal still
 * compares the bytes before anything is folded: a collision costs that.
 *
 * Return: The fingerprint.
 */
u64 pagefold_avx2_fingerprint(const struct pagefold_seed *seed,
			      const void *page)
{
	struct lanes sum = nh(seed->nh, page);

	return pagefold_fingerprint_mix4(seed, sum.a, sum.b, sum.c, sum.d);
}

/* The bits that differ. The compiler's own loop takes more steps a word. */
#define DIFFER32(at)							\
	"vmovdqu " #at "(%[a]), %%ymm1\n\t"				\
	"vpxor " #at "(%[a],%[b]), %%ymm1, %%ymm1\n\t"			\
	"vpor %%ymm1, %%ymm0, %%ymm0\n\t"

/**
 * pagefold_avx2_equal() - compare two pages, every byte
 * @a: 4096 bytes.
 * @b: 4096 bytes.
 */
bool pagefold_avx2_equal(const void *a, const void *b)
{
	const void *at = a;
	bool equal;

	asm volatile("vpxor %%ymm0, %%ymm0, %%ymm0\n"
		     "1:\t"
		     TURN(DIFFER32)
		     "vptest %%ymm0, %%ymm0\n\t"
		     "jnz 2f\n\t"
		     "add %[turn], %[a]\n\t"
		     "cmp %[end], %[a]\n\t"
		     "jne 1b\n"
		     "2:\t"
		     "vptest %%ymm0, %%ymm0\n\t"
		     "vzeroupper"
		     : [a] "+&r" (at), "=@ccz" (equal)
		     : [b] "r" (b - a), [end] "r" (a + sizeof(struct whole)),
		       [turn] "i" (TURN_BYTES),
		       "m" (*(const struct whole *)a),
		       "m" (*(const struct whole *)b)
		     : CLOBBERS);
	return equal;
}

#define OR32(at) "vpor " #at "(%[at]), %%ymm0, %%ymm0\n\t"

/**
 * pagefold_avx2_is_zero() - whether all of a page is zero
 * @page: 4096 bytes.
 */
bool pagefold_avx2_is_zero(const void *page)
{
	const void *at = page;
	bool zero;

	asm volatile("vpxor %%ymm0, %%ymm0, %%ymm0\n"
		     "1:\t"
		     TURN(OR32)
		     "vptest %%ymm0, %%ymm0\n\t"
		     "jnz 2f\n\t"
		     "add %[turn], %[at]\n\t"
		     "cmp %[end], %[at]\n\t"
		     "jne 1b\n"
		     "2:\t"
		     "vptest %%ymm0, %%ymm0\n\t"
		     "vzeroupper"
		     : [at] "+&r" (at), "=@ccz" (zero)
		     : [end] "r" (page + sizeof(struct whole)),
		       [turn] "i" (TURN_BYTES),
		       "m" (*(const struct whole *)page)
		     : CLOBBERS);
	return zero;
}
