// SPDX-License-Identifier: GPL-2.0
/*
 * torture: many processes with few distinct contents do at random whatever may
 * happen to memory, while the module folds it as fast as it can, and verify
 * every byte. The options are in usage().
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>

#include "torture.h"

#define SHARED_FD	100	/* survives exec */
/* Processes: fewer where each pass of the scanner takes long. */
#define MANY		12
#define FEW		6

struct shared *shared;

struct options options = { .module = true };

static void __noreturn usage(void)
{
	u32 i;

	fputs("torture [--seed N] [--seconds N | --bytes N] [--processes N]\n"
	      "        [--without NAME,...] [--module FILE|none] [--dir FOLDER]\n"
	      "names:", stderr);
	for (i = 0; i < nr_operations; i++)
		fprintf(stderr, " %s", operations[i].name);
	fputs(" thp khugepaged ksm compact drop_caches swappiness run scope\n"
	      " cpu_percent settle_ms use_zero_pages reload cgroup swap\n"
	      " hotplug pressure\n", stderr);
	exit(2);
}

/* --- what is left out ---------------------------------------------------- */

bool left_out(const char *name)
{
	const char *at = options.without;
	size_t len = strlen(name);

	while (at) {
		if (!strncmp(at, name, len) && (!at[len] || at[len] == ','))
			return true;
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	return false;
}

static void leave_out(void)
{
	u32 i;

	for (i = 0; i < nr_operations; i++)
		shared->left_out[i] = left_out(operations[i].name);
}

/* --- beginning ----------------------------------------------------------- */

static void map_shared(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED, SHARED_FD, 0);
	if (shared == MAP_FAILED)
		pf_die("the shared memory");
}

static void make_shared(void)
{
	int fd = memfd_create("torture", 0);

	if (fd < 0 || ftruncate(fd, sizeof(*shared)) ||
	    dup2(fd, SHARED_FD) < 0)
		pf_die("the shared memory");
	close(fd);
	map_shared();
	shared->seed = options.seed;
	contents_make(shared->seed);
	leave_out();
}

/* A folder for files that take direct I/O. */
static void find_folder(const char *named)
{
	static const char * const folders[] = { "/mnt", "/var/tmp", "." };
	size_t i;

	for (i = 0; !named && i < ARRAY_SIZE(folders); i++)
		if (!access(folders[i], W_OK))
			named = folders[i];
	snprintf(shared->dir, sizeof(shared->dir), "%s", named ?: "/tmp");
}

/* No budget, no settling time. False if there is no module. */
static bool prepare_module(void)
{
	if (!options.module)
		return true;
	if (!pf_loaded()) {
		shared->loaded_by_us = true;
		if (pf_module_load("scope=all settle_ms=0 cpu_percent=100"))
			return false;
	}
	shared->loads = 1;
	hurry();
	return !pf_set("scope", "all") && !pf_set("settle_ms", "0") &&
	       !pf_set("cpu_percent", "100") && !pf_set("run", "1");
}

static u64 number(const char *text)
{
	char *end;
	u64 n = strtoull(text, &end, 0);

	if (!*text || *end)
		usage();
	return n;
}

static void option(int opt, const char *value)
{
	switch (opt) {
	case 's':
		options.seed = number(value);
		break;
	case 't':
		options.seconds = number(value);
		break;
	case 'b':
		options.bytes = number(value);
		break;
	case 'p':
		options.processes = number(value);
		break;
	case 'w':
		options.without = value;
		break;
	case 'm':
		options.module = strcmp(value, "none");
		setenv("PAGEFOLD_KO", value, 1);
		break;
	case 'd':
		options.dir = value;
		break;
	default:
		usage();
	}
}

static void parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "processes", required_argument, NULL, 'p' },
		{ "without", required_argument, NULL, 'w' },
		{ "module", required_argument, NULL, 'm' },
		{ "dir", required_argument, NULL, 'd' },
		{},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1)
		option(opt, optarg);
	if (optind < argc || !options.processes || options.processes > SLOTS)
		usage();
}

/* The process of a slot after exec(). */
static void next_life(const char *slot)
{
	map_shared();
	worker_main(atoi(slot));
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--slot"))
		next_life(argv[2]);
	options.seed = time(NULL);
	options.processes = pf_slowness() > 1 ? FEW : MANY;
	parse(argc, argv);
	if (geteuid())
		ksft_exit_skip("needs root\n");
	make_shared();
	find_folder(options.dir);
	if (!prepare_module())
		ksft_exit_skip("%s does not load\n", pf_module_file());
	say_line("# seed %llu", shared->seed);
	verdict_begin();
	run_start();
	run_watch();
	run_finish();
	verdict_end();
}
