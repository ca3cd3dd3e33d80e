/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The torture test. Each process of a slot owns an area of memory, knows every
 * byte of it (struct model), does operations on it drawn from a stream of its
 * own, and verifies whole pages after each. Others disturb the machine.
 *
 * What all processes share stands in one mapping that is not anonymous private
 * memory, so that no module, and no fold, is what the verdict depends on. What
 * a process knows of its pages is MADV_DONTDUMP, out of every scope.
 */
#ifndef PAGEFOLD_TORTURE_H
#define PAGEFOLD_TORTURE_H

#include "pagefold.h"

#define CONTENTS	24	/* distinct contents; the first is zeroes */
#define BLOCKS		2	/* of memory in an area */
#define SMALL		0	/* the block without huge pages */
#define BLOCK_PAGES	(PF_HUGE / PF_PAGE)
#define SLOTS		64	/* at most */
#define OPERATIONS	64	/* at most */
#define HISTORY		128	/* operations that a process remembers */
#define DEPTH		2	/* generations of children */
#define OFFLINED	8	/* pages lost to soft-offline, at most */

/* Newer than the C library of the oldest supported distribution. */
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

typedef __u8 u8;
typedef __u16 u16;
typedef __s16 s16;

/* A stream of decisions: from the same seed come the same (splitmix64). */
struct stream {
	u64 state;
};

static inline u64 draw(struct stream *s)
{
	u64 z = s->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline u32 below(struct stream *s, u32 n)
{
	return draw(s) % n;
}

static inline bool one_in(struct stream *s, u32 n)
{
	return !below(s, n);
}

/* torture_seed(): the stream of one process, or of one thread of it. */
static inline struct stream stream_of(u64 seed, u64 slot, u64 generation)
{
	struct stream s = { seed ^ slot << 48 ^ generation << 16 };

	draw(&s);
	return s;
}

/* Kinds of checks: each is a line of the verdict. */
enum check {
	CHECK_OWN,
	CHECK_CHILD,
	CHECK_FOREIGN,
	CHECK_DEVICE,
	CHECK_THREADS,
	CHECK_PROTECTED,
	CHECK_HELD,
	CHECKS,
};

#define FAILED_DIED	(CHECKS + 1)

/* What all processes share. Numbers are only added to, with ADD(). */
struct shared {
	u64 seed;
	u32 stop;		/* everybody ends */
	u32 failed;		/* the process whose finding is reported */
	u32 failed_kind;	/* enum check + 1, or FAILED_DIED */
	u32 stuck;
	bool loaded_by_us;
	u32 solo;		/* slot + 1 that runs alone, or 0 */
	u32 offlined;		/* pages lost to soft-offline */
	u64 verified;		/* bytes */
	u64 wrong;		/* bytes */
	u64 processes;
	u64 seconds;
	u64 killed;		/* by the OOM killer */
	u64 folded;		/* of loads of the module that are over */
	u64 passes;
	u64 loads;		/* of the module */
	u64 split;		/* folds that a write of ours was seen to split */
	u64 checks[CHECKS];
	u64 operations[OPERATIONS];
	u32 said[OPERATIONS];	/* that it is not to be had here */
	u64 progress[SLOTS];
	u32 generation[SLOTS];
	u8 left_out[OPERATIONS];
	char dir[64];		/* for files that take direct I/O */
	char contents[CONTENTS][PF_PAGE];
};

extern struct shared *shared;

#define ADD(counter, n)	__atomic_fetch_add(&(counter), n, __ATOMIC_RELAXED)

/* What a page holds: a content, perhaps with one byte changed. */
struct model {
	u16 at;
	u8 byte;
	u8 content;
	bool changed;
	bool freed;	/* MADV_FREE: this, or zeroes from some time on */
};

struct block {
	char *mem;
	struct model pages[BLOCK_PAGES];
};

struct range {
	struct block *block;
	u32 first;
	u32 n;
};

struct event {
	u64 number;
	const char *what;
	u8 block;
	u16 first;
	u16 n;
	s16 content;	/* -1: none */
};

struct ring {
	int fd;
	u32 *sq_tail, *sq_mask, *sq_array;
	u32 *cq_head, *cq_mask;
	void *sqes, *cqes;
};

/* One process. */
struct worker {
	u32 slot;
	u32 depth;
	u32 children;
	enum check kind;	/* of checks of its own pages */
	struct stream stream;
	u64 number;		/* of the operation */
	const char *what;	/* its name */
	int file;		/* for direct I/O, or -1 */
	struct ring ring;
	struct block blocks[BLOCKS];
	struct event events[HISTORY];
};

struct operation {
	const char *name;
	u32 weight;
	/* 0, or -errno for what this machine does not have */
	int (*run)(struct worker *w, int arg);
	int arg;
};

/* torture_contents.c */
void contents_make(u64 seed);
void model_page(char *page, const struct model *m);
bool page_holds(const char *page, struct model *m);
u8 some_content(struct stream *s);

/* torture_area.c: the memory of a process */
struct worker *worker_new(u32 slot);
bool block_map(struct worker *w, struct block *block);
struct range some_range(struct worker *w, u32 most);
struct range whole(struct block *block);
char *range_mem(struct range r);
size_t range_size(struct range r);
struct model *range_models(struct range r);
void expect(struct range r, u8 content);
void fill(struct range r, u8 content);
void put(struct worker *w, struct range r, u8 content);
void unfree(struct range r);
void verify(struct worker *w, struct range r, enum check kind);
void verify_all(struct worker *w);
void verify_copy(struct worker *w, struct range r, u32 i, const char *copy,
		 enum check kind);
void nap(struct worker *w, u32 most_us);

/* torture_report.c */
bool first_to_fail(u32 kind);
void wrong_page(struct worker *w, const char *mem, const char *found,
		const char *want, enum check kind);
void wrong(struct worker *w, enum check kind, const void *mem,
	   const char *fmt, ...) __printf(4, 5);
void remember(struct worker *w, struct range r, int content);
void not_here(u32 operation, const char *name, int err);
void say_line(const char *fmt, ...) __printf(1, 2);

/* torture_worker.c: processes */
extern const struct operation operations[];
extern const u32 nr_operations;
void worker_main(u32 slot);
void worker_steps(struct worker *w, u32 steps);
pid_t spawn(struct worker *w);
void child_end(struct worker *w, pid_t pid);
bool died_well(pid_t pid, int status);

/* torture_memory.c, torture_fork.c, torture_io.c, ...: operations */
int op_write(struct worker *w, int arg);
int op_byte(struct worker *w, int arg);
int op_twin(struct worker *w, int arg);
int op_rest(struct worker *w, int arg);
int op_remap(struct worker *w, int arg);
int op_move(struct worker *w, int arg);
int op_protect(struct worker *w, int arg);
int op_advise(struct worker *w, int arg);
int op_lock(struct worker *w, int arg);
int op_offline(struct worker *w, int arg);
int op_fork(struct worker *w, int arg);
int op_exit(struct worker *w, int arg);
int op_exec(struct worker *w, int arg);
int op_foreign(struct worker *w, int arg);
int op_direct(struct worker *w, int arg);
int op_ring(struct worker *w, int arg);
int op_splice(struct worker *w, int arg);
int op_uffd(struct worker *w, int arg);
int op_threads(struct worker *w, int arg);

enum foreign { FOREIGN_WRITEV, FOREIGN_POKE, FOREIGN_MEM };

/* torture_ring.c */
int ring_open(struct ring *ring);
int ring_fix(struct ring *ring, void *mem, size_t size);
void ring_loose(struct ring *ring);
int ring_transfer(struct ring *ring, int op, int fd, u64 offset, void *mem,
		  size_t size);

/* torture_knobs.c, torture_machine.c: processes that disturb the machine */
void knobs_save(void);
void knobs_restore(void);
void disturb_knobs(struct stream *s);
void disturb_module(struct stream *s);
void disturb_reload(struct stream *s);
void disturb_memory(struct stream *s);
void disturb_groups(struct stream *s);
void groups_make(void);
void groups_remove(void);
bool in_group(u32 slot);
void group_join(u32 slot);
u64 stat_now(const char *name);
void hurry(void);

/* torture.c, torture_run.c, torture_verdict.c: the process that runs it all */
struct options {
	u64 seed;
	u64 bytes;
	u32 seconds;
	u32 processes;
	bool module;
	const char *without;
	const char *dir;
};

extern struct options options;

bool left_out(const char *name);
void run_start(void);
void run_watch(void);
void run_finish(void);
u64 operations_done(void);
void verdict_begin(void);
void __noreturn verdict_end(void);

#endif /* PAGEFOLD_TORTURE_H */
