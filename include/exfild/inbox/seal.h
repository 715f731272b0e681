/*
 * inbox/seal.h - whether a message is from one who has the key, of now, and new.
 *
 * What: an entry of a stream has exactly the fields time (seconds since 1970), nonce, body and mac:
 * mac is the HMAC-SHA256, in hex, of "STREAM\nTIME\nNONCE\nBODY", so that no message of one stream
 * passes in another.  Its time must lie within the window around now; its nonce must not have been
 * seen while it could.  Only nonces of messages with a right mac are remembered, so that nobody
 * without the key can fill the table; when it is full of such that still count, what comes is
 * refused.
 * Ownership: seal_free frees, and wipes the key.  Threads: one at a time.
 * Limits: SEAL_BODY bytes of body, SEAL_NONCES nonces.
 * Source: RFC 2104, RFC 6234.
 */
#ifndef EXFILD_INBOX_SEAL_H
#define EXFILD_INBOX_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/bus/stream.h"

#define SEAL_KEY_MIN   32 /* characters of the key file's first line */
#define SEAL_KEY_MAX   256
#define SEAL_BODY      4096
#define SEAL_NONCE_MIN 16
#define SEAL_NONCE_MAX 64
#define SEAL_NONCES    16384

enum seal_verdict {
	SEAL_GOOD,
	SEAL_MALFORMED, /* the fields are not those of a message */
	SEAL_OVERSIZED,
	SEAL_FORGED, /* the mac is not of this key */
	SEAL_STALE,  /* its time is outside of the window */
	SEAL_REPLAYED,
	SEAL_FULL, /* no room for its nonce */
	SEAL_VERDICT__COUNT
};

struct seal;

/* The key in the first line of a file that others cannot read: -EXF_E_IO, -EXF_E_INVALID. */
int seal_read_key(const char *path, char *dst, size_t size, char *ret_why,
		  size_t why_size) EXF_MUST_USE;
int seal_new(const char *key, uint64_t window_s, struct seal **ret) EXF_MUST_USE;
void seal_free(struct seal *s);
/* stream: the name that is signed; now_s: wall time.  GOOD: *ret_body lies in the entry. */
enum seal_verdict seal_check(struct seal *s, const char *stream, const struct redis_entry *e,
			     uint64_t now_s, struct redis_text *ret_body);
const char *seal_verdict_name(enum seal_verdict v);
/* The mac of a message, 64 digits and NUL. */
void seal_sign(const char *key, const char *stream, const char *time, const char *nonce,
	       const char *body, size_t body_len, char dst[65]);

/*
 * What must outlive the process, as a file of lines: how far the reading has come ("last KEY ID")
 * and the nonces that still count ("nonce UNTIL NONCE").  A line that is none is stepped over.
 */
int seal_save(const struct seal *s, const char *path, const struct redis_place *places,
	      size_t count, uint64_t now_s) EXF_MUST_USE;
void seal_load(struct seal *s, const char *path, struct redis_place *places, size_t count);

#endif
