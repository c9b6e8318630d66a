/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lane's partition of time; see timeline.h. */
#include "timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPAN_START(s) ((s) >> 4)
#define SPAN_SLOT(s)  ((int)((s)&15))

void timeline_init(struct timeline *t, uint64_t origin_ns, uint64_t begin_ns, uint32_t max_spans,
		   uint32_t max_buckets)
{
	memset(t, 0, sizeof(*t));
	t->origin_ns = origin_ns < begin_ns ? origin_ns : begin_ns;
	t->begin_ns = t->end_ns = t->exact_from_ns = begin_ns;
	t->span_max = max_spans;
	t->bucket_max = max_buckets;
	t->bucket_first = (begin_ns - t->origin_ns) / BUCKET_NS;
}

void timeline_free(struct timeline *t)
{
	free(t->spans);
	free(t->buckets);
	t->spans = NULL;
	t->buckets = NULL;
	t->span_len = t->span_cap = t->span_head = 0;
	t->bucket_len = t->bucket_cap = t->bucket_head = 0;
	/* all of it lies before what is kept now: nothing */
	t->exact_from_ns = t->end_ns;
	t->bucket_first = (t->end_ns - t->origin_ns) / BUCKET_NS + 1;
}

size_t timeline_bytes(const struct timeline *t)
{
	return t->span_cap * sizeof(*t->spans) + t->bucket_cap * sizeof(*t->buckets);
}

/* Double a ring of `size`-byte items, laid out from its head. */
static int ring_grow(void **items, uint32_t *cap, uint32_t max, uint32_t len, uint32_t *head,
		     size_t size)
{
	uint32_t want = *cap ? *cap * 2 : 16;
	char *p;

	if (want > max)
		want = max;
	p = malloc(want * size);
	if (!p)
		return -ENOMEM;
	for (uint32_t i = 0; i < len; i++)
		memcpy(p + i * size, (char *)*items + ((*head + i) % *cap) * size, size);
	free(*items);
	*items = p;
	*cap = want;
	*head = 0;
	return 0;
}

static struct bucket *bucket_at(const struct timeline *t, uint64_t number)
{
	if (number < t->bucket_first || number >= t->bucket_first + t->bucket_len)
		return NULL;
	return &t->buckets[(t->bucket_head + (uint32_t)(number - t->bucket_first)) % t->bucket_cap];
}

/* The bucket for `number`, made if it lies ahead; the oldest gives way. */
static int bucket_make(struct timeline *t, uint64_t number, struct bucket **ret_b)
{
	if (t->bucket_len && number >= t->bucket_first + t->bucket_len + t->bucket_max) {
		t->bucket_len = 0; /* a leap past all that is kept */
		t->bucket_head = 0;
		t->bucket_first = number;
	}
	while (number >= t->bucket_first + t->bucket_len) {
		uint32_t at;

		if (t->bucket_len == t->bucket_cap && t->bucket_cap < t->bucket_max) {
			int err = ring_grow((void **)&t->buckets, &t->bucket_cap, t->bucket_max,
					    t->bucket_len, &t->bucket_head, sizeof(*t->buckets));
			if (err)
				return err;
		}
		if (t->bucket_len == t->bucket_cap) {
			t->bucket_head = (t->bucket_head + 1) % t->bucket_cap;
			t->bucket_first++;
			t->bucket_len--;
		}
		at = (t->bucket_head + t->bucket_len) % t->bucket_cap;
		memset(&t->buckets[at], 0, sizeof(t->buckets[at]));
		t->bucket_len++;
	}
	*ret_b = bucket_at(t, number);
	return 0;
}

static int buckets_add(struct timeline *t, uint64_t from, uint64_t to, int slot)
{
	uint64_t last = (to - t->origin_ns) / BUCKET_NS;

	/* of a leap of years only what will be kept */
	if ((from - t->origin_ns) / BUCKET_NS + t->bucket_max + 1 < last)
		from = t->origin_ns + (last - t->bucket_max) * BUCKET_NS;
	while (from < to) {
		uint64_t number = (from - t->origin_ns) / BUCKET_NS;
		uint64_t end = t->origin_ns + (number + 1) * BUCKET_NS;
		struct bucket *b = NULL;
		int err = bucket_make(t, number, &b);

		if (err)
			return err;
		if (end > to)
			end = to;
		b->ns[slot] += (uint32_t)(end - from);
		from = end;
	}
	return 0;
}

static int span_push(struct timeline *t, uint64_t from, int slot)
{
	uint64_t last;

	if (t->span_len) {
		last = t->spans[(t->span_head + t->span_len - 1) % t->span_cap];
		if (SPAN_SLOT(last) == slot)
			return 0;
	}
	if (t->span_len == t->span_cap && t->span_cap < t->span_max) {
		int err = ring_grow((void **)&t->spans, &t->span_cap, t->span_max, t->span_len,
				    &t->span_head, sizeof(*t->spans));
		if (err)
			return err;
	}
	if (t->span_len == t->span_cap) {
		t->span_head = (t->span_head + 1) % t->span_cap;
		t->span_len--;
		t->exact_from_ns = t->span_len ? SPAN_START(t->spans[t->span_head]) : from;
	}
	t->spans[(t->span_head + t->span_len) % t->span_cap] = from << 4 | (uint64_t)slot;
	t->span_len++;
	return 0;
}

int timeline_append(struct timeline *t, uint64_t to, int slot)
{
	int err;

	if (to <= t->end_ns)
		return 0;
	err = span_push(t, t->end_ns, slot);
	if (!err)
		err = buckets_add(t, t->end_ns, to, slot);
	if (err)
		return err;
	t->total_ns[slot] += to - t->end_ns;
	t->end_ns = to;
	return 0;
}

/* The newest interval that begins at or before `at`; -1: none is kept. */
static int64_t span_find(const struct timeline *t, uint64_t at)
{
	uint32_t lo = 0, hi = t->span_len;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (SPAN_START(t->spans[(t->span_head + mid) % t->span_cap]) <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (int64_t)lo - 1;
}

static uint64_t span_end(const struct timeline *t, uint32_t i)
{
	return i + 1 < t->span_len ? SPAN_START(t->spans[(t->span_head + i + 1) % t->span_cap])
				   : t->end_ns;
}

static void sum_spans(const struct timeline *t, uint64_t from, uint64_t to,
		      uint64_t ret_ns[STATE_SLOTS])
{
	int64_t i = span_find(t, from);

	for (uint32_t k = i < 0 ? 0 : (uint32_t)i; k < t->span_len; k++) {
		uint64_t s = t->spans[(t->span_head + k) % t->span_cap];
		uint64_t a = SPAN_START(s), b = span_end(t, k);

		if (a >= to)
			break;
		a = a < from ? from : a;
		b = b > to ? to : b;
		if (b > a)
			ret_ns[SPAN_SLOT(s)] += b - a;
	}
}

/* A part of a bucket that only the bucket remembers: shared out evenly, no ns is lost. */
static void sum_part(const struct bucket *b, uint64_t part, uint64_t ret_ns[STATE_SLOTS])
{
	uint64_t whole = 0, seen = 0, given = 0;

	for (int i = 0; i < STATE_SLOTS; i++)
		whole += b->ns[i];
	for (int i = 0; whole && i < STATE_SLOTS; i++) {
		uint64_t upto;

		seen += b->ns[i];
		upto = part * seen / whole; /* both are below 2^27 */
		ret_ns[i] += upto - given;
		given = upto;
	}
}

void timeline_sum(const struct timeline *t, uint64_t from, uint64_t to,
		  uint64_t ret_ns[STATE_SLOTS])
{
	if (from < t->begin_ns)
		from = t->begin_ns;
	if (to > t->end_ns)
		to = t->end_ns;
	while (from < to) {
		uint64_t number = (from - t->origin_ns) / BUCKET_NS;
		uint64_t start = t->origin_ns + number * BUCKET_NS, end = start + BUCKET_NS;
		const struct bucket *b = bucket_at(t, number);
		uint64_t stop = end < to ? end : to;
		bool whole = b && from == start && stop == end;

		if (!b && number < t->bucket_first) { /* as far as it is all the same */
			stop = t->origin_ns + t->bucket_first * BUCKET_NS;
			stop = stop < to ? stop : to;
		}
		if (!whole && from < t->exact_from_ns && stop > t->exact_from_ns)
			stop = t->exact_from_ns;
		if (whole) {
			for (int i = 0; i < STATE_SLOTS; i++)
				ret_ns[i] += b->ns[i];
		} else if (from >= t->exact_from_ns && t->span_len) {
			sum_spans(t, from, stop, ret_ns);
		} else if (b) {
			sum_part(b, stop - from, ret_ns);
		} else {
			ret_ns[STATE_UNKNOWN] += stop - from; /* overwritten */
		}
		from = stop;
	}
}

bool timeline_span(const struct timeline *t, uint32_t i, uint64_t *ret_from, uint64_t *ret_to,
		   int *ret_slot)
{
	uint32_t k;
	uint64_t s;

	if (i >= t->span_len)
		return false;
	k = t->span_len - 1 - i;
	s = t->spans[(t->span_head + k) % t->span_cap];
	*ret_from = SPAN_START(s);
	*ret_to = span_end(t, k);
	*ret_slot = SPAN_SLOT(s);
	return true;
}

bool timeline_find(const struct timeline *t, uint64_t at, uint32_t *ret_i)
{
	int64_t i;

	if (at >= t->end_ns)
		return false;
	i = span_find(t, at);
	if (i < 0)
		return false;
	*ret_i = t->span_len - 1 - (uint32_t)i;
	return true;
}
