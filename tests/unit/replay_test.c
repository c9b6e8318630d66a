/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recording that is read and recorded again gives the same bytes, in every
 * form and by way of every form (decisions.md 15).
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "recording.h"
#include "tape.h"

static char path[] = "/tmp/iotrace-json.XXXXXX";

static void save(const struct tape *t)
{
	size_t len;
	const char *p = out_bytes(t->out, &len);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Read the file and record it again, as the replay does. */
static void record_again(struct tape *t, enum json_format f, enum json_derived d)
{
	struct model_stats st = {0};
	struct recording *r;
	struct event ev;
	int got;

	if (recording_open(path, &r))
		fail_msg("%s", recording_error());
	tape_begin(t, recording_info(r), f, d);
	while ((got = recording_next(r, &ev)) > 0)
		tape_event(t, &ev);
	if (got < 0)
		fail_msg("%s", recording_error());
	st.known = recording_stats(r, st.by_class);
	model_set_stats(t->m, &st);
	tape_finish(t, recording_complete(r));
	recording_close(r);
}

static void same_bytes(const struct tape *a, const struct tape *b)
{
	size_t la, lb;
	const char *pa = out_bytes(a->out, &la), *pb = out_bytes(b->out, &lb);

	for (size_t i = 0, line = 0; i < la && i < lb; i++) {
		if (pa[i] != pb[i])
			fail_msg("differ at %zu:\n%.300s\n%.300s", i, pa + line, pb + line);
		if (pa[i] == '\n')
			line = i + 1;
	}
	assert_int_equal(la, lb);
}

static void test_replay(void **state)
{
	static const enum json_format formats[] = {JSON_ARRAY, JSON_LINES};
	static const enum json_derived derived[] = {DERIVED_DEFAULT, DERIVED_ALL, DERIVED_NONE};
	struct tape first[6], again;
	struct model_stats st = {.known = true};
	int fd = mkstemp(path);
	(void)state;

	assert_true(fd >= 0);
	close(fd);
	for (int i = 0; i < 6; i++) {
		st.by_class[PC_CALL].seen = 12345;
		tape_begin(&first[i], &tape_info, formats[i % 2], derived[i / 2]);
		tape_story(&first[i], 33, 3000);
		model_set_stats(first[i].m, &st);
		tape_finish(&first[i], i != 5); /* one was cut short */
	}
	for (int i = 0; i < 6; i++) {
		save(&first[i]);
		/* the same form gives the same bytes */
		record_again(&again, formats[i % 2], derived[i / 2]);
		same_bytes(&first[i], &again);
		tape_free(&again);
	}
	/* and so does any other form on the way */
	save(&first[1]);
	record_again(&again, JSON_ARRAY, DERIVED_ALL);
	same_bytes(&first[2], &again);
	tape_free(&again);
	save(&first[2]);
	record_again(&again, JSON_LINES, DERIVED_DEFAULT);
	same_bytes(&first[1], &again);
	tape_free(&again);
	for (int i = 0; i < 6; i++)
		tape_free(&first[i]);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
