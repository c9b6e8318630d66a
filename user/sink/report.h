/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports in plain text: -b (rows every interval) and -c (the table at the end).
 * Functions of the model only.
 */
#ifndef IOTRACE_REPORT_H
#define IOTRACE_REPORT_H

#include "model.h"
#include "out.h"
#include "traceinfo.h"

struct batch;
struct batch *batch_new(struct out *out, const struct trace_info *info);
/* One block of rows for the time since the last one, up to model_now(). */
int batch_rows(struct batch *b, const struct model *m);
void batch_free(struct batch *b);

/* The table at the end. */
int summary_write(struct out *out, const struct model *m, const struct trace_info *info);

#endif
