/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Styles: what a cell means, not what colour it has.  term.c maps them to
 * colours (safe for colour-blind eyes: differences in lightness and between
 * blue and orange, never red against green alone) and to attributes.
 */
#ifndef IOTRACE_STYLE_H
#define IOTRACE_STYLE_H

#include "names.h"

/* id, colour of 256, colour of 8, bold, reverse, dim */
#define IOTRACE_STYLES(X)                                                                          \
	X(NORMAL, -1, -1, 0, 0, 0)                                                                 \
	X(TITLE, -1, -1, 1, 1, 0)                                                                  \
	X(DIM, 245, -1, 0, 0, 1)                                                                   \
	X(HEAD, 245, -1, 1, 0, 0)                                                                  \
	X(SELECT, -1, -1, 1, 0, 0)                                                                 \
	X(ALERT, 208, 1, 1, 0, 0)                                                                  \
	X(KEY, -1, -1, 1, 0, 0)                                                                    \
	X(ON_USER, 33, 4, 0, 0, 0)                                                                 \
	X(ON_SPIN, 208, 3, 1, 0, 0)                                                                \
	X(ON_COPY, 81, 6, 1, 0, 0)                                                                 \
	X(ON_KERNEL, 69, 4, 1, 0, 0)                                                               \
	X(ON_BLOCKED, 160, 1, 0, 0, 0)                                                             \
	X(ON_IDLE, 250, -1, 0, 0, 0)                                                               \
	X(ON_DISK, 133, 5, 0, 0, 0)                                                                \
	X(ON_RUNNABLE, 226, 3, 0, 0, 0)                                                            \
	X(ON_STOPPED, 245, -1, 0, 0, 1)                                                            \
	X(ON_UNKNOWN, 201, 5, 1, 1, 0)                                                             \
	X(BIG_BUSY, 208, 3, 1, 1, 0)                                                               \
	X(BIG_RUNNING, 33, 4, 1, 1, 0)                                                             \
	X(BIG_BLOCKED, 160, 1, 1, 1, 0)                                                            \
	X(BIG_IDLE, 250, -1, 1, 1, 0)                                                              \
	X(BIG_OTHER, 245, -1, 1, 1, 0)

enum style {
#define X(id, c256, c8, bold, reverse, dim) STYLE_##id,
	IOTRACE_STYLES(X)
#undef X
		STYLE_COUNT,
};

static inline enum style style_of_state(enum state s)
{
	return (unsigned)s < STATE_COUNT ? (enum style)(STYLE_ON_USER + (int)s) : STYLE_NORMAL;
}

#endif
