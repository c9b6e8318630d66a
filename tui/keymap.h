/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys: one table gives what a key does and the help that says so.
 * Characters are themselves; the rest has numbers of its own, so that no curses
 * header is needed here.
 */
#ifndef IOTRACE_KEYMAP_H
#define IOTRACE_KEYMAP_H

enum key {
	KEY_NONE_ = 0,
	K_TAB = 9,
	K_ENTER = 13,
	K_ESC = 27,
	K_CTRL_BRACKET = 29,
	K_SPACE = 32,
	K_CTRL_C = 3,
	K_CTRL_L = 12,
	K_UP = 0x200000, /* past Unicode */
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_SHIFT_LEFT,
	K_SHIFT_RIGHT,
	K_PAGE_UP,
	K_PAGE_DOWN,
	K_HOME,
	K_END,
	K_BACKSPACE,
	K_BACK_TAB,
	K_F1,
	K_F10,
	K_RESIZE,
	K_MOUSE_CLICK, /* x and y come with it */
	K_WHEEL_UP,
	K_WHEEL_DOWN,
	K_ZOOM_IN, /* wheel with Ctrl */
	K_ZOOM_OUT,
};

/* command, keys (up to 5), as the help shows them, what it does (NULL: not shown) */
#define IOTRACE_KEYS(X)                                                                            \
	X(QUIT, 'q', K_F10, K_CTRL_C, 0, 0, "q F10", "quit")                                       \
	X(HELP, '?', 'h', K_F1, 0, 0, "? h F1", "this help")                                       \
	X(FREEZE, K_SPACE, 'p', 0, 0, 0, "Space p", "freeze and go on; capture never stops")       \
	X(LEFT, K_LEFT, 0, 0, 0, 0, "Left Right",                                                  \
	  "frozen: previous, next state of the thread; live: pan")                                 \
	X(RIGHT, K_RIGHT, 0, 0, 0, 0, NULL, NULL)                                                  \
	X(PAN_LEFT, 'a', K_SHIFT_LEFT, 0, 0, 0, "a d", "pan by a quarter of the window")           \
	X(PAN_RIGHT, 'd', K_SHIFT_RIGHT, 0, 0, 0, NULL, NULL)                                      \
	X(ZOOM_IN, '+', '=', 'w', K_ZOOM_IN, 0, "+ - w s", "zoom about the cursor")                \
	X(ZOOM_OUT, '-', 's', K_ZOOM_OUT, 0, 0, NULL, NULL)                                        \
	X(ZOOM_ALL, '0', 0, 0, 0, 0, "0", "the whole trace")                                       \
	X(FOLLOW, 'F', 0, 0, 0, 0, "F End", "follow the newest")                                   \
	X(UP, K_UP, 'k', K_WHEEL_UP, 0, 0, "Up Down k j", "select a thread; scroll a list")        \
	X(DOWN, K_DOWN, 'j', K_WHEEL_DOWN, 0, 0, NULL, NULL)                                       \
	X(PAGE_UP, K_PAGE_UP, 0, 0, 0, 0, "PgUp PgDn", "the same by a page")                       \
	X(PAGE_DOWN, K_PAGE_DOWN, 0, 0, 0, 0, NULL, NULL)                                          \
	X(FIRST, 'g', K_HOME, 0, 0, 0, "g G", "first, last (also Home)")                           \
	X(LAST, 'G', 0, 0, 0, 0, NULL, NULL)                                                       \
	X(END, K_END, 0, 0, 0, 0, NULL, NULL)                                                      \
	X(DETAILS, K_ENTER, '\n', 0, 0, 0, "Enter", "details of the interval and its call")        \
	X(BACK, K_ESC, K_BACKSPACE, 127, 8, 0, "Esc Backspace", "back")                            \
	X(NEXT_VIEW, K_TAB, 0, 0, 0, 0, "Tab 1 3 4", "views: timeline, descriptors, calls")        \
	X(PREV_VIEW, K_BACK_TAB, 0, 0, 0, 0, NULL, NULL)                                           \
	X(VIEW_TIMELINE, '1', 0, 0, 0, 0, NULL, NULL)                                              \
	X(VIEW_FDS, '3', 0, 0, 0, 0, NULL, NULL)                                                   \
	X(VIEW_CALLS, '4', 0, 0, 0, 0, NULL, NULL)                                                 \
	X(THREADS, 'H', 't', 0, 0, 0, "H t", "hide and show threads; processes stay")              \
	X(OUTPUT, 'o', 0, 0, 0, 0, "o", "the command's own output (with --tty Ctrl-] leaves it)")  \
	X(ASCII, 'u', 0, 0, 0, 0, "u", "letters instead of blocks")                                \
	X(REDRAW, K_CTRL_L, 0, 0, 0, 0, "Ctrl-L", "draw everything again")                         \
	X(CLICK, K_MOUSE_CLICK, 0, 0, 0, 0, "mouse",                                               \
	  "click selects, wheel scrolls, Ctrl-wheel zooms")

enum command {
	CMD_NONE,
#define X(id, ...) CMD_##id,
	IOTRACE_KEYS(X)
#undef X
		CMD_COUNT,
};

struct keymap_help {
	const char *keys, *what;
};

enum command keymap_command(int key);
/* Line i of the help; false past the end. */
int keymap_help(unsigned i, struct keymap_help *ret_h);

#endif
