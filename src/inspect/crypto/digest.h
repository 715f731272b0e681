/*
 * inspect/crypto/digest.h - MD5, SHA-1 and SHA-256 of short texts, for fingerprints and keys.
 *
 * What: libcrypto behind begin, add, end.  Its contexts are kept (crypto.h), so that a digest
 * of a few hundred bytes costs what the hash costs and allocates nothing.
 * Ownership: a struct digest is the caller's; nothing hangs on it after digest_end.
 * Threads: any; of each kind one digest at a time is open in a thread.
 */
#ifndef EXFILD_INSPECT_CRYPTO_DIGEST_H
#define EXFILD_INSPECT_CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_MAX      32
#define DIGEST_MD5_LEN  16
#define DIGEST_SHA1_LEN 20

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256 };

struct digest {
	void *ctx; /* NULL: the library refused */
	size_t used;
	char buf[512]; /* what was added and not hashed yet */
};

void digest_begin(struct digest *d, enum digest_kind kind);
void digest_add(struct digest *d, const void *data, size_t len);
void digest_char(struct digest *d, char c);
/* The number as decimal text; as four digits of lower-case hex. */
void digest_decimal(struct digest *d, uint16_t v);
void digest_hex16(struct digest *d, uint16_t v);
/* False when the library refused (MD5 on a machine that forbids it); ret is untouched then. */
bool digest_end(struct digest *d, uint8_t ret[DIGEST_MAX]);

#endif
