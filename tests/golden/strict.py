# SPDX-License-Identifier: GPL-2.0-or-later
"""Is a recording's array what other programs expect?  usage: strict.py FILE.json

Strict JSON in valid UTF-8 without repeated keys; numbers are numbers; slices of
one thread nest; the states of a thread touch and are closed; thread states
touch.  Says the first thing that is wrong and exits with 1.
"""
import json
import sys
from decimal import Decimal

NUMBERS = {
    "pid", "tid", "ts", "dur", "fd", "ret", "asked", "count", "sleeps", "preempts", "cpu", "nr",
    "t", "enter", "off", "wake", "files", "ino", "mode", "o_flags", "calls", "records", "dropped",
    "schema", "first_ts", "run_ts", "waker_tid", "seen", "submitted", "folded", "filtered",
}


def fail(what, o=None):
    print(what, json.dumps(o, default=str)[:300] if o is not None else "")
    sys.exit(1)


def pairs(items):
    keys = [k for k, _ in items]
    if len(set(keys)) != len(keys):
        fail("a key twice", dict(items))
    return dict(items)


def check_numbers(o, top):
    for k, v in o.items():
        if isinstance(v, dict):
            check_numbers(v, False)
        elif isinstance(v, list):
            for one in v:
                if isinstance(one, dict):
                    check_numbers(one, False)
        elif (k in NUMBERS or k.endswith("_ns")) and type(v) not in (int, Decimal):
            if not (k == "call" or (k == "records" and not top)):
                fail("not a number: " + k, o)


def check_slices(events):
    """X slices on one thread: children end no later than their parents."""
    open_on = {}
    slices = [e for e in events if e["ph"] == "X"]
    slices.sort(key=lambda e: (e["ts"], -e["dur"]))
    for e in slices:
        stack = open_on.setdefault((e["pid"], e["tid"]), [])
        while stack and stack[-1] <= e["ts"]:
            stack.pop()
        if stack and e["ts"] + e["dur"] > stack[-1]:
            fail("a slice sticks out of the one around it", e)
        # slots of one flush share their time: they stand side by side
        if e["dur"] > 0:
            stack.append(e["ts"] + e["dur"])


def check_states(events):
    at = {}
    opened = {}
    for e in events:
        if e["ph"] not in "be" or e.get("cat") != "state":
            continue
        key = (e["pid"], e["id2"]["local"])
        if e["ph"] == "b":
            if opened.get(key):
                fail("a state begins in another one", e)
            if key in at and at[key] != e["ts"] and not e["name"].endswith(" states"):
                fail("a hole between two states", e)
            opened[key] = e["name"]
        else:
            if opened.get(key) != e["name"]:
                fail("a state ends that had not begun", e)
            opened[key] = None
        at[key] = e["ts"]
    for key, name in opened.items():
        if name:
            fail("a state that does not end: %s of %s" % (name, key))


def check_thread_states(events):
    """Touching, but for what was lost."""
    end = {}
    for e in events:
        if e["ph"] != "T":
            continue
        key = (e["pid"], e["tid"])
        if e["ts"] < end.get(key, e["ts"]):
            fail("thread states overlap", e)
        end[key] = e["ts"] + e["dur"]


def main():
    with open(sys.argv[1], "rb") as f:
        text = f.read().decode("utf-8")  # strict
    if not text.startswith("[\n{") or not text.endswith("}\n]\n"):
        fail("the array's brackets do not stand alone")
    events = json.loads(text, object_pairs_hook=pairs, parse_float=Decimal,
                        parse_constant=lambda c: fail("no JSON: " + c))
    if len(events) != len(text.splitlines()) - 2 and "\u2028" not in text:
        fail("not one object on every line")
    if events[0]["ph"] != "M" or events[0]["name"] != "iotrace":
        fail("the header is not the first", events[0])
    for e in events:
        if not isinstance(e.get("ph"), str) or not isinstance(e.get("name"), str):
            fail("an event without ph or name", e)
        check_numbers(e, True)
    check_slices(events)
    check_states(events)
    check_thread_states(events)


main()
