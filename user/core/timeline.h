/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline of one lane: a partition of its life into states.
 *
 * Kept twice: the newest intervals exactly (8 bytes each), and everything in
 * buckets of 100 ms with the ns of every state, for wide views, labels and
 * what the exact part no longer reaches.  Both are bounded; what was
 * overwritten is known (exact_from_ns, buckets_from_ns).  Pure.
 */
#ifndef IOTRACE_TIMELINE_H
#define IOTRACE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "states.h" /* bpf/ */

#define BUCKET_NS 100000000ull

struct bucket {
	uint32_t ns[STATE_SLOTS];
};

struct timeline {
	uint64_t origin_ns; /* grid of the buckets */
	uint64_t begin_ns;  /* birth of the lane */
	uint64_t end_ns;    /* committed up to here */
	uint64_t total_ns[STATE_SLOTS];
	/* exact intervals: start << 4 | slot; each ends where the next begins */
	uint64_t *spans;
	uint32_t span_cap, span_max, span_len, span_head;
	uint64_t exact_from_ns;
	/* buckets: number `bucket_first` lies at bucket_head */
	struct bucket *buckets;
	uint32_t bucket_cap, bucket_max, bucket_len, bucket_head;
	uint64_t bucket_first;
};

/* Times: ns.  timeline_init cannot fail; memory is taken as it grows. */
void timeline_init(struct timeline *t, uint64_t origin_ns, uint64_t begin_ns, uint32_t max_spans,
		   uint32_t max_buckets);
void timeline_free(struct timeline *t); /* of what it was the totals stay */
size_t timeline_bytes(const struct timeline *t);
/* Commit [end_ns, to) as `slot`; merges with an equal predecessor. to <= end: nothing. */
int timeline_append(struct timeline *t, uint64_t to, int slot); /* 0 or -ENOMEM */
/* ns by slot in [from, to), committed part only. Added to ret_ns. */
void timeline_sum(const struct timeline *t, uint64_t from, uint64_t to,
		  uint64_t ret_ns[STATE_SLOTS]);
/* Exact interval number i, 0 = newest. False past what is kept. */
bool timeline_span(const struct timeline *t, uint32_t i, uint64_t *ret_from, uint64_t *ret_to,
		   int *ret_slot);
/* The interval that holds time t; binary search. False when not kept. */
bool timeline_find(const struct timeline *t, uint64_t at, uint32_t *ret_i);

#endif
