// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <time.h>

#include "env.h"
#include "ktap.h"

bool ktap_failed;

static u64 pick_seed(int argc, char **argv)
{
	struct timespec now;

	if (argc > 1)
		return strtoull(argv[1], NULL, 0);
	clock_gettime(CLOCK_REALTIME, &now);
	return (u64)now.tv_sec * 1000000000 + now.tv_nsec;
}

int ktap_main(int argc, char **argv, const struct ktap_test *tests,
	      unsigned int n)
{
	u64 seed = pick_seed(argc, argv);
	unsigned int i;
	int status = 0;

	printf("KTAP version 1\n# seed %llu\n1..%u\n", seed, n);
	for (i = 0; i < n; i++) {
		ktap_failed = false;
		env_seed(seed + i);
		tests[i].run();
		EXPECT(!env_live);
		printf("%sok %u %s\n", ktap_failed ? "not " : "", i + 1,
		       tests[i].name);
		fflush(stdout);
		if (ktap_failed)
			status = 1;
	}
	return status;
}
