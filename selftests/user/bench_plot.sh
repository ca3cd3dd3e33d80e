#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# bench_plot.sh SVG: what bench.sh said, on stdin, as a plot.

set -euo pipefail

data=$(mktemp -d)
trap 'rm -r "$data"' EXIT
cat >"$data/said"
for op in find_hit find_miss find_insert tree_find_hit tree_find_miss; do
	printf '# %s\n' "$op"
	sed -n "s/^bench: op=\($op\) pages=\([0-9]*\) ns=/\1\t\2\t/p" "$data/said"
	printf '\n\n'
done >"$data/tsv"
gnuplot -e "tsv='$data/tsv'; svg='$1'" "$(dirname "$0")/bench_plot.gp"
