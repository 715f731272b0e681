/*
 * base/sha256.c - see include/exfild/base/sha256.h
 */
#include "exfild/base/sha256.h"

#include <errno.h>
#include <unistd.h>

#include <openssl/evp.h>

#define PORTION (64u * 1024)

void sha256_begin(struct sha256 *s)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	s->ctx = ctx;
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
	if (s->ctx && EVP_DigestUpdate(s->ctx, data, len) != 1) {
		EVP_MD_CTX_free(s->ctx);
		s->ctx = NULL;
	}
}

int sha256_end(struct sha256 *s, char ret[SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	bool is_good = s->ctx && EVP_DigestFinal_ex(s->ctx, digest, &len) == 1 &&
		       2 * len + 1 == SHA256_HEX;
	EVP_MD_CTX_free(s->ctx);
	s->ctx = NULL;
	for (unsigned i = 0; is_good && i < len; i++) {
		ret[2 * i] = digits[digest[i] >> 4];
		ret[2 * i + 1] = digits[digest[i] & 15];
	}
	ret[is_good ? SHA256_HEX - 1 : 0] = '\0';
	return is_good ? 0 : -EXF_E_NOMEM;
}

int sha256_fd(int fd, char ret[SHA256_HEX], uint64_t *ret_bytes)
{
	struct sha256 s;
	unsigned char data[PORTION];
	ssize_t n;
	int error;
	sha256_begin(&s);
	*ret_bytes = 0;
	while ((n = read(fd, data, sizeof(data))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		sha256_add(&s, data, (size_t)n);
		*ret_bytes += (uint64_t)n;
	}
	error = errno;
	int err = sha256_end(&s, ret);
	errno = error;
	return n < 0 ? -EXF_E_IO : err;
}
