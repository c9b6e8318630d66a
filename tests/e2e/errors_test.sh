#!/usr/bin/env bash
# Everything that can go wrong is one sentence with its remedy, and nothing stays behind.
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2317,SC2086,SC2016 # tests are called by name; ids and states need no quotes
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/sh.sh

# says STATUS PATTERN COMMAND...: fails so, with one line on standard error
says() {
	local want=$1 pattern=$2 err status=0
	shift 2
	err=$("$@" 2>&1 >/dev/null </dev/null) || status=$?
	same "$status" "$want"
	has "$err" "$pattern"
	same "$(wc -l <<<"$err")" 1
}

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

not_root() {
	need_root
	local copy=/tmp/iotrace-test-$$ pid
	# the scratch directory need not be open to others
	install -m755 "$IOTRACE" "$copy"
	sleep 30 &
	pid=$!
	says 1 'sudo.*CAP_BPF.*CAP_PERFMON' as_nobody "$copy" -c -p "$pid" || { rm -f "$copy"; exit 1; }
	rm -f "$copy"
}

# Two capabilities are enough for a process of one's own.
with_capabilities() {
	need_root
	local copy=/tmp/iotrace-test-$$ out
	install -m755 "$IOTRACE" "$copy"
	out=$(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+bpf,+perfmon \
		--ambient-caps=-all,+bpf,+perfmon "$copy" -c -- true 2>&1) || { rm -f "$copy"; fail "$out"; }
	rm -f "$copy"
	has "$out" '^execve '
}

without_capabilities() {
	need_root
	says 1 'although this is root.*CAP_BPF and CAP_PERFMON' setpriv --bounding-set=-bpf,-sys_admin,-perfmon \
		--inh-caps=-bpf,-sys_admin,-perfmon "$IOTRACE" -c -- true
}

no_btf() {
	need_root
	says 1 'no type information \(BTF\).*CONFIG_DEBUG_INFO_BTF' unshare -m sh -c \
		'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$IOTRACE" -c -- true'
	local out
	out=$(unshare -m sh -c 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$IOTRACE" --check' || true)
	has "$out" 'BTF\) +off'
}

no_such_pid() {
	need_root
	sleep 0 &
	local pid=$!
	wait "$pid"
	says 1 "no process $pid; ps" "$IOTRACE" -c -p "$pid"
	says 1 "no thread $pid; ps" "$IOTRACE" -c -t "$pid"
}

kernel_thread() {
	need_root
	says 1 'thread of the kernel' "$IOTRACE" -c -p 2
}

zombie() {
	need_root
	python3 -c 'import os,time
pid = os.fork()
if pid == 0: os._exit(0)
print(pid, flush=True)
time.sleep(30)' >pid &
	wait_for 10 test -s pid
	sleep 0.2
	says 1 'has ended \(a zombie' "$IOTRACE" -c -p "$(cat pid)"
}

thread_as_pid() {
	need_root
	"$PROGS/stall" threads >ready &
	wait_for 10 test -s ready
	local tid
	tid=$(find /proc/$!/task -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -vx $!)
	says 1 "$tid is a thread of $!; use -t $tid" "$IOTRACE" -c -p "$tid"
}

exits_at_once() {
	need_root
	# it may end before or after tracing began; both are fine, neither hangs
	sleep 0.05 &
	local pid=$! status=0 err
	err=$("$IOTRACE" -c -p $pid 2>&1) || status=$?
	[ $status = 0 ] || has "$err" 'ended|no process'
}

command_not_found() {
	need_root
	says 127 'no-such-command: command not found' "$IOTRACE" -c -- no-such-command
	says 127 'command not found' "$IOTRACE" -c -- ./no/such/file
	touch plain-file
	says 126 'not an executable' "$IOTRACE" -c -- ./plain-file
	says 126 'not an executable' "$IOTRACE" -c -- /tmp
}

output_not_writable() {
	need_root
	mkdir dir
	says 1 'cannot write .*no-dir/x.json' "$IOTRACE" -o no-dir/x.json -- true
	says 1 'cannot write dir' "$IOTRACE" -o dir --format json -- true
	ln -s /etc/passwd link.json
	says 1 'symbolic link' "$IOTRACE" -o link.json -- true
	mkfifo fifo.json
	says 1 'not a regular file' "$IOTRACE" -o fifo.json -- true
	touch other.json
	chown 65534 other.json
	says 1 'not a regular file of yours' "$IOTRACE" -o other.json -- true
}

full_disk() {
	need_root
	mkdir small
	mount -t tmpfs -o size=256k none small || exit 77
	local status=0 err
	err=$("$IOTRACE" -o small/x.ndjson -o small/y.json -- "$PROGS/zeros" 20000 1 2>&1 >/dev/null) || status=$?
	cp small/x.ndjson small/y.json .
	umount small
	same "$status" 1
	has "$err" 'cannot write small/[xy].*No space left.*until then can be read'
	# what was written until then is whole lines, and replays
	for f in x.ndjson y.json; do
		"$IOTRACE" -q -r $f -c >$f.summary
		has "$(cat $f.summary)" 'read .*[0-9]'
	done
	same "$(tail -c 1 x.ndjson | od -An -c | tr -d ' ')" '\n'
}

bad_recordings() {
	says 1 'cannot read missing.ndjson: No such file' "$IOTRACE" -r missing.ndjson -c
	: >empty.ndjson
	says 1 'empty' "$IOTRACE" -r empty.ndjson -c
	echo '[{"ph":"X","name":"a","ts":1,"dur":1,"pid":1,"tid":1}]' >foreign.json
	says 1 'not a recording of iotrace' "$IOTRACE" -r foreign.json -c
	head -c 100000 /dev/urandom >noise.json
	says 1 'not a recording of iotrace' "$IOTRACE" -r noise.json -c
	echo '{"ph":"M","name":"iotrace","pid":0,"args":{"schema":99}}' >future.ndjson
	says 1 'newer iotrace \(schema 99' "$IOTRACE" -r future.ndjson -c
	says 1 'directory' "$IOTRACE" -r / -c
	if [ "$(id -u)" = 0 ]; then
		"$IOTRACE" -o good.ndjson -- "$PROGS/zeros" 100 1 >/dev/null
		head -c $(($(stat -c %s good.ndjson) - 20)) good.ndjson >cut.ndjson
		"$IOTRACE" -r cut.ndjson -c >cut.txt
		has "$(cat cut.txt)" 'read +10[0-9]'
		sed '20s/.*/{"ph":/' good.ndjson >damaged.ndjson
		says 1 'line 20 is damaged' "$IOTRACE" -r damaged.ndjson -c
	fi
}

bad_options() {
	says 2 'no-such-option' "$IOTRACE" --no-such-option
	says 2 "is not a process id" "$IOTRACE" -p x
	says 2 "is the program running" "$IOTRACE" -p ""
	says 2 "no family" "$IOTRACE" -e %nothing -p 1
	says 2 "nonsense" "$IOTRACE" -d nonsense -p 1
	local err status=0
	err=$("$IOTRACE" 2>&1) || status=$?
	same $status 2
	has "$err" 'iotrace -p'
	same "$("$IOTRACE" --version | cut -d' ' -f1)" iotrace
	has "$("$IOTRACE" --help)" '--buffer-size'
}

no_terminal() {
	need_root
	says 1 'no terminal for the screen; use -b, -c or -o' timeout 20 "$IOTRACE" -- touch ran
	[ ! -e ran ] || fail "the command was started all the same"
	# a terminal that nobody knows
	local out status=0
	out=$(TERM=no-such-terminal script -qec "$IOTRACE -- touch ran" /dev/null </dev/null 2>&1) || status=$?
	same $status 1
	has "$out" 'TERM=no-such-terminal'
}

check_lists_probes() {
	need_root
	local out
	out=$("$IOTRACE" --check)
	for probe in sys_enter sys_exit sched_switch sched_waking task_newtask sched_process_exec \
		sched_process_exit skb_copy_datagram_iovec tcp_rcv_space_adjust consume_skb \
		sock_recv_length mm_filemap_get_pages; do
		has "$out" "^ +$probe +(on|off .+)"
	done
	has "$out" 'can trace here'
}

nothing_left() {
	need_root
	local pid ids
	sleep 30 &
	local target=$!
	for sig in TERM KILL; do
		"$IOTRACE" -o left.ndjson -p $target &
		pid=$!
		wait_for 10 test -s left.ndjson
		mapfile -t ids < <(bpf_of $pid)
		[ ${#ids[@]} -gt 8 ] || fail "only ${#ids[@]} BPF programs are held"
		! bpf_gone "${ids[@]}" || fail "they are not loaded"
		kill -$sig $pid
		wait $pid 2>/dev/null || true
		wait_for 5 bpf_gone "${ids[@]}"
		rm left.ndjson
	done
}

for name in not_root with_capabilities without_capabilities no_btf no_such_pid kernel_thread zombie thread_as_pid exits_at_once \
	command_not_found output_not_writable full_disk bad_recordings bad_options no_terminal \
	check_lists_probes nothing_left; do
	t $name $name
done
finish
