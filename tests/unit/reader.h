/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second reader of recordings: jansson.  One of its enumerators has the
 * name of one of ours (json.h), so it gets another one here, and short words
 * for looking into objects.
 */
#ifndef IOTRACE_TESTS_READER_H
#define IOTRACE_TESTS_READER_H

#define JSON_ARRAY JANSSON_ARRAY
#include <jansson.h>
#undef JSON_ARRAY

/* Member of an object; "" and 0 where there is none. */
static inline const char *str_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static inline long long int_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static inline const json_t *args_of(const json_t *o)
{
	return json_object_get(o, "args");
}

/* Microseconds with three decimals -> ns; exact as long as the trace is short. */
static inline long long ns_of(const json_t *o, const char *key)
{
	double us = json_number_value(json_object_get(o, key));

	return (long long)(us * 1000 + (us < 0 ? -0.5 : 0.5));
}

#endif
