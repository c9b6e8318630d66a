/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cells: text is cut at the width and at the edges, wide characters take two
 * cells and never one and a half, broken bytes are shown as '?', and a row is
 * always as wide as the frame.
 */
#include "frame.h"

#include <locale.h>
#include <stdlib.h>

#include "make.h"

#define WAIT  "\xe5\xbf\x99\xe7\xad\x89" /* busy-waiting in Chinese: four cells */
#define BLOCK "\xe2\x96\x88"

static struct frame f;

static int setup(void **state)
{
	(void)state;
	return frame_resize(&f, 12, 3);
}

static int teardown(void **state)
{
	(void)state;
	frame_free(&f);
	memset(&f, 0, sizeof(f));
	return 0;
}

static void shows(const char *want)
{
	char *text = frame_to_text(&f);

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

/* Every cell stands in its column: the glyphs of a row add up to the frame's width. */
static void rows_are_whole(void)
{
	for (int y = 0; y < f.h; y++) {
		int width = 0;

		for (int x = 0; x < f.w; x++)
			width += frame_text_width(f.cells[y * f.w + x].glyph);
		assert_int_equal(width, f.w);
	}
}

static void test_put(void **state)
{
	(void)state;
	assert_int_equal(frame_put(&f, 2, 0, -1, STYLE_KEY, "abc"), 5);
	assert_int_equal(frame_put(&f, 0, 1, 2, STYLE_NORMAL, "abc"), 2);
	assert_int_equal(frame_put(&f, 9, 2, -1, STYLE_NORMAL, "abcdef"), 12);
	shows("  abc\nab\n         abc\n");
	assert_int_equal(f.cells[2].style, STYLE_KEY);
	assert_int_equal(f.cells[1].style, STYLE_NORMAL);
	assert_int_equal(frame_printf(&f, 0, 1, -1, STYLE_DIM, "%d %s", 7, "x"), 3);
	shows("  abc\n7 x\n         abc\n");
}

static void test_outside(void **state)
{
	(void)state;
	frame_put(&f, 0, -1, -1, STYLE_NORMAL, "no");
	frame_put(&f, 0, 3, -1, STYLE_NORMAL, "no");
	frame_put(&f, -1, 0, -1, STYLE_NORMAL, "no");
	frame_put(&f, 12, 0, -1, STYLE_NORMAL, "no");
	frame_put(&f, 5, 0, 0, STYLE_NORMAL, "no");
	frame_mark(&f, 12, 0, MARK_CURSOR);
	frame_mark(&f, 0, -1, MARK_CURSOR);
	shows("\n\n\n");
	for (int i = 0; i < f.w * f.h; i++)
		assert_int_equal(f.cells[i].mark, 0);
}

static void test_wide(void **state)
{
	(void)state;
	assert_int_equal(frame_put(&f, 1, 0, -1, STYLE_NORMAL, WAIT "x"), 6);
	shows(" " WAIT "x\n\n\n");
	assert_int_equal(frame_text_width(WAIT "x"), 5);
	rows_are_whole();
	/* no room for its right half: it is left out */
	assert_int_equal(frame_put(&f, 0, 1, 3, STYLE_NORMAL, WAIT), 2);
	assert_int_equal(frame_put(&f, 11, 2, -1, STYLE_NORMAL, WAIT), 11);
	shows(" " WAIT "x\n\xe5\xbf\x99\n\n");
	rows_are_whole();
}

/* Half of a wide character is none: what is left of it becomes a blank. */
static void test_over_wide(void **state)
{
	(void)state;
	frame_put(&f, 0, 0, -1, STYLE_NORMAL, WAIT WAIT);
	frame_put(&f, 1, 0, 1, STYLE_NORMAL, "r"); /* on a right half */
	frame_put(&f, 4, 0, 1, STYLE_NORMAL, "l"); /* on a left half */
	rows_are_whole();
	shows(" r\xe7\xad\x89l \xe7\xad\x89\n\n\n");
	frame_put(&f, 0, 1, -1, STYLE_NORMAL, WAIT WAIT);
	frame_blank(&f, 1, 1, 2, 1); /* a box over the halves of two */
	rows_are_whole();
	shows(" r\xe7\xad\x89l \xe7\xad\x89\n    " WAIT "\n\n");
	frame_put(&f, 3, 2, -1, STYLE_NORMAL, WAIT);
	frame_put(&f, 2, 2, -1, STYLE_NORMAL, WAIT); /* each over the half of another */
	rows_are_whole();
}

static void test_broken_bytes(void **state)
{
	(void)state;
	frame_put(&f, 0, 0, -1, STYLE_NORMAL, "a\x1b[2J");
	frame_put(&f, 0, 1, -1, STYLE_NORMAL, "b\xff\xe5\xbf");
	frame_put(&f, 0, 2, -1, STYLE_NORMAL, "e\xcc\x81x"); /* a mark that combines */
	shows("a?[2J\nb???\nex\n");
}

static void test_ascii(void **state)
{
	(void)state;
	f.ascii = true;
	frame_put(&f, 0, 0, -1, STYLE_NORMAL, BLOCK "a");
	frame_rule(&f, 1);
	shows("?a\n------------\n\n");
}

static void test_right(void **state)
{
	(void)state;
	assert_int_equal(frame_put_right(&f, 12, 0, STYLE_NORMAL, "end"), 9);
	assert_int_equal(frame_put_right(&f, 5, 1, STYLE_NORMAL, WAIT), 1);
	assert_int_equal(frame_put_right(&f, 4, 2, STYLE_NORMAL, "too long"), 0);
	shows("         end\n " WAIT "\ntoo\n");
}

static void test_marks(void **state)
{
	(void)state;
	frame_mark(&f, 3, 1, MARK_MIXED);
	frame_mark(&f, 3, 1, MARK_CURSOR);
	assert_int_equal(f.cells[12 + 3].mark, MARK_MIXED | MARK_CURSOR);
	frame_put(&f, 3, 1, 1, STYLE_NORMAL, "x"); /* new text is unmarked */
	assert_int_equal(f.cells[12 + 3].mark, 0);
}

static void test_resize(void **state)
{
	(void)state;
	frame_put(&f, 0, 0, -1, STYLE_NORMAL, "x");
	assert_int_equal(frame_resize(&f, 12, 3), 0);
	shows("x\n\n\n"); /* the same size: nothing happens */
	assert_int_equal(frame_resize(&f, 0, -4), 0);
	assert_int_equal(f.w * f.h, 1);
	shows("\n");
	assert_int_equal(frame_resize(&f, 5, 2), 0);
	shows("\n\n");
	rows_are_whole();
}

/* Any text, anywhere: never outside, rows stay whole. */
static void test_random(void **state)
{
	static const char *const bits[] = {"a", WAIT, BLOCK, "\xff", "\x1b", "e\xcc\x81", "-", " "};
	struct rng r = {6};
	(void)state;

	for (int n = 0; n < 20000; n++) {
		char text[64] = "";

		for (uint64_t k = rng_below(&r, 6); k; k--)
			strcat(text, bits[rng_below(&r, COUNT_OF(bits))]);
		if (rng_below(&r, 8))
			frame_put(&f, (int)rng_below(&r, 16) - 2, (int)rng_below(&r, 5) - 1,
				  (int)rng_below(&r, 9) - 1, STYLE_NORMAL, text);
		else
			frame_blank(&f, (int)rng_below(&r, 16) - 2, (int)rng_below(&r, 5) - 1,
				    (int)rng_below(&r, 6), (int)rng_below(&r, 3));
		rows_are_whole();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_put, setup, teardown),
		cmocka_unit_test_setup_teardown(test_outside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wide, setup, teardown),
		cmocka_unit_test_setup_teardown(test_over_wide, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ascii, setup, teardown),
		cmocka_unit_test_setup_teardown(test_right, setup, teardown),
		cmocka_unit_test_setup_teardown(test_marks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_resize, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8") && !setlocale(LC_CTYPE, "C.utf8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
