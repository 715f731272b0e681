/*
 * inbox/seal.c - see include/exfild/inbox/seal.h
 */
#include "exfild/inbox/seal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "exfild/base/str.h"
#include "private.h"

#define MAC_SIZE   32
#define SIGNED_MAX (64 + 24 + SEAL_NONCE_MAX + SEAL_BODY + 4)

enum field { FIELD_TIME, FIELD_NONCE, FIELD_BODY, FIELD_MAC, FIELD_COUNT };

static const char *const fields[FIELD_COUNT] = { "time", "nonce", "body", "mac" };

struct message {
	struct redis_text parts[FIELD_COUNT];
	uint64_t time_s;
};

static int complain(char *why, size_t size, int err, const char *path, const char *what)
{
	(void)snprintf(why, size, "%s: %s", path, what);
	return err;
}

int seal_read_key(const char *path, char *dst, size_t size, char *why, size_t why_size)
{
	struct stat info;
	FILE *in = fopen(path, "re");
	if (!in)
		return complain(why, why_size, -EXF_E_IO, path, strerror(errno));
	bool is_open = fstat(fileno(in), &info) == 0 && (info.st_mode & (S_IROTH | S_IWOTH));
	bool is_read = fgets(dst, (int)size, in) != NULL;
	(void)fclose(in);
	if (is_open)
		return complain(why, why_size, -EXF_E_INVALID, path,
				"everybody can read or write this key: chmod 640 it");
	if (!is_read)
		return complain(why, why_size, -EXF_E_INVALID, path,
				"it is empty: openssl rand -hex 32 makes a key");
	dst[strcspn(dst, "\r\n")] = '\0';
	size_t len = strlen(dst);
	if (len >= SEAL_KEY_MIN && len <= SEAL_KEY_MAX)
		return 0;
	explicit_bzero(dst, size);
	return complain(why, why_size, -EXF_E_INVALID, path,
			"the first line must be a key of 32 to 256 characters: openssl rand -hex "
			"32 makes one");
}

int seal_new(const char *key, uint64_t window_s, struct seal **ret)
{
	struct seal *s = calloc(1, sizeof(*s));
	const struct table_config config = { .capacity = SEAL_NONCES,
					     .entry_size = sizeof(struct seal_nonce),
					     .key_size = SEAL_NONCE_MAX,
					     .key = hash_key_random() };
	if (!s || table_init(&s->nonces, &config)) {
		free(s);
		return -EXF_E_NOMEM;
	}
	(void)str_copy(s->key, sizeof(s->key), key);
	s->window_s = window_s;
	*ret = s;
	return 0;
}

void seal_free(struct seal *s)
{
	if (!s)
		return;
	table_deinit(&s->nonces);
	explicit_bzero(s->key, sizeof(s->key));
	free(s);
}

/* Each of the four fields once, and nothing else. */
static enum seal_verdict take_fields(const struct redis_entry *e, struct message *m)
{
	memset(m, 0, sizeof(*m));
	if (e->field_count != FIELD_COUNT)
		return SEAL_MALFORMED;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		unsigned which = 0;
		while (which < FIELD_COUNT && strcmp(e->names[i].data, fields[which]) != 0)
			which++;
		if (which == FIELD_COUNT || m->parts[which].data)
			return SEAL_MALFORMED;
		m->parts[which] = e->values[i];
	}
	const struct redis_text *nonce = &m->parts[FIELD_NONCE];
	if (m->parts[FIELD_BODY].len > SEAL_BODY || nonce->len > SEAL_NONCE_MAX)
		return SEAL_OVERSIZED;
	for (size_t i = 0; i < nonce->len; i++)
		if (nonce->data[i] <= ' ' || nonce->data[i] > '~')
			return SEAL_MALFORMED;
	if (nonce->len < SEAL_NONCE_MIN || m->parts[FIELD_MAC].len != 2 * (size_t)MAC_SIZE ||
	    m->parts[FIELD_TIME].len != strlen(m->parts[FIELD_TIME].data) ||
	    str_parse_u64(m->parts[FIELD_TIME].data, 0, UINT32_MAX, &m->time_s) < 0)
		return SEAL_MALFORMED;
	return SEAL_GOOD;
}

void seal_sign(const char *key, const char *stream, const char *time, const char *nonce,
	       const char *body, size_t body_len, char dst[65])
{
	char text[SIGNED_MAX];
	uint8_t mac[EVP_MAX_MD_SIZE] = { 0 };
	unsigned len = 0;
	int head = snprintf(text, sizeof(text), "%s\n%s\n%s\n", stream, time, nonce);
	size_t used = head > 0 ? (size_t)head : sizeof(text);
	dst[0] = '\0';
	if (used >= sizeof(text) || body_len > sizeof(text) - used)
		return;
	memcpy(text + used, body, body_len);
	if (HMAC(EVP_sha256(), key, (int)strlen(key), (const uint8_t *)text, used + body_len, mac,
		 &len) &&
	    len == MAC_SIZE)
		str_hex(dst, 65, mac, MAC_SIZE);
}

static bool is_signed(const struct seal *s, const char *stream, const struct message *m)
{
	const struct redis_text *p = m->parts;
	char mac[65];
	seal_sign(s->key, stream, p[FIELD_TIME].data, p[FIELD_NONCE].data, p[FIELD_BODY].data,
		  p[FIELD_BODY].len, mac);
	return mac[0] && CRYPTO_memcmp(mac, p[FIELD_MAC].data, 2 * (size_t)MAC_SIZE) == 0;
}

enum seal_verdict seal_check(struct seal *s, const char *stream, const struct redis_entry *e,
			     uint64_t now_s, struct redis_text *ret_body)
{
	struct message m;
	bool is_full;
	enum seal_verdict v = take_fields(e, &m);
	if (v != SEAL_GOOD)
		return v;
	if (!is_signed(s, stream, &m))
		return SEAL_FORGED;
	if (m.time_s + s->window_s < now_s || m.time_s > now_s + s->window_s)
		return SEAL_STALE;
	const struct redis_text *nonce = &m.parts[FIELD_NONCE];
	if (!seal_remember(s, nonce->data, nonce->len, m.time_s + s->window_s, now_s, &is_full))
		return is_full ? SEAL_FULL : SEAL_REPLAYED;
	*ret_body = m.parts[FIELD_BODY];
	return SEAL_GOOD;
}

const char *seal_verdict_name(enum seal_verdict v)
{
	static const char *const names[SEAL_VERDICT__COUNT] = {
		"good", "malformed", "oversized", "forged", "stale", "replayed", "full",
	};
	return (unsigned)v < SEAL_VERDICT__COUNT ? names[v] : "unknown";
}
