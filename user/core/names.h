/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words for the numbers of the tables in bpf/: states, calls, families,
 * segments, kinds of descriptors, errno.  Pure.
 */
#ifndef IOTRACE_NAMES_H
#define IOTRACE_NAMES_H

#include "event.h"

/* Names; a number outside its table gives "?".  Never NULL. */
const char *state_name(enum state s);
char state_letter(enum state s);
const char *state_glyph(enum state s); /* UTF-8, one cell wide */
enum state state_shown(int slot);      /* timeline slot -> state (folds preemption) */
const char *segment_name(enum segment s);
const char *copy_src_name(enum copy_src c);
const char *fd_kind_name(enum fd_kind k);
const char *family_name(enum family f);
const char *loss_cause_name(enum loss_cause c);
const char *call_name(unsigned call); /* enum call */
enum family call_family(unsigned call);
unsigned call_flags(unsigned call); /* CF_*; 0 outside the table */
enum state call_sleep_state(unsigned call);
/* Number of the call on this machine, -1 where it does not exist. */
int call_nr(unsigned call);
/* "EAGAIN" for 11, also ERESTARTSYS (512) and its kin; NULL when unknown. */
const char *errno_name(int err);
/* Name of any system call of this machine by number (unwatched ones too), or NULL. */
const char *syscall_nr_name(int nr);

/* The reverse, for readers and filters; -1 when there is no such word. */
int state_by_name(struct text word);
int segment_by_name(struct text word);
int copy_src_by_name(struct text word);
int fd_kind_by_name(struct text word);
int family_by_name(struct text word);
int loss_cause_by_name(struct text word);
int call_by_name(struct text word);
int errno_by_name(struct text word);

/*
 * Make bytes printable, as decisions.md 20 says: valid UTF-8 stays, other bytes
 * and control characters become \xNN, a backslash becomes \\.  Writes at most
 * `size` bytes with the ending NUL; returns the length written.
 */
size_t text_escape(char *dst, size_t size, const char *src, size_t len);
/* The way back: at most `size` bytes, no NUL is added; returns how many. */
size_t text_unescape(char *dst, size_t size, const char *src, size_t len);

#endif
