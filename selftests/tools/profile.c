// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU: counts the instructions of the guest's kernel by block of
 * code, and says them at each mark_phase() of the guest (bench/mark.h).
 *
 * -plugin profile.so,out=FILE
 *
 * A line for each block that ran: PHASE ADDRESS INSTRUCTIONS EXECUTIONS
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/mark.h"
#include "qemu_plugin.h"

EXPORT int qemu_plugin_version = 1;

/* A power of two, more than the blocks of a kernel that ever run. */
#define SLOTS 0x400000

/* A block of @insns instructions; the same address may hold several lengths. */
struct block {
	unsigned long address;
	unsigned long insns;
	unsigned long executions;
};

static struct block *blocks;
static unsigned int phase;
static FILE *out;

static struct block *find(unsigned long address, unsigned long insns)
{
	unsigned long slot = (address * 31 + insns) * 0x9e3779b97f4a7c15UL >> 42;

	while (blocks[slot].insns && (blocks[slot].address != address ||
				      blocks[slot].insns != insns))
		slot = (slot + 1) % SLOTS;
	blocks[slot].address = address;
	blocks[slot].insns = insns;
	return &blocks[slot];
}

static void say_phase(unsigned int vcpu, void *data)
{
	struct block *block;

	for (block = blocks; block < blocks + SLOTS; block++) {
		if (block->executions)
			fprintf(out, "%u %lx %lu %lu\n", phase, block->address,
				block->insns * block->executions,
				block->executions);
		block->executions = 0;
	}
	fflush(out);
	phase++;
}

static bool is_mark(const struct qemu_plugin_insn *insn)
{
	static const unsigned char mark[] = MARK_BYTES;

	return qemu_plugin_insn_size(insn) == sizeof(mark) &&
	       !memcmp(qemu_plugin_insn_data(insn), mark, sizeof(mark));
}

static void count_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, insns = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *insn;
	struct block *block;

	for (i = 0; i < insns; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (is_mark(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, say_phase,
							       CALL_NO_REGS,
							       NULL);
	}
	if (!(qemu_plugin_tb_vaddr(tb) >> 63))
		return;
	block = find(qemu_plugin_tb_vaddr(tb), insns);
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64,
						 &block->executions, 1);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
			       const struct qemu_info_t *info, int argc,
			       char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	out = fopen(argv[0] + 4, "w");
	blocks = calloc(SLOTS, sizeof(*blocks));
	if (!out || !blocks)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
	return 0;
}
