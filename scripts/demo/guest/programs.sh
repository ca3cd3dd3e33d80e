# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The programs that the demo runs. Sourced by machine.
#
# Each answers on a socket /run/KIND-NUMBER with a checksum over all that it
# keeps in memory, so that what folding must not change can be compared.

DATA=/srv/demo
GUEST_MIB=128
READY_LIMIT=600		# seconds, under emulation
GUEST_PATIENCE=120 GUEST_STARTS=4
ANSWER_LIMIT=240

sockets=()		# of all programs
declare -A pid_of started_at starts	# by name

# start NAME COMMAND...: in the background; it is to listen at /run/NAME.
start() {
	local name=$1
	shift
	"$@" >"/run/$name.log" 2>&1 </dev/null &
	pid_of[$name]=$! started_at[$name]=$SECONDS
	starts[$name]=$((${starts[$name]:-0} + 1))
}

start_python() { start "$1" python3 /payload/worker.py $DATA "/run/$1"; }

start_node() {
	NODE_PATH=/usr/share/nodejs start "$1" \
		node /payload/service.js $DATA "/run/$1"
}

start_redis() {
	start "$1" redis-server --port 0 --unixsocket "/run/$1" --save '' \
		--dir $DATA --dbfilename passages.rdb \
		--enable-debug-command local
}

# A guest says on its first serial line when it is up, and answers there; its
# kernel writes to the second one. Its CPU has no XSAVE: about that an emulated
# machine and its KVM disagree, which kernels from 7 on do not survive.
start_guest() {
	local socket=/run/$1
	start "$1" qemu-system-x86_64 -accel kvm -cpu qemu64 -m $GUEST_MIB \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel /payload/guest/vmlinuz -initrd /payload/guest/initrd \
		-append "console=ttyS1 panic=-1 quiet" \
		-serial chardev:answers -serial "file:$socket.console" \
		-chardev "socket,id=answers,path=$socket,server=on,wait=off,logfile=$socket.answers"
}

# start_all KIND=COUNT...
start_all() {
	local want number
	for want; do
		for ((number = 1; number <= ${want#*=}; number++)); do
			"start_${want%=*}" "${want%=*}-$number"
			sockets+=("/run/${want%=*}-$number")
		done
	done
}

is_alive() { kill -0 "${pid_of[$1]}" 2>/dev/null; }

# The last words of programs that are gone; status 1 if there are any.
report_dead() {
	local name status=0
	for name in "${!pid_of[@]}"; do
		is_alive "$name" && continue
		status=1
		echo "say $name died: $(cat "/run/$name".{log,console} 2>/dev/null |
			tail -n 5 | tr '\r\n' '  ')"
	done
	return $status
}

is_ready() {
	case $1 in
	*/guest-*) grep -qs ready "$1.answers" ;;
	*) [ -S "$1" ] ;;
	esac
}

# count_ready: sets ready.
count_ready() {
	local socket
	ready=0
	for socket in "${sockets[@]}"; do
		is_ready "$socket" && ready=$((ready + 1))
	done
}

# All other programs are up: what takes longer now is not a slow machine.
only_guests_left() {
	local socket
	for socket in "${sockets[@]}"; do
		[[ $socket == */guest-* ]] || is_ready "$socket" || return 1
	done
}

# needs_restart NAME: it is a guest that did not come up, and ended or hangs.
needs_restart() {
	if [[ $1 != guest-* ]] || is_ready "/run/$1"; then
		return 1
	fi
	! is_alive "$1" ||
		{ only_guests_left && ((SECONDS - started_at[$1] >= GUEST_PATIENCE)); }
}

# Seen one time in ten: a guest of KVM on an emulated machine hangs or resets
# before its init starts. Without pagefold: that is loaded later.
restart_guests() {
	local name why
	for name in "${!pid_of[@]}"; do
		((starts[$name] < GUEST_STARTS)) || continue
		needs_restart "$name" || continue
		why="ended at boot"
		! is_alive "$name" || why="hangs at boot"
		kill -KILL "${pid_of[$name]}" 2>/dev/null
		wait "${pid_of[$name]}" 2>/dev/null
		echo "say $name $why: starting it again"
		rm -f "/run/$name"*
		start_guest "$name"
	done
}

wait_ready() {
	local end=$((SECONDS + READY_LIMIT))
	while ((SECONDS < end)); do
		count_ready
		[ $ready -lt ${#sockets[@]} ] || return 0
		restart_guests
		report_dead || return 1
		read_memory
		echo "loading $ready ${#sockets[@]} $used"
		sleep 1
	done
	return 1
}

ask_all() { python3 /payload/ask.py $ANSWER_LIMIT "${sockets[@]}"; }
