/*
 * inbox/private.h - what seal.c and remember.c share.
 *
 * Threads: the seal's owner.
 */
#ifndef EXFILD_SRC_INBOX_PRIVATE_H
#define EXFILD_SRC_INBOX_PRIVATE_H

#include "exfild/base/table.h"
#include "exfild/inbox/seal.h"

struct seal_nonce {
	char text[SEAL_NONCE_MAX]; /* the key of the table; zeros behind its end */
	uint64_t until_s;
};

struct seal {
	char key[SEAL_KEY_MAX + 1];
	uint64_t window_s;
	struct table nonces;
};

/* Remembers a nonce; false: it is known, or (*ret_full) there is no room. */
bool seal_remember(struct seal *s, const char *text, size_t len, uint64_t until_s, uint64_t now_s,
		   bool *ret_full);

#endif
