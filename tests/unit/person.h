/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of ui: a model, a screen of 100 by 30 cells, and a person who
 * types keys while time goes by.
 */
#ifndef IOTRACE_TESTS_PERSON_H
#define IOTRACE_TESTS_PERSON_H

#include "make.h"
#include "ui.h"

#define W 100
#define H 30

static struct model *m;
static struct ui u;
static struct trace_info info = {.t0_ns = T0};
static uint64_t now;

static inline void sync_at(uint64_t t)
{
	struct tui_status s = {.title = "x", .now_ns = t, .live = true, .info = &info};

	now = t;
	ui_sync(&u, m, &s, W, H);
}

static inline int setup(void **state)
{
	(void)state;
	m = mk_model();
	ui_init(&u, false);
	feed(m, mk_task(TASK_SEED, PID, T0, "main"));
	sync_at(T0);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	ui_free(&u);
	model_free(m);
	return 0;
}

static inline enum ui_result key(int k)
{
	enum ui_result r = ui_key(&u, m, k, 0, 0);

	sync_at(now);
	return r;
}

static inline void keys(int k, int times)
{
	while (times--)
		key(k);
}

/* The cell in which `t` is drawn. */
static inline int64_t cell_of(uint64_t t)
{
	uint64_t first = ui_first_ns(&u, m);

	return t >= first ? (int64_t)((t - first) / ui_cell_ns(&u, m)) : -1;
}

static inline void thread(uint32_t tid, uint32_t tgid, uint64_t t)
{
	struct event ev = mk_task(TASK_SEED, tid, t, "thread");

	ev.tgid = tgid;
	feed(m, ev);
}

/* user 100 ms, read: kernel 50, blocked 800, runnable 20, copy 30; user; asleep since 1.5 s */
static inline void a_life(void)
{
	feed(m, mk_slept(CALL_read, PID, T0 + 100 * MS, 50 * MS, 800 * MS, 20 * MS, 30 * MS, 3, 1));
	feed(m, mk_sleep(CALL_read, PID, T0 + 1500 * MS, T0 + 1500 * MS, 3, STATE_BLOCKED));
	sync_at(T0 + 2 * SEC);
}

#endif
