/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen as the session sees it: ui, views and terminal together. */
#include "tui.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "term.h"
#include "view.h"

struct tui {
	struct term *term;
	struct ui ui;
	struct frame frame;
};

int tui_open(const struct tui_options *o, struct tui **ret_t)
{
	struct tui *t = calloc(1, sizeof(*t));
	int err;

	*ret_t = NULL;
	if (!t)
		return -ENOMEM;
	err = term_open(o, &t->term);
	if (err) {
		free(t);
		return err;
	}
	ui_init(&t->ui, term_is_ascii(t->term));
	t->ui.may_type = t->ui.show_output = o->typing;
	*ret_t = t;
	return 0;
}

void tui_draw(struct tui *t, const struct model *m, const struct tui_status *s)
{
	struct scene sc = {m, s, &t->ui, &t->frame};
	int w, h;

	term_size(t->term, &w, &h);
	if (frame_resize(&t->frame, w, h))
		return; /* out of memory: the old picture stays */
	ui_sync(&t->ui, m, s, t->frame.w, t->frame.h);
	view_draw(&sc);
	term_show(t->term, &t->frame);
}

enum tui_action tui_input(struct tui *t, const struct model *m, bool *ret_dirty)
{
	enum tui_action action = TUI_NONE;
	int key, x, y;

	*ret_dirty = false;
	while ((key = term_key(t->term, &x, &y))) {
		enum ui_result r = ui_key(&t->ui, m, key, x, y);

		if (r == UI_QUIT)
			return TUI_QUIT;
		if (r == UI_REDRAW)
			term_redraw(t->term);
		if (r == UI_PAUSE)
			action = action == TUI_PAUSE ? TUI_NONE : TUI_PAUSE;
		if (r != UI_NOTHING)
			*ret_dirty = true;
	}
	return action;
}

size_t tui_typed(struct tui *t, char *dst, size_t size)
{
	size_t n = t->ui.n_typed < size ? t->ui.n_typed : size;

	memcpy(dst, t->ui.typed, n);
	t->ui.n_typed -= n;
	memmove(t->ui.typed, t->ui.typed + n, t->ui.n_typed);
	return n;
}

bool tui_busy(const struct tui *t)
{
	return t->ui.frozen || t->ui.popup;
}

void tui_close(struct tui *t)
{
	if (!t)
		return;
	term_close(t->term);
	ui_free(&t->ui);
	frame_free(&t->frame);
	free(t);
}

void tui_emergency_close(void)
{
	term_emergency_close();
}
