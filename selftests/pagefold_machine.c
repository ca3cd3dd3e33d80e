// SPDX-License-Identifier: GPL-2.0
/* Helpers of the pagefold tests: cgroups, swap space, kernel modules. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "pagefold.h"

#define CGROUP		"/sys/fs/cgroup/"
#define ZRAM_CONTROL	"/sys/class/zram-control/"
#define CHUNK		(256 * PF_PAGE)

static const char *cgroup_path(const char *name, const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), CGROUP "%s/%s", name, file);
	return path;
}

/**
 * pf_cgroup_make() - a group of cgroup version 2
 * @name: of the group
 * @controller: what it must have, as "memory"
 *
 * Return: 0, or -errno where the machine has no such controller.
 */
int pf_cgroup_make(const char *name, const char *controller)
{
	char enable[32];
	int ret;

	snprintf(enable, sizeof(enable), "+%s", controller);
	ret = pf_file_write(CGROUP "cgroup.subtree_control", enable);
	if (ret)
		return ret;
	/* the slash at the end stands before an empty file name */
	if (mkdir(cgroup_path(name, ""), 0755) && errno != EEXIST)
		return -errno;
	return 0;
}

int pf_cgroup_write(const char *name, const char *file, const char *value)
{
	return pf_file_write(cgroup_path(name, file), value);
}

long long pf_cgroup_number(const char *name, const char *file)
{
	return pf_file_number(cgroup_path(name, file));
}

/* One number of memory.events. */
long long pf_cgroup_event(const char *name, const char *event)
{
	char text[1024];
	char *at;

	if (pf_file_read(cgroup_path(name, "memory.events"), text,
			 sizeof(text)) < 0)
		pf_die("memory.events of %s", name);
	at = strstr(text, event);
	return at ? strtoll(at + strlen(event), NULL, 10) : -1;
}

/* As /proc/kpagecgroup names the group. */
u64 pf_cgroup_inode(const char *name)
{
	struct stat st;

	if (stat(cgroup_path(name, ""), &st))
		pf_die("group %s", name);
	return st.st_ino;
}

/* Move the caller out and remove the group; not there is right, too. */
void pf_cgroup_remove(const char *name)
{
	int i;

	pf_file_write(CGROUP "cgroup.procs", "0");
	/* processes that were killed take a moment to be gone */
	for (i = 0; i < 100 && rmdir(cgroup_path(name, "")) &&
	     errno == EBUSY; i++)
		usleep(10000);
}

/* mkswap(8) in short: a first page that says how many there are. */
static int write_swap_header(int fd, size_t bytes)
{
	static const char magic[10] = "SWAPSPACE2";
	const u32 version = 1, last_page = bytes / PF_PAGE - 1;
	char page[PF_PAGE] = "";

	memcpy(page + 1024, &version, sizeof(version));
	memcpy(page + 1028, &last_page, sizeof(last_page));
	memcpy(page + PF_PAGE - sizeof(magic), magic, sizeof(magic));
	return pwrite(fd, page, sizeof(page), 0) == sizeof(page) ? 0 : -EIO;
}

static int zram_make(struct pf_swap *swap, size_t bytes)
{
	char path[64], size[32];

	if (access(ZRAM_CONTROL "hot_add", F_OK))
		pf_modprobe("zram");
	swap->zram = pf_file_number(ZRAM_CONTROL "hot_add");
	if (swap->zram < 0)
		return -ENODEV;
	snprintf(path, sizeof(path), "/sys/block/zram%d/disksize", swap->zram);
	snprintf(size, sizeof(size), "%zu", bytes);
	snprintf(swap->path, sizeof(swap->path), "/dev/zram%d", swap->zram);
	return pf_file_write(path, size);
}

static void zram_remove(const struct pf_swap *swap)
{
	char path[64], number[16];

	snprintf(path, sizeof(path), "/sys/block/zram%d/reset", swap->zram);
	pf_file_write(path, "1");
	snprintf(number, sizeof(number), "%d", swap->zram);
	pf_file_write(ZRAM_CONTROL "hot_remove", number);
}

/* A file without holes, in the first folder that takes swap files. */
static int file_make(struct pf_swap *swap, const char *dir, size_t bytes)
{
	static char zeroes[CHUNK];
	int fd, ret = 0;

	swap->zram = -1;
	snprintf(swap->path, sizeof(swap->path), "%s/pagefold-swap-%d", dir,
		 getpid());
	fd = open(swap->path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < bytes && !ret; at += CHUNK)
		ret = write(fd, zeroes, CHUNK) == CHUNK ? 0 : -ENOSPC;
	close(fd);
	return ret;
}

static int use_for_swap(struct pf_swap *swap, size_t bytes)
{
	int fd = open(swap->path, O_RDWR | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write_swap_header(fd, bytes);
	if (!ret && fsync(fd))
		ret = -errno;
	close(fd);
	if (!ret && swapon(swap->path, 0))
		ret = -errno;
	return ret;
}

static int file_on(struct pf_swap *swap, size_t bytes)
{
	static const char * const dirs[] = { "/mnt", "/var/tmp", "/root", "." };
	int ret = -ENODEV;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs) && ret; i++) {
		ret = file_make(swap, dirs[i], bytes);
		if (!ret)
			ret = use_for_swap(swap, bytes);
		if (ret)
			unlink(swap->path);
	}
	return ret;
}

/**
 * pf_swap_on() - add swap space
 * @swap: filled in, for pf_swap_off()
 * @zram: on a compressed RAM disk, else in a file
 * @bytes: how much; a multiple of a MiB
 *
 * Return: 0, or -errno where the machine cannot have it.
 */
int pf_swap_on(struct pf_swap *swap, bool zram, size_t bytes)
{
	int ret;

	memset(swap, 0, sizeof(*swap));
	if (!zram) {
		ret = file_on(swap, bytes);
	} else {
		ret = zram_make(swap, bytes);
		if (!ret)
			ret = use_for_swap(swap, bytes);
	}
	if (ret)
		swap->path[0] = '\0';
	return ret;
}

void pf_swap_off(struct pf_swap *swap)
{
	if (!swap->path[0])
		return;
	/* EINVAL: it is none any more; else it can be tried again */
	if (swapoff(swap->path) && errno != EINVAL) {
		perror("# swapoff");
		return;
	}
	if (swap->zram < 0)
		unlink(swap->path);
	else
		zram_remove(swap);
	swap->path[0] = '\0';
}

/* Kilobytes in use of this swap space, as the kernel counts. */
long pf_swap_used(const struct pf_swap *swap)
{
	char text[4096], *line;
	long used = 0;

	if (pf_file_read("/proc/swaps", text, sizeof(text)) < 0)
		pf_die("/proc/swaps");
	line = strstr(text, swap->path);
	if (!line || sscanf(line, "%*s %*s %*s %ld", &used) != 1)
		pf_die("%s is no swap space", swap->path);
	return used;
}

/**
 * pf_module_file() - where the module is
 *
 * PAGEFOLD_KO names it; without that it is looked for in the folder above
 * that of the tests.
 *
 * Return: its path; the file may not be there.
 */
const char *pf_module_file(void)
{
	static char path[PATH_MAX];
	const char *named = getenv("PAGEFOLD_KO");
	char self[PATH_MAX / 2];
	ssize_t len;

	if (named)
		return named;
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[len < 0 ? 0 : len] = '\0';
	snprintf(path, sizeof(path), "%s/../pagefold.ko", dirname(self));
	return path;
}

int pf_module_load(const char *params)
{
	int fd = open(pf_module_file(), O_RDONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, params, 0))
		ret = -errno;
	close(fd);
	return ret;
}

int pf_module_unload(void)
{
	return syscall(SYS_delete_module, "pagefold", O_NONBLOCK) ? -errno : 0;
}

int pf_modprobe(const char *name)
{
	char *const argv[] = { "modprobe", (char *)name, NULL };
	char *const envp[] = {
		"PATH=/sbin:/bin:/usr/sbin:/usr/bin", NULL,
	};
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, "modprobe", NULL, NULL, argv, envp) ||
	    waitpid(pid, &status, 0) != pid)
		return -errno;
	return status ? -ENOENT : 0;
}
