/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Model and sinks; see session.h. */
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

void say(struct session *s, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (s && s->tui) { /* it has the terminal: there now, and on stderr when it closes */
		snprintf(s->message, sizeof(s->message), "%s", text);
		s->tui_dirty = true;
		return;
	}
	fprintf(stderr, "iotrace: %s\n", text);
}

void session_close_screen(struct session *s)
{
	tui_close(s->tui);
	s->tui = NULL;
	if (s->message[0])
		fprintf(stderr, "iotrace: %s\n", s->message);
	s->message[0] = 0;
}

bool session_wants_screen(const struct options *o)
{
	bool other = o->batch || o->summary || (o->read_path && o->n_outputs);

	for (unsigned i = 0; i < o->n_outputs; i++)
		if (!strcmp(o->output[i].path, "-"))
			return false;
	if (other && !o->live)
		return false;
	return isatty(0) && isatty(1);
}

/* The user who called sudo owns what is written. */
static void calling_user(unsigned *uid, unsigned *gid)
{
	const char *u = getenv("SUDO_UID"), *g = getenv("SUDO_GID");

	*uid = geteuid() == 0 && u && g ? (unsigned)strtoul(u, NULL, 10) : geteuid();
	*gid = geteuid() == 0 && u && g ? (unsigned)strtoul(g, NULL, 10) : getegid();
}

/* Writing begins with emptying: the recording that is read must not be an output too. */
static bool is_input(const struct options *o, const char *path)
{
	struct stat in, out;

	return o->read_path && strcmp(path, "-") && !stat(o->read_path, &in) && !stat(path, &out) &&
	       in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

int session_open_outputs(struct session *s, const struct options *o)
{
	unsigned uid, gid;

	s->o = o;
	calling_user(&uid, &gid);
	for (unsigned i = 0; i < o->n_outputs; i++) {
		struct session_output *w = &s->output[i];
		int fd;

		if (is_input(o, o->output[i].path)) {
			say(s, "%s is the recording that is read; give the output another name",
			    o->output[i].path);
			return 1;
		}
		fd = out_open_path(o->output[i].path, uid, gid);
		w->path = o->output[i].path;
		if (fd < 0) {
			say(s, "cannot write %s: %s", w->path,
			    fd == -ELOOP ? "it is a symbolic link"
			    : fd == -EPERM || fd == -EINVAL || fd == -ENXIO
				    ? "it is not a regular file of yours"
				    : strerror(-fd));
			return 1;
		}
		w->out = out_fd(fd);
		if (!w->out) {
			close(fd);
			say(s, "out of memory");
			return 1;
		}
		s->n_outputs++;
	}
	return 0;
}

/* --- the model's conclusions go to every writer --- */

#define FAN_OUT(member, ...)                                                                       \
	do {                                                                                       \
		struct session *s = ctx;                                                           \
		for (unsigned i = 0; i < s->n_outputs; i++) {                                      \
			struct model_observer o_;                                                  \
			if (!s->output[i].writer)                                                  \
				continue;                                                          \
			o_ = json_writer_observer(s->output[i].writer);                            \
			if (o_.member)                                                             \
				o_.member(o_.ctx, __VA_ARGS__);                                    \
		}                                                                                  \
	} while (0)

static void on_interval(void *ctx, const struct lane *l, uint64_t from, uint64_t to, int slot)
{
	FAN_OUT(interval, l, from, to, slot);
}
static void on_label(void *ctx, const struct lane *l, uint64_t t, const struct label_state *st)
{
	FAN_OUT(label, l, t, st);
}
static void on_process_label(void *ctx, const struct process *p, uint64_t t,
			     const struct label_state *st)
{
	FAN_OUT(process_label, p, t, st);
}
static void on_lane_begin(void *ctx, const struct lane *l)
{
	FAN_OUT(lane_begin, l);
}
static void on_lane_named(void *ctx, const struct lane *l)
{
	FAN_OUT(lane_named, l);
}
static void on_lane_end(void *ctx, const struct lane *l)
{
	FAN_OUT(lane_end, l);
}

/* Is nobody left to follow the trace, now that every output has failed? */
static bool only_outputs(const struct session *s)
{
	for (unsigned i = 0; i < s->n_outputs; i++)
		if (!s->output[i].failed)
			return false;
	return !s->tui && !s->o->batch && !s->o->summary;
}

static void output_failed(struct session *s, struct session_output *w, int err)
{
	if (w->failed)
		return;
	w->failed = true;
	if (err == -EPIPE) { /* the reader has seen enough (| head) */
		s->unheard = only_outputs(s);
		return;
	}
	s->status = 1;
	say(s, "cannot write %s: %s; what was written until then can be read", w->path,
	    strerror(-err));
}

int session_begin(struct session *s, const struct trace_info *info)
{
	struct model_config cfg = {.t0_ns = info->t0_ns, .window_ns = info->window_ns};
	struct model_observer obs = {
		s,	    on_interval, on_label, on_process_label, on_lane_begin, on_lane_named,
		on_lane_end};
	bool quiet_stdout = s->o->command != NULL;

	s->info = *info;
	s->next_tick_ns = info->t0_ns + TICK_NS;
	s->model = model_new(&cfg);
	if (!s->model) {
		say(s, "out of memory");
		return 1;
	}
	for (unsigned i = 0; i < s->n_outputs; i++) {
		enum json_format f =
			s->o->output[i].format == FORMAT_JSON ? JSON_ARRAY : JSON_LINES;
		int err = json_writer_new(&s->output[i].writer, s->output[i].out, s->model, info, f,
					  (enum json_derived)s->o->derived);

		if (!err)
			err = out_flush(s->output[i].out);
		if (err) {
			output_failed(s, &s->output[i], err);
			return 1;
		}
	}
	if (s->n_outputs)
		model_observe(s->model, &obs);
	for (unsigned i = 0; i < s->n_outputs; i++)
		quiet_stdout |= !strcmp(s->output[i].path, "-");
	if (s->o->batch || s->o->summary) {
		s->text = out_fd(quiet_stdout ? 2 : 1);
		if (!s->text)
			return 1;
	}
	if (s->o->batch) {
		s->batch = batch_new(s->text, &s->info);
		s->next_rows_ns = info->t0_ns + s->o->interval_ns;
	}
	return 0;
}

int session_open_screen(struct session *s)
{
	struct tui_options to = {.color = (enum tui_color)s->o->color,
				 .ascii = s->o->ascii,
				 .mouse = !s->o->no_mouse,
				 .typing = s->o->tty && s->o->command};
	int err;

	if (getenv("NO_COLOR") && *getenv("NO_COLOR") && s->o->color == COLOR_AUTO)
		to.color = TUI_COLOR_NEVER;
	err = tui_open(&to, &s->tui);
	if (!err)
		return 0;
	say(s,
	    err == -ENOTTY ? "there is no terminal for the screen; use -b, -c or -o"
			   : "this terminal (TERM=%s) is not known; use -b, -c or -o",
	    getenv("TERM") ? getenv("TERM") : "");
	return 1;
}

int session_feed(struct session *s, const struct event *ev)
{
	int err = model_feed(s->model, ev);

	if (err && err != -EBADMSG)
		return err;
	for (unsigned i = 0; i < s->n_outputs; i++) {
		struct session_output *w = &s->output[i];

		if (!w->writer || w->failed)
			continue;
		err = json_writer_event(w->writer, ev);
		if (err)
			output_failed(s, w, err);
	}
	if (s->batch && ev->kind == EV_TICK && ev->t_ns >= s->next_rows_ns) {
		err = batch_rows(s->batch, s->model);
		if (!err)
			err = out_flush(s->text);
		if (err)
			return err;
		s->next_rows_ns +=
			((ev->t_ns - s->next_rows_ns) / s->o->interval_ns + 1) * s->o->interval_ns;
	}
	return 0;
}

void session_tick_live(struct session *s, uint64_t t_ns)
{
	struct event tick = {.kind = EV_TICK};

	while (s->next_tick_ns <= t_ns) {
		tick.t_ns = s->next_tick_ns;
		s->next_tick_ns += TICK_NS;
		session_feed(s, &tick);
		s->tui_dirty = true;
	}
}

int session_feed_live(struct session *s, const struct event *ev)
{
	if (ev->t_ns > s->next_tick_ns)
		session_tick_live(s, ev->t_ns - 1);
	return session_feed(s, ev);
}

void session_flush(struct session *s, uint64_t now_ns)
{
	if (now_ns < s->next_flush_ns)
		return;
	s->next_flush_ns = now_ns + 500000000ull;
	for (unsigned i = 0; i < s->n_outputs; i++) {
		int err = s->output[i].failed ? 0 : out_flush(s->output[i].out);

		if (err)
			output_failed(s, &s->output[i], err);
	}
}

void session_finish(struct session *s, bool complete)
{
	if (!s->model)
		return;
	model_finish(s->model, model_now(s->model));
	for (unsigned i = 0; i < s->n_outputs; i++) {
		struct session_output *w = &s->output[i];
		int err;

		if (!w->writer)
			continue;
		err = w->failed ? 0 : json_writer_finish(w->writer, complete);
		json_writer_free(w->writer);
		w->writer = NULL;
		if (!err)
			err = out_close(w->out);
		else
			out_close(w->out);
		w->out = NULL;
		if (err)
			output_failed(s, w, err);
	}
	/* a sliver of an interval has no rates worth a row */
	if (s->batch && batch_due(s->batch, s->model, s->o->interval_ns / 4))
		batch_rows(s->batch, s->model);
	if (s->o->summary)
		summary_write(s->text, s->model, &s->info);
	if (s->text)
		out_flush(s->text);
}

void session_close(struct session *s)
{
	session_close_screen(s);
	for (unsigned i = 0; i < s->n_outputs; i++) {
		json_writer_free(s->output[i].writer);
		out_close(s->output[i].out);
	}
	batch_free(s->batch);
	out_close(s->text);
	model_free(s->model);
}
