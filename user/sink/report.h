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
/* Have `least_ns` passed since the last block (or is there none yet)? */
bool batch_due(const struct batch *b, const struct model *m, uint64_t least_ns);
void batch_free(struct batch *b);

/* The table at the end. */
int summary_write(struct out *out, const struct model *m, const struct trace_info *info);

/* A thread's name, printable, and how many bytes fill `width` cells for printf's "%-*s". */
#define REPORT_NAME_BYTES (4 * REC_COMM + 1)
int report_name(const char comm[REC_COMM], int width, char name[REPORT_NAME_BYTES]);

#endif
