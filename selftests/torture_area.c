// SPDX-License-Identifier: GPL-2.0
/* The torture test: the memory of a process, and what is known of it. */
#include <errno.h>

#include "torture.h"

/* Address space at a multiple of 2 MiB, so that huge pages fit. */
static char *reserve(void)
{
	char *raw = mmap(NULL, 2 * PF_HUGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *mem;

	if (raw == MAP_FAILED)
		return NULL;
	mem = raw + (PF_HUGE - (uintptr_t)raw % PF_HUGE) % PF_HUGE;
	if (mem != raw)
		munmap(raw, mem - raw);
	if (mem != raw + PF_HUGE)
		munmap(mem + PF_HUGE, raw + PF_HUGE - mem);
	return mem;
}

/* False if there is no memory for it now. */
bool block_map(struct worker *w, struct block *block)
{
	char *mem = reserve();

	if (!mem || mprotect(mem, PF_HUGE, PROT_READ | PROT_WRITE))
		return false;
	if (!one_in(&w->stream, 4))
		madvise(mem, PF_HUGE, MADV_MERGEABLE);
	/* a write to a huge page unsettles all of it: one block has none */
	if (block == &w->blocks[SMALL])
		madvise(mem, PF_HUGE, MADV_NOHUGEPAGE);
	block->mem = mem;
	memset(block->pages, 0, sizeof(block->pages));
	return true;
}

struct worker *worker_new(u32 slot)
{
	struct worker *w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u32 i;

	if (w == MAP_FAILED || madvise(w, sizeof(*w), MADV_DONTDUMP))
		pf_die("memory for a process");
	w->slot = slot;
	w->kind = CHECK_OWN;
	w->what = "start";
	w->file = -1;
	w->ring.fd = -1;
	w->stream = stream_of(shared->seed, slot, shared->generation[slot]);
	for (i = 0; i < BLOCKS; i++)
		if (!block_map(w, &w->blocks[i]))
			pf_die("memory for an area");
	return w;
}

struct range whole(struct block *block)
{
	return (struct range){ .block = block, .n = BLOCK_PAGES };
}

/* Mostly few pages, at times as many as there may be. */
struct range some_range(struct worker *w, u32 most)
{
	struct range r = { .block = &w->blocks[below(&w->stream, BLOCKS)] };
	u32 few = most < 32 ? most : 32;

	r.n = 1 + below(&w->stream, one_in(&w->stream, 4) ? most : few);
	r.first = below(&w->stream, BLOCK_PAGES - r.n + 1);
	remember(w, r, -1);
	return r;
}

char *range_mem(struct range r)
{
	return r.block->mem + r.first * PF_PAGE;
}

size_t range_size(struct range r)
{
	return r.n * PF_PAGE;
}

struct model *range_models(struct range r)
{
	return r.block->pages + r.first;
}

void expect(struct range r, u8 content)
{
	u32 i;

	for (i = 0; i < r.n; i++)
		range_models(r)[i] = (struct model){ .content = content };
}

void fill(struct range r, u8 content)
{
	u32 i;

	for (i = 0; i < r.n; i++)
		memcpy(range_mem(r) + i * PF_PAGE, shared->contents[content],
		       PF_PAGE);
	expect(r, content);
}

void put(struct worker *w, struct range r, u8 content)
{
	remember(w, r, content);
	fill(r, content);
}

/* Write again what may be gone, so that it is known what it holds. */
void unfree(struct range r)
{
	struct model *m = range_models(r);
	u32 i;

	for (i = 0; i < r.n; i++) {
		if (!m[i].freed)
			continue;
		model_page(range_mem(r) + i * PF_PAGE, &m[i]);
		m[i].freed = false;
	}
}

static void verify_page(struct worker *w, const char *page, struct model *m,
			enum check kind)
{
	char found[PF_PAGE], want[PF_PAGE];

	if (page_holds(page, m))
		return;
	memcpy(found, page, PF_PAGE);
	model_page(want, m);
	wrong_page(w, page, found, want, kind);
}

/* Each byte of each page of @r. */
void verify(struct worker *w, struct range r, enum check kind)
{
	u32 i;

	for (i = 0; i < r.n; i++)
		verify_page(w, range_mem(r) + i * PF_PAGE,
			    &range_models(r)[i], kind);
	ADD(shared->verified, range_size(r));
	ADD(shared->checks[kind], r.n);
}

void verify_all(struct worker *w)
{
	u32 i;

	for (i = 0; i < BLOCKS; i++)
		verify(w, whole(&w->blocks[i]), w->kind);
}

/* What a device or a pipe took from page @i of @r. */
void verify_copy(struct worker *w, struct range r, u32 i, const char *copy,
		 enum check kind)
{
	char want[PF_PAGE];

	model_page(want, &range_models(r)[i]);
	if (memcmp(copy, want, PF_PAGE))
		wrong_page(w, range_mem(r) + i * PF_PAGE, copy, want, kind);
	ADD(shared->verified, PF_PAGE);
	ADD(shared->checks[kind], 1);
}

/* Time for the scanner to come by. */
void nap(struct worker *w, u32 most_us)
{
	u32 us = below(&w->stream, most_us);

	if (!PF_LOAD(&shared->stop))
		usleep(us);
}
