/*
 * control/drill.c - see drill.h.
 *
 *   | seconds since 1970, 4 | nonce 3 | first 8 of HMAC-SHA-256(key, kind, time, nonce) |
 */
#include "exfild/control/drill.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define KEY_SIZE   32
#define TIME_SIZE  4
#define NONCE_SIZE 3
#define SAID_SIZE  (TIME_SIZE + NONCE_SIZE)
#define TAG_SIZE   (DRILL_TOKEN - SAID_SIZE)
#define SKEW_S     60 /* packet time and wall time may differ by so much */
#define NS_PER_S   1000000000ull

struct drills {
	uint8_t key[KEY_SIZE];
	atomic_uint_least64_t until_s; /* the last token's end; 0: none was made */
};

static bool fill_random(void *dst, size_t size)
{
	return getrandom(dst, size, 0) == (ssize_t)size;
}

struct drills *drills_new(void)
{
	struct drills *d = calloc(1, sizeof(*d));
	if (!d || fill_random(d->key, sizeof(d->key)))
		return d;
	free(d);
	return NULL;
}

void drills_free(struct drills *d)
{
	if (!d)
		return;
	OPENSSL_cleanse(d->key, sizeof(d->key));
	free(d);
}

static bool sign(const struct drills *d, enum drill_kind kind, const uint8_t said[SAID_SIZE],
		 uint8_t ret[TAG_SIZE])
{
	uint8_t text[1 + SAID_SIZE], digest[EVP_MAX_MD_SIZE];
	unsigned len = sizeof(digest);
	text[0] = (uint8_t)kind;
	memcpy(text + 1, said, SAID_SIZE);
	if (!HMAC(EVP_sha256(), d->key, sizeof(d->key), text, sizeof(text), digest, &len))
		return false;
	memcpy(ret, digest, TAG_SIZE);
	return true;
}

bool drills_make(struct drills *d, enum drill_kind kind, uint64_t now_ns,
		 char ret[DRILL_DIGITS + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t token[DRILL_TOKEN];
	uint64_t now_s = now_ns / NS_PER_S;
	for (unsigned i = 0; i < TIME_SIZE; i++)
		token[i] = (uint8_t)(now_s >> (8 * (TIME_SIZE - 1 - i)));
	if (!fill_random(token + TIME_SIZE, NONCE_SIZE) || !sign(d, kind, token, token + SAID_SIZE))
		return false;
	for (unsigned i = 0; i < DRILL_TOKEN; i++) {
		ret[2 * i] = digits[token[i] >> 4];
		ret[2 * i + 1] = digits[token[i] & 15];
	}
	ret[DRILL_DIGITS] = '\0';
	atomic_store(&d->until_s, now_s + DRILL_VALID_S);
	return true;
}

bool drills_any(const struct drills *d, uint64_t now_ns)
{
	uint64_t until_s = atomic_load_explicit(&d->until_s, memory_order_relaxed);
	return until_s && now_ns / NS_PER_S <= until_s + SKEW_S;
}

bool drills_check(const struct drills *d, enum drill_kind kind, const uint8_t token[DRILL_TOKEN],
		  uint64_t now_ns, uint64_t *ret_made_s)
{
	uint8_t tag[TAG_SIZE];
	uint64_t made_s = 0, now_s = now_ns / NS_PER_S;
	for (unsigned i = 0; i < TIME_SIZE; i++)
		made_s = made_s << 8 | token[i];
	if (made_s > now_s + SKEW_S || now_s > made_s + DRILL_VALID_S + SKEW_S ||
	    !sign(d, kind, token, tag) || CRYPTO_memcmp(tag, token + SAID_SIZE, TAG_SIZE) != 0)
		return false;
	*ret_made_s = made_s;
	return true;
}

enum drill_kind drill_kind_of(const char *name)
{
	static const char *const names[DRILL__COUNT] = { "dns", "http", "icmp" };
	unsigned kind = 0;
	while (kind < DRILL__COUNT && strcmp(names[kind], name) != 0)
		kind++;
	return (enum drill_kind)kind;
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 :
				      -1;
}

bool drill_parse(const char *digits, uint8_t ret[DRILL_TOKEN])
{
	for (unsigned i = 0; i < DRILL_TOKEN; i++) {
		int high = digit_of(digits[2 * i]);
		int low = high < 0 ? -1 : digit_of(digits[2 * i + 1]);
		if (low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
