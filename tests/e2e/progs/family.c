/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four threads in two processes, with a fork and an exec in the middle; each
 * thread makes its own, distinct number of reads of /dev/zero and writes to
 * /dev/null: the truth for attribution.
 *
 * Process A: its main thread and one more.  A forks B, whose main thread has
 * one more thread too, and then becomes a new program (itself, again), where it
 * goes on reading and writing.  Each thread prints one line of truth; that of
 * B's main thread comes from after the exec and counts both halves.
 *
 * usage: family [--wait-stdin]
 */
#include "prog.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>

struct work {
	const char *who;
	int reads, read_bytes;
	int writes, write_bytes;
};

static const struct work work_a_main = {"a-main", 101, 11, 201, 21};
static const struct work work_a_more = {"a-more", 307, 13, 409, 23};
static const struct work work_b_more = {"b-more", 503, 17, 601, 29};
static const struct work work_b_before = {"b-main", 701, 19, 809, 31};
static const struct work work_b_after = {"b-main", 907, 19, 1009, 31};

static void do_work(const struct work *w)
{
	char buf[64];
	int zero = (int)must(open("/dev/zero", O_RDONLY | O_CLOEXEC), "/dev/zero");
	int null = (int)must(open("/dev/null", O_WRONLY | O_CLOEXEC), "/dev/null");

	for (int i = 0; i < w->reads || i < w->writes; i++) {
		if (i < w->reads && read(zero, buf, (size_t)w->read_bytes) != w->read_bytes)
			die("read");
		if (i < w->writes && write(null, buf, (size_t)w->write_bytes) != w->write_bytes)
			die("write");
	}
	close(zero);
	close(null);
}

static void tell(const struct work *w, const struct work *also)
{
	struct truth t = {.len = 0};
	int reads = w->reads + (also ? also->reads : 0);
	int writes = w->writes + (also ? also->writes : 0);

	truth_add(&t, "{\"prog\":\"family\",\"who\":\"%s\",\"pid\":%d,\"tid\":%d", w->who, getpid(),
		  tid_now());
	truth_add(&t, ",\"reads\":%d,\"read_bytes\":%d,\"writes\":%d,\"write_bytes\":%d}", reads,
		  reads * w->read_bytes, writes, writes * w->write_bytes);
	truth_print(&t);
}

static void *more(void *arg)
{
	do_work(arg);
	tell(arg, NULL);
	return NULL;
}

static pthread_t start_more(const struct work *w)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, more, (void *)w))
		die("pthread_create");
	return thread;
}

static void process_b(char *self)
{
	char *again[] = {self, (char *)"--after-exec", NULL};
	pthread_t thread = start_more(&work_b_more);

	do_work(&work_b_before);
	pthread_join(thread, NULL);
	execv("/proc/self/exe", again);
	die("execv");
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int status;
	pid_t b;

	if (argc > 1 && !strcmp(argv[1], "--after-exec")) {
		do_work(&work_b_after);
		tell(&work_b_after, &work_b_before);
		return 0;
	}
	wait_for_go(&argc, &argv);
	thread = start_more(&work_a_more);
	b = (pid_t)must(fork(), "fork");
	if (b == 0)
		process_b(argv[0]);
	do_work(&work_a_main);
	pthread_join(thread, NULL);
	must(waitpid(b, &status, 0), "waitpid");
	tell(&work_a_main, NULL);
	return status ? 1 : 0;
}
