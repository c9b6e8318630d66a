/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tour of waiting: one process whose threads wait in different ways.
 *
 * Each thread is named after what a tracer should say of it.  All of them want
 * the same thing, data that somebody else makes; they differ in how they wait
 * for it.  Run it under iotrace (`make demo`) and compare the lanes.
 * It uses the C library alone, so that it can be read and changed on its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define COPY_BYTES (8 << 20)

/* What the threads share.  Index 0 of a pipe is its reading end. */
struct tour {
	int slow_pipe[2];  /* fed every 400 to 800 ms: read by `blocked` */
	int empty_pipe[2]; /* never fed, O_NONBLOCK: tried by `busy-wait` */
	int event_fd;	   /* counts events: watched by `idle-wait` */
	int zero_fd;	   /* /dev/zero, as much data as one likes: `copying` */
	atomic_bool over;
};

static void sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/*
 * Blocking I/O: the thread sleeps inside read() until there is data.  It costs
 * nothing meanwhile, and can do nothing else either.
 */
static void *blocked(void *arg)
{
	struct tour *tour = arg;
	char buf[4096];

	/* 0 is the end of the data: the producer has closed its end */
	while (read(tour->slow_pipe[0], buf, sizeof(buf)) > 0)
		;
	return NULL;
}

/*
 * Busy waiting: the descriptor is non-blocking, so read() returns at once with
 * EAGAIN when there is nothing, and the thread asks again, and again.  It keeps
 * a whole CPU busy to learn that nothing has happened.
 */
static void *busy_wait(void *arg)
{
	struct tour *tour = arg;
	char c;

	while (!tour->over) {
		if (read(tour->empty_pipe[0], &c, 1) < 0 && errno != EAGAIN)
			die("read");
	}
	return NULL;
}

/*
 * Waiting idly: epoll_wait() sleeps until *any* of its descriptors is ready (here
 * there is only one).  The read that follows finds its data and does not sleep.
 */
static void *idle_wait(void *arg)
{
	struct tour *tour = arg;
	struct epoll_event want = {.events = EPOLLIN}, got;
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	uint64_t count;

	if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, tour->event_fd, &want))
		die("epoll");
	while (!tour->over) {
		if (epoll_wait(epoll_fd, &got, 1, -1) == 1 &&
		    read(tour->event_fd, &count, sizeof(count)) != sizeof(count))
			die("read");
	}
	close(epoll_fd);
	return NULL;
}

/*
 * Copying: the data is always there, so read() never waits; its whole time goes
 * into moving bytes from the kernel into this buffer.
 */
static void *copying(void *arg)
{
	struct tour *tour = arg;
	char *buf = malloc(COPY_BYTES);

	if (!buf)
		die("malloc");
	while (!tour->over) {
		for (int i = 0; i < 20; i++)
			if (read(tour->zero_fd, buf, COPY_BYTES) < 0)
				die("read");
		sleep_ms(60);
	}
	free(buf);
	return NULL;
}

/* The one that the others wait for: it makes data, now and then. */
static void *producer(void *arg)
{
	struct tour *tour = arg;
	unsigned seed = 1; /* the same sequence in every run */
	uint64_t one = 1;
	char data[1024];

	memset(data, 'x', sizeof(data));
	while (!tour->over) {
		sleep_ms(400 + rand_r(&seed) % 401);
		if (write(tour->slow_pipe[1], data, sizeof(data)) != sizeof(data) ||
		    write(tour->event_fd, &one, sizeof(one)) != sizeof(one))
			die("write");
	}
	/* the last wake-ups: end of file for one reader, an event for the other */
	close(tour->slow_pipe[1]);
	if (write(tour->event_fd, &one, sizeof(one)) != sizeof(one))
		die("write");
	return NULL;
}

static const struct {
	const char *name;
	void *(*run)(void *);
} threads[] = {
	{"blocked", blocked}, {"busy-wait", busy_wait}, {"idle-wait", idle_wait},
	{"copying", copying}, {"producer", producer},
};
#define THREADS (sizeof(threads) / sizeof(threads[0]))

static void open_all(struct tour *tour)
{
	if (pipe2(tour->slow_pipe, O_CLOEXEC) || pipe2(tour->empty_pipe, O_CLOEXEC | O_NONBLOCK))
		die("pipe");
	tour->event_fd = eventfd(0, EFD_CLOEXEC);
	tour->zero_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (tour->event_fd < 0 || tour->zero_fd < 0)
		die("open");
}

static void run_all(struct tour *tour, long ms)
{
	pthread_t id[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		int err = pthread_create(&id[i], NULL, threads[i].run, tour);

		if (err) {
			errno = err;
			die("pthread_create");
		}
		pthread_setname_np(id[i], threads[i].name);
	}
	sleep_ms(ms);
	tour->over = true;
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
}

static void usage(FILE *f)
{
	fputs("usage: tour [--seconds N]\n"
	      "Runs threads that wait in different ways, for N seconds (20).\n"
	      "  blocked    sleeps in read() until a pipe has data\n"
	      "  busy-wait  asks an empty pipe for data again and again\n"
	      "  idle-wait  sleeps in epoll_wait() until something happens\n"
	      "  copying    reads data that is always there\n"
	      "  producer   makes the data that the others wait for\n",
	      f);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seconds", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct tour tour = {.over = false};
	double seconds = 20;
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "s:h", options, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return 0;
		}
		if (c == 's')
			seconds = strtod(optarg, &end);
		if (c != 's' || end == optarg || *end || !(seconds > 0 && seconds < 1e6)) {
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return 2;
	}
	open_all(&tour);
	run_all(&tour, (long)(seconds * 1000));
	return 0;
}
