/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screens as text: replays a recording, presses keys and prints the frames.
 *
 * usage: screen RECORDING < SCRIPT     (README.md tells the words of a script)
 * Links the reader, the model and the views; no terminal, no clock.  Below each
 * line stands, where there is something to say, what its cells carry besides
 * their glyphs: `~` several states, `^` cursor, `#` both; and on request styles.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"
#include "recording.h"
#include "view.h"

struct show {
	struct recording *rec;
	struct model *m;
	struct event ev; /* the next to be fed */
	bool have, over;
	struct ui ui;
	struct frame frame;
	struct tui_status status;
	int w, h;
	unsigned line_no;
};

static void die(const struct show *s, const char *what, const char *word)
{
	fprintf(stderr, "screen: line %u: %s: %s\n", s->line_no, what, word);
	exit(1);
}

static const struct {
	const char *name;
	int key;
} key_names[] = {
	{"Space", K_SPACE},
	{"Enter", K_ENTER},
	{"Esc", K_ESC},
	{"Tab", K_TAB},
	{"Back-Tab", K_BACK_TAB},
	{"Up", K_UP},
	{"Down", K_DOWN},
	{"Left", K_LEFT},
	{"Right", K_RIGHT},
	{"PgUp", K_PAGE_UP},
	{"PgDn", K_PAGE_DOWN},
	{"Home", K_HOME},
	{"End", K_END},
	{"F1", K_F1},
	{"Backspace", K_BACKSPACE},
	{"Wheel-Up", K_ZOOM_IN},
	{"Wheel-Down", K_ZOOM_OUT},
};

/* --- the recording --- */

static uint64_t time_of(const struct show *s, const char *word)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
	char *unit;
	double n = strtod(word, &unit);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit, units[i].unit))
			return (uint64_t)(n * units[i].ns + 0.5);
	die(s, "not a time", word);
	return 0;
}

/* At the end of a recording the model is closed, as the session does it. */
static void finish(struct show *s)
{
	s->over = true;
	model_finish(s->m, model_now(s->m));
	s->status.ended = true;
	s->status.now_ns = model_now(s->m);
}

static void feed(struct show *s, uint64_t until_ns)
{
	while (!s->over) {
		int n = s->have ? 1 : recording_next(s->rec, &s->ev);

		if (n < 0)
			die(s, "cannot read on", recording_error());
		if (n == 0) {
			finish(s);
			return;
		}
		s->have = s->ev.t_ns > until_ns;
		if (s->have)
			break;
		if (model_feed(s->m, &s->ev))
			die(s, "the model refuses an event", "");
	}
	if (!s->over)
		s->status.now_ns = until_ns;
}

/* --- the frame --- */

static void draw(struct show *s)
{
	struct scene sc = {s->m, &s->status, &s->ui, &s->frame};

	if (frame_resize(&s->frame, s->w, s->h))
		die(s, "out of memory", "");
	ui_sync(&s->ui, s->m, &s->status, s->frame.w, s->frame.h);
	view_draw(&sc);
}

static void print_ruler(int w)
{
	putchar('+');
	for (int x = 0; x < w; x++) {
		if (x % 10 == 9)
			printf("%d", (x + 1) / 10 % 10);
		else
			putchar(x % 10 == 4 ? '+' : '-');
	}
	puts("+");
}

static void print_marks(const struct frame *f, int y)
{
	static const char signs[] = " ~^#";
	int end = 0;

	for (int x = 0; x < f->w; x++)
		if (f->cells[y * f->w + x].mark)
			end = x + 1;
	if (!end)
		return;
	putchar(':');
	for (int x = 0; x < end; x++)
		putchar(signs[f->cells[y * f->w + x].mark & 3]);
	putchar('\n');
}

/* "3-17 TITLE": every run of cells in a style that is not the plain one. */
static void print_styles(const struct frame *f, int y)
{
#define X(id, ...) #id,
	static const char *const names[STYLE_COUNT] = {IOTRACE_STYLES(X)};
#undef X
	const struct cell *row = f->cells + y * f->w;

	for (int x = 0, end; x < f->w; x = end) {
		for (end = x + 1; end < f->w && row[end].style == row[x].style; end++)
			;
		if (row[x].style != STYLE_NORMAL)
			printf("    %d-%d %s\n", x, end - 1, names[row[x].style]);
	}
}

/* A row is as wide as the frame: a glyph that takes more or less shows at the right edge. */
static void print_row(const struct frame *f, int y)
{
	putchar('|');
	for (int x = 0; x < f->w; x++)
		fputs(f->cells[y * f->w + x].glyph, stdout);
	puts("|");
}

static void shot(struct show *s, const char *name, bool styles)
{
	draw(s);
	printf("== %s: %dx%d%s\n", name, s->w, s->h, s->ui.ascii ? " ascii" : "");
	print_ruler(s->w);
	for (int y = 0; y < s->frame.h; y++) {
		print_row(&s->frame, y);
		print_marks(&s->frame, y);
		if (styles)
			print_styles(&s->frame, y);
	}
	print_ruler(s->w);
	putchar('\n');
}

/* --- the script --- */

static void press(struct show *s, const char *word)
{
	int key = 0, x = 0, y = 0;

	if (sscanf(word, "click:%d,%d", &x, &y) == 2)
		key = K_MOUSE_CLICK;
	else if (word[0] && !word[1])
		key = (unsigned char)word[0];
	for (size_t i = 0; i < sizeof(key_names) / sizeof(key_names[0]); i++)
		if (!strcmp(word, key_names[i].name))
			key = key_names[i].key;
	if (!key)
		die(s, "no such key", word);
	draw(s); /* as on a terminal: the picture was there before the key */
	ui_key(&s->ui, s->m, key, x, y);
}

static void set(struct show *s, const char *what)
{
	if (!strcmp(what, "ascii"))
		s->ui.ascii = true;
	else if (!strcmp(what, "unicode"))
		s->ui.ascii = false;
	else if (!strcmp(what, "live"))
		s->status.live = true;
	else if (!strcmp(what, "slow"))
		s->status.speed = 0.1;
	else
		die(s, "cannot set", what);
}

static void obey(struct show *s, char *line)
{
	char *rest = line, *word = strsep(&rest, " ");

	if (!*word || *word == '#')
		return;
	if (!rest)
		die(s, "nothing behind", word);
	if (!strcmp(word, "size")) {
		if (sscanf(rest, "%dx%d", &s->w, &s->h) != 2)
			die(s, "not a size", rest);
	} else if (!strcmp(word, "feed")) {
		feed(s, !strcmp(rest, "all") ? UINT64_MAX : model_t0(s->m) + time_of(s, rest));
	} else if (!strcmp(word, "keys")) {
		while ((word = strsep(&rest, " ")))
			press(s, word);
	} else if (!strcmp(word, "set")) {
		set(s, rest);
	} else if (!strcmp(word, "shot") || !strcmp(word, "styles")) {
		shot(s, rest, *word == 's' && word[1] == 't');
	} else {
		die(s, "no such word", word);
	}
}

static void begin(struct show *s, const char *path)
{
	const struct trace_info *info;
	struct model_config cfg = {0};

	if (recording_open(path, &s->rec))
		die(s, "cannot replay", recording_error());
	info = recording_info(s->rec);
	cfg.t0_ns = info->t0_ns;
	cfg.window_ns = info->window_ns;
	s->m = model_new(&cfg);
	if (!s->m)
		die(s, "out of memory", "");
	s->status.title = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	s->status.now_ns = info->t0_ns;
	s->status.speed = 1;
	s->status.info = info;
	ui_init(&s->ui, false);
}

int main(int argc, char **argv)
{
	struct show s = {.w = 80, .h = 24};
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	tzset();
	if (argc != 2)
		die(&s, "usage", "screen RECORDING < SCRIPT");
	begin(&s, argv[1]);
	while ((n = getline(&line, &cap, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		s.line_no++;
		obey(&s, line);
	}
	free(line);
	ui_free(&s.ui);
	frame_free(&s.frame);
	model_free(s.m);
	recording_close(s.rec);
	return 0;
}
