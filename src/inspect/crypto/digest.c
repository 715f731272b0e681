/* inspect/crypto/digest.c - MD5, SHA-1 and SHA-256 of short texts. */
#include "digest.h"

#include <string.h>

#include "crypto.h"

void digest_begin(struct digest *d, enum digest_kind kind)
{
	static const enum crypto_digest kinds[] = { [DIGEST_MD5] = CRYPTO_MD5,
						    [DIGEST_SHA1] = CRYPTO_SHA1,
						    [DIGEST_SHA256] = CRYPTO_SHA256 };
	const EVP_MD *algorithm = NULL;
	EVP_MD_CTX *ctx = crypto_digest(kinds[kind], &algorithm);

	d->used = 0;
	d->ctx = ctx && EVP_DigestInit_ex2(ctx, algorithm, NULL) == 1 ? ctx : NULL;
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
