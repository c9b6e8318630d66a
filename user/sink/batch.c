/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -b: a block of rows every interval, one row a thread.  What is shown is the
 * difference since the last block; a figure that is not known is "-".
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report.h"
#include "units.h"

struct row_last { /* of a lane, at the last block */
	uint64_t calls, bytes;
};

struct batch {
	struct out *out;
	uint64_t t0_ns;
	int64_t epoch_offset_ns;
	uint64_t last_ns;
	struct row_last *last;
	unsigned n_last;
};

struct batch *batch_new(struct out *out, const struct trace_info *info)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->out = out;
	b->t0_ns = info->t0_ns;
	b->epoch_offset_ns = info->epoch_offset_ns;
	b->last_ns = info->t0_ns;
	return b;
}

static int keep_room(struct batch *b, unsigned n)
{
	struct row_last *p;

	if (n <= b->n_last)
		return 0;
	p = realloc(b->last, n * sizeof(*p));
	if (!p)
		return -1;
	memset(p + b->n_last, 0, (n - b->n_last) * sizeof(*p));
	b->last = p;
	b->n_last = n;
	return 0;
}

static void row(struct batch *b, const struct lane *l, uint64_t now)
{
	struct row_last *last = &b->last[l->index];
	uint64_t ns[STATE_SLOTS] = {0}, span = now - b->last_ns;
	char name[REPORT_NAME_BYTES], calls[32], bytes[32], why[256];
	double per_s = 1e9 / (double)span;
	int width = report_name(l->comm, 15, name);

	lane_shares(l, b->last_ns, now, now, ns);
	format_count(calls, sizeof(calls),
		     (uint64_t)((double)(l->totals.calls - last->calls) * per_s));
	format_bytes(bytes, sizeof(bytes),
		     (uint64_t)((double)(l->totals.bytes - last->bytes) * per_s));
	evidence_format(l->label.why, why, sizeof(why));
	out_printf(b->out, "%8u %-*s %-12s %10s %10s %4u%% %4u%% %4u%%%s%s\n", l->tid, width, name,
		   label_name(l->label.shown), calls, bytes,
		   percent_of(ns[STATE_BLOCKED] + ns[STATE_IDLE] + ns[STATE_DISK], span),
		   percent_of(ns[STATE_COPY], span),
		   percent_of(ns[STATE_USER] + ns[STATE_KERNEL] + ns[STATE_COPY] + ns[STATE_SPIN],
			      span),
		   why[0] ? "  " : "", why);
	last->calls = l->totals.calls;
	last->bytes = l->totals.bytes;
}

int batch_rows(struct batch *b, const struct model *m)
{
	uint64_t now = model_now(m);
	time_t wall = (time_t)((int64_t)(now / 1000) * 1000 + b->epoch_offset_ns) / 1000000000;
	struct tm tm;
	char clock[32] = "-";

	if (now <= b->last_ns)
		return 0;
	if (keep_room(b, model_n_lanes(m)))
		return -1;
	if (localtime_r(&wall, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	out_printf(b->out, "%-8s +%.1fs  lost %llu\n", clock, (double)(now - b->t0_ns) / 1e9,
		   (unsigned long long)(model_loss(m)->calls + model_loss(m)->records));
	out_printf(b->out, "%8s %-15s %-12s %10s %10s %5s %5s %5s  %s\n", "tid", "name", "label",
		   "calls/s", "bytes/s", "wait", "copy", "cpu", "why");
	for (unsigned i = 0; i < model_n_lanes(m); i++) {
		const struct lane *l = model_lane(m, i);

		if (!l->end_ns || l->end_ns > b->last_ns)
			row(b, l, now);
	}
	b->last_ns = now;
	return out_write(b->out, "\n", 1);
}

bool batch_due(const struct batch *b, const struct model *m, uint64_t least_ns)
{
	return b->last_ns == b->t0_ns || model_now(m) - b->last_ns >= least_ns;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	free(b->last);
	free(b);
}
