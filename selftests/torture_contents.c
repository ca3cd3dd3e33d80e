// SPDX-License-Identifier: GPL-2.0
/* The torture test: what pages hold. */
#include "torture.h"

static void fill_random(char *page, struct stream *s)
{
	u64 *word = (u64 *)page;
	size_t i;

	for (i = 0; i < PF_PAGE / sizeof(*word); i++)
		word[i] = draw(s);
}

/*
 * Of four contents one is nearly the one before it: the last byte differs.
 * One is nearly zeroes.
 */
void contents_make(u64 seed)
{
	struct stream s = stream_of(seed, SLOTS, 0);
	size_t i;

	memset(shared->contents[0], 0, PF_PAGE);
	memset(shared->contents[1], 0, PF_PAGE);
	shared->contents[1][below(&s, PF_PAGE)] = 1;
	for (i = 2; i < CONTENTS; i++) {
		fill_random(shared->contents[i], &s);
		if (i % 4)
			continue;
		memcpy(shared->contents[i], shared->contents[i - 1], PF_PAGE);
		shared->contents[i][PF_PAGE - 1] ^= 1;
	}
}

/* Some are far more frequent than others, zeroes most of all. */
u8 some_content(struct stream *s)
{
	switch (below(s, 8)) {
	case 0:
		return 0;
	case 1 ... 3:
		return below(s, 4);
	default:
		return below(s, CONTENTS);
	}
}

void model_page(char *page, const struct model *m)
{
	memcpy(page, shared->contents[m->content], PF_PAGE);
	if (m->changed)
		page[m->at] = m->byte;
}

static bool equal(const char *page, const struct model *m)
{
	const char *want = shared->contents[m->content];

	if (!m->changed)
		return !memcmp(page, want, PF_PAGE);
	return !memcmp(page, want, m->at) && (u8)page[m->at] == m->byte &&
	       !memcmp(page + m->at + 1, want + m->at + 1,
		       PF_PAGE - m->at - 1);
}

/*
 * Does it hold what it should? A page that was freed lazily may turn to zeroes
 * while it is read, and stays so then.
 */
bool page_holds(const char *page, struct model *m)
{
	if (equal(page, m))
		return true;
	if (!m->freed || memcmp(page, shared->contents[0], PF_PAGE))
		return false;
	*m = (struct model){};
	return true;
}
