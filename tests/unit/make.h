/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the unit tests share: makers of events, a seeded generator of numbers,
 * and short ways to feed a model.  Times are ns; a test's trace begins at T0.
 * Header only; every test is one program.
 */
#ifndef IOTRACE_TESTS_MAKE_H
#define IOTRACE_TESTS_MAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model.h"

#define US	    1000ull
#define MS	    1000000ull
#define SEC	    1000000000ull
#define T0	    (5000 * SEC)
#define PID	    100u /* the process of most tests; its leader has the same id */
#define FILES	    7u	 /* its descriptor table */
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT(s)	    ((struct text){s, strlen(s)})

/* --- numbers: splitmix64, the same everywhere --- */

struct rng {
	uint64_t x;
};

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->x += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* 0 .. n - 1 */
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
	return rng_next(r) % n;
}

/* A length of time: mostly short, now and then long. */
static inline uint64_t rng_span(struct rng *r)
{
	static const uint64_t most[] = {300, 5 * US, 200 * US, 20 * MS, 300 * MS};

	return rng_below(r, most[rng_below(r, COUNT_OF(most))]);
}

/* --- events --- */

static inline struct event mk(unsigned kind, uint32_t tid, uint64_t t)
{
	return (struct event){.t_ns = t, .tid = tid, .tgid = PID, .kind = (uint16_t)kind};
}

static inline struct event mk_tick(uint64_t t)
{
	return (struct event){.t_ns = t, .kind = EV_TICK};
}

static inline struct event mk_task(unsigned op, uint32_t tid, uint64_t t, const char *comm)
{
	struct event ev = mk(EV_TASK, tid, t);

	ev.task.op = op;
	ev.task.files = FILES;
	ev.task.global_tid = tid;
	for (size_t i = 0; i < REC_COMM - 1 && comm[i]; i++)
		ev.task.comm[i] = comm[i];
	return ev;
}

/* A call of which every ns is on the CPU and not a copy; phases are added below. */
static inline struct event mk_call(unsigned call, uint32_t tid, uint64_t enter, uint64_t dur,
				   int fd, int64_t ret)
{
	struct event ev = mk(EV_CALL, tid, enter + dur);

	ev.call = (struct ev_call){
		.enter_ns = enter,
		.cpu_ns = dur,
		.ret = ret,
		.fd = fd,
		.call = (uint16_t)call,
		.flags = fd >= 0 ? CALLF_FD : 0,
		.attempt = 1,
		.nseg = 1,
		.seg = {SEG_CPU},
	};
	return ev;
}

/* Give the end of the call another part of `ns`, taken from nobody: it ends later. */
static inline void add_part(struct event *ev, enum segment kind, uint64_t ns)
{
	struct ev_call *c = &ev->call;
	uint64_t at = ev_call_dur_ns(ev);

	assert_true(c->nseg < REC_SEGS);
	c->seg[c->nseg++] = at << 4 | kind;
	ev->t_ns += ns;
	if (kind == SEG_CPU)
		c->cpu_ns += ns;
	else if (kind == SEG_COPY)
		c->copy_ns += ns;
	else if (kind == SEG_RUNQ || kind == SEG_PREEMPT)
		c->runq_ns += ns;
	else
		c->wait_ns += ns;
	c->sleeps += kind == SEG_WAIT || kind == SEG_DISK || kind == SEG_STOPPED;
	c->preempts += kind == SEG_PREEMPT;
	if (kind == SEG_COPY)
		c->copy_src = COPY_EXACT;
}

/* cpu, wait, runq, copy, one after the other. */
static inline struct event mk_slept(unsigned call, uint32_t tid, uint64_t enter, uint64_t cpu,
				    uint64_t wait, uint64_t runq, uint64_t copy, int fd,
				    int64_t ret)
{
	struct event ev = mk_call(call, tid, enter, cpu, fd, ret);

	add_part(&ev, SEG_WAIT, wait);
	add_part(&ev, SEG_RUNQ, runq);
	if (copy)
		add_part(&ev, SEG_COPY, copy);
	return ev;
}

static inline struct event mk_sleep(unsigned call, uint32_t tid, uint64_t enter, uint64_t off,
				    int fd, enum state state)
{
	struct event ev = mk(EV_SLEEP, tid, off);

	ev.sleep = (struct ev_sleep){
		.enter_ns = enter,
		.fd = fd,
		.call = (uint16_t)call,
		.flags = fd >= 0 ? CALLF_FD : 0,
		.state = (uint8_t)state,
	};
	return ev;
}

static inline struct event mk_out(uint32_t tid, uint64_t t, enum state state)
{
	struct event ev = mk(EV_SCHED, tid, t);

	ev.sched = (struct ev_sched){
		.off_ns = t, .wake_ns = t, .nr = -1, .dir = SCHED_OUT, .state = (uint8_t)state};
	return ev;
}

static inline struct event mk_in(uint32_t tid, uint64_t off, uint64_t wake, uint64_t t,
				 enum state state)
{
	struct event ev = mk_out(tid, t, state);

	ev.sched.dir = SCHED_IN;
	ev.sched.off_ns = off;
	ev.sched.wake_ns = wake;
	return ev;
}

static inline struct event mk_spin(unsigned call, uint32_t tid, uint64_t from, uint64_t to, int fd,
				   uint64_t count)
{
	struct event ev = mk(EV_SPIN, tid, to);

	ev.spin = (struct ev_spin){
		.ts_ns = from,
		.end_ns = to,
		.run_ns = from,
		.count = count,
		.ret = -11,
		.fd = fd,
		.call = (uint16_t)call,
		.flags = fd >= 0 ? CALLF_FD : 0,
		.first = true,
	};
	return ev;
}

static inline struct event mk_fd(unsigned op, uint64_t t, int fd, unsigned kind, const char *name)
{
	struct event ev = mk(EV_FD, PID, t);

	ev.fd = (struct ev_fd){.files = FILES,
			       .fd = fd,
			       .op = (uint8_t)op,
			       .kind = (uint8_t)kind,
			       .name = TEXT(name)};
	return ev;
}

static inline struct event mk_loss(uint32_t tid, uint64_t since, uint64_t t, uint64_t calls)
{
	struct event ev = mk(EV_LOSS, tid, t);

	ev.loss = (struct ev_loss){.since_ns = since, .calls = calls, .cause = LOSS_RING};
	return ev;
}

/* --- the model --- */

static inline struct model *mk_model(void)
{
	struct model_config cfg = {.t0_ns = T0};
	struct model *m = model_new(&cfg);

	assert_non_null(m);
	return m;
}

static inline void feed(struct model *m, struct event ev)
{
	assert_int_equal(model_feed(m, &ev), 0);
}

/* The ticks of the grid in (from, to]. */
static inline void feed_ticks(struct model *m, uint64_t from, uint64_t to)
{
	for (uint64_t t = T0 + ((from - T0) / TICK_NS + 1) * TICK_NS; t <= to; t += TICK_NS)
		feed(m, mk_tick(t));
}

static inline const struct lane *lane_of_tid(const struct model *m, uint32_t tid)
{
	const struct lane *l = model_lane_by_tid(m, tid);

	assert_non_null(l);
	return l;
}

/* ns of one state in [from, to), the open tail drawn up to `to`. */
static inline uint64_t share(const struct lane *l, uint64_t from, uint64_t to, int slot)
{
	uint64_t ns[STATE_SLOTS] = {0};

	lane_shares(l, from, to, to, ns);
	return ns[slot];
}

static inline uint64_t sum_slots(const uint64_t *ns, unsigned n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += ns[i];
	return sum;
}

#endif
