# shellcheck shell=bash
# What the tests in shell share.  A test is a function; `t NAME function` runs it
# in a subshell with -e and a directory of its own; `finish` prints the counts as
# cmocka does.  $BUILD is the build under test (build or build/san).
# SPDX-License-Identifier: GPL-2.0-or-later
set -uo pipefail

BUILD=${BUILD:-$PWD/build}
PLAIN=${BUILD%/san}
IOTRACE=$BUILD/iotrace
PROGS=$PLAIN/tests/progs
TEST_TMP=${TEST_TMP:-$(mktemp -d)}
export BUILD PLAIN IOTRACE PROGS TEST_TMP

# other work on the machine must not decide what is seen
[ "$(id -u)" != 0 ] || renice -n -10 -p $$ >/dev/null

passed=0 failed=() skipped=()

need_root() {
	if [ "$(id -u)" != 0 ] || [ ! -r /sys/kernel/btf/vmlinux ]; then
		echo "needs root and a kernel with BTF"
		exit 77
	fi
}

# fail SENTENCE...: this test has failed
fail() {
	echo "FAILED: $*"
	exit 1
}

# has TEXT PATTERN: the text contains the (extended) regular expression
has() {
	grep -Eq -- "$2" <<<"$1" || fail "no '$2' in: $1"
}

lacks() {
	! grep -Eq -- "$2" <<<"$1" || fail "'$2' in: $1"
}

same() {
	[ "$1" = "$2" ] || fail "'$1' is not '$2'"
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || fail "in vain: $*"
		sleep 0.05
	done
}

# bpf_of PID: ids of the BPF programs that a process holds
bpf_of() {
	cat /proc/"$1"/fdinfo/* 2>/dev/null | awk '$1 == "prog_id:" { print $2 }' | sort -un
}

# bpf_gone ID...: none of these programs is loaded any more
bpf_gone() {
	local id
	for id; do
		! bpftool prog show id "$id" >/dev/null 2>&1 || return 1
	done
}

t() {
	local name=$1 status
	shift
	mkdir -p "$TEST_TMP/$name"
	echo "[ RUN      ] $name"
	(
		set -e
		cd "$TEST_TMP/$name"
		trap 'set +e; jobs -p | xargs -r kill -9 2>/dev/null; wait 2>/dev/null' EXIT
		"$@"
	)
	status=$?
	case $status in
	0)
		passed=$((passed + 1))
		echo "[       OK ] $name"
		;;
	77)
		skipped+=("$name")
		echo "[  SKIPPED ] $name"
		;;
	*)
		failed+=("$name")
		echo "[  FAILED  ] $name"
		;;
	esac
}

finish() {
	echo "[  PASSED  ] $passed test(s)."
	[ ${#skipped[@]} = 0 ] || echo "[  SKIPPED ] ${#skipped[@]} test(s), listed below: ${skipped[*]}"
	[ ${#failed[@]} = 0 ] || echo "[  FAILED  ] ${#failed[@]} test(s), listed below: ${failed[*]}"
	exit $((${#failed[@]} > 0))
}
