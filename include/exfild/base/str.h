/*
 * base/str.h - bounded text.
 *
 * What: copies that always end in NUL, numbers with ranges, hex, times.
 * Threads: any.
 */
#ifndef EXFILD_BASE_STR_H
#define EXFILD_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

/* Copies as much as fits and ends with NUL; true when all of it fitted. */
bool str_copy(char *dst, size_t size, const char *src);
/* Copies len bytes as printable ASCII; others become \xNN. Returns the length written. */
size_t str_escape(char *dst, size_t size, const void *src, size_t len);
/* Whole text, base 10, inside [min, max]: else -EXF_E_FORMAT or -EXF_E_RANGE. */
int str_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret) EXF_MUST_USE;
/* "90", "30s", "5m", "2h", "1d" in seconds. */
int str_parse_duration(const char *text, uint64_t *ret_s) EXF_MUST_USE;
/* "2026-11-23T19:00:00[.5]Z", "2026-11-23" or seconds since 1970, in ns. */
int str_parse_time(const char *text, uint64_t *ret_ns) EXF_MUST_USE;
/* "1.5 MB", "820 B": decimal units. Returns dst. */
const char *str_bytes(char *dst, size_t size, double bytes);
/* "58 min", "3.2 s", "2 d 4 h". Returns dst. */
const char *str_duration(char *dst, size_t size, uint64_t ns);
/* 2026-11-23T19:00:00.000000Z; size >= 28. Returns dst. */
const char *str_time(char *dst, size_t size, uint64_t time_ns);
/* lower-case hex; size >= 2 * len + 1 */
void str_hex(char *dst, size_t size, const uint8_t *src, size_t len);
/* Levenshtein distance, for "did you mean"; both at most 63 characters. */
unsigned str_distance(const char *a, const char *b);

/* A limit as it is, never rounded: "10 MB", "4097 B". Returns dst. */
const char *str_exact_bytes(char *dst, size_t size, uint64_t bytes);

#endif
