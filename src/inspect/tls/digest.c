/*
 * inspect/tls/digest.c - MD5 and SHA-256 of short texts.
 *
 * A library context of our own is used, so that no policy of the machine takes MD5 away.  The first
 * use of the library in a process still looks for its configuration file; where that cannot be
 * opened any more, it goes on without.  Algorithms are fetched once a process, contexts made once a
 * thread and freed when it ends.
 */
#include "digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

struct contexts {
	EVP_MD_CTX *ctx[DIGEST__COUNT];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t contexts_key;
static EVP_MD *algorithms[DIGEST__COUNT]; /* written once, before anyone reads */

static void free_contexts(void *arg)
{
	struct contexts *c = arg;

	for (unsigned i = 0; i < DIGEST__COUNT; i++)
		EVP_MD_CTX_free(c->ctx[i]);
	free(c);
}

static void fetch_algorithms(void)
{
	static OSSL_LIB_CTX *library; /* kept: the algorithms belong to it */

	if (pthread_key_create(&contexts_key, free_contexts) != 0)
		return;
	library = OSSL_LIB_CTX_new();
	if (!library)
		return;
	algorithms[DIGEST_MD5] = EVP_MD_fetch(library, "MD5", NULL);
	algorithms[DIGEST_SHA256] = EVP_MD_fetch(library, "SHA2-256", NULL);
}

static EVP_MD_CTX *context_of(enum digest_kind kind)
{
	pthread_once(&once, fetch_algorithms);
	if (!algorithms[kind])
		return NULL;
	struct contexts *c = pthread_getspecific(contexts_key);
	if (!c) {
		c = calloc(1, sizeof(*c));
		if (!c || pthread_setspecific(contexts_key, c) != 0) {
			free(c);
			return NULL;
		}
	}
	if (!c->ctx[kind])
		c->ctx[kind] = EVP_MD_CTX_new();
	return c->ctx[kind];
}

void digest_begin(struct digest *d, enum digest_kind kind)
{
	EVP_MD_CTX *ctx = context_of(kind);

	d->used = 0;
	d->ctx = ctx && EVP_DigestInit_ex2(ctx, algorithms[kind], NULL) == 1 ? ctx : NULL;
}

static void flush(struct digest *d)
{
	if (d->ctx && d->used && EVP_DigestUpdate(d->ctx, d->buf, d->used) != 1)
		d->ctx = NULL;
	d->used = 0;
}

void digest_add(struct digest *d, const void *data, size_t len)
{
	if (len > sizeof(d->buf) - d->used)
		flush(d);
	if (len > sizeof(d->buf)) {
		if (d->ctx && EVP_DigestUpdate(d->ctx, data, len) != 1)
			d->ctx = NULL;
	} else if (len) {
		memcpy(d->buf + d->used, data, len);
		d->used += len;
	}
}

void digest_char(struct digest *d, char c)
{
	if (d->used == sizeof(d->buf))
		flush(d);
	d->buf[d->used++] = c;
}

void digest_decimal(struct digest *d, uint16_t v)
{
	char text[5];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	digest_add(d, text + at, sizeof(text) - at);
}

void digest_hex16(struct digest *d, uint16_t v)
{
	static const char digits[] = "0123456789abcdef";
	char text[4] = { digits[v >> 12], digits[v >> 8 & 15], digits[v >> 4 & 15],
			 digits[v & 15] };

	digest_add(d, text, sizeof(text));
}

bool digest_end(struct digest *d, uint8_t ret[DIGEST_MAX])
{
	flush(d);
	return d->ctx && EVP_DigestFinal_ex(d->ctx, ret, NULL) == 1;
}
