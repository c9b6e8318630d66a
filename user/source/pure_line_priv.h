/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the line parser share: pure_line.c, pure_line_head.c. */
#ifndef IOTRACE_PURE_LINE_PRIV_H
#define IOTRACE_PURE_LINE_PRIV_H

#include "pure_line.h"
#include "pure_scan.h"

/* At the value of `args` of the header, or of the summary. False: broken. */
bool line_header_take(struct scan *s, struct line_header *h);
bool line_summary_take(struct scan *s, struct line_result *r);
/* Index of `t` among the words, -1: none of them. */
int word_of(struct text t, const char *const *words, int n);

#endif
