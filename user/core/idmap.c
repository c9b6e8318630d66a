/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids -> indices; see idmap.h. */
#include "idmap.h"

#include <errno.h>
#include <stdlib.h>

/* Fibonacci hashing: the top bits of a product with 2^64 / golden ratio. */
static uint32_t place(const struct idmap *m, uint64_t key)
{
	return (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 32) & (m->cap - 1);
}

static uint32_t find(const struct idmap *m, uint64_t key)
{
	uint32_t i = place(m, key);

	while (m->keys[i] && m->keys[i] != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

static int grow(struct idmap *m)
{
	struct idmap bigger = {.cap = m->cap ? m->cap * 2 : 64};

	bigger.keys = calloc(bigger.cap, sizeof(*bigger.keys));
	bigger.values = calloc(bigger.cap, sizeof(*bigger.values));
	if (!bigger.keys || !bigger.values) {
		idmap_free(&bigger);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < m->cap; i++) {
		if (!m->keys[i])
			continue;
		uint32_t to = find(&bigger, m->keys[i]);

		bigger.keys[to] = m->keys[i];
		bigger.values[to] = m->values[i];
		bigger.len++;
	}
	idmap_free(m);
	*m = bigger;
	return 0;
}

int idmap_set(struct idmap *m, uint64_t key, uint32_t value)
{
	uint32_t i;

	if (m->len * 2 >= m->cap) {
		int err = grow(m);

		if (err)
			return err;
	}
	i = find(m, key);
	if (!m->keys[i])
		m->len++;
	m->keys[i] = key;
	m->values[i] = value;
	return 0;
}

uint32_t idmap_get(const struct idmap *m, uint64_t key)
{
	uint32_t i;

	if (!m->cap)
		return IDMAP_NONE;
	i = find(m, key);
	return m->keys[i] ? m->values[i] : IDMAP_NONE;
}

void idmap_remove(struct idmap *m, uint64_t key)
{
	uint32_t hole, i;

	if (!m->cap)
		return;
	hole = find(m, key);
	if (!m->keys[hole])
		return;
	m->len--;
	m->keys[hole] = 0;
	/* what was pushed past the hole moves back into it */
	for (i = (hole + 1) & (m->cap - 1); m->keys[i]; i = (i + 1) & (m->cap - 1)) {
		uint32_t home = place(m, m->keys[i]);

		if (((i - home) & (m->cap - 1)) < ((i - hole) & (m->cap - 1)))
			continue;
		m->keys[hole] = m->keys[i];
		m->values[hole] = m->values[i];
		m->keys[i] = 0;
		hole = i;
	}
}

void idmap_free(struct idmap *m)
{
	free(m->keys);
	free(m->values);
	*m = (struct idmap){0};
}
