/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors of the selected thread's process: what they are, and how they are used. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "view.h"

#define FDS_SHOWN 4096

struct fd_list {
	struct fd_entry fd[FDS_SHOWN]; /* copies: frozen ones are as they were */
	unsigned n;
};

/* Used ones first, then by number. */
static int compare(const void *a, const void *b)
{
	const struct fd_entry *x = a, *y = b;
	int used = (y->totals.calls != 0) - (x->totals.calls != 0);

	if (used)
		return used;
	if (x->fd != y->fd)
		return (x->fd > y->fd) - (x->fd < y->fd);
	return (x->opened_ns > y->opened_ns) - (x->opened_ns < y->opened_ns);
}

/* Of a table that nobody uses any more: as it was left. */
static bool is_open(const struct fd_entry *f)
{
	return !f->closed_ns || f->left;
}

/* The i-th descriptor as it is, or was when the picture was frozen. False: not there then. */
static bool entry_at(const struct scene *sc, unsigned i, struct fd_entry *ret_f)
{
	const struct ui *u = sc->u;

	*ret_f = *model_fd(sc->m, i);
	if (!u->frozen)
		return true;
	if (i >= u->n_fd_then || u->fd_then[i].life != ret_f->life)
		return false;
	ret_f->model = u->fd_then[i].model;
	ret_f->models = u->fd_then[i].models;
	ret_f->totals = u->fd_then[i].totals;
	ret_f->calls_per_s = u->fd_then[i].calls_per_s;
	ret_f->bytes_per_s = u->fd_then[i].bytes_per_s;
	if (ret_f->closed_ns > u->now_ns)
		ret_f->closed_ns = 0;
	return ret_f->opened_ns <= u->now_ns;
}

static void collect(const struct scene *sc, const struct lane *l, bool closed_too,
		    struct fd_list *list)
{
	list->n = 0;
	for (unsigned i = model_n_fds(sc->m); i-- && list->n < FDS_SHOWN;) {
		struct fd_entry *f = &list->fd[list->n];

		if (model_fd(sc->m, i)->files != l->files || !entry_at(sc, i, f) ||
		    (!is_open(f) && !(closed_too && f->totals.calls)))
			continue;
		list->n++;
	}
	qsort(list->fd, list->n, sizeof(list->fd[0]), compare);
}

/* All models that were seen; the newest first. */
static void models_text(const struct fd_entry *f, char *dst, size_t size)
{
	size_t n = (size_t)snprintf(dst, size, "%s", io_model_name(f->model));

	for (unsigned bit = 1; bit && bit <= f->models && n < size; bit <<= 1)
		if (f->models & bit && bit != f->model)
			n += (size_t)snprintf(dst + n, size - n, ", %s", io_model_name(bit));
}

struct columns {
	int kind, file, model, calls, rate, bytes, wait, copy; /* where each begins or ends */
};

static struct columns columns_of(int w)
{
	if (w >= 120)
		return (struct columns){6, 18, w - 78, w - 46, w - 36, w - 24, w - 12, w - 1};
	if (w >= 76)
		return (struct columns){6, 14, w - 47, w - 24, -1, w - 13, w - 1, -1};
	/* no room for more than what it is and how long it was waited for */
	return (struct columns){6, 14, w - 11, -1, -1, -1, w - 1, -1};
}

static void head(struct scene *sc, int y, const struct lane *l, const struct columns *c)
{
	frame_put(sc->f, 1, y, -1, STYLE_HEAD, "fd");
	frame_put(sc->f, c->kind, y, -1, STYLE_HEAD, "kind");
	frame_printf(sc->f, c->file, y, c->model - c->file - 1, STYLE_HEAD, "file of %u",
		     l->proc->tgid);
	if (c->calls > 0) {
		frame_put(sc->f, c->model, y, -1, STYLE_HEAD, "model");
		frame_put_right(sc->f, c->calls, y, STYLE_HEAD, "calls");
		frame_put_right(sc->f, c->bytes, y, STYLE_HEAD, "bytes");
	}
	if (c->rate > 0)
		frame_put_right(sc->f, c->rate, y, STYLE_HEAD, "calls/s");
	frame_put_right(sc->f, c->wait, y, STYLE_HEAD, "wait");
	if (c->copy > 0)
		frame_put_right(sc->f, c->copy, y, STYLE_HEAD, "copy");
}

/* How it is used: model, calls, bytes. */
static void row_use(struct scene *sc, int y, const struct fd_entry *f, const struct columns *c,
		    enum style st)
{
	bool used = f->totals.calls > 0;
	char text[256];

	models_text(f, text, sizeof(text));
	frame_put(sc->f, c->model, y, c->calls - 11 - c->model, st, text);
	format_count(text, sizeof(text), f->totals.calls);
	frame_put_right(sc->f, c->calls, y, st, used ? text : "-");
	if (c->rate > 0) {
		format_count(text, sizeof(text), (uint64_t)(f->calls_per_s + 0.5));
		frame_put_right(sc->f, c->rate, y, st, used ? text : "-");
	}
	format_bytes(text, sizeof(text), f->totals.bytes);
	frame_put_right(sc->f, c->bytes, y, st, used ? text : "-");
}

static void row(struct scene *sc, int y, const struct fd_entry *f, const struct columns *c)
{
	enum style st = is_open(f) ? STYLE_NORMAL : STYLE_DIM;
	bool used = f->totals.calls > 0;
	char text[512], number[16];

	snprintf(text, sizeof(text), "%d", f->fd);
	text_tail(text, 4, number, sizeof(number));
	frame_put(sc->f, 1, y, 4, st, number);
	frame_put(sc->f, c->kind, y, c->file - c->kind - 1, st,
		  fd_kind_name((enum fd_kind)f->kind));
	text_tail(f->name[0] ? f->name : "...", c->model - c->file - 1, text, sizeof(text));
	frame_put(sc->f, c->file, y, c->model - c->file - 1, st, text);
	if (c->calls > 0)
		row_use(sc, y, f, c, st);
	format_ns(text, sizeof(text), f->totals.wait_ns);
	frame_put_right(sc->f, c->wait, y, st, used ? text : "-");
	if (c->copy > 0) {
		text[0] = '~'; /* some of it is an estimate */
		format_ns(text + (f->totals.copy_guess_ns != 0), sizeof(text) - 1,
			  f->totals.copy_ns);
		frame_put_right(sc->f, c->copy, y, st, used ? text : "-");
	}
}

void view_fds(struct scene *sc, int y, int h)
{
	static struct fd_list list; /* too large for a stack; one thread draws */
	const struct lane *l = ui_lane(sc->u, sc->m);
	bool full = sc->u->view == VIEW_FDS;
	struct columns c = columns_of(sc->f->w);
	unsigned from = 0;

	if (!l || h < 2)
		return;
	collect(sc, l, full, &list);
	if (full) {
		sc->u->page = h > 2 ? h - 2 : 1;
		if (sc->u->scroll + (unsigned)h - 1 > list.n)
			sc->u->scroll = list.n > (unsigned)h - 1 ? list.n - (unsigned)h + 1 : 0;
		from = sc->u->scroll;
	}
	head(sc, y, l, &c);
	for (int i = 0; i < h - 1 && from + (unsigned)i < list.n; i++)
		row(sc, y + 1 + i, &list.fd[from + (unsigned)i], &c);
	if (!list.n)
		frame_put(sc->f, c.kind, y + 1, -1, STYLE_DIM, "none known");
}
