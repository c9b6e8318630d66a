/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of a recording -> what it is: an event, the header, the summary, or
 * something to skip.  The inverse of user/sink/json.c.  Pure.
 */
#ifndef IOTRACE_LINE_H
#define IOTRACE_LINE_H

#include "event.h"

enum line_kind {
	LINE_BROKEN = -1,
	LINE_SKIP = 0,
	LINE_EVENT,
	LINE_HEADER,
	LINE_SUMMARY,
};

struct line_header {
	uint64_t schema;
	uint64_t t0_ns;
	int64_t epoch_offset_ns;
	uint64_t window_ns;
	struct text version, kernel, arch;
};

struct line_result {
	struct event ev;
	struct line_header header;
	struct probe_stats stats[PC_COUNT];
	bool has_stats;
};

/*
 * Parse the object in [p, p + len); it is decoded in place, so `p` is spoilt and
 * the result points into it.  `t0_ns` is that of the header.
 */
enum line_kind line_parse(char *p, size_t len, uint64_t t0_ns, struct line_result *r);

#endif
