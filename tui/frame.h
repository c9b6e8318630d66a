/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame: a grid of cells, each a glyph and a style.  Views write it, the
 * terminal shows it, tests read it as text.  No curses here.
 */
#ifndef IOTRACE_FRAME_H
#define IOTRACE_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "style.h"

#define MARK_MIXED  1 /* several states share the cell: underlined */
#define MARK_CURSOR 2 /* the cursor is here: reversed */

struct cell {
	char glyph[7];	     /* UTF-8, NUL-ended; "" = the right half of a wide one */
	unsigned char style; /* enum style */
	unsigned char mark;  /* MARK_* */
};

struct frame {
	int w, h;
	struct cell *cells;
	bool ascii; /* anything beyond ASCII is shown as '?' or by its letter */
};

/* 0 or -ENOMEM. Sizes below 1 are taken as 1. */
int frame_resize(struct frame *f, int w, int h);
void frame_clear(struct frame *f);
void frame_free(struct frame *f);
/*
 * Put text at (x, y), at most `width` cells (< 0: to the edge).  Control bytes
 * and broken UTF-8 are shown as '?'.  Returns the cell behind it.
 */
int frame_put(struct frame *f, int x, int y, int width, enum style s, const char *text);
int frame_printf(struct frame *f, int x, int y, int width, enum style s, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* The same, ending at cell `right` (not included). Returns where it begins. */
int frame_put_right(struct frame *f, int right, int y, enum style s, const char *text);
void frame_mark(struct frame *f, int x, int y, int mark);
/* Blank a rectangle, for what stands above the rest. */
void frame_blank(struct frame *f, int x, int y, int w, int h);
void frame_rule(struct frame *f, int y);
/* How many cells `text` takes. */
int frame_text_width(const char *text);
/* The frame as lines of text without trailing blanks; the caller frees it. */
char *frame_to_text(const struct frame *f);

#endif
