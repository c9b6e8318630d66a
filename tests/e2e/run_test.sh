#!/usr/bin/env bash
# Sources and sinks: commands and their status, users, files, pipes, ends.
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2317,SC2086,SC2016 # tests are called by name; ids need no quotes
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/sh.sh

# status_of COMMAND...: its exit status, whatever it says
status_of() {
	local status=0
	"$@" >/dev/null 2>&1 || status=$?
	echo $status
}

exit_status() {
	need_root
	same "$(status_of "$IOTRACE" -c -- true)" 0
	same "$(status_of "$IOTRACE" -c -- false)" 1
	same "$(status_of "$IOTRACE" -c -- sh -c 'exit 42')" 42
	same "$(status_of "$IOTRACE" -c -- sh -c 'kill -TERM $$')" 143
	same "$(status_of "$IOTRACE" -c -- sh -c 'kill -KILL $$')" 137
}

own_streams() {
	need_root
	same "$(echo hello | "$IOTRACE" -o x.ndjson -- cat)" hello
	same "$("$IOTRACE" -o x.ndjson -- sh -c 'echo out; echo err >&2' 2>/dev/null)" out
	# a table beside a command goes to standard error
	same "$("$IOTRACE" -c -- echo mine 2>table)" mine
	has "$(cat table)" '^write '
}

as_sudo_user() {
	need_root
	chmod 777 .
	export SUDO_UID=65534 SUDO_GID=65534
	same "$("$IOTRACE" -o x.ndjson -- sh -c 'id -u; id -g')" "65534
65534"
	same "$(stat -c %u:%g:%a x.ndjson)" 65534:65534:600
	# it may not write what that user may not
	local err status=0
	mkdir -m 700 mine
	err=$("$IOTRACE" -o mine/y.ndjson -- true 2>&1) || status=$?
	same $status 1
	has "$err" 'Permission denied'
	[ ! -e mine/y.ndjson ] || fail "written into a directory of root's"
}

# Everything ends when what is traced ends, and soon.
ends_with_target() {
	need_root
	local begin pid target
	"$PROGS/stall" read >ready &
	target=$!
	wait_for 10 test -s ready
	"$IOTRACE" -o x.ndjson -p $target &
	pid=$!
	wait_for 10 test -s x.ndjson
	begin=$(date +%s%N)
	kill -9 $target
	wait $pid
	[ $(($(date +%s%N) - begin)) -lt 2000000000 ] || fail "it took more than 2 s"
	has "$(tail -n 1 x.ndjson)" '"summary"'
	has "$(jq -c 'select(.cat == "io")' x.ndjson)" '"killed":true'
	has "$(jq -c 'select(.cat == "label")' x.ndjson | tail -n 1)" '"exited"'
}

duration_and_keep() {
	need_root
	local pid
	"$IOTRACE" -d 300ms -o x.ndjson -- sh -c 'echo $$ >pid; exec sleep 30' || true
	pid=$(cat pid)
	! kill -0 $pid 2>/dev/null || fail "the command goes on"
	"$IOTRACE" -d 300ms --keep -o x.ndjson -- sh -c 'echo $$ >pid; exec sleep 30' || true
	kill -9 "$(cat pid)" || fail "the command did not go on"
}

signals_end_cleanly() {
	need_root
	local sig pid
	sleep 60 &
	local target=$!
	for sig in INT TERM HUP; do
		# not in the background by &: there SIGINT would be ignored
		python3 -c 'import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.exit(subprocess.call(sys.argv[1:]))' true
		setsid python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$IOTRACE" -o $sig.json -p $target &
		pid=$!
		wait_for 10 test -s $sig.json
		sleep 0.3
		kill -$sig $pid
		wait $pid || fail "status $? after SIG$sig"
		python3 -m json.tool $sig.json >/dev/null || fail "$sig.json is not JSON"
		has "$(tail -n 2 $sig.json)" '"summary"'
	done
	kill -0 $target
}

into_pipes() {
	need_root
	same "$("$IOTRACE" -o - -- "$PROGS/zeros" 50 1 2>/dev/null | jq -c 'select(.cat == "summary") | .args.threads | length' 2>/dev/null | tail -n 1)" 1
	# a reader that has seen enough ends it, without a word
	"$PROGS/poller" 1000000000 &
	local pid=$! status
	{ timeout 20 "$IOTRACE" -o - -p $pid 2>err; echo $? >status; } | head -n 3 >/dev/null
	status=$(cat status)
	same "$status" 0
	same "$(cat err)" ''
	kill -9 $pid
}

both_formats() {
	need_root
	"$IOTRACE" -o x.json -o x.ndjson -- "$PROGS/waiter" pipe 2 100 >/dev/null
	python3 - <<-'EOF'
		import json
		a = json.load(open("x.json"))
		raw = lambda e: e["name"] in ("iotrace", "iotrace.rec") or e.get("cat") in ("io", "spin", "label", "summary", "loss", "model")
		lines = [json.loads(l) for l in open("x.ndjson")]
		assert [e for e in a if raw(e)] == lines
		# the state lane of each thread has no hole and no overlap
		lanes = {}
		for e in a:
		    if e.get("cat") == "state" and not e["name"].endswith(" states"):
		        lanes.setdefault((e["pid"], e["id2"]["local"]), []).append(e)
		assert lanes
		for l in lanes.values():
		    assert len(l) > 3
		    for b, e in zip(l[0::2], l[1::2]):
		        assert (b["ph"], e["ph"]) == ("b", "e") and b["name"] == e["name"] and b["ts"] < e["ts"]
		    for e, b in zip(l[1::2], l[2::2]):
		        assert e["ts"] == b["ts"], (e, b)
		# phases lie inside their calls and add up to them
		calls = {(e["tid"], e["ts"]): e for e in a if e.get("cat") == "io"}
		phases = [e for e in a if e.get("cat") == "phase"]
		assert {e["name"] for e in phases} == {"wait", "run queue", "copy"}
		for p in phases:
		    assert any(c["tid"] == p["tid"] and c["ts"] <= p["ts"] and p["ts"] + p["dur"] <= c["ts"] + c["dur"] + 1e-3 for c in calls.values()), p
	EOF
	"$IOTRACE" -r x.ndjson -o again.json
	cmp x.json again.json
	"$IOTRACE" -r x.json -o again.ndjson
	cmp x.ndjson again.ndjson
}

rows_and_table() {
	need_root
	"$IOTRACE" -b -i 0.2 -d 1 -- "$PROGS/poller" 100000000 2>rows >/dev/null || true
	[ "$(grep -c '^ *tid ' rows)" -ge 4 ] || fail "$(cat rows)"
	has "$(cat rows)" 'poller +busy-waiting .*read\([0-9]+\) -> EAGAIN x [0-9,]+/s'
	"$IOTRACE" -c -- "$PROGS/zeros" 1000 10 2>table >/dev/null
	has "$(cat table)" '^read +1,00[0-9] '
	has "$(cat table)" '^lost: nothing'
}

filters() {
	need_root
	"$IOTRACE" -e %write -o x.ndjson -- sh -c 'read x; echo y' </dev/null >/dev/null
	same "$(jq -r 'select(.cat == "io").name' x.ndjson | sort -u)" write
	"$IOTRACE" -e '!read' -o x.ndjson -- "$PROGS/zeros" 100 1 >/dev/null
	same "$(jq -r 'select(.cat == "io" and .name == "read")' x.ndjson | wc -l)" 0
	"$IOTRACE" --min 50ms -o x.ndjson -- "$PROGS/waiter" pipe 3 100 >/dev/null
	same "$(jq -c 'select(.cat == "io" and .dur < 50000)' x.ndjson | wc -l)" 0
	same "$(jq -c 'select(.cat == "io" and .name == "read")' x.ndjson | wc -l)" 3
	# what is left out was asleep all the same: the states do not suffer
	"$IOTRACE" --min 1s -o x.ndjson -- "$PROGS/waiter" nanosleep 5 50 >/dev/null
	jq -e 'select(.cat == "summary").args.threads[0].states.idle >= 250000000' x.ndjson >/dev/null
	"$IOTRACE" -r x.ndjson -o again.ndjson
	cmp x.ndjson again.ndjson
	# and each is accounted for
	jq -e 'select(.cat == "summary").args.lost | .seen == .submitted + .folded + .filtered + .dropped and .filtered > 0' x.ndjson >/dev/null
}

slow_motion() {
	need_root
	"$IOTRACE" -o x.ndjson -- "$PROGS/waiter" nanosleep 1 300 >/dev/null
	local begin took
	"$IOTRACE" -r x.ndjson -c >fast
	begin=$(date +%s%N)
	script -qec "stty cols 80 rows 24; '$IOTRACE' --exit --speed 0.5 -r x.ndjson" /dev/null </dev/null >/dev/null
	took=$((($(date +%s%N) - begin) / 1000000))
	[ $took -ge 600 ] || fail "half the speed of 300 ms took $took ms"
}

# The file is complete up to what was flushed, even after SIGKILL.
killed_midway() {
	need_root
	local pid
	"$PROGS/poller" 1000000000 &
	local target=$!
	"$IOTRACE" -o x.json -p $target &
	pid=$!
	wait_for 10 test -s x.json
	sleep 1.5
	kill -9 $pid
	wait $pid 2>/dev/null || true
	kill -9 $target
	"$IOTRACE" -r x.json -c >table
	has "$(cat table)" '^read +[0-9,]{7,}'
}

for name in exit_status own_streams as_sudo_user ends_with_target duration_and_keep \
	signals_end_cleanly into_pipes both_formats rows_and_table filters slow_motion killed_midway; do
	t $name $name
done
finish
