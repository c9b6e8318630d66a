/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard of the terminal; see guard.h. */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GOODBYE 'q'

/* In the guard: nothing but system calls, for other threads may hold any lock. */
static void __attribute__((noreturn))
guard_main(int fd, const char *restore, size_t len, const struct termios *tty)
{
	sigset_t all;
	char byte = 0;
	ssize_t n;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	/* whatever iotrace holds (maps, programs) must go when it goes */
	if (fd != 3 && dup2(fd, 3) < 0)
		_exit(0);
	syscall(SYS_close_range, 4u, ~0u, 0u);
	do
		n = read(3, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 0) { /* gone without a word */
		n = write(1, restore, len);
		tcsetattr(0, TCSANOW, tty);
	}
	_exit(0);
}

int guard_start(struct guard *g, const char *restore, size_t len, const struct termios *tty)
{
	int fds[2];

	*g = (struct guard){.fd = -1, .pid = -1};
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	g->pid = fork();
	if (g->pid == 0) {
		close(fds[1]);
		guard_main(fds[0], restore, len, tty);
	}
	close(fds[0]);
	g->fd = fds[1];
	return g->pid < 0 ? -errno : 0;
}

void guard_end(struct guard *g)
{
	const char byte = GOODBYE;
	ssize_t n;

	if (g->fd < 0)
		return;
	n = write(g->fd, &byte, 1);
	(void)n; /* it may have been killed; then there is nobody to tell */
	close(g->fd);
	g->fd = -1;
	if (g->pid > 0)
		while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
			;
	g->pid = -1;
}
