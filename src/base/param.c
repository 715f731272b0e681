/* base/param.c - see include/exfild/base/param.h */
#include "exfild/base/param.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "number.h"

#define TWO_TO_64 18446744073709551616.0

static uint64_t to_u64(double v)
{
	if (!(v > 0))
		return 0;
	return v < TWO_TO_64 ? (uint64_t)v : UINT64_MAX;
}

static void *field_of(const struct param *p, void *target)
{
	return (uint8_t *)target + p->offset;
}

static void put(const struct param *p, void *target, const void *value, size_t size)
{
	memcpy(field_of(p, target), value, size);
}

static void put_default(const struct param *p, void *target)
{
	bool on = p->def > 0;
	uint64_t number = to_u64(p->def);

	switch (p->type) {
	case PARAM_BOOL:
		put(p, target, &on, sizeof(on));
		break;
	case PARAM_UINT:
	case PARAM_DURATION:
		put(p, target, &number, sizeof(number));
		break;
	case PARAM_DOUBLE:
		put(p, target, &p->def, sizeof(p->def));
		break;
	}
}

void param_defaults(const struct param *table, void *target)
{
	for (const struct param *p = table; p->name != NULL; p++)
		put_default(p, target);
}

const struct param *param_find(const struct param *table, const char *name)
{
	for (const struct param *p = table; p->name != NULL; p++) {
		if (strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

/* The words of YAML 1.1. */
static int parse_bool(const char *text, bool *ret)
{
	static const char *const words[2][3] = {
		{ "false", "no", "off" },
		{ "true", "yes", "on" },
	};

	for (size_t value = 0; value < 2; value++) {
		for (size_t i = 0; i < 3; i++) {
			if (strcmp(text, words[value][i]) == 0) {
				*ret = value == 1;
				return 0;
			}
		}
	}
	return -EXF_E_FORMAT;
}

static int set_number(const struct param *p, void *target, const char *text)
{
	uint64_t v;
	int rc;

	if (p->type == PARAM_DURATION)
		rc = str_parse_duration(text, &v);
	else
		rc = str_parse_u64(text, 0, UINT64_MAX, &v);
	if (rc < 0)
		return rc;
	if (v < to_u64(p->min) || v > to_u64(p->max))
		return -EXF_E_RANGE;
	put(p, target, &v, sizeof(v));
	return 0;
}

static int set_double(const struct param *p, void *target, const char *text)
{
	double v;
	int rc = number_parse(text, &v);

	if (rc < 0)
		return rc;
	if (v < p->min || v > p->max)
		return -EXF_E_RANGE;
	put(p, target, &v, sizeof(v));
	return 0;
}

int param_set(const struct param *p, void *target, const char *text)
{
	bool on;
	int rc;

	switch (p->type) {
	case PARAM_BOOL:
		rc = parse_bool(text, &on);
		if (rc == 0)
			put(p, target, &on, sizeof(on));
		return rc;
	case PARAM_UINT:
	case PARAM_DURATION:
		return set_number(p, target, text);
	case PARAM_DOUBLE:
		return set_double(p, target, text);
	}
	return -EXF_E_INVALID;
}

static void print_duration(char *dst, size_t size, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		char letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;

	while (seconds % units[i].seconds != 0 || (seconds == 0 && units[i].seconds > 1))
		i++;
	(void)snprintf(dst, size, "%" PRIu64 "%c", seconds / units[i].seconds, units[i].letter);
}

const char *param_print(const struct param *p, const void *target, char *dst, size_t size)
{
	const uint8_t *field = (const uint8_t *)target + p->offset;
	char text[NUMBER_TEXT_MAX];
	uint64_t number;
	double real;
	bool on;

	switch (p->type) {
	case PARAM_BOOL:
		memcpy(&on, field, sizeof(on));
		(void)str_copy(dst, size, on ? "true" : "false");
		break;
	case PARAM_UINT:
		memcpy(&number, field, sizeof(number));
		(void)snprintf(dst, size, "%" PRIu64, number);
		break;
	case PARAM_DURATION:
		memcpy(&number, field, sizeof(number));
		print_duration(dst, size, number);
		break;
	case PARAM_DOUBLE:
		memcpy(&real, field, sizeof(real));
		(void)str_copy(dst, size, number_print_exact(text, sizeof(text), real));
		break;
	}
	return dst;
}
