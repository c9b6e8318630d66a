/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one table of options (options.c) gives parsing, help and,
 * later, manual and completions.  Parsing is a function of its arguments: it
 * opens nothing and asks nobody.
 */
#ifndef IOTRACE_OPTIONS_H
#define IOTRACE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "calls.h"

#define OPTIONS_MAX_OUTPUTS 16

struct option_output {
	const char *path;
	enum { FORMAT_BY_SUFFIX, FORMAT_JSON, FORMAT_NDJSON } format;
};

struct options {
	/* source */
	pid_t *ids; /* of -p and -t */
	bool *is_tid;
	unsigned n_ids;
	const char *read_path;
	char **command; /* NULL-ended, points into argv */
	bool follow;
	/* sinks */
	struct option_output output[OPTIONS_MAX_OUTPUTS];
	unsigned n_outputs;
	bool batch, summary, live;
	/* what and how */
	double speed;	      /* of a replay; 0: as fast as possible */
	uint64_t interval_ns; /* of -b */
	uint64_t duration_ns; /* 0: none */
	uint64_t min_ns;
	uint64_t window_ns;
	uint64_t buffer_bytes;
	bool call_wanted[CALL_COUNT];
	enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color;
	enum { TASK_STATE_AUTO, TASK_STATE_STORAGE, TASK_STATE_HASH } task_state;
	enum { OPT_DERIVED_DEFAULT, OPT_DERIVED_ALL, OPT_DERIVED_NONE } derived;
	bool ascii, no_mouse, quiet, verbose;
	bool exit_at_end, keep, tty;
	/* instead of tracing */
	bool help, version, check;
};

/*
 * Parse argv.  0, or 2 after a sentence about what is wrong was put into `err`.
 * What it points to lives as long as argv; free the rest with options_free().
 */
int options_parse(int argc, char **argv, struct options *ret_o, char *err, size_t err_size);
void options_free(struct options *o);
/* The help text, made from the table; the caller frees it. NULL: out of memory. */
char *options_help(void);
/* Three examples for a command line without a source. */
const char *options_usage(void);

/* A plain decimal number >= 0 at the start of `s`; *ret_end: behind it. False: none. */
bool parse_decimal(const char *s, double *ret, const char **ret_end);
/* "1.5s", "20ms", "3us", "10" (s) -> ns. False: not a time. */
bool parse_time_ns(const char *s, uint64_t *ret_ns);
/* "64K", "8M", "1G", "4096" -> bytes. False: not a size. */
bool parse_size_bytes(const char *s, uint64_t *ret_bytes);

#endif
