/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live source: loads the kernel side, seeds it, and moves ring bytes into a
 * private queue on a thread of its own.  The only user of libbpf.
 *
 * Order: capture_open, capture_target..., capture_start, capture_seed, then
 * capture_take until the end; capture_stop, capture_take until it gives none,
 * capture_free.
 */
#ifndef IOTRACE_CAPTURE_H
#define IOTRACE_CAPTURE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "record.h"
#include "traceinfo.h"

enum capture_state_map { STATE_MAP_AUTO, STATE_MAP_STORAGE, STATE_MAP_HASH };

struct capture_options {
	bool follow;
	uint64_t min_ns;
	uint64_t buffer_bytes;	 /* ring; rounded up to a power of two, 64 KiB at least */
	uint64_t queue_bytes;	 /* private queue; 0: 128 MiB */
	const bool *call_wanted; /* [CALL_COUNT]; NULL: all */
	enum capture_state_map state_map;
	bool verbose; /* libbpf's log to standard error */
};

struct capture;

/* Load and attach. 0 or -errno; capture_error() then is a sentence with a remedy. */
int capture_open(const struct capture_options *o, struct capture **ret_c);
const char *capture_error(void);

#define CAPTURE_TID   0x1 /* only this thread (-t) */
#define CAPTURE_ARMED 0x2 /* silent until its execve (-- CMD) */
/* Name a target by its id in this PID namespace. 0 or -errno. */
int capture_target(struct capture *c, pid_t id, unsigned flags);
/* Find the targets' threads and descriptors. Number of threads, or -errno. */
int capture_seed(struct capture *c);
int capture_start(struct capture *c);

/* A run of records: each a uint32_t length, then that many bytes, padded to 8. */
struct capture_chunk {
	struct capture_chunk *next;
	size_t used;
	unsigned records; /* in it; the consumer may count down */
	_Alignas(8) unsigned char data[];
};
/* Take what has come, oldest first (linked by next), or NULL. The caller frees each. */
struct capture_chunk *capture_take(struct capture *c);
void capture_chunk_free(struct capture *c, struct capture_chunk *k);

/* Is any traced thread left?  Known without a record, so a full ring cannot hide it. */
bool capture_alive(const struct capture *c);

/*
 * Silence and detach the probes, tell what is still open, drain.  *ret_end_ns:
 * the time up to which everything is told.  0 or -errno.
 */
int capture_stop(struct capture *c, uint64_t *ret_end_ns);
/* Where the events went, what the kernel skipped included. */
void capture_stats(struct capture *c, struct probe_stats ret_by_class[PC_COUNT]);
void capture_free(struct capture *c);

/* The probes with on/off and why; valid until capture_free. */
const struct probe_info *capture_probes(const struct capture *c, unsigned *ret_n);

#endif
