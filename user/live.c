/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live tracing: targets -> capture -> order of time -> session.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "child.h"
#include "cmdout.h"
#include "proc.h"
#include "pure_order.h"
#include "run.h"

/* Records younger than this may still be followed by older ones. */
#define SETTLE_NS 30000000ull
/* Work at one go. */
#define FEED_NS 20000000ull
/* How often to look when no screen asks for more. */
#define STEP_NS	     25000000ull
#define END_GRACE_MS 2000
struct live {
	struct session *s;
	struct capture *cap;
	struct child child;
	bool has_child;
	struct order order;
	struct capture_chunk *chunks; /* oldest first; kept while records wait in `order` */
	struct capture_chunk **chunks_end;
	struct event_text text;
	uint64_t t0_ns, began_ns;
	uint64_t bad_records;
	bool ended;
	uint64_t ended_ns;
	struct cmdout *output; /* NULL: it has our terminal */
	char title[64];
};

/* --- from bytes to the session --- */

static int take_chunks(struct live *v)
{
	struct capture_chunk *k = capture_take(v->cap), *next;

	for (; k; k = next) {
		size_t at = 0;

		next = k->next;
		k->next = NULL;
		*v->chunks_end = k;
		v->chunks_end = &k->next;
		while (at < k->used) {
			struct order_item it = {.batch = k};
			int err;

			memcpy(&it.len, k->data + at, sizeof(it.len));
			it.rec = k->data + at + 8;
			memcpy(&it.t_ns, it.rec, sizeof(it.t_ns));
			at += 8 + ((it.len + 7) & ~7u);
			err = order_add(&v->order, &it);
			if (err)
				return err;
		}
	}
	return 0;
}

static void free_chunks(struct live *v)
{
	while (v->chunks && !v->chunks->records) {
		struct capture_chunk *k = v->chunks;

		v->chunks = k->next;
		if (!v->chunks)
			v->chunks_end = &v->chunks;
		capture_chunk_free(v->cap, k);
	}
}

/*
 * Feed what is settled: everything not younger than `until_ns`.  Comes back
 * after some FEED_NS, so that keys and ends are not kept waiting; *ret_more:
 * there is more.
 */
static int feed(struct live *v, uint64_t until_ns, bool *ret_more)
{
	uint64_t stop = clock_ns() + FEED_NS;
	unsigned n = 0;
	struct order_item it;
	struct event ev;
	int err = take_chunks(v);

	*ret_more = false;
	while (!err && order_take(&v->order, until_ns, &it)) {
		if (event_decode(it.rec, it.len, &ev, &v->text))
			v->bad_records++;
		else
			err = session_feed_live(v->s, &ev);
		((struct capture_chunk *)it.batch)->records--;
		v->s->tui_dirty = true;
		if (++n % 256 == 0 && clock_ns() >= stop) {
			*ret_more = true;
			break;
		}
	}
	free_chunks(v);
	return err;
}

/* --- targets --- */

static int add_targets(struct live *v, const struct options *o)
{
	char err[256];

	for (unsigned i = 0; i < o->n_ids; i++) {
		pid_t *more = NULL;
		unsigned n = 0;
		int e = capture_target(v->cap, o->ids[i], o->is_tid[i] ? CAPTURE_TID : 0);

		if (!e && o->follow && !o->is_tid[i])
			e = proc_descendants(o->ids[i], &more, &n);
		for (unsigned k = 0; k < n && !e; k++)
			e = proc_check_target(more[k], false, err, sizeof(err))
				    ? 0
				    : capture_target(v->cap, more[k], 0);
		free(more);
		if (e) {
			say(v->s, "%s", e == -ENOMEM ? "out of memory" : capture_error());
			return 1;
		}
	}
	if (v->has_child && capture_target(v->cap, v->child.pid, CAPTURE_ARMED)) {
		say(v->s, "%s", capture_error());
		return 1;
	}
	return 0;
}

static int check_targets(struct live *v, const struct options *o)
{
	char err[256];

	for (unsigned i = 0; i < o->n_ids; i++) {
		if (proc_check_target(o->ids[i], o->is_tid[i], err, sizeof(err))) {
			say(v->s, "%s", err);
			return 1;
		}
	}
	return 0;
}

static void make_title(struct live *v, const struct options *o)
{
	char name[32];

	if (o->command) {
		const char *base = strrchr(o->command[0], '/');

		snprintf(v->title, sizeof(v->title), "%.30s %d", base ? base + 1 : o->command[0],
			 v->child.pid);
		return;
	}
	proc_name(o->ids[0], name, sizeof(name));
	if (o->n_ids == 1)
		snprintf(v->title, sizeof(v->title), "%s %d", name, o->ids[0]);
	else
		snprintf(v->title, sizeof(v->title), "%s %d and %u more", name, o->ids[0],
			 o->n_ids - 1);
}

static void make_info(struct live *v, struct trace_info *info)
{
	static struct utsname uts;
	struct timespec real;

	uname(&uts);
	clock_gettime(CLOCK_REALTIME, &real);
	v->began_ns = clock_ns();
	v->t0_ns = v->began_ns;
	*info = (struct trace_info){
		.t0_ns = v->t0_ns,
		.epoch_offset_ns =
			(int64_t)real.tv_sec * 1000000000 + real.tv_nsec - (int64_t)v->began_ns,
		.version = IOTRACE_VERSION,
		.kernel = uts.release,
		.arch = uts.machine,
		.command = v->s->o->command,
		.window_ns = v->s->o->window_ns,
	};
	info->probes = capture_probes(v->cap, &info->n_probes);
}

/* --- the command's own terminal --- */

static void read_output(struct live *v)
{
	if (v->output && cmdout_read(v->output, &v->child.pty_fd))
		v->s->tui_dirty = true;
}

/* What was typed goes to the command. */
static void pass_typed(struct live *v)
{
	char buf[256];
	size_t n = v->s->tui ? tui_typed(v->s->tui, buf, sizeof(buf)) : 0;

	if (n && v->child.pty_fd >= 0 && write(v->child.pty_fd, buf, n) < 0)
		say(v->s, "the command's terminal takes no input: %s", strerror(errno));
}

/* --- the run --- */

/* Is all that was to be traced gone? */
static bool targets_gone(const struct live *v)
{
	const struct model *m = v->s->model;
	unsigned n = model_n_processes(m);
	bool any = false;

	if (!capture_alive(v->cap))
		return true;
	for (unsigned i = 0; i < n; i++) {
		const struct process *p = model_process(m, i);

		any |= p->target;
		if ((p->target || v->s->o->follow) && p->n_alive)
			return false;
	}
	return any;
}

static void draw(struct live *v, uint64_t now_ns)
{
	struct tui_status st = {
		.title = v->title,
		.now_ns = v->ended	       ? v->ended_ns
			  : now_ns > SETTLE_NS ? now_ns - SETTLE_NS
					       : 0,
		.live = !v->ended,
		.ended = v->ended,
		.speed = 1,
		.info = &v->s->info,
		.message = v->s->message[0] ? v->s->message : NULL,
	};

	if (v->output)
		st.output = cmdout_lines(v->output, &st.n_output);
	if (st.now_ns < v->t0_ns)
		st.now_ns = v->t0_ns;
	loop_draw(v->s, &st);
}

/* Tracing is over, the session may go on showing it. */
static int finish(struct live *v)
{
	struct event tick = {.kind = EV_TICK};
	struct model_stats stats = {.known = true};
	bool more;
	int err = capture_stop(v->cap, &v->ended_ns);

	if (err)
		say(v->s, "%s", capture_error());
	do
		err = feed(v, UINT64_MAX, &more);
	while (!err && more);
	session_tick_live(v->s, v->ended_ns);
	tick.t_ns = v->ended_ns;
	session_feed(v->s, &tick);
	capture_stats(v->cap, stats.by_class);
	model_set_stats(v->s->model, &stats);
	session_finish(v->s, true);
	v->ended = true;
	v->s->tui_dirty = true;
	return err;
}

static void report_loss(struct live *v)
{
	const struct model_stats *st = model_get_stats(v->s->model);
	uint64_t dropped = 0;

	for (int c = 0; c < PC_COUNT && st->known; c++)
		for (int i = 0; i < LOSS_CAUSES; i++)
			dropped += st->by_class[c].dropped[i];
	if (dropped)
		say(v->s,
		    "%" PRIu64 " records were lost; a larger --buffer-size helps (now %" PRIu64
		    "K)",
		    dropped, v->s->o->buffer_bytes / 1024);
	if (v->bad_records)
		say(v->s, "%" PRIu64 " records could not be understood", v->bad_records);
}

static int loop_live(struct live *v)
{
	const struct options *o = v->s->o;
	struct loop l = {0};
	bool more = false;
	int err = 0;

	while (!l.quit && !err) {
		uint64_t now;

		loop_wait(&l, v->s,
			  more	      ? 0
			  : v->s->tui ? STEP_NS
				      : STEP_NS * 2,
			  v->output ? v->child.pty_fd : -1);
		now = clock_ns();
		pass_typed(v);
		read_output(v);
		if (v->ended) {
			if (o->exit_at_end && !tui_busy(v->s->tui))
				break;
			draw(v, now);
			continue;
		}
		err = feed(v, now - SETTLE_NS, &more);
		if (!more)
			session_tick_live(v->s, now - SETTLE_NS);
		session_flush(v->s, now);
		if (v->has_child)
			child_poll(&v->child);
		if (l.quit || targets_gone(v) || v->s->status || v->s->unheard ||
		    (v->has_child && v->child.reaped && !o->follow) ||
		    (o->duration_ns && now - v->began_ns >= o->duration_ns)) {
			if (v->has_child && !v->child.reaped && !o->keep)
				child_end(&v->child, END_GRACE_MS);
			err = err ? err : finish(v);
			if (!v->s->tui)
				break;
			continue;
		}
		draw(v, now);
	}
	return err;
}

/* Many maps, programs and files; after the fork, so that the command keeps its own limit. */
static void raise_limits(void)
{
	struct rlimit r;

	if (!getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* Load, find the targets, let the command run. 0 or an exit status. */
static int start(struct live *v)
{
	const struct options *o = v->s->o;
	struct capture_options co = {
		.follow = o->follow,
		.min_ns = o->min_ns,
		.buffer_bytes = o->buffer_bytes,
		.call_wanted = o->call_wanted,
		.state_map = (enum capture_state_map)o->task_state,
		.verbose = o->verbose,
	};
	struct trace_info info;
	int n, err;

	raise_limits();
	if (capture_open(&co, &v->cap)) {
		say(v->s, "%s", capture_error());
		return 1;
	}
	if (add_targets(v, o))
		return 1;
	make_title(v, o);
	make_info(v, &info);
	if (capture_start(v->cap)) {
		say(v->s, "%s", capture_error());
		return 1;
	}
	n = capture_seed(v->cap);
	if (n <= 0) {
		say(v->s, "%s",
		    n < 0 ? capture_error()
			  : "the process ended before tracing could begin; try again, or start "
			    "it with: iotrace -- COMMAND");
		return 1;
	}
	if (session_begin(v->s, &info))
		return 1;
	if (session_wants_screen(o) && session_open_screen(v->s))
		return 1;
	if (!v->has_child)
		return 0;
	err = child_go(&v->child);
	if (err) {
		say(v->s, "%s: %s", o->command[0], strerror(-err));
		return err == -ENOENT ? 127 : 126;
	}
	return 0;
}

static void live_free(struct live *v)
{
	capture_free(v->cap);
	while (v->chunks) {
		struct capture_chunk *k = v->chunks;

		v->chunks = k->next;
		free(k);
	}
	order_free(&v->order);
	child_close(&v->child);
	cmdout_free(v->output);
	free(v);
}

int run_live(struct session *s)
{
	const struct options *o = s->o;
	struct live *v = calloc(1, sizeof(*v));
	char err[512];
	int status = 1;

	if (!v)
		return 1;
	v->s = s;
	v->chunks_end = &v->chunks;
	v->child = (struct child){.pid = -1, .go_fd = -1, .err_fd = -1, .pty_fd = -1};
	if (check_targets(v, o))
		goto cleanup;
	child_inherit_signals();
	loop_signals();
	if (o->command) {
		bool pty = session_wants_screen(o);

		status = child_spawn(&v->child, o->command, pty, err, sizeof(err));
		if (status) {
			say(s, "%s", err);
			goto cleanup;
		}
		v->has_child = true;
		v->output = pty ? cmdout_new() : NULL;
	}
	status = start(v);
	if (status)
		goto cleanup;
	status = loop_live(v) ? 1 : s->status;
	if (!v->ended)
		finish(v);
	if (v->has_child && child_poll(&v->child) && !status)
		status = v->child.status;
	read_output(v);
	session_close_screen(s);
	if (v->output)
		cmdout_print(v->output);
	if (!o->quiet)
		report_loss(v);
cleanup:
	session_close_screen(s);
	if (v->has_child && !v->child.reaped && !(o->keep && v->ended))
		child_end(&v->child, END_GRACE_MS);
	live_free(v);
	return status;
}
