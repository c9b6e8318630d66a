/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model for the tests of labels and evidence: threads that spend time in a
 * state, and ticks.
 */
#ifndef IOTRACE_TESTS_LABEL_H
#define IOTRACE_TESTS_LABEL_H

#include "make.h"

static struct model *m;

static inline int setup(void **state)
{
	(void)state;
	m = mk_model();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	assert_int_equal(model_check(m), 0);
	model_free(m);
	return 0;
}

static inline void seed(uint32_t tid, uint64_t t)
{
	feed(m, mk_task(TASK_SEED, tid, t, "thread"));
}

static inline void tick(uint64_t t)
{
	feed(m, mk_tick(t));
}

static inline enum label label_of(uint32_t tid)
{
	return lane_of_tid(m, tid)->label.shown;
}

static inline enum label process_label(void)
{
	return lane_of_tid(m, PID)->proc->label.shown;
}

/* Let a thread spend [from, from + ns) in a state, all of it settled. */
static inline uint64_t spend(uint32_t tid, uint64_t from, uint64_t ns, enum state s)
{
	switch (s) {
	case STATE_USER: /* a call of no length settles what went before */
		feed(m, mk_call(CALL_futex, tid, from + ns, 0, -1, 0));
		break;
	case STATE_KERNEL:
		feed(m, mk_call(CALL_futex, tid, from, ns, -1, 0));
		break;
	case STATE_COPY: {
		struct event ev = mk_call(CALL_read, tid, from, 0, 3, 1);

		add_part(&ev, SEG_COPY, ns);
		feed(m, ev);
		break;
	}
	case STATE_SPIN: {
		struct event ev = mk_spin(CALL_read, tid, from, from + ns, 4, ns / 1000 + 1);

		ev.spin.ending = true;
		feed(m, ev);
		break;
	}
	default:
		feed(m, mk_out(tid, from, s));
		feed(m, mk_in(tid, from, s == STATE_RUNNABLE ? from : from + ns, from + ns, s));
	}
	return from + ns;
}

#endif
