/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence in words: the one line that says why a label is what it is, with its
 * numbers.  English; recordings carry the numbers as keys too.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "units.h"

struct line {
	char *p;
	size_t size, len;
};

static void put(struct line *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct line *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (w->len >= w->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(w->p + w->len, w->size - w->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		w->len += (size_t)n;
	if (w->len >= w->size)
		w->len = w->size ? w->size - 1 : 0;
}

static void put_call(struct line *w, const struct evidence *e)
{
	if (e->fd >= 0)
		put(w, "%s(%d)", call_name(e->call), (int)e->fd);
	else
		put(w, "%s()", call_name(e->call));
}

static void put_busy(struct line *w, const struct evidence *e)
{
	char count[32];
	const char *err = e->err ? errno_name(e->err) : "0";

	if (e->call == CALL_NONE) {
		put(w, "%u %% of cpu %u", percent_of(e->cpu_ns, e->window_ns), (unsigned)e->cpu);
		return;
	}
	put_call(w, e);
	format_count(
		count, sizeof(count),
		(uint64_t)((double)e->count * 1e9 / (double)(e->window_ns ? e->window_ns : 1)));
	put(w, " -> %s x %s/s, %u %% of cpu %u", err ? err : "?", count,
	    percent_of(e->cpu_ns, e->window_ns), (unsigned)e->cpu);
}

static void put_waiting(struct line *w, const struct evidence *e, const char *how)
{
	char span[32], count[32];

	if (e->call != CALL_NONE) {
		put_call(w, e);
		put(w, " ");
	}
	format_ns(span, sizeof(span), e->window_ns);
	put(w, "%s %u %% of %s", how, percent_of(e->share_ns, e->window_ns), span);
	if (e->count) {
		format_count(count, sizeof(count), e->count);
		put(w, ", %s wake-up%s", count, e->count == 1 ? "" : "s");
	}
	put(w, ", %u %% cpu", percent_of(e->cpu_ns, e->window_ns));
}

static void put_running(struct line *w, const struct evidence *e)
{
	char span[32], count[32];

	format_ns(span, sizeof(span), e->window_ns);
	format_count(count, sizeof(count), e->count);
	put(w, "on cpu %u %% of %s, %s call%s", percent_of(e->cpu_ns, e->window_ns), span, count,
	    e->count == 1 ? "" : "s");
}

size_t evidence_format(const struct evidence *e, char *dst, size_t size)
{
	struct line w = {dst, size, 0};

	if (!size)
		return 0;
	dst[0] = 0;
	switch (e->label) {
	case LABEL_BUSY:
		put_busy(&w, e);
		break;
	case LABEL_BLOCKED:
		put_waiting(&w, e, "blocked");
		break;
	case LABEL_IDLE:
		put_waiting(&w, e, "asleep");
		break;
	case LABEL_RUNNING:
		put_running(&w, e);
		break;
	case LABEL_RUNNABLE:
		put_waiting(&w, e, "waiting for a cpu");
		break;
	case LABEL_STOPPED:
		put_waiting(&w, e, "stopped");
		break;
	case LABEL_UNKNOWN:
		put_waiting(&w, e, "events lost");
		break;
	case LABEL_EXITED:
		put(&w, "ended");
		break;
	default:
		break;
	}
	return w.len;
}
