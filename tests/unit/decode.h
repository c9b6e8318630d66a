/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of event_decode(): one event, one head, and good or bad. */
#ifndef IOTRACE_TESTS_DECODE_H
#define IOTRACE_TESTS_DECODE_H

#include <errno.h>

#include "make.h"

static struct event ev;
static struct event_text text;

static const struct rec_head head = {.t_ns = T0 + 1000, .tid = 12, .tgid = 10, .cpu = 3};

static inline int decode(const void *rec, size_t len)
{
	memset(&ev, 0x5a, sizeof(ev)); /* nothing may be left of it */
	return event_decode(rec, len, &ev, &text);
}

#define GOOD(r) assert_int_equal(decode(&(r), sizeof(r)), 0)
#define BAD(r)	assert_int_equal(decode(&(r), sizeof(r)), -EBADMSG)

static inline void head_is_there(unsigned kind)
{
	assert_int_equal(ev.kind, kind);
	assert_int_equal(ev.t_ns, T0 + 1000);
	assert_int_equal(ev.tid, 12);
	assert_int_equal(ev.tgid, 10);
	assert_int_equal(ev.cpu, 3);
}

#endif
