/*
 * base/json.h - the one JSON writer.
 *
 * What: writes objects and arrays into a buf, with commas and escapes in their places.  Bytes that
 * are not valid UTF-8, and control characters, come out as \u00XX: hostile text cannot break a
 * line. Numbers: doubles print as %.4g (design law 2). Ownership: borrows the buf.  Threads: one
 * owner.
 */
#ifndef EXFILD_BASE_JSON_H
#define EXFILD_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"
#include "exfild/base/ipaddr.h"

struct json {
	struct buf *out;
	bool need_comma;
};

struct json json_make(struct buf *out);
/* key NULL: an array element or the top value. */
void json_open_object(struct json *j, const char *key);
void json_close_object(struct json *j);
void json_open_array(struct json *j, const char *key);
void json_close_array(struct json *j);
void json_string(struct json *j, const char *key, const char *text);
void json_string_len(struct json *j, const char *key, const void *text, size_t len);
void json_uint(struct json *j, const char *key, uint64_t v);
void json_int(struct json *j, const char *key, int64_t v);
void json_double(struct json *j, const char *key, double v);
void json_bool(struct json *j, const char *key, bool v);
void json_ip(struct json *j, const char *key, const struct ipaddr *a);
void json_mac(struct json *j, const char *key, const uint8_t mac[6]);
/* 2026-11-23T19:00:00.000000Z */
void json_time(struct json *j, const char *key, uint64_t time_ns);

#endif
