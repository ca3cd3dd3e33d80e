#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run.sh with|without COMMANDS: in the guest, run the kernel's mm tests that
# the file COMMANDS has, lines `SECONDS LINGER COMMAND`, with pagefold folding
# everything at full speed or without it. For each:
#
#   === COMMAND
#   | what it said
#   === status N seconds N COMMAND
#
# The folder has the programs in bin/, test modules of the kernel in modules/.

cd "$(dirname "$0")" || exit 1
here=$PWD
mode=$1
commands=$here/$2
SWAP_MIB=256 HUGE_PAGES=128

mark() { echo "pagefold upstream: $*" >/dev/kmsg; }

# Tests write into their folder: a file system as others have it.
copy_programs() {
	cp -r bin keeper /mnt/
	chmod 755 /mnt /mnt/bin
	cd /mnt/bin || exit 1
}

# Compressed by what is fastest under emulation: tests swap out a lot.
swap_on() {
	modprobe zram || return
	echo lz4 >/sys/block/zram0/comp_algorithm
	echo ${SWAP_MIB}M >/sys/block/zram0/disksize
	mkswap /dev/zram0 >/dev/null
	swapon /dev/zram0
}

load_test_modules() {
	for ko in "$here"/modules/*.ko; do
		[ ! -e "$ko" ] || insmod "$ko"
	done
	modprobe hwpoison-inject
}

set_up() {
	copy_programs
	swap_on
	load_test_modules
	echo 0 >/proc/sys/kernel/yama/ptrace_scope
	[ "$mode" = without ] ||
		insmod "$here/pagefold.ko" scope=all settle_ms=0 cpu_percent=100
}

# Each test finds the machine as the first one found it.
tidy() {
	echo $HUGE_PAGES >/proc/sys/vm/nr_hugepages
	echo 3 >/proc/sys/vm/drop_caches
	echo 2 >/sys/kernel/mm/ksm/run
	echo 0 >/sys/kernel/mm/ksm/run
}

# shellcheck disable=SC2086 # a command
run_one() {
	limit=$1 linger=$2
	shift 2
	mark "$*"
	tidy
	echo "=== $*"
	start=$(date +%s)
	{
		PATH=/mnt/bin:$PATH /mnt/keeper "$linger" \
			timeout -k 10 "$limit" sh -c "exec $*" </dev/null 2>&1
		echo "@status $?"
	} | tr -d '\r' | while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		'@status '*) echo "=== status ${line#@status } seconds $(($(date +%s) - start)) $*" ;;
		*) printf '| %s\n' "$line" ;;
		esac
	done
}

set_up 2>&1 | sed 's/^/# /'
if [ "$mode" = with ] && ! [ -d /sys/kernel/mm/pagefold ]; then
	echo "# the module does not load"
	exit 1
fi
cd /mnt/bin || exit 1
while read -r limit linger command; do
	run_one "$limit" "$linger" "$command"
done <"$commands"
mark "the end"
echo "=== end"
[ "$mode" = without ] || rmmod pagefold
