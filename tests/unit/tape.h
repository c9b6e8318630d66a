/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tape: a model with a writer that records into memory, and what was recorded
 * as objects of the second reader.  For the tests of the writer.
 */
#ifndef IOTRACE_TESTS_TAPE_H
#define IOTRACE_TESTS_TAPE_H

#include "json.h"
#include "make.h"
#include "reader.h"
#include "story.h"

struct tape {
	struct model *m;
	struct out *out;
	struct json_writer *w;
	unsigned n_raw;
};

static const struct probe_info tape_probes[] = {
	{"sched_switch", true, true, ""},
	{"copy_to_iter", false, false, "not in this kernel"},
};
static char *tape_command[] = {"ls", "-l", "a \"b\"\xff", NULL};
static const struct trace_info tape_info = {
	.t0_ns = T0,
	.epoch_offset_ns = -123456789012345678,
	.version = "1.2",
	.kernel = "6.18.0",
	.arch = "x86_64",
	.command = tape_command,
	.probes = tape_probes,
	.n_probes = 2,
	.window_ns = SEC,
};

static inline void tape_begin(struct tape *t, const struct trace_info *i, enum json_format f,
			      enum json_derived d)
{
	struct model_config cfg = {.t0_ns = i->t0_ns, .window_ns = i->window_ns};
	struct model_observer o;

	*t = (struct tape){.m = model_new(&cfg), .out = out_memory()};
	assert_int_equal(json_writer_new(&t->w, t->out, t->m, i, f, d), 0);
	o = json_writer_observer(t->w);
	model_observe(t->m, &o);
}

static inline void tape_event(void *ctx, const struct event *ev)
{
	struct tape *t = ctx;

	assert_int_equal(model_feed(t->m, ev), 0);
	assert_int_equal(json_writer_event(t->w, ev), 0);
	t->n_raw++;
}

static inline void tape_finish(struct tape *t, bool complete)
{
	model_finish(t->m, model_now(t->m));
	assert_int_equal(json_writer_finish(t->w, complete), 0);
}

static inline void tape_free(struct tape *t)
{
	json_writer_free(t->w);
	out_close(t->out);
	model_free(t->m);
}

static inline void tape_story(struct tape *t, uint64_t seed, int steps)
{
	struct story s;

	story_begin(&s, seed, tape_event, t);
	while (steps--)
		story_step(&s);
}

/* All objects of the tape, in order. */
static inline json_t *objects(const struct tape *t, enum json_format f)
{
	size_t len;
	const char *p = out_bytes(t->out, &len), *end = p + len;
	json_error_t e;
	json_t *all;

	if (f == JSON_ARRAY) {
		all = json_loadb(p, len, JSON_REJECT_DUPLICATES, &e);
		if (!all)
			fail_msg("%d: %s", e.line, e.text);
		return all;
	}
	all = json_array();
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		json_t *o;

		assert_non_null(nl);
		o = json_loadb(p, (size_t)(nl - p), JSON_REJECT_DUPLICATES, &e);
		if (!o)
			fail_msg("%s: %.*s", e.text, (int)(nl - p), p);
		json_array_append_new(all, o);
		p = nl + 1;
	}
	return all;
}

static inline bool is_kind(const json_t *o, const char *ph, const char *cat)
{
	return !strcmp(str_of(o, "ph"), ph) && !strcmp(str_of(o, "cat"), cat);
}

static inline unsigned count_kind(const json_t *all, const char *ph, const char *cat)
{
	unsigned n = 0;
	size_t i;
	json_t *o;

	json_array_foreach(all, i, o) n += is_kind(o, ph, cat);
	return n;
}

#endif
