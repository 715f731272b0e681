/*
 * inspect/login.h - how an inspector tells of an attempt to log in.
 *
 * What: one event_login an attempt, once its outcome is known or nothing more will be.
 * Ownership: borrows all strings until it returns.
 * Threads: that of the shard.
 */
#ifndef EXFILD_SRC_INSPECT_LOGIN_H
#define EXFILD_SRC_INSPECT_LOGIN_H

#include "exfild/inspect/inspector.h"

struct login_text {
	const void *data;
	uint32_t len;
	uint32_t full; /* true length, 0: as len */
};

struct login {
	const char *service; /* "ftp" */
	enum app app;        /* of the event where the flow's is not known yet */
	enum login_outcome outcome;
	enum login_method method;
	bool is_inferred;
	uint8_t secret_mark; /* see login_secret() */
	uint32_t status, attempt;
	uint64_t proof; /* of NTLM: see struct event_login */
	struct login_text user, domain, workstation;
};

/* Eight bits that tell one secret from most others, and not what it is; never 0. */
uint8_t login_secret(const struct inspection *in, const void *data, uint32_t len);

void inspect_login(struct inspection *in, const struct login *l);

/* A value kept in an inspector's state: what fits into `size` bytes, and how long it was. */
struct login_kept {
	uint16_t len, full;
};

void login_keep(uint8_t *dst, uint32_t size, struct login_kept *kept, const void *data,
		uint32_t len);

/* UTF-16LE as UTF-8 for what is within the basic plane, '?' for the rest; returns the length. */
uint32_t login_utf16(uint8_t *dst, uint32_t size, const uint8_t *data, uint32_t len);

#endif
