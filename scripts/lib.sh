# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts share. Sourced, never run.

# shellcheck disable=SC2034 # for those who source this: TREE, LOGS
TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${PAGEFOLD_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/pagefold}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p "$CACHE"
CACHE=$(cd "$CACHE" && pwd -P)
# shellcheck disable=SC2034
LOGS=$CACHE/logs

say() { printf '# %s\n' "$*" >&2; }

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 2
}

need_root() { [ "$(id -u)" = 0 ] || die "needs root"; }

# take_lock NAME: hold a lock of the cache folder until this shell exits.
# One lock a thing, and nobody who holds one waits for another's holder.
take_lock() {
	local fd
	mkdir -p "$CACHE/locks"
	exec {fd}>"$CACHE/locks/$1"
	flock -n "$fd" && return
	say "waiting for another run to finish with $1"
	flock -w 1800 "$fd" || die "the lock $1 was held for half an hour"
}

# missing_packages PKG...: those that are not installed here.
missing_packages() {
	local pkg
	for pkg; do
		dpkg-query -W -f '${db:Status-Status}' "$pkg" 2>/dev/null |
			grep -qx installed || echo "$pkg"
	done
}

# install_packages PKG...: apt-get install what is missing, saying so.
install_packages() (
	local missing
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	need_root
	take_lock host-apt
	say "installing with apt-get:" "${missing//$'\n'/ }"
	host_apt_lists
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # a list of names
	quietly apt-get install -y --no-install-recommends $missing
)

# The package lists of this host, read anew when older than a day.
host_apt_lists() {
	local stamp=$CACHE/host-apt-lists
	[ -n "$(find "$stamp" -mmin -1440 2>/dev/null)" ] && return
	quietly apt-get update
	touch "$stamp"
}

# quietly COMMAND...: its output is shown only if it fails.
quietly() {
	local log status=0
	log=$(mktemp)
	"$@" </dev/null >"$log" 2>&1 || status=$?
	[ "$status" = 0 ] || cat "$log" >&2
	rm -f "$log"
	return "$status"
}

host_codename() {
	# shellcheck source=/dev/null
	(. /etc/os-release && echo "${VERSION_CODENAME:-unknown}")
}

# repo_uri LABEL: where this host gets the archive with that label from.
repo_uri() {
	# shellcheck disable=SC2016 # apt's own syntax
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' \
		'Created-By: Packages' |
		sed -n "s/^Debian|$1|//p" | head -n 1
}

# The mirror that this host uses for Debian; PAGEFOLD_MIRROR overrides.
mirror() {
	local uri=${PAGEFOLD_MIRROR:-}
	[ -n "$uri" ] || uri=$(repo_uri Debian)
	[ -n "$uri" ] || { host_apt_lists && uri=$(repo_uri Debian); }
	[ -n "$uri" ] || die "no Debian mirror found: set PAGEFOLD_MIRROR"
	echo "${uri%/}"
}

# Mirrors carry the security archive beside the main one.
security_mirror() {
	local uri
	uri=$(repo_uri Debian-Security)
	[ -n "$uri" ] || uri=$(mirror)-security
	echo "${uri%/}"
}

# apt_root NAME SUITE...: an apt of its own for suites that this host does
# not use. Prints the path of its configuration.
apt_root() {
	local dir=$CACHE/apt/$1 suite uri
	shift
	mkdir -p "$dir"/{lists,archives}/partial "$dir/none"
	: >>"$dir/status"
	for suite; do
		uri=$(mirror)
		case $suite in *-security) uri=$(security_mirror) ;; esac
		echo "deb [signed-by=$KEYRING] $uri $suite main"
	done >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-CONF
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		# The cache folder may be closed to the user _apt.
		APT::Sandbox::User "root";
		Dir::State::lists "$dir/lists";
		Dir::State::status "$dir/status";
		Dir::Cache::archives "$dir/archives";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "$dir/none";
		Dir::Etc::preferences "$dir/none/preferences";
		Dir::Etc::preferencesparts "$dir/none";
	CONF
	echo "$dir/apt.conf"
}

# apt_root_update CONF: read its package lists, at most twice a day.
apt_root_update() {
	local stamp=${1%/*}/updated
	[ -n "$(find "$stamp" -mmin -720 2>/dev/null)" ] && return
	APT_CONFIG=$1 quietly apt-get -o Acquire::Retries=3 update
	touch "$stamp"
}

# lost_by_emulator LOG: did the emulator lose the machine with this console?
#
# With a thread for each CPU it may run an int3 that the kernel has put into its
# own text for a moment and taken away again: seen at boot with nothing of ours
# loaded, and in __schedule() while kvm was loaded or events were traced. The
# machine dies of it, or a CPU takes that exception for ever. It says nothing of
# us, unless it is our text.
lost_by_emulator() {
	# Its status is that of having found some.
	{ "$TREE/scripts/kernel-complaints" "$1" || true; } | sed -n 1p |
		grep -qE 'Oops: int3|rcu: INFO: .* stall' &&
		grep -qE 'Oops: int3|(asm_)?exc_int3\+' "$1" &&
		! grep -q 'RIP: 0010.*\[pagefold\]' "$1"
}
