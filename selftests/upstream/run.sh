#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run.sh with|without COMMANDS: in the guest, run the kernel's mm tests that
# the file COMMANDS has, lines as in the file tests, with pagefold folding
# everything at full speed or without it. For each:
#
#   === LINE
#   | what it said
#   === status N seconds N LINE
#
# The folder has the programs in bin/, test modules of the kernel in modules/.

cd "$(dirname "$0")" || exit 1
here=$PWD
mode=$1
commands=$here/$2
SWAP_MIB=256 HUGE_PAGES=128

mark() { echo "pagefold upstream: $*" >/dev/kmsg; }

# Tests write into their folder: a file system as others have it. One is run
# by a user who is not root.
copy_programs() {
	cp -r bin keeper /mnt/
	chmod 755 / /bin /mnt /mnt/bin
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
	echo 0 >/proc/sys/vm/overcommit_memory
	echo $HUGE_PAGES >/proc/sys/vm/nr_hugepages
	echo 3 >/proc/sys/vm/drop_caches
	echo 2 >/sys/kernel/mm/ksm/run
	echo 0 >/sys/kernel/mm/ksm/run
}

# sysctls WORD...: sets those in front of the command, which is left in $command.
sysctls() {
	while :; do
		case $1 in
		*=*) echo "${1#*=}" >"/proc/sys/vm/${1%%=*}" ;;
		*) break ;;
		esac
		shift
	done
	command=$*
}

# What not even SIGKILL ends spoils the machine for those that follow: it is
# said in the log what hangs, and this machine is given up. What a test said
# may take longer than the test, the channel is slow.
give_up_after() {
	sleep "$1"
	mark 'hangs, blocked tasks follow'
	echo w >/proc/sysrq-trigger
	sleep 2
	poweroff -f
}

# run_one SECONDS LINGER LINE
run_one() {
	limit=$1 linger=$2 line=$3
	mark "$line"
	give_up_after $((limit * 3 + 60)) &
	watch=$!
	tidy
	# shellcheck disable=SC2086 # words
	sysctls $line
	echo "=== $line"
	start=$(date +%s)
	# shellcheck disable=SC2086 # words
	{
		PATH=/mnt/bin:$PATH /mnt/keeper "$linger" \
			timeout -k 10 "$limit" $command </dev/null 2>&1
		echo "@status $?"
	} | tr -d '\r' | while IFS= read -r said || [ -n "$said" ]; do
		case $said in
		'@status '*)
			took=$(($(date +%s) - start))
			[ $took -lt "$limit" ] || echo '| # at its limit'
			echo "=== status ${said#@status } seconds $took $line"
			;;
		*) printf '| %s\n' "$said" ;;
		esac
	done
	kill $watch
}

set_up 2>&1 | sed 's/^/# /'
if [ "$mode" = with ] && ! [ -d /sys/kernel/mm/pagefold ]; then
	echo "# the module does not load"
	exit 1
fi
cd /mnt/bin || exit 1
while read -r seconds most line; do
	run_one "$seconds" "$most" "$line"
done <"$commands"
mark "the end"
echo "=== end"
[ "$mode" = without ] || rmmod pagefold
