/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waits in one kind of call, again and again, for a known time: the truth for
 * waits and for the states of a sleep.
 *
 * The main thread waits; a second thread sleeps DELAY_MS each time and then
 * gives it what it waits for.  Per repetition the truth has three times: just
 * before the call, just before the giving, just after the call.
 *
 * usage: waiter [--wait-stdin] KIND [REPS [DELAY_MS]]
 */
#include "prog.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <termios.h>

#define MAX_REPS 200

struct waiter {
	int rfd, wfd; /* where the giver's bytes come out, and go in */
	int epfd;
	size_t bytes; /* given each time */
	int reps;
	long delay_ms;
	sem_t about_to_wait;
	uint64_t begin_ns[MAX_REPS], give_ns[MAX_REPS], end_ns[MAX_REPS];
};

/* --- the kinds: what to open, and the call that waits --- */

static void open_pipe(struct waiter *w)
{
	int fds[2];

	must(pipe(fds), "pipe");
	w->rfd = fds[0];
	w->wfd = fds[1];
}

static void open_unix(struct waiter *w)
{
	int fds[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair");
	w->rfd = fds[0];
	w->wfd = fds[1];
}

static struct sockaddr_in any_local_port(void)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void open_tcp(struct waiter *w)
{
	struct sockaddr_in at = any_local_port();
	socklen_t len = sizeof(at);
	int listener = (int)must(socket(AF_INET, SOCK_STREAM, 0), "socket");

	must(bind(listener, (struct sockaddr *)&at, sizeof(at)), "bind");
	must(listen(listener, 1), "listen");
	must(getsockname(listener, (struct sockaddr *)&at, &len), "getsockname");
	w->wfd = (int)must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	must(connect(w->wfd, (struct sockaddr *)&at, sizeof(at)), "connect");
	w->rfd = (int)must(accept(listener, NULL, NULL), "accept");
	close(listener);
}

static void open_udp(struct waiter *w)
{
	struct sockaddr_in at = any_local_port();
	socklen_t len = sizeof(at);

	w->rfd = (int)must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	must(bind(w->rfd, (struct sockaddr *)&at, sizeof(at)), "bind");
	must(getsockname(w->rfd, (struct sockaddr *)&at, &len), "getsockname");
	w->wfd = (int)must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	must(connect(w->wfd, (struct sockaddr *)&at, sizeof(at)), "connect");
}

static void open_pty(struct waiter *w)
{
	struct termios raw;

	must(openpty(&w->wfd, &w->rfd, NULL, NULL, NULL), "openpty");
	must(tcgetattr(w->rfd, &raw), "tcgetattr");
	cfmakeraw(&raw);
	must(tcsetattr(w->rfd, TCSANOW, &raw), "tcsetattr");
	w->bytes = 64;
}

static void open_eventfd(struct waiter *w)
{
	w->rfd = w->wfd = (int)must(eventfd(0, 0), "eventfd");
	w->bytes = sizeof(uint64_t);
}

static void open_epoll(struct waiter *w)
{
	struct epoll_event want = {.events = EPOLLIN};

	open_eventfd(w);
	w->epfd = (int)must(epoll_create1(0), "epoll_create1");
	must(epoll_ctl(w->epfd, EPOLL_CTL_ADD, w->rfd, &want), "epoll_ctl");
}

static void open_nothing(struct waiter *w)
{
	w->rfd = w->wfd = -1;
}

static ssize_t read_once(int fd, size_t bytes)
{
	char buf[4096];
	ssize_t n = read(fd, buf, bytes);

	return n == (ssize_t)bytes ? n : -1;
}

static long wait_read(struct waiter *w)
{
	return read_once(w->rfd, w->bytes);
}

static long wait_epoll(struct waiter *w)
{
	struct epoll_event got;

	return epoll_wait(w->epfd, &got, 1, -1) == 1 ? 1 : -1;
}

static long wait_poll(struct waiter *w)
{
	struct pollfd p = {.fd = w->rfd, .events = POLLIN};

	return poll(&p, 1, -1) == 1 ? 1 : -1;
}

static long wait_select(struct waiter *w)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(w->rfd, &set);
	return select(w->rfd + 1, &set, NULL, NULL, NULL) == 1 ? 1 : -1;
}

static long wait_nanosleep(struct waiter *w)
{
	struct timespec t = {w->delay_ms / 1000, w->delay_ms % 1000 * 1000000};

	return syscall(SYS_nanosleep, &t, NULL);
}

/* Readiness kinds leave the data there; `drain` takes it before the next time. */
static const struct kind {
	const char *name;
	void (*open)(struct waiter *w);
	long (*wait)(struct waiter *w);
	int drain;
} kinds[] = {
	{"pipe", open_pipe, wait_read, 0},	  {"unix", open_unix, wait_read, 0},
	{"tcp", open_tcp, wait_read, 0},	  {"udp", open_udp, wait_read, 0},
	{"pty", open_pty, wait_read, 0},	  {"eventfd", open_eventfd, wait_read, 0},
	{"epoll", open_epoll, wait_epoll, 1},	  {"poll", open_eventfd, wait_poll, 1},
	{"select", open_eventfd, wait_select, 1}, {"nanosleep", open_nothing, wait_nanosleep, 0},
};

static void *giver(void *arg)
{
	struct waiter *w = arg;
	char bytes[4096] = {1};

	pthread_setname_np(pthread_self(), "giver");
	for (int i = 0; i < w->reps; i++) {
		while (sem_wait(&w->about_to_wait))
			;
		sleep_ms(w->delay_ms);
		w->give_ns[i] = now_ns();
		if (write(w->wfd, bytes, w->bytes) != (ssize_t)w->bytes)
			die("write");
	}
	return NULL;
}

static void repeat(struct waiter *w, const struct kind *k)
{
	for (int i = 0; i < w->reps; i++) {
		if (w->wfd >= 0)
			sem_post(&w->about_to_wait);
		w->begin_ns[i] = now_ns();
		must(k->wait(w), "wait");
		w->end_ns[i] = now_ns();
		if (k->drain)
			must(read_once(w->rfd, w->bytes), "drain");
	}
}

static void tell(struct waiter *w, const char *kind)
{
	struct truth t = {.len = 0};

	truth_add(&t, "{\"prog\":\"waiter\",\"kind\":\"%s\",\"pid\":%d", kind, getpid());
	truth_add(&t, ",\"fd\":%d,\"epfd\":%d,\"bytes\":%zu", w->rfd, w->epfd, w->bytes);
	truth_add_list(&t, "begin_ns", w->begin_ns, w->reps);
	truth_add_list(&t, "give_ns", w->give_ns, w->reps);
	truth_add_list(&t, "end_ns", w->end_ns, w->reps);
	truth_add(&t, "}");
	truth_print(&t);
}

int main(int argc, char **argv)
{
	static struct waiter w = {.rfd = -1, .wfd = -1, .epfd = -1, .bytes = 1024};
	const struct kind *k = NULL;
	pthread_t thread;

	wait_for_go(&argc, &argv);
	w.reps = argc > 2 ? atoi(argv[2]) : 20;
	w.delay_ms = argc > 3 ? atol(argv[3]) : 200;
	for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, argv[1]))
			k = &kinds[i];
	if (!k || w.reps < 1 || w.reps > MAX_REPS || w.delay_ms < 0)
		return 2;
	k->open(&w);
	sem_init(&w.about_to_wait, 0, 0);
	if (w.wfd >= 0 && pthread_create(&thread, NULL, giver, &w))
		die("pthread_create");
	repeat(&w, k);
	if (w.wfd >= 0)
		pthread_join(thread, NULL);
	tell(&w, k->name);
	return 0;
}
