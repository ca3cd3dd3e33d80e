#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh BENCH BENCH_TREE [MILLIONS...]: run the benchmarks of the index and
# of a red-black tree at these sizes (millions of pages), and count instructions
# where valgrind is installed.

set -euo pipefail

bench=$1 bench_tree=$2
shift 2
read -ra sizes <<<"${*:-1 16 64 256}"

# The index takes 12 bytes a page, the tree 48; and something beside it.
INDEX_BYTES=14 TREE_BYTES=50

# fits MILLIONS BYTES
fits() {
	local need_kb=$(($1 * $2 * 1024)) free_kb
	free_kb=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
	((need_kb < free_kb))
}

# total OPERATION N: instructions of the whole run.
total() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		"$bench" count "$1" "$2" 2>&1 |
		awk '/Collected *:/ { print $NF }'
}

# Two runs that differ only in how often: what is around it cancels out.
instructions() {
	local few=2000 many=12000
	echo $((($(total "$1" $many) - $(total "$1" $few)) / (many - few)))
}

count_instructions() {
	local op loop
	loop=$(instructions nothing)
	echo "bench: op=nothing instructions=$loop (the loop, page and tag)"
	for op in tag_in_order tag_scattered find_hit find_miss remove insert \
		set_heat find_insert fingerprint_hot zero_page_is_zero other_page_is_zero; do
		echo "bench: op=$op instructions=$(instructions "$op")"
	done
}

"$bench" time fingerprint
for size in "${sizes[@]}"; do
	if fits "$size" $INDEX_BYTES; then
		"$bench" time index "$size"
	else
		echo "bench: pages=$((size << 20)) skipped, not enough memory"
	fi
	if fits "$size" $TREE_BYTES; then
		"$bench_tree" "$size"
	else
		echo "bench: pages=$((size << 20)) no tree, not enough memory"
	fi
done
if command -v valgrind >/dev/null; then
	count_instructions
else
	echo "bench: no valgrind, instructions not counted"
fi
