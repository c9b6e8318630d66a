/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Odd ways to change a descriptor table.  Each case reads one byte of /dev/zero
 * through numbers that stood for something else before, and prints what every
 * read should be said to have read from.
 *
 * usage: table [--wait-stdin] CASE
 */
#include "prog.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>

#define HIGH 700 /* above the numbers that are forgotten at one go in a careless tracer */

static struct truth truth;
static int n_reads;

/* A read of 3 bytes through `fd`, which is `file`. */
static void read_of(int fd, const char *file, const char *flag)
{
	char buf[3];
	long n = read(fd, buf, sizeof(buf));

	truth_add(&truth, "%s{\"fd\":%d,\"tid\":%d,\"file\":\"%s\",\"flag\":\"%s\",\"ret\":%ld}",
		  n_reads++ ? "," : "", fd, tid_now(), file, flag, n < 0 ? -errno : n);
}

static int open_at(int fd, const char *path)
{
	int got = (int)must(open(path, O_RDONLY), path);

	if (got != fd) {
		must(dup2(got, fd), "dup2");
		close(got);
	}
	return fd;
}

/* CLOSE_RANGE_CLOEXEC closes nothing now. */
static void case_cloexec_range(void)
{
	int fd = open_at(20, "/dev/zero");

	read_of(fd, "/dev/zero", "");
	must(syscall(SYS_close_range, 20, ~0u, CLOSE_RANGE_CLOEXEC), "close_range");
	read_of(fd, "/dev/zero", "");
}

/* Everything above is closed; the numbers come again as something else. */
static void case_range(void)
{
	read_of(open_at(HIGH, "/dev/zero"), "/dev/zero", "");
	read_of(open_at(21, "/dev/zero"), "/dev/zero", "");
	must(syscall(SYS_close_range, 20, ~0u, 0), "close_range");
	read_of(open_at(HIGH, "/proc/version"), "/proc/version", "");
	read_of(open_at(21, "/proc/version"), "/proc/version", "");
}

static void case_dup2(void)
{
	int zero = open_at(20, "/dev/zero");

	read_of(open_at(21, "/proc/version"), "/proc/version", "");
	must(dup2(zero, 21), "dup2");
	read_of(21, "/dev/zero", "");
	must(dup3(open_at(22, "/proc/version"), 21, O_CLOEXEC), "dup3");
	read_of(21, "/proc/version", "");
	close(21);
	must(fcntl(zero, F_DUPFD, 21), "F_DUPFD");
	read_of(21, "/dev/zero", "");
}

/* O_NONBLOCK belongs to the open file: set through one number, true for the other. */
static void case_nonblock(void)
{
	int fds[2], other;

	must(pipe(fds), "pipe");
	must(write(fds[1], "abc", 3), "write");
	read_of(fds[0], "pipe", "");
	other = (int)must(dup(fds[0]), "dup");
	must(fcntl(other, F_SETFL, O_NONBLOCK), "F_SETFL");
	read_of(fds[0], "pipe", "nonblock");
	must(fcntl(other, F_SETFL, 0), "F_SETFL");
	must(write(fds[1], "abc", 3), "write");
	read_of(fds[0], "pipe", "");
}

static void *unshared(void *arg)
{
	(void)arg;
	must(unshare(CLONE_FILES), "unshare");
	open_at(20, "/proc/version");
	read_of(20, "/proc/version", "");
	return NULL;
}

/* A thread leaves the shared table: what it does then is its own affair. */
static void case_unshare(void)
{
	pthread_t thread;

	read_of(open_at(20, "/dev/zero"), "/dev/zero", "");
	if (pthread_create(&thread, NULL, unshared, NULL))
		die("pthread_create");
	pthread_join(thread, NULL);
	read_of(20, "/dev/zero", "");
}

static void *become(void *arg)
{
	char *argv[] = {(char *)"table", (char *)"after-exec", NULL};

	(void)arg;
	execv("/proc/self/exe", argv);
	die("execv");
}

/* Close-on-exec, by an execve of a thread that is not the leader. */
static void case_exec(void)
{
	pthread_t thread;

	read_of(open_at(20, "/dev/zero"), "/dev/zero", "");
	must(fcntl(20, F_SETFD, FD_CLOEXEC), "F_SETFD");
	if (pthread_create(&thread, NULL, become, NULL))
		die("pthread_create");
	pthread_join(thread, NULL);
}

static void after_exec(void)
{
	read_of(open_at(20, "/proc/version"), "/proc/version", "");
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{"cloexec-range", case_cloexec_range},
	{"range", case_range},
	{"dup2", case_dup2},
	{"nonblock", case_nonblock},
	{"unshare", case_unshare},
	{"exec", case_exec},
	{"after-exec", after_exec},
};

int main(int argc, char **argv)
{
	wait_for_go(&argc, &argv);
	truth_add(&truth, "{\"prog\":\"table\",\"pid\":%d,\"reads\":[", getpid());
	for (size_t i = 0; argc == 2 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].name, argv[1]))
			continue;
		cases[i].run();
		truth_add(&truth, "]}");
		truth_print(&truth);
		return 0;
	}
	return 2;
}
