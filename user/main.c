/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parse, connect a source to the sinks, run, free. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

/* Block glyphs need a UTF-8 locale; C.UTF-8 is always there. */
static void set_locale(void)
{
	const char *name = setlocale(LC_ALL, "");

	if (!name || !strcmp(setlocale(LC_CTYPE, NULL), "C") ||
	    !strcmp(setlocale(LC_CTYPE, NULL), "POSIX"))
		setlocale(LC_CTYPE, "C.UTF-8");
	setlocale(LC_NUMERIC, "C");
}

static int run(const struct options *o)
{
	struct session s = {0};
	int status;

	if (!session_wants_screen(o) && !o->batch && !o->summary && !o->n_outputs) {
		say(NULL, "there is no terminal for the screen; use -b, -c or -o FILE");
		return 1;
	}
	status = session_open_outputs(&s, o);
	if (!status)
		status = o->read_path ? run_replay(&s) : run_live(&s);
	session_close(&s);
	return status;
}

int main(int argc, char **argv)
{
	struct options o;
	char err[512];
	int status = options_parse(argc, argv, &o, err, sizeof(err));

	set_locale();
	if (status) {
		fprintf(stderr, "iotrace: %s\n", err);
	} else if (o.help) {
		char *text = options_help();

		fputs(text ? text : options_usage(), stdout);
		free(text);
	} else if (o.version) {
		puts("iotrace " IOTRACE_VERSION);
	} else if (o.check) {
		status = run_check(&o);
	} else if (!o.n_ids && !o.read_path && !o.command) {
		fputs(options_usage(), stderr);
		status = 2;
	} else {
		status = run(&o);
	}
	options_free(&o);
	return status;
}
