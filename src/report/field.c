/*
 * report/field.c - see field.h.
 */
#include "field.h"

#include <string.h>

#include "exfild/base/str.h"

#define PART_MAX 64

const json_t *field_at(const json_t *o, const char *path)
{
	char part[PART_MAX];
	while (o) {
		size_t len = strcspn(path, ".");
		if (len >= sizeof(part))
			return NULL;
		memcpy(part, path, len);
		part[len] = '\0';
		o = json_object_get(o, part);
		if (!path[len])
			break;
		path += len + 1;
	}
	return o;
}

static const char *text_of(const json_t *o)
{
	const char *text = json_string_value(o);
	return text ? text : "";
}

const char *field_text(const json_t *o, const char *path)
{
	return text_of(field_at(o, path));
}

const char *field_first(const json_t *o, const char *path)
{
	return text_of(json_array_get(field_at(o, path), 0));
}

uint64_t field_count(const json_t *o, const char *path)
{
	json_int_t v = json_integer_value(field_at(o, path));
	return v > 0 ? (uint64_t)v : 0;
}

double field_number(const json_t *o, const char *path)
{
	return json_number_value(field_at(o, path));
}

uint64_t field_time(const json_t *o, const char *path)
{
	uint64_t ns = 0;
	return str_parse_time(field_text(o, path), &ns) ? 0 : ns;
}
