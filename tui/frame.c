/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells; see frame.h. */
#include "frame.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

int frame_resize(struct frame *f, int w, int h)
{
	struct cell *cells;

	w = w < 1 ? 1 : w;
	h = h < 1 ? 1 : h;
	if (f->cells && f->w == w && f->h == h)
		return 0;
	cells = calloc((size_t)w * (size_t)h, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	free(f->cells);
	f->cells = cells;
	f->w = w;
	f->h = h;
	frame_clear(f);
	return 0;
}

void frame_clear(struct frame *f)
{
	for (int i = 0; i < f->w * f->h; i++)
		f->cells[i] = (struct cell){.glyph = " "};
}

void frame_free(struct frame *f)
{
	free(f->cells);
	f->cells = NULL;
}

/* The next character: its bytes, and how many cells it takes. */
static int next_char(const char **text, char glyph[7], int *ret_width)
{
	mbstate_t st = {0};
	wchar_t wc;
	size_t n;

	if (!**text)
		return 0;
	n = mbrtowc(&wc, *text, strnlen(*text, 6), &st);
	if (n == (size_t)-1 || n == (size_t)-2 || wcwidth(wc) < 0) {
		strcpy(glyph, "?");
		*ret_width = 1;
		*text += n == (size_t)-1 || n == (size_t)-2 ? 1 : n;
		return 1;
	}
	memcpy(glyph, *text, n);
	glyph[n] = 0;
	*ret_width = wcwidth(wc);
	*text += n;
	return 1;
}

/* Before a cell is written: what is left of a wide character there becomes a blank. */
static void halve(struct frame *f, int x, int y)
{
	struct cell *c = &f->cells[y * f->w + x];

	if (!c->glyph[0] && x > 0)
		strcpy(c[-1].glyph, " ");
	if (x + 1 < f->w && !c[1].glyph[0])
		strcpy(c[1].glyph, " ");
}

int frame_put(struct frame *f, int x, int y, int width, enum style s, const char *text)
{
	int end = width < 0 ? f->w : x + width;
	char glyph[7];
	int w;

	if (y < 0 || y >= f->h || x < 0)
		return x;
	if (end > f->w)
		end = f->w;
	while (x < end && next_char(&text, glyph, &w)) {
		struct cell *c = &f->cells[y * f->w + x];

		if (w == 0)
			continue; /* marks that combine: not worth a cell of their own */
		if (f->ascii && (unsigned char)glyph[0] >= 0x80) {
			strcpy(glyph, "?");
			w = 1;
		}
		if (x + w > end)
			break;
		halve(f, x, y);
		memcpy(c->glyph, glyph, sizeof(c->glyph));
		c->style = (unsigned char)s;
		c->mark = 0;
		if (w == 2) {
			halve(f, x + 1, y);
			c[1] = (struct cell){.glyph = "", .style = (unsigned char)s};
			x++;
		}
		x++;
	}
	return x;
}

int frame_printf(struct frame *f, int x, int y, int width, enum style s, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return frame_put(f, x, y, width, s, text);
}

int frame_text_width(const char *text)
{
	char glyph[7];
	int total = 0, w;

	while (next_char(&text, glyph, &w))
		total += w;
	return total;
}

int frame_put_right(struct frame *f, int right, int y, enum style s, const char *text)
{
	int x = right - frame_text_width(text);

	if (x < 0)
		x = 0;
	frame_put(f, x, y, right - x, s, text);
	return x;
}

void frame_mark(struct frame *f, int x, int y, int mark)
{
	if (x >= 0 && y >= 0 && x < f->w && y < f->h)
		f->cells[y * f->w + x].mark |= (unsigned char)mark;
}

void frame_blank(struct frame *f, int x, int y, int w, int h)
{
	for (int row = y < 0 ? 0 : y; row < y + h && row < f->h; row++)
		for (int col = x < 0 ? 0 : x; col < x + w && col < f->w; col++) {
			halve(f, col, row);
			f->cells[row * f->w + col] = (struct cell){.glyph = " "};
		}
}

void frame_rule(struct frame *f, int y)
{
	for (int x = 0; x < f->w; x++)
		frame_put(f, x, y, 1, STYLE_DIM, f->ascii ? "-" : "\xe2\x94\x80");
}

char *frame_to_text(const struct frame *f)
{
	size_t cap = (size_t)f->h * ((size_t)f->w * 6 + 1) + 1;
	char *text = malloc(cap), *p = text;

	if (!text)
		return NULL;
	for (int y = 0; y < f->h; y++) {
		char *solid = p;

		for (int x = 0; x < f->w; x++) {
			const char *g = f->cells[y * f->w + x].glyph;
			size_t n = strlen(g);

			memcpy(p, g, n);
			p += n;
			if (n && strcmp(g, " "))
				solid = p;
		}
		p = solid;
		*p++ = '\n';
	}
	*p = 0;
	return text;
}
