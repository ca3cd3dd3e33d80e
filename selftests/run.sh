#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Run pagefold's selftests on this machine and say in KTAP how each did.
#
#   run.sh               every test of functionality.list and regressions.list
#   run.sh NAME...       these
#
# A line of a list is a name and settings:
#   timeout=S    how long it may take, in seconds (120)
#   module=own   the test loads and unloads the module itself
#   param=P=V    loads the module with that parameter (can be repeated)
# and settings for the machine that runs it, which are not read here:
#   cpus=N mem=MIB nodes=N modules=A,B alone=1 kernel=FLAVOUR
#
# On a kernel with checks of its own what those found is a verdict, too.
# PAGEFOLD_SLOWNESS in the environment multiplies the limits.
#
# The module comes from PAGEFOLD_KO, else from modprobe; it is loaded before
# each test and removed after it. One that was loaded already stays.
#
# This needs no more than a POSIX shell, timeout and sed, as busybox has them.

cd "$(dirname "$0")" || exit 1
# shellcheck source=selftests/kernel_state.sh
. ./kernel_state.sh
KO=${PAGEFOLD_KO:-}
TAB='  '

listed() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' ./*.list; }

# setting NAME KEY DEFAULT
setting() {
	value=$(listed | sed -n "s/^$1[[:space:]]\(.*[[:space:]]\)\{0,1\}$2=\([^[:space:]]*\).*/\2/p" | head -n 1)
	echo "${value:-$3}"
}

# params NAME: the module's parameters for that test
params() {
	listed | sed -n "s/^$1[[:space:]]//p" | tr -s '[:space:]' '\n' |
		sed -n 's/^param=//p'
}

# limit NAME: how long it may take on this machine
limit() { echo $(($(setting "$1" timeout 120) * ${PAGEFOLD_SLOWNESS:-1})); }

loaded() { [ -d /sys/module/pagefold ]; }

# shellcheck disable=SC2046 # params prints words
load_module() {
	if [ -n "$KO" ]; then
		insmod "$KO" $(params "$1")
	else
		modprobe pagefold $(params "$1")
	fi
}

# The console's log then shows what ran when the kernel complained.
mark() { echo "pagefold selftest: $*" >/dev/kmsg; }

program() {
	if [ -f "./$1.sh" ]; then
		echo "./$1.sh"
	else
		echo "./$1"
	fi
}

# run_one NAME: its output indented, as KTAP has it for subtests
run_one() {
	prog=$(program "$1")
	chmod +x "$prog" 2>/dev/null
	{
		timeout -k 10 "$(limit "$1")" "$prog" 2>&1 </dev/null
		echo "@status $?"
	} | while IFS= read -r line; do
		case $line in
		*@status\ *)
			[ "${line%%@status *}" ] && echo "$TAB${line%%@status *}"
			return "${line##*@status }"
			;;
		*) printf '%s%s\n' "$TAB" "$line" ;;
		esac
	done
}

# guarded NAME: with the module loaded; the status is the test's
guarded() {
	own=$(setting "$1" module "")
	was_loaded=0
	loaded && was_loaded=1
	if [ "$own" != own ] && [ $was_loaded = 0 ] && ! load_module "$1"; then
		echo "$TAB# the module does not load"
		return 1
	fi
	run_one "$1"
	status=$?
	if [ $was_loaded = 0 ] && loaded && ! rmmod pagefold; then
		echo "$TAB# the module does not unload"
		return 1
	fi
	return $status
}

verdict() {
	case $1 in
	0) echo "ok $2 $3" ;;
	4) echo "ok $2 $3 # SKIP" ;;
	124 | 137 | 143) echo "not ok $2 $3 # it took more than $(limit "$3") s" ;;
	*) echo "not ok $2 $3 # exit status $1" ;;
	esac
}

# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || set -- $(listed | sed 's/[[:space:]].*//')
number=0
failed=0
echo "KTAP version 1"
echo "1..$(($# + $(state_verdicts | wc -l)))"
state_begin
for name; do
	number=$((number + 1))
	echo "# $name"
	mark "$name starts"
	start=$(date +%s)
	guarded "$name"
	result=$?
	mark "$name ended with $result"
	echo "# $name took $(($(date +%s) - start)) s"
	verdict $result $number "$name"
	[ $result = 0 ] || [ $result = 4 ] || failed=1
done
state=$(state_end $((number + 1)))
[ -z "$state" ] || echo "$state"
case $state in *'not ok'*) failed=1 ;; esac
exit $failed
