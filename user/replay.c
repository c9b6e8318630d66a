/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replay: recording -> session, by the recording's clock or as fast as it goes.
 * The ticks are in the recording, so the picture is the one that was live.
 */
#include <stdio.h>
#include <string.h>

#include "recording.h"
#include "run.h"

struct replay {
	struct session *s;
	struct recording *rec;
	struct event ev; /* the next to be fed */
	bool have;
	bool ended;
	uint64_t at_ns; /* the recording's time that is shown */
	struct event held;
};

/* Feed everything up to `until_ns`. 0, or 1 after saying what is wrong. */
static int feed(struct replay *r, uint64_t until_ns)
{
	while (!r->ended) {
		int n = r->have ? 1 : recording_next(r->rec, &r->ev);

		if (n < 0) {
			say(r->s, "%s: %s", r->s->o->read_path, recording_error());
			session_finish(r->s, false); /* what came before it is good */
			return 1;
		}
		if (n == 0) {
			struct model_stats st = {0};

			st.known = recording_stats(r->rec, st.by_class);
			model_set_stats(r->s->model, &st);
			session_finish(r->s, recording_complete(r->rec));
			r->ended = true;
			r->s->tui_dirty = true;
			break;
		}
		r->have = true;
		if (r->ev.t_ns > until_ns)
			break;
		r->have = false;
		if (session_feed(r->s, &r->ev)) {
			say(r->s, "out of memory");
			return 1;
		}
		if (r->s->status || r->s->unheard)
			return r->s->status;
		r->s->tui_dirty = true;
	}
	return 0;
}

static int loop_replay(struct replay *r)
{
	const struct options *o = r->s->o;
	const char *base = strrchr(o->read_path, '/');
	struct loop l = {0};
	uint64_t last = clock_ns();
	int err = 0;

	while (!l.quit && !err) {
		struct tui_status st = {
			.title = base ? base + 1 : o->read_path,
			.paused = l.paused,
			.speed = o->speed,
			.info = &r->s->info,
			.message = r->s->message[0] ? r->s->message : NULL,
		};
		uint64_t now;

		loop_wait(&l, r->s, r->ended || l.paused ? 100000000 : 20000000, -1);
		now = clock_ns();
		if (!l.paused && !r->ended) {
			r->at_ns = o->speed > 0
					   ? r->at_ns + (uint64_t)((double)(now - last) * o->speed)
					   : UINT64_MAX;
			err = feed(r, r->at_ns);
			r->s->tui_dirty = true;
		}
		last = now;
		st.ended = r->ended;
		st.now_ns = r->ended ? model_now(r->s->model) : r->at_ns;
		if (r->ended && o->exit_at_end && !tui_busy(r->s->tui))
			break;
		loop_draw(r->s, &st);
	}
	return err;
}

int run_replay(struct session *s)
{
	struct replay r = {.s = s};
	const struct trace_info *info;
	int err = recording_open(s->o->read_path, &r.rec);

	if (err) {
		say(s, "%s", recording_error());
		return 1;
	}
	info = recording_info(r.rec);
	r.at_ns = info->t0_ns;
	if (session_begin(s, info)) {
		recording_close(r.rec);
		return 1;
	}
	if (session_wants_screen(s->o)) {
		loop_signals();
		err = session_open_screen(s) || loop_replay(&r);
		session_close_screen(s);
	} else {
		err = feed(&r, UINT64_MAX);
	}
	recording_close(r.rec);
	return err ? 1 : s->status;
}
