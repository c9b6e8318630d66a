#!/usr/bin/env bash
# Real programs, compared with strace -f -T -yy: every watched call, its descriptor,
# file and result, in the same order per thread; no call longer than strace says.
# A command runs once under each and once under both; a server has both attached.
# The end of a wait for a known event is held to 10 ms of that event.
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2317,SC2086,SC2016 # tests are called by name; ids need no quotes
cd "$(dirname "$0")/../.." || exit 1
HERE=$PWD
. tests/lib/sh.sh

export LC_ALL=C.UTF-8
PYTHON=$(python3 -c 'import sys; print(sys.executable)')

compare() {
	"$PYTHON" "$HERE/tests/e2e/strace_cmp.py" "$@" || fail "strace and iotrace differ: $*"
}

# both LEAST COMMAND...: one run under both; at least so many calls compared
both() {
	local least=$1
	shift
	"$IOTRACE" -q -f -o both.ndjson -- strace -f -T -yy -s 0 -o both.strace "$@" >out 2>err </dev/null ||
		fail "status $? of $*: $(cat err)"
	compare --min-calls $least both.strace both.ndjson
}

# each LEAST COMMAND...: a run under either, for commands that always do the same
each() {
	local least=$1
	shift
	strace -f -T -yy -s 0 -o each.strace "$@" >out 2>err </dev/null
	"$IOTRACE" -q -f -o each.ndjson -- "$@" >out 2>err </dev/null
	compare --other-run --min-calls $least each.strace each.ndjson
}

# attach NAME PID: strace first, then iotrace
attach() {
	: >"$1.err"
	strace -f -T -yy -s 0 -o "$1.strace" -p $2 2>"$1.err" &
	strace_pid=$!
	wait_for 10 grep -q attached "$1.err"
	sleep 0.2
	"$IOTRACE" -q -f -o "$1.ndjson" -p $2 &
	iotrace_pid=$!
	wait_for 20 test -s "$1.ndjson"
	sleep 0.3
}

# detach NAME LEAST: iotrace first; then what both saw
detach() {
	sleep 0.3
	kill -INT $iotrace_pid 2>/dev/null || true
	wait $iotrace_pid || fail "iotrace ended with $?"
	kill -INT $strace_pid 2>/dev/null || true
	wait $strace_pid || true
	compare --attached --min-calls $2 "$1.strace" "$1.ndjson"
}

free_port() {
	"$PYTHON" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

listens() {
	[ -n "$(ss -Hltn "src 127.0.0.1:$1")" ]
}

# calls FILTER FILE: those calls, as jq selects them
calls() {
	jq -c "select(.cat == \"io\" and $1)" "$2"
}

# late_writer FILE SECONDS [TEXT]: opens it, waits, notes the time, writes
late_writer() {
	"$PYTHON" -c 'import os, sys, time
fd = os.open(sys.argv[1], os.O_WRONLY)
time.sleep(float(sys.argv[2]))
data = (sys.argv[3] + "\n").encode()
at = time.monotonic_ns()
os.write(fd, data)
print(at)' "$1" "$2" "${3:-late}" >wrote
}

copies() {
	need_root
	head -c 300000 /dev/urandom | base64 >data
	both 205 dd if=/dev/zero of=x bs=64k count=100 status=none
	each 205 dd if=/dev/zero of=x bs=64k count=100 status=none
	# what iotrace adds to strace: the copy, in every read and write that moved bytes
	same "$(calls '.name == "write" and .args.fd == 1 and .args.copy_ns > 0' each.ndjson | wc -l)" 100
	same "$(calls '.name == "write" and .args.fd == 1 and .args.ret == 65536' each.ndjson | wc -l)" 100
	both 15 dd if=data of=y bs=100k conv=fsync status=none
	both 8 cat data
	each 8 cat data
	both 8 sh -c "cat data nothere data || true"
}

tools() {
	need_root
	head -c 300000 /dev/urandom | base64 >data
	both 80 sort data -o sorted
	each 80 sort data -o sorted
	both 30 tar cf t.tar data
	each 30 tar cf t.tar data
	each 10 ls -la /usr/bin
	both 30 find /etc -name 'x*'
	both 40 "$PYTHON" -c 'import json'
}

# A shell, its children, their pipes and how they wait for each other.
pipelines() {
	need_root
	both 60 sh -c 'seq 1 30000 | sort -n | head -n 3; echo a | cat | wc -c; sleep 0.05'
	both 40 bash -c 'for i in 1 2 3; do (exec 3<&0; read -r x <&3; exit $i); done; cat <(echo hi) <(sleep 0.1; echo ho)'
	same "$(tr '\n' ' ' <out)" 'hi ho '
}

# Calls that a signal interrupts, as strace counts them: attempt by attempt.
interrupted() {
	need_root
	mkfifo f
	cat >prog.py <<-'END'
		import os, signal, time
		signal.signal(signal.SIGALRM, lambda *a: None)
		signal.setitimer(signal.ITIMER_REAL, 0.05)
		time.sleep(0.1)
		signal.siginterrupt(signal.SIGALRM, False)
		r, w = os.pipe()
		if os.fork() == 0:
		    time.sleep(0.15)
		    os.write(w, b"x")
		    os._exit(3)
		signal.setitimer(signal.ITIMER_REAL, 0.05)
		os.read(r, 1)
		os.wait()
	END
	both 40 "$PYTHON" prog.py
	has "$(calls '.name == "read"' both.ndjson)" '"errno":"ERESTARTSYS"'
}

# Names of sockets, among them one that gets its port from its first sendto.
sockets() {
	need_root
	cat >prog.py <<-'END'
		import os, socket
		u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		u.bind(("127.0.0.1", 0))
		c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		c.sendto(b"ask", u.getsockname())
		data, who = u.recvfrom(10)
		u.sendto(b"answer", who)
		c.recvfrom(10)
		l = socket.socket(socket.AF_INET6)
		l.bind(("::1", 0))
		l.listen()
		t = socket.socket(socket.AF_INET6)
		t.connect(l.getsockname())
		s, _ = l.accept()
		t.send(b"6")
		s.recv(1)
		a, b = socket.socketpair()
		a.send(b"x")
		b.recv(1)
		for act in (lambda: socket.socket().recv(1), lambda: os.read(777, 1)):
		    try:
		        act()
		    except OSError:
		        pass
		name = 'odd \t"x\\y \u00e9.txt'
		with open(name, "w") as f:
		    f.write("x")
	END
	both 55 "$PYTHON" prog.py
	same "$(calls '.name == "recvfrom" and (.args.file // "" | startswith("udp:0.0.0.0:0"))' both.ndjson)" ''
}

# cat waits for a fifo's writer: first in openat, then in read.
fifo() {
	need_root
	: >x.ndjson
	mkfifo f
	late_writer f 0.2 one &
	both 9 cat f
	wait $!
	same "$(cat out)" one
	local iotrace wait_ns read_ns
	"$IOTRACE" -q -o x.ndjson -- cat f >out &
	iotrace=$!
	wait_for 20 grep -q '"k":"sleep"' x.ndjson
	late_writer f 0.2 two
	wait $iotrace
	same "$(cat out)" two
	same "$(calls '.name == "openat" and .args.wait_ns > 0' x.ndjson | wc -l)" 1
	# the wait ends when the writer writes: 10 ms either way
	read -r read_ns wait_ns < <(jq -rs '.[0].args.t0_ns as $t0 |
		[.[] | select(.cat == "io" and .name == "read" and (.args.file | endswith("/f")))][0] |
		"\($t0 + (.ts * 1000 | floor)) \(.args.wait_ns)"' x.ndjson)
	local off=$(((read_ns + wait_ns - $(cat wrote)) / 1000))
	echo "the wait ended $off us after the write"
	[ ${off#-} -lt 10000 ] || fail "the wait of $wait_ns ns ended $off us after the write"
}

connected() {
	ss -Htn state established "sport = :$1" | grep -q .
}

nc_client() {
	need_root
	local port nc waits
	port=$(free_port)
	nc -l -s 127.0.0.1 -p $port >nc.out &
	nc=$!
	wait_for 5 listens $port
	attach nc $nc
	(
		wait_for 5 connected $port
		sleep 0.3
		echo hello
		sleep 0.3
		echo more
	) | nc -N 127.0.0.1 $port
	wait $nc
	detach nc 8
	same "$(tr '\n' ' ' <nc.out)" 'hello more '
	# poll has waited for both lines, however late the client came
	waits=$(calls '.name == "poll" and .args.wait_ns > 150000000 and .args.wait_ns < 10000000000' nc.ndjson | wc -l)
	[ $waits -ge 2 ] || fail "$waits waits: $(calls true nc.ndjson)"
}

http_server() {
	need_root
	local port http file
	port=$(free_port)
	mkdir files
	echo small >files/small
	head -c 300000 /dev/urandom >files/middle
	head -c 20000000 /dev/urandom >files/big
	"$PYTHON" -m http.server --bind 127.0.0.1 -d files $port >/dev/null 2>&1 &
	http=$!
	wait_for 15 listens $port
	attach http $http
	for file in small middle nothere small; do
		curl -s -o got http://127.0.0.1:$port/$file
	done
	# slower than the server: it waits for room
	curl -s --limit-rate 30M -o got http://127.0.0.1:$port/big
	detach http 600
	cmp got files/big
	kill $http
	calls '.name == "sendto" and .args.wait_ns > 0' http.ndjson | grep tcp: >/dev/null || fail "no sendto waited"
	# a thread of its own for each request
	[ "$(jq 'select(.cat == "io").tid' http.ndjson | sort -u | wc -l)" = 6 ] || fail "not 6 threads"
}

redis() {
	need_root
	local port redis
	port=$(free_port)
	redis-server --port $port --bind 127.0.0.1 --save '' >/dev/null &
	redis=$!
	wait_for 15 listens $port
	attach redis $redis
	redis-benchmark -p $port -n 2000 -c 5 -q -t set,get >/dev/null
	redis-cli -p $port blpop nothing 0.2 >/dev/null
	redis-cli -p $port bgsave >/dev/null
	detach redis 8000
	kill $redis
	# the event loop as it is taught: it waits in epoll_wait, and read takes without a wait
	calls '.name == "epoll_wait" and .args.wait_ns > 0' redis.ndjson | grep eventpoll >/dev/null
	same "$(calls '.name == "read" and .args.wait_ns > 0 and (.args.file | startswith("tcp:"))' redis.ndjson)" ''
}

# The screen shows the calls that strace shows, in its order.
screen_tells_the_same() {
	need_root
	local cat strace text
	mkfifo f
	cat f >out &
	cat=$!
	exec 9>f
	strace -T -yy -s 0 -o cat.strace -p $cat 2>err &
	strace=$!
	wait_for 10 grep -q attached err
	tmux_real new-session -d -x 160 -y 50 "'$IOTRACE' --ascii -p $cat"
	wait_for 20 shows 'read\(3 .*/f\) \.\.\. '
	for text in a bb ccc dddd; do
		sleep 0.2
		echo $text >&9
		wait_for 10 shows "write\(1 .*\) = $((${#text} + 1)) "
	done
	picture >shown
	tmux_real kill-server
	kill $cat
	wait $strace || true
	cat shown
	# newest first on the screen; the last read still waits
	grep -o '\(read\|write\)([0-9]* [^)]*) = [0-9]*' shown |
		sed 's/(\([0-9]*\) [^)]*)/ \1/; s/ = / /' | head -n 7 >screen
	sed -n 's/^\(read\|write\)(\([0-9]*\)<.* = \([0-9]*\) <.*/\1 \2 \3/p' cat.strace | tac | head -n 7 >told
	diff told screen || fail "the screen differs from strace"
	same "$(wc -l <screen)" 7
	has "$(cat shown)" 'BLOCKED'
}

tmux_real() {
	tmux -L "iotrace-real-$$" -f /dev/null "$@"
}

picture() {
	tmux_real capture-pane -p
}

shows() {
	picture >seen && grep -Eq -- "$1" seen
}

for name in copies tools pipelines interrupted sockets fifo nc_client http_server redis \
	screen_tells_the_same; do
	t $name $name
done
tmux_real kill-server 2>/dev/null
finish
