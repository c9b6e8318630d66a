/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts records into the order of time.  Records of one thread arrive in order;
 * those of different CPUs are apart by microseconds, a folded run by up to its
 * length.  Holds references to bytes that the caller keeps alive.  Pure.
 */
#ifndef IOTRACE_ORDER_H
#define IOTRACE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order_item {
	uint64_t t_ns;
	const void *rec;
	uint32_t len;
	void *batch; /* the caller's: to know when bytes are no longer needed */
};

struct order {
	struct order_item *items; /* sorted from `head` on */
	size_t cap, len, head;
};

/* Add one; equal times keep the order in which they were added. 0 or -ENOMEM. */
int order_add(struct order *o, const struct order_item *item);
/* Take the oldest if it is not younger than `until_ns`. */
bool order_take(struct order *o, uint64_t until_ns, struct order_item *ret_item);
void order_free(struct order *o);

#endif
