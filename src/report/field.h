/*
 * report/field.h - members of an alert by their dotted names.
 *
 * Ownership: what is returned is the object's.  Threads: any.
 */
#ifndef EXFILD_SRC_REPORT_FIELD_H
#define EXFILD_SRC_REPORT_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* field_at(alert, "exfild.service.name"); NULL where a part is missing. */
const json_t *field_at(const json_t *o, const char *path);
/* "" where it is missing or no string. */
const char *field_text(const json_t *o, const char *path);
/* The first string of an array, or "". */
const char *field_first(const json_t *o, const char *path);
uint64_t field_count(const json_t *o, const char *path);
double field_number(const json_t *o, const char *path);
/* Of a time as alerts write it; 0 where it is none. */
uint64_t field_time(const json_t *o, const char *path);

#endif
