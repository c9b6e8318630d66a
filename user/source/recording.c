/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reader of recordings: lines, header, end; see recording.h. */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pure_line.h"
#include "pure_scan.h"

#define READ_BYTES     (256u * 1024)
#define LINE_MAX_BYTES (64u << 20) /* the summary of a large trace is one line */

struct recording {
	int fd;
	char *buf;
	size_t cap, from, to; /* unread bytes */
	bool eof;
	bool line_whole; /* the line that was taken had its newline */
	uint64_t line_no;
	struct trace_info info;
	char *header_line, *texts;
	struct line_result result;
	bool complete, has_stats;
	struct probe_stats stats[PC_COUNT];
};

static char error_text[512] = "";

const char *recording_error(void)
{
	return error_text;
}

static int fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error_text, sizeof(error_text), fmt, ap);
	va_end(ap);
	return err;
}

/* More bytes behind `to`. 0 or -errno. */
static int fill(struct recording *r)
{
	ssize_t n;

	if (r->from) {
		memmove(r->buf, r->buf + r->from, r->to - r->from);
		r->to -= r->from;
		r->from = 0;
	}
	if (r->cap - r->to < READ_BYTES) {
		size_t cap = r->cap ? r->cap * 2 : READ_BYTES * 2;
		char *p;

		if (cap > LINE_MAX_BYTES)
			return -EFBIG;
		p = realloc(r->buf, cap);
		if (!p)
			return -ENOMEM;
		r->buf = p;
		r->cap = cap;
	}
	do
		n = read(r->fd, r->buf + r->to, READ_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	r->eof = n == 0;
	r->to += (size_t)n;
	return 0;
}

/* The next line, without its end and the comma of an array. 1, 0 at the end, or -errno. */
static int next_line(struct recording *r, char **ret_p, size_t *ret_len)
{
	size_t looked = r->from;

	for (;;) {
		char *nl = r->to > looked ? memchr(r->buf + looked, '\n', r->to - looked) : NULL;
		size_t len;
		int err;

		if (!nl && !r->eof) {
			size_t seen = r->to - r->from;

			err = fill(r);
			if (err)
				return err;
			looked = r->from + seen;
			continue;
		}
		if (!nl && r->from == r->to)
			return 0;
		*ret_p = r->buf + r->from;
		len = nl ? (size_t)(nl - *ret_p) : r->to - r->from;
		r->from += len + (nl ? 1 : 0);
		r->line_whole = nl != NULL;
		r->line_no++;
		/* strchr() finds NUL too: what a file system may leave behind after a crash */
		while (len && strchr(" \t\r,", (*ret_p)[len - 1]))
			len--;
		*ret_len = len;
		return 1;
	}
}

static char *copy_text(char **to, struct text t)
{
	char *p = *to;

	memcpy(p, t.p ? t.p : "", t.len);
	p[t.len] = 0;
	*to += t.len + 1;
	return p;
}

static int take_header(struct recording *r)
{
	const struct line_header *h = &r->result.header;
	char *to;

	if (h->schema > SCHEMA_VERSION)
		return fail(-EPROTONOSUPPORT,
			    "it was written by a newer iotrace (schema %llu; this one knows %d); "
			    "replay it with that version",
			    (unsigned long long)h->schema, SCHEMA_VERSION);
	if (h->schema == 0)
		return fail(-EINVAL, "not a recording of iotrace: its header names no schema");
	r->texts = to = malloc(h->version.len + h->kernel.len + h->arch.len + 3);
	if (!to)
		return fail(-ENOMEM, "out of memory");
	r->info.t0_ns = h->t0_ns;
	r->info.epoch_offset_ns = h->epoch_offset_ns;
	r->info.window_ns = h->window_ns;
	r->info.version = copy_text(&to, h->version);
	r->info.kernel = copy_text(&to, h->kernel);
	r->info.arch = copy_text(&to, h->arch);
	r->info.header_line = r->header_line;
	return 0;
}

/* The header is the first object; nothing but the array's bracket stands before it. */
static int read_header(struct recording *r)
{
	char *p;
	size_t len;
	int n;

	do {
		n = next_line(r, &p, &len);
		if (n < 0)
			return fail(n, "%s",
				    n == -EFBIG ? "not a recording of iotrace: a line without end"
						: strerror(-n));
		if (n == 0)
			return fail(-ENODATA, "%s",
				    r->line_no ? "not a recording of iotrace"
					       : "the file is empty");
		if (len && *p == '[') {
			p++;
			len--;
		}
	} while (!len);
	r->header_line = strndup(p, len);
	if (!r->header_line)
		return fail(-ENOMEM, "out of memory");
	if (strlen(r->header_line) != len || *p != '{' ||
	    line_parse(p, len, 0, &r->result) != LINE_HEADER)
		return fail(-EINVAL,
			    "not a recording of iotrace (its first line is another program's)");
	return take_header(r);
}

int recording_open(const char *path, struct recording **ret_r)
{
	struct recording *r = calloc(1, sizeof(*r));
	struct stat st;
	int err;

	*ret_r = NULL;
	if (!r)
		return fail(-ENOMEM, "out of memory");
	r->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(0);
	if (r->fd < 0) {
		err = fail(-errno, "cannot read %.300s: %s", path, strerror(errno));
		goto failed;
	}
	if (!fstat(r->fd, &st) && S_ISDIR(st.st_mode)) {
		err = fail(-EISDIR, "cannot read %.300s: it is a directory", path);
		goto failed;
	}
	err = read_header(r);
	if (err) {
		char why[sizeof(error_text)];

		snprintf(why, sizeof(why), "%s", error_text);
		fail(err, "cannot replay %.200s: %.280s", path, why);
		goto failed;
	}
	*ret_r = r;
	return 0;
failed:
	recording_close(r);
	return err;
}

const struct trace_info *recording_info(const struct recording *r)
{
	return &r->info;
}

int recording_next(struct recording *r, struct event *ret_ev)
{
	char *p;
	size_t len;
	int n;

	while ((n = next_line(r, &p, &len)) > 0) {
		enum line_kind kind;

		if (!len || (len == 1 && (*p == ']' || *p == '[')))
			continue;
		kind = line_parse(p, len, r->info.t0_ns, &r->result);
		switch (kind) {
		case LINE_EVENT:
			*ret_ev = r->result.ev;
			return 1;
		case LINE_SUMMARY:
			r->complete = true;
			r->has_stats = r->result.has_stats;
			memcpy(r->stats, r->result.stats, sizeof(r->stats));
			break;
		case LINE_BROKEN:
			if (!r->line_whole) /* cut off while it was written */
				return 0;
			return fail(-EBADMSG, "line %llu is damaged",
				    (unsigned long long)r->line_no);
		default:
			break;
		}
	}
	if (n < 0)
		return fail(n, "%s", n == -EFBIG ? "a line without end" : strerror(-n));
	return 0;
}

bool recording_complete(const struct recording *r)
{
	return r->complete;
}

bool recording_stats(const struct recording *r, struct probe_stats ret_by_class[PC_COUNT])
{
	memcpy(ret_by_class, r->stats, sizeof(r->stats));
	return r->has_stats;
}

void recording_close(struct recording *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r->buf);
	free(r->header_line);
	free(r->texts);
	free(r);
}
