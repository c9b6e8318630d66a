/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writer's files share: json.c, json_derived.c, json_summary.c. */
#ifndef IOTRACE_JSON_PRIV_H
#define IOTRACE_JSON_PRIV_H

#include "jbuf.h"
#include "json.h"

/* What is open on a lane's derived tracks. */
struct lane_tracks {
	bool begun;
	int state; /* of the state lane, -1: none */
	int sched; /* of the thread_state track, -1: none */
	uint64_t sched_from;
	uint64_t end;
};

struct json_writer {
	struct out *out;
	const struct model *model;
	uint64_t t0_ns;
	enum json_format format;
	bool slices; /* derived names, thread states, phases, states */
	bool marks;  /* label, loss, summary */
	bool any;    /* something was written: the next needs a comma */
	struct jbuf line;
	struct jbuf pending; /* derived, to stand behind the raw line */
	struct lane_tracks *lanes;
	unsigned n_lanes;
};

/* Begin and end one derived object in `pending`. */
struct jbuf *derived_begin(struct json_writer *w);
void derived_end(struct json_writer *w);
/* {"ph":"X","cat":C,"name":N,"pid":P,"tid":T,"ts":S without the end */
void event_head(struct json_writer *w, struct jbuf *b, const char *ph_cat, const char *name,
		uint32_t pid, uint32_t tid, uint64_t ts);
void derive_from_event(struct json_writer *w, const struct event *ev);
void derive_finish(struct json_writer *w);
/* Most of a large one is written on the way; what is left in `b` is its end. */
void summary_object(struct json_writer *w, struct jbuf *b);

#endif
