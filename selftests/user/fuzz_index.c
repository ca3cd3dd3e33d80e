// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer chooses the steps.
 */
#include "model.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	model_run(data, len);
	return 0;
}
