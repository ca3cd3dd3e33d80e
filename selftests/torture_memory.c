// SPDX-License-Identifier: GPL-2.0
/* The torture test: operations on a process's own memory. */
#define _GNU_SOURCE
#include <errno.h>

#include "torture.h"

#define REST_US		30000
#define SHORT_US	10000
#define TWIN_US		300000	/* for some visits of the scanner */
#define TWINS		256
#define SAMPLE		8	/* pages of a write that are asked for splits */

/* No kernel's own KSM: its pages are on the LRU. */
static bool maps_frame(u64 pfn)
{
	const u64 want = PF_KPF_KSM | PF_KPF_ANON;

	return (pf_kflags(pfn) & (want | PF_KPF_LRU)) == want;
}

/* Before a page is written: the frame that it maps, or PF_NO_PFN. */
static u64 frame_of(const char *page)
{
	u64 pfn = pf_pfn(page);

	return maps_frame(pfn) ? pfn : PF_NO_PFN;
}

/* Afterwards. */
static void count_split(const char *page, u64 frame)
{
	if (frame != PF_NO_PFN && pf_pfn(page) != frame)
		ADD(shared->split, 1);
}

static void write_byte(char *page, u32 at, u8 byte)
{
	u64 frame = frame_of(page);

	PF_STORE(&page[at], byte);
	count_split(page, frame);
}

static void put_counting(struct worker *w, struct range r, u8 content)
{
	u32 i, n = r.n < SAMPLE ? r.n : SAMPLE;
	u64 frames[SAMPLE];

	for (i = 0; i < n; i++)
		frames[i] = frame_of(range_mem(r) + i * PF_PAGE);
	put(w, r, content);
	for (i = 0; i < n; i++)
		count_split(range_mem(r) + i * PF_PAGE, frames[i]);
}

/* Whole pages: of one content, or of two by turns. */
int op_write(struct worker *w, int arg)
{
	struct range r = some_range(w, BLOCK_PAGES), one = r;
	u8 content = some_content(&w->stream);

	put_counting(w, r, content);
	if (one_in(&w->stream, 4)) {
		content = some_content(&w->stream);
		one.n = 1;
		for (one.first += 1; one.first < r.first + r.n; one.first += 2)
			fill(one, content);
		remember(w, r, content);
	}
	verify(w, r, w->kind);
	return 0;
}

/* A lazily freed page may have gone before it was written. */
static void settle_freed(const char *page, struct model *m)
{
	struct model zero = *m;

	if (!m->freed)
		return;
	m->freed = false;
	zero.freed = false;
	zero.content = 0;
	if (!page_holds(page, m))
		*m = zero;
}

static void change_back(struct range r)
{
	struct model *m = range_models(r);

	write_byte(range_mem(r), m->at,
		   shared->contents[m->content][m->at]);
	m->changed = false;
}

/* One byte, and mostly back, which makes the page equal to others again. */
int op_byte(struct worker *w, int arg)
{
	struct range r = some_range(w, 1);
	struct model *m = range_models(r);
	char *page = range_mem(r);

	if (m->changed) {
		unfree(r);
		change_back(r);
	}
	m->at = below(&w->stream, PF_PAGE);
	m->byte = draw(&w->stream);
	m->changed = true;
	write_byte(page, m->at, m->byte);
	settle_freed(page, m);
	verify(w, r, w->kind);
	if (one_in(&w->stream, 4))
		return 0;
	nap(w, one_in(&w->stream, 2) ? SHORT_US : 1);
	verify(w, r, w->kind);
	change_back(r);
	verify(w, r, w->kind);
	return 0;
}

static struct range one_of(struct range r, u32 i)
{
	r.first += i;
	r.n = 1;
	return r;
}

static void put_changed(struct worker *w, struct range r, struct model m)
{
	u32 i;

	remember(w, r, m.content);
	for (i = 0; i < r.n; i++) {
		range_models(r)[i] = m;
		model_page(range_mem(one_of(r, i)), &m);
	}
}

static void write_changed(struct range r, char byte)
{
	struct model *m;
	u32 i;

	for (i = 0; i < r.n; i++) {
		m = range_models(r) + i;
		m->byte = byte;
		write_byte(range_mem(one_of(r, i)), m->at, byte);
	}
}

/*
 * Pages of a content that nobody else has, in two page tables. The first settled
 * without twins and are written just when the second settle: what is known of
 * the first is old then. Or the second are written, which wait for one another
 * to be folded together.
 */
int op_twin(struct worker *w, int arg)
{
	struct range r = some_range(w, TWINS), twin = r;
	struct model m = {
		.content = some_content(&w->stream), .changed = true,
		.at = below(&w->stream, PF_PAGE),
	};

	twin.block = &w->blocks[r.block == w->blocks];
	m.byte = draw(&w->stream);
	put_changed(w, r, m);
	nap(w, 2 * TWIN_US);
	put_changed(w, twin, m);
	nap(w, TWIN_US);
	write_changed(one_in(&w->stream, 2) ? r : twin, m.byte + 1);
	nap(w, TWIN_US);
	verify(w, r, w->kind);
	verify(w, twin, w->kind);
	return 0;
}

int op_rest(struct worker *w, int arg)
{
	nap(w, REST_US);
	verify_all(w);
	return 0;
}

/* A hole for a moment, then new memory. */
int op_remap(struct worker *w, int arg)
{
	struct range r = some_range(w, BLOCK_PAGES);

	munmap(range_mem(r), range_size(r));
	nap(w, SHORT_US);
	if (mmap(range_mem(r), range_size(r), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		_exit(0); /* too many mappings, or no memory for one */
	if (!one_in(&w->stream, 4))
		madvise(range_mem(r), range_size(r), MADV_MERGEABLE);
	if (r.block == &w->blocks[SMALL])
		madvise(range_mem(r), range_size(r), MADV_NOHUGEPAGE);
	expect(r, 0);
	verify(w, r, w->kind);
	return 0;
}

/* Move @r to @to, and say so to the model. Fails if it is several mappings. */
static bool move_range(struct range r, char *to, int flags)
{
	if (mremap(range_mem(r), range_size(r), range_size(r),
		   MREMAP_MAYMOVE | MREMAP_FIXED | flags, to) == MAP_FAILED)
		return false;
	r.block->mem = to - r.first * PF_PAGE;
	return true;
}

static char *room(size_t size)
{
	char *mem = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_NORESERVE, -1, 0);

	return mem == MAP_FAILED ? NULL : mem;
}

/* To another place and back. What is left behind reads as zeroes. */
static void there_and_back(struct worker *w, struct range r, int flags)
{
	char *home = r.block->mem, *to = room(range_size(r));
	struct model zero = {};
	u32 i;

	if (!to)
		return;
	if (!move_range(r, to, flags)) {
		munmap(to, range_size(r));
		return;
	}
	nap(w, SHORT_US);
	verify(w, r, w->kind);
	for (i = 0; flags && i < r.n; i++)
		if (!page_holds(home + (r.first + i) * PF_PAGE, &zero))
			wrong(w, CHECK_OWN, home + (r.first + i) * PF_PAGE,
			      "what mremap() left behind is not zero");
	if (!move_range(r, home + r.first * PF_PAGE, 0))
		_exit(0); /* no memory for a page table */
	verify(w, r, w->kind);
}

/* To another place for good, page tables' borders elsewhere at times. */
static void move_block(struct worker *w, struct block *block)
{
	char *old = block->mem;
	char *to = room(2 * PF_HUGE);
	size_t at = one_in(&w->stream, 2) ? 0 :
		    below(&w->stream, BLOCK_PAGES) * PF_PAGE;
	char *mem;

	if (!to)
		return;
	mem = to + (PF_HUGE - (uintptr_t)to % PF_HUGE) % PF_HUGE;
	if (mem == to)
		mem += at;
	munmap(to, 2 * PF_HUGE);
	move_range(whole(block), mem, 0);
	if (block->mem != old)
		verify(w, whole(block), w->kind);
}

int op_move(struct worker *w, int arg)
{
	struct range r = some_range(w, BLOCK_PAGES);

	switch (below(&w->stream, 4)) {
	case 0:
		move_block(w, r.block);
		break;
	case 1:
		there_and_back(w, r, MREMAP_DONTUNMAP);
		break;
	default:
		there_and_back(w, r, 0);
	}
	return 0;
}

/*
 * Kernels up to the newest let MADV_FREE take a page away from others: one that
 * was swapped in or unshared is clean, nothing says of it that it holds data,
 * and when a process that shares it after fork() frees it lazily, the others
 * lose it. So the pages are made the process's own first.
 */
static void rewrite(struct range r)
{
	u32 i;

	unfree(r);
	for (i = 0; i < r.n; i++)
		model_page(range_mem(r) + i * PF_PAGE, &range_models(r)[i]);
}

static void advised(struct range r, int advice)
{
	u32 i;

	if (advice == MADV_DONTNEED)
		expect(r, 0);
	for (i = 0; advice == MADV_FREE && i < r.n; i++)
		range_models(r)[i].freed = true;
}

int op_advise(struct worker *w, int advice)
{
	struct range r = some_range(w, BLOCK_PAGES);

	if (advice == MADV_MERGEABLE || advice == MADV_COLLAPSE ||
	    one_in(&w->stream, 4))
		r = whole(r.block);
	if (advice == MADV_HUGEPAGE || advice == MADV_COLLAPSE)
		r.block = &w->blocks[BLOCKS - 1];
	remember(w, r, -1);
	if (advice == MADV_FREE)
		rewrite(r);
	if (!madvise(range_mem(r), range_size(r), advice))
		advised(r, advice);
	else if (errno == EINVAL && advice != MADV_COLLAPSE)
		return -errno;
	if (one_in(&w->stream, 2))
		nap(w, SHORT_US);
	verify(w, r, w->kind);
	return 0;
}

int op_lock(struct worker *w, int arg)
{
	struct range r = some_range(w, BLOCK_PAGES);

	if (mlock(range_mem(r), range_size(r)) && errno == EPERM)
		return -errno;
	verify(w, r, w->kind);
	nap(w, REST_US);
	verify(w, r, w->kind);
	munlock(range_mem(r), range_size(r));
	return 0;
}

/* Each one costs the machine a page. */
int op_offline(struct worker *w, int advice)
{
	struct range r = some_range(w, 1);

	if (ADD(shared->offlined, 1) >= OFFLINED)
		return 0;
	if (madvise(range_mem(r), range_size(r), advice) &&
	    (errno == EINVAL || errno == EOPNOTSUPP || errno == EPERM))
		return -errno;
	verify(w, r, w->kind);
	return 0;
}
