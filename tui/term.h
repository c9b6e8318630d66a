/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal: shows frames, gives keys.  term.c is the only user of curses,
 * and nothing behind this header knows of it.
 */
#ifndef IOTRACE_TERM_H
#define IOTRACE_TERM_H

#include "frame.h"
#include "tui.h"

struct term;
/* 0; -ENOTTY: no terminal; -EINVAL: TERM is not known; -ENOMEM. */
int term_open(const struct tui_options *o, struct term **ret_t);
void term_size(struct term *t, int *ret_w, int *ret_h);
/* Can it show the glyphs, or are letters needed? */
bool term_is_ascii(const struct term *t);
/* Show the frame; only what differs from the last one is sent. */
void term_show(struct term *t, const struct frame *f);
/* Send everything anew with the next frame. */
void term_redraw(struct term *t);
/* The next key that was typed, or 0; x and y with mouse keys. Never waits. */
int term_key(struct term *t, int *ret_x, int *ret_y);
/* Put the terminal back. NULL is fine. */
void term_close(struct term *t);
/* From a signal handler: the same with nothing but write() and tcsetattr(). */
void term_emergency_close(void);

#endif
