/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the traced programs of the tests share: clock, sleep, the word to go,
 * and one line of truth at the end.
 *
 * A program that has `--wait-stdin` as its first argument reads one byte of
 * standard input before it begins, so that a test can attach first.  The truth
 * goes to standard output as one JSON line in a single write().
 * Header only: each program stays a single source file.
 */
#ifndef IOTRACE_TESTS_PROG_H
#define IOTRACE_TESTS_PROG_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static inline int tid_now(void)
{
	return (int)syscall(SYS_gettid);
}

static inline __attribute__((noreturn)) void die(const char *what)
{
	perror(what);
	_exit(99);
}

/* A result that must not be an error. */
static inline long must(long result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

/* Take `--wait-stdin` off the front of the arguments and obey it. */
static inline void wait_for_go(int *argc, char ***argv)
{
	char byte;

	if (*argc < 2 || strcmp((*argv)[1], "--wait-stdin"))
		return;
	if (read(0, &byte, 1) != 1)
		_exit(98); /* the test is gone */
	(*argv)[1] = (*argv)[0];
	++*argv;
	--*argc;
}

struct truth {
	char text[16384];
	size_t len;
};

static inline __attribute__((format(printf, 2, 3))) void truth_add(struct truth *t, const char *fmt,
								   ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->text + t->len, sizeof(t->text) - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || t->len + (size_t)n >= sizeof(t->text))
		_exit(97);
	t->len += (size_t)n;
}

static inline void truth_add_list(struct truth *t, const char *key, const uint64_t *v, int n)
{
	truth_add(t, ",\"%s\":[", key);
	for (int i = 0; i < n; i++)
		truth_add(t, "%s%llu", i ? "," : "", (unsigned long long)v[i]);
	truth_add(t, "]");
}

/* One write, so that the lines of several processes do not mix. */
static inline void truth_print(struct truth *t)
{
	truth_add(t, "\n");
	if (write(1, t->text, t->len) != (ssize_t)t->len)
		_exit(96);
}

#endif
