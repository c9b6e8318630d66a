/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that a test starts; see proc.h. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const char *env(const char *name, const char *otherwise)
{
	const char *v = getenv(name);

	return v && *v ? v : otherwise;
}

const char *built(const char *name, char *dst, size_t size)
{
	snprintf(dst, size, "%s/%s", env("BUILD", "build"), name);
	return dst;
}

const char *plain(const char *name, char *dst, size_t size)
{
	char *san;

	built(name, dst, size);
	san = strstr(dst, "/san/");
	if (san)
		memmove(san, san + 4, strlen(san + 4) + 1);
	return dst;
}

const char *scratch(const char *name, char *dst, size_t size)
{
	snprintf(dst, size, "%s/%s", env("TEST_TMP", "/tmp"), name);
	return dst;
}

void need_root(void)
{
	if (geteuid() != 0 || access("/sys/kernel/btf/vmlinux", R_OK)) {
		print_message("SKIPPED: needs root and a kernel with BTF\n");
		skip();
	}
}

void proc_start(struct proc *p, char *const argv[])
{
	static int number;
	int in[2], out[2], err;
	char name[32];

	*p = (struct proc){.in_fd = -1, .out_fd = -1};
	snprintf(name, sizeof(name), "stderr.%d", number++);
	scratch(name, p->err_path, sizeof(p->err_path));
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	err = open(p->err_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(err >= 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* other work on the machine must not decide what is seen */
		setpriority(PRIO_PROCESS, 0, -10);
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err, 2);
		execv(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	close(err);
	p->in_fd = in[1];
	p->out_fd = out[0];
}

void proc_go(struct proc *p)
{
	assert_int_equal(write(p->in_fd, "g", 1), 1);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void read_err(struct proc *p)
{
	int fd = open(p->err_path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, p->err, sizeof(p->err) - 1);

	p->err[n > 0 ? n : 0] = 0;
	if (fd >= 0)
		close(fd);
}

static void close_all(struct proc *p)
{
	if (p->in_fd >= 0)
		close(p->in_fd);
	if (p->out_fd >= 0)
		close(p->out_fd);
	p->in_fd = p->out_fd = -1;
}

/* Read what there is until `stop` says enough, the end, or the time is over. */
static bool read_until(struct proc *p, int64_t end_ms, bool line)
{
	size_t len = strlen(p->out);

	for (;;) {
		struct pollfd fd = {.fd = p->out_fd, .events = POLLIN};
		int64_t left = end_ms - now_ms();
		ssize_t n;

		if (line && strchr(p->out, '\n'))
			return true;
		if (left <= 0)
			return false;
		if (poll(&fd, 1, (int)left) <= 0)
			continue;
		n = read(p->out_fd, p->out + len, sizeof(p->out) - 1 - len);
		if (n <= 0)
			return !line;
		len += (size_t)n;
		p->out[len] = 0;
	}
}

void proc_line(struct proc *p, int ms)
{
	if (!read_until(p, now_ms() + ms, true)) {
		proc_kill(p);
		fail_msg("no line of output within %d ms", ms);
	}
}

static bool reap(struct proc *p, int64_t end_ms)
{
	struct timespec step = {0, 2000000};
	int status;

	while (waitpid(p->pid, &status, WNOHANG) != p->pid) {
		if (now_ms() >= end_ms)
			return false;
		nanosleep(&step, NULL);
	}
	p->ended = true;
	p->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

void proc_wait(struct proc *p, int ms)
{
	int64_t end = now_ms() + ms;
	bool in_time = read_until(p, end, false) && reap(p, end);
	pid_t pid = p->pid;

	if (!in_time)
		proc_kill(p);
	read_err(p);
	close_all(p);
	if (!in_time)
		fail_msg("program %d did not end within %d ms; it said: %s", pid, ms, p->err);
}

void proc_kill(struct proc *p)
{
	if (p->ended || p->pid <= 0)
		return;
	kill(p->pid, SIGKILL);
	reap(p, now_ms() + 5000);
	close_all(p);
}
