# SPDX-License-Identifier: GPL-2.0

KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: all module clean check check-debug check-kcsan check-upstream demo bench
.PHONY: bench-host torture help

all: module

module:
	@test -d $(KDIR)/ || { \
		echo 'no kernel headers in $(KDIR): install linux-headers-amd64'; \
		echo 'or name them with KDIR=FOLDER'; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) W=1 modules

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean

check:
	@scripts/check

check-debug:
	@scripts/check-debug

check-kcsan:
	@scripts/check-debug -f kcsan

check-upstream:
	@scripts/check-upstream

demo:
	@scripts/demo/run

bench:
	@scripts/bench/run
	@scripts/bench/user

bench-host:
	@scripts/bench/host

torture:
	@scripts/torture

help:
	@echo 'make                build pagefold.ko for the running kernel'
	@echo 'make KDIR=FOLDER    build it against these kernel headers'
	@echo 'make clean          remove what that built'
	@echo 'make demo           real programs give memory back, in a virtual machine'
	@echo 'make check          all tests, in virtual machines'
	@echo 'make check-debug    the same on kernels that look for mistakes: slow'
	@echo 'make check-kcsan    and on one that looks for data races'
	@echo 'make check-upstream the mm tests of the kernel, without and with pagefold'
	@echo 'make bench          what it costs against KSM, counted in instructions'
	@echo 'make bench-host     the same in time, on this kernel, with pagefold loaded'
	@echo 'make torture        the torture test alone, see scripts/torture'
	@echo 'demo, bench and the checks install what they need (Debian, root). What they'
	@echo 'fetch and build is kept in $$PAGEFOLD_CACHE (~/.cache/pagefold).'
