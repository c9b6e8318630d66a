/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads /dev/zero exactly N times (100,000), SIZE bytes (4096) each time:
 * the truth for counts and sums of bytes.
 *
 * usage: zeros [--wait-stdin] [N [SIZE]]
 */
#include "prog.h"

#include <fcntl.h>

int main(int argc, char **argv)
{
	struct truth truth = {.len = 0};
	size_t size;
	long n;
	char *buf;
	int fd;

	wait_for_go(&argc, &argv);
	n = argc > 1 ? atol(argv[1]) : 100000;
	size = argc > 2 ? (size_t)atol(argv[2]) : 4096;
	buf = malloc(size ? size : 1);
	if (!buf)
		die("malloc");
	fd = (int)must(open("/dev/zero", O_RDONLY), "/dev/zero");
	for (long i = 0; i < n; i++)
		if (read(fd, buf, size) != (ssize_t)size)
			die("read");
	truth_add(&truth, "{\"prog\":\"zeros\",\"pid\":%d,\"fd\":%d,\"calls\":%ld,\"bytes\":%llu}",
		  getpid(), fd, n, (unsigned long long)n * size);
	truth_print(&truth);
	free(buf);
	return 0;
}
