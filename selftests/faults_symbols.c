// SPDX-License-Identifier: GPL-2.0
/*
 * Each function of the kernel that the module looks up is missing in turn, as
 * on a kernel that does not have it: it is not loaded, and says in one line
 * which it was. Needs a module that was built with PAGEFOLD_DEBUG=1.
 */
#include <errno.h>
#include <fcntl.h>

#include "pagefold_harness.h"

#define LACKS	"this kernel lacks "
#define NAMES	128
#define RECORD	8192

FIXTURE(faults_symbols) {
	bool was_loaded;
	int log;
};

FIXTURE_SETUP(faults_symbols)
{
	if (access(pf_module_file(), R_OK))
		SKIP(return, "set PAGEFOLD_KO to the module's file");
	self->was_loaded = pf_loaded();
	if (self->was_loaded)
		ASSERT_EQ(0, pf_module_unload());
	self->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (self->log < 0)
		SKIP(return, "the kernel's log cannot be read");
}

FIXTURE_TEARDOWN(faults_symbols)
{
	close(self->log);
	if (pf_loaded() && !self->was_loaded)
		pf_module_unload();
	if (!pf_loaded() && self->was_loaded)
		pf_module_load("");
	pf_end();
}

/*
 * The names that the log says are missing, from where it was read last; they
 * stand in @record. How many lines said so?
 */
static int lines_about_missing(int log, char *record, char **names)
{
	char *at;
	int lines = 0;
	ssize_t got;
	char text[RECORD];

	while ((got = read(log, text, sizeof(text) - 1)) > 0 ||
	       (got < 0 && errno == EPIPE)) {
		text[got > 0 ? got : 0] = '\0';
		at = strstr(text, LACKS);
		if (!at)
			continue;
		lines++;
		snprintf(record, RECORD, "%s", at + strlen(LACKS));
		*names = strtok(record, "\n");
	}
	return lines;
}

static int load_without(int log, const char *name)
{
	char params[128];

	lseek(log, 0, SEEK_END);
	snprintf(params, sizeof(params), "missing=%s", name);
	return pf_module_load(params);
}

static size_t all_names(struct __test_metadata *_metadata, int log,
			char *record, char **list)
{
	char *names = NULL, *name;
	size_t n = 0;

	ASSERT_EQ(-ENOENT, load_without(log, "*"));
	ASSERT_EQ(1, lines_about_missing(log, record, &names));
	for (name = strtok(names, " "); name && n < NAMES;
	     name = strtok(NULL, " "))
		list[n++] = name;
	return n;
}

TEST_F(faults_symbols, each_in_turn)
{
	char all[RECORD], record[RECORD], *list[NAMES], *names;
	size_t n, i;

	if (!load_without(self->log, "*"))
		SKIP(return, "the module was not built with PAGEFOLD_DEBUG=1");
	n = all_names(_metadata, self->log, all, list);
	ASSERT_LT(10, n);
	ASSERT_GT(NAMES, n);
	for (i = 0; i < n; i++) {
		ASSERT_EQ(-ENOENT, load_without(self->log, list[i])) {
			TH_LOG("without %s", list[i]);
		}
		ASSERT_EQ(1, lines_about_missing(self->log, record, &names));
		EXPECT_STREQ(list[i], names);
		EXPECT_NE(0, access("/sys/module/pagefold", F_OK));
		EXPECT_FALSE(pf_loaded());
		EXPECT_NE(0, access(PF_DEBUGFS, F_OK));
		EXPECT_FALSE(pf_scanner());
	}
	ksft_print_msg("%zu functions were missing in turn\n", n);
	EXPECT_EQ(0, pf_module_load("missing="));
	EXPECT_TRUE(pf_loaded());
}

TEST_HARNESS_MAIN
