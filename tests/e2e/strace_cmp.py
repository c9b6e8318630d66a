#!/usr/bin/env python3
# Compares what strace (-f -T -yy) and iotrace (-f, .ndjson) recorded of a program.
# SPDX-License-Identifier: GPL-2.0-or-later
"""
usage: strace_cmp.py [--other-run] [--attached] [--min-calls N] [--quick US] STRACE NDJSON

Per thread the sequence of watched calls must be the same in both: name, descriptor,
file, result, errno.  Which calls these are is read from bpf/calls.h.  Calls that
iotrace records only when they slept may be missing where strace saw them, but not
if they took as long as a sleep; and what iotrace has must be there in strace.
No call may have lasted longer than strace says (-T).

  --other-run   two runs: threads are paired in order of their birth, inode and
                process numbers are not compared, times neither
  --attached    both came to a running program: iotrace's calls must be a stretch
                of strace's, what lies before and behind it does not count
  --quick US    a call that iotrace may leave out is no longer than this (500,000:
                strace itself may be kept waiting between its two stops)

Prints one line: threads, calls compared, calls with a wait.  Status 1 and the
first differences otherwise.
"""
import argparse
import json
import os
import re
import sys

CALLS_H = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bpf/calls.h")
SLACK_US = 20  # strace's clock is read in whole microseconds


def watched_calls():
    """name -> (index of the descriptor or None, recorded only when it slept)"""
    row = re.compile(r"^\tCALL\((\w+), (\w+), (\w+), (\w+), ([^)]*)\)", re.M)
    with open(CALLS_H) as f:
        found = row.findall(f.read())
    return {
        name: (None if fd == "NOFD" else int(fd), "CF_SLEPT" in flags)
        for name, family, fd, asked, flags in found
    }


class Call:
    """One call as either of the two tells it."""

    def __init__(self, tid, name, fd, file, ret, errno, us, extra=""):
        self.tid, self.name, self.fd, self.file = tid, name, fd, file
        self.ret, self.errno, self.us, self.extra = ret, errno, us, extra
        self.slept_only = False
        self.wait_us = 0.0

    def key(self):
        return (self.name, self.fd, self.file, self.errno or self.ret)

    def __str__(self):
        at = "" if self.fd is None else "%d<%s>" % (self.fd, self.file)
        return "%s(%s) = %s  %s" % (self.name, at, self.errno or self.ret, self.extra)


# ---- strace ---------------------------------------------------------------

LINE = re.compile(r"^(\d+) +(.*)$")
BEGIN = re.compile(r"^(\w+)\((.*)$", re.S)
END = re.compile(
    r"\) *= (?P<ret>\?|-?\d+|0x[0-9a-f]+)(?P<what>.*?)"
    r"(?:<(?P<took>[0-9]+\.[0-9]+)>)?$",
    re.S,
)
ERRNO = re.compile(r"^ (E[A-Z0-9_]+)\b")


def split_end(text):
    """The last `) = RESULT <TIME>`: arguments may hold the like in strings."""
    at = text.rfind(") ")
    while at >= 0:
        m = END.match(text, at)
        if m:
            return text[:at], m
        at = text.rfind(") ", 0, at)
    return text, None


def split_args(text):
    """Top-level arguments; -yy puts names into <>, and `->` into the names."""
    out, depth, start, i, quote = [], 0, 0, 0, False
    while i < len(text):
        c = text[i]
        if c == "\\":
            i += 1
        elif quote:
            quote = c != '"'
        elif c == '"':
            quote = True
        elif text.startswith("->", i) or text.startswith("=>", i):
            i += 1
        elif c in "([{<":
            depth += 1
        elif c in ")]}>":
            depth -= 1
        elif c == "," and depth == 0:
            out.append(text[start:i].strip())
            start = i + 1
        i += 1
    return out + [text[start:].strip()]


def decode(name):
    """strace's octal and C escapes back to the text that iotrace prints."""
    return re.sub(
        r"\\(?:([0-7]{1,3})|(.))",
        lambda m: chr(int(m[1], 8))
        if m[1]
        else {"n": "\n", "t": "\t", "v": "\v", "f": "\f", "r": "\r"}.get(m[2], m[2]),
        name,
    )


def strace_file(text):
    """The name of a descriptor, as iotrace writes it."""
    m = re.match(r"^(-?\d+)(?:<(.*)>)?(?:\(deleted\))?$", text, re.S)
    if not m:
        return None, None
    fd, name = int(m[1]), m[2]
    if name is None:
        return fd, None
    name = re.sub(r"<(?:char|block) [^<>]*>$", "", name)
    m = re.match(r"^(TCP|UDP)(?:v6)?:\[(.*)\]$", name)
    if m:
        unbound = re.match(r"^\d+$", m[2])
        name = "%s:%s" % (m[1].lower(), "unbound" if unbound else m[2])
    elif re.match(r"^UNIX(-\w+)?:\[", name):
        name = re.sub(r"^UNIX(?:-\w+)?:\[(\d+)(?:->\d+)?(.*)\]$", r"unix:[\1]\2", name)
        name = re.sub(r'@"', '"@', name)
    elif name.startswith("NETLINK:"):
        name = re.sub(r"^NETLINK:\[(?:\w+:)?(\d+)\]$", r"socket:[\1]", name)
    return fd, decode(name)


def read_strace(path, calls):
    """Threads in order of birth, and of each its calls in order of their ends."""
    born, seqs, open_calls = [], {}, {}
    with open(path, errors="surrogateescape") as f:
        lines = f.read().split("\n")
    for line in lines:
        m = LINE.match(line)
        if not m:
            continue
        tid, text = int(m[1]), m[2]
        if tid not in seqs:
            seqs[tid] = []
            if tid not in born:
                born.append(tid)
        if text.startswith(("+++", "---")):
            if text.startswith("+++ superseded"):
                open_calls.pop(tid, None)
            continue
        m = re.match(r"^<\.\.\. (\w+) resumed>(.*)$", text, re.S)
        if m:
            name, first = m[1], open_calls.pop(tid, None)
            if first is None:
                continue
            text = "%s(%s%s" % (name, first, m[2])
        m = BEGIN.match(text)
        if not m:
            continue
        name, rest = m[1], m[2]
        cut = re.search(r" <(unfinished|detached) \.\.\.>(\) = \?)?$", rest)
        if cut:
            open_calls[tid] = rest[: cut.start()]
            if cut[2] or cut[1] == "detached":
                del open_calls[tid]  # it never came back
            continue
        args, end = split_end(rest)
        if end is None:
            continue
        ret, errno = end["ret"], ERRNO.match(end["what"])
        errno = errno[1] if errno else None
        if ret == "?" and not errno:
            continue  # exit
        if name in ("clone", "clone3", "fork", "vfork") and ret.isdigit() and int(ret) > 0:
            if int(ret) not in born:
                born.append(int(ret))
        if name not in calls:
            continue
        fdarg, slept_only = calls[name]
        fd = file = None
        if fdarg is not None:
            parts = split_args(args)
            if fdarg < len(parts):
                fd, file = strace_file(parts[fdarg])
        value = int(ret, 0) if ret != "?" else None
        call = Call(tid, name, fd, file, value, errno, float(end["took"] or 0) * 1e6, line)
        call.slept_only = slept_only
        seqs[tid].append(call)
    return born, seqs


# ---- iotrace --------------------------------------------------------------


def read_iotrace(path, calls):
    born, seqs, lost = [], {}, None
    with open(path) as f:
        for line in f:
            e = json.loads(line)
            tid, args = e.get("tid"), e.get("args", {})
            if e["name"] == "iotrace.rec" and args.get("k") == "task":
                if tid not in seqs:
                    seqs[tid] = []
                    born.append(tid)
            elif e.get("cat") == "summary":
                lost = args["lost"]
            elif e.get("cat") in ("io", "spin"):
                if args.get("killed") or args.get("open_start") or args.get("open_end"):
                    continue  # strace has no result of it, or no beginning
                fd = args.get("fd")
                file = args.get("file")
                if file is not None:
                    file = re.sub(r"^(tcp|udp):(?:0\.0\.0\.0|\[::\]):0$", r"\1:unbound", file)
                    file = re.sub(
                        r"\\(x[0-9a-f]{2}|\\)",
                        lambda m: "\\" if m[1] == "\\" else chr(int(m[1][1:], 16)),
                        file.encode().decode("latin-1"),  # byte by byte, as strace has it
                    )
                call = Call(
                    tid, e["name"], fd, file, args.get("ret"), args.get("errno"), e.get("dur", 0), line.strip()
                )
                call.wait_us = args.get("wait_ns", 0) / 1e3
                call.spin = e["cat"] == "spin"
                call.slept_only = calls[e["name"]][1]
                seqs.setdefault(tid, []).extend([call] * args.get("count", 1))
    return born, seqs, lost


# ---- comparison -----------------------------------------------------------


def alike(name):
    """Names without what differs from run to run."""
    return name and re.sub(r"(pipe|socket|unix):\[\d+\]", r"\1:[]", name)


class Differ:
    def __init__(self, args):
        self.args, self.faults = args, []
        self.compared = self.waits = 0
        self.ids = {}

    def fault(self, text):
        self.faults.append(text)

    def same(self, s, i):
        if s.name != i.name and not (s.name == "restart_syscall"):
            return False
        if s.fd != i.fd and s.name != "restart_syscall":
            return False
        if (s.errno or "") != (i.errno or ""):
            return False
        other = self.args.other_run
        if s.errno is None and s.ret != i.ret:
            who = s.name in ("wait4", "clone", "clone3", "fork", "vfork")
            if not (other and who and self.ids.get(s.ret) == i.ret):
                return False
        if not other and s.slept_only and i.us > s.us + SLACK_US:
            return False  # the same call at another time
        a, b = s.file, i.file
        if other:
            a, b = alike(a), alike(b)
        if a and b and a.startswith("udp:") and b.startswith("udp:"):
            # strace keeps the first name of a socket, before its connect
            a, b = (x.split("->")[0].rsplit(":", 1)[-1] for x in (a, b))
        return a == b or a is None or b is None

    def times(self, s, i):
        if self.args.other_run or getattr(i, "spin", False):
            return
        if i.us > s.us + SLACK_US:
            self.fault("iotrace: %.3f us, strace: %.0f us\n  %s\n  %s" % (i.us, s.us, s.extra, i.extra))
        if i.wait_us > 0:
            self.waits += 1

    def walk(self, ss, ii, attached):
        """Both sequences side by side.

        Returns how many of iotrace's were found, how far strace's got, and the call
        of iotrace's that is not there (None: one of strace's is left; False: all well).
        """
        si = 0
        done = 0
        for call in ii:
            skipped = si
            while si < len(ss) and not self.same(ss[si], call):
                s = ss[si]
                if s.slept_only and s.us < self.args.quick:
                    si += 1
                    continue
                break
            if si == len(ss) or not self.same(ss[si], call):
                if call.slept_only:  # asleep on a lock for a moment: strace has it further on
                    later = next((k for k in range(skipped, len(ss)) if self.same(ss[k], call)), None)
                    if later is not None and all(x.slept_only for x in ss[skipped:later]):
                        si = later
                        done += 1
                        self.times(ss[si], call)
                        si += 1
                        continue
                return done, si, call
            self.times(ss[si], call)
            si += 1
            done += 1
        if not attached:
            for s in ss[si:]:
                if not (s.slept_only and s.us < self.args.quick):
                    return done, ss.index(s, si), None
        return done, si, False

    def thread(self, tid, ss, ii):
        attached = self.args.attached
        # strace came first: where in its calls do iotrace's begin?
        starts = [0]
        if attached and ii:
            starts = [k for k, s in enumerate(ss) if self.same(s, ii[0])] or [0]
        best = None  # the start with which all agrees, times too, or the most
        for start in starts:
            faults, waits = len(self.faults), self.waits
            done, si, call = self.walk(ss[start:], ii, attached)
            new, new_waits = self.faults[faults:], self.waits
            del self.faults[faults:]
            self.waits = waits
            rank = (call is False, -len(new), done)
            if best is None or rank > best[0]:
                best = (rank, done, start + si, call, new, new_waits)
            if call is False and not new:
                break
        _, done, si, call, faults, self.waits = best
        if call is False:
            self.compared += done
            self.faults += faults
            return
        self.compared += done
        self.faults += faults
        text = ["thread %d, after %d calls that agree:" % (tid, done)]
        for s in ss[max(0, si - 2) : si + 4]:
            text.append("  strace   %s" % s)
        text.append("  iotrace  %s" % (call or "nothing more"))
        self.fault("\n".join(text))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--other-run", action="store_true")
    p.add_argument("--attached", action="store_true")
    p.add_argument("--min-calls", type=int, default=1)
    p.add_argument("--quick", type=float, default=500000)
    p.add_argument("strace")
    p.add_argument("ndjson")
    args = p.parse_args()
    calls = watched_calls()
    s_born, s_seq = read_strace(args.strace, calls)
    i_born, i_seq, lost = read_iotrace(args.ndjson, calls)
    d = Differ(args)
    if lost is None:
        d.fault("the recording has no summary")
    elif lost["dropped"]:
        d.fault("iotrace lost %d calls" % lost["dropped"])
    if args.other_run:
        pairs = list(zip(s_born, i_born))
        if len(s_born) != len(i_born):
            d.fault("%d threads in strace, %d in iotrace" % (len(s_born), len(i_born)))
    else:
        pairs = [(t, t) for t in s_born]
        # iotrace must know each thread that made a watched call; when it came
        # later, at least those that still made one
        for t in s_born:
            if t not in i_seq and s_seq.get(t) and not args.attached:
                d.fault("iotrace does not know thread %d" % t)
    d.ids = dict(pairs)
    for s, i in pairs:
        ii = i_seq.get(i, [])
        # before its execve a command is strace's own child
        if not args.other_run and not args.attached and s == s_born[0]:
            first = next((k for k, c in enumerate(ii) if c.name == "execve"), 0)
            ii = ii[first:]
        d.thread(s, s_seq.get(s, []), ii)
    print(
        "%d threads, %d calls the same, %d with a wait, %d differences"
        % (len(pairs), d.compared, d.waits, len(d.faults))
    )
    if d.compared < args.min_calls:
        d.fault("only %d calls were compared, not %d" % (d.compared, args.min_calls))
    for f in d.faults[:5]:
        print(f)
    return 1 if d.faults else 0


if __name__ == "__main__":
    sys.exit(main())
