/*
 * inspect/crypto/crypto.h - algorithms of libcrypto and this thread's contexts for them.
 *
 * What: a library context of our own, so that no policy of the machine takes MD5 away.
 * Ownership: all is lent.  Algorithms are fetched once a process and stay; contexts are made at
 * their first use in a thread and freed when it ends.
 * Threads: any.  A context serves one use of its algorithm at a time.
 */
#ifndef EXFILD_INSPECT_CRYPTO_CRYPTO_H
#define EXFILD_INSPECT_CRYPTO_CRYPTO_H

#include <openssl/evp.h>

enum crypto_digest { CRYPTO_MD5, CRYPTO_SHA1, CRYPTO_SHA256, CRYPTO_DIGESTS };

enum crypto_cipher { CRYPTO_AES128_ECB, CRYPTO_AES128_GCM, CRYPTO_CIPHERS };

/* NULL when the library refuses the algorithm or memory is exhausted; ret is untouched then. */
EVP_MD_CTX *crypto_digest(enum crypto_digest kind, const EVP_MD **ret);
/* The algorithm alone, for contexts of the caller's own. */
const EVP_MD *crypto_algorithm(enum crypto_digest kind);
EVP_CIPHER_CTX *crypto_cipher(enum crypto_cipher kind, const EVP_CIPHER **ret);

#endif
