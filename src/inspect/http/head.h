/*
 * inspect/http/head.h - the head of one HTTP/1 message (RFC 9112).
 *
 * What: request or status line and the header fields that exfild reasons about, as views.
 * Ownership: borrows the bytes of the head.
 * Threads: a head belongs to its caller.
 * Limits: time linear in the length.
 */
#ifndef EXFILD_INSPECT_HTTP_HEAD_H
#define EXFILD_INSPECT_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/base/hash.h"

struct http_text {
	const char *data; /* NULL: absent */
	size_t len;
};

struct http_head {
	bool is_response;
	bool is_chunked;
	bool is_coded;     /* a transfer coding other than chunked comes last */
	bool is_ambiguous; /* lengths that contradict each other, or are no numbers */
	bool has_length;
	uint8_t version; /* 10, 11, 20; 0: the line is cut before it */
	uint16_t status;
	uint16_t header_count;
	uint64_t content_length; /* if has_length */
	uint64_t header_hash;    /* keyed: names, as spelled, in their order */
	struct http_text method, uri, reason;
	struct http_text host, user_agent, content_type, referrer, cookie, forwarded_for;
	struct http_text authorization, proxy_authorization;
	struct http_text content_encoding, content_disposition;
	uint32_t marks; /* enum http_mark */
};

/*
 * Reads a head of `len` bytes.  is_cut: its end is missing; of the last line only what may be cut
 * is kept then.  -EXF_E_FORMAT: the first line is none of HTTP/1.
 */
int http_head_read(const uint8_t *data, size_t len, bool is_cut, const struct hash_key *key,
		   struct http_head *ret) EXF_MUST_USE;

/*
 * Length of the head that data begins with, its empty line included; 0: it does not end here.
 * *scanned is what earlier calls have looked through, 0 at first.
 */
size_t http_head_length(const uint8_t *data, size_t len, uint32_t *scanned);
/* Could the bytes be, or become, the first line of a head? By their first characters only. */
bool http_head_is_likely(const uint8_t *data, size_t len);

#endif
