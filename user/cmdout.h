/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last lines that the command wrote to its own terminal, for the output pane
 * and for standard output when the screen closes.  Used by live.c only.
 */
#ifndef IOTRACE_CMDOUT_H
#define IOTRACE_CMDOUT_H

#include <stdbool.h>

#include "event.h"

struct cmdout;
struct cmdout *cmdout_new(void); /* NULL: out of memory */
/*
 * Take what has come from the terminal's master `*pty_fd`, some 64 KiB at most; at
 * its end close it and set it to -1.  True: there is something new.
 */
bool cmdout_read(struct cmdout *c, int *pty_fd);
/* The kept lines, oldest first; the last may be unfinished.  Valid until the next read. */
const struct text *cmdout_lines(struct cmdout *c, unsigned *ret_n);
/* Print the last twenty of them to standard output, escaped. */
void cmdout_print(struct cmdout *c);
void cmdout_free(struct cmdout *c);

#endif
