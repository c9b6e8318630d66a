/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of descriptors; see fdname.h. */
#include "fdname.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "names.h"

#define AF_UNIX_  1
#define AF_INET6_ 10

struct namer {
	char *p;
	size_t size, len;
};

static void put(struct namer *n, const char *s)
{
	size_t len = strlen(s);

	if (n->len + len >= n->size)
		return;
	memcpy(n->p + n->len, s, len + 1);
	n->len += len;
}

static void put_escaped(struct namer *n, const char *s, size_t len)
{
	if (n->len + 4 * len + 1 < n->size)
		n->len += text_escape(n->p + n->len, n->size - n->len, s, len);
}

/* The part number `i` (0 = the last of the path). NULL: the record lies. */
static const char *part(const struct rec_fd *r, unsigned i, size_t *ret_len)
{
	const char *p = r->name, *end = r->name + r->name_bytes;

	for (;; i--) {
		const char *nul = memchr(p, 0, (size_t)(end - p));

		if (!nul)
			return NULL;
		*ret_len = (size_t)(nul - p);
		if (!i)
			return p;
		p = nul + 1;
	}
}

static bool put_path(struct namer *n, const struct rec_fd *r)
{
	if (r->partial)
		put(n, "...");
	if (!r->names)
		put(n, "/");
	for (unsigned i = r->names; i > 0; i--) {
		size_t len;
		const char *p = part(r, i - 1, &len);

		if (!p)
			return false;
		if (len != 1 || *p != '/') /* a root's own name */
			put(n, "/");
		put_escaped(n, p, len);
	}
	return true;
}

static void put_addr(struct namer *n, const struct rec_fd *r, const __u8 *a, unsigned port)
{
	char buf[64];

	if (r->sk_family != AF_INET6_) {
		snprintf(buf, sizeof(buf), "%u.%u.%u.%u:%u", a[0], a[1], a[2], a[3], port);
		put(n, buf);
		return;
	}
	/* groups without leading zeros; the first longest run of zeros becomes :: */
	unsigned best = 8, best_len = 1;

	for (unsigned i = 0; i < 8; i++) {
		unsigned k = i;

		while (k < 8 && !a[2 * k] && !a[2 * k + 1])
			k++;
		if (k - i > best_len) {
			best = i;
			best_len = k - i;
		}
	}
	put(n, "[");
	for (unsigned i = 0; i < 8; i++) {
		if (i == best) {
			put(n, "::");
			i += best_len - 1;
			continue;
		}
		snprintf(buf, sizeof(buf), "%s%x", i && i != best + best_len ? ":" : "",
			 (unsigned)a[2 * i] << 8 | a[2 * i + 1]);
		put(n, buf);
	}
	snprintf(buf, sizeof(buf), "]:%u", port);
	put(n, buf);
}

static void put_inet(struct namer *n, const struct rec_fd *r)
{
	put(n, fd_kind_name((enum fd_kind)r->kind));
	put(n, ":");
	put_addr(n, r, r->laddr, r->lport);
	if (!r->rport)
		return;
	put(n, "->");
	put_addr(n, r, r->raddr, r->rport);
}

static void put_ino(struct namer *n, const char *what, uint64_t ino)
{
	char buf[64];

	snprintf(buf, sizeof(buf), "%s:[%llu]", what, (unsigned long long)ino);
	put(n, buf);
}

static void put_unix(struct namer *n, const struct rec_fd *r)
{
	size_t len = r->name_bytes ? r->name_bytes - 1u : 0;

	put_ino(n, "unix", r->ino);
	if (!len)
		return;
	put(n, ",\"");
	if (!r->name[0]) { /* an abstract address */
		put(n, "@");
		put_escaped(n, r->name + 1, len - 1);
	} else {
		put_escaped(n, r->name, strnlen(r->name, len));
	}
	put(n, "\"");
}

static bool put_anon(struct namer *n, const struct rec_fd *r)
{
	size_t len = 0;
	const char *p = r->names ? part(r, 0, &len) : "";

	if (!p)
		return false;
	put(n, "anon_inode:");
	if (r->names)
		put_escaped(n, p, len);
	return true;
}

static bool put_name(struct namer *n, const struct rec_fd *r)
{
	switch (r->kind) {
	case FDK_PIPE:
		put_ino(n, "pipe", r->ino);
		return true;
	case FDK_TCP:
	case FDK_UDP:
		put_inet(n, r);
		return true;
	case FDK_UNIX_STREAM:
	case FDK_UNIX_DGRAM:
		put_unix(n, r);
		return true;
	case FDK_SOCKET:
		put_ino(n, "socket", r->ino);
		return true;
	case FDK_EVENTFD:
	case FDK_TIMERFD:
	case FDK_SIGNALFD:
	case FDK_EPOLL:
	case FDK_INOTIFY:
	case FDK_URING:
	case FDK_ANON:
		return put_anon(n, r);
	default:
		return put_path(n, r);
	}
}

int fdname_decode(const struct rec_fd *r, size_t len, struct event *ev, struct event_text *text)
{
	struct namer n = {text->buf, sizeof(text->buf), 0};

	if (r->name_bytes + sizeof(*r) != len || r->kind >= FDK_COUNT)
		return -EBADMSG;
	ev->fd.ino = r->ino;
	ev->fd.files = r->files;
	ev->fd.fd = r->fd;
	ev->fd.last = r->last;
	ev->fd.o_flags = r->o_flags;
	ev->fd.mode = r->mode;
	ev->fd.op = r->op;
	ev->fd.kind = r->kind;
	ev->fd.partial = r->partial;
	text->buf[0] = 0;
	if (r->op == FDOP_IS && !put_name(&n, r))
		return -EBADMSG;
	ev->fd.name = (struct text){text->buf, n.len};
	return 0;
}
