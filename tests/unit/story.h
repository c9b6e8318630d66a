/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A made-up trace: threads of two processes that call, sleep, poll, lose
 * events, execute, exit and are born again, from a seed.  Events of one thread
 * come in the order of time, as the kernel side gives them; those of different
 * threads nearly so.  Ticks come every 100 ms.
 */
#ifndef IOTRACE_TESTS_STORY_H
#define IOTRACE_TESTS_STORY_H

#include <stdio.h>

#include "make.h"

#define ACTORS 9

struct actor {
	uint32_t tid, tgid, files;
	uint64_t now;
};

struct story {
	struct rng r;
	struct actor actor[ACTORS];
	uint64_t next_tick;
	uint32_t next_tid;
	unsigned n_events, n_calls, n_losses, n_exits;
	void (*tell)(void *ctx, const struct event *ev);
	void *ctx;
};

static inline void story_tell(struct story *s, struct actor *a, struct event ev)
{
	if (a) {
		ev.tid = a->tid;
		ev.tgid = a->tgid;
		ev.cpu = (uint16_t)(a->tid % 4);
		if (ev.t_ns > a->now)
			a->now = ev.t_ns;
	}
	s->n_events++;
	s->tell(s->ctx, &ev);
}

static inline void story_fd(struct story *s, struct actor *a, int fd)
{
	static const unsigned kinds[] = {FDK_FILE, FDK_PIPE, FDK_TCP, FDK_EVENTFD};
	struct event ev;
	char name[32];

	snprintf(name, sizeof(name), "/tmp/file\\\\%d", fd);
	ev = mk_fd(FDOP_IS, a->now, fd, kinds[rng_below(&s->r, 4)], name);
	ev.fd.files = a->files;
	ev.fd.ino = rng_below(&s->r, 3);
	ev.fd.o_flags = rng_below(&s->r, 2) ? 04000 : 0;
	if (!rng_below(&s->r, 4)) {
		ev.fd = (struct ev_fd){.files = a->files,
				       .fd = fd,
				       .last = (uint32_t)fd,
				       .op = FDOP_CLOSE,
				       .name = TEXT("")};
		if (rng_below(&s->r, 2)) {
			ev.fd.op = FDOP_RANGE;
			ev.fd.last = (uint32_t)fd + 3;
		}
	}
	story_tell(s, a, ev);
}

static inline void story_begin_task(struct story *s, struct actor *a, unsigned op)
{
	struct event ev = mk_task(op, a->tid, a->now, "actor");

	ev.task.files = a->files;
	ev.task.comm[5] = (char)('0' + a->tid % 10);
	story_tell(s, a, ev);
}

static inline void story_begin(struct story *s, uint64_t seed,
			       void (*tell)(void *ctx, const struct event *ev), void *ctx)
{
	*s = (struct story){.r = {seed}, .next_tick = T0 + TICK_NS, .tell = tell, .ctx = ctx};
	s->next_tid = PID + 50;
	for (unsigned i = 0; i < ACTORS; i++) {
		struct actor *a = &s->actor[i];

		a->tgid = i < 6 ? PID : PID + 20;
		a->tid = i < 6 ? PID + i : PID + 14 + i;
		a->files = i < 6 ? FILES : FILES + 1;
		a->now = T0 + i;
		story_begin_task(s, a, TASK_SEED);
	}
}

static inline int64_t story_result(struct story *s)
{
	static const int64_t some[] = {-11, -4, -32, 0, 1, 4096, 100000};

	return some[rng_below(&s->r, COUNT_OF(some))];
}

/* Parts of a random call; more than fit become one mixed part. */
static inline void story_parts(struct story *s, struct event *ev)
{
	struct ev_call *c = &ev->call;
	uint64_t n = rng_below(&s->r, 11);

	while (n--) {
		uint64_t ns = rng_span(&s->r);

		if (c->nseg < REC_SEGS) {
			add_part(ev, (enum segment)rng_below(&s->r, SEG_MIXED), ns);
			continue;
		}
		c->seg[REC_SEGS - 1] = (c->seg[REC_SEGS - 1] & ~15ull) | SEG_MIXED;
		ev->t_ns += ns;
		if (n % 2)
			c->wait_ns += ns;
		else
			c->copy_ns += ns;
	}
}

static inline void story_call(struct story *s, struct actor *a)
{
	static const unsigned calls[] = {CALL_read,  CALL_write,   CALL_poll,	  CALL_epoll_wait,
					 CALL_futex, CALL_accept4, CALL_recvfrom, CALL_nanosleep};
	unsigned call = calls[rng_below(&s->r, COUNT_OF(calls))];
	int fd = call == CALL_poll || call == CALL_futex || call == CALL_nanosleep
			 ? -1
			 : (int)rng_below(&s->r, 12);
	struct event ev = mk_call(call, a->tid, a->now + rng_span(&s->r), rng_span(&s->r), fd,
				  story_result(s));
	uint64_t off = ev.t_ns, enter = ev.call.enter_ns;

	s->n_calls++;
	story_parts(s, &ev);
	if (ev.call.nseg > 1 && (ev.call.seg[1] & 15) == SEG_WAIT)
		story_tell(s, a, mk_sleep(call, a->tid, enter, off, fd, call_sleep_state(call)));
	if (rng_below(&s->r, 20) == 0) { /* interrupted, and begun again */
		ev.call.ret = -512;
		ev.call.flags |= CALLF_RESTART;
		story_tell(s, a, ev);
		ev = mk_call(call, a->tid, a->now + rng_span(&s->r), rng_span(&s->r), fd, 1);
		ev.call.attempt = 2;
		ev.call.first_ns = enter;
	}
	story_tell(s, a, ev);
}

static inline void story_sched(struct story *s, struct actor *a)
{
	static const enum state states[] = {STATE_BLOCKED, STATE_IDLE, STATE_DISK, STATE_RUNNABLE,
					    STATE_STOPPED};
	enum state state = states[rng_below(&s->r, COUNT_OF(states))];
	uint64_t off = a->now + rng_span(&s->r), wake = off + rng_span(&s->r);

	if (state == STATE_RUNNABLE)
		wake = off;
	story_tell(s, a, mk_out(a->tid, off, state));
	story_tell(s, a, mk_in(a->tid, off, wake, wake + rng_span(&s->r), state));
}

static inline void story_spin(struct story *s, struct actor *a)
{
	uint64_t run = a->now + rng_span(&s->r), from = run;

	for (uint64_t n = 1 + rng_below(&s->r, 4); n; n--) {
		uint64_t to = from + 1 + rng_span(&s->r);
		struct event ev = mk_spin(CALL_read, a->tid, from, to, (int)rng_below(&s->r, 12),
					  1 + rng_below(&s->r, 100000));

		ev.spin.run_ns = run;
		ev.spin.runq_ns = rng_below(&s->r, to - from);
		ev.spin.ending = n == 1;
		story_tell(s, a, ev);
		ev.spin.first = false; /* another descriptor of the same flush */
		ev.spin.runq_ns = 0;
		ev.spin.fd++;
		ev.spin.count = 20;
		story_tell(s, a, ev);
		from = to;
	}
}

static inline void story_loss(struct story *s, struct actor *a)
{
	uint64_t since = a->now + rng_span(&s->r);
	struct event ev = mk_loss(a->tid, since, since + rng_span(&s->r), rng_below(&s->r, 1000));

	ev.loss.cause = 1 + (uint32_t)rng_below(&s->r, LOSS_CAUSES - 1);
	s->n_losses++;
	if (rng_below(&s->r, 4)) {
		story_tell(s, a, ev);
		return;
	}
	ev.tid = 0; /* of the whole process, or of all: since the oldest thread's time */
	ev.loss.since_ns = a->now;
	ev.tgid = rng_below(&s->r, 2) ? a->tgid : 0;
	story_tell(s, NULL, ev);
}

/* The end of a thread; another is born in its place, sometimes with its number. */
static inline void story_exit(struct story *s, struct actor *a)
{
	struct event ev = mk_task(TASK_EXIT, a->tid, a->now + rng_span(&s->r), "gone");

	ev.task.code = 9 << 8;
	story_tell(s, a, ev);
	s->n_exits++;
	a->now += 1 + rng_span(&s->r);
	if (rng_below(&s->r, 2))
		a->tid = s->next_tid++;
	story_begin_task(s, a, TASK_NEW);
	a->now += rng_span(&s->r);
	if (rng_below(&s->r, 2))
		story_tell(s, a,
			   mk_in(a->tid, a->now, a->now, a->now + rng_span(&s->r), STATE_RUNNABLE));
}

/* An exec: of another thread than the leader, it takes the leader's number over. */
static inline void story_exec(struct story *s, struct actor *a)
{
	struct event ev = mk_task(TASK_EXEC, a->tid, a->now + rng_span(&s->r), "program");

	ev.task.files = a->files;
	ev.task.old_tid = a->tid;
	for (unsigned i = 0; i < ACTORS; i++) {
		struct actor *leader = &s->actor[i];

		if (leader == a || leader->tid != a->tgid)
			continue;
		if (ev.t_ns < leader->now)
			ev.t_ns = leader->now;
		leader->tid = s->next_tid++; /* and comes back as another one */
		leader->now = ev.t_ns + 1;
	}
	a->tid = a->tgid;
	story_tell(s, a, ev);
}

static inline void story_task(struct story *s, struct actor *a)
{
	struct event ev = mk_task(TASK_NAME, a->tid, a->now + rng_span(&s->r), "new\n");

	ev.task.files = a->files;
	if (rng_below(&s->r, 3) == 0) {
		story_exec(s, a);
		return;
	}
	if (rng_below(&s->r, 2))
		ev.task.op = TASK_FILES;
	story_tell(s, a, ev);
}

static inline void story_step(struct story *s)
{
	struct actor *a = &s->actor[0];
	uint64_t dice = rng_below(&s->r, 100);

	for (unsigned i = 1; i < ACTORS; i++)
		if (s->actor[i].now < a->now)
			a = &s->actor[i];
	for (; s->next_tick <= a->now; s->next_tick += TICK_NS)
		story_tell(s, NULL, mk_tick(s->next_tick));
	if (dice < 60)
		story_call(s, a);
	else if (dice < 75)
		story_sched(s, a);
	else if (dice < 83)
		story_spin(s, a);
	else if (dice < 93)
		story_fd(s, a, (int)rng_below(&s->r, 12));
	else if (dice < 96)
		story_loss(s, a);
	else if (dice < 98)
		story_task(s, a);
	else
		story_exit(s, a);
}

#endif
