/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a descriptor is called (decisions.md 20): paths over mount points, pipes,
 * sockets with their addresses, anonymous inodes; bytes that are no text, and
 * records that lie about what they hold.
 */
#include "event.h"

#include <errno.h>
#include <stdlib.h>

#include "make.h"

static struct event ev;
static struct event_text text;
static union {
	struct rec_fd r;
	char bytes[sizeof(struct rec_fd) + REC_PATH_BYTES + 256];
} u;

static void fresh(unsigned kind)
{
	memset(&u, 0, sizeof(u));
	u.r.head = (struct rec_head){.t_ns = T0, .tid = 12, .tgid = 10, .kind = REC_FD};
	u.r.op = FDOP_IS;
	u.r.kind = (uint8_t)kind;
	u.r.files = FILES;
	u.r.fd = 3;
	u.r.ino = 4711;
}

/* Another part of the path, from the last to the first. */
static void part(const char *p, size_t len)
{
	memcpy(u.r.name + u.r.name_bytes, p, len);
	u.r.name[u.r.name_bytes + len] = 0;
	u.r.name_bytes = (uint16_t)(u.r.name_bytes + len + 1);
	u.r.names++;
}

/* "var/log/x" as the kernel side walks it: x, log, var. */
static void path(const char *p)
{
	const char *end = p + strlen(p);

	while (end > p) {
		const char *from = end;

		while (from > p && from[-1] != '/')
			from--;
		part(from, (size_t)(end - from));
		end = from > p ? from - 1 : p;
	}
}

static int decode(void)
{
	return event_decode(&u, sizeof(u.r) + u.r.name_bytes, &ev, &text);
}

static void is(const char *want)
{
	assert_int_equal(decode(), 0);
	assert_int_equal(ev.fd.name.len, strlen(want));
	assert_memory_equal(ev.fd.name.p, want, ev.fd.name.len);
}

static void test_members(void **state)
{
	(void)state;
	fresh(FDK_FILE);
	u.r.o_flags = 04000;
	u.r.mode = 0100644;
	path("etc/passwd");
	is("/etc/passwd");
	assert_int_equal(ev.kind, EV_FD);
	assert_int_equal(ev.tid, 12);
	assert_int_equal(ev.fd.op, FDOP_IS);
	assert_int_equal(ev.fd.kind, FDK_FILE);
	assert_int_equal(ev.fd.files, FILES);
	assert_int_equal(ev.fd.fd, 3);
	assert_int_equal(ev.fd.ino, 4711);
	assert_int_equal(ev.fd.o_flags, 04000);
	assert_int_equal(ev.fd.mode, 0100644);
	assert_false(ev.fd.partial);
}

static void test_path(void **state)
{
	(void)state;
	fresh(FDK_FILE);
	path("mnt/disk/a b/file"); /* names of mount points are parts like others */
	is("/mnt/disk/a b/file");
	fresh(FDK_DIR);
	is("/"); /* no parts at all */
	fresh(FDK_DIR);
	part("/", 1); /* a root's own name */
	is("/");
	fresh(FDK_CHR);
	path("dev/null");
	is("/dev/null");
	fresh(FDK_FILE);
	path("tail/of/a/deep/path");
	u.r.partial = 1;
	is(".../tail/of/a/deep/path");
	assert_true(ev.fd.partial);
}

static void test_odd_bytes(void **state)
{
	(void)state;
	fresh(FDK_FILE);
	part("a\xff\xc3(\n", 5);
	part("back\\slash", 10);
	is("/back\\\\slash/a\\xff\\xc3(\\x0a");
	fresh(FDK_FILE);
	path("\xe5\xbf\x99/\xc3\xa4");
	is("/\xe5\xbf\x99/\xc3\xa4");
}

/* The longest path, every byte of which is shown as four. */
static void test_longest(void **state)
{
	char want[4 * REC_PATH_BYTES], *p = want;
	char bytes[255];
	(void)state;

	fresh(FDK_FILE);
	memset(bytes, 0xff, sizeof(bytes));
	for (int i = 0; i < 16; i++) { /* 16 * 256 = REC_PATH_BYTES */
		part(bytes, sizeof(bytes));
		*p++ = '/';
		for (size_t k = 0; k < sizeof(bytes); k++, p += 4)
			memcpy(p, "\\xff", 4);
	}
	*p = 0;
	is(want);
}

static void test_numbered(void **state)
{
	(void)state;
	fresh(FDK_PIPE);
	is("pipe:[4711]");
	fresh(FDK_SOCKET);
	u.r.ino = UINT64_MAX;
	is("socket:[18446744073709551615]");
	fresh(FDK_FIFO); /* it has a name in the file system */
	path("tmp/fifo");
	is("/tmp/fifo");
}

static void inet(unsigned kind, unsigned family, unsigned lport, unsigned rport)
{
	fresh(kind);
	u.r.sk_family = (uint16_t)family;
	u.r.lport = (uint16_t)lport;
	u.r.rport = (uint16_t)rport;
}

static void test_inet(void **state)
{
	(void)state;
	inet(FDK_TCP, 2, 45678, 443);
	memcpy(u.r.laddr, "\x0a\x00\x00\x05", 4);
	memcpy(u.r.raddr, "\xc0\xa8\xff\x01", 4);
	is("tcp:10.0.0.5:45678->192.168.255.1:443");
	inet(FDK_TCP, 2, 80, 0); /* it listens */
	is("tcp:0.0.0.0:80");
	inet(FDK_UDP, 2, 53, 0);
	memcpy(u.r.laddr, "\x7f\x00\x00\x35", 4);
	is("udp:127.0.0.53:53");
}

static void v6(const char *bytes, const char *want)
{
	inet(FDK_TCP, 10, 80, 0);
	memcpy(u.r.laddr, bytes, 16);
	is(want);
}

static void test_inet6(void **state)
{
	(void)state;
	v6("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "tcp:[::]:80");
	v6("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", "tcp:[::1]:80");
	v6("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0", "tcp:[2001:db8::]:80");
	v6("\xfe\x80\0\0\0\0\0\0\x02\x1b\0\xff\xfe\0\0\x01", "tcp:[fe80::21b:ff:fe00:1]:80");
	/* the first of two runs alike; one group of zeros stays */
	v6("\x20\x01\0\0\0\0\0\1\0\0\0\0\0\1\0\1", "tcp:[2001::1:0:0:1:1]:80");
	v6("\0\1\0\0\0\2\0\3\0\4\0\5\0\6\0\7", "tcp:[1:0:2:3:4:5:6:7]:80");
	v6("\xab\xcd\0\1\0\2\0\3\0\4\0\5\0\6\x0f\xff", "tcp:[abcd:1:2:3:4:5:6:fff]:80");
	inet(FDK_UDP, 10, 1, 65535);
	u.r.laddr[15] = u.r.raddr[15] = 1;
	is("udp:[::1]:1->[::1]:65535");
}

static void test_unix(void **state)
{
	(void)state;
	fresh(FDK_UNIX_STREAM);
	is("unix:[4711]");
	fresh(FDK_UNIX_STREAM);
	part("/run/x\xff.sock", 12);
	is("unix:[4711],\"/run/x\\xff.sock\"");
	fresh(FDK_UNIX_DGRAM);
	part("\0abstract\0name", 14);
	is("unix:[4711],\"@abstract\\x00name\"");
}

static void test_anon(void **state)
{
	(void)state;
	fresh(FDK_EPOLL);
	part("[eventpoll]", 11);
	is("anon_inode:[eventpoll]");
	fresh(FDK_EVENTFD);
	part("[eventfd]", 9);
	is("anon_inode:[eventfd]");
	fresh(FDK_ANON);
	is("anon_inode:");
}

static void test_close(void **state)
{
	(void)state;
	fresh(FDK_UNKNOWN);
	u.r.op = FDOP_RANGE;
	u.r.last = 99;
	is("");
	assert_int_equal(ev.fd.op, FDOP_RANGE);
	assert_int_equal(ev.fd.last, 99);
	u.r.op = FDOP_CLOSE;
	is("");
}

static void test_lies(void **state)
{
	(void)state;
	fresh(FDK_FILE);
	path("a/b");
	u.r.names = 3; /* one more than there are */
	assert_int_equal(decode(), -EBADMSG);
	u.r.names = 0xffff;
	assert_int_equal(decode(), -EBADMSG);
	fresh(FDK_FILE);
	u.r.names = 1; /* of no bytes */
	assert_int_equal(decode(), -EBADMSG);
	fresh(FDK_FILE);
	path("abc");
	u.r.name_bytes--; /* its NUL is outside */
	assert_int_equal(decode(), -EBADMSG);
	fresh(FDK_COUNT);
	assert_int_equal(decode(), -EBADMSG);
	fresh(FDK_FILE);
	u.r.op = 0;
	assert_int_equal(decode(), -EBADMSG);
	u.r.op = FDOP_RANGE + 1;
	assert_int_equal(decode(), -EBADMSG);
	fresh(FDK_EPOLL);
	u.r.names = 1;
	assert_int_equal(decode(), -EBADMSG);
	fresh(FDK_FILE);
	path("abc");
	assert_int_equal(event_decode(&u, sizeof(u.r) + u.r.name_bytes + 1, &ev, &text), -EBADMSG);
	assert_int_equal(event_decode(&u, sizeof(u.r) - 1, &ev, &text), -EBADMSG);
}

/* Random names and counts, in a block of exactly their size, for the sanitizer. */
static void test_random(void **state)
{
	struct rng r = {8};
	unsigned taken = 0;
	(void)state;

	for (int n = 0; n < 50000; n++) {
		size_t bytes = rng_below(&r, 40), len = sizeof(struct rec_fd) + bytes;
		struct rec_fd *rec = malloc(len);

		assert_non_null(rec);
		fresh((unsigned)rng_below(&r, FDK_COUNT));
		*rec = u.r;
		rec->name_bytes = (uint16_t)bytes;
		rec->names = (uint16_t)rng_below(&r, 5);
		rec->partial = (uint8_t)rng_below(&r, 2);
		for (size_t i = 0; i < bytes; i++)
			rec->name[i] = rng_below(&r, 5) ? (char)rng_next(&r) : 0;
		if (!event_decode(rec, len, &ev, &text)) {
			taken++;
			assert_true(ev.fd.name.len < sizeof(text));
			for (size_t i = 0; i < ev.fd.name.len; i++)
				assert_true((unsigned char)ev.fd.name.p[i] >= 0x20);
		}
		free(rec);
	}
	assert_true(taken > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),	  cmocka_unit_test(test_path),
		cmocka_unit_test(test_odd_bytes), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_numbered),  cmocka_unit_test(test_inet),
		cmocka_unit_test(test_inet6),	  cmocka_unit_test(test_unix),
		cmocka_unit_test(test_anon),	  cmocka_unit_test(test_close),
		cmocka_unit_test(test_lies),	  cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
