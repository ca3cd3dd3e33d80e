// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "guest.h"

#define CODE_AT 0x1000		/* below it the guest has nothing */

/*
 * 32-bit code without paging: touch ecx pages from esi on by a write that
 * changes nothing, so that they come into the guest's own page tables.
 */
static const unsigned char touch[] = {
	0x83, 0x06, 0x00,	/* 1:	addl $0, (%esi) */
	0x81, 0xc6, 0x00, 0x10, 0x00, 0x00, /* add $4096, %esi */
	0x49,			/*	dec %ecx */
	0x75, 0xf4,		/*	jnz 1b */
	0xf4,			/*	hlt */
};

static int made(int fd, const char *what)
{
	if (fd < 0)
		err(1, "%s", what);
	return fd;
}

/* Slot 0 has the code, slot 1 the pages from 1 GiB on. */
static void add_memory(int vm, unsigned int slot, uint64_t at, void *bytes,
		       uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot, .guest_phys_addr = at, .memory_size = size,
		.userspace_addr = (uintptr_t)bytes,
	};

	made(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "guest memory");
}

/* Flat segments, protected mode, no paging. */
static void set_up_cpu(int vcpu)
{
	struct kvm_segment code = {
		.limit = 0xffffffff, .selector = 8, .type = 11, .present = 1,
		.db = 1, .s = 1, .g = 1,
	};
	struct kvm_segment data = code;
	struct kvm_sregs sregs;

	data.selector = 16;
	data.type = 3;
	made(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs = code;
	sregs.ds = data;
	sregs.es = data;
	sregs.ss = data;
	sregs.cr0 |= 1;
	made(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
}

static void run_cpu(int vcpu, struct kvm_run *run, uint64_t first,
		    uint64_t pages)
{
	struct kvm_regs regs = {
		.rip = CODE_AT, .rflags = 2, .rsi = first, .rcx = pages,
	};

	made(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	while (ioctl(vcpu, KVM_RUN, 0) < 0)
		if (errno != EINTR)
			err(1, "KVM_RUN");
	if (run->exit_reason != KVM_EXIT_HLT)
		errx(1, "the guest stopped: reason %u", run->exit_reason);
}

/* The guest lives as long as this process. */
void guest_duplicates(struct memory *memory)
{
	uint64_t first = 1ULL << 30;
	struct kvm_run *run;
	int kvm, vm, vcpu;
	char *code;

	memory_duplicates(memory);
	code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED)
		err(1, "mmap");
	memcpy(code, touch, sizeof(touch));
	kvm = made(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	vm = made(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	/* Only some CPUs want it, and others may refuse it. */
	ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000);
	add_memory(vm, 0, CODE_AT, code, PAGE);
	add_memory(vm, 1, first, memory->bytes, memory->length * PAGE);
	vcpu = made(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	run = mmap(NULL, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
		   PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		err(1, "mmap");
	set_up_cpu(vcpu);
	run_cpu(vcpu, run, first, memory->length);
}
