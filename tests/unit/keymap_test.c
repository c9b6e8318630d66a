/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys: each belongs to one command, every command has a key, the keys of the
 * specification do what it says, and the help tells of all of them.
 */
#include "keymap.h"

#include "make.h"

static const struct {
	enum command cmd;
	int key[5];
} table[] = {
#define X(id, a, b, c, d, e, keys, what) {CMD_##id, {a, b, c, d, e}},
	IOTRACE_KEYS(X)
#undef X
};

static void test_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		assert_int_not_equal(table[i].key[0], 0);
		for (int k = 0; k < 5 && table[i].key[k]; k++) {
			/* the first command with this key is this one, so no other has it */
			assert_int_equal(keymap_command(table[i].key[k]), table[i].cmd);
		}
	}
	assert_int_equal(keymap_command(0), CMD_NONE);
	assert_int_equal(keymap_command('Q'), CMD_NONE);
	assert_int_equal(keymap_command(K_RESIZE), CMD_NONE);
}

static void test_as_specified(void **state)
{
	static const struct {
		int key;
		enum command cmd;
	} keys[] = {
		{'q', CMD_QUIT},
		{K_F10, CMD_QUIT},
		{K_CTRL_C, CMD_QUIT},
		{'?', CMD_HELP},
		{'h', CMD_HELP},
		{K_F1, CMD_HELP},
		{' ', CMD_FREEZE},
		{'p', CMD_FREEZE},
		{K_LEFT, CMD_LEFT},
		{K_RIGHT, CMD_RIGHT},
		{'a', CMD_PAN_LEFT},
		{'d', CMD_PAN_RIGHT},
		{'+', CMD_ZOOM_IN},
		{'w', CMD_ZOOM_IN},
		{'-', CMD_ZOOM_OUT},
		{'s', CMD_ZOOM_OUT},
		{'0', CMD_ZOOM_ALL},
		{'j', CMD_DOWN},
		{'k', CMD_UP},
		{K_PAGE_UP, CMD_PAGE_UP},
		{'g', CMD_FIRST},
		{K_HOME, CMD_FIRST},
		{'G', CMD_LAST},
		{K_END, CMD_END},
		{'F', CMD_FOLLOW},
		{K_ENTER, CMD_DETAILS},
		{K_ESC, CMD_BACK},
		{K_TAB, CMD_NEXT_VIEW},
		{K_BACK_TAB, CMD_PREV_VIEW},
		{'1', CMD_VIEW_TIMELINE},
		{'3', CMD_VIEW_FDS},
		{'4', CMD_VIEW_CALLS},
		{'H', CMD_THREADS},
		{'u', CMD_ASCII},
		{'o', CMD_OUTPUT},
		{K_CTRL_L, CMD_REDRAW},
	};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		assert_int_equal(keymap_command(keys[i].key), keys[i].cmd);
}

static void test_help(void **state)
{
	struct keymap_help h;
	unsigned n = 0, commands = 0;
	bool quit = false;
	(void)state;

	for (; keymap_help(n, &h); n++) {
		assert_true(strlen(h.keys) > 0 && strlen(h.keys) <= 15); /* its column */
		assert_true(strlen(h.what) > 0);
		quit = quit || !strcmp(h.what, "quit");
	}
	assert_true(quit);
	for (size_t i = 0; i < COUNT_OF(table); i++)
		commands++;
	assert_int_equal(commands, CMD_COUNT - 1);
	assert_true(n > commands / 2 && n <= commands);
	assert_false(keymap_help(n + 5, &h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unique),
		cmocka_unit_test(test_as_specified),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
