/*
 * inspect/tls/fingerprint.h - JA3, JA3S and JA4 of a hello.
 *
 * What: the fingerprints as their authors define them, GREASE left out everywhere.
 * Threads: any.
 * Limits: a hello of more than 1024 ciphers, extensions or signature algorithms has no JA4.
 */
#ifndef EXFILD_INSPECT_TLS_FINGERPRINT_H
#define EXFILD_INSPECT_TLS_FINGERPRINT_H

#include "hello.h"

#define TLS_JA3_LEN 32
#define TLS_JA4_LEN 36

enum tls_carrier { TLS_OVER_TCP = 't', TLS_OVER_QUIC = 'q' };

/* Text without NUL; false when there is none (hello not whole, or the hash is not to be had). */
bool tls_ja3(const struct tls_hello *h, char ret[TLS_JA3_LEN]);
bool tls_ja3s(const struct tls_hello *h, char ret[TLS_JA3_LEN]);
bool tls_ja4(const struct tls_hello *h, enum tls_carrier carrier, char ret[TLS_JA4_LEN]);

#endif
