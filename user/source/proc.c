/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc before tracing; see proc.h. */
#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PF_KTHREAD 0x00200000

/* The fields behind the name in /proc/PID/stat, which may itself hold anything. */
struct stat_line {
	char state;
	int ppid;
	unsigned flags;
};

static int read_stat(pid_t pid, struct stat_line *ret)
{
	char path[64], buf[1024], *p;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	n = fread(buf, 1, sizeof(buf) - 1, f);
	fclose(f);
	buf[n] = 0;
	p = strrchr(buf, ')');
	if (!p ||
	    sscanf(p + 1, " %c %d %*d %*d %*d %*d %u", &ret->state, &ret->ppid, &ret->flags) != 3)
		return -ESRCH;
	return 0;
}

/* Process that a thread belongs to, 0 when not known. */
static pid_t tgid_of(pid_t tid)
{
	char path[64], line[256];
	pid_t tgid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Tgid: %d", &tgid) == 1)
			break;
	fclose(f);
	return tgid;
}

/* A leader that has ended is a zombie until its threads have: is one alive? */
static bool has_living_thread(pid_t pid)
{
	char path[64];
	struct dirent *d;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (d = readdir(dir))) {
		pid_t tid = (pid_t)atoi(d->d_name);
		struct stat_line st;

		found = tid > 0 && !read_stat(tid, &st) && st.state != 'Z' && st.state != 'X';
	}
	closedir(dir);
	return found;
}

int proc_check_target(pid_t pid, bool as_thread, char *err, size_t err_size)
{
	struct stat_line st;
	int e = read_stat(pid, &st);
	pid_t tgid;

	if (e == -ENOENT || e == -ESRCH) {
		snprintf(err, err_size, "there is no %s %d; ps -e%s lists them",
			 as_thread ? "thread" : "process", pid, as_thread ? "L" : "");
		return -ESRCH;
	}
	if (e) {
		snprintf(err, err_size, "cannot look at process %d: %s", pid, strerror(-e));
		return e;
	}
	if (st.flags & PF_KTHREAD) {
		snprintf(err, err_size, "%d is a thread of the kernel; it makes no system calls",
			 pid);
		return -EINVAL;
	}
	if ((st.state == 'Z' || st.state == 'X') && (as_thread || !has_living_thread(pid))) {
		snprintf(err, err_size,
			 "process %d has ended (a zombie that its parent %d has not collected)",
			 pid, st.ppid);
		return -EINVAL;
	}
	tgid = tgid_of(pid);
	if (!as_thread && tgid && tgid != pid) {
		snprintf(err, err_size,
			 "%d is a thread of %d; use -t %d for the thread or -p %d for the "
			 "process",
			 pid, tgid, pid, tgid);
		return -EINVAL;
	}
	return 0;
}

static bool has(const pid_t *ids, unsigned n, pid_t id)
{
	for (unsigned i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

int proc_descendants(pid_t pid, pid_t **ids, unsigned *n)
{
	unsigned first = *n;
	bool more = true;

	/* a pass finds children of what the last one found; few are needed */
	while (more) {
		DIR *dir = opendir("/proc");
		struct dirent *d;

		if (!dir)
			return -errno;
		more = false;
		while ((d = readdir(dir))) {
			pid_t child = (pid_t)atoi(d->d_name), *grown;
			struct stat_line st;

			if (child <= 0 || read_stat(child, &st) || child == pid)
				continue;
			if (st.ppid != pid && !has(*ids + first, *n - first, st.ppid))
				continue;
			if (has(*ids + first, *n - first, child))
				continue;
			grown = realloc(*ids, (*n + 1) * sizeof(**ids));
			if (!grown) {
				closedir(dir);
				return -ENOMEM;
			}
			*ids = grown;
			grown[(*n)++] = child;
			more = true;
		}
		closedir(dir);
	}
	return 0;
}

void proc_name(pid_t pid, char *dst, size_t size)
{
	char path[64];
	FILE *f;

	snprintf(dst, size, "-");
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(dst, (int)size, f))
		dst[strcspn(dst, "\n")] = 0;
	fclose(f);
	for (char *p = dst; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
}
