/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writer of recordings, read by jansson: header, raw lines byte by byte,
 * what is derived by default, marks, and the lost counts of the summary.
 */
#include "tape.h"

/* --- form --- */

static void test_header(void **state)
{
	struct tape t;
	json_t *all, *h;
	const json_t *a;
	(void)state;

	tape_begin(&t, &tape_info, JSON_ARRAY, DERIVED_DEFAULT);
	tape_finish(&t, false);
	all = objects(&t, JSON_ARRAY);
	assert_int_equal(json_array_size(all), 1);
	h = json_array_get(all, 0);
	assert_string_equal(str_of(h, "ph"), "M");
	assert_string_equal(str_of(h, "name"), "iotrace");
	a = args_of(h);
	assert_int_equal(int_of(a, "schema"), SCHEMA_VERSION);
	assert_string_equal(str_of(a, "version"), "1.2");
	assert_string_equal(str_of(a, "kernel"), "6.18.0");
	assert_string_equal(str_of(a, "clock"), "monotonic");
	assert_int_equal(int_of(a, "t0_ns"), T0);
	assert_int_equal(int_of(a, "epoch_offset_ns"), -123456789012345678);
	assert_int_equal(int_of(a, "window_ns"), SEC);
	assert_string_equal(json_string_value(json_array_get(json_object_get(a, "command"), 2)),
			    "a \"b\"\\xff");
	assert_string_equal(str_of(json_object_get(a, "probes"), "sched_switch"), "on");
	assert_string_equal(str_of(json_object_get(a, "probes"), "copy_to_iter"),
			    "off: not in this kernel");
	json_decref(all);
	tape_free(&t);
}

/* The bytes of a file without derived events: the form that other programs see. */
static void test_bytes(void **state)
{
	static const char want[] =
		"{\"ph\":\"M\",\"name\":\"iotrace\",\"pid\":0,\"args\":{\"schema\":1,\"version\":"
		"\"\","
		"\"kernel\":\"\",\"arch\":\"\",\"clock\":\"monotonic\",\"t0_ns\":5000000000000,"
		"\"epoch_offset_ns\":0,\"window_ns\":0,\"command\":[],\"probes\":{}}},\n"
		"{\"ph\":\"X\",\"cat\":\"io\",\"name\":\"read\",\"pid\":100,\"tid\":101,"
		"\"ts\":1234.567,\"dur\":0.881,\"args\":{\"family\":\"read\",\"fd\":3,\"ret\":-11,"
		"\"errno\":\"EAGAIN\",\"wait_ns\":800,\"runq_ns\":1,\"copy_ns\":50,\"cpu_ns\":30,"
		"\"copy_src\":\"exact\",\"model\":\"blocking\",\"nonblock\":true,\"sleeps\":1,"
		"\"cpu\":2,"
		"\"segs\":[[0,\"cpu\"],[30,\"wait\"],[830,\"runq\"],[831,\"copy\"]]}},\n"
		"{\"ph\":\"M\",\"name\":\"iotrace.rec\",\"pid\":0,\"tid\":0,\"args\":{\"k\":"
		"\"tick\","
		"\"t\":5000100000000}}\n]\n";
	struct trace_info bare = {.t0_ns = T0};
	struct event ev = mk_slept(CALL_read, PID + 1, T0 + 1234567, 30, 800, 1, 50, 3, -11);
	struct tape t;
	size_t len;
	const char *p;
	(void)state;

	ev.call.flags |= CALLF_NONBLOCK;
	ev.cpu = 2;
	tape_begin(&t, &bare, JSON_ARRAY, DERIVED_NONE);
	tape_event(&t, &ev);
	ev = mk_tick(T0 + TICK_NS);
	tape_event(&t, &ev);
	tape_finish(&t, true); /* no summary either */
	p = out_bytes(t.out, &len);
	assert_memory_equal(p, "[\n", 2);
	assert_int_equal(len - 2, sizeof(want) - 1);
	assert_memory_equal(p + 2, want, sizeof(want) - 1);
	tape_free(&t);
}

static void test_what_is_derived(void **state)
{
	static const struct {
		enum json_format f;
		enum json_derived d;
		bool slices, marks;
	} rows[] = {
		{JSON_ARRAY, DERIVED_DEFAULT, true, true},
		{JSON_LINES, DERIVED_DEFAULT, false, true},
		{JSON_ARRAY, DERIVED_NONE, false, false},
		{JSON_LINES, DERIVED_NONE, false, false},
		{JSON_LINES, DERIVED_ALL, true, true},
	};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct tape t;
		json_t *all;

		tape_begin(&t, &tape_info, rows[i].f, rows[i].d);
		tape_story(&t, 31, 400);
		tape_finish(&t, true);
		all = objects(&t, rows[i].f);
		assert_int_equal(count_kind(all, "X", "phase") > 0, rows[i].slices);
		assert_int_equal(count_kind(all, "b", "state") > 0, rows[i].slices);
		assert_int_equal(count_kind(all, "T", "thread_state") > 0, rows[i].slices);
		assert_int_equal(count_kind(all, "i", "label") > 0, rows[i].marks);
		assert_int_equal(count_kind(all, "i", "loss") > 0, rows[i].marks);
		assert_int_equal(count_kind(all, "i", "summary"), rows[i].marks);
		assert_true(count_kind(all, "X", "io") > 100);
		if (!rows[i].marks) /* nothing but the header and the raw lines */
			assert_int_equal(json_array_size(all), t.n_raw + 1);
		json_decref(all);
		tape_free(&t);
	}
}

/* --- marks and ends --- */

static void test_loss_mark(void **state)
{
	struct event ev = mk_loss(PID, T0 + 1500, T0 + 9000, 40);
	struct tape t;
	json_t *all, *o;
	(void)state;

	ev.loss.records = 2;
	tape_begin(&t, &tape_info, JSON_LINES, DERIVED_DEFAULT);
	tape_event(&t, &ev);
	tape_finish(&t, false);
	all = objects(&t, JSON_LINES);
	assert_int_equal(json_array_size(all), 3); /* no summary: it was cut short */
	assert_string_equal(str_of(args_of(json_array_get(all, 1)), "k"), "loss");
	o = json_array_get(all, 2); /* directly behind what caused it */
	assert_true(is_kind(o, "i", "loss"));
	assert_int_equal(ns_of(o, "ts"), 1500);
	assert_int_equal(int_of(args_of(o), "dropped"), 42);
	assert_string_equal(str_of(args_of(o), "cause"), "ring");
	json_decref(all);
	tape_free(&t);
}

static void test_lost_counts(void **state)
{
	struct model_stats st = {.known = true};
	const json_t *lost;
	struct tape t;
	json_t *all;
	(void)state;

	st.by_class[PC_CALL] = (struct probe_stats){
		.seen = 100, .submitted = 60, .folded = 30, .filtered = 4, .dropped = {0, 3, 2, 1}};
	st.by_class[PC_FD].seen = 7;
	tape_begin(&t, &tape_info, JSON_LINES, DERIVED_DEFAULT);
	model_set_stats(t.m, &st);
	tape_finish(&t, true);
	all = objects(&t, JSON_LINES);
	lost = json_object_get(args_of(json_array_get(all, 1)), "lost");
	assert_int_equal(int_of(lost, "seen"), 100);
	assert_int_equal(int_of(lost, "dropped"), 6);
	assert_int_equal(int_of(lost, "seen"), int_of(lost, "submitted") + int_of(lost, "folded") +
						       int_of(lost, "filtered") +
						       int_of(lost, "dropped"));
	assert_int_equal(int_of(json_object_get(lost, "by_cause"), "ring"), 3);
	assert_int_equal(int_of(json_object_get(json_object_get(lost, "records"), "fd"), "seen"),
			 7);
	json_decref(all);
	tape_free(&t);
}

static void test_file_and_model(void **state)
{
	struct event fd = mk_fd(FDOP_IS, T0, 3, FDK_FILE, "/tmp/\xe5\xbf\x99 \\\\x");
	struct event call = mk_call(CALL_read, PID, T0 + 10, 5, 3, 7), seed;
	const json_t *a;
	struct tape t;
	json_t *all;
	(void)state;

	seed = mk_task(TASK_SEED, PID, T0, "main");
	tape_begin(&t, &tape_info, JSON_LINES, DERIVED_NONE);
	tape_event(&t, &seed);
	tape_event(&t, &fd);
	tape_event(&t, &call);
	all = objects(&t, JSON_LINES);
	a = args_of(json_array_get(all, 3));
	assert_string_equal(str_of(a, "file"), "/tmp/\xe5\xbf\x99 \\\\x");
	assert_string_equal(str_of(a, "model"), "blocking");
	assert_int_equal(int_of(a, "ret"), 7);
	assert_null(json_object_get(a, "errno"));
	json_decref(all);
	tape_free(&t);
}

/* A call that did not return has no result; other readers must not see a 0. */
static void test_no_result(void **state)
{
	struct event ev = mk_call(CALL_read, PID, T0 + 10, 5, 3, 0);
	const json_t *a;
	struct tape t;
	json_t *all;
	(void)state;

	ev.call.flags |= CALLF_KILLED;
	tape_begin(&t, &tape_info, JSON_LINES, DERIVED_NONE);
	tape_event(&t, &ev);
	all = objects(&t, JSON_LINES);
	a = args_of(json_array_get(all, 1));
	assert_null(json_object_get(a, "ret"));
	assert_true(json_is_true(json_object_get(a, "killed")));
	assert_null(json_object_get(a, "open_end"));
	json_decref(all);
	tape_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_what_is_derived), cmocka_unit_test(test_loss_mark),
		cmocka_unit_test(test_lost_counts),	cmocka_unit_test(test_file_and_model),
		cmocka_unit_test(test_no_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
