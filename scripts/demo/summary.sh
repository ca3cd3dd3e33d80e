# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# The figures at the end of demo/run. Sourced by it.
#
# Saved is what the kernel says: memory in use (neither free nor a cache)
# before insmod and at the end, with pagefold's own memory in it. That number
# has all other changes in the machine in it too, so AnonPages, which counts
# the programs' pages only, must agree; the smaller saving of both counts.

saved_kb() {
	local used=$((figure[before_used_kb] - figure[after_used_kb]))
	local anon=$((figure[before_anon_kb] - figure[after_anon_kb]))
	echo $((used < anon ? used : anon))
}

print_change() {
	local before=${figure[before_$2_kb]} after=${figure[after_$2_kb]}
	printf '  %-20s %8d kB -> %8d kB   %+8d kB\n' "$1" \
		"$before" "$after" $((after - before))
}

# Of each kind of program: what it had, and what of that was to be had.
print_processes() {
	local line name read_kb possible_kb _
	for line in "${processes[@]}"; do
		read -r name _ read_kb _ possible_kb _ <<<"$line"
		[ "$possible_kb" -ge 1024 ] || continue
		printf '  %-20s %8d kB of %8d kB\n' "$name" "$possible_kb" "$read_kb"
	done
}

# Where the rest is.
print_left() {
	printf 'Counted again at the end: %d MiB are copies or zeroes still, %d MiB of them in huge\n' \
		"$(mib "${left[possible_kb]:-0}")" "$(mib "${left[huge_possible_kb]:-0}")"
	printf "pages; pagefold's index takes %d MiB.\n" $((${stat[bytes_metadata]:-0} >> 20))
}

# at_rest_permille: the scanner's CPU share in the last samples.
at_rest_permille() {
	tail -n 12 "$out/samples.tsv" | awk -F '\t' '
		NR == 1 { t = $1; cpu = $9 }
		END { print ($1 > t) ? int(1000 * ($9 - cpu) / ($1 - t) + 0.5) : 0 }'
}

tenths() { printf '%d.%d' $(($1 / 10)) $(($1 % 10)); }

print_summary() {
	local saved could huge seconds cpu
	saved=$(saved_kb)
	could=${possible[possible_kb]} huge=${possible[huge_kb]}
	seconds=${figure[folding_ms]} cpu=${figure[cpu_ms]}
	cat <<-END

		The kernel's own numbers, before insmod and at the end:
		$(print_change "memory in use" used)
		$(print_change "free" free)
		$(print_change "AnonPages" anon)

		Counted in user space before insmod: $(mib "$could") MiB of $(mib "${possible[read_kb]}") MiB are copies of
		another page ($(mib "${possible[copies_kb]}") MiB) or zeroes ($(mib "${possible[zero_kb]}") MiB):
		$(print_processes)

		$(mib "$saved") MiB saved, $(percent_of "$saved" "$could") % of what is possible, $(tenths $((seconds / 100))) s after insmod.
		$(print_left)
		The scanner used $(tenths $((cpu / 100))) s of CPU time; at rest it uses $(tenths "$(at_rest_permille)") % of a CPU.
		Booted with transparent_hugepage=$THP: $(mib "$huge") MiB were in huge pages.
		pagefold ran with ${MODULE_WORDS[*]}.
		Plot: $out/memory.svg and $out/memory.png; samples: $out/samples.tsv

	END
}

plot() {
	local format
	for format in svg png; do
		gnuplot -e "dir='$out'; format='$format'; release='$release'" \
			-e "before=${figure[before_used_kb]}" \
			-e "after=${figure[after_used_kb]}" \
			-e "possible=${possible[possible_kb]}" \
			"$TREE/scripts/demo/plot.gp" ||
			die "failed: gnuplot cannot draw $out/memory.$format"
	done
}

goal_reached() {
	[ $((100 * $(saved_kb))) -ge $((GOAL_PERCENT * possible[possible_kb])) ]
}

# After is before without what was saved.
result_line() {
	printf 'demo: kernel=%s before_kb=%d after_kb=%d saved_kb=%d possible_kb=%d cpu_ms=%d\n' \
		"$release" "${figure[before_used_kb]}" "${figure[after_used_kb]}" \
		"$(saved_kb)" "${possible[possible_kb]}" "${figure[cpu_ms]}"
}
