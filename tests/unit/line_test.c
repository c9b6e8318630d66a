/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raw lines: every event that the writer writes is the same event again when
 * it is read, for many thousand random ones of every kind.  Lines that are cut
 * off or damaged are told from lines of kinds that are not known.
 */
#include "pure_line.h"

#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "make.h"
#include "reader.h"

static struct out *out;
static struct json_writer *writer;
static struct model *model;
static struct rng r;
static char names[32];

static int setup(void **state)
{
	static const struct trace_info info = {.t0_ns = T0};
	(void)state;

	r = (struct rng){11};
	model = mk_model();
	out = out_memory();
	return json_writer_new(&writer, out, model, &info, JSON_LINES, DERIVED_NONE);
}

static int teardown(void **state)
{
	(void)state;
	json_writer_free(writer);
	out_close(out);
	model_free(model);
	return 0;
}

/* The event as one line without its end; the caller frees it. */
static char *line_of(const struct event *ev, size_t *ret_len)
{
	size_t before, after;
	const char *bytes;
	char *line;

	out_bytes(out, &before);
	assert_int_equal(json_writer_event(writer, ev), 0);
	bytes = out_bytes(out, &after);
	line = strndup(bytes + before, after - before);
	assert_non_null(line);
	*ret_len = after - before - 1;
	assert_int_equal(line[*ret_len], '\n');
	line[*ret_len] = 0;
	return line;
}

/* --- random events, as they come out of event_decode() --- */

static uint64_t some(unsigned bits)
{
	return rng_below(&r, 3) ? rng_below(&r, 9) : rng_next(&r) >> (64 - rng_below(&r, bits) - 1);
}

static uint64_t a_time(void)
{
	return T0 - SEC + some(50);
}

static void random_task(struct event *ev)
{
	struct ev_task *k = &ev->task;

	k->op = TASK_SEED + (uint32_t)rng_below(&r, TASK_FILES);
	k->start_ns = some(64);
	k->flags = (uint32_t)rng_below(&r, 8);
	k->files = (uint32_t)some(32);
	k->old_tid = (uint32_t)some(22);
	k->nvcsw = (uint32_t)some(32);
	k->nivcsw = (uint32_t)some(32);
	k->global_tid = (uint32_t)some(22);
	if (k->op == TASK_NEW) {
		k->ptid = (uint32_t)some(22);
		k->ptgid = (uint32_t)some(22);
		k->clone_flags = some(64);
	}
	if (k->op == TASK_EXIT)
		k->code = (int32_t)rng_next(&r);
	for (uint64_t i = 0, n = rng_below(&r, REC_COMM); i < n; i++) {
		k->comm[i] =
			rng_below(&r, 4) ? "ab\\x\"0\n "[rng_below(&r, 8)] : (char)rng_next(&r);
		if (!k->comm[i])
			k->comm[i] = '\\';
	}
}

static void random_flags(uint16_t *ret_flags, int32_t *ret_fd, uint64_t *ret_asked)
{
	*ret_flags = (uint16_t)(rng_next(&r) &
				(CALLF_NONBLOCK | CALLF_OPEN_START | CALLF_COMPAT | CALLF_HARVEST |
				 CALLF_NO_ENTER | CALLF_FD | CALLF_ASKED));
	*ret_fd = *ret_flags & CALLF_FD ? (int32_t)some(31) : -1;
	*ret_asked = *ret_flags & CALLF_ASKED ? some(64) : 0;
}

static void random_sleep(struct event *ev)
{
	struct ev_sleep *s = &ev->sleep;

	random_flags(&s->flags, &s->fd, &s->asked);
	s->enter_ns = ev->t_ns - some(40);
	s->nr = (uint32_t)rng_below(&r, 500);
	s->call = (uint16_t)rng_below(&r, CALL_COUNT);
	s->state = (uint8_t)rng_below(&r, STATE_COUNT);
}

static void random_sched(struct event *ev)
{
	struct ev_sched *s = &ev->sched;

	s->dir = (uint8_t)rng_below(&r, 2);
	s->wake_ns = s->dir ? ev->t_ns - rng_span(&r) : ev->t_ns;
	s->off_ns = s->dir ? s->wake_ns - rng_span(&r) : ev->t_ns;
	s->waker = (uint32_t)some(22);
	s->nr = (int32_t)rng_below(&r, 400) - 1;
	s->prev_state = (uint32_t)some(32);
	s->state = (uint8_t)rng_below(&r, STATE_COUNT);
	s->waker_kind = (uint8_t)rng_below(&r, WAKER_IRQ + 1);
	s->in_iowait = (uint8_t)rng_below(&r, 2);
}

static void random_phases(struct event *ev)
{
	struct ev_call *c = &ev->call;
	uint64_t at = 0;

	c->wait_ns = rng_span(&r);
	c->runq_ns = rng_span(&r);
	c->copy_ns = rng_span(&r);
	c->cpu_ns = rng_span(&r);
	c->enter_ns = ev->t_ns - c->wait_ns - c->runq_ns - c->copy_ns - c->cpu_ns;
	c->nseg = (uint8_t)(1 + rng_below(&r, REC_SEGS));
	for (unsigned i = 0; i < c->nseg; i++) {
		bool last = i + 1 == c->nseg;

		c->seg[i] = at << 4 | rng_below(&r, last ? SEG_COUNT : SEG_MIXED);
		at += rng_below(&r, ev_call_dur_ns(ev) - at + 1);
	}
}

static void random_call(struct event *ev)
{
	static const int64_t errors[] = {-11, -4, -32, -512, -513, -514, -516, -515, -4095};
	struct ev_call *c = &ev->call;

	random_flags(&c->flags, &c->fd, &c->asked);
	random_phases(ev);
	c->ret = rng_below(&r, 3) ? (int64_t)some(63) : errors[rng_below(&r, COUNT_OF(errors))];
	if (c->ret <= -512 && c->ret >= -516 && c->ret != -515)
		c->flags |= CALLF_RESTART;
	if (!rng_below(&r, 9)) { /* it never returned */
		c->flags = (uint16_t)((c->flags & ~CALLF_RESTART) |
				      (rng_below(&r, 2) ? CALLF_KILLED : CALLF_OPEN_END));
		c->ret = 0;
	}
	c->nr = (uint32_t)rng_below(&r, 500);
	c->sleeps = (uint32_t)some(32);
	c->preempts = (uint32_t)some(32);
	c->waker = (uint32_t)some(22);
	c->waker_kind = (uint8_t)rng_below(&r, WAKER_IRQ + 1);
	c->attempt = (uint16_t)(1 + (rng_below(&r, 3) ? 0 : rng_below(&r, 65535)));
	c->first_ns = c->attempt > 1 ? c->enter_ns - rng_span(&r) : 0;
	c->call = (uint16_t)rng_below(&r, CALL_COUNT);
	c->copy_src = (uint8_t)rng_below(&r, COPY_SRC_COUNT);
}

static void random_spin(struct event *ev)
{
	struct ev_spin *s = &ev->spin;
	uint64_t asked;

	random_flags(&s->flags, &s->fd, &asked);
	s->flags &= (uint16_t)~CALLF_ASKED;
	s->end_ns = ev->t_ns - (rng_below(&r, 2) ? 0 : rng_span(&r));
	s->ts_ns = s->end_ns - rng_span(&r);
	s->run_ns = s->ts_ns - rng_span(&r);
	s->first = rng_below(&r, 2);
	s->runq_ns = s->first ? rng_below(&r, s->end_ns - s->ts_ns + 1) : 0;
	s->count = 1 + some(63);
	s->ret = rng_below(&r, 2) ? -11 : 0;
	s->call = (uint16_t)rng_below(&r, CALL_COUNT);
	s->ending = rng_below(&r, 2);
}

static void random_fd(struct event *ev)
{
	static const char *const some_names[] = {"",
						 "/tmp/a b",
						 "pipe:[5]",
						 "a\\\\b\\xff",
						 "\"",
						 "\xe5\xbf\x99",
						 "tcp:1.2.3.4:5->[::1]:6"};
	struct ev_fd *d = &ev->fd;

	d->op = (uint8_t)(FDOP_IS + rng_below(&r, 3));
	d->files = (uint32_t)some(32);
	d->fd = (int32_t)some(31);
	d->name = TEXT("");
	d->last = d->op == FDOP_RANGE	? (uint32_t)some(32)
		  : d->op == FDOP_CLOSE ? (uint32_t)d->fd
					: 0;
	if (d->op != FDOP_IS)
		return;
	d->kind = (uint8_t)rng_below(&r, FDK_COUNT);
	d->o_flags = (uint32_t)some(32);
	d->mode = (uint16_t)some(16);
	d->ino = some(64);
	d->partial = rng_below(&r, 2);
	snprintf(names, sizeof(names), "%s", some_names[rng_below(&r, COUNT_OF(some_names))]);
	d->name = TEXT(names);
}

static struct event random_event(unsigned kind)
{
	struct event ev = {.kind = (uint16_t)kind, .t_ns = a_time(), .cpu = (uint16_t)some(16)};

	ev.tid = (uint32_t)some(22);
	ev.tgid = (uint32_t)some(22);
	if (kind == EV_TASK)
		random_task(&ev);
	else if (kind == EV_SLEEP)
		random_sleep(&ev);
	else if (kind == EV_SCHED)
		random_sched(&ev);
	else if (kind == EV_CALL)
		random_call(&ev);
	else if (kind == EV_SPIN)
		random_spin(&ev);
	else if (kind == EV_FD)
		random_fd(&ev);
	else if (kind == EV_LOSS)
		ev.loss = (struct ev_loss){ev.t_ns - rng_span(&r), some(64), some(64),
					   (uint32_t)(1 + rng_below(&r, LOSS_CAUSES - 1))};
	assert_int_equal(event_check(&ev), 0);
	return ev;
}

/* --- tests --- */

static void same(const struct event *a, const struct event *b, const char *line)
{
	struct event x = *a, y = *b;

	if (a->kind == EV_FD) { /* the names stand in different places */
		assert_int_equal(a->fd.name.len, b->fd.name.len);
		assert_memory_equal(a->fd.name.p, b->fd.name.p, a->fd.name.len);
		x.fd.name = y.fd.name = (struct text){0};
	}
	if (memcmp(&x, &y, sizeof(x)))
		fail_msg("read otherwise than written: %s", line);
}

static void round_trip(unsigned kind, int times)
{
	struct line_result *got = malloc(sizeof(*got));

	assert_non_null(got);
	while (times--) {
		struct event ev = random_event(kind);
		size_t len;
		char *line = line_of(&ev, &len), *copy = strdup(line);
		enum line_kind k = line_parse(copy, len, T0, got);

		if (k != LINE_EVENT)
			fail_msg("not taken for an event (%d): %s", (int)k, line);
		same(&ev, &got->ev, line);
		free(line);
		free(copy);
	}
	free(got);
}

#define ROUND_TRIP(name, kind)                                                                     \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		round_trip(kind, 4000);                                                            \
	}
ROUND_TRIP(task, EV_TASK)
ROUND_TRIP(sleep, EV_SLEEP)
ROUND_TRIP(sched, EV_SCHED)
ROUND_TRIP(call, EV_CALL)
ROUND_TRIP(spin, EV_SPIN)
ROUND_TRIP(fd, EV_FD)
ROUND_TRIP(loss, EV_LOSS)
ROUND_TRIP(tick, EV_TICK)

/* Another reader takes each line too. */
static void test_valid_json(void **state)
{
	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct event ev = random_event(EV_TASK + (unsigned)rng_below(&r, EV_TICK));
		size_t len;
		char *line = line_of(&ev, &len);
		/* jansson has no integers past 2^63 - 1 */
		json_t *j = json_loadb(line, len, JSON_DECODE_INT_AS_REAL, NULL);

		if (!j)
			fail_msg("not JSON: %s", line);
		assert_non_null(json_object_get(j, "ph"));
		assert_non_null(json_object_get(j, "args"));
		json_decref(j);
		free(line);
	}
}

/* A line that is cut off anywhere is broken, or whole but for its closing brackets. */
static void test_truncated(void **state)
{
	struct line_result *got = malloc(sizeof(*got));
	(void)state;

	assert_non_null(got);
	for (unsigned kind = EV_TASK; kind <= EV_TICK; kind++) {
		for (int i = 0; i < 20; i++) {
			struct event ev = random_event(kind);
			size_t len;
			char *line = line_of(&ev, &len);

			for (size_t cut = 0; cut < len; cut++) {
				char *copy = strndup(line, cut);
				enum line_kind k = line_parse(copy, cut, T0, got);

				if (k == LINE_EVENT)
					same(&ev, &got->ev, line);
				else
					assert_int_equal(k, LINE_BROKEN);
				free(copy);
			}
			free(line);
		}
	}
	free(got);
}

/* Any damage: the parser says something, reads nothing outside, and lets no bad event pass. */
static void test_damaged(void **state)
{
	struct line_result *got = malloc(sizeof(*got));
	unsigned kinds[4] = {0};
	(void)state;

	assert_non_null(got);
	for (int i = 0; i < 30000; i++) {
		struct event ev = random_event(EV_TASK + (unsigned)rng_below(&r, EV_TICK));
		size_t len;
		char *line = line_of(&ev, &len);

		for (uint64_t n = 1 + rng_below(&r, 3); n; n--)
			line[rng_below(&r, len)] = "{}[]\",:-0a\\\0"[rng_below(&r, 12)];
		line = realloc(line, len); /* no NUL behind it */
		enum line_kind k = line_parse(line, len, T0, got);
		kinds[k == LINE_EVENT ? 0 : k == LINE_SKIP ? 1 : k == LINE_BROKEN ? 2 : 3]++;
		if (k == LINE_EVENT)
			assert_int_equal(event_check(&got->ev), 0);
		free(line);
	}
	assert_true(kinds[0] > 100 && kinds[1] > 100 && kinds[2] > 1000);
	free(got);
}

static enum line_kind parse(const char *line, struct line_result *got)
{
	static char copy[2048];
	size_t len = strlen(line);

	assert_true(len < sizeof(copy));
	memcpy(copy, line, len + 1);
	return line_parse(copy, len, T0, got);
}

static void test_skipped(void **state)
{
	static const char *const lines[] = {
		/* derived kinds */
		"{\"ph\":\"X\",\"cat\":\"phase\",\"name\":\"wait\",\"pid\":1,\"tid\":1,\"ts\":1,"
		"\"dur\":2}",
		"{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":1,\"args\":{\"name\":"
		"\"x\"}}",
		"{\"ph\":\"i\",\"s\":\"t\",\"cat\":\"label\",\"name\":\"running\",\"pid\":1,"
		"\"tid\":1,"
		"\"ts\":5.000,\"args\":{\"evidence\":\"}\\\"\"}}",
		"{\"ph\":\"b\",\"cat\":\"state\",\"name\":\"user\",\"id2\":{\"local\":\"0x1\"},"
		"\"ts\":1}",
		/* kinds of a later version */
		"{\"ph\":\"M\",\"name\":\"iotrace.rec\",\"pid\":1,\"tid\":1,\"args\":{\"k\":"
		"\"fault\"}}",
		"{\"ph\":\"X\",\"cat\":\"io\",\"name\":\"newcall\",\"pid\":1,\"tid\":1,\"ts\":1,"
		"\"dur\":1,"
		"\"args\":{}}",
		"{\"ph\":\"Q\",\"anything\":[{\"x\":null}],\"args\":{\"y\":1e-5}}", "{}"};
	struct line_result got;
	(void)state;

	for (size_t i = 0; i < COUNT_OF(lines); i++)
		if (parse(lines[i], &got) != LINE_SKIP)
			fail_msg("not skipped: %s", lines[i]);
	assert_int_equal(parse("", &got), LINE_BROKEN);
	assert_int_equal(parse("[]", &got), LINE_BROKEN);
	assert_int_equal(parse("nonsense", &got), LINE_BROKEN);
	assert_int_equal(parse("{\"ph\":\"X\",\"cat\":\"io\"", &got), LINE_BROKEN);
}

/* Keys that are not known are stepped over, wherever they stand. */
static void test_unknown_keys(void **state)
{
	struct line_result got;
	(void)state;

	assert_int_equal(
		parse("{\"new\":[1,{\"a\":\"]\"}],\"ph\":\"X\",\"cat\":\"io\",\"name\":\"read\","
		      "\"pid\":7,\"tid\":8,\"ts\":1.000,\"dur\":0.005,\"args\":{\"later\":{\"x\":[]"
		      "},"
		      "\"cpu_ns\":5,\"ret\":3,\"segs\":[[0,\"cpu\"]],\"more\":null}}",
		      &got),
		LINE_EVENT);
	assert_int_equal(got.ev.kind, EV_CALL);
	assert_int_equal(got.ev.tgid, 7);
	assert_int_equal(got.ev.tid, 8);
	assert_int_equal(got.ev.call.enter_ns, T0 + 1000);
	assert_int_equal(got.ev.t_ns, T0 + 1005);
	assert_int_equal(got.ev.call.ret, 3);
	assert_int_equal(got.ev.call.fd, -1);
}

/* Another program may have written the keys anew in an order of its own. */
static void test_order_of_keys(void **state)
{
	struct line_result got;
	(void)state;

	assert_int_equal(
		parse("{\"args\":{\"k\":\"task\",\"comm\":\"a\\\\\\\\\\u0022b\",\"op\":\"name\","
		      "\"t\":5},\"name\":\"iotrace.rec\",\"ph\":\"M\",\"pid\":7,\"tid\":8}",
		      &got),
		LINE_EVENT);
	assert_int_equal(got.ev.kind, EV_TASK);
	assert_int_equal(got.ev.tid, 8);
	assert_string_equal(got.ev.task.comm, "a\\\"b");
}

/* An event that lies is damage, not a surprise for the model. */
static void test_event_is_checked(void **state)
{
	struct line_result got;
	(void)state;

	assert_int_equal(parse("{\"ph\":\"X\",\"cat\":\"io\",\"name\":\"read\",\"pid\":7,\"tid\":8,"
			       "\"ts\":1.000,\"dur\":0.005,\"args\":{\"cpu_ns\":4,"
			       "\"segs\":[[0,\"cpu\"]]}}",
			       &got),
			 LINE_BROKEN);
	assert_int_equal(parse("{\"ph\":\"X\",\"cat\":\"io\",\"name\":\"read\",\"pid\":7,\"tid\":8,"
			       "\"ts\":1.000,\"dur\":0.005,\"args\":{\"cpu_ns\":5,"
			       "\"segs\":[[0,\"cpu\"],[9,\"copy\"]]}}",
			       &got),
			 LINE_BROKEN);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_task),	      T(test_sleep),	     T(test_sched),
		T(test_call),	      T(test_spin),	     T(test_fd),
		T(test_loss),	      T(test_tick),	     T(test_valid_json),
		T(test_truncated),    T(test_damaged),	     T(test_skipped),
		T(test_unknown_keys), T(test_order_of_keys), T(test_event_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
