/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a descriptor is called (decisions.md 20): path, pipe:[ino],
 * tcp:LOCAL->REMOTE, anon_inode:[eventpoll].  Used by event.c only.  Pure.
 */
#ifndef IOTRACE_FDNAME_H
#define IOTRACE_FDNAME_H

#include "event.h"

/* Fill ev->fd from a REC_FD of `len` bytes; the name goes into `text`. 0 or -EBADMSG. */
int fdname_decode(const struct rec_fd *r, size_t len, struct event *ev, struct event_text *text);

#endif
