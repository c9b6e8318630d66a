/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of words: every number has a word of its own and comes back from
 * it; letters and glyphs tell the states apart; text_escape() makes any bytes
 * printable and text_unescape() brings them back.
 */
#include "names.h"

#include <sys/syscall.h>

#include "make.h"

/* Every word of a table comes back as its number, and no two are the same. */
#define ROUND_TRIP(name, by_name, from, count)                                                     \
	do {                                                                                       \
		for (unsigned i_ = (from); i_ < (count); i_++) {                                   \
			assert_string_not_equal(name(i_), "?");                                    \
			assert_int_equal(by_name(TEXT(name(i_))), i_);                             \
		}                                                                                  \
		assert_string_equal(name(count), "?");                                             \
		assert_int_equal(by_name(TEXT("?")), -1);                                          \
		assert_int_equal(by_name(TEXT("")), -1);                                           \
	} while (0)

static const char *call_word(unsigned c)
{
	return call_name(c);
}

static void test_round_trip(void **state)
{
	(void)state;
	ROUND_TRIP(state_name, state_by_name, 0, STATE_COUNT);
	ROUND_TRIP(segment_name, segment_by_name, 0, SEG_COUNT);
	ROUND_TRIP(copy_src_name, copy_src_by_name, 0, COPY_SRC_COUNT);
	ROUND_TRIP(fd_kind_name, fd_kind_by_name, 0, FDK_COUNT);
	ROUND_TRIP(family_name, family_by_name, 0, FAMILY_COUNT);
	ROUND_TRIP(loss_cause_name, loss_cause_by_name, 1, LOSS_CAUSES);
	ROUND_TRIP(call_word, call_by_name, 0, CALL_COUNT);
	assert_string_equal(call_name(CALL_NONE), "?");
	assert_string_equal(loss_cause_name((enum loss_cause)0), "?");
}

/* A word is looked up by its length: it need not end there. */
static void test_part_of_a_word(void **state)
{
	(void)state;
	assert_int_equal(call_by_name((struct text){"readv", 4}), CALL_read);
	assert_int_equal(call_by_name((struct text){"readv", 5}), CALL_readv);
	assert_int_equal(call_by_name((struct text){"rea", 3}), -1);
}

static void test_states_differ(void **state)
{
	(void)state;
	for (int a = 0; a < STATE_COUNT; a++) {
		assert_true(state_letter((enum state)a) > ' ');
		assert_true(strlen(state_glyph((enum state)a)) > 0);
		for (int b = 0; b < a; b++) {
			assert_int_not_equal(state_letter((enum state)a),
					     state_letter((enum state)b));
			assert_string_not_equal(state_glyph((enum state)a),
						state_glyph((enum state)b));
		}
	}
	assert_int_equal(state_letter(STATE_COUNT), '?');
	assert_string_equal(state_glyph(STATE_COUNT), "?");
}

static void test_slots(void **state)
{
	(void)state;
	for (int s = 0; s < STATE_COUNT; s++)
		assert_int_equal(state_shown(s), s);
	assert_int_equal(state_shown(STATE_RUNNABLE_RUN), STATE_RUNNABLE);
	assert_int_equal(state_shown(STATE_RUNNABLE_SPIN), STATE_RUNNABLE);
	assert_int_equal(state_shown(STATE_SLOTS), STATE_UNKNOWN);
	assert_int_equal(state_shown(-1), STATE_UNKNOWN);
}

/* decisions.md 2: the state of a sleep in a call. */
static void test_sleep_state(void **state)
{
	(void)state;
	assert_int_equal(call_sleep_state(CALL_read), STATE_BLOCKED);
	assert_int_equal(call_sleep_state(CALL_write), STATE_BLOCKED);
	assert_int_equal(call_sleep_state(CALL_openat), STATE_BLOCKED);
	assert_int_equal(call_sleep_state(CALL_io_submit), STATE_BLOCKED);
	assert_int_equal(call_sleep_state(CALL_io_getevents), STATE_IDLE);
	assert_int_equal(call_sleep_state(CALL_epoll_wait), STATE_IDLE);
	assert_int_equal(call_sleep_state(CALL_futex), STATE_IDLE);
	assert_int_equal(call_sleep_state(CALL_pause), STATE_IDLE);
	assert_int_equal(call_sleep_state(CALL_vfork), STATE_IDLE);
	assert_int_equal(call_sleep_state(CALL_io_uring_enter), STATE_IDLE);
	assert_int_equal(call_sleep_state(CALL_NONE), STATE_BLOCKED);
	assert_int_equal(call_family(CALL_epoll_wait), FAMILY_READY);
	assert_int_equal(call_family(CALL_COUNT), FAMILY_OTHER);
	assert_int_equal(call_flags(CALL_COUNT), 0);
	assert_true(call_flags(CALL_pread64) & CF_BYTES);
	assert_false(call_flags(CALL_accept4) & CF_BYTES);
}

static void test_numbers(void **state)
{
	(void)state;
	for (unsigned c = 0; c < CALL_COUNT; c++) {
		int nr = call_nr(c);

		if (nr < 0) /* not on this machine */
			continue;
		assert_string_equal(syscall_nr_name(nr), call_name(c));
		for (unsigned d = 0; d < c; d++)
			assert_int_not_equal(call_nr(d), nr);
	}
	assert_int_equal(call_nr(CALL_read), SYS_read);
	assert_int_equal(call_nr(CALL_compat), -1);
	assert_string_equal(syscall_nr_name(SYS_getpid), "getpid");
	assert_null(syscall_nr_name(-1));
	assert_null(syscall_nr_name(100000));
}

static void test_errno(void **state)
{
	unsigned known = 0;
	(void)state;

	for (int e = 0; e < 1024; e++) {
		const char *name = errno_name(e);

		if (!name)
			continue;
		known++;
		assert_int_equal(errno_by_name(TEXT(name)), e);
	}
	assert_true(known > 80);
	assert_string_equal(errno_name(11), "EAGAIN");
	assert_string_equal(errno_name(4), "EINTR");
	assert_string_equal(errno_name(512), "ERESTARTSYS");
	assert_string_equal(errno_name(516), "ERESTART_RESTARTBLOCK");
	assert_null(errno_name(0));
	assert_null(errno_name(515)); /* ENOIOCTLCMD: no restart */
	assert_int_equal(errno_by_name(TEXT("ENOSUCH")), -1);
}

static void test_models_and_labels(void **state)
{
	(void)state;
	assert_string_equal(label_name(LABEL_BUSY), "busy-waiting");
	assert_string_equal(label_name(LABEL_IDLE), "idle-waiting");
	assert_string_equal(label_name(LABEL_COUNT), "?");
	for (int a = 0; a < LABEL_COUNT; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(label_name((enum label)a),
						label_name((enum label)b));
	assert_string_equal(io_model_name(MODEL_NONBLOCKING), "non-blocking");
	assert_string_equal(io_model_name(MODEL_MAPPED), "memory-mapped");
	assert_string_equal(io_model_name(0), "-");
	assert_string_equal(io_model_name(MODEL_BLOCKING | MODEL_MULTIPLEXED), "-");
}

static void escape_is(const char *bytes, size_t len, const char *want)
{
	char buf[64];
	size_t n = text_escape(buf, sizeof(buf), bytes, len);

	assert_string_equal(buf, want);
	assert_int_equal(n, strlen(want));
}

#define ESCAPE_IS(bytes, want) escape_is(bytes, sizeof(bytes) - 1, want)

static void test_escape(void **state)
{
	(void)state;
	ESCAPE_IS("/tmp/a b", "/tmp/a b");
	ESCAPE_IS("a\\b", "a\\\\b");
	ESCAPE_IS("\n\t\x7f", "\\x0a\\x09\\x7f");
	ESCAPE_IS("a\0b", "a\\x00b");
	ESCAPE_IS("\xff\xfe", "\\xff\\xfe");
	ESCAPE_IS("\xc3\xa4\xe5\xbf\x99", "\xc3\xa4\xe5\xbf\x99"); /* valid UTF-8 stays */
	ESCAPE_IS("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
	ESCAPE_IS("\xc3", "\\xc3");			       /* cut off */
	ESCAPE_IS("\xc0\xaf", "\\xc0\\xaf");		       /* longer than need be */
	ESCAPE_IS("\xed\xa0\x80", "\\xed\\xa0\\x80");	       /* half of a surrogate pair */
	ESCAPE_IS("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* past Unicode */
	ESCAPE_IS("\xc2\x9b", "\\xc2\\x9b");		       /* C1: a terminal would obey */
	ESCAPE_IS("\xe2\x80\xae", "\\xe2\\x80\\xae");	       /* turns the direction of writing */
}

static void test_escape_fits(void **state)
{
	char buf[8];
	(void)state;

	/* an escape that does not fit whole is left out, and the rest with it */
	assert_int_equal(text_escape(buf, 6,
				     "ab\xff"
				     "c",
				     4),
			 2);
	assert_string_equal(buf, "ab");
	assert_int_equal(text_escape(buf, 7,
				     "ab\xff"
				     "c",
				     4),
			 6);
	assert_string_equal(buf, "ab\\xff");
	assert_int_equal(text_escape(buf, 3, "\\\\", 2), 2);
	assert_string_equal(buf, "\\\\");
}

static void test_escape_round_trip(void **state)
{
	char bytes[40], text[4 * sizeof(bytes) + 1], back[sizeof(bytes)];
	struct rng r = {4};
	(void)state;

	for (int n = 0; n < 20000; n++) {
		size_t len = rng_below(&r, sizeof(bytes)), out;

		for (size_t i = 0; i < len; i++) {
			static const char likely[] = "\\x0a1\\\xc3\xa4\xf0\x9f";

			bytes[i] = rng_below(&r, 2) ? likely[rng_below(&r, sizeof(likely) - 1)]
						    : (char)rng_next(&r);
		}
		out = text_escape(text, sizeof(text), bytes, len);
		for (size_t i = 0; i < out; i++)
			assert_true((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
		assert_int_equal(text_unescape(back, sizeof(back), text, out), len);
		assert_memory_equal(back, bytes, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_part_of_a_word),
		cmocka_unit_test(test_states_differ),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_sleep_state),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_models_and_labels),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_fits),
		cmocka_unit_test(test_escape_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
