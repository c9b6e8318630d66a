/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that several views use; see view.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "units.h"
#include "view.h"

void text_trace_time(const struct scene *sc, uint64_t t_ns, int fraction, char *dst, size_t size)
{
	uint64_t t0 = model_t0(sc->m), ns = t_ns > t0 ? t_ns - t0 : 0, s = ns / 1000000000;
	char digits[16];
	int n;

	snprintf(digits, sizeof(digits), "%09u", (unsigned)(ns % 1000000000));
	if (s >= 3600)
		n = snprintf(dst, size, "%" PRIu64 ":%02u:%02u", s / 3600, (unsigned)(s / 60 % 60),
			     (unsigned)(s % 60));
	else
		n = snprintf(dst, size, "%02u:%02u", (unsigned)(s / 60), (unsigned)(s % 60));
	if (fraction > 0 && n > 0 && (size_t)n < size)
		snprintf(dst + n, size - (size_t)n, ".%.*s", fraction, digits);
}

void text_wall_time(const struct scene *sc, uint64_t t_ns, char *dst, size_t size)
{
	int64_t wall = (int64_t)t_ns + sc->s->info->epoch_offset_ns;
	time_t s = (time_t)(wall / 1000000000);
	struct tm tm;
	size_t n;

	if (!localtime_r(&s, &tm) || !(n = strftime(dst, size, "%H:%M:%S", &tm))) {
		snprintf(dst, size, "-");
		return;
	}
	snprintf(dst + n, size - n, ".%03u", (unsigned)(wall % 1000000000 / 1000000));
}

void text_tail(const char *name, int room, char *dst, size_t size)
{
	int w = frame_text_width(name);

	if (w <= room) {
		snprintf(dst, size, "%s", name);
		return;
	}
	while (w > room - 2 && *name) {
		name++;
		while (((unsigned char)*name & 0xc0) == 0x80)
			name++;
		w = frame_text_width(name);
	}
	snprintf(dst, size, "..%s", name);
}

void text_call(const struct scene *sc, const struct lane *l, unsigned call, int fd,
	       const struct fd_entry *file, char *dst, size_t size, int room)
{
	const char *name = call_name(call);
	char number[16], tail[512];

	(void)sc;
	(void)l;
	if (fd < 0) {
		snprintf(dst, size, "%s()", name);
		return;
	}
	snprintf(number, sizeof(number), "%d", fd);
	room -= (int)(strlen(name) + strlen(number)) + 3;
	if (!file || !file->name[0] || room < 4) {
		snprintf(dst, size, "%s(%s)", name, number);
		return;
	}
	text_tail(file->name, room, tail, sizeof(tail));
	snprintf(dst, size, "%s(%s %s)", name, number, tail);
}

static void result_word(int64_t ret, char *dst, size_t size)
{
	char count[32];
	const char *err = ret < 0 && ret > -4096 ? errno_name((int)-ret) : NULL;

	if (err) {
		snprintf(dst, size, "%s", err);
	} else if (ret < 0) {
		snprintf(dst, size, "= %" PRId64, ret);
	} else {
		format_count(count, sizeof(count), (uint64_t)ret);
		snprintf(dst, size, "= %s", count);
	}
}

void text_result(const struct call_entry *c, char *dst, size_t size)
{
	char word[48], count[32];

	if (c->ev.kind == EV_SPIN) {
		result_word(c->ev.spin.ret, word, sizeof(word));
		format_count(count, sizeof(count), c->ev.spin.count);
		snprintf(dst, size, "%s x %s", word, count);
		return;
	}
	if (c->ev.call.flags & CALLF_KILLED)
		snprintf(dst, size, "killed");
	else if (c->ev.call.flags & CALLF_OPEN_END)
		snprintf(dst, size, "not over");
	else if (c->ev.call.flags & CALLF_RESTART) /* whether it goes on is not known yet */
		snprintf(dst, size, "interrupted");
	else
		result_word(c->ev.call.ret, dst, size);
}

void text_upper(char *s)
{
	for (; *s; s++)
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - 32);
}

void text_name(const char comm[REC_COMM], char *dst, size_t size)
{
	text_escape(dst, size, comm, strnlen(comm, REC_COMM));
}

const char *text_glyph(const struct scene *sc, enum state s)
{
	static char letters[STATE_COUNT][2];

	if (!sc->u->ascii)
		return state_glyph(s);
	letters[s][0] = state_letter(s);
	return letters[s];
}

static uint64_t begin_of(const struct call_entry *c)
{
	return c->ev.kind == EV_SPIN ? c->ev.spin.ts_ns : c->ev.call.enter_ns;
}

static uint64_t end_of(const struct call_entry *c)
{
	return c->ev.kind == EV_SPIN ? c->ev.spin.end_ns : c->ev.t_ns;
}

unsigned call_before(const struct lane *l, uint64_t t)
{
	unsigned lo = 0, hi = l->ring_len;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (end_of(lane_call(l, mid)) <= t)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const struct call_entry *call_at(const struct lane *l, uint64_t t)
{
	unsigned i = call_before(l, t);
	const struct call_entry *c = i ? lane_call(l, i - 1) : NULL;

	return c && begin_of(c) <= t ? c : NULL;
}

bool open_call_at(const struct lane *l, uint64_t t)
{
	return l->in_call && !l->end_ns && t >= l->open_call.enter_ns;
}

bool text_call_at(const struct scene *sc, const struct lane *l, uint64_t t, int room, char *dst,
		  size_t size)
{
	const struct call_entry *c = call_at(l, t);
	const struct ev_sleep *o = &l->open_call;

	if (open_call_at(l, t)) {
		text_call(sc, l, o->call, o->fd, model_fd_of(sc->m, l, o->fd), dst, size, room);
		return true;
	}
	if (!c)
		return false;
	text_call(sc, l, c->ev.kind == EV_SPIN ? c->ev.spin.call : c->ev.call.call,
		  c->ev.kind == EV_SPIN ? c->ev.spin.fd : c->ev.call.fd, model_call_fd(sc->m, c),
		  dst, size, room);
	return true;
}
