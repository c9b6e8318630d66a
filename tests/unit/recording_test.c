/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading recordings: header, containers, ends that are cut off, damage in the
 * middle, files of other programs and of later versions.
 */
#include "recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "make.h"

#define HEADER                                                                                     \
	"{\"ph\":\"M\",\"name\":\"iotrace\",\"pid\":0,\"args\":{\"schema\":1,\"version\":\"0.1\"," \
	"\"kernel\":\"6.18\",\"arch\":\"x86_64\",\"clock\":\"monotonic\",\"t0_ns\":5000,"          \
	"\"epoch_offset_ns\":-17,\"window_ns\":250,\"command\":[\"ls\"],\"probes\":{}}}"
#define TICK(t)                                                                                    \
	"{\"ph\":\"M\",\"name\":\"iotrace.rec\",\"pid\":0,\"tid\":0,\"args\":{\"k\":\"tick\","     \
	"\"t\":" #t "}}"
#define SUMMARY                                                                                    \
	"{\"ph\":\"i\",\"s\":\"g\",\"cat\":\"summary\",\"name\":\"iotrace\",\"pid\":0,\"tid\":0,"  \
	"\"ts\":1.000,\"args\":{\"processes\":[{\"a\":\"}\"}],\"threads\":[],\"lost\":{\"seen\":"  \
	"9,"                                                                                       \
	"\"submitted\":5,\"folded\":1,\"filtered\":0,\"dropped\":3,\"by_cause\":{\"ring\":3,"      \
	"\"later\":1},\"records\":{\"sched\":{\"seen\":4,\"submitted\":4},\"newer\":{\"seen\":8}}" \
	"}"                                                                                        \
	"}}"

static char path[] = "/tmp/iotrace-recording.XXXXXX";

static int setup(void **state)
{
	int fd = mkstemp(path);
	(void)state;

	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void put(const char *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static struct recording *open_text(const char *text)
{
	struct recording *r = NULL;
	int err;

	put(text, strlen(text));
	err = recording_open(path, &r);
	if (err)
		fail_msg("%s", recording_error());
	return r;
}

/* It cannot be opened: the error, and a sentence that names the file and holds `word`. */
static void refused(const char *text, int want, const char *word)
{
	struct recording *r;

	put(text, strlen(text));
	assert_int_equal(recording_open(path, &r), want);
	assert_null(r);
	assert_non_null(strstr(recording_error(), path));
	if (!strstr(recording_error(), word))
		fail_msg("'%s' without '%s'", recording_error(), word);
}

static void gives_ticks(struct recording *r, uint64_t first, uint64_t last)
{
	struct event ev;

	for (uint64_t t = first; t <= last; t++) {
		assert_int_equal(recording_next(r, &ev), 1);
		assert_int_equal(ev.kind, EV_TICK);
		assert_int_equal(ev.t_ns, t);
	}
}

static void ends(struct recording *r, bool complete)
{
	struct event ev;

	assert_int_equal(recording_next(r, &ev), 0);
	assert_int_equal(recording_next(r, &ev), 0);
	assert_int_equal(recording_complete(r), complete);
	recording_close(r);
}

static void test_header(void **state)
{
	struct recording *r = open_text(HEADER "\n");
	const struct trace_info *i = recording_info(r);
	(void)state;

	assert_int_equal(i->t0_ns, 5000);
	assert_int_equal(i->epoch_offset_ns, -17);
	assert_int_equal(i->window_ns, 250);
	assert_string_equal(i->version, "0.1");
	assert_string_equal(i->kernel, "6.18");
	assert_string_equal(i->arch, "x86_64");
	assert_string_equal(i->header_line, HEADER); /* to be copied verbatim */
	ends(r, false);
}

static void test_containers(void **state)
{
	static const char *const files[] = {
		HEADER "\n" TICK(1) "\n" TICK(2) "\n" SUMMARY "\n",
		"[\n" HEADER ",\n" TICK(1) ",\n" TICK(2) ",\n" SUMMARY "\n]\n",
		"[\n" HEADER ",\n" TICK(1) ",\n" TICK(2) ",\n" SUMMARY,		/* no end */
		"[" HEADER ",\r\n" TICK(1) ",\r\n" TICK(2) ",\r\n" SUMMARY "]", /* other ends */
		"\n\n[\n" HEADER "\n,\n" TICK(1) "\n\n" TICK(2) " , \n" SUMMARY "\n",
	};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(files); i++) {
		struct recording *r = open_text(files[i]);

		gives_ticks(r, 1, 2);
		ends(r, true);
	}
}

/* Cut off anywhere behind the header: whole events before the cut, then the end. */
static void test_cut_off(void **state)
{
	static const char whole[] = "[\n" HEADER ",\n" TICK(1) ",\n" TICK(2) ",\n" SUMMARY "\n]\n";
	size_t first = strstr(whole, TICK(1)) - whole;
	size_t second = strstr(whole, TICK(2)) - whole;
	(void)state;

	for (size_t cut = sizeof("[\n" HEADER) - 1; cut < sizeof(whole); cut++) {
		struct recording *r;
		struct event ev;
		int n = 0, got;

		put(whole, cut);
		assert_int_equal(recording_open(path, &r), 0);
		while ((got = recording_next(r, &ev)) > 0)
			n++;
		assert_int_equal(got, 0);
		/* an object is whole with its last bracket or the one before */
		assert_true(n >= (cut >= first + sizeof(TICK(1)) - 1) +
					 (cut >= second + sizeof(TICK(2)) - 1u));
		assert_true(n <= (cut >= first + sizeof(TICK(1)) - 2) +
					 (cut >= second + sizeof(TICK(2)) - 2u));
		recording_close(r);
	}
}

static void test_damaged(void **state)
{
	struct recording *r = open_text(HEADER "\n" TICK(1) "\n{\"ph\":\"X\",\"cat\n" TICK(2) "\n");
	struct event ev;
	(void)state;

	gives_ticks(r, 1, 1);
	assert_int_equal(recording_next(r, &ev), -EBADMSG);
	assert_non_null(strstr(recording_error(), "line 3"));
	recording_close(r);
}

static void test_skips(void **state)
{
	struct recording *r = open_text(
		HEADER "\n{\"ph\":\"C\",\"name\":\"new\",\"args\":{\"x\":[1.5,null]}}\n" TICK(
			1) "\n"
			   "{\"ph\":\"M\",\"name\":\"iotrace.rec\",\"pid\":1,\"tid\":1,\"args\":{"
			   "\"k\":\"newer\","
			   "\"t\":1}}\n" TICK(2) "\n");
	(void)state;

	gives_ticks(r, 1, 2);
	ends(r, false);
}

static void test_stats(void **state)
{
	struct recording *r = open_text(HEADER "\n" SUMMARY "\n");
	struct probe_stats s[PC_COUNT];
	struct event ev;
	(void)state;

	assert_false(recording_stats(r, s)); /* not before the end */
	assert_int_equal(recording_next(r, &ev), 0);
	assert_true(recording_stats(r, s));
	assert_int_equal(s[PC_CALL].seen, 9);
	assert_int_equal(s[PC_CALL].submitted, 5);
	assert_int_equal(s[PC_CALL].folded, 1);
	assert_int_equal(s[PC_CALL].dropped[LOSS_RING], 3);
	assert_int_equal(s[PC_SCHED].seen, 4);
	assert_int_equal(s[PC_TASK].seen, 0);
	ends(r, true);
}

static void test_refused(void **state)
{
	struct recording *r;
	(void)state;

	refused("", -ENODATA, "empty");
	refused("\n\n", -ENODATA, "not a recording");
	refused("[\n]\n", -EINVAL, "not a recording");
	refused("hello\n", -EINVAL, "not a recording");
	refused("{\"traceEvents\":[]}\n", -EINVAL, "another program");
	refused("[\n{\"ph\":\"X\",\"name\":\"a\",\"ts\":1,\"args\":{}},\n", -EINVAL,
		"another program");
	refused(TICK(1) "\n" HEADER "\n", -EINVAL, "not a recording");
	refused("{\"ph\":\"M\",\"name\":\"iotrace\",\"args\":{\"schema\":2}}\n", -EPROTONOSUPPORT,
		"newer iotrace (schema 2; this one knows 1)");
	refused("{\"ph\":\"M\",\"name\":\"iotrace\",\"args\":{}}\n", -EINVAL, "no schema");
	refused("{\"ph\":\"M\",\"name\":\"iotrace\",\"args\":{\"schema\":1", -EINVAL,
		"not a recording");
	assert_int_equal(recording_open("/nonexistent/file", &r), -ENOENT);
	assert_non_null(strstr(recording_error(), "/nonexistent/file"));
	assert_int_equal(recording_open("/tmp", &r), -EISDIR);
	put("{\"ph\":\"M\"\0}\n", 13);
	assert_int_equal(recording_open(path, &r), -EINVAL);
}

/* A file system that crashed may leave zeros behind what was written. */
static void test_zeros_at_the_end(void **state)
{
	static const char file[300] = HEADER "\n";
	struct recording *r;
	(void)state;

	assert_true(sizeof(HEADER) < sizeof(file));
	put(file, sizeof(file));
	assert_int_equal(recording_open(path, &r), 0);
	ends(r, false);
}

/* A line that is longer than what is read at once, and one across two reads. */
static void test_long_lines(void **state)
{
	size_t big = 3 << 20;
	char *text = malloc(big + 4096), *p = text;
	struct recording *r;
	(void)state;

	assert_non_null(text);
	p += sprintf(p, HEADER "\n" TICK(1) "\n{\"ph\":\"C\",\"name\":\"");
	memset(p, 'x', big);
	p += big;
	sprintf(p, "\"}\n" TICK(2) "\n");
	r = open_text(text);
	gives_ticks(r, 1, 2);
	ends(r, false);
	free(text);
}

static void test_many_lines(void **state)
{
	FILE *f = fopen(path, "w");
	struct recording *r;
	(void)state;

	assert_non_null(f);
	fputs(HEADER "\n", f);
	for (unsigned i = 1; i <= 30000; i++) /* lengths of their own, so that reads cut anywhere */
		fprintf(f,
			"{\"ph\":\"M\",\"name\":\"iotrace.rec\",\"pid\":0,\"tid\":0,\"args\":{"
			"\"k\":\"tick\",\"pad\":\"%.*s\",\"t\":%u}}\n",
			(int)(i % 37), "....................................", i);
	fclose(f);
	assert_int_equal(recording_open(path, &r), 0);
	gives_ticks(r, 1, 30000);
	ends(r, false);
	recording_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),	   cmocka_unit_test(test_containers),
		cmocka_unit_test(test_cut_off),	   cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_skips),	   cmocka_unit_test(test_stats),
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_many_lines), cmocka_unit_test(test_zeros_at_the_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
