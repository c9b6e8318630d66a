/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys; see keymap.h. */
#include "keymap.h"

#include <stddef.h>

#define KEYS_PER_COMMAND 5

static const struct {
	enum command cmd;
	int key[KEYS_PER_COMMAND];
	struct keymap_help help;
} map[] = {
#define X(id, a, b, c, d, e, keys, what) {CMD_##id, {a, b, c, d, e}, {keys, what}},
	IOTRACE_KEYS(X)
#undef X
};
#define N_MAP (sizeof(map) / sizeof(map[0]))

enum command keymap_command(int key)
{
	for (size_t i = 0; key && i < N_MAP; i++)
		for (int k = 0; k < KEYS_PER_COMMAND; k++)
			if (map[i].key[k] == key)
				return map[i].cmd;
	return CMD_NONE;
}

int keymap_help(unsigned i, struct keymap_help *ret_h)
{
	for (size_t k = 0; k < N_MAP; k++) {
		if (!map[k].help.keys || i--)
			continue;
		*ret_h = map[k].help;
		return 1;
	}
	return 0;
}
