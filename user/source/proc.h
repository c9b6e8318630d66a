/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /proc says of a process before it is traced: whether it is there, what
 * kind it is, and its children.  Live source only.
 */
#ifndef IOTRACE_PROC_H
#define IOTRACE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Can `pid` be traced?  0, or -errno after a sentence with the remedy was put
 * into `err`: -ESRCH no such process, -EINVAL a kernel thread, a zombie, or (not
 * `as_thread`) the id of a thread, -EACCES somebody else's.
 */
int proc_check_target(pid_t pid, bool as_thread, char *err, size_t err_size);
/*
 * All living descendants of `pid`, appended to *ids (realloc'ed).  0 or -errno.
 */
int proc_descendants(pid_t pid, pid_t **ids, unsigned *n);
/* "name" of a process, at most size - 1 bytes, control characters as '?'. */
void proc_name(pid_t pid, char *dst, size_t size);

#endif
