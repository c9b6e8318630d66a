/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: what every option means, and that a bad one gives status 2
 * and a sentence.  Also the words for times, sizes and sets of calls.
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>

#include "make.h"
#include "names.h"

#define MAX_WORDS 24

static struct options o;
static char err[512];
static char line_copy[1024];
static char *words[MAX_WORDS];

/* Parse a line whose words are parted by '|'. */
static int parse(const char *line)
{
	int n = 0;

	options_free(&o);
	words[n++] = "iotrace";
	strcpy(line_copy, line);
	for (char *w = strtok(line_copy, "|"); w; w = strtok(NULL, "|")) {
		assert_true(n + 1 < MAX_WORDS);
		words[n++] = w;
	}
	words[n] = NULL;
	return options_parse(n, words, &o, err, sizeof(err));
}

static void good(const char *line)
{
	int status = parse(line);

	if (status)
		fail_msg("%s: %s", line, err);
	assert_string_equal(err, "");
}

/* Status 2, and a sentence in which `word` stands. */
static void bad(const char *line, const char *word)
{
	int status = parse(line);

	if (status != 2)
		fail_msg("'%s' was taken", line);
	assert_true(strlen(err) > 15);
	if (!strstr(err, word))
		fail_msg("'%s' gives '%s' without '%s'", line, err, word);
}

static void test_defaults(void **state)
{
	(void)state;
	good("");
	assert_int_equal(o.n_ids, 0);
	assert_null(o.read_path);
	assert_null(o.command);
	assert_int_equal(o.n_outputs, 0);
	assert_true(o.speed == 1);
	assert_int_equal(o.interval_ns, SEC);
	assert_int_equal(o.window_ns, SEC);
	assert_int_equal(o.duration_ns, 0);
	assert_int_equal(o.buffer_bytes, 16 << 20);
	for (int i = 0; i < CALL_COUNT; i++)
		assert_true(o.call_wanted[i]);
	assert_int_equal(o.color, COLOR_AUTO);
	assert_false(o.follow || o.batch || o.summary || o.live || o.ascii || o.help);
}

static void test_ids(void **state)
{
	static const pid_t want[] = {1, 2, 3, 44, 5};
	static const bool tid[] = {false, false, false, false, true};
	(void)state;

	good("-p|1,2 3|--pid|44|-t5");
	assert_int_equal(o.n_ids, 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(o.ids[i], want[i]);
		assert_int_equal(o.is_tid[i], tid[i]);
	}
	good("-p|7\n8\n"); /* as $(pgrep x) gives them */
	assert_int_equal(o.n_ids, 2);
	assert_int_equal(o.ids[1], 8);
	good("--tid=9,");
	assert_int_equal(o.n_ids, 1);
	assert_true(o.is_tid[0]);
	bad("-p|nginx", "nginx");
	bad("-p|12x", "12x");
	bad("-p|0", "process id");
	bad("-p|-5", "-5");
	bad("-p|99999999", "99999999");
	bad("-t|1,foo", "thread id");
	bad("-p|,", "is the program running");
	bad("-p", "value");
}

static void test_sources(void **state)
{
	(void)state;
	good("-f|--|ls|-l|--color");
	assert_true(o.follow);
	assert_string_equal(o.command[0], "ls");
	assert_string_equal(o.command[1], "-l");
	assert_string_equal(o.command[2], "--color");
	assert_null(o.command[3]);
	assert_int_equal(o.color, COLOR_AUTO); /* the command's own */
	good("-r|a.json|--speed|0.1");
	assert_string_equal(o.read_path, "a.json");
	assert_true(o.speed == 0.1);
	good("--read=a.json|--speed=max");
	assert_true(o.speed == 0);
	bad("--", "command");
	bad("-p|1|--|ls", "exclude");
	bad("-r|a|-p|1", "exclude");
	bad("-r|a|--|ls", "exclude");
	bad("-r|a|-f", "live");
	bad("-r|a|-d|5", "live");
	bad("-r|a|--min|5ms", "live");
	bad("-r|a|--speed|0", "--speed");
	bad("-r|a|--speed|-1", "--speed");
	bad("-r|a|--speed|2x", "2x");
	bad("ls|-l", "'ls'");
	bad("-", "'-'");
}

static void test_outputs(void **state)
{
	(void)state;
	good("-p|1|-o|a.json|-o|b.ndjson|--output=c.jsonl|-o-");
	assert_int_equal(o.n_outputs, 4);
	assert_string_equal(o.output[0].path, "a.json");
	assert_int_equal(o.output[0].format, FORMAT_JSON);
	assert_int_equal(o.output[1].format, FORMAT_NDJSON);
	assert_int_equal(o.output[2].format, FORMAT_NDJSON);
	assert_string_equal(o.output[3].path, "-");
	assert_int_equal(o.output[3].format, FORMAT_NDJSON);
	good("-p|1|-o|x.data|--format|json");
	assert_int_equal(o.output[0].format, FORMAT_JSON);
	good("-p|1|--format=ndjson|-o|x.json");
	assert_int_equal(o.output[0].format, FORMAT_NDJSON);
	bad("-p|1|-o|x.txt", "x.txt");
	bad("-p|1|-o|json", "suffix");
	bad("-p|1|--format|xml|-o|a", "xml");
	bad("-p|1|-o", "value");
	bad("-p|1|--output=", "file");
	bad("-o-|-o-|-o-|-o-|-o-|-o-|-o-|-o-|-o-|-o-|-o-|-o-|-o-|-o-|-o-|-o-|-o-", "16");
}

static void test_flags(void **state)
{
	(void)state;
	good("-bfq|-v|--ascii|--no-mouse|--exit|--keep|--tty|--live");
	assert_true(o.batch && o.follow && o.quiet && o.verbose && o.ascii && o.no_mouse);
	assert_true(o.exit_at_end && o.keep && o.tty && o.live);
	assert_false(o.summary);
	good("-c");
	assert_true(o.summary && !o.live);
	good("-C");
	assert_true(o.summary && o.live); /* the table as well as the screen */
	good("--batch|--follow|--quiet|--verbose|--summary");
	assert_true(o.batch && o.follow && o.quiet && o.verbose && o.summary);
	good("-V");
	assert_true(o.version);
	good("--check");
	assert_true(o.check);
	good("-h|-p|1|-r|x"); /* help first, complaints never */
	assert_true(o.help);
	bad("--batch=yes", "no value");
	bad("-bz", "-z");
	bad("--nonsense", "--nonsense");
}

static void test_words(void **state)
{
	(void)state;
	good("--color=always|--derived=none|--task-state=hash");
	assert_int_equal(o.color, COLOR_ALWAYS);
	assert_int_equal(o.derived, OPT_DERIVED_NONE);
	assert_int_equal(o.task_state, TASK_STATE_HASH);
	good("--color|never|--derived|all|--task-state|storage");
	assert_int_equal(o.color, COLOR_NEVER);
	assert_int_equal(o.derived, OPT_DERIVED_ALL);
	assert_int_equal(o.task_state, TASK_STATE_STORAGE);
	good("--color=auto");
	assert_int_equal(o.color, COLOR_AUTO);
	bad("--color=maybe", "maybe");
	bad("--derived=some", "some");
	bad("--derived=", "--derived");
	bad("--task-state=disk", "disk");
}

static void test_times_and_sizes(void **state)
{
	(void)state;
	good("-p1|-d|1.5|-i|200ms|--min|50us|--window|2s|--buffer-size|64M");
	assert_int_equal(o.duration_ns, 1500 * MS);
	assert_int_equal(o.interval_ns, 200 * MS);
	assert_int_equal(o.min_ns, 50 * US);
	assert_int_equal(o.window_ns, 2 * SEC);
	assert_int_equal(o.buffer_bytes, 64 << 20);
	good("--duration=2m|--interval=1h");
	assert_int_equal(o.duration_ns, 120 * SEC);
	assert_int_equal(o.interval_ns, 3600 * SEC);
	bad("-d|soon", "soon");
	bad("-d|5 s", "5 s");
	bad("-d|0", "--duration");
	bad("-i|-1", "--interval");
	bad("--window|1e300", "--window");
	bad("--buffer-size|big", "big");
	bad("--buffer-size|0", "--buffer-size");
	bad("--buffer-size|4X", "4X");
	bad("--buffer-size|1e300", "1e300");
}

static void test_time_words(void **state)
{
	static const struct {
		const char *s;
		uint64_t ns;
	} rows[] = {{"10", 10 * SEC},  {"1.5s", 1500 * MS}, {"20ms", 20 * MS},
		    {"3us", 3 * US},   {"7ns", 7},	    {".5", 500 * MS},
		    {"2m", 120 * SEC}, {"1h", 3600 * SEC},  {"0.0015ms", 1500}};
	static const char *const wrong[] = {
		"",    "s",   "ms", "-1", "+1",	  "1.2.3", "1S",
		"nan", "inf", " 1", "1 ", "0x10", "1d",	   "9999999999999s"};
	uint64_t ns;
	(void)state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_true(parse_time_ns(rows[i].s, &ns));
		assert_int_equal(ns, rows[i].ns);
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		if (parse_time_ns(wrong[i], &ns))
			fail_msg("'%s' is no time", wrong[i]);
}

static void test_size_words(void **state)
{
	static const struct {
		const char *s;
		uint64_t bytes;
	} rows[] = {{"4096", 4096},   {"64K", 65536},	 {"64k", 65536},  {"8M", 8 << 20},
		    {"1G", 1 << 30},  {"1.5M", 3 << 19}, {"64KB", 65536}, {"64KiB", 65536},
		    {"64kib", 65536}, {"0", 0}};
	static const char *const wrong[] = {"",	     "K",   "-1",   "1Ki", "1T",   "64KX",
					    "1e300", "nan", "0x40", "1 K", "9e15G"};
	uint64_t n;
	(void)state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_true(parse_size_bytes(rows[i].s, &n));
		assert_int_equal(n, rows[i].bytes);
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		if (parse_size_bytes(wrong[i], &n))
			fail_msg("'%s' is no size", wrong[i]);
}

/* Wanted exactly the calls for which `want` says so. */
static void wanted(bool (*want)(unsigned call))
{
	for (unsigned i = 0; i < CALL_COUNT; i++)
		if (o.call_wanted[i] != want(i))
			fail_msg("%s is %swanted", call_name(i), o.call_wanted[i] ? "" : "not ");
}

static bool is_read_or_write(unsigned c)
{
	return call_family(c) == FAMILY_READ || call_family(c) == FAMILY_WRITE;
}

static bool is_read_family_without_read(unsigned c)
{
	return call_family(c) == FAMILY_READ && c != CALL_read;
}

static bool is_all_but_futex_and_wait4(unsigned c)
{
	return c != CALL_futex && c != CALL_wait4;
}

static bool is_not_ready(unsigned c)
{
	return call_family(c) != FAMILY_READY;
}

static bool is_poll_or_accept4(unsigned c)
{
	return c == CALL_poll || c == CALL_accept4;
}

static bool is_any(unsigned c)
{
	(void)c;
	return true;
}

static void test_sets(void **state)
{
	char set[64];
	(void)state;

	good("-e|%read,%write");
	wanted(is_read_or_write);
	good("-e|%read,!read");
	wanted(is_read_family_without_read);
	good("-e|!futex,!wait4");
	wanted(is_all_but_futex_and_wait4);
	good("--trace=!%ready");
	wanted(is_not_ready);
	good("-epoll,accept4");
	wanted(is_poll_or_accept4);
	good("-e|all");
	wanted(is_any);
	for (unsigned f = 0; f < FAMILY_COUNT; f++) {
		snprintf(set, sizeof(set), "-e|%%%s", family_name((enum family)f));
		good(set);
	}
	for (unsigned c = 0; c < CALL_COUNT; c++) {
		snprintf(set, sizeof(set), "-e|%s", call_name(c));
		good(set);
		for (unsigned d = 0; d < CALL_COUNT; d++)
			assert_int_equal(o.call_wanted[d], c == d);
	}
	bad("-e|reed", "reed");
	bad("-e|%disk", "%disk");
	bad("-e|read,,write", "call");
	bad("--trace=", "set of calls");
	bad("-e|!", "call");
}

static void test_shortened(void **state)
{
	(void)state;
	good("--asc");
	assert_true(o.ascii);
	good("--summary"); /* whole, although --summary-too begins so */
	assert_true(o.summary && !o.live);
	good("--summary-");
	assert_true(o.summary && o.live);
	good("--buf=1M");
	assert_int_equal(o.buffer_bytes, 1 << 20);
	bad("--su", "several");
	bad("--s", "several");
	bad("--=3", "several");
}

static void test_help(void **state)
{
	static const char *const shown[] = {"-p, --pid",
					    "-t, --tid",
					    "-f, --follow",
					    "-r, --read",
					    "--speed",
					    "-o, --output",
					    "--format",
					    "-b, --batch",
					    "-i, --interval",
					    "-c, --summary",
					    "-C, --summary-too",
					    "--live",
					    "--derived",
					    "-e, --trace",
					    "--min",
					    "-d, --duration",
					    "--window",
					    "--buffer-size",
					    "--color",
					    "--ascii",
					    "--no-mouse",
					    "--exit",
					    "--keep",
					    "--tty",
					    "--check",
					    "-q, --quiet",
					    "-v, --verbose",
					    "-V, --version",
					    "-h, --help"};
	char *text = options_help();
	(void)state;

	assert_non_null(text);
	for (size_t i = 0; i < COUNT_OF(shown); i++)
		if (!strstr(text, shown[i]))
			fail_msg("the help does not tell of %s", shown[i]);
	for (const char *p = text; *p;) { /* fits a terminal of 100 columns */
		size_t len = strcspn(p, "\n");

		assert_true(len <= 100);
		p += len + (p[len] == '\n');
	}
	free(text);
	assert_non_null(strstr(options_usage(), "sudo iotrace -p"));
}

static int teardown(void **state)
{
	(void)state;
	options_free(&o);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),	cmocka_unit_test(test_ids),
		cmocka_unit_test(test_sources),		cmocka_unit_test(test_outputs),
		cmocka_unit_test(test_flags),		cmocka_unit_test(test_words),
		cmocka_unit_test(test_times_and_sizes), cmocka_unit_test(test_time_words),
		cmocka_unit_test(test_size_words),	cmocka_unit_test(test_sets),
		cmocka_unit_test(test_shortened),	cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
