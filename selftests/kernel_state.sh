# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What a kernel with checks of its own found, beside what its log says.
# Sourced by run.sh; silent on a kernel without such checks.

LEAKS=/sys/kernel/debug/kmemleak
LOCKS=/proc/lockdep_stats
# kmemleak reports nothing that is younger than 5 seconds
LEAK_AGE=6

# What is not referenced from anywhere may have been on its way from one place
# to another; what is not in two scans is lost.
scan_leaks() {
	sleep $LEAK_AGE
	echo scan >$LEAKS && echo scan >$LEAKS
}

# state_begin: what was lost before is not counted. scripts/kernel-complaints
# knows these marks.
state_begin() {
	[ -e $LEAKS ] || return 0
	mark "leaks of before"
	scan_leaks && echo clear >$LEAKS
	mark "leaks from here on"
}

# state_verdicts: how many state_end will say
state_verdicts() {
	[ ! -e $LEAKS ] || echo
	[ ! -e $LOCKS ] || echo
}

# leaks_end NUMBER
leaks_end() {
	lost=$(scan_leaks 2>&1 && cat $LEAKS) || lost="kmemleak does not scan: $lost"
	if [ -z "$lost" ]; then
		echo "ok $1 no memory was lost"
	else
		echo "$lost" | head -n 200 | sed 's/^/# /'
		echo "not ok $1 memory was lost"
	fi
}

# locks_end NUMBER: lockdep switches itself off after its first report
locks_end() {
	if grep -q 'debug_locks: *1' $LOCKS; then
		echo "ok $1 lockdep is watching"
	else
		echo "not ok $1 lockdep is watching"
	fi
}

# state_end NUMBER: verdicts from that number on
state_end() {
	next=$1
	[ ! -e $LEAKS ] || { leaks_end "$next" && next=$((next + 1)); }
	[ ! -e $LOCKS ] || locks_end "$next"
}
