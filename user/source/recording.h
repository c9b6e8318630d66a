/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reader of recordings: .json and .ndjson give back the events that were
 * written.  Our own lines go through a fast scanner (known keys, integers
 * exact); derived kinds, unknown kinds and unknown keys are skipped.
 */
#ifndef IOTRACE_RECORDING_H
#define IOTRACE_RECORDING_H

#include "event.h"
#include "traceinfo.h"

struct recording;
/*
 * Open a recording and read its header.  Errors: -errno of open/read; -ENODATA
 * empty; -EINVAL not a recording of iotrace; -EPROTONOSUPPORT a higher schema.
 * recording_error() of a static buffer says it in a sentence.
 */
int recording_open(const char *path, struct recording **ret_r);
const char *recording_error(void); /* of the last recording_open/next, never NULL */
const struct trace_info *recording_info(const struct recording *r);
/*
 * The next event.  1: an event; 0: the end; < 0: broken in the middle
 * (-EBADMSG, with line number in recording_error()).  A partial last line is
 * the end, not an error.  The event's texts live until the next call.
 */
int recording_next(struct recording *r, struct event *ret_ev);
/* After the end: whether the recording had its summary (was ended cleanly). */
bool recording_complete(const struct recording *r);
/* The lost/stats block of the summary, if there was one. */
bool recording_stats(const struct recording *r, struct probe_stats ret_by_class[PC_COUNT]);
void recording_close(struct recording *r);

#endif
