/*
 * intel/value.c - what a text means as an indicator.
 *
 * People write indicators so that nobody clicks on them ("hxxps://evil[.]example"); what they mean
 * is put back first.  What can be several things by its form alone (32 digits of hexadecimal are
 * an MD5, a JA3 or a HASSH) is what the feed says, else the hash of a file.
 */
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"
#include "private.h"

#define LABEL_MAX 63u
#define NAME_MOST 253u

struct text {
	char at[INTEL_VALUE_MAX + 64];
	size_t len;
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static void lower_all(char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = lower(at[i]);
}

static const struct {
	const char *from, *to;
} fanged[] = {
	{ "[.]", "." },   { "(.)", "." },  { "{.}", "." },     { "[dot]", "." },
	{ "(dot)", "." }, { "[:]", ":" },  { "[://]", "://" }, { "[@]", "@" },
	{ "[at]", "@" },  { "(at)", "@" }, { "[/]", "/" },     { "\\.", "." },
};

/* Length of a disguise at p, *ret its meaning; 0: none. */
static size_t disguise(const char *p, size_t len, const char **ret)
{
	if (*p != '[' && *p != '(' && *p != '{' && *p != '\\')
		return 0;
	for (size_t i = 0; i < sizeof(fanged) / sizeof(fanged[0]); i++) {
		size_t n = strlen(fanged[i].from);
		if (n <= len && strncasecmp(p, fanged[i].from, n) == 0) {
			*ret = fanged[i].to;
			return n;
		}
	}
	return 0;
}

/* Without blanks and quotes around it and without disguises; false: too long. */
static bool take_text(struct text *t, const char *from, size_t len)
{
	while (len && strchr(" \t\r\n\"'", *from) && *from)
		from++, len--;
	while (len && strchr(" \t\r\n\"'", from[len - 1]) && from[len - 1])
		len--;
	t->len = 0;
	for (size_t i = 0; i < len;) {
		const char *means = NULL;
		size_t n = disguise(from + i, len - i, &means);
		size_t add = means ? strlen(means) : 1;
		if (t->len + add >= INTEL_VALUE_MAX)
			return false;
		memcpy(t->at + t->len, means ? means : from + i, add);
		t->len += add;
		i += n ? n : 1;
	}
	t->at[t->len] = '\0';
	if (t->len > 4 && lower(t->at[0]) == 'h' && strncasecmp(t->at + 1, "xxp", 3) == 0)
		t->at[1] = t->at[2] = 't';
	if (t->len > 4 && lower(t->at[0]) == 'h' && strncasecmp(t->at + 1, "ttp", 3) == 0)
		lower_all(t->at, strcspn(t->at, ":"));
	return memchr(t->at, '\0', t->len) == NULL;
}

static void put(struct intel_value *v, enum intel_kind kind, const void *bytes, size_t len)
{
	v->kind = kind;
	v->len = len;
	memcpy(v->bytes, bytes, len);
}

static bool is_address(const char *text, size_t len, struct ipaddr *ret)
{
	char copy[IPADDR_TEXT_MAX];
	if (len >= sizeof(copy) || len == 0)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return ipaddr_parse(copy, ret) == 0;
}

/* "192.0.2.1:443", "[2001:db8::1]:443", "192.0.2.1|443" of MISP */
static bool take_with_port(const struct text *t, struct intel_value *v)
{
	struct ipaddr a;
	uint64_t port;
	const char *host = t->at, *colon = strrchr(t->at, '|');
	if (!colon)
		colon = strrchr(t->at, ':');
	if (!colon || colon == host || str_parse_u64(colon + 1, 0, 65535, &port) != 0)
		return false;
	size_t len = (size_t)(colon - host);
	if (*host == '[' && host[len - 1] == ']')
		host++, len -= 2;
	else if (*colon == ':' && memchr(host, ':', len))
		return false;
	if (!is_address(host, len, &a))
		return false;
	put(v, INTEL_ADDRESS, a.u.b, 16);
	v->port = (uint16_t)port;
	return true;
}

static bool take_range(const struct text *t, struct intel_value *v)
{
	struct ipaddr first;
	const char *dash = strchr(t->at, '-');
	if (!dash)
		return false;
	size_t before = (size_t)(dash - t->at), skip = 1 + strspn(dash + 1, " ");
	while (before && t->at[before - 1] == ' ')
		before--;
	if (!is_address(t->at, before, &first) ||
	    !is_address(dash + skip, strlen(dash + skip), &v->last) ||
	    ipaddr_is_v4(&first) != ipaddr_is_v4(&v->last) || ipaddr_cmp(&first, &v->last) > 0)
		return false;
	put(v, INTEL_ADDRESS, first.u.b, 16);
	v->is_range = !ipaddr_equal(&first, &v->last);
	return true;
}

static bool take_prefix(const struct text *t, struct intel_value *v)
{
	struct prefix p;
	uint8_t bytes[17];
	if (t->len >= PREFIX_TEXT_MAX || !strchr(t->at, '/') || prefix_parse(t->at, &p) != 0)
		return false;
	memcpy(bytes, p.addr.u.b, 16);
	bytes[16] = p.bits;
	if (p.bits == 128)
		put(v, INTEL_ADDRESS, bytes, 16);
	else
		put(v, INTEL_PREFIX, bytes, 17);
	return true;
}

static bool take_address(const struct text *t, struct intel_value *v)
{
	struct ipaddr a;
	if (is_address(t->at, t->len, &a)) {
		put(v, INTEL_ADDRESS, a.u.b, 16);
		return true;
	}
	return take_prefix(t, v) || take_range(t, v) || take_with_port(t, v);
}

static int digit(char c)
{
	c = lower(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_hash(const struct text *t, enum intel_kind wanted, struct intel_value *v)
{
	uint8_t bytes[32];
	size_t n = t->len / 2;
	if (t->len != 32 && t->len != 40 && t->len != 64)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = digit(t->at[2 * i]), low = digit(t->at[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	enum intel_kind kind = wanted == INTEL_NONE ? INTEL_FILE : wanted;
	if ((kind == INTEL_JA3 || kind == INTEL_HASSH) && n != 16)
		return false;
	if (kind == INTEL_CERT && n == 16)
		return false;
	put(v, kind, bytes, n);
	return true;
}

/* FoxIO: t13d1516h2_8daaf6152771_b186095e22b6 */
static bool take_ja4(struct text *t, struct intel_value *v)
{
	if (t->len != 36 || t->at[10] != '_' || t->at[23] != '_' || !strchr("tqd", lower(t->at[0])))
		return false;
	lower_all(t->at, t->len);
	for (size_t i = 11; i < 36; i++)
		if (i != 23 && digit(t->at[i]) < 0)
			return false;
	put(v, INTEL_JA4, t->at, t->len);
	return true;
}

static bool is_name(const char *at, size_t len)
{
	size_t label = 0, dots = 0;
	bool has_letter = false;
	if (len == 0 || len > NAME_MOST)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = at[i];
		if (c == '.') {
			if (label == 0 || label > LABEL_MAX)
				return false;
			dots++;
			label = 0;
			has_letter = false; /* of the last label: else it is no address */
			continue;
		}
		has_letter = has_letter || (c >= 'a' && c <= 'z');
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
		label++;
	}
	return dots > 0 && label > 0 && label <= LABEL_MAX && has_letter;
}

static bool take_domain(struct text *t, struct intel_value *v)
{
	char *at = t->at;
	size_t len = t->len;
	uint8_t flags = 0;
	lower_all(at, len);
	if (strncmp(at, "||", 2) == 0) { /* of lists for ad blockers */
		at += 2;
		len -= 2;
		flags = INTEL_BELOW;
		if (len && at[len - 1] == '^')
			len--;
	}
	if (strncmp(at, "*.", 2) == 0 || *at == '.') {
		size_t n = *at == '.' ? 1 : 2;
		at += n;
		len -= n;
		flags = INTEL_BELOW;
	}
	if (len && at[len - 1] == '.')
		len--;
	if (!is_name(at, len))
		return false;
	put(v, INTEL_DOMAIN, at, len);
	v->flags = flags;
	return true;
}

static bool take_email(struct text *t, struct intel_value *v)
{
	const char *mark = memchr(t->at, '@', t->len);
	lower_all(t->at, t->len);
	if (!mark || mark == t->at || memchr(t->at, ' ', t->len) ||
	    !is_name(mark + 1, t->len - (size_t)(mark + 1 - t->at)))
		return false;
	put(v, INTEL_EMAIL, t->at, t->len);
	return true;
}

/* Host and port without the usual one; 0: it does not fit. */
static size_t put_host(char *dst, size_t room, const char *host, size_t len)
{
	if (len > 3 && strncmp(host + len - 3, ":80", 3) == 0)
		len -= 3;
	else if (len > 4 && strncmp(host + len - 4, ":443", 4) == 0)
		len -= 4;
	if (len && host[len - 1] == '.')
		len--;
	if (len == 0 || len >= room)
		return 0;
	memcpy(dst, host, len);
	lower_all(dst, len);
	return len;
}

size_t intel_url(const char *host, size_t host_len, const char *uri, size_t uri_len,
		 char dst[INTEL_VALUE_MAX])
{
	if (uri_len > 7 && strncasecmp(uri, "http://", 7) == 0) { /* asked of a proxy */
		const char *path = memchr(uri + 7, '/', uri_len - 7);
		host = uri + 7;
		host_len = path ? (size_t)(path - host) : uri_len - 7;
		uri_len = path ? uri_len - (size_t)(path - uri) : 0;
		uri = path;
	}
	const char *hash = uri_len ? memchr(uri, '#', uri_len) : NULL;
	if (hash)
		uri_len = (size_t)(hash - uri);
	size_t len = put_host(dst, INTEL_VALUE_MAX - 1, host, host_len);
	if (!len || len + uri_len + 1 > INTEL_VALUE_MAX)
		return 0;
	if (uri_len == 0 || *uri != '/')
		dst[len++] = '/';
	if (len + uri_len > INTEL_VALUE_MAX)
		return 0;
	if (uri_len)
		memcpy(dst + len, uri, uri_len);
	return len + uri_len;
}

static bool take_url(const struct text *t, struct intel_value *v)
{
	const char *at = t->at, *mark = strstr(t->at, "://");
	size_t len = t->len;
	if (mark) {
		at = mark + 3;
		len -= (size_t)(at - t->at);
	}
	size_t host = 0;
	while (host < len && !strchr("/?#", at[host]))
		host++;
	if (host == 0 || memchr(at, ' ', len) || memchr(at, '@', host) ||
	    (!mark && (host == len || !memchr(at, '.', host))))
		return false;
	v->len = intel_url(at, host, at + host, len - host, (char *)v->bytes);
	v->kind = v->len ? INTEL_URL : INTEL_NONE;
	return v->len > 0;
}

static bool take_any(struct text *t, enum intel_kind wanted, struct intel_value *v)
{
	if (strstr(t->at, "://"))
		return take_url(t, v);
	return take_address(t, v) || take_hash(t, wanted, v) || take_ja4(t, v) ||
	       take_email(t, v) || take_domain(t, v) || take_url(t, v);
}

static bool take_wanted(struct text *t, enum intel_kind wanted, struct intel_value *v)
{
	switch (wanted) {
	case INTEL_ADDRESS:
	case INTEL_PREFIX:
		return take_address(t, v);
	case INTEL_DOMAIN:
		return take_domain(t, v);
	case INTEL_URL:
		return take_url(t, v);
	case INTEL_FILE:
	case INTEL_CERT:
	case INTEL_JA3:
	case INTEL_HASSH:
		return take_hash(t, wanted, v);
	case INTEL_JA4:
		return take_ja4(t, v);
	case INTEL_EMAIL:
		return take_email(t, v);
	case INTEL_AGENT:
		if (t->len < 4)
			return false;
		put(v, INTEL_AGENT, t->at, t->len);
		return true;
	default:
		return take_any(t, INTEL_NONE, v);
	}
}

void intel_parse_value(const char *text, size_t len, enum intel_kind wanted,
		       struct intel_value *ret, const char **ret_why)
{
	struct text t;
	ret->kind = INTEL_NONE;
	ret->flags = 0;
	ret->port = 0;
	ret->len = 0;
	ret->is_range = false;
	if (!take_text(&t, text, len)) {
		*ret_why = "is too long for an indicator";
		return;
	}
	if (t.len == 0) {
		*ret_why = "is empty";
		return;
	}
	*ret_why = "is no address, network, name, URL, hash or fingerprint";
	if (!take_wanted(&t, wanted, ret)) {
		ret->kind = INTEL_NONE;
		if (wanted != INTEL_NONE)
			*ret_why = "is not what its type says";
	}
}
