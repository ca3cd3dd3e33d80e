// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "figure.h"

void figure_print(const char *metric, double value)
{
	printf("figure metric=%s value=%.3f\n", metric, value);
	fflush(stdout);
}
