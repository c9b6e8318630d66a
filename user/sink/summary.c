/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -c: the table at the end.  Wall time beside CPU time, by thread, by call and
 * by descriptor; 80 columns; what is not known is "-".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "report.h"
#include "units.h"

/* A time, or "-" where there is none. */
static const char *span(char *buf, size_t size, uint64_t ns)
{
	if (!ns)
		return "-";
	format_ns(buf, size, ns);
	return buf;
}

int report_name(const char comm[REC_COMM], int width, char name[REPORT_NAME_BYTES])
{
	wchar_t wide[REPORT_NAME_BYTES];
	size_t bytes = text_escape(name, REPORT_NAME_BYTES, comm, strnlen(comm, REC_COMM));
	size_t n = mbstowcs(wide, name, REPORT_NAME_BYTES);
	int cells = n < REPORT_NAME_BYTES ? wcswidth(wide, n) : -1;

	return cells < 0 ? width : width + (int)bytes - cells;
}

static void thread_row(struct out *o, const struct lane *l)
{
	uint64_t ns[STATE_COUNT], wall, cpu;
	char name[REPORT_NAME_BYTES], a[32], b[32], why[256];
	int width = report_name(l->comm, 15, name);

	lane_state_totals(l, ns);
	wall = l->timeline.end_ns - l->timeline.begin_ns;
	cpu = ns[STATE_USER] + ns[STATE_KERNEL] + ns[STATE_COPY] + ns[STATE_SPIN];
	out_printf(o, "%8u %-*s %-12s wall %-10s cpu %s (%u %%)\n", l->tid, width, name,
		   label_name(l->label.shown), span(a, sizeof(a), wall), span(b, sizeof(b), cpu),
		   percent_of(cpu, wall));
	out_printf(o, "       ");
	for (int s = 0; s < STATE_COUNT; s++)
		if (ns[s] && percent_of(ns[s], wall))
			out_printf(o, "  %s %u %%", state_name((enum state)s),
				   percent_of(ns[s], wall));
	out_printf(o, "\n");
	if (!evidence_format(l->label.why, why, sizeof(why)) || l->label.shown == LABEL_EXITED)
		return;
	out_printf(o, "         %s\n", why);
}

static void totals_cells(struct out *o, const struct totals *t)
{
	char n[32], e[32], by[32], w[32], c[32], u[32];

	format_count(n, sizeof(n), t->calls);
	format_count(e, sizeof(e), t->errors);
	format_bytes(by, sizeof(by), t->bytes);
	span(c + 1, sizeof(c) - 1, t->copy_ns);
	c[0] = '~'; /* some of it is an estimate */
	out_printf(o, "%11s %9s %9s %9s %9s %9s\n", n, t->errors ? e : "-", t->bytes ? by : "-",
		   span(w, sizeof(w), t->wait_ns),
		   !t->copy_ns	      ? "-"
		   : t->copy_guess_ns ? c
				      : c + 1,
		   span(u, sizeof(u), t->cpu_ns));
}

/* A call's name, marked when only some of its kind are recorded. */
static const char *call_word(unsigned c)
{
	static char word[32];

	snprintf(word, sizeof(word), "%s%s", call_name(c), call_flags(c) & CF_SLEPT ? "*" : "");
	return word;
}

static void calls_table(struct out *o, const struct model *m)
{
	struct totals sum[CALL_COUNT] = {0};
	bool slept = false;

	for (unsigned i = 0; i < model_n_lanes(m); i++) {
		const struct lane *l = model_lane(m, i);

		for (unsigned k = 0; k < l->n_by_call; k++)
			totals_sum(&sum[l->by_call[k].call], &l->by_call[k].t);
	}
	out_printf(o, "\n%-18s %11s %9s %9s %9s %9s %9s\n", "call", "count", "errors", "bytes",
		   "wait", "copy", "cpu");
	for (unsigned c = 0; c < CALL_COUNT; c++) {
		if (!sum[c].calls)
			continue;
		slept |= (call_flags(c) & CF_SLEPT) != 0;
		out_printf(o, "%-18s ", call_word(c));
		totals_cells(o, &sum[c]);
	}
	if (slept)
		out_printf(o, "* only those that slept\n");
}

static void fds_table(struct out *o, const struct model *m)
{
	const struct totals *gone;
	unsigned n;

	out_printf(o, "\n%-5s %-12s %11s %9s %9s %9s %9s %9s\n", "fd", "model", "count", "errors",
		   "bytes", "wait", "copy", "cpu");
	for (unsigned i = 0; i < model_n_fds(m); i++) {
		const struct fd_entry *f = model_fd(m, i);

		if (!f->totals.calls)
			continue;
		out_printf(o, "%-5d %-12s ", f->fd, io_model_name(f->model));
		totals_cells(o, &f->totals);
		out_printf(o, "      %s\n", f->name[0] ? f->name : "-");
	}
	n = model_fds_gone(m, &gone);
	if (n) {
		out_printf(o, "%-18s ", "closed long ago");
		totals_cells(o, gone);
		out_printf(o, "      %u descriptor%s that are not listed above\n", n,
			   n == 1 ? "" : "s");
	}
}

int summary_write(struct out *o, const struct model *m, const struct trace_info *info)
{
	const struct loss_total *loss = model_loss(m);
	char wall[32];

	format_ns(wall, sizeof(wall), model_now(m) - model_t0(m));
	out_printf(o, "iotrace %s: %s on Linux %s, %u thread%s\n\n",
		   info->version ? info->version : "-", wall, info->kernel ? info->kernel : "-",
		   model_n_lanes(m), model_n_lanes(m) == 1 ? "" : "s");
	for (unsigned i = 0; i < model_n_lanes(m); i++)
		thread_row(o, model_lane(m, i));
	calls_table(o, m);
	fds_table(o, m);
	if (loss->calls + loss->records)
		out_printf(o, "\nlost: %llu calls, %llu other records (see --buffer-size)\n",
			   (unsigned long long)loss->calls, (unsigned long long)loss->records);
	else
		out_printf(o, "\nlost: nothing\n");
	return out_error(o);
}
