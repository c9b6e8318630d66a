/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures for people: times, counts and sizes, short and with sensible
 * precision.  Pure; never a locale's decimal comma.
 */
#ifndef IOTRACE_UNITS_H
#define IOTRACE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* "0 ns", "812 ns", "4.13 us", "31.2 us", "204 ms", "1.204 s", "3 min 04 s", "2 h 05 min" */
size_t format_ns(char *dst, size_t size, uint64_t ns);
/* "812,334" */
size_t format_count(char *dst, size_t size, uint64_t n);
/* "0 B", "4,096 B", "64.0 KiB", "1.25 MiB" */
size_t format_bytes(char *dst, size_t size, uint64_t bytes);

/* `part` in percent of `whole`, rounded; 0 of nothing. */
unsigned percent_of(uint64_t part, uint64_t whole);

#endif
