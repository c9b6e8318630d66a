/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a descriptor is called stays true whatever is done to its table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "trace.h"

/* The next read of three bytes by a number that the case uses. */
static const struct tcall *next_read(const struct trace *t, const struct tcall *c)
{
	while ((c = trace_next(t, c, "read", 0, -1)))
		if (number(c->args, "asked") == 3)
			return c;
	return NULL;
}

static void run_case(const char *name, const char *const *options)
{
	const struct tcall *c = NULL;
	char prog[256];
	struct trace t;
	struct proc p;
	json_t *truth, *read;
	size_t i;

	need_root();
	plain("tests/progs/table", prog, sizeof(prog));
	trace_run(&t, &p, options, (char *const[]){prog, (char *)name, NULL});
	assert_int_equal(p.status, 0);
	truth = truth_of(&p, 0);
	if (!strcmp(name, "exec")) /* the first half cannot tell: its program is gone */
		c = next_read(&t, c);
	json_array_foreach(json_object_get(truth, "reads"), i, read)
	{
		const char *file = json_string_value(json_object_get(read, "file"));
		const char *flag = json_string_value(json_object_get(read, "flag"));

		c = next_read(&t, c);
		if (!c)
			fail_msg("%s: read %zu is missing", name, i);
		if (strncmp(c->file, file, strlen(file)) || c->fd != number(read, "fd") ||
		    c->tid != number(read, "tid"))
			fail_msg("%s: read %zu is of %d %s, in truth of %s", name, i, c->fd,
				 c->file, file);
		assert_int_equal(json_is_true(json_object_get(c->args, "nonblock")),
				 !strcmp(flag, "nonblock"));
	}
	json_decref(truth);
	trace_free(&t);
}

static void storage(void **state)
{
	run_case(*state, NULL);
}

static void hash(void **state)
{
	run_case(*state, (const char *const[]){"--task-state", "hash", NULL});
}

#define BOTH(name)                                                                                 \
	{name, storage, NULL, NULL, (void *)name},                                                 \
	{                                                                                          \
		name " (hash)", hash, NULL, NULL, (void *)name                                     \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH("cloexec-range"), BOTH("range"),	BOTH("dup2"),
		BOTH("nonblock"),      BOTH("unshare"), BOTH("exec"),
	};

	return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
