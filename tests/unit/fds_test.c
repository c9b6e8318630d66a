/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors: one table per files id, opened, closed, reused, and the I/O
 * model that their calls show (semantics 6), claimed only on evidence.
 */
#include "make.h"

#define O_NONBLOCK_ 04000u

static struct model *m;
static const struct lane *l;
static uint64_t now;

static int setup(void **state)
{
	(void)state;
	m = mk_model();
	now = T0;
	feed(m, mk_task(TASK_SEED, PID, T0, "main"));
	l = lane_of_tid(m, PID);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	model_free(m);
	return 0;
}

static void is(int fd, unsigned kind, const char *name, unsigned o_flags, uint64_t ino)
{
	struct event ev = mk_fd(FDOP_IS, now += 10, fd, kind, name);

	ev.fd.o_flags = o_flags;
	ev.fd.ino = ino;
	feed(m, ev);
}

static void closed(unsigned op, int fd, uint32_t last)
{
	struct event ev = mk_fd(op, now += 10, fd, 0, "");

	ev.fd.last = last;
	feed(m, ev);
}

static void call(unsigned c, int fd, int64_t ret)
{
	feed(m, mk_call(c, PID, now + 10, 5, fd, ret));
	now += 20;
}

static void slept(unsigned c, int fd, int64_t ret)
{
	struct event ev = mk_slept(c, PID, now + 10, 1, 50, 1, 1, fd, ret);

	feed(m, ev);
	now = ev.t_ns;
}

static const struct fd_entry *at(int fd)
{
	return model_fd_of(m, l, fd);
}

static void test_table(void **state)
{
	(void)state;
	assert_null(at(3));
	assert_null(at(-1));
	is(3, FDK_FILE, "/etc/passwd", 0, 7);
	assert_string_equal(at(3)->name, "/etc/passwd");
	assert_int_equal(at(3)->kind, FDK_FILE);
	assert_int_equal(at(3)->ino, 7);
	assert_int_equal(at(3)->tgid, PID);
	assert_int_equal(at(3)->closed_ns, 0);
	assert_null(at(4));
	closed(FDOP_CLOSE, 3, 3);
	assert_null(at(3));
	assert_int_equal(model_fd(m, 0)->closed_ns, now); /* it stays for the tables */
	closed(FDOP_CLOSE, 99, 99);			  /* never heard of: fine */
	assert_int_equal(model_n_fds(m), 1);
}

/* The same number in two tables is two descriptors; threads share a table. */
static void test_by_files(void **state)
{
	struct event ev = mk_task(TASK_SEED, PID + 1, T0, "thread");
	(void)state;

	feed(m, ev);
	ev.tid = PID + 2;
	ev.task.files = FILES + 1;
	feed(m, ev);
	is(3, FDK_PIPE, "pipe:[1]", 0, 1);
	ev = mk_fd(FDOP_IS, now, 3, FDK_FILE, "/other");
	ev.fd.files = FILES + 1;
	feed(m, ev);
	assert_string_equal(model_fd_of(m, lane_of_tid(m, PID + 1), 3)->name, "pipe:[1]");
	assert_string_equal(model_fd_of(m, lane_of_tid(m, PID + 2), 3)->name, "/other");
	closed(FDOP_CLOSE, 3, 3);
	assert_null(at(3));
	assert_non_null(model_fd_of(m, lane_of_tid(m, PID + 2), 3));
	/* a thread that leaves the table looks at another one from then on */
	ev = mk_task(TASK_FILES, PID, now, "main");
	ev.task.files = FILES + 1;
	feed(m, ev);
	assert_string_equal(at(3)->name, "/other");
}

static void test_close_range(void **state)
{
	(void)state;
	for (int fd = 0; fd < 10; fd++)
		is(fd, FDK_FILE, "/x", 0, (uint64_t)fd);
	closed(FDOP_RANGE, 3, 6);
	for (int fd = 0; fd < 10; fd++)
		assert_int_equal(at(fd) == NULL, fd >= 3 && fd <= 6);
	closed(FDOP_RANGE, 8, UINT32_MAX);
	assert_non_null(at(7));
	assert_null(at(8));
	assert_null(at(9));
}

/* A number that means something else now is another descriptor, with figures of its own. */
static void test_reuse(void **state)
{
	const struct fd_entry *old;
	(void)state;

	is(3, FDK_FILE, "/a", 0, 1);
	call(CALL_read, 3, 100);
	old = at(3);
	is(3, FDK_FILE, "/b", 0, 2); /* its close was not told: dup2 over it */
	assert_ptr_not_equal(at(3), old);
	assert_int_equal(old->closed_ns, now);
	assert_int_equal(old->totals.bytes, 100);
	assert_string_equal(at(3)->name, "/b");
	assert_int_equal(at(3)->totals.calls, 0);
	/* news of the same thing is the same descriptor */
	old = at(3);
	call(CALL_read, 3, 5);
	is(3, FDK_FILE, "/b (deleted)", O_NONBLOCK_, 2);
	assert_ptr_equal(at(3), old);
	assert_int_equal(at(3)->o_flags, O_NONBLOCK_);
	assert_string_equal(at(3)->name, "/b (deleted)");
	assert_int_equal(at(3)->totals.calls, 1);
}

/* Only a number until something says what it is: the figures are kept. */
static void test_named_later(void **state)
{
	const struct fd_entry *f;
	(void)state;

	call(CALL_read, 5, 42);
	f = at(5);
	assert_non_null(f);
	assert_int_equal(f->kind, FDK_UNKNOWN);
	assert_string_equal(f->name, "");
	is(5, FDK_TCP, "tcp:1.2.3.4:5->6.7.8.9:10", 0, 9);
	assert_ptr_equal(at(5), f);
	assert_int_equal(f->totals.bytes, 42);
	assert_int_equal(f->kind, FDK_TCP);
}

static void test_dup(void **state)
{
	(void)state;
	is(3, FDK_PIPE, "pipe:[1]", 0, 1);
	is(8, FDK_PIPE, "pipe:[1]", 0, 1); /* dup(3) = 8 */
	assert_ptr_not_equal(at(3), at(8));
	closed(FDOP_CLOSE, 3, 3);
	assert_null(at(3));
	assert_string_equal(at(8)->name, "pipe:[1]");
}

/* Closed ones give their place to new ones, after a while; open ones never do. */
static void test_many(void **state)
{
	(void)state;
	is(1000, FDK_FILE, "/stays", 0, 1);
	for (int i = 0; i < 3000; i++) {
		is(5, FDK_FILE, "/comes and goes", 0, (uint64_t)i);
		closed(FDOP_CLOSE, 5, 5);
	}
	assert_in_range(model_n_fds(m), 256, 260);
	assert_string_equal(at(1000)->name, "/stays");
	assert_null(at(5));
}

/* The last thread that leaves a table closes what is open in it, and nothing else. */
static void test_last_lane_closes(void **state)
{
	struct event ev;
	(void)state;

	feed(m, mk_task(TASK_SEED, PID + 1, T0, "thread"));
	is(3, FDK_PIPE, "pipe:[1]", 0, 1);
	is(4, FDK_FILE, "/x", 0, 2);
	closed(FDOP_CLOSE, 4, 4);
	ev = mk_fd(FDOP_IS, now, 3, FDK_FILE, "/other");
	ev.fd.files = FILES + 1;
	feed(m, ev);
	feed(m, mk_task(TASK_EXIT, PID + 1, now, "thread"));
	assert_non_null(at(3)); /* the leader still has it */
	feed(m, mk_task(TASK_EXIT, PID, now + 5, "main"));
	assert_null(at(3));
	assert_int_equal(model_fd(m, 0)->closed_ns, now + 5);
	assert_true(model_fd(m, 0)->left);
	assert_false(model_fd(m, 1)->left);
	assert_int_equal(model_fd(m, 2)->closed_ns, 0);
}

/* An exec has a new table; so has a thread that no longer shares the old one. */
static void test_new_table_closes(void **state)
{
	struct event ev = mk_task(TASK_EXEC, PID, T0 + 500, "program");
	(void)state;

	is(3, FDK_PIPE, "pipe:[1]", 0, 1);
	ev.task.old_tid = PID;
	ev.task.files = FILES + 1;
	feed(m, ev);
	assert_null(at(3));
	assert_int_equal(model_fd(m, 0)->closed_ns, T0 + 500);
	ev = mk_fd(FDOP_IS, T0 + 600, 3, FDK_PIPE, "pipe:[1]");
	ev.fd.files = FILES + 1;
	feed(m, ev);
	assert_non_null(at(3));
	ev = mk_task(TASK_FILES, PID, T0 + 700, "program");
	ev.task.files = FILES + 2;
	feed(m, ev);
	assert_null(at(3));
	assert_int_equal(model_fd(m, 1)->closed_ns, T0 + 700);
	/* found once more: its own table lives on over that */
	ev = mk_fd(FDOP_IS, T0 + 800, 3, FDK_PIPE, "pipe:[1]");
	ev.fd.files = FILES + 2;
	feed(m, ev);
	ev = mk_task(TASK_SEED, PID, T0 + 900, "program");
	ev.task.files = FILES + 2;
	feed(m, ev);
	assert_int_equal(model_fd(m, 2)->closed_ns, 0);
}

/* Who was never announced learns from the first descriptor which table it has. */
static void test_unannounced_table(void **state)
{
	struct event ev;
	(void)state;

	feed(m, mk_call(CALL_read, PID + 9, T0, 10, -1, 0));
	ev = mk_fd(FDOP_IS, T0 + 20, 3, FDK_PIPE, "pipe:[1]");
	ev.tid = PID + 9;
	ev.fd.files = FILES + 3;
	feed(m, ev);
	assert_int_equal(lane_of_tid(m, PID + 9)->files, FILES + 3);
	feed(m, mk_task(TASK_EXIT, PID + 9, T0 + 30, "lost"));
	assert_int_equal(model_fd(m, 0)->closed_ns, T0 + 30);
}

/* Children come and go, each with descriptors of its own: their places are used again. */
static void test_many_tables(void **state)
{
	(void)state;
	is(3, FDK_FILE, "/stays", 0, 1);
	for (uint32_t i = 0; i < 5000; i++) {
		struct event ev = mk_task(TASK_NEW, PID + 1, now, "child");

		ev.tgid = PID + 1;
		ev.task.files = FILES + 1 + i;
		feed(m, ev);
		for (int fd = 0; fd < 5; fd++) {
			ev = mk_fd(FDOP_IS, now, fd, FDK_FILE, "/child");
			ev.fd.files = FILES + 1 + i;
			feed(m, ev);
		}
		ev = mk_task(TASK_EXIT, PID + 1, now += 10, "child");
		ev.tgid = PID + 1;
		feed(m, ev);
	}
	assert_in_range(model_n_fds(m), 256, 270);
	assert_string_equal(at(3)->name, "/stays");
}

/* A call remembers its descriptor, not who took over that one's place. */
static void test_call_of_reused_place(void **state)
{
	(void)state;
	is(3, FDK_FILE, "/mine", 0, 1);
	call(CALL_read, 3, 10);
	assert_string_equal(model_call_fd(m, lane_call(l, 0))->name, "/mine");
	closed(FDOP_CLOSE, 3, 3);
	for (int i = 0; i < 600; i++) {
		is(5, FDK_FILE, "/comes and goes", 0, (uint64_t)i);
		closed(FDOP_CLOSE, 5, 5);
	}
	assert_null(model_call_fd(m, lane_call(l, 0)));
}

/* One inode for all eventfds: what is told again is news, unless a close was told. */
static void test_anonymous(void **state)
{
	const struct fd_entry *f;
	(void)state;

	is(3, FDK_EVENTFD, "anon_inode:[eventfd]", 0, 12);
	f = at(3);
	call(CALL_read, 3, 8);
	is(3, FDK_EVENTFD, "anon_inode:[eventfd]", O_NONBLOCK_, 12);
	assert_ptr_equal(at(3), f);
	assert_int_equal(f->o_flags, O_NONBLOCK_);
	closed(FDOP_CLOSE, 3, 3);
	is(3, FDK_EVENTFD, "anon_inode:[eventfd]", O_NONBLOCK_, 12);
	assert_ptr_not_equal(at(3), f);
	assert_int_equal(at(3)->totals.calls, 0);
	is(4, FDK_ANON, "anon_inode:[perf_event]", 0, 12);
	f = at(4);
	is(4, FDK_ANON, "anon_inode:[userfaultfd]", 0, 12);
	assert_ptr_not_equal(at(4), f);
	is(4, FDK_TIMERFD, "anon_inode:[timerfd]", 0, 12);
	assert_string_equal(at(4)->name, "anon_inode:[timerfd]");
}

/* --- models --- */

static void test_blocking(void **state)
{
	(void)state;
	slept(CALL_read, 3, 100); /* slept in the call itself: whatever it is */
	assert_int_equal(at(3)->model, MODEL_BLOCKING);
	is(4, FDK_FILE, "/file", 0, 1);
	call(CALL_read, 4, 100); /* blocking by its flags, although it did not */
	assert_int_equal(at(4)->model, MODEL_BLOCKING);
	call(CALL_read, 5, 100); /* nothing is known of it: nothing is claimed */
	assert_int_equal(at(5)->models, 0);
	is(6, FDK_PIPE, "pipe:[6]", O_NONBLOCK_, 6);
	call(CALL_read, 6, 100); /* it could have said EAGAIN: no evidence yet */
	assert_int_equal(at(6)->models, 0);
}

static void test_non_blocking(void **state)
{
	(void)state;
	is(3, FDK_PIPE, "pipe:[3]", O_NONBLOCK_, 3);
	call(CALL_read, 3, -11);
	assert_int_equal(at(3)->models, 0); /* once is not again and again */
	call(CALL_read, 3, -11);
	assert_int_equal(at(3)->model, MODEL_NONBLOCKING);
	/* tried until it worked */
	is(4, FDK_PIPE, "pipe:[4]", O_NONBLOCK_, 4);
	call(CALL_read, 4, -11);
	call(CALL_read, 4, 10);
	assert_int_equal(at(4)->model, MODEL_NONBLOCKING);
	/* folded tries say it at once */
	feed(m, mk_spin(CALL_recvfrom, PID, now, now + 100, 5, 1000));
	assert_int_equal(at(5)->model, MODEL_NONBLOCKING);
	now += 100;
	feed(m, mk_spin(CALL_epoll_wait, PID, now, now + 100, 6, 1000));
	assert_int_equal(at(6)->models, 0); /* polling the epoll is no model of the epoll */
}

static void test_multiplexed(void **state)
{
	(void)state;
	is(3, FDK_EPOLL, "anon_inode:[eventpoll]", 0, 3);
	is(4, FDK_TCP, "tcp:4", O_NONBLOCK_, 4);
	is(5, FDK_TCP, "tcp:5", O_NONBLOCK_, 5);
	is(6, FDK_TCP, "tcp:6", O_NONBLOCK_, 6);
	is(7, FDK_FILE, "/file", 0, 7);
	slept(CALL_epoll_wait, 3, 2);
	call(CALL_read, 4, 10);
	call(CALL_read, 7, 10); /* a file is always ready: it was not announced */
	call(CALL_read, 5, 10);
	call(CALL_read, 6, 10); /* one more than were reported */
	assert_int_equal(at(4)->model, MODEL_MULTIPLEXED);
	assert_int_equal(at(5)->model, MODEL_MULTIPLEXED);
	assert_int_equal(at(6)->models, 0);
	assert_int_equal(at(7)->models, MODEL_BLOCKING);
	assert_int_equal(at(3)->models, 0);
}

/* Read until EAGAIN, then wait again: edge-triggered reading is not polling. */
static void test_multiplexed_until_eagain(void **state)
{
	(void)state;
	is(4, FDK_TCP, "tcp:4", O_NONBLOCK_, 4);
	for (int i = 0; i < 5; i++) {
		slept(CALL_epoll_wait, 3, 1);
		call(CALL_read, 4, 10);
		call(CALL_read, 4, -11);
	}
	assert_int_equal(at(4)->models, MODEL_MULTIPLEXED);
}

/* A readiness call that reported nothing announces nothing. */
static void test_nothing_ready(void **state)
{
	(void)state;
	is(4, FDK_TCP, "tcp:4", O_NONBLOCK_, 4);
	slept(CALL_poll, -1, 1);
	slept(CALL_poll, -1, 0);
	call(CALL_read, 4, 10);
	assert_int_equal(at(4)->models, 0);
}

/* All that were seen are kept; the newest is the one shown. */
static void test_several(void **state)
{
	(void)state;
	is(4, FDK_TCP, "tcp:4", 0, 4);
	slept(CALL_poll, -1, 1);
	call(CALL_recvfrom, 4, 10);
	slept(CALL_recvfrom, 4, 10);
	assert_int_equal(at(4)->models, MODEL_MULTIPLEXED | MODEL_BLOCKING);
	assert_int_equal(at(4)->model, MODEL_BLOCKING);
}

/* Calls that move no data say nothing of a model. */
static void test_other_calls(void **state)
{
	(void)state;
	is(4, FDK_TCP, "tcp:4", 0, 4);
	slept(CALL_ioctl, 4, 0);
	call(CALL_fcntl, 4, 0);
	assert_int_equal(at(4)->models, 0);
	assert_int_equal(at(4)->totals.calls, 2);
}

/* The end of one is not the beginning of the next: a reused number starts anew. */
static void test_model_of_reused(void **state)
{
	(void)state;
	is(4, FDK_TCP, "tcp:4", O_NONBLOCK_, 4);
	call(CALL_read, 4, -11);
	closed(FDOP_CLOSE, 4, 4);
	is(4, FDK_TCP, "tcp:5", O_NONBLOCK_, 5);
	call(CALL_read, 4, -11);
	assert_int_equal(at(4)->models, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_table),
		T(test_by_files),
		T(test_close_range),
		T(test_reuse),
		T(test_named_later),
		T(test_dup),
		T(test_many),
		T(test_last_lane_closes),
		T(test_new_table_closes),
		T(test_unannounced_table),
		T(test_many_tables),
		T(test_call_of_reused_place),
		T(test_anonymous),
		T(test_blocking),
		T(test_non_blocking),
		T(test_multiplexed),
		T(test_multiplexed_until_eagain),
		T(test_nothing_ready),
		T(test_several),
		T(test_other_calls),
		T(test_model_of_reused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
