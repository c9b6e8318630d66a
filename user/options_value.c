/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times and sizes of the command line; see options.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "options.h"

bool parse_decimal(const char *s, double *ret, const char **ret_end)
{
	char *end;

	if (!isdigit((unsigned char)*s) && *s != '.')
		return false;
	if (s[0] == '0' && (s[1] | 0x20) == 'x') /* strtod() would take it */
		return false;
	errno = 0;
	*ret = strtod(s, &end);
	*ret_end = end;
	return end != s && !errno && *ret >= 0;
}

bool parse_time_ns(const char *s, uint64_t *ret_ns)
{
	static const struct {
		const char *suffix;
		double ns;
	} units[] = {{"", 1e9}, {"s", 1e9},  {"ms", 1e6},  {"us", 1e3},
		     {"ns", 1}, {"m", 60e9}, {"h", 3600e9}};
	const char *end;
	double x;

	if (!parse_decimal(s, &x, &end))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].suffix))
			continue;
		if (x * units[i].ns > 9e18)
			return false;
		*ret_ns = (uint64_t)(x * units[i].ns + 0.5);
		return true;
	}
	return false;
}

bool parse_size_bytes(const char *s, uint64_t *ret_bytes)
{
	const char *end;
	double x;
	double unit = 1;

	if (!parse_decimal(s, &x, &end))
		return false;
	switch (toupper((unsigned char)*end)) {
	case 'K':
		unit = 1024;
		break;
	case 'M':
		unit = 1024 * 1024;
		break;
	case 'G':
		unit = 1024 * 1024 * 1024;
		break;
	case 0:
		break;
	default:
		return false;
	}
	end += *end != 0;
	if (*end && strcasecmp(end, "b") && strcasecmp(end, "ib"))
		return false;
	if (x * unit > 1e15)
		return false;
	*ret_bytes = (uint64_t)(x * unit);
	return true;
}
