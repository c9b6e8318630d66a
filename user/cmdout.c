/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command wrote; see cmdout.h. */
#include "cmdout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names.h"

#define LINES_KEPT    200
#define LINE_BYTES    512
#define READS_AT_ONCE 16 /* a command that never stops must not stop the screen */
#define LINES_PRINTED 20

struct cmdout {
	char line[LINES_KEPT][LINE_BYTES];
	struct text text[LINES_KEPT];
	unsigned n, head; /* whole lines kept, and the one that is being filled */
	size_t len;	  /* of that one */
};

struct cmdout *cmdout_new(void)
{
	return calloc(1, sizeof(struct cmdout));
}

static void newline(struct cmdout *c)
{
	c->head = (c->head + 1) % LINES_KEPT;
	if (c->n < LINES_KEPT - 1)
		c->n++;
	c->len = 0;
	c->line[c->head][0] = 0;
}

static void take(struct cmdout *c, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\n')
			newline(c);
		else if (p[i] != '\r' && c->len < LINE_BYTES - 1)
			c->line[c->head][c->len++] = p[i];
		c->line[c->head][c->len] = 0;
	}
}

bool cmdout_read(struct cmdout *c, int *pty_fd)
{
	char buf[4096];
	bool some = false;

	for (int i = 0; *pty_fd >= 0 && i < READS_AT_ONCE; i++) {
		ssize_t n = read(*pty_fd, buf, sizeof(buf));

		if (n > 0) {
			take(c, buf, (size_t)n);
			some = true;
			continue;
		}
		/* nobody has the other end any more: nothing to wait for */
		if (n == 0 || errno == EIO) {
			close(*pty_fd);
			*pty_fd = -1;
		}
		break;
	}
	return some;
}

const struct text *cmdout_lines(struct cmdout *c, unsigned *ret_n)
{
	unsigned n = 0;

	for (unsigned i = 0; i <= c->n; i++) {
		unsigned at = (c->head + LINES_KEPT - c->n + i) % LINES_KEPT;

		if (i == c->n && !c->len)
			break;
		c->text[n++] = (struct text){c->line[at], strlen(c->line[at])};
	}
	*ret_n = n;
	return c->text;
}

void cmdout_print(struct cmdout *c)
{
	unsigned n;
	const struct text *line = cmdout_lines(c, &n);
	char safe[4 * LINE_BYTES];

	for (unsigned i = n > LINES_PRINTED ? n - LINES_PRINTED : 0; i < n; i++) {
		text_escape(safe, sizeof(safe), line[i].p, line[i].len);
		puts(safe);
	}
}

void cmdout_free(struct cmdout *c)
{
	free(c);
}
