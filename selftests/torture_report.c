// SPDX-License-Identifier: GPL-2.0
/* The torture test: what is said of wrong bytes. One finding, the first. */
#include <errno.h>
#include <stdarg.h>

#include "torture.h"

#define LATEST	8	/* operations that are told, wherever they were */

static const char * const kinds[CHECKS] = {
	[CHECK_OWN] = "what the process wrote",
	[CHECK_CHILD] = "what a child inherited",
	[CHECK_FOREIGN] = "what another process wrote",
	[CHECK_DEVICE] = "what a device or a pipe moved",
	[CHECK_THREADS] = "what a thread wrote",
	[CHECK_PROTECTED] = "what was protected",
	[CHECK_HELD] = "what was held",
};

void remember(struct worker *w, struct range r, int content)
{
	struct event *e = &w->events[w->number % HISTORY];

	*e = (struct event){
		.number = w->number++, .what = w->what,
		.block = r.block - w->blocks, .first = r.first, .n = r.n,
		.content = content,
	};
}

/* A line in one write: lines of several processes stay whole. */
void say_line(const char *fmt, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line, sizeof(line) - 1, fmt, args);
	va_end(args);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	if (write(STDOUT_FILENO, line, len) < 0)
		_exit(1);
}

/* Once for all processes. */
void not_here(u32 operation, const char *name, int err)
{
	if (!__atomic_exchange_n(&shared->said[operation], 1,
				 __ATOMIC_RELAXED))
		say_line("# not here: %s (%s)", name, strerror(err));
}

/* Is this the finding that is reported? @kind: enum check + 1, or FAILED_DIED. */
bool first_to_fail(u32 kind)
{
	u32 nobody = 0;

	if (!__atomic_compare_exchange_n(&shared->failed, &nobody, getpid(),
					 false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return false;
	shared->failed_kind = kind;
	return true;
}

static bool touches(const struct worker *w, const struct event *e,
		    const char *mem)
{
	const char *block = w->blocks[e->block].mem;

	return mem >= block + e->first * PF_PAGE &&
	       mem < block + (e->first + e->n) * PF_PAGE;
}

static void tell_history(const struct worker *w, const char *mem)
{
	u64 i = w->number > HISTORY ? w->number - HISTORY : 0;
	const struct event *e;

	for (; i < w->number; i++) {
		e = &w->events[i % HISTORY];
		if (!touches(w, e, mem) && i + LATEST < w->number)
			continue;
		say_line("#   %s%llu %s: block %u pages %u to %u content %d",
			 touches(w, e, mem) ? "* " : "", e->number, e->what,
			 e->block, e->first, e->first + e->n - 1, e->content);
	}
}

static void tell_where(const struct worker *w, const void *mem)
{
	u64 pfn = pf_pfn(mem);

	say_line("# slot %u generation %u depth %u pid %d, operation %llu %s",
		 w->slot, shared->generation[w->slot], w->depth, getpid(),
		 w->number, w->what);
	say_line("# address %p pagemap %llx pfn %llx flags %llx mapped %lld",
		 mem, pf_pagemap(mem), pfn, pf_kflags(pfn),
		 (long long)pf_kcount(pfn));
}

static void tell_twin(const char *found)
{
	u32 i;

	for (i = 0; i < CONTENTS; i++)
		if (!memcmp(found, shared->contents[i], PF_PAGE))
			say_line("# that is content %u", i);
}

static void dump(const char *found, const char *want)
{
	const u8 *f = (const u8 *)found;
	char text[128];
	u32 at, i;
	int len;

	for (at = 0; at < PF_PAGE; at += 32) {
		len = sprintf(text, "# %03x%c", at,
			      memcmp(found + at, want + at, 32) ? '!' : ':');
		for (i = 0; i < 32; i++)
			len += sprintf(text + len, "%s%02x", i % 8 ? "" : " ",
				       f[at + i]);
		say_line("%s", text);
	}
}

static void __noreturn give_up(void)
{
	PF_STORE(&shared->stop, 1);
	_exit(1);
}

/* @found and @want are copies of the whole page. Ends the process. */
void wrong_page(struct worker *w, const char *mem, const char *found,
		const char *want, enum check kind)
{
	u32 i, first = PF_PAGE, n = 0;

	for (i = 0; i < PF_PAGE; i++) {
		if (found[i] == want[i])
			continue;
		first = n++ ? first : i;
	}
	ADD(shared->wrong, n ?: 1);
	if (!first_to_fail(kind + 1))
		give_up();
	say_line("# WRONG: %s", kinds[kind]);
	tell_where(w, mem);
	say_line("# %u bytes; the first at %u: expected %02x found %02x; %s",
		 n, first, (u8)want[first % PF_PAGE],
		 (u8)found[first % PF_PAGE],
		 memcmp(mem, found, PF_PAGE) ? "now it reads otherwise" :
		 "it still reads so");
	tell_twin(found);
	tell_history(w, mem);
	dump(found, want);
	give_up();
}

/* For what is not the content of a page. Ends the process. */
void wrong(struct worker *w, enum check kind, const void *mem,
	   const char *fmt, ...)
{
	char text[256];
	va_list args;

	ADD(shared->wrong, 1);
	if (!first_to_fail(kind + 1))
		give_up();
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	say_line("# WRONG: %s", text);
	tell_where(w, mem);
	tell_history(w, mem);
	give_up();
}
