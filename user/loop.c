/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the live and the replay loop share: signals, waiting, drawing.  The only
 * place with signal handlers; they set a flag and nothing more.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

#define FRAME_NS 33000000ull

static volatile sig_atomic_t caught;
static sigset_t waiting_mask;

static void on_signal(int sig)
{
	if (sig != SIGCHLD && sig != SIGWINCH)
		caught = sig;
}

/* A fault of our own: give the terminal back, then die of it as usual. */
static void on_fault(int sig)
{
	tui_emergency_close();
	signal(sig, SIG_DFL);
	raise(sig);
}

void loop_signals(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGWINCH};
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct sigaction old;

		/* curses may have taken the change of size already; it keeps it */
		sigaction(ends[i], NULL, &old);
		if (ends[i] != SIGWINCH || old.sa_handler == SIG_DFL)
			sigaction(ends[i], &sa, NULL);
		sigaddset(&block, ends[i]);
	}
	sa.sa_handler = on_fault;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigaction(faults[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &block, &waiting_mask);
}

void loop_wait(struct loop *l, struct session *s, uint64_t timeout_ns, int extra_fd)
{
	struct pollfd fds[2] = {{.fd = s->tui ? 0 : -1, .events = POLLIN},
				{.fd = extra_fd, .events = POLLIN}};
	struct timespec ts = {(time_t)(timeout_ns / 1000000000), (long)(timeout_ns % 1000000000)};
	sigset_t blocked;
	bool dirty = false;

	/* ppoll() lets no signal in when it finds a descriptor ready */
	ppoll(fds, 2, &ts, &waiting_mask);
	sigprocmask(SIG_SETMASK, &waiting_mask, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	if (caught) {
		l->signal = caught;
		l->quit = true;
	}
	if (!s->tui)
		return;
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
		l->quit = true; /* the terminal is gone */
		return;
	}
	switch (tui_input(s->tui, s->model, &dirty)) {
	case TUI_QUIT:
		l->quit = true;
		break;
	case TUI_PAUSE:
		l->paused = !l->paused;
		break;
	case TUI_NONE:
		break;
	}
	if (dirty)
		s->tui_dirty = true;
}

void loop_draw(struct session *s, const struct tui_status *st)
{
	uint64_t now = clock_ns();

	if (!s->tui || !s->tui_dirty || now - s->drawn_ns < FRAME_NS)
		return;
	tui_draw(s->tui, s->model, st);
	s->drawn_ns = now;
	s->tui_dirty = false;
}
