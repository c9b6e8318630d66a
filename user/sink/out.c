/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where bytes go; see out.h. */
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUT_BUFFER (256 * 1024)

struct out {
	int fd; /* -1: memory */
	bool regular;
	int err;
	size_t len, cap;
	char *buf;
	uint64_t written; /* bytes that reached the descriptor */
	uint64_t whole;	  /* whole lines end here; what is behind may be cut off */
};

struct out *out_fd(int fd)
{
	struct out *o = calloc(1, sizeof(*o));
	struct stat st;

	if (!o)
		return NULL;
	o->fd = fd;
	o->cap = OUT_BUFFER;
	o->buf = malloc(o->cap);
	o->regular = !fstat(fd, &st) && S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
	if (!o->buf) {
		free(o);
		return NULL;
	}
	return o;
}

struct out *out_memory(void)
{
	struct out *o = calloc(1, sizeof(*o));

	if (o)
		o->fd = -1;
	return o;
}

const char *out_bytes(const struct out *o, size_t *ret_len)
{
	*ret_len = o->len;
	return o->buf ? o->buf : "";
}

/* Where the last whole line of the first `n` buffered bytes ends, in the file. */
static uint64_t line_end(const struct out *o, size_t n)
{
	for (size_t i = n; i > 0; i--) {
		if (o->buf[i - 1] != '\n')
			continue;
		/* an array's comma belongs to the object that did not come */
		if (i > 1 && o->buf[i - 2] == ',')
			return o->written + i - 2;
		return o->written + i;
	}
	return o->whole;
}

/* The disk is full, or the like: leave whole lines behind. */
static int failed(struct out *o, size_t at, int err)
{
	uint64_t cut = line_end(o, at);

	o->err = err;
	o->written += at;
	o->len = 0;
	if (o->regular && cut < o->written && ftruncate(o->fd, (off_t)cut))
		o->err = err; /* nothing more can be done; the reader drops a partial line */
	return err;
}

int out_flush(struct out *o)
{
	size_t at = 0;

	if (!o)
		return 0;
	if (o->err || o->fd < 0)
		return o->err;
	while (at < o->len) {
		ssize_t n = write(o->fd, o->buf + at, o->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(o, at, -errno);
		at += (size_t)n;
	}
	o->whole = line_end(o, o->len);
	o->written += o->len;
	o->len = 0;
	return 0;
}

static int grow(struct out *o, size_t need)
{
	size_t cap = o->cap ? o->cap : 4096;
	char *p;

	while (cap < need)
		cap *= 2;
	p = realloc(o->buf, cap);
	if (!p)
		return o->err = -ENOMEM;
	o->buf = p;
	o->cap = cap;
	return 0;
}

int out_write(struct out *o, const char *p, size_t len)
{
	if (o->err)
		return o->err;
	if (o->fd < 0 && o->len + len > o->cap && grow(o, o->len + len))
		return o->err;
	while (o->fd >= 0 && o->len + len > o->cap) {
		size_t part = o->cap - o->len;

		memcpy(o->buf + o->len, p, part);
		o->len += part;
		p += part;
		len -= part;
		if (out_flush(o))
			return o->err;
	}
	memcpy(o->buf + o->len, p, len);
	o->len += len;
	return 0;
}

int out_printf(struct out *o, const char *fmt, ...)
{
	char small[512], *big = NULL;
	va_list ap;
	int n, err;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		return o->err = -EINVAL;
	if ((size_t)n < sizeof(small))
		return out_write(o, small, (size_t)n);
	va_start(ap, fmt);
	n = vasprintf(&big, fmt, ap);
	va_end(ap);
	if (n < 0)
		return o->err = -ENOMEM;
	err = out_write(o, big, (size_t)n);
	free(big);
	return err;
}

int out_error(const struct out *o)
{
	return o->err;
}

int out_close(struct out *o)
{
	int err;

	if (!o)
		return 0;
	err = out_flush(o);
	if (o->fd > 2 && close(o->fd) && !err)
		err = -errno;
	free(o->buf);
	free(o);
	return err;
}

/* As the calling user: he must not reach through us what he could not himself. */
static int open_as(const char *path, int flags, unsigned uid, unsigned gid)
{
	int fd, err = 0;
	uid_t old_uid = (uid_t)setfsuid(uid);
	gid_t old_gid = (gid_t)setfsgid(gid);

	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd < 0)
		err = -errno;
	setfsuid(old_uid);
	setfsgid(old_gid);
	return fd < 0 ? err : fd;
}

int out_open_path(const char *path, unsigned uid, unsigned gid)
{
	struct stat st;
	int fd, err;

	if (!strcmp(path, "-"))
		return 1;
	fd = open_as(path, O_WRONLY | O_CREAT | O_EXCL, uid, gid);
	if (fd != -EEXIST)
		return fd;
	fd = open_as(path, O_WRONLY | O_NONBLOCK, uid, gid);
	if (fd < 0)
		return fd;
	err = fstat(fd, &st) ? -errno : 0;
	if (!err && (S_ISCHR(st.st_mode) && !strcmp(path, "/dev/null")))
		return fd;
	if (!err && (!S_ISREG(st.st_mode) || st.st_uid != uid))
		err = -EPERM;
	if (!err && ftruncate(fd, 0))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}
