/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the pagefold tests share: the module's files, what the kernel says
 * about a page, pages with known content, waiting by state.
 *
 * Helpers that cannot do their work say why and abort(), which the harness
 * reports as a failed test; so their callers need no error paths.
 */
#ifndef PAGEFOLD_SELFTEST_H
#define PAGEFOLD_SELFTEST_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"

typedef __u32 u32;
typedef __u64 u64;

#ifndef BIT_ULL
#define BIT_ULL(nr)	(1ULL << (nr))
#endif

/* Memory that another process, the kernel or a guest changes meanwhile. */
#define PF_LOAD(at)		__atomic_load_n(at, __ATOMIC_RELAXED)
#define PF_STORE(at, value)	__atomic_store_n(at, value, __ATOMIC_RELAXED)

#define PF_PAGE		4096UL
#define PF_HUGE		(2UL << 20)

#define PF_SYSFS	"/sys/kernel/mm/pagefold/"
#define PF_DEBUGFS	"/sys/kernel/debug/pagefold/"
#define PF_TRACEFS	"/sys/kernel/tracing/"

/* Newer than the C library of the oldest supported distribution. */
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE	67
#define PR_GET_MEMORY_MERGE	68
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE		0x08
#endif

/* /proc/PID/pagemap */
#define PF_MAP_PRESENT		BIT_ULL(63)
#define PF_MAP_SWAP		BIT_ULL(62)
#define PF_MAP_SOFT_DIRTY	BIT_ULL(55)
#define PF_MAP_PFN_MASK		(BIT_ULL(55) - 1)

/* /proc/kpageflags */
#define PF_KPF_LRU		BIT_ULL(5)
#define PF_KPF_BUDDY		BIT_ULL(10)
#define PF_KPF_ANON		BIT_ULL(12)
#define PF_KPF_KSM		BIT_ULL(21)
#define PF_KPF_THP		BIT_ULL(22)
#define PF_KPF_ZERO_PAGE	BIT_ULL(24)

/* pf_pfn() of an address with no page behind it */
#define PF_NO_PFN		(~0ULL)

/* pagefold_util.c: files */
void __noreturn __printf(1, 2) pf_die(const char *fmt, ...);
int pf_file_read(const char *path, char *buf, size_t size);
int pf_file_write(const char *path, const char *text);
long long pf_file_number(const char *path);

/* pagefold_util.c: the module */
bool pf_loaded(void);
int pf_begin(void);
void pf_end(void);
int pf_set(const char *name, const char *value);
long long pf_get(const char *name);
long long pf_stat(const char *name);

/* pagefold_util.c: waiting by state */
struct pf_wait {
	long long last_pass;
	time_t not_before;
	time_t give_up;
	bool patient;
};

unsigned int pf_slowness(void);
void pf_wait_start(struct pf_wait *wait, bool patient);
bool pf_wait_more(struct pf_wait *wait);
void pf_passes(unsigned int n);
bool pf_control(void);

/*
 * Wait until @cond holds, over a limited number of passes; says whether it
 * came to hold.
 */
#define pf_wait_until(cond) pf_wait_(cond, false)

/* The same for what need not be found at once, but must be found. */
#define pf_wait_long_until(cond) pf_wait_(cond, true)

#define pf_wait_(cond, patient) ({					\
	struct pf_wait wait_;						\
	bool held_;							\
									\
	for (pf_wait_start(&wait_, patient);				\
	     !(held_ = (cond)) && pf_wait_more(&wait_);)		\
		;							\
	held_;								\
})

/* pagefold_page.c: what the kernel says about a page */
u64 pf_pagemap_of(pid_t pid, const void *addr);
u64 pf_pagemap(const void *addr);
u64 pf_pfn_of(pid_t pid, const void *addr);
u64 pf_pfn(const void *addr);
u64 pf_kflags(u64 pfn);
u64 pf_kcount(u64 pfn);
u64 pf_kcgroup(u64 pfn);
void pf_drain_lru(void);
bool pf_is_frame(u64 pfn);
bool pf_is_ksm(u64 pfn);
bool pf_is_zero_page(u64 pfn);
bool pf_folded(const void *addr);
bool pf_share(const char *mem, size_t n);
bool pf_apart(const char *mem, size_t n);
size_t pf_distinct(const char *mem, size_t n);
bool pf_same_frames(const char *mem, size_t n, pid_t pid, const char *there);

/* pagefold_page.c: pages with known content */
char *pf_reserve(size_t n);
char *pf_map(size_t n);
char *pf_map_plain(size_t n);
u64 pf_seed(void);
void pf_fill(void *page, u64 seed);
void pf_fill_all(char *mem, size_t n, u64 seed);
void pf_fill_each(char *mem, size_t n, u64 seed);
bool pf_holds(const void *page, u64 seed);
bool pf_holds_all(const char *mem, size_t n, u64 seed);
bool pf_holds_each(const char *mem, size_t n, u64 seed);
bool pf_holds_but(const void *page, u64 seed, size_t at, char byte);
char *pf_twins(size_t n, u64 seed);

/* pagefold_huge.c: a transparent huge page */
#define PF_PARTS	(PF_HUGE / PF_PAGE)

bool pf_is_huge(const char *mem);
char *pf_map_huge(u64 seed);

/*
 * pagefold_peer.c: a second process, in step with the first.
 * Both sides call pf_meet(); each goes on when the other has come too. A side
 * whose partner is gone dies.
 */
struct pf_peer {
	pid_t pid;
	int fd;
};

struct pf_peer pf_peer_start(int (*fn)(struct pf_peer *self, void *arg),
			     void *arg);
void pf_meet(struct pf_peer *peer);
int pf_peer_end(struct pf_peer *peer);
void pf_peer_kill(struct pf_peer *peer);
void pf_run_on(unsigned int cpu);

/* pagefold_machine.c: memory cgroups, by name directly under the root */
int pf_cgroup_make(const char *name, const char *controller);
int pf_cgroup_write(const char *name, const char *file, const char *value);
long long pf_cgroup_number(const char *name, const char *file);
long long pf_cgroup_event(const char *name, const char *event);
u64 pf_cgroup_inode(const char *name);
void pf_cgroup_remove(const char *name);

/* pagefold_machine.c: swap space that is gone when the test ends */
struct pf_swap {
	char path[64];
	int zram;	/* number of the device, or -1 for a file */
};

int pf_swap_on(struct pf_swap *swap, bool zram, size_t bytes);
void pf_swap_off(struct pf_swap *swap);
long pf_swap_used(const struct pf_swap *swap);

/* pagefold_machine.c: kernel modules */
const char *pf_module_file(void);
int pf_module_load(const char *params);
int pf_module_unload(void);
int pf_modprobe(const char *name);

/* pagefold_fault.c: allocations that fail when asked to */
bool pf_fault_possible(void);
void pf_fault_begin(void);
void pf_fault_end(void);
void pf_fault_percent(pid_t pid, unsigned int percent);
void pf_fault_nth(pid_t pid, unsigned int nth);
unsigned int pf_fault_left(pid_t pid);
void pf_fault_this(unsigned int nth);
unsigned int pf_fault_done(void);
pid_t pf_scanner(void);

#endif /* PAGEFOLD_SELFTEST_H */
