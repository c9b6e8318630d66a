/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rows the timeline has: the processes and threads of its window.  Looked
 * for at every key and every picture, so what is over is not looked at again.
 */
#include <stdlib.h>

#include "ui.h"

static bool add_row(struct ui *u, const struct process *p, const struct lane *l)
{
	if (u->n_rows == u->cap_rows) {
		unsigned cap = u->cap_rows ? u->cap_rows * 2 : 64;
		struct ui_row *rows = realloc(u->rows, cap * sizeof(*rows));

		if (!rows)
			return false;
		u->rows = rows;
		u->cap_rows = cap;
	}
	u->rows[u->n_rows++] = (struct ui_row){p, l};
	return true;
}

/* What ended before the window is left out; the whole trace shows everything. */
static bool in_window(uint64_t end_ns, uint64_t first_ns)
{
	return !end_ns || end_ns >= first_ns;
}

/* Rows: living processes before ended ones; by process, then by thread, in order of birth. */
static int row_order(const void *a, const void *b)
{
	const struct lane *x = *(const struct lane *const *)a, *y = *(const struct lane *const *)b;
	unsigned p = x->proc->index, q = y->proc->index;
	int ended = (x->proc->end_ns != 0) - (y->proc->end_ns != 0);

	if (ended)
		return ended;
	return p != q ? (p > q) - (p < q) : (x->index > y->index) - (x->index < y->index);
}

static bool seen_add(struct ui *u, const struct lane *l)
{
	if (u->n_seen == u->cap_seen) {
		unsigned cap = u->cap_seen ? u->cap_seen * 2 : 64;
		const struct lane **seen = realloc(u->seen, cap * sizeof(*seen));

		if (!seen)
			return false;
		u->seen = seen;
		u->cap_seen = cap;
	}
	u->seen[u->n_seen++] = l;
	return true;
}

/*
 * The lanes of the window.  What ended before a window that only moves on is
 * left behind for good: of 100,000 children a picture looks at the last few.
 */
static void find_lanes(struct ui *u, const struct model *m, uint64_t first)
{
	unsigned kept = 0;
	bool sorted = true;

	if (first < u->seen_from_ns) /* back: all are looked at again */
		u->n_seen = u->next_lane = 0;
	u->seen_from_ns = first;
	for (unsigned i = 0; i < u->n_seen; i++)
		if (in_window(u->seen[i]->end_ns, first))
			u->seen[kept++] = u->seen[i];
	u->n_seen = kept;
	for (unsigned i = 1; i < kept; i++) /* a process may have ended since */
		sorted &= row_order(&u->seen[i - 1], &u->seen[i]) < 0;
	for (; u->next_lane < model_n_lanes(m); u->next_lane++) {
		const struct lane *l = model_lane(m, u->next_lane);

		if (!in_window(l->end_ns, first))
			continue;
		if (!seen_add(u, l))
			return;
		if (u->n_seen > 1)
			sorted &= row_order(&u->seen[u->n_seen - 2], &u->seen[u->n_seen - 1]) < 0;
	}
	if (!sorted)
		qsort(u->seen, u->n_seen, sizeof(*u->seen), row_order);
}

void ui_build_rows(struct ui *u, const struct model *m)
{
	const struct process *last = NULL;
	bool several;

	/* at the end of a trace the last picture stays whole */
	find_lanes(u, m, ui_first_ns(u, m));
	several =
		u->hide_threads || (u->n_seen && u->seen[0]->proc != u->seen[u->n_seen - 1]->proc);
	u->n_rows = 0;
	for (unsigned i = 0; i < u->n_seen; i++) {
		const struct lane *l = u->seen[i];

		if (several && l->proc != last && !add_row(u, l->proc, NULL))
			return;
		last = l->proc;
		if (!u->hide_threads && !add_row(u, l->proc, l))
			return;
	}
}
