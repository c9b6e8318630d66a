/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first and the last line of a recording: header and summary; see pure_line.h. */
#include <string.h>

#include "names.h"
#include "pure_line_priv.h"
#include "pure_scan.h"

static bool header_member(struct scan *s, struct text key, void *ctx)
{
	struct line_header *h = ctx;

	if (text_is(key, "schema"))
		return scan_u64(s, &h->schema);
	if (text_is(key, "t0_ns"))
		return scan_u64(s, &h->t0_ns);
	if (text_is(key, "epoch_offset_ns"))
		return scan_i64(s, &h->epoch_offset_ns);
	if (text_is(key, "window_ns"))
		return scan_u64(s, &h->window_ns);
	if (text_is(key, "version"))
		return scan_string(s, &h->version);
	if (text_is(key, "kernel"))
		return scan_string(s, &h->kernel);
	if (text_is(key, "arch"))
		return scan_string(s, &h->arch);
	return scan_skip(s);
}

bool line_header_take(struct scan *s, struct line_header *h)
{
	memset(h, 0, sizeof(*h));
	return scan_object(s, header_member, h);
}

/* --- where the events went --- */

static bool cause_member(struct scan *s, struct text key, void *ctx)
{
	struct probe_stats *p = ctx;
	int cause = loss_cause_by_name(key);
	uint64_t n;

	if (!scan_u64(s, &n))
		return false;
	if (cause > 0)
		p->dropped[cause] = n;
	return true;
}

static bool account_member(struct scan *s, struct text key, void *ctx)
{
	struct probe_stats *p = ctx;

	if (text_is(key, "seen"))
		return scan_u64(s, (uint64_t *)&p->seen);
	if (text_is(key, "submitted"))
		return scan_u64(s, (uint64_t *)&p->submitted);
	if (text_is(key, "folded"))
		return scan_u64(s, (uint64_t *)&p->folded);
	if (text_is(key, "filtered"))
		return scan_u64(s, (uint64_t *)&p->filtered);
	if (text_is(key, "by_cause"))
		return scan_object(s, cause_member, p);
	return scan_skip(s);
}

/* Of events other than calls, by class. */
static bool class_member(struct scan *s, struct text key, void *ctx)
{
	static const char *const names[PC_COUNT] = {"call", "sched", "task", "fd"};
	struct probe_stats *all = ctx;
	int i = word_of(key, names, PC_COUNT);

	return i < 0 ? scan_skip(s) : scan_object(s, account_member, &all[i]);
}

/* `lost`: the account of calls, and in `records` those of the other classes. */
static bool lost_member(struct scan *s, struct text key, void *ctx)
{
	struct probe_stats *all = ctx;

	if (text_is(key, "records"))
		return scan_object(s, class_member, all);
	return account_member(s, key, &all[PC_CALL]);
}

static bool summary_member(struct scan *s, struct text key, void *ctx)
{
	struct line_result *r = ctx;

	return text_is(key, "lost") ? scan_object(s, lost_member, r->stats) : scan_skip(s);
}

bool line_summary_take(struct scan *s, struct line_result *r)
{
	memset(r->stats, 0, sizeof(r->stats));
	if (!scan_object(s, summary_member, r))
		return false;
	/* an empty one says that nothing is known */
	r->has_stats = r->stats[PC_CALL].seen || r->stats[PC_TASK].seen;
	return true;
}
