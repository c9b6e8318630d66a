/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views: functions from the model and what the person chose to cells.  They
 * read, and write nothing but the frame; a test compares the frame as text.
 */
#ifndef IOTRACE_VIEW_H
#define IOTRACE_VIEW_H

#include "ui.h"

struct scene {
	const struct model *m;
	const struct tui_status *s;
	struct ui *u; /* only `page` is written */
	struct frame *f;
};

/* The whole screen. The frame has the size that ui_sync() was told. */
void view_draw(struct scene *sc);

/* --- its parts --- */

void view_title(struct scene *sc);
void view_label(struct scene *sc);		 /* line 1: label and why, or the cursor */
void view_lanes(struct scene *sc);		 /* head and rows of the timeline */
void view_legend(struct scene *sc, int y);	 /* glyphs and the keys that matter */
void view_calls(struct scene *sc, int y, int h); /* last calls of the selected thread */
void view_fds(struct scene *sc, int y, int h);	 /* descriptors of its process */
void view_output(struct scene *sc, int y, int h);
void view_help(struct scene *sc);
void view_details(struct scene *sc);

/* --- words that several views use (view_text.c) --- */

/* "01:03.204" since the trace began; `fraction` digits behind the point (0 to 9). */
void text_trace_time(const struct scene *sc, uint64_t t_ns, int fraction, char *dst, size_t size);
/* "12:04:05.812" by the wall clock where it was recorded. */
void text_wall_time(const struct scene *sc, uint64_t t_ns, char *dst, size_t size);
/* "read(7 tcp:...)"; a name that is too long keeps its end.  `room` cells. */
void text_call(const struct scene *sc, const struct lane *l, unsigned call, int fd,
	       const struct fd_entry *file, char *dst, size_t size, int room);
/* "= 4096", "EAGAIN", "EAGAIN x 12,204". */
void text_result(const struct call_entry *c, char *dst, size_t size);
/* A name cut at its front to `room` cells, marked with "..". */
void text_tail(const char *name, int room, char *dst, size_t size);
/* A thread's name, printable. */
void text_name(const char comm[REC_COMM], char *dst, size_t size);
/* ASCII letters to capitals, in place. */
void text_upper(char *s);
/* A state's glyph, or its letter. */
const char *text_glyph(const struct scene *sc, enum state s);
/* The call that was going on at `t`, finished ones only; NULL: none that is kept. */
const struct call_entry *call_at(const struct lane *l, uint64_t t);
/* Was the thread, at `t`, in the call that it is still asleep in? */
bool open_call_at(const struct lane *l, uint64_t t);
/* Either of them in words; false: `t` lies in no call. */
bool text_call_at(const struct scene *sc, const struct lane *l, uint64_t t, int room, char *dst,
		  size_t size);
/* The newest call that ended at or before `t`: its index for lane_call(). */
unsigned call_before(const struct lane *l, uint64_t t);

#endif
