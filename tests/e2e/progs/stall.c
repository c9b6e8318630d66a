/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sleeps in one call and stays there, so that a test can attach to a thread
 * that is already asleep.  Says "ready" just before it does.
 *
 * usage: stall read|epoll|sleep|threads|leaderless
 *   threads: the main thread sleeps in read, another in epoll_wait
 *   leaderless: the main thread ends, the other one sleeps
 */
#include "prog.h"

#include <pthread.h>
#include <sys/epoll.h>

static int pipe_fds[2];

static void stall_read(void)
{
	char c;

	for (;;)
		if (read(pipe_fds[0], &c, 1) < 0)
			die("read");
}

static void stall_epoll(int epfd)
{
	struct epoll_event ev;

	for (;;)
		if (epoll_wait(epfd, &ev, 1, -1) < 0)
			die("epoll_wait");
}

static void *second_thread(void *arg)
{
	stall_epoll(*(int *)arg);
	return NULL;
}

int main(int argc, char **argv)
{
	struct truth truth = {.len = 0};
	const char *how = argc > 1 ? argv[1] : "read";
	struct epoll_event want = {.events = EPOLLIN};
	pthread_t thread;
	int epfd;

	must(pipe(pipe_fds), "pipe");
	epfd = (int)must(epoll_create1(0), "epoll_create1");
	must(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fds[0], &want), "epoll_ctl");
	if (!strcmp(how, "threads") || !strcmp(how, "leaderless")) {
		if (pthread_create(&thread, NULL, second_thread, &epfd))
			die("pthread_create");
		pthread_setname_np(thread, "second");
		sleep_ms(50);
	}
	truth_add(&truth, "{\"prog\":\"stall\",\"ready\":true,\"pid\":%d,\"fd\":%d,\"epfd\":%d}",
		  getpid(), pipe_fds[0], epfd);
	truth_print(&truth);
	if (!strcmp(how, "leaderless"))
		pthread_exit(NULL);
	if (!strcmp(how, "epoll"))
		stall_epoll(epfd);
	else if (!strcmp(how, "sleep"))
		sleep_ms(3600 * 1000);
	else
		stall_read();
	return 0;
}
