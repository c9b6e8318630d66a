/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks an empty pipe for data exactly N times (1,000,000) and never gets any:
 * the truth for the folding of polling loops.  Where something else held it up
 * between two tries for longer than a run of tries lasts (an interrupt, a pause of
 * a virtual machine), it says how often and for how long.
 *
 * usage: poller [--wait-stdin] [N]
 */
#include "prog.h"

#include <fcntl.h>

#define GAP_NS 90000 /* a run ends after 100 us on a CPU without a try */

int main(int argc, char **argv)
{
	struct truth truth = {.len = 0};
	uint64_t begin, end, last, now, gap_ns = 0;
	long tries, gaps = 0;
	int fds[2];
	char c;

	wait_for_go(&argc, &argv);
	tries = argc > 1 ? atol(argv[1]) : 1000000;
	must(pipe2(fds, O_NONBLOCK), "pipe2");
	begin = last = now_ns();
	for (long i = 0; i < tries; i++) {
		if (read(fds[0], &c, 1) != -1 || errno != EAGAIN)
			die("read");
		now = now_ns();
		if (now - last > GAP_NS) {
			gaps++;
			gap_ns += now - last;
		}
		last = now;
	}
	end = last;
	truth_add(&truth, "{\"prog\":\"poller\",\"pid\":%d,\"fd\":%d,\"tries\":%ld", getpid(),
		  fds[0], tries);
	truth_add(&truth, ",\"gaps\":%ld,\"gap_ns\":%llu", gaps, (unsigned long long)gap_ns);
	truth_add(&truth, ",\"begin_ns\":%llu,\"end_ns\":%llu}", (unsigned long long)begin,
		  (unsigned long long)end);
	truth_print(&truth);
	return 0;
}
