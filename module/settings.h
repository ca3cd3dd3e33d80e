/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The settings as text, for sysfs and for the module's parameters. Each is
 * parsed, checked, then applied: bad input never reaches the scanner.
 */
#ifndef PAGEFOLD_SETTINGS_H
#define PAGEFOLD_SETTINGS_H

#include <linux/types.h>

/**
 * struct pagefold_number - a setting that is a number.
 * @name: its name.
 * @value: where it is kept.
 * @min: smallest value allowed.
 * @max: largest value allowed.
 * @changed: to be called after a change.
 */
struct pagefold_number {
	const char *name;
	unsigned int *value;
	unsigned int min;
	unsigned int max;
	void (*changed)(void);
};

extern const struct pagefold_number pagefold_cpu_percent;
extern const struct pagefold_number pagefold_settle_ms;
extern const struct pagefold_number pagefold_scrub_per_second;

/**
 * pagefold_number_set() - set a number from text.
 * @number: which one.
 * @text: decimal, maybe with a newline.
 *
 * Return: 0; -EINVAL when @text is no number; -ERANGE when it is out of range.
 */
int pagefold_number_set(const struct pagefold_number *number,
			const char *text);

/**
 * pagefold_scope_set() - set the scope from text.
 * @text: "madvise" or "all", maybe with a newline.
 *
 * Return: 0 or -EINVAL.
 */
int pagefold_scope_set(const char *text);

/* The scopes, the one in force in brackets; a newline at the end. */
ssize_t pagefold_scope_show(char *buf);

/**
 * pagefold_zero_set() - set use_zero_pages from text.
 * @text: "0" or "1", maybe with a newline.
 *
 * Return: 0; -EINVAL when @text is no number; -ERANGE when it is another.
 */
int pagefold_zero_set(const char *text);

/**
 * pagefold_run_set() - start, stop, or split everything.
 * @text: "0", "1" or "2", maybe with a newline.
 *
 * With 2 it returns when everything is split.
 *
 * Context: Process context, may sleep long.
 * Return: 0; -EINVAL for anything else; -ENOMEM or -EINTR when splitting did
 * not get to its end: then run is 0.
 */
int pagefold_run_set(const char *text);

#endif
