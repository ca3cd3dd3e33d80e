# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the kernel says about memory and CPU time. Sourced by machine. All is
# read without starting a process: the one who measures keeps still.

PAGEFOLD=/sys/kernel/mm/pagefold

# read_memory: sets used, anon and free, in kB. Free is MemFree with the lists
# of free pages that each CPU keeps for itself: after much was freed at once
# they hold some 100 MiB for a while. Both are read from one file, between two
# they would move from one to the other. Used is what is neither free nor a
# cache: page cache that comes and goes is not given back.
read_memory() {
	local name value pages total=0 cache=0
	while read -r name value _; do
		case $name in
		MemTotal:) total=$value ;;
		AnonPages:) anon=$value ;;
		Buffers: | Cached: | SReclaimable:) cache=$((cache + value)) ;;
		esac
	done </proc/meminfo
	free=0
	while read -r name value pages; do
		case $name:$value in
		pages:free) free=$((free + pages * 4)) ;;
		count:*) free=$((free + value * 4)) ;;
		esac
	done </proc/zoneinfo
	used=$((total - free - cache))
}

# settle_memory: caches dropped, counters of all CPUs added up.
settle_memory() {
	local _
	sync
	echo 3 >/proc/sys/vm/drop_caches
	while read -r _; do :; done </proc/sys/vm/stat_refresh
}

# read_busy: sets busy, the CPU time that was not idle since boot, in 1/100 s.
read_busy() {
	local _ user nice system irq softirq
	read -r _ user nice system _ _ irq softirq _ </proc/stat
	busy=$((user + nice + system + irq + softirq))
}

# read_scanner: sets cpu_ms, the CPU time of pagefold's thread.
read_scanner() {
	local ns=0 _
	[ -z "$scanner" ] || read -r ns _ </proc/"$scanner"/schedstat
	cpu_ms=$((ns / 1000000))
}

find_scanner() {
	local comm file
	for file in /proc/[0-9]*/comm; do
		read -r comm <"$file" || continue
		[ "$comm" = pagefold ] || continue
		scanner=${file#/proc/} scanner=${scanner%/comm}
	done 2>/dev/null
}

# read_counters: sets frames, sharing, zero and passes.
read_counters() {
	frames=0 sharing=0 zero=0 passes=0
	[ -d $PAGEFOLD ] || return 0
	read -r frames <$PAGEFOLD/pages_shared
	read -r sharing <$PAGEFOLD/pages_sharing
	read -r zero <$PAGEFOLD/zero_pages
	read -r passes <$PAGEFOLD/full_scans
}
