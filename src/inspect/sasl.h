/*
 * inspect/sasl.h - who logs in by SASL, as mail protocols carry it (RFC 4422).
 *
 * What: takes the client's Base64 messages of PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195) and
 * XOAUTH2 and keeps the user's name and a mark of the secret.
 * Ownership: a value in an inspector's state.
 * Threads: that of the shard.
 * Limits: names are cut at SASL_USER_MAX bytes.
 */
#ifndef EXFILD_SRC_INSPECT_SASL_H
#define EXFILD_SRC_INSPECT_SASL_H

#include "line.h"
#include "login.h"

#define SASL_USER_MAX 96

enum sasl_mechanism { SASL_OTHER, SASL_PLAIN, SASL_LOGIN, SASL_CRAM_MD5, SASL_XOAUTH2 };

struct sasl {
	uint8_t mechanism; /* enum sasl_mechanism */
	uint8_t messages;  /* of the client so far */
	uint8_t secret_mark;
	struct login_kept user_kept;
	uint8_t user[SASL_USER_MAX];
};

void sasl_begin(struct sasl *s, const struct line *mechanism);
/* A message of the client, in Base64; "*" and "=" are none. */
void sasl_message(struct sasl *s, const struct inspection *in, const struct line *message);
enum login_method sasl_method(const struct sasl *s);

#endif
