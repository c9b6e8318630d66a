/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writer of recordings: one event schema, two containers (.json, .ndjson).
 *
 * The session feeds the model first and hands the same event to
 * json_writer_event() afterwards; what the model concluded meanwhile (the
 * observer's calls) is kept and written right behind the raw line.
 */
#ifndef IOTRACE_JSON_H
#define IOTRACE_JSON_H

#include "model.h"
#include "out.h"
#include "traceinfo.h"

enum json_format { JSON_ARRAY, JSON_LINES };
enum json_derived { DERIVED_DEFAULT, DERIVED_ALL, DERIVED_NONE };

struct json_writer;
/*
 * Writes to `out` (not owned) what `model` says.  Writes the header at once.
 * Returns 0, -ENOMEM or the error of `out`.
 */
int json_writer_new(struct json_writer **ret_w, struct out *out, const struct model *m,
		    const struct trace_info *info, enum json_format f, enum json_derived d);
/* What the session must tell it while the model is fed. */
struct model_observer json_writer_observer(struct json_writer *w);
/* Write the event that the model was just fed, then what followed from it. */
int json_writer_event(struct json_writer *w, const struct event *ev);
/* `complete`: a clean end, so a summary is written; then the end of the array. */
int json_writer_finish(struct json_writer *w, bool complete);
void json_writer_free(struct json_writer *w);

#endif
