# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What demo/run shows while the machine runs. Sourced by it. Reads the
# machine's lines (see guest/machine), keeps them, and shows the samples: as
# a panel that is drawn in place in a terminal, else one line a second.

# shellcheck disable=SC2034 # for summary.sh
declare -A figure=() possible=() left=() stat=() sample=()
processes=() failure=''
used_history=() cpu_history=()
panel_lines=0
COLUMNS_MAX=60
SAMPLE_NAMES=(t used anon free frames sharing zero passes cpu_ms)

case $(locale charmap 2>/dev/null) in
UTF-8) BARS=(▁ ▂ ▃ ▄ ▅ ▆ ▇ █) ;;
*) BARS=(_ . - '=' + '*' % '#') ;;
esac

mib() { printf '%d' "$(($1 / 1024))"; }

screen_follow() {
	local line word rest
	(IFS=$'\t' && echo "${SAMPLE_NAMES[*]}") >"$out/samples.tsv"
	: >"$out/demo.log"
	while IFS= read -r line; do
		printf '%s\n' "$line" >>"$out/demo.log"
		read -r word rest <<<"$line"
		case $word in
		say) screen_say "$rest" ;;
		loading) screen_loading "$rest" ;;
		sample) take_sample "$rest" && screen_sample ;;
		possible) take_possible "$rest" ;;
		left) left[${rest% *}]=${rest#* } ;;
		stat) stat[${rest% *}]=${rest#* } ;;
		figure) figure[${rest% *}]=${rest#* } ;;
		fail) failure=$rest ;;
		esac
	done
}

# take_sample NAME=VALUE...
take_sample() {
	local pair last_t=${sample[t]:-} last_cpu=${sample[cpu_ms]:-0} row=()
	for pair in $1; do
		sample[${pair%%=*}]=${pair#*=}
	done
	for pair in "${SAMPLE_NAMES[@]}"; do
		row+=("${sample[$pair]}")
	done
	(IFS=$'\t' && echo "${row[*]}") >>"$out/samples.tsv"
	sample[cpu]=0
	[ -z "$last_t" ] || [ "${sample[t]}" -le "$last_t" ] ||
		sample[cpu]=$((100 * (sample[cpu_ms] - last_cpu) / (sample[t] - last_t)))
	sample[back]=$((${figure[before_used_kb]:-${sample[used]}} - sample[used]))
	used_history+=("${sample[used]}")
	cpu_history+=("${sample[cpu]}")
}

take_possible() {
	case $1 in
	"process "*) processes+=("${1#process }") ;;
	*) possible[${1% *}]=${1#* } ;;
	esac
}

# history TOP VALUE...: a bar for each of the last values.
history() {
	local top=$1 value level text=''
	shift
	for value in "${@: -$(($# < COLUMNS_MAX ? $# : COLUMNS_MAX))}"; do
		level=$((value * 8 / (top + 1)))
		text+=${BARS[level < 8 ? level : 7]}
	done
	echo "$text"
}

seconds_since_insmod() {
	local s=$((sample[t] / 1000))
	[ "${sample[t]}" -lt 0 ] && s=$(((sample[t] - 999) / 1000))
	printf '%+d s' "$s"
}

percent_of() { echo $((100 * $1 / ($2 > 0 ? $2 : 1))); }

panel() {
	local was=${figure[before_used_kb]:-${sample[used]}}
	printf '\n pagefold on Linux %s, %s from insmod\n\n' "$release" \
		"$(seconds_since_insmod)"
	printf ' memory in use %6d MiB   was %d MiB\n' \
		"$(mib "${sample[used]}")" "$(mib "$was")"
	printf ' given back    %6d MiB   %d %% of what is possible\n' \
		"$(mib "${sample[back]}")" \
		"$(percent_of "${sample[back]}" "${possible[possible_kb]:-0}")"
	printf ' frames        %6d       each stands for many equal pages\n' \
		"${sample[frames]}"
	printf ' sharing       %6d       and %d pages of zeroes\n' \
		"${sample[sharing]}" "${sample[zero]}"
	printf ' scanner CPU   %6d %%     %d.%d s in %d passes\n\n' \
		"${sample[cpu]}" $((sample[cpu_ms] / 1000)) \
		$((sample[cpu_ms] / 100 % 10)) "${sample[passes]}"
	printf ' memory  \e[34m%s\e[0m\n' \
		"$(history "$was" "${used_history[@]}")"
	printf ' scanner \e[33m%s\e[0m\n' "$(history 100 "${cpu_history[@]}")"
}

# What is drawn over next time: the cursor goes up, the rest is cleared.
screen_erase() {
	[ "$panel_lines" = 0 ] || printf '\e[%dA\e[J' "$panel_lines"
	panel_lines=0
}

screen_panel() {
	local text lines
	text=$("$@")
	mapfile -t lines <<<"$text"
	screen_erase
	printf '%s\n' "$text"
	panel_lines=${#lines[@]}
}

screen_sample() {
	if [ "$plain" = 0 ]; then
		screen_panel panel
		return
	fi
	printf '%8s  in use %5d MiB  given back %5d MiB  frames %6d  sharing %7d  zero %6d  scanner %3d %%\n' \
		"$(seconds_since_insmod)" "$(mib "${sample[used]}")" \
		"$(mib "${sample[back]}")" "${sample[frames]}" \
		"${sample[sharing]}" "${sample[zero]}" "${sample[cpu]}"
}

# screen_loading READY ALL USED_KB
loaded=''
screen_loading() {
	local ready all used
	read -r ready all used <<<"$1"
	if [ "$plain" = 0 ]; then
		screen_panel printf ' %d of %d programs are up, memory in use %d MiB\n' \
			"$ready" "$all" "$(mib "$used")"
	elif [ "$ready" != "$loaded" ]; then
		printf '# %d of %d programs are up, memory in use %d MiB\n' \
			"$ready" "$all" "$(mib "$used")"
	fi
	loaded=$ready
}

# Goes above the panel.
screen_say() {
	screen_erase
	printf '# %s\n' "$1"
	[ "$plain" = 1 ] || [ -z "${sample[t]:-}" ] || screen_panel panel
}

# The panel stays as it is, what follows goes below.
screen_close() { panel_lines=0; }
