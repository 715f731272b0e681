/*
 * inspect/crypto/crypto.c - algorithms of libcrypto and this thread's contexts for them.
 *
 * The first use of the library in a process still looks for its configuration file; where that
 * cannot be opened any more, it goes on without.
 */
#include "crypto.h"

#include <pthread.h>
#include <stdlib.h>

struct contexts {
	EVP_MD_CTX *digest[CRYPTO_DIGESTS];
	EVP_CIPHER_CTX *cipher[CRYPTO_CIPHERS];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t contexts_key;
/* written once, before anyone reads */
static EVP_MD *digests[CRYPTO_DIGESTS];
static EVP_CIPHER *ciphers[CRYPTO_CIPHERS];

static void free_contexts(void *arg)
{
	struct contexts *c = arg;

	for (unsigned i = 0; i < CRYPTO_DIGESTS; i++)
		EVP_MD_CTX_free(c->digest[i]);
	for (unsigned i = 0; i < CRYPTO_CIPHERS; i++)
		EVP_CIPHER_CTX_free(c->cipher[i]);
	free(c);
}

static void fetch(void)
{
	static OSSL_LIB_CTX *library; /* kept: the algorithms belong to it */

	if (pthread_key_create(&contexts_key, free_contexts) != 0)
		return;
	library = OSSL_LIB_CTX_new();
	if (!library)
		return;
	digests[CRYPTO_MD5] = EVP_MD_fetch(library, "MD5", NULL);
	digests[CRYPTO_SHA1] = EVP_MD_fetch(library, "SHA1", NULL);
	digests[CRYPTO_SHA256] = EVP_MD_fetch(library, "SHA2-256", NULL);
	ciphers[CRYPTO_AES128_ECB] = EVP_CIPHER_fetch(library, "AES-128-ECB", NULL);
	ciphers[CRYPTO_AES128_GCM] = EVP_CIPHER_fetch(library, "AES-128-GCM", NULL);
}

/* After fetch, and only where that gave an algorithm: there is a key then. */
static struct contexts *of_thread(void)
{
	struct contexts *c = pthread_getspecific(contexts_key);

	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (c && pthread_setspecific(contexts_key, c) != 0) {
		free(c);
		return NULL;
	}
	return c;
}

EVP_MD_CTX *crypto_digest(enum crypto_digest kind, const EVP_MD **ret)
{
	pthread_once(&once, fetch);
	struct contexts *c = digests[kind] ? of_thread() : NULL;
	if (!c)
		return NULL;
	if (!c->digest[kind])
		c->digest[kind] = EVP_MD_CTX_new();
	if (c->digest[kind])
		*ret = digests[kind];
	return c->digest[kind];
}

const EVP_MD *crypto_algorithm(enum crypto_digest kind)
{
	pthread_once(&once, fetch);
	return digests[kind];
}

EVP_CIPHER_CTX *crypto_cipher(enum crypto_cipher kind, const EVP_CIPHER **ret)
{
	pthread_once(&once, fetch);
	struct contexts *c = ciphers[kind] ? of_thread() : NULL;
	if (!c)
		return NULL;
	if (!c->cipher[kind])
		c->cipher[kind] = EVP_CIPHER_CTX_new();
	if (c->cipher[kind])
		*ret = ciphers[kind];
	return c->cipher[kind];
}
