/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors: by (descriptor table, number), with the I/O model that their
 * calls show.  An index, once given, stays; a closed one may be taken over by a
 * new descriptor when more than CLOSED_KEPT are closed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_priv.h"

#define O_NONBLOCK_ 04000u /* the same on every machine that iotrace runs on */

static uint64_t key_of(uint32_t files, int32_t fd)
{
	return ((uint64_t)files << 32 | (uint32_t)fd) + 1;
}

static struct fd_entry *find(const struct model *m, uint32_t files, int32_t fd, unsigned *ret_i)
{
	uint32_t i = idmap_get(&m->fd_of_key, key_of(files, fd));

	*ret_i = i;
	return i == IDMAP_NONE ? NULL : m->fds[i];
}

/* The place of a closed one that may go, or a new place. NULL: out of memory. */
static struct fd_entry *place(struct model *m, unsigned *ret_i)
{
	struct fd_entry *oldest = NULL;
	struct fd_entry **fds;

	for (unsigned i = 0; m->n_closed > CLOSED_KEPT && i < m->n_fds; i++)
		if (m->fds[i]->closed_ns && (!oldest || m->fds[i]->closed_ns < oldest->closed_ns)) {
			oldest = m->fds[i];
			*ret_i = i;
		}
	if (oldest) {
		struct fd_priv *v = oldest->priv;

		free(oldest->name);
		memset(oldest, 0, sizeof(*oldest));
		memset(v, 0, sizeof(*v));
		oldest->priv = v;
		m->n_closed--;
		return oldest;
	}
	if (m->n_fds == m->cap_fds) {
		fds = realloc(m->fds, (m->cap_fds * 2 + 64) * sizeof(*fds));
		if (!fds)
			return NULL;
		m->fds = fds;
		m->cap_fds = m->cap_fds * 2 + 64;
	}
	oldest = calloc(1, sizeof(*oldest));
	if (oldest)
		oldest->priv = calloc(1, sizeof(struct fd_priv));
	if (!oldest || !oldest->priv) {
		free(oldest);
		return NULL;
	}
	*ret_i = m->n_fds;
	m->fds[m->n_fds++] = oldest;
	return oldest;
}

static struct fd_entry *fd_new(struct model *m, uint32_t files, uint32_t tgid, int32_t fd,
			       uint64_t t, unsigned *ret_i)
{
	struct fd_entry *f = place(m, ret_i);

	if (!f)
		return NULL;
	f->files = files;
	f->tgid = tgid;
	f->fd = fd;
	f->opened_ns = t;
	f->name = calloc(1, 1);
	if (!f->name || idmap_set(&m->fd_of_key, key_of(files, fd), *ret_i))
		return NULL;
	return f;
}

static void fd_close(struct model *m, struct fd_entry *f, uint64_t t)
{
	f->closed_ns = t ? t : 1;
	m->n_closed++;
	idmap_remove(&m->fd_of_key, key_of(f->files, f->fd));
}

static int fd_is(struct model *m, const struct event *ev)
{
	const struct ev_fd *d = &ev->fd;
	unsigned i;
	struct fd_entry *f = find(m, d->files, d->fd, &i);
	char *name;

	/* one that was only a number until now, or the same thing with news */
	if (f && f->kind != FDK_UNKNOWN && (f->kind != d->kind || f->ino != d->ino)) {
		fd_close(m, f, ev->t_ns);
		f = NULL;
	}
	if (!f)
		f = fd_new(m, d->files, ev->tgid, d->fd, ev->t_ns, &i);
	if (!f)
		return -ENOMEM;
	name = malloc(d->name.len + 1);
	if (!name)
		return -ENOMEM;
	memcpy(name, d->name.p, d->name.len);
	name[d->name.len] = 0;
	free(f->name);
	f->name = name;
	f->kind = d->kind;
	f->ino = d->ino;
	f->o_flags = d->o_flags;
	f->partial = d->partial;
	return 0;
}

int fds_feed(struct model *m, const struct event *ev)
{
	const struct ev_fd *d = &ev->fd;
	struct fd_entry *f;
	unsigned i;

	switch (d->op) {
	case FDOP_IS:
		return fd_is(m, ev);
	case FDOP_CLOSE:
		f = find(m, d->files, d->fd, &i);
		if (f)
			fd_close(m, f, ev->t_ns);
		return 0;
	default:
		for (i = 0; i < m->n_fds; i++) {
			f = m->fds[i];
			if (f->files == d->files && !f->closed_ns && f->fd >= d->fd &&
			    (uint32_t)f->fd <= d->last)
				fd_close(m, f, ev->t_ns);
		}
		return 0;
	}
}

struct fd_entry *fds_use(struct model *m, const struct lane *l, int32_t fd, uint64_t t,
			 unsigned *ret_index)
{
	struct fd_entry *f = find(m, l->files, fd, ret_index);

	return f ? f : fd_new(m, l->files, l->proc->tgid, fd, t, ret_index);
}

const struct fd_entry *model_fd_of(const struct model *m, const struct lane *l, int32_t fd)
{
	unsigned i;

	return fd < 0 ? NULL : find(m, l->files, fd, &i);
}

/* Something that can become ready: what a readiness call may have announced. */
static bool pollable(const struct fd_entry *f)
{
	switch (f->kind) {
	case FDK_TTY:
	case FDK_PIPE:
	case FDK_FIFO:
	case FDK_TCP:
	case FDK_UDP:
	case FDK_UNIX_STREAM:
	case FDK_UNIX_DGRAM:
	case FDK_SOCKET:
	case FDK_EVENTFD:
	case FDK_TIMERFD:
	case FDK_SIGNALFD:
	case FDK_INOTIFY:
		return true;
	default:
		return false;
	}
}

static void claim(struct fd_entry *f, enum io_model model)
{
	f->model = model;
	f->models |= model;
}

/* A failed try: a second one without any announcement in between is polling. */
static void model_again(struct lane *l, struct fd_entry *f)
{
	struct fd_priv *v = f->priv;
	uint64_t now = lane_priv(l)->ready_calls + 1;

	if (v->eagain_at == now)
		claim(f, MODEL_NONBLOCKING);
	v->eagain_at = now;
}

/*
 * What this call shows of how the descriptor is used (semantics 6).  Without
 * the ready lists only the reads right behind a readiness call are taken for
 * multiplexed, as many as it reported; when in doubt nothing is claimed.
 */
void fds_model(struct model *m, struct lane *l, struct fd_entry *f, const struct event *ev)
{
	struct lane_priv *p = lane_priv(l);
	struct fd_priv *v = f->priv;
	const struct ev_call *c = &ev->call;
	enum family family;
	(void)m;

	if (ev->kind == EV_SPIN) {
		family = call_family(ev->spin.call);
		if (ev->spin.ret == -11 && (family == FAMILY_READ || family == FAMILY_WRITE))
			claim(f, MODEL_NONBLOCKING);
		return;
	}
	family = call_family(c->call);
	if (family != FAMILY_READ && family != FAMILY_WRITE)
		return;
	if (c->ret == -11 && !c->sleeps) {
		model_again(l, f);
		return;
	}
	if (c->wait_ns && c->sleeps) {
		claim(f, MODEL_BLOCKING);
	} else if (c->ret >= 0 && !(c->flags & (CALLF_NO_ENTER | CALLF_KILLED))) {
		if (family == FAMILY_READ && pollable(f) && p->ready_left > 0) {
			p->ready_left--;
			claim(f, MODEL_MULTIPLEXED);
		} else if (v->eagain_at == p->ready_calls + 1) {
			claim(f, MODEL_NONBLOCKING); /* tried until it worked */
		} else if (f->kind != FDK_UNKNOWN && !(f->o_flags & O_NONBLOCK_) &&
			   !(c->flags & CALLF_NONBLOCK) &&
			   (!pollable(f) || !(f->models & MODEL_MULTIPLEXED))) {
			claim(f, MODEL_BLOCKING);
		}
	}
	v->eagain_at = 0;
}

void fds_tick(struct model *m)
{
	unsigned at = (unsigned)(m->tick_no % (RATE_TICKS + 1));
	unsigned before = (unsigned)((m->tick_no + 1) % (RATE_TICKS + 1));

	for (unsigned i = 0; i < m->n_fds; i++) {
		struct fd_entry *f = m->fds[i];
		struct fd_priv *v = f->priv;

		v->calls[at] = f->totals.calls;
		v->bytes[at] = f->totals.bytes;
		if (m->tick_no < RATE_TICKS) { /* younger than a second */
			double scale = (double)RATE_TICKS / (double)m->tick_no;

			f->calls_per_s = (double)f->totals.calls * scale;
			f->bytes_per_s = (double)f->totals.bytes * scale;
			continue;
		}
		f->calls_per_s = (double)(f->totals.calls - v->calls[before]);
		f->bytes_per_s = (double)(f->totals.bytes - v->bytes[before]);
	}
}

void fds_free(struct model *m)
{
	for (unsigned i = 0; i < m->n_fds; i++) {
		free(m->fds[i]->name);
		free(m->fds[i]->priv);
		free(m->fds[i]);
	}
	free(m->fds);
	idmap_free(&m->fd_of_key);
}
