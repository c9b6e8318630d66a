/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Order of time; see pure_order.h. */
#include "pure_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int make_room(struct order *o)
{
	struct order_item *items;
	size_t cap;

	if (o->head + o->len < o->cap)
		return 0;
	if (o->head > o->cap / 2) {
		memmove(o->items, o->items + o->head, o->len * sizeof(*o->items));
		o->head = 0;
		return 0;
	}
	cap = o->cap ? o->cap * 2 : 4096;
	items = realloc(o->items, cap * sizeof(*items));
	if (!items)
		return -ENOMEM;
	o->items = items;
	o->cap = cap;
	return 0;
}

int order_add(struct order *o, const struct order_item *item)
{
	int err = make_room(o);
	struct order_item *first;
	size_t lo, hi, at;

	if (err)
		return err;
	first = o->items + o->head;
	at = o->len;
	if (at && first[at - 1].t_ns > item->t_ns) {
		/* the first that is younger; nearly always close to the end */
		lo = 0;
		hi = o->len;
		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (first[mid].t_ns > item->t_ns)
				hi = mid;
			else
				lo = mid + 1;
		}
		at = lo;
		memmove(first + at + 1, first + at, (o->len - at) * sizeof(*first));
	}
	first[at] = *item;
	o->len++;
	return 0;
}

bool order_take(struct order *o, uint64_t until_ns, struct order_item *ret_item)
{
	if (!o->len || o->items[o->head].t_ns > until_ns)
		return false;
	*ret_item = o->items[o->head++];
	if (!--o->len)
		o->head = 0;
	return true;
}

void order_free(struct order *o)
{
	free(o->items);
	*o = (struct order){0};
}
