/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a trace before its first event: the header of a recording.
 * Filled in by the source, used by writers and screens.  Pure data.
 */
#ifndef IOTRACE_TRACEINFO_H
#define IOTRACE_TRACEINFO_H

#include <stdbool.h>
#include <stdint.h>

#define SCHEMA_VERSION 1

struct probe_info {
	const char *name;
	bool on;
	bool required;
	const char *why; /* of a probe that is off; "" when on */
};

struct trace_info {
	uint64_t t0_ns;		 /* CLOCK_MONOTONIC when tracing began */
	int64_t epoch_offset_ns; /* add to t0_ns for CLOCK_REALTIME then */
	const char *version;	 /* of the program that recorded */
	const char *kernel;	 /* uname -r */
	const char *arch;	 /* uname -m */
	char **command;		 /* its arguments, NULL-ended; may be NULL */
	const struct probe_info *probes;
	unsigned n_probes;
	uint64_t window_ns;	 /* label window that was used */
	const char *header_line; /* replay: the header verbatim, else NULL */
};

#endif
