# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The programs that the demo runs. Sourced by machine.
#
# Each answers on a socket /run/KIND-NUMBER with a checksum over all that it
# keeps in memory, so that what folding must not change can be compared.

DATA=/srv/demo
GUEST_MIB=128
READY_LIMIT=480		# seconds, under emulation
GUEST_PATIENCE=180
ANSWER_LIMIT=120

sockets=()		# of all programs
declare -A pid_of	# by name

# start NAME COMMAND...: in the background; it is to listen at /run/NAME.
start() {
	local name=$1
	shift
	"$@" >"/run/$name.log" 2>&1 </dev/null &
	pid_of[$name]=$!
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

# The last words of programs that are gone; status 1 if there are any.
report_dead() {
	local name status=0
	for name in "${!pid_of[@]}"; do
		kill -0 "${pid_of[$name]}" 2>/dev/null && continue
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

# Seen one time in ten: an emulated guest of KVM hangs before its init starts.
restart_guests() {
	local name
	for name in "${!pid_of[@]}"; do
		if [[ $name != guest-* ]] || is_ready "/run/$name"; then
			continue
		fi
		echo "say $name hangs at boot: starting it again"
		kill -KILL "${pid_of[$name]}"
		wait "${pid_of[$name]}" 2>/dev/null
		rm -f "/run/$name"*
		start_guest "$name"
	done
}

wait_ready() {
	local waited
	for ((waited = 0; waited < READY_LIMIT; waited++)); do
		count_ready
		[ $ready -lt ${#sockets[@]} ] || return 0
		report_dead || return 1
		[ "$waited" != $GUEST_PATIENCE ] || restart_guests
		read_memory
		echo "loading $ready ${#sockets[@]} $used"
		sleep 1
	done
	return 1
}

ask_all() { python3 /payload/ask.py $ANSWER_LIMIT "${sockets[@]}"; }
