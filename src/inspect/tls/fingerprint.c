/*
 * inspect/tls/fingerprint.c - JA3, JA3S and JA4 of a hello.
 *
 * JA3 (Althouse, Atkinson, Atkins 2017): MD5 of "version,ciphers,extensions,groups,formats" in the
 * order of the wire, decimal.  JA4 (Althouse 2023), "t13d1516h2_8daaf6152771_e5627efa2ab1": what
 * is offered in short, then the first 12 digits of SHA-256 of the sorted ciphers and of the sorted
 * extensions with the signature algorithms.
 */
#include "fingerprint.h"

#include "../crypto/digest.h"

#define LIST_MAX     1024
#define JA4_HASH_LEN 12
#define JA4_HEAD_LEN 10

static const char hex_digits[] = "0123456789abcdef";

static void put_hex(char *dst, const uint8_t *src, size_t digits)
{
	for (size_t i = 0; i < digits; i++)
		dst[i] = hex_digits[i % 2 ? src[i / 2] & 15 : src[i / 2] >> 4];
}

static struct cursor cursor_of(const struct tls_bytes *b)
{
	return cursor_make(b->data, b->len);
}

static void add_values(struct digest *d, const struct tls_bytes *list)
{
	struct cursor c = cursor_of(list);
	uint16_t v;

	for (bool first = true; tls_next_value(&c, &v); first = false) {
		if (!first)
			digest_char(d, '-');
		digest_decimal(d, v);
	}
}

static void add_extensions(struct digest *d, const struct tls_bytes *list)
{
	struct cursor c = cursor_of(list);
	uint16_t v;

	for (bool first = true; tls_next_extension(&c, &v); first = false) {
		if (!first)
			digest_char(d, '-');
		digest_decimal(d, v);
	}
}

static bool end_ja3(struct digest *d, char ret[TLS_JA3_LEN])
{
	uint8_t hash[DIGEST_MAX];

	if (!digest_end(d, hash))
		return false;
	put_hex(ret, hash, TLS_JA3_LEN);
	return true;
}

bool tls_ja3(const struct tls_hello *h, char ret[TLS_JA3_LEN])
{
	struct digest d;

	if (!h->is_whole)
		return false;
	digest_begin(&d, DIGEST_MD5);
	digest_decimal(&d, h->legacy_version);
	digest_char(&d, ',');
	add_values(&d, &h->ciphers);
	digest_char(&d, ',');
	add_extensions(&d, &h->extensions);
	digest_char(&d, ',');
	add_values(&d, &h->groups);
	digest_char(&d, ',');
	for (size_t i = 0; i < h->formats.len; i++) {
		if (i)
			digest_char(&d, '-');
		digest_decimal(&d, h->formats.data[i]);
	}
	return end_ja3(&d, ret);
}

bool tls_ja3s(const struct tls_hello *h, char ret[TLS_JA3_LEN])
{
	struct digest d;

	if (!h->is_whole)
		return false;
	digest_begin(&d, DIGEST_MD5);
	digest_decimal(&d, h->legacy_version);
	digest_char(&d, ',');
	digest_decimal(&d, h->cipher);
	digest_char(&d, ',');
	add_extensions(&d, &h->extensions);
	return end_ja3(&d, ret);
}

/* Shell's sort: no memory, and no quadratic time for who sends a list upside down. */
static void sort(uint16_t *v, unsigned count)
{
	static const unsigned gaps[] = { 701, 301, 132, 57, 23, 10, 4, 1 };

	for (unsigned g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++)
		for (unsigned i = gaps[g]; i < count; i++) {
			uint16_t x = v[i];
			unsigned j = i;
			for (; j >= gaps[g] && v[j - gaps[g]] > x; j -= gaps[g])
				v[j] = v[j - gaps[g]];
			v[j] = x;
		}
}

static void add_list(struct digest *d, const uint16_t *v, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (i)
			digest_char(d, ',');
		digest_hex16(d, v[i]);
	}
}

static bool end_ja4(struct digest *d, char *dst)
{
	uint8_t hash[DIGEST_MAX];

	if (!digest_end(d, hash))
		return false;
	put_hex(dst, hash, JA4_HASH_LEN);
	return true;
}

static bool put_ja4_ciphers(char *dst, uint16_t *v, unsigned count)
{
	struct digest d;

	if (count == 0) {
		memset(dst, '0', JA4_HASH_LEN);
		return true;
	}
	sort(v, count);
	digest_begin(&d, DIGEST_SHA256);
	add_list(&d, v, count);
	return end_ja4(&d, dst);
}

/* The lists of a hello without grease; false when one is too long. */
static bool values_of(const struct tls_bytes *list, uint16_t v[LIST_MAX], unsigned *ret_count)
{
	struct cursor c = cursor_of(list);
	uint16_t value;

	*ret_count = 0;
	while (tls_next_value(&c, &value)) {
		if (*ret_count == LIST_MAX)
			return false;
		v[(*ret_count)++] = value;
	}
	return true;
}

/* Server name and ALPN are counted, and not kept. */
static bool extensions_of(const struct tls_bytes *list, uint16_t v[LIST_MAX], unsigned *ret_kept,
			  unsigned *ret_count)
{
	struct cursor c = cursor_of(list);
	uint16_t type;

	*ret_kept = *ret_count = 0;
	while (tls_next_extension(&c, &type)) {
		(*ret_count)++;
		if (type == TLS_EXT_SERVER_NAME || type == TLS_EXT_ALPN)
			continue;
		if (*ret_kept == LIST_MAX)
			return false;
		v[(*ret_kept)++] = type;
	}
	return true;
}

static bool put_ja4_extensions(char *dst, const struct tls_hello *h, uint16_t v[LIST_MAX],
			       unsigned count)
{
	struct digest d;

	if (count == 0) {
		memset(dst, '0', JA4_HASH_LEN);
		return true;
	}
	sort(v, count);
	digest_begin(&d, DIGEST_SHA256);
	add_list(&d, v, count);
	if (!values_of(&h->signatures, v, &count))
		return false;
	if (count)
		digest_char(&d, '_');
	add_list(&d, v, count);
	return end_ja4(&d, dst);
}

static const char *version_text(uint16_t version)
{
	switch (version) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	default:
		return "00";
	}
}

static bool is_alphanumeric(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
}

/* First and last character of the first protocol, or of its hex where one is no letter or digit. */
static void put_alpn(char *dst, const struct tls_bytes *alpn)
{
	struct cursor c = cursor_of(alpn);
	size_t len = cursor_u8(&c);
	const uint8_t *name = cursor_take(&c, len);

	dst[0] = dst[1] = '0';
	if (!name || len == 0)
		return;
	uint8_t first = name[0], last = name[len - 1];
	bool is_text = is_alphanumeric(first) && is_alphanumeric(last);
	dst[0] = is_text ? (char)first : hex_digits[first >> 4];
	dst[1] = is_text ? (char)last : hex_digits[last & 15];
}

static void put_count(char *dst, unsigned count)
{
	if (count > 99)
		count = 99;
	dst[0] = (char)('0' + count / 10);
	dst[1] = (char)('0' + count % 10);
}

bool tls_ja4(const struct tls_hello *h, enum tls_carrier carrier, char ret[TLS_JA4_LEN])
{
	uint16_t ciphers[LIST_MAX], extensions[LIST_MAX];
	unsigned cipher_count, kept, extension_count;

	if (!h->is_whole || !values_of(&h->ciphers, ciphers, &cipher_count) ||
	    !extensions_of(&h->extensions, extensions, &kept, &extension_count))
		return false;
	const char *version = version_text(h->version);
	ret[0] = (char)carrier;
	ret[1] = version[0];
	ret[2] = version[1];
	ret[3] = h->has_sni ? 'd' : 'i';
	put_count(ret + 4, cipher_count);
	put_count(ret + 6, extension_count);
	put_alpn(ret + 8, &h->alpn);
	ret[JA4_HEAD_LEN] = '_';
	ret[JA4_HEAD_LEN + 1 + JA4_HASH_LEN] = '_';
	return put_ja4_ciphers(ret + JA4_HEAD_LEN + 1, ciphers, cipher_count) &&
	       put_ja4_extensions(ret + JA4_HEAD_LEN + 2 + JA4_HASH_LEN, h, extensions, kept);
}
