// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of a guest of KVM is folded, and the guest goes on writing it through
 * page tables of its own. The guest checks what it sees, the host what it sees.
 *
 * The guest is a few instructions of 32-bit code without paging. The host sets
 * its registers, lets it run, and it halts when it is done.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "pagefold_harness.h"

#define NR		32			/* pages of data */
#define SUM		PF_PAGE			/* guest addresses */
#define STORE		(SUM + 128)
#define COUNT		(SUM + 256)
#define DATA		(16 * PF_PAGE)
#define GUEST_SIZE	(DATA + NR * PF_PAGE)
#define WORDS		(PF_PAGE / sizeof(u32))

/* eax becomes a sum over ecx words from esi on, in which their order counts. */
static const unsigned char guest_sum[] = {
	0x31, 0xc0,		/*	xor %eax, %eax */
	0xc1, 0xc0, 0x05,	/* 1:	rol $5, %eax */
	0x03, 0x06,		/*	add (%esi), %eax */
	0x83, 0xc6, 0x04,	/*	add $4, %esi */
	0x49,			/*	dec %ecx */
	0x75, 0xf5,		/*	jnz 1b */
	0xf4,			/*	hlt */
};

/* The word eax goes to esi. */
static const unsigned char guest_store[] = {
	0x89, 0x06,		/*	mov %eax, (%esi) */
	0xf4,			/*	hlt */
};

/*
 * edi times, one is added to the first word of ecx pages from esi on, and then
 * eax counted down to 0. Before the first time each must be ebx. Ends with
 * edi = 0, or with more at a word that is not what it was made.
 */
static const unsigned char guest_count[] = {
	0x89, 0xf2,		/* 1:	mov %esi, %edx */
	0x89, 0xcd,		/*	mov %ecx, %ebp */
	0x39, 0x1a,		/* 2:	cmp %ebx, (%edx) */
	0x75, 0x14,		/*	jne 4f */
	0xff, 0x02,		/*	incl (%edx) */
	0x81, 0xc2, 0x00, 0x10, 0x00, 0x00, /*	add $4096, %edx */
	0x4d,			/*	dec %ebp */
	0x75, 0xf1,		/*	jnz 2b */
	0x89, 0xc5,		/*	mov %eax, %ebp */
	0x4d,			/* 3:	dec %ebp */
	0x75, 0xfd,		/*	jnz 3b */
	0x43,			/*	inc %ebx */
	0x4f,			/*	dec %edi */
	0x75, 0xe4,		/*	jnz 1b */
	0xf4,			/* 4:	hlt */
};

FIXTURE(kvm) {
	u64 seed;
	char *guest;	/* all its memory */
	char *mem;	/* the pages of data in it, as the host sees them */
	int kvm, vm, vcpu;
	struct kvm_run *run;
};

static int open_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	pf_modprobe("kvm-amd");
	pf_modprobe("kvm-intel");
	return open("/dev/kvm", O_RDWR | O_CLOEXEC);
}

/* Flat segments, protected mode, no paging. */
static int set_up_cpu(int vcpu)
{
	struct kvm_segment code = {
		.limit = 0xffffffff, .selector = 8, .type = 11, .present = 1,
		.db = 1, .s = 1, .g = 1,
	};
	struct kvm_segment data = code;
	struct kvm_sregs sregs;

	data.selector = 16;
	data.type = 3;
	if (ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cs = code;
	sregs.ds = data;
	sregs.es = data;
	sregs.ss = data;
	sregs.cr0 |= 1;
	return ioctl(vcpu, KVM_SET_SREGS, &sregs) ? -errno : 0;
}

static int make_guest(struct _test_data_kvm *self)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = GUEST_SIZE,
		.userspace_addr = (uintptr_t)self->guest,
	};
	int size = ioctl(self->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	self->vm = ioctl(self->kvm, KVM_CREATE_VM, 0);
	if (self->vm < 0)
		return -errno;
	/* only some CPUs want it, and others may refuse it */
	ioctl(self->vm, KVM_SET_TSS_ADDR, 0xfffbd000);
	if (ioctl(self->vm, KVM_SET_USER_MEMORY_REGION, &region))
		return -errno;
	self->vcpu = ioctl(self->vm, KVM_CREATE_VCPU, 0);
	if (self->vcpu < 0)
		return -errno;
	self->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->vcpu, 0);
	return self->run == MAP_FAILED ? -errno : set_up_cpu(self->vcpu);
}

FIXTURE_SETUP(kvm)
{
	int ret;

	if (pf_begin())
		SKIP(return, "pagefold is not loaded");
	self->kvm = open_kvm();
	if (self->kvm < 0)
		SKIP(return, "no /dev/kvm, and no module brings it");
	self->seed = pf_seed();
	self->guest = pf_map(GUEST_SIZE / PF_PAGE);
	self->mem = self->guest + DATA;
	memcpy(self->guest + SUM, guest_sum, sizeof(guest_sum));
	memcpy(self->guest + STORE, guest_store, sizeof(guest_store));
	memcpy(self->guest + COUNT, guest_count, sizeof(guest_count));
	pf_fill_all(self->mem, NR, self->seed);
	ret = make_guest(self);
	if (ret)
		SKIP(return, "KVM makes no guest: %s", strerror(-ret));
}

FIXTURE_TEARDOWN(kvm)
{
	close(self->vcpu);
	close(self->vm);
	close(self->kvm);
	pf_end();
}

/* Run the guest from @entry until it halts; its registers go in and out. */
static void guest_run(struct _test_data_kvm *self, u64 entry,
		      struct kvm_regs *regs)
{
	int ret;

	regs->rip = entry;
	regs->rflags = 2;
	if (ioctl(self->vcpu, KVM_SET_REGS, regs))
		pf_die("KVM_SET_REGS");
	do {
		ret = ioctl(self->vcpu, KVM_RUN, 0);
	} while (ret && errno == EINTR);
	if (ret || self->run->exit_reason != KVM_EXIT_HLT)
		pf_die("the guest stopped with reason %u",
		       self->run->exit_reason);
	if (ioctl(self->vcpu, KVM_GET_REGS, regs))
		pf_die("KVM_GET_REGS");
}

/* What guest_sum makes of a page. */
static u32 sum_of(const char *page)
{
	const u32 *word = (const u32 *)page;
	u32 sum = 0;
	size_t i;

	for (i = 0; i < WORDS; i++)
		sum = (sum << 5 | sum >> 27) + word[i];
	return sum;
}

static u32 sum_in_guest(struct _test_data_kvm *self, size_t page)
{
	struct kvm_regs regs = { .rsi = DATA + page * PF_PAGE, .rcx = WORDS };

	guest_run(self, SUM, &regs);
	return regs.rax;
}

static void store_in_guest(struct _test_data_kvm *self, size_t at, u32 value)
{
	struct kvm_regs regs = { .rsi = DATA + at, .rax = value };

	guest_run(self, STORE, &regs);
}

TEST_F(kvm, guest_reads_what_was_folded)
{
	u32 sum = sum_of(self->mem);
	size_t i;

	for (i = 0; i < NR; i++)
		ASSERT_EQ(sum, sum_in_guest(self, i));
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	for (i = 0; i < NR; i++)
		ASSERT_EQ(sum, sum_in_guest(self, i));
	EXPECT_TRUE(pf_share(self->mem, NR));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

TEST_F(kvm, guest_writes_to_what_was_folded)
{
	char page[PF_PAGE];
	u32 sum, value, all = sum_of(self->mem);
	size_t i;

	/* the guest has written each page: it can do so without asking */
	for (i = 0; i < NR; i++) {
		memcpy(&value, self->mem, sizeof(value));
		store_in_guest(self, i * PF_PAGE, value);
	}
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	for (i = 1; i < NR; i += 2)
		store_in_guest(self, i * PF_PAGE + 400, i);
	for (i = 0; i < NR; i++) {
		pf_fill(page, self->seed);
		value = i;
		if (i % 2)
			memcpy(page + 400, &value, sizeof(value));
		sum = i % 2 ? sum_of(page) : all;
		EXPECT_EQ(sum, sum_in_guest(self, i));
		EXPECT_EQ(0, memcmp(page, self->mem + i * PF_PAGE, PF_PAGE));
		EXPECT_EQ(i % 2 == 0, pf_folded(self->mem + i * PF_PAGE));
	}
	/* and so it stays while the scanner goes on */
	ASSERT_TRUE(pf_control());
	for (i = 1; i < NR; i += 2)
		EXPECT_EQ(i, *(u32 *)(self->mem + i * PF_PAGE + 400));
}

TEST_F(kvm, host_writes_to_what_was_folded)
{
	u32 sum = sum_of(self->mem);

	ASSERT_EQ(sum, sum_in_guest(self, 0));
	ASSERT_EQ(sum, sum_in_guest(self, 1));
	ASSERT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	self->mem[PF_PAGE + 123] ^= 1;
	EXPECT_EQ(sum, sum_in_guest(self, 0));
	EXPECT_EQ(sum_of(self->mem + PF_PAGE), sum_in_guest(self, 1));
	EXPECT_NE(sum, sum_in_guest(self, 1));
}

/*
 * A guest's write leaves no dirty bit in the host's page table. A page that was
 * known with other content must be found all the same.
 */
TEST_F(kvm, what_the_guest_wrote_is_found)
{
	u32 right, wrong;

	memcpy(&right, self->mem + 800, sizeof(right));
	wrong = ~right;
	store_in_guest(self, PF_PAGE + 800, wrong);
	ASSERT_TRUE(pf_control());
	ASSERT_TRUE(pf_wait_until(pf_folded(self->mem)));
	ASSERT_FALSE(pf_folded(self->mem + PF_PAGE));
	store_in_guest(self, PF_PAGE + 800, right);
	EXPECT_TRUE(pf_wait_until(pf_share(self->mem, NR)));
	EXPECT_TRUE(pf_holds_all(self->mem, NR, self->seed));
}

#define COUNTED	8
#define ROUNDS	2000000
#define LAPS	8

static void *count_in_guest(void *arg)
{
	struct kvm_regs regs = {
		.rax = 1, .rsi = DATA, .rcx = COUNTED,
	};
	size_t lap;

	for (lap = 0; lap < LAPS; lap++) {
		regs.rbx = lap * (ROUNDS / LAPS);
		regs.rdi = ROUNDS / LAPS;
		guest_run(arg, COUNT, &regs);
		if (regs.rdi)
			return (void *)1;
	}
	return NULL;
}

/* Some pages are counted in by the guest all the time, the others rest. */
TEST_F(kvm, guest_counts_meanwhile)
{
	const size_t rest = NR - COUNTED;
	char *resting = self->mem + COUNTED * PF_PAGE;
	pthread_t thread;
	void *failed;
	size_t i;

	for (i = 0; i < COUNTED; i++)
		*(u32 *)(self->mem + i * PF_PAGE) = 0;
	ASSERT_EQ(0, pthread_create(&thread, NULL, count_in_guest, self));
	EXPECT_TRUE(pf_wait_until(pf_share(resting, rest)));
	pf_passes(10);
	ASSERT_EQ(0, pthread_join(thread, &failed));
	EXPECT_EQ(NULL, failed);
	for (i = 0; i < COUNTED; i++)
		EXPECT_EQ(ROUNDS, *(u32 *)(self->mem + i * PF_PAGE));
	EXPECT_TRUE(pf_holds_all(resting, rest, self->seed));
	/* now they rest, too, and are equal */
	EXPECT_TRUE(pf_wait_until(pf_share(self->mem, COUNTED)));
}

#define TURNS	24
#define WRITES	8
#define PAUSE		16000		/* instructions, two each */
#define PAUSE_MAX	64000000

struct pauses {
	struct _test_data_kvm *self;
	bool failed, over;
};

/* The guest pauses for longer until its pages are folded meanwhile. */
static void *write_and_pause(void *arg)
{
	struct pauses *pauses = arg;
	struct kvm_regs regs = { .rax = PAUSE, .rsi = DATA, .rcx = NR };
	long long folded;
	int turn;

	for (turn = 0; turn < TURNS && !pauses->failed; turn++) {
		folded = pf_stat("folded");
		regs.rbx = turn * WRITES;
		regs.rdi = WRITES;
		guest_run(pauses->self, COUNT, &regs);
		pauses->failed = regs.rdi;
		if (pf_stat("folded") - folded < NR && regs.rax < PAUSE_MAX)
			regs.rax *= 2;
	}
	PF_STORE(&pauses->over, true);
	return NULL;
}

/* All pages are equal until the guest writes them again, at any moment. */
TEST_F(kvm, guest_writes_what_is_being_folded)
{
	struct pauses pauses = { .self = self };
	long long folded = pf_stat("folded");
	pthread_t thread;
	size_t i;

	for (i = 0; i < NR; i++)
		*(u32 *)(self->mem + i * PF_PAGE) = 0;
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_and_pause, &pauses));
	while (!PF_LOAD(&pauses.over))
		pf_passes(1);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	folded = pf_stat("folded") - folded;
	TH_LOG("%lld pages were folded", folded);
	EXPECT_FALSE(pauses.failed);
	EXPECT_LE(4 * NR, folded);
	for (i = 0; i < NR; i++)
		EXPECT_EQ(TURNS * WRITES, *(u32 *)(self->mem + i * PF_PAGE));
}

TEST_HARNESS_MAIN
