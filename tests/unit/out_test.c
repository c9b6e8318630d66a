/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places to write to: memory, files, and files that cannot take more.  After a
 * failed write a regular file holds whole lines only, and the first error stays.
 */
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "make.h"

#define LINE "{\"a line of\":\"thirty bytes...\"}\n"

static char dir[] = "/tmp/iotrace-out.XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	signal(SIGXFSZ, SIG_IGN);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct out *fresh(void)
{
	struct out *o;
	int fd;

	unlink(path);
	fd = out_open_path(path, geteuid(), getegid());
	assert_true(fd > 2);
	o = out_fd(fd);
	assert_non_null(o);
	return o;
}

/* The whole file; the caller frees it. */
static char *slurp(size_t *ret_len)
{
	FILE *f = fopen(path, "r");
	char *p = malloc(8 << 20);

	assert_non_null(f);
	assert_non_null(p);
	*ret_len = fread(p, 1, (8 << 20) - 1, f);
	p[*ret_len] = 0;
	fclose(f);
	return p;
}

static void limit_file(uint64_t bytes)
{
	struct rlimit l;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void test_memory(void **state)
{
	struct out *o = out_memory();
	char big[3000];
	size_t len;
	(void)state;

	assert_non_null(o);
	assert_string_equal(out_bytes(o, &len), "");
	assert_int_equal(len, 0);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(out_write(o, "ab", 2), 0);
	memset(big, 'y', sizeof(big));
	big[sizeof(big) - 1] = 0;
	assert_int_equal(out_printf(o, "%d-%s", 7, big), 0); /* longer than its small buffer */
	assert_int_equal(out_flush(o), 0);
	assert_memory_equal(out_bytes(o, &len) + 10000, "7-yyy", 5);
	assert_int_equal(len, 10000 + 2 + sizeof(big) - 1);
	assert_int_equal(out_close(o), 0);
	assert_int_equal(out_close(NULL), 0);
}

static void test_file(void **state)
{
	struct out *o = fresh();
	size_t len;
	char *p;
	(void)state;

	for (int i = 0; i < 50000; i++) /* several buffers full */
		assert_int_equal(out_printf(o, "%08d\n", i), 0);
	assert_int_equal(out_close(o), 0);
	p = slurp(&len);
	assert_int_equal(len, 50000 * 9);
	for (int i = 0; i < 50000; i += 777)
		assert_int_equal(atoi(p + i * 9), i);
	free(p);
}

/* Write lines until it fails; the file then holds whole lines and has no more than fits. */
static void whole_lines_with_limit(uint64_t limit, uint64_t flush_every)
{
	const size_t n = sizeof(LINE) - 1;
	struct out *o = fresh();
	int err = 0;
	size_t len;
	char *p;

	limit_file(limit);
	for (uint64_t i = 1; i < 40000 && !err; i++) {
		err = out_write(o, LINE, n);
		if (!err && i % flush_every == 0)
			err = out_flush(o);
	}
	assert_int_equal(err, -EFBIG);
	assert_int_equal(out_error(o), -EFBIG);
	assert_int_equal(out_write(o, "x", 1), -EFBIG); /* swallowed */
	assert_int_equal(out_close(o), -EFBIG);
	limit_file(RLIM_INFINITY);
	p = slurp(&len);
	assert_int_equal(len, limit / n * n);
	for (size_t at = 0; at < len; at += n)
		assert_memory_equal(p + at, LINE, n);
	free(p);
}

static void test_full_file(void **state)
{
	(void)state;
	whole_lines_with_limit(1000, 1);
	whole_lines_with_limit(1000, 7);
	whole_lines_with_limit(300000, 1000000);
	whole_lines_with_limit(600001, 5000);
	whole_lines_with_limit(262144, 1000000);
}

/* An array's comma belongs to the object behind it: what stays can be read. */
static void test_full_array(void **state)
{
	struct out *o = fresh();
	size_t len;
	char *p;
	(void)state;

	limit_file(60);
	out_write(o, "[\n{\"first\":1}", 13);
	for (int i = 0; i < 5; i++)
		out_write(o, ",\n{\"another object\":2}", 22);
	assert_int_equal(out_close(o), -EFBIG);
	limit_file(RLIM_INFINITY);
	p = slurp(&len);
	assert_string_equal(p,
			    "[\n{\"first\":1},\n{\"another object\":2},\n{\"another object\":2}");
	free(p);
}

static void test_device_full(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct out *o;
	(void)state;

	if (fd < 0)
		skip();
	o = out_fd(fd);
	assert_non_null(o);
	assert_int_equal(out_write(o, LINE, sizeof(LINE) - 1), 0);
	assert_int_equal(out_flush(o), -ENOSPC);
	assert_int_equal(out_printf(o, "more"), -ENOSPC);
	assert_int_equal(out_close(o), -ENOSPC);
}

static void test_pipe_without_reader(void **state)
{
	struct out *o;
	int fds[2];
	(void)state;

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	o = out_fd(fds[1]);
	out_write(o, LINE, sizeof(LINE) - 1);
	assert_int_equal(out_close(o), -EPIPE);
}

/* decisions.md 22: only a regular file of the user is overwritten. */
static void test_open_path(void **state)
{
	char other[80];
	struct stat st;
	int fd;
	(void)state;

	assert_int_equal(out_open_path("-", 0, 0), 1);
	unlink(path);
	fd = out_open_path(path, geteuid(), getegid());
	assert_true(fd > 2);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600 & ~umask(022));
	assert_int_equal(write(fd, "old", 3), 3);
	close(fd);
	fd = out_open_path(path, geteuid(), getegid());
	assert_true(fd > 2);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0); /* emptied */
	close(fd);

	snprintf(other, sizeof(other), "%s/link", dir);
	assert_int_equal(symlink(path, other), 0);
	assert_int_equal(out_open_path(other, geteuid(), getegid()), -ELOOP);
	unlink(other);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_true(out_open_path(other, geteuid(), getegid()) < 0);
	unlink(other);
	assert_true(out_open_path(dir, geteuid(), getegid()) < 0);
	snprintf(other, sizeof(other), "%s/none/file", dir);
	assert_int_equal(out_open_path(other, geteuid(), getegid()), -ENOENT);
	fd = out_open_path("/dev/null", geteuid(), getegid());
	assert_true(fd > 2);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),	    cmocka_unit_test(test_file),
		cmocka_unit_test(test_full_file),   cmocka_unit_test(test_full_array),
		cmocka_unit_test(test_device_full), cmocka_unit_test(test_pipe_without_reader),
		cmocka_unit_test(test_open_path),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
