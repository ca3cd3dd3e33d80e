// SPDX-License-Identifier: GPL-2.0
/*
 * The torture test: threads that write to the same pages, each its own word,
 * while the pages are folded, swapped out and copied by fork(). No write may
 * be lost, and a child has what was written when it was forked.
 *
 * A thread counts up in its word, and says in memory that no fold can reach
 * what it is about to write and what it has written.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/syscall.h>

#include "torture.h"

#define PAGES		64
#define THREADS		3
#define ROUNDS		16	/* of what the process does meanwhile */
#define ROUND_US	60000
#define REST_US		4000
#define LONG_REST_US	120000	/* so that pages settle, and fold */
#define WATCH_US	300000	/* for some passes */
#define BURST		200	/* rounds of a thread between two rests */

struct words {
	u64 begun[THREADS][PAGES];
	u64 done[THREADS][PAGES];
};

struct team {
	struct worker *w;
	struct range r;
	struct words *words;
	u64 rest_until;	/* microseconds, for all */
	bool stop;
};

struct member {
	struct team *team;
	u32 number;
	struct stream stream;
	pthread_t thread;
};

/* The words are spread over the page. */
static u64 *word_of(struct range r, u32 page, u32 number)
{
	return (u64 *)(range_mem(r) + page * PF_PAGE +
		       number * (PF_PAGE / THREADS / 8 * 8));
}

static void count_one(struct member *member, u32 page)
{
	struct team *team = member->team;
	u64 *word = word_of(team->r, page, member->number);
	u64 *done = &team->words->done[member->number][page];
	u64 found = PF_LOAD(word);

	if (found != *done)
		wrong(team->w, CHECK_THREADS, word,
		      "a thread's write was lost: expected %llu found %llu",
		      *done, found);
	PF_STORE(&team->words->begun[member->number][page], found + 1);
	PF_STORE(word, found + 1);
	PF_STORE(done, found + 1);
}

static u64 now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

/*
 * Short, or so long, and with all others, that pages settle and fold: then the
 * next writes come while that goes on.
 */
static void rest(struct member *member)
{
	struct team *team = member->team;
	u64 now = now_us(), until;

	if (one_in(&member->stream, THREADS) && PF_LOAD(&team->rest_until) < now)
		PF_STORE(&team->rest_until,
			 now + below(&member->stream, LONG_REST_US));
	until = PF_LOAD(&team->rest_until);
	if (until > now)
		usleep(until - now);
	else
		usleep(below(&member->stream, REST_US));
}

static bool goes_on(const struct team *team)
{
	return !PF_LOAD(&team->stop) &&
	       PF_LOAD(&team->rest_until) < now_us();
}

/* Always the same pages for a while, so that they are equal, others rest. */
static void *count_up(void *arg)
{
	struct member *member = arg;
	struct team *team = member->team;
	u32 round, page, step;

	while (!PF_LOAD(&team->stop)) {
		step = one_in(&member->stream, 2) ? 1 :
		       1 + below(&member->stream, 4);
		round = below(&member->stream, BURST);
		for (; round < BURST && goes_on(team); round++)
			for (page = 0; page < team->r.n; page += step)
				count_one(member, page);
		rest(member);
	}
	return NULL;
}

/* Page @i as it should be, with the words as they are where @r is. */
static void verify_rest(struct team *team, u32 i, enum check kind)
{
	char found[PF_PAGE], want[PF_PAGE];
	char *page = range_mem(team->r) + i * PF_PAGE;
	size_t at;
	u32 t;

	memcpy(found, page, PF_PAGE);
	model_page(want, &range_models(team->r)[i]);
	for (t = 0; t < THREADS; t++) {
		at = (char *)word_of(team->r, i, t) - page;
		memcpy(want + at, found + at, sizeof(u64));
	}
	if (memcmp(found, want, PF_PAGE))
		wrong_page(team->w, page, found, want, kind);
	ADD(shared->verified, PF_PAGE);
	ADD(shared->checks[kind], 1);
}

/* Between @low and what is begun by now. */
static void verify_word(struct team *team, u32 page, u32 number, u64 low)
{
	u64 *word = word_of(team->r, page, number);
	u64 found = PF_LOAD(word);
	u64 high = PF_LOAD(&team->words->begun[number][page]);

	if (found < low || found > high)
		wrong(team->w, CHECK_THREADS, word,
		      "a thread's word: %llu, not %llu to %llu", found, low,
		      high);
}

/* From what was @lowest on. */
static void verify_words(struct team *team, const struct words *lowest)
{
	u32 i, t;

	for (i = 0; i < team->r.n; i++) {
		for (t = 0; t < THREADS; t++)
			verify_word(team, i, t, PF_LOAD(&lowest->done[t][i]));
		verify_rest(team, i, CHECK_THREADS);
	}
}

/*
 * Read without a rest: a CPU that goes on by an old entry of its TLB sees a
 * page that was freed, and soon is another's.
 */
static void watch(struct team *team, u64 us)
{
	u64 until = now_us() + us;
	u32 i, t;

	while (now_us() < until && !PF_LOAD(&shared->stop))
		for (i = 0; i < team->r.n; i++)
			for (t = 0; t < THREADS; t++)
				verify_word(team, i, t,
					    PF_LOAD(&team->words->done[t][i]));
}

/* The child has no threads: its words stand still. */
static void fork_meanwhile(struct team *team)
{
	struct words *lowest = team->words + 1;
	pid_t pid;

	memcpy(lowest, team->words, sizeof(*lowest));
	pid = spawn(team->w);
	if (pid < 0)
		return;
	if (pid) {
		child_end(team->w, pid);
		return;
	}
	verify_words(team, lowest);
	nap(team->w, ROUND_US);
	verify_words(team, lowest);
	_exit(0);
}

/* Pages that were just swapped in wait in a CPU's batch, out of reach. */
static void page_out(struct team *team)
{
	u32 i;

	for (i = 0; i < 3; i++) {
		pf_drain_lru();
		madvise(range_mem(team->r), range_size(team->r), MADV_PAGEOUT);
	}
}

/* Nobody writes, so that the pages settle and fold while they are read. */
static void watch_folding(struct team *team)
{
	PF_STORE(&team->rest_until, now_us() + WATCH_US);
	watch(team, WATCH_US);
}

static void meanwhile(struct team *team)
{
	static const int advices[] = {
		MADV_COLD, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_COLLAPSE,
	};
	struct stream *s = &team->w->stream;
	u32 what = below(s, 9);

	if (what == 8)
		watch_folding(team);
	else if (what < ARRAY_SIZE(advices))
		madvise(range_mem(team->r), range_size(team->r),
			advices[what]);
	else if (what < 6)
		page_out(team);
	else if (what == 6)
		fork_meanwhile(team);
	if (one_in(s, 2))
		watch(team, below(s, ROUND_US));
	else
		usleep(below(s, ROUND_US));
}

/* Two: the threads' own, and what they were at a fork(). */
static struct words *words_new(struct range r, u8 content)
{
	struct words *words = mmap(NULL, 2 * sizeof(*words),
				   PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	u32 i, t;

	if (words == MAP_FAILED)
		return NULL;
	fill(r, content);
	for (i = 0; i < r.n; i++)
		for (t = 0; t < THREADS; t++)
			*word_of(r, i, t) = 0;
	return words;
}

static void run_team(struct team *team)
{
	struct member members[THREADS];
	u32 slower = pf_slowness() < ROUNDS ? pf_slowness() : ROUNDS;
	u32 i, threads = 0;
	u32 rounds = 1 + below(&team->w->stream, ROUNDS / slower);

	for (i = 0; i < THREADS; i++) {
		members[i] = (struct member){ .team = team, .number = i };
		members[i].stream.state = draw(&team->w->stream);
	}
	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&members[i].thread, NULL, count_up,
				   &members[i]))
			break;
		threads++;
	}
	while (rounds-- && !PF_LOAD(&shared->stop))
		meanwhile(team);
	PF_STORE(&team->stop, true);
	for (i = 0; i < threads; i++)
		pthread_join(members[i].thread, NULL);
	verify_words(team, team->words);
}

/*
 * At times alone, so that threads meet the scanner and not each other. Not in a
 * cgroup whose limit may let it wait for long, and all others with it.
 */
static bool take_solo(struct worker *w)
{
	u32 nobody = 0;

	return one_in(&w->stream, 3) && !w->depth && !in_group(w->slot) &&
	       __atomic_compare_exchange_n(&shared->solo, &nobody, w->slot + 1,
					   false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

int op_threads(struct worker *w, int arg)
{
	struct range r = some_range(w, PAGES);
	u8 content = some_content(&w->stream);
	bool solo = take_solo(w);
	struct team team = { .w = w, .r = r };

	remember(w, r, content);
	team.words = words_new(r, content);
	expect(r, content);
	if (team.words) {
		run_team(&team);
		munmap(team.words, 2 * sizeof(*team.words));
	}
	put(w, r, content);
	verify(w, r, w->kind);
	if (solo)
		PF_STORE(&shared->solo, 0);
	return 0;
}
