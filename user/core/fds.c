/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors: by (descriptor table, number), with the I/O model that their
 * calls show.  An index, once given, stays; a closed one may be taken over by a
 * new descriptor when more than CLOSED_KEPT are closed.
 *
 * A table lives as long as a lane uses it: with the last one all that is open
 * in it is closed.  What is told of a table without lanes (its threads were not
 * announced) stays open until a lane has come and gone.
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

static struct fd_priv *fd_priv(const struct fd_entry *f)
{
	return f->priv;
}

static struct fd_entry *find(const struct model *m, uint32_t files, int32_t fd, unsigned *ret_i)
{
	uint32_t i = idmap_get(&m->fd_of_key, key_of(files, fd));

	*ret_i = i;
	return i == IDMAP_NONE ? NULL : m->fds[i];
}

/* --- places: open ones in their table's list, closed ones in order of their end --- */

static void closed_push(struct model *m, struct fd_entry *f, uint64_t t)
{
	f->closed_ns = t ? t : 1;
	f->calls_per_s = f->bytes_per_s = 0;
	fd_priv(f)->next = NULL;
	if (m->closed_last)
		fd_priv(m->closed_last)->next = f;
	else
		m->closed_first = f;
	m->closed_last = f;
	m->n_closed++;
}

static struct fd_entry *closed_take(struct model *m)
{
	struct fd_entry *f = m->closed_first;
	struct fd_priv *v = f->priv;
	uint32_t life = f->life + 1;
	unsigned index = v->index;

	m->closed_first = v->next;
	if (!m->closed_first)
		m->closed_last = NULL;
	m->n_closed--;
	if (f->totals.calls) {
		m->n_fds_gone++;
		totals_sum(&m->fds_gone, &f->totals);
	}
	free(f->name);
	memset(f, 0, sizeof(*f));
	memset(v, 0, sizeof(*v));
	f->priv = v;
	f->life = life;
	v->index = index;
	return f;
}

static int places_grow(struct model *m)
{
	unsigned cap = m->cap_fds * 2 + 64;
	struct fd_entry **fds = realloc(m->fds, cap * sizeof(*fds));
	struct fd_entry **open;

	if (!fds)
		return -ENOMEM;
	m->fds = fds;
	open = realloc(m->open_fds, cap * sizeof(*open));
	if (!open)
		return -ENOMEM;
	m->open_fds = open;
	m->cap_fds = cap;
	return 0;
}

/* The place of the one that was closed first, if it may go, or a new place. */
static struct fd_entry *place(struct model *m)
{
	struct fd_entry *f;

	if (m->n_closed > CLOSED_KEPT)
		return closed_take(m);
	if (m->n_fds == m->cap_fds && places_grow(m))
		return NULL;
	f = calloc(1, sizeof(*f));
	if (f)
		f->priv = calloc(1, sizeof(struct fd_priv));
	if (!f || !f->priv) {
		free(f);
		return NULL;
	}
	fd_priv(f)->index = m->n_fds;
	m->fds[m->n_fds++] = f;
	return f;
}

/* Make it known under its key and as the first of its table. */
static int fd_link(struct model *m, struct fd_entry *f)
{
	struct fd_priv *v = f->priv;
	uint32_t first = idmap_get(&m->fd_of_files, f->files + 1ull);

	if (idmap_set(&m->fd_of_key, key_of(f->files, f->fd), v->index))
		return -ENOMEM;
	if (idmap_set(&m->fd_of_files, f->files + 1ull, v->index)) {
		idmap_remove(&m->fd_of_key, key_of(f->files, f->fd));
		return -ENOMEM;
	}
	v->next = first == IDMAP_NONE ? NULL : m->fds[first];
	if (v->next)
		fd_priv(v->next)->prev = f;
	v->open_at = m->n_open;
	m->open_fds[m->n_open++] = f;
	return 0;
}

static struct fd_entry *fd_new(struct model *m, uint32_t files, uint32_t tgid, int32_t fd,
			       uint64_t t, unsigned *ret_i)
{
	struct fd_entry *f = place(m);

	if (!f)
		return NULL;
	f->files = files;
	f->tgid = tgid;
	f->fd = fd;
	f->opened_ns = t;
	f->name = calloc(1, 1);
	if (!f->name || fd_link(m, f)) {
		closed_push(m, f, t);
		return NULL;
	}
	*ret_i = fd_priv(f)->index;
	return f;
}

static void fd_close(struct model *m, struct fd_entry *f, uint64_t t)
{
	struct fd_priv *v = f->priv;
	struct fd_entry *last = m->open_fds[--m->n_open];

	m->open_fds[v->open_at] = last;
	fd_priv(last)->open_at = v->open_at;
	if (v->next)
		fd_priv(v->next)->prev = v->prev;
	if (v->prev)
		fd_priv(v->prev)->next = v->next;
	else if (v->next) /* cannot fail: the key is there */
		idmap_set(&m->fd_of_files, f->files + 1ull, fd_priv(v->next)->index);
	else
		idmap_remove(&m->fd_of_files, f->files + 1ull);
	v->prev = NULL;
	idmap_remove(&m->fd_of_key, key_of(f->files, f->fd));
	closed_push(m, f, t);
}

/* All of a table between two numbers, both included. */
static void close_range(struct model *m, uint32_t files, int32_t from, uint32_t last, uint64_t t)
{
	uint32_t i = idmap_get(&m->fd_of_files, files + 1ull);
	struct fd_entry *f = i == IDMAP_NONE ? NULL : m->fds[i], *next;

	for (; f; f = next) {
		next = fd_priv(f)->next;
		if (f->fd >= from && (uint32_t)f->fd <= last)
			fd_close(m, f, t);
	}
}

/* --- tables --- */

int files_join(struct model *m, uint32_t files)
{
	uint32_t n = idmap_get(&m->lanes_of_files, files + 1ull);

	return idmap_set(&m->lanes_of_files, files + 1ull, n == IDMAP_NONE ? 1 : n + 1);
}

void files_leave(struct model *m, uint32_t files, uint64_t t)
{
	uint32_t n = idmap_get(&m->lanes_of_files, files + 1ull), i;
	struct fd_entry *f;

	if (n == IDMAP_NONE)
		return;
	if (n > 1) {
		idmap_set(&m->lanes_of_files, files + 1ull, n - 1); /* the key is there */
		return;
	}
	idmap_remove(&m->lanes_of_files, files + 1ull);
	i = idmap_get(&m->fd_of_files, files + 1ull);
	for (f = i == IDMAP_NONE ? NULL : m->fds[i]; f; f = fd_priv(f)->next)
		f->left = true;
	close_range(m, files, INT32_MIN, UINT32_MAX, t);
}

int lane_set_files(struct model *m, struct lane *l, uint32_t files, uint64_t t)
{
	uint32_t old = l->files;

	if (files == old)
		return 0;
	if (files_join(m, files))
		return -ENOMEM;
	l->files = files;
	files_leave(m, old, t);
	return 0;
}

/* --- events --- */

/* Those of which the kernel has one inode for all (fs/anon_inodes.c). */
static bool anonymous(unsigned kind)
{
	switch (kind) {
	case FDK_EVENTFD:
	case FDK_TIMERFD:
	case FDK_SIGNALFD:
	case FDK_EPOLL:
	case FDK_INOTIFY:
	case FDK_URING:
	case FDK_ANON:
		return true;
	default:
		return false;
	}
}

/*
 * Is what is told of an open number news of the same descriptor?  It is told
 * again when O_NONBLOCK changes, when a socket gets its addresses, and by every
 * thread that uses it first at the same time; its inode is the same then.  Of
 * anonymous files the inode says nothing, their name a little: another eventfd
 * that dup2 put over an eventfd is taken for the same one, because a second
 * announcement without a close is mostly one of these.
 */
static bool same_thing(const struct fd_entry *f, const struct ev_fd *d)
{
	if (f->kind == FDK_UNKNOWN) /* only a number until now */
		return true;
	if (f->kind != d->kind || f->ino != d->ino)
		return false;
	return !anonymous(d->kind) ||
	       (strlen(f->name) == d->name.len && !memcmp(f->name, d->name.p, d->name.len));
}

static int fd_is(struct model *m, const struct event *ev)
{
	const struct ev_fd *d = &ev->fd;
	unsigned i;
	struct fd_entry *f = find(m, d->files, d->fd, &i);
	char *name;

	if (f && !same_thing(f, d)) {
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
	uint32_t lane = idmap_get(&m->lane_of_tid, ev->tid + 1ull);
	struct fd_entry *f;
	unsigned i;

	/* a thread that nobody announced says here which table is its own */
	if (lane != IDMAP_NONE && !m->lanes[lane]->end_ns && !m->lanes[lane]->files &&
	    lane_set_files(m, m->lanes[lane], d->files, ev->t_ns))
		return -ENOMEM;
	switch (d->op) {
	case FDOP_IS:
		return fd_is(m, ev);
	case FDOP_CLOSE:
		f = find(m, d->files, d->fd, &i);
		if (f)
			fd_close(m, f, ev->t_ns);
		return 0;
	default:
		close_range(m, d->files, d->fd, d->last, ev->t_ns);
		return 0;
	}
}

struct fd_entry *fds_use(struct model *m, const struct lane *l, int32_t fd, uint64_t t,
			 unsigned *ret_index)
{
	struct fd_entry *f = find(m, l->files, fd, ret_index);

	return f ? f : fd_new(m, l->files, l->proc->tgid, fd, t, ret_index);
}

const struct fd_entry *model_call_fd(const struct model *m, const struct call_entry *c)
{
	const struct fd_entry *f = model_fd(m, c->fd_index);

	return f && f->life == c->fd_life ? f : NULL;
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

	for (unsigned i = 0; i < m->n_open; i++) {
		struct fd_entry *f = m->open_fds[i];
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
	free(m->open_fds);
	idmap_free(&m->fd_of_key);
	idmap_free(&m->fd_of_files);
	idmap_free(&m->lanes_of_files);
}
