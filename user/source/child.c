/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The traced command; see child.h. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Where the program is, as a shell would look it up. 0, 126 or 127. */
static int find_program(const char *name, char *dst, size_t size)
{
	const char *path = getenv("PATH");
	int status = 127;

	if (strchr(name, '/')) {
		struct stat st;

		snprintf(dst, size, "%s", name);
		if (stat(name, &st))
			return errno == EACCES ? 126 : 127;
		return !S_ISDIR(st.st_mode) && !access(name, X_OK) ? 0 : 126;
	}
	if (!path || !*path)
		path = "/usr/local/bin:/usr/bin:/bin";
	while (*path) {
		size_t len = strcspn(path, ":");
		struct stat st;

		snprintf(dst, size, "%.*s%s%s", (int)len, path, len ? "/" : "", name);
		if (!stat(dst, &st) && S_ISREG(st.st_mode)) {
			if (!access(dst, X_OK))
				return 0;
			status = 126;
		}
		path += len;
		path += *path == ':';
	}
	return status;
}

/* Under sudo the command belongs to the calling user, environment included. */
static int become_caller(void)
{
	const char *uid_text = getenv("SUDO_UID"), *gid_text = getenv("SUDO_GID");
	struct passwd *pw;
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0 || !uid_text || !gid_text)
		return 0;
	uid = (uid_t)strtoul(uid_text, NULL, 10);
	gid = (gid_t)strtoul(gid_text, NULL, 10);
	if (uid == 0)
		return 0;
	pw = getpwuid(uid);
	if (pw ? initgroups(pw->pw_name, gid) : setgroups(1, &gid))
		return -errno;
	if (setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -errno;
	if (pw) {
		setenv("HOME", pw->pw_dir, 1);
		setenv("USER", pw->pw_name, 1);
		setenv("LOGNAME", pw->pw_name, 1);
		setenv("SHELL", pw->pw_shell, 1);
	}
	return 0;
}

static int open_pty(int *ret_master, char *name, size_t size)
{
	struct winsize size_now;
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (master < 0)
		return -errno;
	if (grantpt(master) || unlockpt(master) || ptsname_r(master, name, size)) {
		int err = -errno;

		close(master);
		return err;
	}
	/* as wide as what its output will be shown on */
	if (!ioctl(0, TIOCGWINSZ, &size_now))
		ioctl(master, TIOCSWINSZ, &size_now);
	*ret_master = master;
	return 0;
}

static void take_terminal(const char *name)
{
	int fd;

	setsid();
	fd = open(name, O_RDWR);
	if (fd < 0)
		return;
	ioctl(fd, TIOCSCTTY, 0);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fd > 2)
		close(fd);
}

static struct {
	bool ignored[NSIG];
	sigset_t mask;
} inherited;

void child_inherit_signals(void)
{
	struct sigaction sa;

	for (int s = 1; s < NSIG; s++)
		inherited.ignored[s] = !sigaction(s, NULL, &sa) && sa.sa_handler == SIG_IGN;
	sigprocmask(SIG_SETMASK, NULL, &inherited.mask);
}

/* In the child: wait for the word, then become the program. */
static void __attribute__((noreturn))
child_main(const char *program, char **argv, const char *pty, int go, int report)
{
	char byte;
	int err;

	if (pty)
		take_terminal(pty);
	for (int s = 1; s < NSIG; s++)
		signal(s, inherited.ignored[s] ? SIG_IGN : SIG_DFL);
	sigprocmask(SIG_SETMASK, &inherited.mask, NULL);
	err = become_caller();
	/* iotrace gone before it began: so are we */
	if (!err && read(go, &byte, 1) != 1)
		_exit(1);
	if (!err) {
		execv(program, argv);
		err = -errno;
	}
	err = -err;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(127);
	_exit(err == ENOENT ? 127 : 126);
}

int child_spawn(struct child *c, char **argv, bool with_pty, char *err, size_t err_size)
{
	char program[4096], pty_name[128] = "";
	int go[2] = {-1, -1}, report[2] = {-1, -1};
	int status = find_program(argv[0], program, sizeof(program));

	*c = (struct child){.pid = -1, .go_fd = -1, .err_fd = -1, .pty_fd = -1};
	if (status) {
		snprintf(err, err_size,
			 status == 127 ? "%s: command not found" : "%s: not an executable file",
			 argv[0]);
		return status;
	}
	if (pipe2(go, O_CLOEXEC) || pipe2(report, O_CLOEXEC))
		goto failed;
	if (with_pty) {
		int e = open_pty(&c->pty_fd, pty_name, sizeof(pty_name));

		if (e) {
			errno = -e;
			goto failed;
		}
	}
	c->pid = fork();
	if (c->pid < 0)
		goto failed;
	if (c->pid == 0) {
		close(go[1]);
		close(report[0]);
		child_main(program, argv, with_pty ? pty_name : NULL, go[0], report[1]);
	}
	close(go[0]);
	close(report[1]);
	c->go_fd = go[1];
	c->err_fd = report[0];
	return 0;
failed:
	snprintf(err, err_size, "cannot start %s: %s", argv[0], strerror(errno));
	for (int i = 0; i < 2; i++) {
		if (go[i] >= 0)
			close(go[i]);
		if (report[i] >= 0)
			close(report[i]);
	}
	if (c->pty_fd >= 0)
		close(c->pty_fd);
	c->pty_fd = -1;
	return 1;
}

int child_go(struct child *c)
{
	int err = 0;
	ssize_t n;

	if (write(c->go_fd, "g", 1) != 1)
		return -errno;
	close(c->go_fd);
	c->go_fd = -1;
	do /* the other end closes by execve, or brings its errno */
		n = read(c->err_fd, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	close(c->err_fd);
	c->err_fd = -1;
	return n == sizeof(err) ? -err : 0;
}

bool child_poll(struct child *c)
{
	int status;

	if (c->pid <= 0 || c->reaped)
		return true;
	if (waitpid(c->pid, &status, WNOHANG) != c->pid)
		return false;
	c->reaped = true;
	c->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

void child_end(struct child *c, int ms)
{
	struct timespec step = {0, 5000000};

	if (child_poll(c))
		return;
	kill(c->pid, SIGTERM);
	kill(c->pid, SIGCONT);
	for (int waited = 0; waited < ms; waited += 5) {
		if (child_poll(c))
			return;
		nanosleep(&step, NULL);
	}
	kill(c->pid, SIGKILL);
	while (!child_poll(c))
		nanosleep(&step, NULL);
}

void child_close(struct child *c)
{
	int *fds[] = {&c->go_fd, &c->err_fd, &c->pty_fd};

	for (int i = 0; i < 3; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}
