// SPDX-License-Identifier: GPL-2.0
/* Helpers of the pagefold tests: allocations that fail when asked to. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "pagefold.h"

#define DEBUGFS	"/sys/kernel/debug/"

static const char * const kinds[] = { "failslab", "fail_page_alloc" };

static void set(const char *kind, const char *name, const char *value)
{
	char path[96];
	int ret;

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", kind, name);
	ret = pf_file_write(path, value);
	if (ret)
		pf_die("%s: error %d", path, -ret);
}

static void set_all(const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		set(kinds[i], name, value);
}

bool pf_fault_possible(void)
{
	return !access(DEBUGFS "failslab", F_OK) &&
	       !access(DEBUGFS "fail_page_alloc", F_OK) &&
	       !access("/proc/self/fail-nth", F_OK);
}

/**
 * pf_fault_begin() - let any allocation fail that is chosen later
 *
 * Those that may sleep, too, and of single pages; nothing is said in the
 * kernel's log.
 */
void pf_fault_begin(void)
{
	set_all("probability", "0");
	set_all("task-filter", "Y");
	set_all("ignore-gfp-wait", "N");
	set_all("times", "-1");
	set_all("verbose", "0");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
	set("fail_page_alloc", "min-order", "0");
}

void pf_fault_end(void)
{
	set_all("probability", "0");
}

static const char *task_path(pid_t pid, const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return path;
}

static void write_number(const char *path, unsigned int n)
{
	char text[16];
	int ret;

	snprintf(text, sizeof(text), "%u", n);
	ret = pf_file_write(path, text);
	if (ret)
		pf_die("%s: error %d", path, -ret);
}

/**
 * pf_fault_percent() - let allocations of a task fail by chance
 * @pid: the task
 * @percent: how many of them
 */
void pf_fault_percent(pid_t pid, unsigned int percent)
{
	char text[16];

	write_number(task_path(pid, "make-it-fail"), percent != 0);
	snprintf(text, sizeof(text), "%u", percent);
	set_all("probability", text);
}

/**
 * pf_fault_nth() - let one allocation of another task fail
 * @pid: the task
 * @nth: its next is 1; 0 lets none fail
 */
void pf_fault_nth(pid_t pid, unsigned int nth)
{
	write_number(task_path(pid, "fail-nth"), nth);
}

/* How many allocations are left until the one that fails; 0: it did. */
unsigned int pf_fault_left(pid_t pid)
{
	long long left = pf_file_number(task_path(pid, "fail-nth"));

	if (left < 0)
		pf_die("fail-nth of %d", pid);
	return left;
}

/* What pf_fault_this() needs, opened before anything may fail. */
static int nth_file = -1;

/**
 * pf_fault_this() - let one allocation of the caller fail
 * @nth: what it does next counts from 1
 */
void pf_fault_this(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (nth_file < 0)
		nth_file = open("/proc/thread-self/fail-nth",
				O_RDWR | O_CLOEXEC);
	if (pwrite(nth_file, text, len, 0) != len)
		pf_die("fail-nth");
}

/* As pf_fault_left(), for the caller; from now on nothing fails. */
unsigned int pf_fault_done(void)
{
	char text[16] = "";

	if (pread(nth_file, text, sizeof(text) - 1, 0) <= 0)
		pf_die("fail-nth");
	pf_fault_this(0);
	return strtoul(text, NULL, 10);
}

static bool is_scanner(const char *pid)
{
	char path[280], name[64];

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	if (pf_file_read(path, name, sizeof(name)) <= 0 ||
	    strcmp(name, "pagefold\n"))
		return false;
	/* a thread of the kernel has no memory of its own */
	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	return pf_file_read(path, name, sizeof(name)) == 0;
}

/**
 * pf_scanner() - the scanner's thread
 *
 * Return: its process number, or 0 if there is none.
 */
pid_t pf_scanner(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t pid = 0;

	if (!dir)
		pf_die("/proc");
	while (!pid && (entry = readdir(dir)))
		if (atoi(entry->d_name) > 0 && is_scanner(entry->d_name))
			pid = atoi(entry->d_name);
	closedir(dir);
	return pid;
}
