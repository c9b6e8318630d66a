/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model: a pure fold of events into processes, lanes (threads), timelines,
 * calls, descriptors and labels.  Everything that a screen, a table or a
 * recording says comes from here.
 *
 * Owned by one thread.  No libbpf, no curses, no clock, no environment, no
 * stdio: time comes as events (EV_TICK every 100 ms).  Readers get const views;
 * what they point to stays valid until the next model_feed(); lanes and
 * processes stay where they are until model_free().
 */
#ifndef IOTRACE_MODEL_H
#define IOTRACE_MODEL_H

#include "event.h"
#include "names.h"
#include "timeline.h"

#define TICK_NS 100000000ull

/* Labels: what a lecturer says aloud (semantics 5). */
#define IOTRACE_LABELS(X)                                                                          \
	X(NONE, "-")                                                                               \
	X(BUSY, "busy-waiting")                                                                    \
	X(RUNNING, "running")                                                                      \
	X(BLOCKED, "blocked")                                                                      \
	X(RUNNABLE, "runnable")                                                                    \
	X(IDLE, "idle-waiting")                                                                    \
	X(STOPPED, "stopped")                                                                      \
	X(UNKNOWN, "unknown")                                                                      \
	X(EXITED, "exited")

enum label {
#define X(id, word) LABEL_##id,
	IOTRACE_LABELS(X)
#undef X
		LABEL_COUNT,
};
const char *label_name(enum label l);

/* Models (semantics 6), as bits: a descriptor may show several. */
#define IOTRACE_MODELS(X)                                                                          \
	X(BLOCKING, "blocking", 0x01)                                                              \
	X(NONBLOCKING, "non-blocking", 0x02)                                                       \
	X(MULTIPLEXED, "multiplexed", 0x04)                                                        \
	X(SIGNAL, "signal-driven", 0x08)                                                           \
	X(ASYNC, "asynchronous", 0x10)                                                             \
	X(MAPPED, "memory-mapped", 0x20)

enum io_model {
	MODEL_NONE = 0,
#define X(id, word, bit) MODEL_##id = bit,
	IOTRACE_MODELS(X)
#undef X
};
const char *io_model_name(unsigned model); /* of one bit; "-" for none */

/*
 * Why a label is what it is, with its numbers.  Formatted in English for
 * recordings by evidence_format(); a screen may build its own sentence.
 */
struct evidence {
	enum label label;
	uint64_t window_ns; /* the time looked at */
	uint64_t share_ns;  /* of it, what the label holds */
	uint16_t call;	    /* the call that stands for it, or CALL_NONE */
	int32_t fd;	    /* its descriptor, or -1 */
	int32_t err;	    /* errno of failed tries, 0: returned nothing */
	uint64_t count;	    /* failed tries, or calls, or wake-ups in the window */
	uint64_t since_ns;  /* since when asleep, or 0 */
	uint16_t cpu;	    /* the CPU it was last seen on */
	uint32_t tid;	    /* of a process's label: the thread that decides */
	uint64_t cpu_ns;    /* on CPU in the window */
};
size_t evidence_format(const struct evidence *e, char *dst, size_t size);

struct label_state {
	enum label shown;
	uint64_t since_ns;	    /* when it became the shown one */
	const struct evidence *why; /* never NULL */
};

/* One finished call or folded run in a lane's list of last calls. */
struct call_entry {
	struct event ev; /* EV_CALL or EV_SPIN */
	/* an EV_CALL's logical call (decisions.md 4): phases summed over its attempts */
	uint64_t wait_ns, runq_ns, copy_ns, cpu_ns;
	uint64_t begin_ns; /* of the first attempt */
	unsigned fd_index; /* its descriptor: ask model_call_fd(); or MODEL_NO_FD */
	uint32_t fd_life;
};
#define MODEL_NO_FD UINT32_MAX

struct totals {
	uint64_t calls;	 /* logical calls; folded tries included */
	uint64_t folded; /* of them */
	uint64_t errors; /* results < 0, folded ones included */
	uint64_t bytes;
	uint64_t wait_ns, runq_ns, copy_ns, cpu_ns;
	uint64_t copy_guess_ns; /* of copy_ns, what is an estimate */
};
/* Add `t` to `sum`, member by member. */
void totals_sum(struct totals *sum, const struct totals *t);
struct call_total { /* per enum call */
	uint16_t call;
	struct totals t;
};

struct process;
struct lane {
	struct process *proc;
	uint32_t tid;
	uint32_t files;
	uint32_t global_tid;
	uint32_t flags; /* TASKF_* */
	char comm[REC_COMM];
	uint64_t birth_ns;
	uint64_t end_ns; /* 0: alive */
	bool ended_by_exec;
	bool forgotten; /* ended long ago: timeline and last calls were given back */
	int32_t exit_code;
	unsigned index; /* into model_lane() */

	struct timeline timeline; /* committed: [birth, timeline.end) */
	/* what comes behind, provisionally: [timeline.end, open_since) kernel when in a call,
	 * else user; from open_since on open_slot */
	int open_slot;
	uint64_t open_since_ns;
	bool in_call;		   /* asleep in a watched call since ... */
	struct ev_sleep open_call; /* ... this one */
	int32_t in_nr;		   /* asleep in this unwatched call, or -1 */
	uint16_t cpu;		   /* last seen on */

	struct label_state label;
	struct totals totals;
	struct call_total *by_call; /* sorted by call */
	unsigned n_by_call;
	uint64_t nvcsw, nivcsw; /* seen since tracing began */
	uint64_t lost_calls;
	uint64_t calls_made; /* for the rate: calls in the last full second */
	double calls_per_s, bytes_per_s;

	struct call_entry *ring; /* last calls, oldest first from ring_head */
	unsigned ring_cap, ring_len, ring_head;
	void *priv; /* NULL: ended */
};

struct process {
	uint32_t tgid;
	uint32_t ptgid;
	bool target;
	char comm[REC_COMM];
	uint64_t birth_ns, end_ns; /* end 0: has living lanes */
	unsigned index;
	struct lane **lanes, *only; /* in order of birth; a single one needs no array */
	unsigned n_lanes, n_alive;
	struct label_state label;
	void *priv;
};

struct fd_entry {
	uint32_t files, tgid;
	int32_t fd;
	uint8_t kind;
	uint32_t o_flags;
	uint32_t life; /* how many descriptors had this place before */
	uint64_t ino;
	char *name; /* as shown; never NULL ("" when not known) */
	bool partial;
	bool left;		       /* open until the last lane left its table */
	uint64_t opened_ns, closed_ns; /* closed 0: open as far as known */
	unsigned model;		       /* of its newest calls (one bit) */
	unsigned models;	       /* all that were seen */
	struct totals totals;
	uint64_t last_ns;
	double calls_per_s, bytes_per_s;
	void *priv;
};

struct loss_total {
	uint64_t calls, records;
	uint64_t by_cause[LOSS_CAUSES];
};

/* Where the kernel side's events went; given by the source at the end. */
struct model_stats {
	struct probe_stats by_class[PC_COUNT];
	bool known;
};

struct model_config {
	uint64_t t0_ns;	       /* start of tracing; bucket and tick grid begin here */
	uint64_t window_ns;    /* label window, 0: 1 s */
	unsigned calls_kept;   /* per lane, 0: 256 */
	unsigned spans_kept;   /* intervals per lane, 0: 16384 */
	unsigned buckets_kept; /* 100 ms buckets per lane, 0: 36000 (an hour) */
};

/*
 * What the model concludes, told while it feeds (for writers).  Any may be
 * NULL.  Called in a fixed order, the same for the same events.
 */
struct model_observer {
	void *ctx;
	/* A committed interval; `cpu` where on CPU.  Touching, never overlapping. */
	void (*interval)(void *ctx, const struct lane *l, uint64_t from, uint64_t to, int slot);
	void (*label)(void *ctx, const struct lane *l, uint64_t t, const struct label_state *s);
	void (*process_label)(void *ctx, const struct process *p, uint64_t t,
			      const struct label_state *s);
	void (*lane_begin)(void *ctx, const struct lane *l);
	void (*lane_named)(void *ctx, const struct lane *l);
	void (*lane_end)(void *ctx, const struct lane *l);
};

struct model;
struct model *model_new(const struct model_config *cfg); /* NULL: out of memory */
void model_free(struct model *m);
void model_observe(struct model *m, const struct model_observer *o); /* copied; NULL: none */
/*
 * Feed one event.  Events of one thread must come in the order of t_ns; an
 * event that cannot be (a call that overlaps an older one) is clipped and
 * counted in model_anomalies().  Returns 0, -EBADMSG (ignored, counted) or
 * -ENOMEM.
 */
int model_feed(struct model *m, const struct event *ev);
/* The trace is over at `t`: closes every living lane's timeline there. */
void model_finish(struct model *m, uint64_t t);

uint64_t model_t0(const struct model *m);
uint64_t model_now(const struct model *m); /* newest time heard of */
uint64_t model_events(const struct model *m);
uint64_t model_anomalies(const struct model *m);
const struct loss_total *model_loss(const struct model *m);
void model_set_stats(struct model *m, const struct model_stats *s);
const struct model_stats *model_get_stats(const struct model *m);

unsigned model_n_processes(const struct model *m);
const struct process *model_process(const struct model *m, unsigned i);
unsigned model_n_lanes(const struct model *m);
const struct lane *model_lane(const struct model *m, unsigned i); /* in order of birth */
/* Newest with that tid; NULL also when that one was forgotten. */
const struct lane *model_lane_by_tid(const struct model *m, uint32_t tid);
/* The living, in order of birth: the one after `l` (NULL: the first); NULL at the end. */
const struct lane *model_next_alive(const struct model *m, const struct lane *l);
unsigned model_n_alive(const struct model *m);
unsigned model_n_alive_processes(const struct model *m);
/* Used descriptors that were closed long ago and are no longer kept: how many, their totals. */
unsigned model_fds_gone(const struct model *m, const struct totals **ret_t);
unsigned model_n_fds(const struct model *m);
const struct fd_entry *model_fd(const struct model *m, unsigned i);
/* A call's descriptor; NULL: it had none, or another one has its place by now. */
const struct fd_entry *model_call_fd(const struct model *m, const struct call_entry *c);
/* The open descriptor `fd` of a lane's table; NULL when nothing is known. */
const struct fd_entry *model_fd_of(const struct model *m, const struct lane *l, int32_t fd);
/* The lane's i-th last call, 0 = newest; NULL past the end. */
const struct call_entry *lane_call(const struct lane *l, unsigned i);

/*
 * ns of every timeline slot in [from, to) of a lane, the open tail drawn up to
 * `now`: the sum is the part of [from, to) in which the lane was alive.
 */
void lane_shares(const struct lane *l, uint64_t from, uint64_t to, uint64_t now,
		 uint64_t ret_ns[STATE_SLOTS]);
/* Totals of a lane's states from birth to its timeline's end (semantics 1). */
void lane_state_totals(const struct lane *l, uint64_t ret_ns[STATE_COUNT]);
/*
 * State at `t`, and the interval of it that holds `t`; what is still going on
 * ends at `now`.  Outside of the lane's life: unknown.
 */
enum state lane_span_at(const struct lane *l, uint64_t t, uint64_t now, uint64_t *ret_from,
			uint64_t *ret_to);
/* State at `t` and since when. */
enum state lane_state_at(const struct lane *l, uint64_t t, uint64_t *ret_since);
/* Debug check: intervals touch and add up to the observed life. 0 or -EPROTO. */
int model_check(const struct model *m);

#endif
