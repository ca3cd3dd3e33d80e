// SPDX-License-Identifier: GPL-2.0
/* Helpers of the pagefold tests: files, the module, waiting by state. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "pagefold.h"

/*
 * A wait is over after this many passes, or seconds if passes don't come. Most
 * pages are found in two or three; one that was tried in vain or found written
 * many times is looked at in one pass out of 32.
 */
#define WAIT_PASSES	200
#define WAIT_SECONDS	60
/* Batches of fresh pages are drained a few times a second, whatever the pass. */
#define WAIT_AT_LEAST	2

/* What only the sweep over the index finds takes a round of that. */
#define LONG_FACTOR	40

#define TEXT_SIZE	64
#define STATS_SIZE	16384

/**
 * pf_die() - say what could not be done, and end the test as failed
 * @fmt: as for printf(), without a newline
 */
void pf_die(const char *fmt, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, fmt);
	fputs("# ", stderr);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, " (%s)\n", strerror(saved));
	va_end(args);
	abort();
}

/**
 * pf_file_read() - read a small file as text
 * @path: the file
 * @buf: where to, ends with a NUL
 * @size: of @buf
 *
 * Return: the length read, or -errno.
 */
int pf_file_read(const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	do {
		got = read(fd, buf + len, size - 1 - len);
		if (got > 0)
			len += got;
	} while (got > 0 && len < size - 1);
	got = got < 0 ? -errno : (ssize_t)len;
	buf[len] = '\0';
	close(fd);
	return got;
}

/**
 * pf_file_write() - write a text with one write(), as a shell's ">" does
 * @path: the file, not created; a trace is emptied by it
 * @text: what to write
 *
 * Return: 0 or -errno.
 */
int pf_file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/**
 * pf_file_number() - the number that a file holds
 * @path: the file
 *
 * Return: the number, or -errno.
 */
long long pf_file_number(const char *path)
{
	char text[TEXT_SIZE];
	int ret = pf_file_read(path, text, sizeof(text));

	return ret < 0 ? ret : strtoll(text, NULL, 10);
}

static const char *sysfs_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), PF_SYSFS "%s", name);
	return path;
}

bool pf_loaded(void)
{
	return access(PF_SYSFS "run", F_OK) == 0;
}

/**
 * pf_set() - write to one of the module's files in sysfs
 * @name: the file's name
 * @value: what to write
 *
 * Return: 0 or -errno.
 */
int pf_set(const char *name, const char *value)
{
	return pf_file_write(sysfs_path(name), value);
}

long long pf_get(const char *name)
{
	char text[TEXT_SIZE];

	if (pf_file_read(sysfs_path(name), text, sizeof(text)) < 0)
		pf_die("reading %s", sysfs_path(name));
	return strtoll(text, NULL, 10);
}

/**
 * pf_stat() - one value of the module's statistics
 * @name: its name in debugfs
 */
long long pf_stat(const char *name)
{
	static char stats[STATS_SIZE];
	size_t len = strlen(name);
	char *line;

	if (pf_file_read(PF_DEBUGFS "stats", stats, sizeof(stats)) < 0)
		pf_die("reading " PF_DEBUGFS "stats");
	for (line = stats; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ' ')
			return strtoll(line + len, NULL, 10);
	}
	pf_die("no value %s in stats", name);
}

/*
 * The tunables are saved before main(), and put back by each teardown and once
 * more when the first process exits: the harness kills a test that hangs
 * without its teardown, and then this still runs.
 */
static const char * const tunables[] = {
	"scope", "cpu_percent", "settle_ms", "use_zero_pages",
	"scrub_per_second", "run",
};

#define NR_TUNABLES ARRAY_SIZE(tunables)

static char saved[NR_TUNABLES][TEXT_SIZE];
static pid_t saved_by;

/* What to write, from what was read: "[madvise] all" becomes "madvise". */
static void keep_chosen(char *text)
{
	char *open = strchr(text, '[');
	char *close = strchr(text, ']');

	if (!open || !close)
		return;
	*close = '\0';
	memmove(text, open + 1, close - open);
}

/* pf_end() - put every tunable back to what it was before the program. */
void pf_end(void)
{
	size_t i;

	if (!saved_by || !pf_loaded())
		return;
	/* else it might rest for as long as some test's settle_ms was */
	pf_set("run", "0");
	for (i = 0; i < NR_TUNABLES; i++)
		pf_set(tunables[i], saved[i]);
}

static void end_of_program(void)
{
	if (getpid() == saved_by)
		pf_end();
}

static void __attribute__((constructor)) save_tunables(void)
{
	size_t i;

	if (!pf_loaded())
		return;
	for (i = 0; i < NR_TUNABLES; i++) {
		pf_file_read(sysfs_path(tunables[i]), saved[i], TEXT_SIZE);
		keep_chosen(saved[i]);
	}
	saved_by = getpid();
	atexit(end_of_program);
}

/**
 * pf_begin() - the state that each test starts from: running, unhurried by
 * settle_ms or a budget, only memory that asked for it
 *
 * Return: 0, or -errno where the module is not loaded.
 */
int pf_begin(void)
{
	static const char * const values[NR_TUNABLES] = {
		"madvise", "100", "0", "1", "0", "1",
	};
	int ret = pf_set("run", "0");
	size_t i;

	for (i = 0; i < NR_TUNABLES && !ret; i++)
		ret = pf_set(tunables[i], values[i]);
	return ret;
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* How many times as slow as others is this machine? */
unsigned int pf_slowness(void)
{
	const char *text = getenv("PAGEFOLD_SLOWNESS");
	int factor = text ? atoi(text) : 1;

	return factor > 1 ? factor : 1;
}

void pf_wait_start(struct pf_wait *wait, bool patient)
{
	int factor = patient ? LONG_FACTOR : 1;

	wait->patient = patient;
	wait->last_pass = pf_get("full_scans") + WAIT_PASSES * factor;
	wait->not_before = now() + WAIT_AT_LEAST;
	wait->give_up = now() + WAIT_SECONDS * pf_slowness() *
			(patient ? 4 : 1);
}

/**
 * pf_wait_more() - wake the scanner and let it work for a moment
 * @wait: how long it has been already
 *
 * Return: whether to go on waiting.
 */
bool pf_wait_more(struct pf_wait *wait)
{
	int wakes = wait->patient ? LONG_FACTOR : 1;

	if (now() > wait->give_up || (now() > wait->not_before &&
				      pf_get("full_scans") > wait->last_pass))
		return false;
	while (wakes--) {
		pf_set("run", "1");
		usleep(2000);
	}
	return true;
}

/**
 * pf_passes() - wait for whole passes
 * @n: how many; the pass under way when this is called does not count
 */
void pf_passes(unsigned int n)
{
	long long last = pf_get("full_scans") + n + 1;

	if (!pf_wait_until(pf_get("full_scans") >= last))
		pf_die("%u passes did not come", n);
}

/**
 * pf_control() - give memory that must be left alone every chance to be folded
 *
 * Two equal pages made after that memory are waited for until they are one,
 * then a few passes more. So a scanner that does nothing cannot pass for one
 * that leaves something alone.
 *
 * Return: whether the two pages were folded.
 */
bool pf_control(void)
{
	char *twins = pf_twins(2, pf_seed());
	bool folded = pf_wait_until(pf_share(twins, 2));

	if (folded)
		pf_passes(4);
	munmap(twins, 2 * PF_PAGE);
	return folded;
}
