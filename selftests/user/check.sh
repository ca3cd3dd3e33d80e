#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh DIR SEED FUZZ_RUNS: run the programs that make built in DIR, one
# KTAP test each. Exit status 1 if one failed.

set -euo pipefail

dir=$1 seed=$2 fuzz_runs=$3
limit=300	# seconds; a chain that was made a circle ends here
number=0 failed=0

# result DESCRIPTION STATUS: one line of KTAP.
result() {
	number=$((number + 1))
	if [ "$2" = 0 ]; then
		echo "ok $number $1"
	else
		echo "not ok $number $1 # exit status $2"
		failed=1
	fi
}

skip() {
	number=$((number + 1))
	echo "ok $number $1 # SKIP $2"
}

# Sanitizers of older compilers cannot live with much address randomization.
limited() {
	if setarch -R true 2>/dev/null; then
		timeout "$limit" setarch -R "$@"
	else
		timeout "$limit" "$@"
	fi
}

indented() { sed -u 's/^/  /'; }

# run COMPILER NAME: a program that speaks KTAP itself.
run() {
	local status=0 name=$2-$1
	if [ ! -x "$dir/$1/$2" ]; then
		skip "$name" "$1 is not installed"
		return
	fi
	limited "$dir/$1/$2" "$seed" 2>&1 | indented || status=${PIPESTATUS[0]}
	result "$name" "$status"
}

# libFuzzer takes 32 bits of seed. Its chatter is shown when it found something.
fuzz() {
	local status=0 log=$dir/fuzz.log
	if [ ! -x "$dir/clang/fuzz_index" ]; then
		skip fuzz_index "no clang with libFuzzer"
		return
	fi
	echo "# fuzz_index seed $((seed % 4294967295)) runs $fuzz_runs"
	limited "$dir/clang/fuzz_index" -seed=$((seed % 4294967295)) \
		-runs="$fuzz_runs" -max_len=400 \
		-artifact_prefix="$dir/" >"$log" 2>&1 || status=$?
	[ "$status" = 0 ] || sed 's/^/# /' "$log"
	result fuzz_index "$status"
}

echo "KTAP version 1"
echo "1..7"
for compiler in gcc clang; do
	for name in test_index test_fingerprint test_threads; do
		run "$compiler" "$name"
	done
done
fuzz
exit "$failed"
