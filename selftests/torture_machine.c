// SPDX-License-Identifier: GPL-2.0
/*
 * The torture test: memory that comes and goes: swap space, memory blocks,
 * limits of cgroups, somebody who takes all there is.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/swap.h>
#include <sys/wait.h>

#include "torture.h"

#define GROUPS		4
#define GROUP_NAME	"pagefold-torture-%u"
#define SWAP_BYTES	(192UL << 20)
#define SMALL_SWAP	(48UL << 20)
#define MEMORY		"/sys/devices/system/memory/"
#define BLOCKS_MAX	256
#define PATIENCE_MS	2000
#define NAP_US		1500000
#define LEFT_KB		(48 * 1024)

/* --- memory cgroups: tight for some, until the OOM killer comes ---------- */

static u32 groups;

static const char *group_name(u32 i)
{
	static char name[32];

	snprintf(name, sizeof(name), GROUP_NAME, i);
	return name;
}

void groups_make(void)
{
	u32 i;

	if (left_out("cgroup"))
		return;
	for (i = 0; i < GROUPS; i++) {
		if (pf_cgroup_make(group_name(i), "memory")) {
			say_line("# not here: memory cgroups");
			return;
		}
		groups++;
	}
}

void groups_remove(void)
{
	while (groups)
		pf_cgroup_remove(group_name(--groups));
}

/* Every second process is limited. */
bool in_group(u32 slot)
{
	return slot % 2;
}

void group_join(u32 slot)
{
	if (groups && in_group(slot))
		pf_cgroup_write(group_name(slot / 2 % groups), "cgroup.procs",
				"0");
}

static void limit(struct stream *s, const char *name, const char *file)
{
	char value[32];

	snprintf(value, sizeof(value), "%uM", below(s, 24));
	pf_cgroup_write(name, file, one_in(s, 3) ? "max" : value);
}

/*
 * What is left to be done then takes as long as it takes, not for ever. Nobody
 * else may do this: while a write of a low memory.max goes on, the kernel (6.12)
 * does so for ever once another write has raised it.
 */
static void groups_free(void)
{
	u32 i;

	for (i = 0; i < groups; i++) {
		pf_cgroup_write(group_name(i), "memory.swap.max", "max");
		pf_cgroup_write(group_name(i), "memory.high", "max");
		pf_cgroup_write(group_name(i), "memory.max", "max");
	}
}

void disturb_groups(struct stream *s)
{
	static const char * const files[] = {
		"memory.max", "memory.max", "memory.high", "memory.swap.max",
	};
	const char *name;

	if (PF_LOAD(&shared->stop)) {
		groups_free();
		return;
	}
	usleep(below(s, NAP_US / 10));
	if (!groups || left_out("cgroup"))
		return;
	name = group_name(below(s, groups));
	if (one_in(s, 2))
		pf_cgroup_write(name, "memory.reclaim", "4M");
	else
		limit(s, name, files[below(s, ARRAY_SIZE(files))]);
}

/* --- what takes long, so that it is given up after a while --------------- */

/* Run @fn in a process of its own, killed when it takes too long. */
static void patiently(void (*fn)(struct stream *s), struct stream *s)
{
	u32 ms;
	pid_t pid;

	draw(s);
	pid = fork();
	if (!pid) {
		fn(s);
		_exit(0);
	}
	for (ms = 0; ms < PATIENCE_MS; ms += 10) {
		if (pid < 0 || waitpid(pid, NULL, WNOHANG) == pid)
			return;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Memory blocks that are there, by number. */
static u32 memory_blocks(u32 *blocks)
{
	DIR *dir = opendir(MEMORY);
	struct dirent *entry;
	u32 n = 0;

	while (dir && n < BLOCKS_MAX && (entry = readdir(dir)))
		n += sscanf(entry->d_name, "memory%u", &blocks[n]) == 1;
	if (dir)
		closedir(dir);
	return n;
}

static void set_block(u32 block, const char *state)
{
	char path[80];

	snprintf(path, sizeof(path), MEMORY "memory%u/state", block);
	pf_file_write(path, state);
}

static void take_block(struct stream *s)
{
	u32 blocks[BLOCKS_MAX], n = memory_blocks(blocks);

	if (n)
		set_block(blocks[below(s, n)], "offline");
}

/*
 * All but one come back at once, that one the next time. They come back in a
 * process that nobody kills: setup_zone_pageset() (mm/page_alloc.c) uses what
 * alloc_percpu() gave it unseen, and whoever is to die may be given nothing.
 */
static void change_block(struct stream *s)
{
	u32 blocks[BLOCKS_MAX], n = memory_blocks(blocks), i;

	for (i = 0; i < n; i++)
		set_block(blocks[i], one_in(s, 2) ? "online_movable" :
			  "online");
	patiently(take_block, s);
}

static void all_blocks_online(void)
{
	u32 blocks[BLOCKS_MAX], n = memory_blocks(blocks);

	while (n--)
		set_block(blocks[n], "online");
}

/* The frame behind some address of some process. */
static void soft_offline(struct stream *s)
{
	char text[32];
	u64 flags, pfn = below(s, 1U << 19);

	flags = pf_kflags(pfn);
	if (!(flags & (PF_KPF_LRU | PF_KPF_ANON)) ||
	    ADD(shared->offlined, 1) >= OFFLINED)
		return;
	snprintf(text, sizeof(text), "0x%llx", pfn * PF_PAGE);
	pf_file_write(MEMORY "soft_offline_page", text);
}

/* Take what is left, so that all others are short of memory. */
static void take_all(struct stream *s)
{
	char text[4096], *at;
	long left = LEFT_KB;
	char *mem;

	pf_file_write("/proc/self/oom_score_adj", "1000");
	while (left >= LEFT_KB && !PF_LOAD(&shared->stop)) {
		mem = mmap(NULL, PF_HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			   MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (mem == MAP_FAILED ||
		    pf_file_read("/proc/meminfo", text, sizeof(text)) < 0)
			break;
		*(u64 *)mem = draw(s);
		at = strstr(text, "MemAvailable:");
		left = at ? atol(at + strlen("MemAvailable:")) : 0;
	}
	usleep(200000);
}

static const char *swap_path;

static void swap_off(struct stream *s)
{
	swapoff(swap_path);
}

static bool is_swap(const char *path)
{
	char text[4096];

	return pf_file_read("/proc/swaps", text, sizeof(text)) > 0 &&
	       strstr(text, path);
}

/* In another process: the OOM killer takes who does this first of all. */
static void end_swap(struct pf_swap *swap, struct stream *s)
{
	if (!swap->path[0])
		return;
	swap_path = swap->path;
	patiently(swap_off, s);
	if (!is_swap(swap->path))
		pf_swap_off(swap);
}

static void change_swap(struct pf_swap *swap, struct stream *s, bool zram,
			size_t bytes)
{
	if (swap->path[0])
		end_swap(swap, s);
	else if (pf_swap_on(swap, zram, bytes))
		not_here(OPERATIONS - 1 - zram, zram ? "swap on zram" :
			 "swap in a file", errno);
}

void disturb_memory(struct stream *s)
{
	static struct pf_swap zram, file;
	u32 what = below(s, 10);

	if (!zram.path[0] && !left_out("swap"))
		change_swap(&zram, s, true, SWAP_BYTES);
	usleep(below(s, NAP_US));
	if (what == 0 && !left_out("swap"))
		change_swap(&zram, s, true, SWAP_BYTES);
	else if (what == 1 && !left_out("swap"))
		change_swap(&file, s, false, SMALL_SWAP);
	else if (what < 6 && !left_out("hotplug"))
		change_block(s);
	else if (what < 8 && !left_out("soft_offline"))
		soft_offline(s);
	else if (what < 9 && !left_out("pressure"))
		patiently(take_all, s);
	if (!PF_LOAD(&shared->stop))
		return;
	end_swap(&zram, s);
	end_swap(&file, s);
	all_blocks_online();
}
