/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line; see options.h. */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

/* id, short, long, argument, help. A section line has no long name. */
#define OPTION_TABLE(X)                                                                            \
	X(SRC, 0, NULL, NULL, "Sources")                                                           \
	X(PID, 'p', "pid", "PID[,PID]...", "attach to processes, all their threads")               \
	X(TID, 't', "tid", "TID[,TID]...", "attach to single threads")                             \
	X(FOLLOW, 'f', "follow", NULL, "also the children that processes have and fork")           \
	X(READ, 'r', "read", "FILE", "replay a recording; needs no privilege")                     \
	X(SPEED, 0, "speed", "X|max", "of a replay: 0.1 is slow motion")                           \
	X(SINK, 0, NULL, NULL, "Sinks (none, on a terminal: the live screen)")                     \
	X(OUTPUT, 'o', "output", "FILE", "record: .json, .ndjson or .jsonl; - is standard output") \
	X(FORMAT, 0, "format", "json|ndjson", "of the outputs, whatever their suffix")             \
	X(BATCH, 'b', "batch", NULL, "rows of text instead of the screen")                         \
	X(INTERVAL, 'i', "interval", "TIME", "between the rows of -b (1s)")                        \
	X(SUMMARY, 'c', "summary", NULL, "a table at the end instead of the screen")               \
	X(BOTH, 'C', "summary-too", NULL, "a table at the end as well")                            \
	X(LIVE, 0, "live", NULL, "the screen too, with -r and -o")                                 \
	X(DERIVED, 0, "derived", "all|none", "conclusions in recordings, too or not at all")       \
	X(WHAT, 0, NULL, NULL, "What is traced")                                                   \
	X(TRACE, 'e', "trace", "SET", "%read,%write,%ready,%file,%wait,...; names; !x without x")  \
	X(MIN, 0, "min", "TIME", "leave out calls shorter than this")                              \
	X(DURATION, 'd', "duration", "TIME", "stop after it (s; ms and us as suffix)")             \
	X(WINDOW, 0, "window", "TIME", "that labels look back on (1s)")                            \
	X(BUFFER, 0, "buffer-size", "SIZE", "of the kernel's ring buffer (16M)")                   \
	X(STATE, 0, "task-state", "storage|hash", "where the kernel side keeps a task's state")    \
	X(SCREEN, 0, NULL, NULL, "Screen and command")                                             \
	X(COLOR, 0, "color", "auto|always|never", "NO_COLOR is respected")                         \
	X(ASCII, 0, "ascii", NULL, "letters instead of blocks")                                    \
	X(NOMOUSE, 0, "no-mouse", NULL, "leave the mouse to the terminal")                         \
	X(EXIT, 0, "exit", NULL, "leave the screen when what is traced has ended")                 \
	X(KEEP, 0, "keep", NULL, "let the command go on after q")                                  \
	X(TTY, 0, "tty", NULL, "with the screen: the command may read the terminal's input")       \
	X(OTHER, 0, NULL, NULL, "Other")                                                           \
	X(CHECK, 0, "check", NULL, "say what this machine can trace, and what is missing")         \
	X(QUIET, 'q', "quiet", NULL, "no remarks on standard error")                               \
	X(VERBOSE, 'v', "verbose", NULL, "libbpf's and the verifier's log on standard error")      \
	X(VERSION, 'V', "version", NULL, "print the version")                                      \
	X(HELP, 'h', "help", NULL, "print this")

enum option_id {
#define X(id, c, name, arg, help) OPT_##id,
	OPTION_TABLE(X)
#undef X
		OPT_COUNT,
};

static const struct {
	char c;
	const char *name, *arg, *help;
} table[OPT_COUNT] = {
#define X(id, c, name, arg, help) {c, name, arg, help},
	OPTION_TABLE(X)
#undef X
};

struct parse {
	struct options *o;
	char *err;
	size_t err_size;
};

static int bad(struct parse *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int bad(struct parse *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->err, p->err_size, fmt, ap);
	va_end(ap);
	return 2;
}

/* "1,2 3" in the mind of a shell: numbers between commas and white space. */
static int parse_ids(struct parse *p, const char *s, bool tid)
{
	struct options *o = p->o;
	bool any = false;

	while (*s) {
		char *end;
		long id;
		pid_t *ids;
		bool *is_tid;

		if (*s == ',' || isspace((unsigned char)*s)) {
			s++;
			continue;
		}
		errno = 0;
		id = strtol(s, &end, 10);
		if (end == s || errno || id <= 0 || id > 4194304 ||
		    (*end && *end != ',' && !isspace((unsigned char)*end)))
			return bad(p,
				   "'%.40s' is not a %s id; ids are numbers, as pgrep prints them",
				   s, tid ? "thread" : "process");
		s = end;
		any = true;
		ids = realloc(o->ids, (o->n_ids + 1) * sizeof(*ids));
		if (ids)
			o->ids = ids;
		is_tid = realloc(o->is_tid, (o->n_ids + 1) * sizeof(*is_tid));
		if (is_tid)
			o->is_tid = is_tid;
		if (!ids || !is_tid)
			return bad(p, "out of memory");
		ids[o->n_ids] = (pid_t)id;
		is_tid[o->n_ids++] = tid;
	}
	if (!any)
		return bad(p, "there is no id after %s; is the program running?",
			   tid ? "-t" : "-p");
	return 0;
}

static int parse_set_word(struct parse *p, const char *word, size_t len, bool on)
{
	struct options *o = p->o;
	struct text t = {word, len};
	int n;

	if (len == 3 && !memcmp(word, "all", 3)) {
		for (int i = 0; i < CALL_COUNT; i++)
			o->call_wanted[i] = on;
		return 0;
	}
	if (len && word[0] == '%') {
		t.p++;
		t.len--;
		n = family_by_name(t);
		if (n < 0)
			return bad(p,
				   "there is no family '%.*s'; families are %%read %%write %%ready "
				   "%%file %%wait %%signal %%uring %%aio",
				   (int)len, word);
		for (unsigned i = 0; i < CALL_COUNT; i++)
			if ((int)call_family(i) == n)
				o->call_wanted[i] = on;
		return 0;
	}
	n = call_by_name(t);
	if (n < 0)
		return bad(p, "'%.*s' is not a system call that iotrace watches", (int)len, word);
	o->call_wanted[n] = on;
	return 0;
}

/* -e: a list of what is wanted; one that begins with ! leaves out of everything. */
static int parse_set(struct parse *p, const char *s)
{
	bool first = true;

	while (*s) {
		size_t len = strcspn(s, ",");
		bool on = *s != '!';
		int err;

		if (first)
			for (int i = 0; i < CALL_COUNT; i++)
				p->o->call_wanted[i] = !on;
		first = false;
		err = parse_set_word(p, s + !on, len - !on, on);
		if (err)
			return err;
		s += len;
		s += *s == ',';
	}
	return first ? bad(p, "-e needs a set of calls, for example -e %%read,%%write") : 0;
}

static int parse_word(struct parse *p, const char *name, const char *value,
		      const char *const *words)
{
	for (int i = 0; *value && words[i]; i++)
		if (!strcmp(value, words[i]))
			return i;
	bad(p, "--%s cannot be '%.40s'; see --help", name, value);
	return -1;
}

static int take_time(struct parse *p, enum option_id id, const char *v, uint64_t *ret_ns)
{
	if (parse_time_ns(v, ret_ns) && *ret_ns > 0)
		return 0;
	return bad(p, "--%s needs a time such as 2, 1.5s, 200ms or 50us, not '%.40s'",
		   table[id].name, v);
}

static int take_output(struct parse *p, const char *v)
{
	struct options *o = p->o;

	if (!*v)
		return bad(p, "-o needs the name of a file");
	if (o->n_outputs == OPTIONS_MAX_OUTPUTS)
		return bad(p, "no more than %d outputs", OPTIONS_MAX_OUTPUTS);
	o->output[o->n_outputs++].path = v;
	return 0;
}

/* The options with a word of their own as argument. */
static int take_word(struct parse *p, enum option_id id, const char *v)
{
	static const char *const formats[] = {"", "json", "ndjson", NULL};
	static const char *const colors[] = {"auto", "always", "never", NULL};
	static const char *const derived[] = {"", "all", "none", NULL};
	static const char *const states[] = {"auto", "storage", "hash", NULL};
	struct options *o = p->o;
	int n;

	switch (id) {
	case OPT_FORMAT:
		n = parse_word(p, table[id].name, v, formats);
		for (int i = 0; n > 0 && i < OPTIONS_MAX_OUTPUTS; i++)
			o->output[i].format = (unsigned)n;
		return n > 0 ? 0 : 2;
	case OPT_COLOR:
		n = parse_word(p, table[id].name, v, colors);
		o->color = n < 0 ? 0 : (unsigned)n;
		return n < 0 ? 2 : 0;
	case OPT_DERIVED:
		n = parse_word(p, table[id].name, v, derived);
		o->derived = n < 0 ? 0 : (unsigned)n;
		return n < 0 ? 2 : 0;
	default:
		n = parse_word(p, table[id].name, v, states);
		o->task_state = n < 0 ? 0 : (unsigned)n;
		return n < 0 ? 2 : 0;
	}
}

static int take(struct parse *p, enum option_id id, const char *v)
{
	struct options *o = p->o;
	const char *end;

	switch (id) {
	case OPT_PID:
		return parse_ids(p, v, false);
	case OPT_TID:
		return parse_ids(p, v, true);
	case OPT_READ:
		o->read_path = v;
		return 0;
	case OPT_SPEED:
		if (!strcmp(v, "max")) {
			o->speed = 0;
			return 0;
		}
		if (parse_decimal(v, &o->speed, &end) && !*end && o->speed > 0)
			return 0;
		return bad(p, "--speed needs a number such as 0.1 or 2, or max, not '%.40s'", v);
	case OPT_OUTPUT:
		return take_output(p, v);
	case OPT_TRACE:
		return parse_set(p, v);
	case OPT_INTERVAL:
		return take_time(p, id, v, &o->interval_ns);
	case OPT_MIN:
		return take_time(p, id, v, &o->min_ns);
	case OPT_DURATION:
		return take_time(p, id, v, &o->duration_ns);
	case OPT_WINDOW:
		return take_time(p, id, v, &o->window_ns);
	case OPT_BUFFER:
		if (parse_size_bytes(v, &o->buffer_bytes) && o->buffer_bytes)
			return 0;
		return bad(p, "--buffer-size needs a size such as 512K or 64M, not '%.40s'", v);
	default:
		return take_word(p, id, v);
	}
}

static void take_flag(struct options *o, enum option_id id)
{
	switch (id) {
	case OPT_FOLLOW:
		o->follow = true;
		break;
	case OPT_BATCH:
		o->batch = true;
		break;
	case OPT_SUMMARY:
		o->summary = true;
		break;
	case OPT_BOTH:
		o->summary = o->live = true;
		break;
	case OPT_LIVE:
		o->live = true;
		break;
	case OPT_ASCII:
		o->ascii = true;
		break;
	case OPT_NOMOUSE:
		o->no_mouse = true;
		break;
	case OPT_EXIT:
		o->exit_at_end = true;
		break;
	case OPT_KEEP:
		o->keep = true;
		break;
	case OPT_TTY:
		o->tty = true;
		break;
	case OPT_CHECK:
		o->check = true;
		break;
	case OPT_QUIET:
		o->quiet = true;
		break;
	case OPT_VERBOSE:
		o->verbose = true;
		break;
	case OPT_VERSION:
		o->version = true;
		break;
	default:
		o->help = true;
	}
}

static int find_short(char c)
{
	for (int i = 0; i < OPT_COUNT; i++)
		if (table[i].name && table[i].c == c)
			return i;
	return -1;
}

/* A long option may be shortened as far as it stays the only one. */
static int find_long(const char *s, size_t len)
{
	int found = -1;

	for (int i = 0; i < OPT_COUNT; i++) {
		if (!table[i].name || strncmp(table[i].name, s, len))
			continue;
		if (strlen(table[i].name) == len)
			return i;
		found = found == -1 ? i : -2;
	}
	return found;
}

/* One "--long[=value]". Advances *ret_i past a value of its own. */
static int parse_long(struct parse *p, int argc, char **argv, int *ret_i)
{
	const char *s = argv[*ret_i] + 2;
	size_t len = strcspn(s, "=");
	int id = find_long(s, len);

	if (id == -1)
		return bad(p, "there is no option --%.*s; --help lists them", (int)len, s);
	if (id == -2)
		return bad(p, "--%.*s may mean several options; write more of it", (int)len, s);
	if (!table[id].arg) {
		if (s[len])
			return bad(p, "--%s takes no value", table[id].name);
		take_flag(p->o, (enum option_id)id);
		return 0;
	}
	if (s[len])
		return take(p, (enum option_id)id, s + len + 1);
	if (*ret_i + 1 >= argc)
		return bad(p, "--%s needs a value: %s", table[id].name, table[id].arg);
	return take(p, (enum option_id)id, argv[++*ret_i]);
}

/* One "-abc" or "-pVALUE". */
static int parse_short(struct parse *p, int argc, char **argv, int *ret_i)
{
	for (const char *s = argv[*ret_i] + 1; *s; s++) {
		int id = find_short(*s);

		if (id < 0)
			return bad(p, "there is no option -%c; --help lists them", *s);
		if (!table[id].arg) {
			take_flag(p->o, (enum option_id)id);
			continue;
		}
		if (s[1])
			return take(p, (enum option_id)id, s + 1);
		if (*ret_i + 1 >= argc)
			return bad(p, "-%c needs a value: %s", *s, table[id].arg);
		return take(p, (enum option_id)id, argv[++*ret_i]);
	}
	return 0;
}

static int parse_end(struct parse *p)
{
	struct options *o = p->o;
	int sources = (o->n_ids > 0) + (o->read_path != NULL) + (o->command != NULL);

	if (o->help || o->version || o->check)
		return 0;
	if (sources > 1)
		return bad(p, "-p or -t, -r, and -- COMMAND exclude each other");
	if (o->read_path && (o->follow || o->duration_ns || o->min_ns))
		return bad(p,
			   "-f, -d and --min are for live tracing; -r replays what was recorded");
	for (unsigned i = 0; i < o->n_outputs; i++) {
		const char *dot = strrchr(o->output[i].path, '.');

		if (o->output[i].format != FORMAT_BY_SUFFIX)
			continue;
		if (!strcmp(o->output[i].path, "-") ||
		    (dot && (!strcmp(dot, ".ndjson") || !strcmp(dot, ".jsonl"))))
			o->output[i].format = FORMAT_NDJSON;
		else if (dot && !strcmp(dot, ".json"))
			o->output[i].format = FORMAT_JSON;
		else
			return bad(
				p,
				"the suffix of '%.200s' says no format; use .json or .ndjson, or "
				"--format",
				o->output[i].path);
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *o, char *err, size_t err_size)
{
	struct parse p = {o, err, err_size};
	int status = 0;

	memset(o, 0, sizeof(*o));
	err[0] = 0;
	o->speed = 1;
	o->interval_ns = 1000000000;
	o->window_ns = 1000000000;
	o->buffer_bytes = 16 << 20;
	for (int i = 0; i < CALL_COUNT; i++)
		o->call_wanted[i] = true;
	for (int i = 1; i < argc && !status; i++) {
		const char *a = argv[i];

		if (!strcmp(a, "--")) {
			o->command = argv + i + 1;
			if (!*o->command)
				status = bad(&p, "there is no command after --");
			break;
		}
		if (a[0] == '-' && a[1] == '-')
			status = parse_long(&p, argc, argv, &i);
		else if (a[0] == '-' && a[1])
			status = parse_short(&p, argc, argv, &i);
		else
			status = bad(
				&p,
				"'%.60s' is not an option; a command stands after --, a process "
				"id after -p",
				a);
	}
	return status ? status : parse_end(&p);
}

void options_free(struct options *o)
{
	free(o->ids);
	free(o->is_tid);
	o->ids = NULL;
	o->is_tid = NULL;
	o->n_ids = 0;
}

const char *options_usage(void)
{
	return "usage: iotrace [SOURCE] [SINK]... [OPTION]...\n"
	       "  sudo iotrace -p \"$(pgrep nginx)\"             watch running processes\n"
	       "  sudo iotrace -o trace.json -- curl localhost  run a command and record it\n"
	       "  iotrace -r trace.json                         replay a recording\n"
	       "iotrace --help lists everything.\n";
}

char *options_help(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fputs("iotrace " IOTRACE_VERSION ": what the threads of a process wait for\n"
	      "usage: iotrace [SOURCE] [SINK]... [OPTION]...\n"
	      "       iotrace [OPTION]... -- COMMAND [ARG]...\n",
	      f);
	for (int i = 0; i < OPT_COUNT; i++) {
		char left[64];

		if (!table[i].name) {
			fprintf(f, "\n%s:\n", table[i].help);
			continue;
		}
		snprintf(left, sizeof(left), table[i].c ? "-%c, --%s%s%s" : "%c   --%s%s%s",
			 table[i].c ? table[i].c : ' ', table[i].name, table[i].arg ? " " : "",
			 table[i].arg ? table[i].arg : "");
		fprintf(f, "  %-30s %s\n", left, table[i].help);
	}
	fputs("\nExit status: 0 fine; the command's own with --; 1 it did not work; 2 usage.\n", f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
