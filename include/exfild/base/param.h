/*
 * base/param.h - typed parameter tables.
 *
 * What: one line an option: name, type, offset into the owner's struct, range, default, help.
 * Configuration reads them, `exfild -T` prints them, the man page is checked against them.
 * Threads: any (const tables).
 */
#ifndef EXFILD_BASE_PARAM_H
#define EXFILD_BASE_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

enum param_type {
	PARAM_BOOL,     /* bool */
	PARAM_UINT,     /* uint64_t */
	PARAM_DOUBLE,   /* double */
	PARAM_DURATION, /* uint64_t, seconds; written 30s, 5m, 2h, 1d */
};

struct param {
	const char *name;
	enum param_type type;
	size_t offset;
	double min, max, def; /* a duration in seconds */
	const char *unit;     /* "bytes", "packets", "" */
	const char *help;
};

#define PARAM_END                          \
 {                                         \
  NULL, PARAM_BOOL, 0, 0, 0, 0, NULL, NULL \
 }

/* Fills every field of `target` with its default. */
void param_defaults(const struct param *table, void *target);
const struct param *param_find(const struct param *table, const char *name);
/* -EXF_E_FORMAT (wrong type) or -EXF_E_RANGE. */
int param_set(const struct param *p, void *target, const char *text) EXF_MUST_USE;
/* The value as configuration text. Returns dst. */
const char *param_print(const struct param *p, const void *target, char *dst, size_t size);

#endif
