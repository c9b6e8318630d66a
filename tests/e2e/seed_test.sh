#!/usr/bin/env bash
# What was already there when tracing began: threads, descriptors, calls in progress.
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2317,SC2086,SC2016,SC2015 # tests are called by name; ids need no quotes
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/sh.sh

# stall HOW: start it and wait until it sleeps; sets $pid
stall() {
	rm -f ready
	"$PROGS/stall" "$1" >ready &
	pid=$!
	wait_for 10 test -s ready
	wait_for 10 asleep $pid
}

asleep() {
	! grep -hs '^State:' /proc/"$1"/task/*/status | grep -qv 'S (sleeping)'
}

# rec FILTER: of x.ndjson's records, what jq's filter gives
rec() {
	jq -c "select(.name == \"iotrace.rec\") | select($1)" x.ndjson
}

# blocked_in CALL STATE LABEL [FD]
blocked_in() {
	local call=$1 state=$2 label=$3 line dur
	"$IOTRACE" -d 400ms -o x.ndjson -p $pid
	# said before the first tick, not when it ends
	line=$(head -n 40 x.ndjson | jq -c "select(.args.k == \"sleep\" and .args.call == \"$call\")")
	has "$line" '"open_start":true'
	has "$line" "\"state\":\"$state\""
	line=$(jq -c "select(.cat == \"io\" and .name == \"$call\")" x.ndjson)
	has "$line" '"open_start":true'
	has "$line" '"open_end":true'
	dur=$(jq '.args.wait_ns' <<<"$line")
	[ $dur -ge 390000000 ] && [ $dur -lt 2000000000 ] || fail "waited $dur ns"
	has "$(jq -c 'select(.cat == "label" and .s == "t")' x.ndjson | head -n 1)" "\"$label\""
}

in_read() {
	need_root
	stall read
	blocked_in read blocked blocked
	same "$(jq -r 'select(.cat == "io").args.fd' x.ndjson)" "$(jq .fd ready)"
	has "$(jq -r 'select(.cat == "io").args.file' x.ndjson)" '^pipe:\['
}

in_epoll() {
	need_root
	stall epoll
	blocked_in epoll_wait idle idle-waiting
	same "$(jq -r 'select(.cat == "io").args.file' x.ndjson)" 'anon_inode:[eventpoll]'
}

in_sleep() {
	need_root
	stall sleep
	blocked_in clock_nanosleep idle idle-waiting
}

all_threads() {
	need_root
	stall threads
	"$IOTRACE" -d 300ms -o x.ndjson -p $pid
	same "$(rec '.args.k == "task" and .args.op == "seed"' | wc -l)" 2
	same "$(rec '.args.k == "sleep"' | jq -r .args.call | sort | tr '\n' ' ')" 'epoll_wait read '
	has "$(rec '.args.k == "task"' | jq -r .args.comm)" second
	# -t: only that one
	local tid
	tid=$(find /proc/$pid/task -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -vx $pid)
	"$IOTRACE" -d 300ms -o x.ndjson -t $tid
	same "$(rec '.args.k == "task"' | jq -r .tid)" $tid
	same "$(rec '.args.k == "sleep"' | jq -r .args.call)" epoll_wait
}

descriptors() {
	need_root
	python3 -c 'import os,socket,select,time
r, w = os.pipe(); os.set_blocking(r, False)
s = socket.socketpair()
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen()
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); u.bind(("::1", 0))
e = select.epoll()
f = open("some file", "w")
x = socket.socket(socket.AF_UNIX); x.bind("sock")
print(r, w, s[0].fileno(), l.fileno(), l.getsockname()[1], u.fileno(), u.getsockname()[1], e.fileno(), f.fileno(), x.fileno(), flush=True)
time.sleep(60)' >ready &
	local pid=$! r w s l port u uport e f x
	wait_for 10 test -s ready
	read -r r w s l port u uport e f x <ready
	"$IOTRACE" -d 200ms -o x.ndjson -p $pid
	fd() {
		rec ".args.k == \"fd\" and .args.fd == $1" | jq -r '[.args.kind, .args.file, .args.o_flags] | @tsv' | head -n 1
	}
	has "$(fd $r)" "^pipe	pipe:\[[0-9]+\]	2048$"
	has "$(fd $w)" '^pipe	pipe:\[[0-9]+\]	1$'
	has "$(fd $s)" '^unix	'
	has "$(fd $l)" "^tcp	tcp:127.0.0.1:$port	"
	has "$(fd $u)" "^udp	udp:\[::1\]:$uport	"
	has "$(fd $e)" '^epoll	anon_inode:\[eventpoll\]	'
	same "$(fd $f | cut -f 1,2)" "file	$PWD/some file"
	has "$(fd $x)" '^unix	unix:.*sock'
	# as many as /proc has
	same "$(rec '.args.k == "fd"' | jq .args.fd | sort -un | wc -l)" "$(find /proc/$pid/fd -mindepth 1 | wc -l)"
}

existing_children() {
	need_root
	sh -c 'sleep 60 & sleep 61 & echo ready; wait' >ready &
	local pid=$!
	wait_for 10 test -s ready
	wait_for 10 test "$(pgrep -c -P $pid)" = 2
	local children
	children=$(pgrep -P $pid)
	"$IOTRACE" -f -d 300ms -o x.ndjson -p $pid
	same "$(rec '.args.k == "task" and .args.op == "seed"' | jq .tid | sort -n | tr '\n' ' ')" \
		"$(printf '%s\n' $pid $children | sort -n | tr '\n' ' ')"
	"$IOTRACE" -d 300ms -o x.ndjson -p $pid
	same "$(rec '.args.k == "task"' | jq .tid)" $pid
	kill $children
}

several() {
	need_root
	sleep 60 &
	local a=$!
	sleep 61 &
	local b=$!
	sleep 62 &
	local c=$!
	"$IOTRACE" -d 200ms -o x.ndjson -p "$a,$b" -p $c
	same "$(rec '.args.k == "task"' | jq .tid | sort -n | tr '\n' ' ')" "$(printf '%s\n' $a $b $c | sort -n | tr '\n' ' ')"
	"$IOTRACE" -d 200ms -o x.ndjson -p "$a
$b $c"
	same "$(rec '.args.k == "task"' | wc -l)" 3
}

# The leader has ended, but the process lives in its other thread.
leaderless() {
	need_root
	"$PROGS/stall" leaderless >ready &
	local pid=$!
	wait_for 10 test -s ready
	wait_for 10 grep -q 'Z (zombie)' /proc/$pid/status
	"$IOTRACE" -d 300ms -o x.ndjson -p $pid
	same "$(rec '.args.k == "task"' | jq -r .args.comm)" second
	same "$(rec '.args.k == "sleep"' | jq -r .args.call)" epoll_wait
}

# In a PID namespace of its own: the ids are those of in there, and a process of
# another namespace with the same number is not the target.
pid_namespace() {
	need_root
	unshare --pid --fork --mount-proc sh -c '"$PROGS/stall" read >twin.ready & echo $! >twin; sleep 60' &
	local twin=$!
	wait_for 10 test -s twin.ready
	unshare --pid --fork --mount-proc sh -c '"$PROGS/stall" threads >ready & echo $! >pid; sleep 0.5
		"$IOTRACE" -d 300ms -o x.ndjson -p $(cat pid)'
	same "$(cat pid)" "$(cat twin)"
	same "$(rec '.args.k == "task"' | jq .pid | sort -u)" "$(cat pid)"
	same "$(rec '.args.k == "task" and .args.op == "seed"' | wc -l)" 2
	same "$(rec '.args.k == "sleep"' | jq -r .args.call | sort | tr '\n' ' ')" 'epoll_wait read '
	# from outside the same process has another number
	kill $twin
}

# A stopped process is stopped, whatever call it was in, and goes on when it is let go.
stopped() {
	need_root
	stall read
	kill -STOP $pid
	wait_for 10 grep -q 'T (stopped)' /proc/$pid/status
	"$IOTRACE" -d 700ms -o x.ndjson -p $pid &
	local tracer=$!
	wait_for 10 test -s x.ndjson
	sleep 0.3
	kill -CONT $pid
	wait $tracer
	local ns
	ns=$(jq 'select(.cat == "summary").args.threads[0].states | .stopped, .blocked, .user' x.ndjson)
	read -r -d '' stopped_ns blocked_ns user_ns <<<"$ns" || true
	[ $stopped_ns -gt 200000000 ] && [ $blocked_ns -gt 100000000 ] && [ $user_ns -lt 50000000 ] || fail "$ns"
}

# Attached in the middle of a loop of calls: nothing is counted twice or invented.
midway() {
	need_root
	local pid
	for _ in 1 2 3 4 5; do
		"$PROGS/poller" 100000000 >out &
		pid=$!
		"$IOTRACE" -d 200ms -o x.ndjson -p $pid
		same "$(jq -c 'select(.cat == "io" and .args.no_enter)' x.ndjson | wc -l)" 0
		# it may be in a call when tracing ends, but in one only
		[ "$(jq -c 'select(.cat == "io" and .args.open_end)' x.ndjson | wc -l)" -le 1 ]
		has "$(jq -c 'select(.cat == "label" and .s == "t")' x.ndjson)" 'busy-waiting|runnable'
		kill -9 $pid
		wait $pid 2>/dev/null || true
	done
}

for name in in_read in_epoll in_sleep all_threads descriptors existing_children several \
	leaderless pid_namespace stopped midway; do
	t $name $name
done
finish
