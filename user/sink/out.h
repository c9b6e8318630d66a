/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A place to write to: a file, a descriptor or memory (for tests).  Buffered;
 * remembers its first error, after which everything is swallowed and the error
 * is returned, so that writers need not check every line.  After an error a
 * regular file is cut back to its last whole line.
 */
#ifndef IOTRACE_OUT_H
#define IOTRACE_OUT_H

#include <stddef.h>
#include <stdint.h>

struct out;
/* `fd` is taken over (closed by out_close) unless it is 1 or 2. */
struct out *out_fd(int fd);
struct out *out_memory(void);
/* The bytes of an out_memory(), valid until it is written to or closed. */
const char *out_bytes(const struct out *o, size_t *ret_len);
int out_write(struct out *o, const char *p, size_t len);
int out_printf(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int out_flush(struct out *o);
int out_error(const struct out *o); /* 0 or the first -errno */
int out_close(struct out *o);	    /* flushes; returns the first error; NULL is fine */
/*
 * Open `path` for an output: created as uid/gid with mode 0600; an existing
 * file is overwritten only when it is a regular file of that user (decisions.md
 * 22).  "-" is standard output.  Returns a descriptor or -errno.
 */
int out_open_path(const char *path, unsigned uid, unsigned gid);

#endif
