/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen as the session sees it: open, show the model, take keys, close.
 * Behind it: frame (cells), style, keymap, ui (state, keys -> actions), views
 * (functions from model and ui to a frame) and term (the only curses user).
 */
#ifndef IOTRACE_TUI_H
#define IOTRACE_TUI_H

#include "model.h"
#include "traceinfo.h"

enum tui_color { TUI_COLOR_AUTO, TUI_COLOR_ALWAYS, TUI_COLOR_NEVER };

struct tui_options {
	enum tui_color color;
	bool ascii;
	bool mouse;
	bool typing; /* keys go to the command while its output is shown (--tty) */
};

/* What the session knows and the model does not. */
struct tui_status {
	const char *title; /* "nginx 4242" or "trace.ndjson" */
	uint64_t now_ns;   /* right edge of a following screen; live: just behind the clock */
	bool live, ended;  /* else: replay */
	bool paused;	   /* replay stands still */
	double speed;	   /* of a replay */
	const struct trace_info *info;
	const char *message;	   /* one line to show for a while, or NULL */
	const struct text *output; /* last lines of CMD's output, NULL: none */
	unsigned n_output;
};

enum tui_action {
	TUI_NONE,
	TUI_QUIT,
	TUI_PAUSE, /* replay: stop or go on */
};

struct tui;
/* 0; -ENOTTY no terminal; -EINVAL unknown TERM; -EMSGSIZE too small is not an error (it says so) */
int tui_open(const struct tui_options *o, struct tui **ret_t);
/* Draw what has changed.  The caller limits the rate (33 ms at least). */
void tui_draw(struct tui *t, const struct model *m, const struct tui_status *s);
/*
 * Take what was typed, without waiting.  Standard input is what to poll for.
 * *ret_dirty: something to draw.  Also handles a changed terminal size.
 */
enum tui_action tui_input(struct tui *t, const struct model *m, bool *ret_dirty);
/* What was typed for the command, as its terminal wants it: bytes taken, at most `size`. */
size_t tui_typed(struct tui *t, char *dst, size_t size);
/* Is somebody looking at something that must not vanish (frozen, a pop-up)? */
bool tui_busy(const struct tui *t);
/* Put the terminal back.  Safe twice, and NULL is fine. */
void tui_close(struct tui *t);
/* From a signal handler that ends the program: put the terminal back. */
void tui_emergency_close(void);

#endif
