/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: one model, and the sinks that follow it.  Sources (live.c,
 * replay.c) feed it events; everything behind the feeding is the same for both.
 */
#ifndef IOTRACE_SESSION_H
#define IOTRACE_SESSION_H

#include "json.h"
#include "model.h"
#include "options.h"
#include "out.h"
#include "report.h"
#include "traceinfo.h"
#include "tui.h"

struct session_output {
	const char *path;
	struct out *out;
	struct json_writer *writer;
	bool failed;
};

struct session {
	const struct options *o;
	struct model *model;
	struct trace_info info;
	struct session_output output[OPTIONS_MAX_OUTPUTS];
	unsigned n_outputs;
	struct out *text; /* where -b and -c write */
	struct batch *batch;
	uint64_t next_rows_ns;
	uint64_t next_flush_ns;
	uint64_t next_tick_ns;
	struct tui *tui;
	char message[512]; /* the last thing that was said while the screen was open */
	bool tui_dirty;
	uint64_t drawn_ns; /* by the clock */
	int status;	   /* 1 after an output failed */
	bool unheard;	   /* the last reader has closed its pipe: time to end */
};

/* Say a sentence: on standard error, or on the screen while it is open (and afterwards). */
void say(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Open the outputs, before anything is traced: what cannot be written is said
 * at once.  0, or 1 after saying so.
 */
int session_open_outputs(struct session *s, const struct options *o);
/* Model, writers and reports for a trace with this header. 0 or 1. */
int session_begin(struct session *s, const struct trace_info *info);
/* Is the screen wanted?  (decisions.md 23) */
bool session_wants_screen(const struct options *o);
int session_open_screen(struct session *s);
void session_close_screen(struct session *s);
/* Feed the event, and before it the ticks of the 100 ms grid that passed. */
int session_feed_live(struct session *s, const struct event *ev);
/* All is known up to `t`: feed the ticks until then. */
void session_tick_live(struct session *s, uint64_t t_ns);
int session_feed(struct session *s, const struct event *ev);
/* Flush outputs once a second of the clock `now_ns`. */
void session_flush(struct session *s, uint64_t now_ns);
/* The trace is over: summary, end of files, table. `complete`: not cut short. */
void session_finish(struct session *s, bool complete);
void session_close(struct session *s);

/* CLOCK_MONOTONIC in ns. */
uint64_t clock_ns(void);

#endif
