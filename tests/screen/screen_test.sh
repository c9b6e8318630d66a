#!/usr/bin/env bash
# The live screen as a person sees it: tmux runs it, types, and reads the picture.
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2317,SC2086,SC2016,SC2015 # tests are called by name; ids need no quotes
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/sh.sh

tm() {
	tmux -L "iotrace-test-$$" -f /dev/null "$@"
}

# screen WxH COMMAND: a shell in a terminal of that size, in which the command runs
screen() {
	local size=$1
	shift
	tm kill-server 2>/dev/null || true
	wait_for 5 no_server
	tm new-session -d -x "${size%x*}" -y "${size#*x}" "env PS1='PROMPT> ' ENV= TERM=${TERM_UNDER_TEST:-tmux-256color} sh"
	tm set -g status off
	see 'PROMPT>'
	type_line "$*"
}

no_server() {
	! tm list-sessions >/dev/null 2>&1
}

type_line() {
	tm send-keys -l "$1"
	tm send-keys Enter
}

keys() {
	local k
	for k; do tm send-keys "$k"; done
}

picture() {
	tm capture-pane -p
}

matches() {
	picture | grep -Eq -- "$1"
}

# see PATTERN [SECONDS]: the picture has it, now or soon
see() {
	local end=$((SECONDS + ${2:-15} + 1))
	until matches "$1"; do
		[ $SECONDS -lt $end ] || fail "no '$1' in
$(picture)"
		sleep 0.05
	done
}

see_not() {
	local end=$((SECONDS + ${2:-15} + 1))
	while matches "$1"; do
		[ $SECONDS -lt $end ] || fail "still '$1' in
$(picture)"
		sleep 0.05
	done
}

# see_first PATTERN: the first line has it, now or soon
see_first() {
	wait_for 5 first_matches "$1"
}

first_matches() {
	picture | head -n 1 | grep -Eq -- "$1"
}

# The id of the iotrace that runs in the terminal.
tracer() {
	pgrep -P "$(tm list-panes -F '#{pane_pid}')" -x iotrace
}

tour() {
	screen "$1" "$IOTRACE ${2:-} -- $PLAIN/examples/tour --seconds ${3:-60}"
}

at_80x24() {
	need_root
	tour 80x24
	see 'BUSY-WAITING +read\([0-9]+\) -> EAGAIN x [0-9,]+/s, [0-9]+ % of cpu'
	see '^ iotrace +tour [0-9]+ \(6 threads\) .*LIVE .*lost 0 +[0-9]{2}:'
	for row in 'tour +idle' 'blocked +blocked' 'busy-wait +BUSY-WAITING +[^ ]*▓▓▓' 'idle-wait +idle' \
		'copying ' 'producer +idle'; do
		see "[0-9]+ +$row"
	done
	see ' calls of [0-9]+ tour +wait +run q +copy +cpu +(=|.) total'
	see ' fd +kind +file of [0-9]+ +model +calls +bytes +wait'
	see '^ +█ user ▓ spin ▌ copy ▆ kernel ▒ blocked · idle .*\? help +q quit'
	# the thread that sleeps in read: its call is there, its bar grows
	keys j
	see '>[0-9]+ +blocked'
	see 'read\(3 pipe:\[[0-9]+\]\) \.\.\.'
	see 'read\(3 pipe:\[[0-9]+\]\) = 1,024'
	see '[0-9]+ +pipe +pipe:\[[0-9]+\] +blocking'
	see '[0-9]+ +pipe +pipe:\[[0-9]+\] +non-blocking'
	keys q
	see 'PROMPT>'
}

# A bar that is still growing: how long it is already.
growing() {
	need_root
	"$PROGS/stall" read >ready &
	wait_for 10 test -s ready
	screen 80x24 "$IOTRACE -p $!"
	see 'read\(3 pipe:\[[0-9]+\]\) \.\.\.' 5
	see '^ +1\.[0-9]{3} s .* 1\.[0-9]{3} s' 5
	see '^ +3\.[0-9]{3} s .* 3\.[0-9]{3} s' 5
	see 'BLOCKED +read\(3\) blocked 100 %'
	see 'stall +blocked [0-9.]+ s'
	keys q
	see 'PROMPT>'
}

sizes() {
	need_root
	tour 80x24
	see 'BUSY-WAITING'
	local size
	for size in 120x40 200x60 100x30 60x16 40x8 80x24; do
		tm resize-window -x "${size%x*}" -y "${size#*x}"
		see 'BUSY-WAIT'
		see 'q quit'
		see_first '^ (iotrace|tour)'
	done
	tm resize-window -x 20 -y 5
	see 'too small'
	tm resize-window -x 1 -y 1
	sleep 0.5
	tm resize-window -x 80 -y 24
	see 'BUSY-WAITING'
	keys q
	see 'PROMPT>'
}

keys_do() {
	need_root
	tour 80x24
	see 'BUSY-WAITING'
	keys '?'
	see 'iotrace: keys'
	see 'quit'
	keys Escape
	see_not 'iotrace: keys'
	keys j j
	see '>[0-9]+ +busy-wait'
	keys k
	see '>[0-9]+ +blocked'
	keys Space
	see 'FROZEN'
	local one two
	lanes() { picture | sed -nE '3,11p;/ fd +kind/,$p'; }
	one=$(lanes)
	sleep 0.7
	two=$(lanes)
	same "$one" "$two"
	keys Left
	keys Enter
	see 'details'
	see 'state +'
	keys Escape
	keys Space
	see 'LIVE'
	# what happened while it was frozen is there: nothing is missing from the lane
	see 'busy-wait +BUSY-WAITING +[^ ]*▓{3,}'
	keys +
	sleep 0.2
	keys - -
	keys 0
	keys F
	keys 3
	see 'fd +kind +file of'
	see_not '▓▓▓▓▓▓'
	keys 4
	see 'calls of [0-9]+'
	keys 1
	see 'busy-wait +BUSY-WAITING'
	keys Tab
	see_not 'busy-wait +BUSY-WAITING'
	keys Escape
	see 'busy-wait +BUSY-WAITING'
	keys H
	see_not '[0-9]+ +busy-wait +BUSY'
	keys H
	see '[0-9]+ +busy-wait +BUSY'
	keys u
	see 'busy-wait +BUSY-WAITING +[^ ]*[Bb]{3}'
	lacks "$(picture | tr -d '[:print:][:space:]')" .
	keys u
	see '▓▓▓'
	keys o
	see 'output of the command'
	keys o
	see_not 'output of the command'
	keys q
	see 'PROMPT>'
}

plain_terminal() {
	[ "$(tm display -p '#{alternate_on} #{cursor_flag} #{mouse_any_flag}')" = '0 1 0' ]
}

# The terminal is as it was, however iotrace ends.
restored() {
	need_root
	local how pid before after
	for how in q C-c F10 TERM HUP INT QUIT SEGV KILL; do
		screen 80x24 "stty -a >before; $IOTRACE -p $$; stty -a >after; echo STATUS \$?"
		see 'q quit'
		pid=$(tracer)
		same "$(tm display -p '#{alternate_on}')" 1
		case $how in
		[A-Z][A-Z]*) kill -$how $pid ;;
		*) keys $how ;;
		esac
		see 'STATUS [0-9]'
		wait_for 5 plain_terminal
		before=$(cat before) after=$(cat after)
		same "$after" "$before"
		! kill -0 $pid 2>/dev/null || fail "$pid goes on after $how"
	done
}

ended() {
	need_root
	screen 80x24 "$IOTRACE -- sh -c 'echo hello from the command; sleep 0.5; exit 7'; echo STATUS \$?"
	see 'ENDED'
	see 'exit 7'
	sleep 0.5
	see 'ENDED'
	keys q
	see 'STATUS 7'
	see 'hello from the command'
	screen 80x24 "$IOTRACE --exit -- sh -c 'sleep 0.5; exit 7'; echo STATUS \$?"
	see 'STATUS 7'
}

# An escape that sets a colour; 39 and 49 put the terminal's own back.
COLOUR=$'\033\\[([0-9;]*;)?(3[0-8]|4[0-8]|9[0-7])[m;]'

typing() {
	need_root
	screen 80x24 "$IOTRACE --tty -- sh -c 'read line; echo got \\\"\$line\\\"; sleep 60'"
	see 'keys go to it'
	type_line 'quit? déjà'
	see 'got "quit. déjà"|got "quit. d'
	keys 'C-]'
	see_not 'keys go to it'
	keys o q
	sleep 0.5
	see 'keys go to it'
	keys 'C-]' q
	see 'PROMPT>'
	see 'got "quit'
	# without --tty nothing is typed into it
	screen 80x24 "$IOTRACE -- sh -c 'read line; echo got \$line'"
	see 'q quit'
	keys o
	see 'nothing yet'
	keys o q
	see 'PROMPT>'
}

# What goes wrong while the screen is open is said there, and once more afterwards.
said_on_screen() {
	need_root
	mkdir small
	mount -t tmpfs -o size=64k none small || exit 77
	screen 80x24 "$IOTRACE -o small/x.ndjson -- $PLAIN/tests/progs/zeros 2000000000 1; echo STATUS \$?"
	see 'No space left' 20
	keys q
	see 'STATUS 1'
	see 'iotrace: cannot write small/x.ndjson: No space left'
	umount small
}

colours() {
	need_root
	tour 80x24 --color=never
	see 'BUSY-WAITING'
	lacks "$(tm capture-pane -p -e)" "$COLOUR"
	tour 80x24 --color=always
	see 'BUSY-WAITING'
	has "$(tm capture-pane -p -e)" $'\033\\[([0-9;]*;)?38;5;'
	screen 80x24 "NO_COLOR=1 $IOTRACE -- $PLAIN/examples/tour"
	see 'BUSY-WAITING'
	lacks "$(tm capture-pane -p -e)" "$COLOUR"
	tour 80x24 --ascii
	see 'busy-wait +BUSY-WAITING +[^ ]*[Bb]{3}'
	lacks "$(picture | tr -d '[:print:][:space:]')" .
	local term
	for term in xterm-256color screen linux vt100; do
		TERM_UNDER_TEST=$term tour 80x24
		see 'BUSY-WAITING +read'
		keys q
		see 'PROMPT>'
	done
}

# A program that would like to paint on our screen.
hostile_names() {
	need_root
	python3 -c 'import ctypes, time
name = b"\x1b[31m\n\xff\xe4\xb8x"
ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
f = open("evil\x1b[2J\x07 \xff\n name".encode("latin-1"), "w+b", buffering=0)
print("ready", flush=True)
while True:
    f.write(b"x"); f.seek(0); f.read(1); f.seek(0)
    time.sleep(0.05)' >ready &
	wait_for 10 test -s ready
	screen 120x40 "$IOTRACE -p $!"
	see 'x1b\[31m'
	see 'x07 .xff.x0a name'
	see 'q quit'
	same "$(picture | head -n 1 | grep -c '^ iotrace')" 1
	keys q
	see 'PROMPT>'
}

# Live and replayed, the picture of a finished trace is the same.
same_picture() {
	need_root
	screen 100x30 "$IOTRACE -o x.ndjson -- $PROGS/waiter pipe 4 150"
	see 'ENDED' 20
	keys 0 j
	sleep 0.5
	picture | sed 1d >live
	keys q
	see 'PROMPT>'
	screen 100x30 "$IOTRACE --speed max -r x.ndjson"
	see 'ENDED' 20
	keys 0 j
	sleep 0.5
	picture | sed 1d >replayed
	diff live replayed || fail "the pictures differ"
	keys q
	see 'PROMPT>'
}

# A screen over a target that sleeps costs next to nothing (the issue of every live view).
light() {
	need_root
	[ "$BUILD" = "$PLAIN" ] || return 0 # what sanitizers cost is not of interest
	"$PROGS/stall" threads >ready &
	wait_for 10 test -s ready
	screen 120x40 "$IOTRACE -p $!"
	see 'BLOCKED'
	local pid t0 t1 rss
	pid=$(tracer)
	cpu() { awk '{ print $14 + $15 }' /proc/$pid/stat; }
	t0=$(cpu)
	sleep 6
	t1=$(cpu)
	echo "$((t1 - t0)) ticks of 10 ms in 6 s"
	[ $((t1 - t0)) -le 18 ] || fail "more than 3 % of a CPU: $((t1 - t0)) ticks in 6 s"
	rss=$(awk '$1 == "RssAnon:" { print $2 }' /proc/$pid/status)
	[ $rss -lt 65536 ] || fail "$rss KiB"
	keys q
	see 'PROMPT>'
}

trap 'tm kill-server 2>/dev/null' EXIT
[ $# -gt 0 ] || set -- at_80x24 growing sizes keys_do restored ended typing said_on_screen colours hostile_names \
	same_picture light
for name; do
	t $name $name
done
finish
