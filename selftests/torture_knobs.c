// SPDX-License-Identifier: GPL-2.0
/* The torture test: settings of the machine and of the module, at random. */
#include <dirent.h>
#include <sys/resource.h>

#include "torture.h"

#define NAP_US		20000
#define UNCHANGED_US	1500000	/* in which a pass can end */
#define LOADED_US	8000000	/* for some passes */
#define HURRIED		-10	/* how nice: about half of one CPU's time */
#define VALUE		64

#define THP	"/sys/kernel/mm/transparent_hugepage/"
#define MTHP	THP "hugepages-"
#define KHUGE	THP "khugepaged/"
#define KSM	"/sys/kernel/mm/ksm/"
#define VM	"/proc/sys/vm/"

/* The more often a value stands there, the more often it is taken. */
struct knob {
	const char *name;
	const char *path;
	const char *values;
};

static const struct knob machine[] = {
	{ "thp", THP "enabled", "always always madvise never" },
	{ "thp", THP "defrag", "always defer madvise never" },
	{ "thp", THP "use_zero_page", "0 1" },
	{ "thp", MTHP "16kB/enabled", "always never inherit" },
	{ "thp", MTHP "64kB/enabled", "always never madvise" },
	{ "thp", MTHP "512kB/enabled", "always never" },
	{ "khugepaged", KHUGE "scan_sleep_millisecs", "0 0 0 10" },
	{ "khugepaged", KHUGE "alloc_sleep_millisecs", "0 0 10" },
	{ "khugepaged", KHUGE "pages_to_scan", "4096 16384" },
	{ "khugepaged", KHUGE "defrag", "1 1 0" },
	{ "khugepaged", KHUGE "max_ptes_none", "511 511 0 64" },
	{ "khugepaged", KHUGE "max_ptes_shared", "511 256 0" },
	{ "khugepaged", KHUGE "max_ptes_swap", "511 64 0" },
	{ "ksm", KSM "run", "0 0 1 1 2" },
	{ "ksm", KSM "pages_to_scan", "100 1000 4000" },
	{ "ksm", KSM "sleep_millisecs", "2 20" },
	{ "ksm", KSM "use_zero_pages", "0 1" },
	{ "ksm", KSM "smart_scan", "0 1" },
	{ "compact", VM "compact_memory", "1" },
	{ "drop_caches", VM "drop_caches", "1 2 3" },
	{ "swappiness", VM "swappiness", "0 60 100 200" },
};

/* The first value is the one for a scanner at full speed. */
static const struct knob module[] = {
	{ "run", PF_SYSFS "run", "1 1 1 1 1 0 0 0 2" },
	{ "scope", PF_SYSFS "scope", "all madvise" },
	{ "cpu_percent", PF_SYSFS "cpu_percent", "100 50 10" },
	{ "settle_ms", PF_SYSFS "settle_ms", "0 1 50" },
	{ "use_zero_pages", PF_SYSFS "use_zero_pages", "1 0" },
};

static const char * const readings[] = {
	PF_DEBUGFS "stats", PF_DEBUGFS "latency", PF_DEBUGFS "processes",
	PF_SYSFS "pages_shared", PF_SYSFS "pages_sharing",
	PF_SYSFS "general_profit", "/proc/kpageflags",
};

/* What there was; empty where nothing is to be read, and put back. */
static char saved[ARRAY_SIZE(machine)][VALUE];

/* What is chosen, from "always [madvise] never". */
static void save(u32 i)
{
	char text[256], *from, *to;

	if (pf_file_read(machine[i].path, text, sizeof(text)) <= 0)
		return;
	from = strchr(text, '[');
	from = from ? from + 1 : text;
	to = strpbrk(from, "]\n");
	if (to)
		*to = '\0';
	snprintf(saved[i], VALUE, "%.63s", from);
}

void knobs_save(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(machine); i++)
		save(i);
}

void knobs_restore(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(machine); i++)
		if (saved[i][0])
			pf_file_write(machine[i].path, saved[i]);
}

static u32 words_in(const char *values)
{
	u32 n = 1;

	while ((values = strchr(values, ' '))) {
		values++;
		n++;
	}
	return n;
}

static void set(const struct knob *knob, u32 nth)
{
	const char *from = knob->values;
	char value[VALUE];

	if (left_out(knob->name))
		return;
	while (nth--)
		from = strchr(from, ' ') + 1;
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(from, " "), from);
	pf_file_write(knob->path, value);
}

static void turn(const struct knob *knob, struct stream *s)
{
	set(knob, below(s, words_in(knob->values)));
}

void disturb_knobs(struct stream *s)
{
	turn(&machine[below(s, ARRAY_SIZE(machine))], s);
	usleep(below(s, 15 * NAP_US));
}

/*
 * The scanner is nicer than the many processes here, and would get next to no
 * time beside them. So would khugepaged. It says how nice it is when it first
 * runs, so this has to come later.
 */
void hurry(void)
{
	static const char * const names[] = { "pagefold", "khugepaged" };
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[300], name[32];
	size_t i;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (!atoi(entry->d_name) ||
		    pf_file_read(path, name, sizeof(name)) <= 0)
			continue;
		name[strcspn(name, "\n")] = '\0';
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (!strcmp(name, names[i]))
				setpriority(PRIO_PROCESS, atoi(entry->d_name),
					    i ? 0 : HURRIED);
	}
	if (dir)
		closedir(dir);
}

/* So long at most, and as much longer as this kernel is slower. */
static void leave_alone(struct stream *s, u32 us)
{
	u32 naps = below(s, us / NAP_US * pf_slowness());

	while (naps-- && !PF_LOAD(&shared->stop))
		usleep(NAP_US);
}

/*
 * Away from full speed for a moment: a scanner that runs is what is tried. One
 * that was stopped begins its pass anew: too often, and it never comes to the
 * last processes.
 */
void disturb_module(struct stream *s)
{
	const struct knob *knob = &module[below(s, ARRAY_SIZE(module))];
	char text[4096];

	turn(knob, s);
	usleep(below(s, NAP_US));
	set(knob, 0);
	if (one_in(s, 8))
		pf_file_read(readings[below(s, ARRAY_SIZE(readings))], text,
			     sizeof(text));
	set(&module[0], 0);
	hurry();
	leave_alone(s, UNCHANGED_US);
}

/* A count of the load there is now; 0 if there is none. */
u64 stat_now(const char *name)
{
	char text[16384], *line;
	size_t len = strlen(name);

	if (pf_file_read(PF_DEBUGFS "stats", text, sizeof(text)) <= 0)
		return 0;
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ' ')
			return strtoull(line + len, NULL, 10);
	}
	return 0;
}

/*
 * Out and in again, while others use its files. This goes before the many
 * processes: while it waits for them nothing is folded.
 */
void disturb_reload(struct stream *s)
{
	static const char * const params[] = {
		"scope=all settle_ms=0 cpu_percent=100",
		"scope=all settle_ms=0 cpu_percent=100 use_zero_pages=0",
		"settle_ms=0 cpu_percent=100 run=0",
	};
	u64 folded, passes;

	leave_alone(s, LOADED_US);
	if (left_out("reload"))
		return;
	setpriority(PRIO_PROCESS, 0, HURRIED);
	folded = stat_now("folded") + stat_now("folded_zero");
	passes = stat_now("passes");
	if (pf_loaded() && !pf_module_unload()) {
		ADD(shared->folded, folded);
		ADD(shared->passes, passes);
	}
	usleep(below(s, NAP_US));
	if (!pf_loaded() &&
	    !pf_module_load(params[below(s, ARRAY_SIZE(params))]))
		ADD(shared->loads, 1);
}
