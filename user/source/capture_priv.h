/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the live source share: capture.c (ring, queue, end) and
 * capture_load.c (what this kernel offers, loading, attaching).  libbpf must not
 * be seen by anybody else.
 */
#ifndef IOTRACE_CAPTURE_PRIV_H
#define IOTRACE_CAPTURE_PRIV_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdatomic.h>

#include "capture.h"
#include "iotrace.skel.h"

struct capture {
	struct iotrace_bpf *skel;
	struct btf *btf;
	struct ring_buffer *ring;
	struct probe_info *probes;
	unsigned n_probes;
	struct bpf_link **links;
	pid_t *target_ids;
	unsigned n_targets;
	_Atomic uint64_t queue_max;
	uint64_t missed[PC_COUNT];
	uint64_t gone; /* of the kernel side's n_gone: looked at */
	/* the thread and its queue */
	pthread_t thread;
	bool running;
	atomic_bool stop;
	pthread_mutex_t lock;
	struct capture_chunk *first, *last, *open;
	_Atomic uint64_t queued;
};

/* One per probe: what it hangs on, and what it is good for. */
struct probe_plan {
	const char *prog;
	const char *tracepoint; /* of the kernel's BTF */
	int args;		/* that it must have; 0: any number */
	bool required;
	enum probe_class missed_as; /* what a skipped run would have told of; PC_COUNT: no event */
	const char *name;	    /* shown instead of the tracepoint's */
};
extern const struct probe_plan capture_plan[];
extern const unsigned capture_n_plan;

/* Keep a sentence for capture_error() and return `err`. */
int capture_fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Load and attach, with every probe that this kernel offers. 0 or -errno after capture_fail(). */
int capture_load(struct capture *c, const struct capture_options *o);
struct bpf_program *capture_program(const struct capture *c, unsigned i);

#endif
