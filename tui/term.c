/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only user of curses; see term.h. */
#include "term.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "guard.h"
#include "keymap.h"

/* keymap.h has names of its own for these, so that it needs no curses */
#define CURSES_KEYS(X)                                                                             \
	X(KEY_UP, K_UP)                                                                            \
	X(KEY_DOWN, K_DOWN)                                                                        \
	X(KEY_LEFT, K_LEFT)                                                                        \
	X(KEY_RIGHT, K_RIGHT)                                                                      \
	X(KEY_SLEFT, K_SHIFT_LEFT)                                                                 \
	X(KEY_SRIGHT, K_SHIFT_RIGHT)                                                               \
	X(KEY_PPAGE, K_PAGE_UP)                                                                    \
	X(KEY_NPAGE, K_PAGE_DOWN)                                                                  \
	X(KEY_HOME, K_HOME)                                                                        \
	X(KEY_END, K_END)                                                                          \
	X(KEY_BACKSPACE, K_BACKSPACE)                                                              \
	X(KEY_BTAB, K_BACK_TAB)                                                                    \
	X(KEY_ENTER, K_ENTER)                                                                      \
	X(KEY_F(1), K_F1)                                                                          \
	X(KEY_F(10), K_F10)                                                                        \
	X(KEY_RESIZE, K_RESIZE)

struct term {
	SCREEN *screen;
	bool ascii, color;
	int colors;
	bool all; /* send everything */
	struct frame last;
	struct guard guard;
};

/* For the way out in an emergency: known before anything can go wrong. */
static struct {
	volatile bool open;
	struct termios tty;
	char restore[256];
	size_t len;
} emergency;

#define MOUSE_OFF "\033[?1006;1000l"

static void emergency_text(const char *s)
{
	size_t n = strlen(s);

	if (emergency.len + n < sizeof(emergency.restore)) {
		memcpy(emergency.restore + emergency.len, s, n);
		emergency.len += n;
	}
}

static void emergency_add(const char *cap)
{
	char *s = tigetstr((char *)cap);

	if (s && s != (char *)-1)
		emergency_text(s);
}

static void colors_init(struct term *t)
{
	static const struct {
		short c256, c8;
	} styles[STYLE_COUNT] = {
#define X(id, c256, c8, bold, reverse, dim) {c256, c8},
		IOTRACE_STYLES(X)
#undef X
	};

	if (!t->color || start_color() != OK || use_default_colors() != OK) {
		t->color = false;
		return;
	}
	t->colors = COLORS;
	for (short i = 0; i < STYLE_COUNT; i++)
		init_pair(i + 1, t->colors >= 256 ? styles[i].c256 : styles[i].c8, -1);
}

int term_open(const struct tui_options *o, struct term **ret_t)
{
	struct term *t;

	*ret_t = NULL;
	if (!isatty(0) || !isatty(1) || tcgetattr(0, &emergency.tty))
		return -ENOTTY;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	/* newterm() reports an unknown TERM, initscr() would exit */
	t->screen = newterm(NULL, stdout, stdin);
	if (!t->screen) {
		free(t);
		return -EINVAL;
	}
	set_term(t->screen);
	emergency.len = 0;
	emergency_text(MOUSE_OFF);
	emergency_add("sgr0");
	emergency_add("rmkx");
	emergency_add("cnorm");
	emergency_add("rmcup");
	guard_start(&t->guard, emergency.restore, emergency.len, &emergency.tty);
	emergency.open = true;
	raw(); /* Ctrl-C comes as a key: it leaves cleanly */
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	if (o->mouse) {
		mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED |
				  BUTTON_CTRL,
			  NULL);
		mouseinterval(0);
	}
	t->color = o->color != TUI_COLOR_NEVER && has_colors();
	colors_init(t);
	t->ascii = o->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	t->all = true;
	*ret_t = t;
	return 0;
}

void term_size(struct term *t, int *ret_w, int *ret_h)
{
	(void)t;
	getmaxyx(stdscr, *ret_h, *ret_w);
}

bool term_is_ascii(const struct term *t)
{
	return t->ascii;
}

static attr_t attributes(const struct term *t, const struct cell *c, short *ret_pair)
{
	static const struct {
		bool bold, reverse, dim;
	} styles[STYLE_COUNT] = {
#define X(id, c256, c8, bold, reverse, dim) {bold, reverse, dim},
		IOTRACE_STYLES(X)
#undef X
	};
	attr_t a = A_NORMAL;

	if (styles[c->style].bold)
		a |= A_BOLD;
	if (styles[c->style].reverse != ((c->mark & MARK_CURSOR) != 0))
		a |= A_REVERSE;
	/* a grey of its own is better than a dimmed one */
	if (styles[c->style].dim && !(t->color && t->colors >= 256))
		a |= A_DIM;
	if (c->mark & MARK_MIXED)
		a |= A_UNDERLINE;
	*ret_pair = t->color ? (short)(c->style + 1) : 0;
	return a;
}

static void put_cell(const struct term *t, int x, int y, const struct cell *c)
{
	wchar_t text[8];
	cchar_t cc;
	short pair;
	attr_t a = attributes(t, c, &pair);
	mbstate_t st = {0};
	const char *p = c->glyph;
	size_t n = mbsrtowcs(text, &p, 7, &st);

	if (n == (size_t)-1 || n == 0) {
		text[0] = c->glyph[0] ? L'?' : L' ';
		n = 1;
	}
	text[n] = 0;
	if (setcchar(&cc, text, a, pair, NULL) == OK)
		mvadd_wch(y, x, &cc);
}

void term_show(struct term *t, const struct frame *f)
{
	bool all = t->all || t->last.w != f->w || t->last.h != f->h;

	if (frame_resize(&t->last, f->w, f->h))
		all = true;
	if (all)
		erase();
	for (int y = 0; y < f->h; y++) {
		for (int x = 0; x < f->w; x++) {
			const struct cell *c = &f->cells[y * f->w + x];

			if (!c->glyph[0] ||
			    (!all && !memcmp(c, &t->last.cells[y * f->w + x], sizeof(*c))))
				continue;
			put_cell(t, x, y, c);
		}
	}
	if (t->last.cells)
		memcpy(t->last.cells, f->cells, (size_t)f->w * (size_t)f->h * sizeof(struct cell));
	if (t->all)
		clearok(stdscr, TRUE);
	t->all = false;
	refresh();
}

void term_redraw(struct term *t)
{
	t->all = true;
}

static int mouse_key(int *ret_x, int *ret_y)
{
	MEVENT e;

	if (getmouse(&e) != OK)
		return K_RESIZE; /* nothing that we know: draw again, no harm */
	*ret_x = e.x;
	*ret_y = e.y;
	if (e.bstate & BUTTON4_PRESSED)
		return e.bstate & BUTTON_CTRL ? K_ZOOM_IN : K_WHEEL_UP;
	if (e.bstate & BUTTON5_PRESSED)
		return e.bstate & BUTTON_CTRL ? K_ZOOM_OUT : K_WHEEL_DOWN;
	return K_MOUSE_CLICK;
}

/* Curses looks at its own idea of the size; the kernel's is the truth. */
static bool size_changed(void)
{
	struct winsize ws;

	if (ioctl(1, TIOCGWINSZ, &ws) || !ws.ws_row || !ws.ws_col)
		return false;
	if (ws.ws_row == LINES && ws.ws_col == COLS)
		return false;
	resizeterm(ws.ws_row, ws.ws_col);
	return true;
}

/* Who stops us takes the terminal, and fg gives it back with the shell's modes. */
static bool modes_lost(void)
{
	struct termios tty;

	if (tcgetattr(0, &tty) || !(tty.c_lflag & ICANON) || tcgetpgrp(0) != getpgrp())
		return false;
	reset_prog_mode();
	return true;
}

int term_key(struct term *t, int *ret_x, int *ret_y)
{
	wint_t wc;
	int got;

	*ret_x = *ret_y = 0;
	if (modes_lost() || size_changed()) {
		t->all = true;
		return K_RESIZE;
	}
	got = get_wch(&wc);
	if (got == ERR)
		return 0;
	if (got == OK)
		return (int)wc;
	if (wc == KEY_MOUSE)
		return mouse_key(ret_x, ret_y);
#define X(theirs, ours)                                                                            \
	if (wc == (wint_t)(theirs))                                                                \
		return ours;
	CURSES_KEYS(X)
#undef X
	return K_RESIZE + 0x1000; /* a key without a meaning */
}

void term_close(struct term *t)
{
	if (!t)
		return;
	emergency.open = false;
	endwin();
	guard_end(&t->guard);
	delscreen(t->screen);
	frame_free(&t->last);
	free(t);
}

void term_emergency_close(void)
{
	ssize_t n;

	if (!emergency.open)
		return;
	emergency.open = false;
	n = write(1, emergency.restore, emergency.len);
	(void)n;
	tcsetattr(0, TCSANOW, &emergency.tty);
}
