/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the model share and nobody else may include: the model's
 * own memory, and the halves of lanes and descriptors that readers do not see.
 */
#ifndef IOTRACE_MODEL_PRIV_H
#define IOTRACE_MODEL_PRIV_H

#include "idmap.h"
#include "model.h"

#define WINDOW_TICKS_MAX 600u	     /* a label window looks back at most this many ticks */
#define RATE_TICKS	 10u	     /* rates are those of the last second */
#define ENDED_KEPT	 1024u	     /* ended lanes whose detail is kept, at most ... */
#define ENDED_BYTES	 (24u << 20) /* ... and as much of it */
#define CLOSED_KEPT	 256u	     /* closed descriptors that are kept */

/* The heaviest pair of call and descriptor in a tick's folds. */
struct spin_stat {
	uint64_t count;
	int64_t ret;
	int32_t fd;
	uint16_t call;
};

/* What a lane did in one tick. */
struct tick_stat {
	struct spin_stat spin;
	uint64_t calls, folded, bytes, sleeps; /* totals at its end */
	uint64_t top_wait_ns;		       /* the longest wait that ended in it */
	int32_t top_fd;
	uint16_t top_call;
};

/* Of a living lane only. */
struct lane_priv {
	struct lane *next, *prev;	    /* of all that live, in order of birth */
	struct lane *proc_next, *proc_prev; /* of its process */
	struct tick_stat *ticks;	    /* ring of model.n_ticks */
	uint64_t sleeps;
	uint64_t top_wait_ns; /* of the tick in progress */
	int32_t top_fd;
	uint16_t top_call;
	struct spin_stat spin; /* of the tick in progress */
	int64_t ready_left;    /* of what the last readiness call reported */
	uint64_t ready_calls;
	bool ran;		      /* a newborn has not */
	struct evidence why;	      /* of its label */
	uint64_t shares[LABEL_COUNT]; /* of the window, at the newest tick */
	bool idle_throughout;
};

/* Of a living process only. */
struct proc_priv {
	struct process *next, *prev; /* of all that live, in order of birth */
	struct lane *first, *last;   /* its living lanes */
	struct evidence why;	     /* of its label */
};

struct fd_priv {
	uint64_t calls[RATE_TICKS + 1], bytes[RATE_TICKS + 1];
	uint64_t eagain_at; /* ready_calls of the lane when it last said EAGAIN, + 1 */
	/* while open: of the same table; once closed, `next`: closed after it */
	struct fd_entry *next, *prev;
	unsigned index, open_at; /* into model.fds, into model.open_fds */
};

struct model {
	struct model_config cfg;
	struct model_observer obs;
	struct model_stats stats;
	struct loss_total loss;
	uint64_t now_ns;
	uint64_t n_events, n_anomalies;
	uint64_t tick_no;
	unsigned window_ticks, n_ticks;
	struct lane **lanes;
	unsigned n_lanes, cap_lanes;
	struct process **procs;
	unsigned n_procs, cap_procs;
	struct fd_entry **fds;
	unsigned n_fds, cap_fds;
	struct fd_entry **open_fds; /* in no order; as long as fds */
	unsigned n_open;
	struct fd_entry *closed_first, *closed_last;
	unsigned n_closed;
	unsigned n_fds_gone;	/* closed ones whose place was taken ... */
	struct totals fds_gone; /* ... and what they had done */
	struct lane *first_alive, *last_alive;
	struct process *first_proc, *last_proc; /* that live */
	unsigned n_alive, n_alive_procs;
	/* those that ended and still have their detail, in order of their end */
	struct lane *ended[ENDED_KEPT];
	unsigned ended_head, n_ended;
	size_t ended_bytes;
	struct idmap lane_of_tid, proc_of_tgid, fd_of_key;
	struct idmap fd_of_files;    /* the first open descriptor of a table */
	struct idmap lanes_of_files; /* how many living lanes use a table */
	bool finished;
};

/* --- lane.c --- */
struct lane *lane_of(struct model *m, uint32_t tid, uint32_t tgid,
		     uint64_t t); /* made if need be */
struct lane *lane_new(struct model *m, uint32_t tid, uint32_t tgid, uint32_t files, uint64_t t);
void lane_end(struct model *m, struct lane *l, uint64_t t, int gap_slot);
int lane_commit(struct model *m, struct lane *l, uint64_t to, int slot);
/* Everything up to `to` that no event tells of: user, or unknown after a loss. */
int lane_gap(struct model *m, struct lane *l, uint64_t to);
void lane_open(struct lane *l, int slot, uint64_t since);
/* Commit the provisional tail up to `to`. */
int lane_commit_open(struct model *m, struct lane *l, uint64_t to);
void lane_free(struct lane *l);
void process_free(struct process *p);
void lane_set_comm(struct model *m, struct lane *l, const char *comm);

/* --- calls.c --- */
int calls_feed(struct model *m, struct lane *l, const struct event *ev);
int spin_feed(struct model *m, struct lane *l, const struct event *ev);

/* --- fds.c --- */
int fds_feed(struct model *m, const struct event *ev);
/* A lane more, or less, uses a table; what the last one leaves behind is closed at `t`. */
int files_join(struct model *m, uint32_t files);
void files_leave(struct model *m, uint32_t files, uint64_t t);
int lane_set_files(struct model *m, struct lane *l, uint32_t files, uint64_t t); /* 0, -ENOMEM */
/* The entry for a call on `fd`, made if need be; NULL: out of memory. */
struct fd_entry *fds_use(struct model *m, const struct lane *l, int32_t fd, uint64_t t,
			 unsigned *ret_index);
void fds_model(struct model *m, struct lane *l, struct fd_entry *f, const struct event *ev);
void fds_tick(struct model *m);
void fds_free(struct model *m);

/* --- label.c --- */
void labels_tick(struct model *m, uint64_t t);
/* Before the first tick there is no label. */
void label_none(struct label_state *s, uint64_t t);
void label_exit(struct model *m, struct lane *l, uint64_t t);

static inline struct proc_priv *proc_priv(const struct process *p)
{
	return p->priv;
}

static inline struct lane_priv *lane_priv(const struct lane *l)
{
	return l->priv;
}

#endif
