/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that go to the command while its output is shown (--tty); see ui.h. */
#include "ui.h"

#include <string.h>

bool ui_typing(const struct ui *u)
{
	return u->may_type && u->show_output && u->view == VIEW_TIMELINE && !u->popup;
}

/* A key as a terminal sends it; a character beyond ASCII as UTF-8. */
static size_t key_bytes(int key, char dst[5])
{
	static const struct {
		int key;
		const char *bytes;
	} special[] = {
		{K_UP, "\033[A"},   {K_DOWN, "\033[B"}, {K_RIGHT, "\033[C"},   {K_LEFT, "\033[D"},
		{K_HOME, "\033[H"}, {K_END, "\033[F"},	{K_BACKSPACE, "\177"},
	};

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (special[i].key == key)
			return strlen(strcpy(dst, special[i].bytes));
	if (key >= K_UP)
		return 0; /* nothing that a terminal would send */
	if (key < 0x80) {
		dst[0] = (char)key;
		return 1;
	}
	if (key < 0x800) {
		dst[0] = (char)(0xc0 | key >> 6);
		dst[1] = (char)(0x80 | (key & 63));
		return 2;
	}
	dst[0] = (char)(key < 0x10000 ? 0xe0 | key >> 12 : 0xf0 | key >> 18);
	if (key < 0x10000) {
		dst[1] = (char)(0x80 | (key >> 6 & 63));
		dst[2] = (char)(0x80 | (key & 63));
		return 3;
	}
	dst[1] = (char)(0x80 | (key >> 12 & 63));
	dst[2] = (char)(0x80 | (key >> 6 & 63));
	dst[3] = (char)(0x80 | (key & 63));
	return 4;
}

enum ui_result ui_type(struct ui *u, int key)
{
	char bytes[5];
	size_t n;

	if (key == K_CTRL_BRACKET || key == K_F10) {
		u->show_output = false;
		return UI_DIRTY;
	}
	n = key_bytes(key, bytes);
	if (u->n_typed + n <= sizeof(u->typed)) {
		memcpy(u->typed + u->n_typed, bytes, n);
		u->n_typed += n;
	}
	return UI_NOTHING;
}
