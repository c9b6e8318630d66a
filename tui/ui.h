/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the person at the screen has chosen: view, thread, zoom, time, pop-ups.
 * Keys change it (ui_key), views read it.  Pure: no curses, no clock.
 */
#ifndef IOTRACE_UI_H
#define IOTRACE_UI_H

#include "frame.h"
#include "keymap.h"
#include "model.h"
#include "tui.h"

enum ui_view { VIEW_TIMELINE, VIEW_FDS, VIEW_CALLS };
enum ui_popup { POPUP_NONE, POPUP_HELP, POPUP_DETAILS };

/* A row of the timeline: a thread, or the process above its threads. */
struct ui_row {
	const struct process *proc;
	const struct lane *lane; /* NULL: the process itself */
};

/* How a descriptor had been used when the picture was frozen. */
struct ui_fd {
	uint32_t life; /* as in struct fd_entry */
	unsigned model, models;
	struct totals totals;
	double calls_per_s, bytes_per_s;
};

struct ui {
	enum ui_view view;
	enum ui_popup popup;
	bool ascii, hide_threads, show_output;
	bool may_type; /* with show_output: keys are the command's, see ui_typing() */
	char typed[256];
	size_t n_typed;
	int w, h;

	/* time: the right edge follows now_ns unless held */
	bool follow, frozen;
	uint64_t now_ns, edge_ns, cursor_ns;
	unsigned zoom; /* into the ladder of cell widths; UI_ZOOM_AUTO: ten seconds */

	/* selection: a lane (or process) by its index in the model */
	unsigned sel_proc, sel_lane; /* sel_lane UI_NO_LANE: the process's row */
	bool chosen;		     /* by a key: the label is then the thread's own */
	unsigned top_row;	     /* first row that is shown */
	unsigned scroll;	     /* of the view's list */
	int page;		     /* rows of the list that fit, set when drawn */

	struct ui_fd *fd_then; /* frozen: by index of model_fd() */
	unsigned n_fd_then;

	struct ui_row *rows;
	unsigned n_rows, cap_rows;
	const struct lane **seen; /* lanes not ended before seen_from_ns, in order of rows */
	unsigned n_seen, cap_seen, next_lane;
	uint64_t seen_from_ns;
};
#define UI_NO_LANE   UINT32_MAX
#define UI_ZOOM_AUTO UINT32_MAX

enum ui_result { UI_NOTHING, UI_DIRTY, UI_QUIT, UI_PAUSE, UI_REDRAW };

void ui_init(struct ui *u, bool ascii);
void ui_free(struct ui *u);
/*
 * Take in size, time and the model's rows, before drawing and before keys.
 * Keeps the selection on something that is there.
 */
void ui_sync(struct ui *u, const struct model *m, const struct tui_status *s, int w, int h);
/* Do keys go to the command now?  Ctrl-] and F10 give them back. */
bool ui_typing(const struct ui *u);
enum ui_result ui_type(struct ui *u, int key);
enum ui_result ui_key(struct ui *u, const struct model *m, int key, int x, int y);

/* --- the layout that views and keys share --- */

/*
 * The selected lane; for a process's row the oldest thread that lives (after an
 * exec the leader may be gone), at the end its last.  NULL before the first one.
 */
const struct lane *ui_lane(const struct ui *u, const struct model *m);
/* The rows of the window as it is now; part of ui_sync(). */
void ui_build_rows(struct ui *u, const struct model *m);
/* Index of the selected row, 0 when there is none. */
unsigned ui_selected_row(const struct ui *u);
/* Cells of a lane: from this column to the right edge. */
int ui_cells_x(const struct ui *u);
int ui_cells_w(const struct ui *u);
uint64_t ui_cell_ns(const struct ui *u, const struct model *m);
/* Time of the left side of cell 0; cells begin at multiples of their width. */
uint64_t ui_first_ns(const struct ui *u, const struct model *m);
/* Rows of the timeline view: first line and how many fit. */
int ui_rows_y(void);
int ui_rows_h(const struct ui *u);

#endif
