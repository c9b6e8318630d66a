/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures for people; see units.h. */
#include "units.h"

#include <stdio.h>

static size_t done(int n, size_t size)
{
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size ? size - 1 : 0;
}

size_t format_ns(char *dst, size_t size, uint64_t ns)
{
	/* what would be rounded to 1000 of a unit is 1 of the next */
	uint64_t s = ns >= 999500000 && ns < 1000000000 ? 1 : ns / 1000000000;
	double x;

	if (ns < 1000)
		return done(snprintf(dst, size, "%u ns", (unsigned)ns), size);
	if (s >= 7200)
		return done(snprintf(dst, size, "%llu h %02u min", (unsigned long long)(s / 3600),
				     (unsigned)(s % 3600 / 60)),
			    size);
	if (s >= 120)
		return done(snprintf(dst, size, "%u min %02u s", (unsigned)(s / 60),
				     (unsigned)(s % 60)),
			    size);
	if (ns >= 999500000) { /* would be rounded to 1000 ms */
		x = (double)ns / 1e9;
		return done(snprintf(dst, size, x < 9.9995 ? "%.3f s" : "%.1f s", x), size);
	}
	x = ns < 999500 ? (double)ns / 1e3 : (double)ns / 1e6;
	return done(snprintf(dst, size,
			     x < 9.995	 ? "%.2f %s"
			     : x < 99.95 ? "%.1f %s"
					 : "%.0f %s",
			     x, ns < 999500 ? "us" : "ms"),
		    size);
}

size_t format_count(char *dst, size_t size, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	size_t out = 0;

	for (int i = 0; i < len && out + 1 < size; i++) {
		if (i && (len - i) % 3 == 0 && out + 2 < size)
			dst[out++] = ',';
		dst[out++] = digits[i];
	}
	if (size)
		dst[out] = 0;
	return out;
}

size_t format_bytes(char *dst, size_t size, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double x = (double)bytes;
	int u = -1;
	size_t n;

	if (bytes < 10000) {
		n = format_count(dst, size, bytes);
		return n + done(snprintf(dst + n, size - n, " B"), size - n);
	}
	while (x >= 1000 && u < 5) {
		x /= 1024;
		u++;
	}
	return done(snprintf(dst, size,
			     x < 9.995	 ? "%.2f %s"
			     : x < 99.95 ? "%.1f %s"
					 : "%.0f %s",
			     x, units[u]),
		    size);
}

unsigned percent_of(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned)((double)part * 100 / (double)whole + 0.5) : 0;
}
