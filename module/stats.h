/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What pagefold counts.
 */
#ifndef PAGEFOLD_STATS_H
#define PAGEFOLD_STATS_H

#include <linux/atomic.h>
#include <linux/sched/clock.h>
#include <linux/types.h>

/* Counters since load: name, and what one more of it means. */
#define PAGEFOLD_COUNTERS(X)						\
	X(passes)	/* visits to all the memory in scope */		\
	X(visited)	/* page table entries of present pages */	\
	X(written)	/* dirty bits found and cleared */		\
	X(hot_skipped)	/* dirty bits left: the page is hot */		\
	X(settled)	/* pages found unwritten, to be read */		\
	X(fingerprinted) /* pages read */				\
	X(folded)	/* mappings replaced by one of a frame */	\
	X(folded_zero)	/* mappings replaced by one of the zero page */	\
	X(frames_made)	/* frames allocated */				\
	X(frames_pruned) /* frames freed, nobody mapped them */		\
	X(frames_adopted) /* frames of an earlier load taken over */	\
	X(unshared)	/* mappings given an ordinary page again */	\
	X(pinned)	/* mappings left: somebody holds the page */	\
	X(changed)	/* mappings left: the bytes differed */		\
	X(refused)	/* mappings left: their memory is not to fold */ \
	X(lock_busy)	/* pages left: page lock taken */		\
	X(mmap_busy)	/* turns lost: mmap lock taken */		\
	X(huge_split)	/* huge pages split so that parts could fold */	\
	X(nomem)	/* pages left: no memory for a frame or entry */ \
	X(swept)	/* index entries looked at by the sweep */	\
	X(dropped)	/* index entries whose page was gone */		\
	X(scrub_rounds)	/* times that every frame was read */		\
	X(scrub_read)	/* frames read by the scrub */			\
	X(scrub_mismatches) /* frames found damaged */			\
	X(cpu_ns_walk)	/* CPU time, ns, by stage */			\
	X(cpu_ns_fingerprint)						\
	X(cpu_ns_fold)							\
	X(cpu_ns_sweep)

/* Durations, in ns. */
#define PAGEFOLD_LATENCIES(X)						\
	X(mmap_hold)	/* one hold of the mmap lock */			\
	X(table_hold)	/* one hold of a page table lock, walking */	\
	X(fold)		/* folding all mappings of a page, or a batch of pages */

#define PAGEFOLD_LATENCY_BUCKETS 40	/* bucket n: below 2^n ns */

struct pagefold_latency {
	atomic64_t bucket[PAGEFOLD_LATENCY_BUCKETS];
};

struct pagefold_stats {
#define X(name) atomic64_t name;
	PAGEFOLD_COUNTERS(X)
#undef X
#define X(name) struct pagefold_latency latency_##name;
	PAGEFOLD_LATENCIES(X)
#undef X
	/* Frames that pagefold holds a reference to. */
	atomic_long_t frames_live;
};

extern struct pagefold_stats pagefold_stats;

#define pagefold_count_add(name, n) atomic64_add(n, &pagefold_stats.name)
#define pagefold_count(name) pagefold_count_add(name, 1)
#define pagefold_counted(name) atomic64_read(&pagefold_stats.name)

/**
 * pagefold_latency_add() - one more duration.
 * @latency: the histogram.
 * @ns: the duration, in nanoseconds; those past the end count in the last
 *      bucket.
 *
 * Context: Any.
 */
void pagefold_latency_add(struct pagefold_latency *latency, u64 ns);

/* The clock is read at one step in so many, which stands for all. */
#define PAGEFOLD_STATS_SAMPLE 16

/* Is this the step, of @steps so far? */
static inline bool pagefold_stats_sample(unsigned int *steps)
{
	return !((*steps)++ % PAGEFOLD_STATS_SAMPLE);
}

static inline u64 pagefold_stats_clock(bool sample)
{
	return sample ? local_clock() * PAGEFOLD_STATS_SAMPLE : 0;
}

/**
 * struct pagefold_sharing - how frames are mapped right now.
 * @frames: frames that somebody maps.
 * @mappings: page table entries that map them.
 * @lonely: frames with a single mapping.
 */
struct pagefold_sharing {
	unsigned long frames;
	unsigned long mappings;
	unsigned long lonely;
};

/**
 * pagefold_sharing_now() - count the mappings of every frame.
 *
 * Nobody tells pagefold when a mapping splits, so this reads the reference
 * count of each frame. The figures are exact if nothing changes meanwhile.
 *
 * Context: Process context, may sleep; time grows with the frames there are.
 */
struct pagefold_sharing pagefold_sharing_now(void);

/**
 * pagefold_sharing_recent() - the same, of a second ago at most.
 *
 * For files that anybody may read: counting takes a lock that the scanner
 * wants, too.
 */
struct pagefold_sharing pagefold_sharing_recent(void);

/* Bytes that folding saves at @sharing, without the cost of the metadata. */
u64 pagefold_bytes_saved(const struct pagefold_sharing *sharing);

/* Bytes of the index. */
u64 pagefold_bytes_metadata(void);

#endif
