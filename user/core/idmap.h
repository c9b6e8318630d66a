/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash map from 64-bit ids to indices: open addressing, linear probing, grows
 * by doubling.  Key 0 is not a key.  Pure.
 */
#ifndef IOTRACE_IDMAP_H
#define IOTRACE_IDMAP_H

#include <stdint.h>

struct idmap {
	uint64_t *keys;
	uint32_t *values;
	uint32_t cap, len; /* cap: a power of two, or 0 */
};

#define IDMAP_NONE UINT32_MAX

/* Set or replace. 0 or -ENOMEM. */
int idmap_set(struct idmap *m, uint64_t key, uint32_t value);
uint32_t idmap_get(const struct idmap *m, uint64_t key); /* IDMAP_NONE: not there */
void idmap_remove(struct idmap *m, uint64_t key);
void idmap_free(struct idmap *m);

#endif
