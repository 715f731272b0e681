/*
 * inspect/http/auth.c - log-ins by HTTP (RFC 7617, RFC 7616, RFC 4559, MS-NTHT).
 *
 * Authorization: Basic base64(user:password)
 * Authorization: Digest username="...", ... nc=00000002 ...
 * Authorization: NTLM | Negotiate base64(token)
 */
#include "auth.h"

#include <string.h>
#include <strings.h>

#include "../auth/ntlmssp.h"
#include "../line.h"

#define TOKEN_MAX  3072
#define SECRET_MAX 256

static void keep(uint8_t *dst, uint32_t size, struct login_kept *kept, const struct ntlm_name *name)
{
	login_keep(dst, size, kept, name->text, name->len);
}

/* The value behind a scheme's name, blanks left out; NULL: it is of another scheme. */
static const char *after_scheme(const struct http_text *t, const char *scheme, size_t *ret_len)
{
	size_t n = strlen(scheme);
	if (t->len <= n || strncasecmp(t->data, scheme, n) != 0 || t->data[n] != ' ')
		return NULL;
	while (n < t->len && t->data[n] == ' ')
		n++;
	*ret_len = t->len - n;
	return t->data + n;
}

static uint32_t decode(const char *data, size_t len, uint8_t *dst, uint32_t size)
{
	struct line l = { .data = (const uint8_t *)data, .len = (uint32_t)len };
	return line_base64(&l, dst, size);
}

static bool read_basic(struct http_auth *a, const struct inspection *in, const char *data,
		       size_t len)
{
	uint8_t plain[SECRET_MAX];
	uint32_t n = decode(data, len, plain, sizeof(plain));
	const uint8_t *colon = n ? memchr(plain, ':', n) : NULL;
	if (!colon)
		return false;
	uint32_t user = (uint32_t)(colon - plain);
	login_keep(a->user, sizeof(a->user), &a->user_len, plain, user);
	a->secret_mark = login_secret(in, colon + 1, n - user - 1);
	a->method = LOGIN_PASSWORD;
	return true;
}

/* What stands in quotes behind `name`. */
static bool quoted(const char *data, size_t len, const char *name, struct http_text *ret)
{
	const char *at = memmem(data, len, name, strlen(name));
	if (!at)
		return false;
	at += strlen(name);
	const char *end = memchr(at, '"', len - (size_t)(at - data));
	*ret = (struct http_text){ at, end ? (size_t)(end - at) : 0 };
	return end != NULL;
}

/* The answer differs with each request: whether the secret is the same is not seen. */
static bool read_digest(struct http_auth *a, const char *data, size_t len)
{
	struct http_text user;
	if (!quoted(data, len, "username=\"", &user))
		return false;
	login_keep(a->user, sizeof(a->user), &a->user_len, user.data, (uint32_t)user.len);
	a->method = LOGIN_HASH;
	return true;
}

static bool read_token(struct http_auth *a, const char *data, size_t len)
{
	uint8_t blob[TOKEN_MAX];
	struct auth_token token;
	struct ntlmssp ntlm;
	uint32_t n = decode(data, len, blob, sizeof(blob));
	if (!n || !auth_token_read(&token, blob, n))
		return false;
	if (token.mechanism == AUTH_KERBEROS) {
		a->method = LOGIN_KERBEROS;
		return true;
	}
	if (token.mechanism != AUTH_NTLM || !ntlmssp_read(&ntlm, token.token, token.token_len) ||
	    ntlm.type != NTLM_AUTHENTICATE)
		return false; /* the first of two turns */
	a->method = ntlm.is_anonymous ? LOGIN_NONE : LOGIN_HASH;
	a->proof = ntlm.response_hash;
	keep(a->user, sizeof(a->user), &a->user_len, &ntlm.user);
	keep(a->domain, sizeof(a->domain), &a->domain_len, &ntlm.domain);
	keep(a->station, sizeof(a->station), &a->station_len, &ntlm.station);
	return true;
}

static void begin(struct http_auth *a, uint16_t nth)
{
	a->is_asked = a->is_form = a->is_to_proxy = false;
	a->request = nth;
	a->secret_mark = 0;
	a->proof = 0;
	memset(&a->user_len, 0, sizeof(a->user_len));
	memset(&a->domain_len, 0, sizeof(a->domain_len));
	memset(&a->station_len, 0, sizeof(a->station_len));
}

void http_auth_asked(struct http_auth *a, struct inspection *in, const struct http_head *h,
		     uint16_t nth)
{
	const struct http_text *t =
		h->authorization.data ? &h->authorization : &h->proxy_authorization;
	size_t len;
	const char *data;
	if (!t->data)
		return;
	begin(a, nth);
	a->is_to_proxy = t == &h->proxy_authorization;
	if ((data = after_scheme(t, "basic", &len)))
		a->is_asked = read_basic(a, in, data, len);
	else if ((data = after_scheme(t, "digest", &len)))
		a->is_asked = read_digest(a, data, len);
	else if ((data = after_scheme(t, "ntlm", &len)) ||
		 (data = after_scheme(t, "negotiate", &len)))
		a->is_asked = read_token(a, data, len);
}

/* ---- forms ---- */

static bool is_one_of(const uint8_t *name, size_t len, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == len && strncasecmp((const char *)name, *list, len) == 0)
			return true;
	return false;
}

void http_auth_form(struct http_auth *a, struct inspection *in, const uint8_t *data, size_t len,
		    uint16_t nth)
{
	static const char *const users[] = { "user",  "username", "login",      "log",
					     "email", "uname",    "userid",     "name",
					     "usr",   "account",  "j_username", NULL };
	static const char *const secrets[] = { "pass",   "password", "passwd",     "pwd", "pw",
					       "secret", "userpass", "j_password", NULL };
	struct http_text user = { NULL, 0 }, secret = { NULL, 0 };
	const uint8_t *at = data, *end = data + len;
	while (at < end) {
		const uint8_t *next = memchr(at, '&', (size_t)(end - at));
		const uint8_t *stop = next ? next : end;
		const uint8_t *equals = memchr(at, '=', (size_t)(stop - at));
		if (!equals)
			break;
		struct http_text value = { (const char *)equals + 1, (size_t)(stop - equals) - 1 };
		if (!user.data && is_one_of(at, (size_t)(equals - at), users))
			user = value;
		else if (!secret.data && is_one_of(at, (size_t)(equals - at), secrets))
			secret = value;
		at = stop + 1;
	}
	if (!user.data || !secret.data || !user.len || a->is_asked)
		return;
	begin(a, nth);
	a->is_asked = a->is_form = true;
	a->method = LOGIN_PASSWORD;
	login_keep(a->user, sizeof(a->user), &a->user_len, user.data, (uint32_t)user.len);
	a->secret_mark = login_secret(in, secret.data, (uint32_t)secret.len);
}

/* ---- the outcome ---- */

static enum login_outcome outcome_of(const struct http_auth *a, uint16_t status)
{
	if (status == 401 || (a->is_to_proxy && status == 407))
		return LOGIN_FAILURE;
	if (a->is_form)
		return status == 403 ? LOGIN_FAILURE : LOGIN_UNKNOWN;
	if (status >= 500 || status == 400 || status == 403 || status == 407 || status == 429)
		return LOGIN_UNKNOWN;
	return LOGIN_SUCCESS;
}

/* What tells one account and secret from another, of this connection. */
static uint32_t mark_of(const struct http_auth *a, const struct inspection *in)
{
	uint64_t hash = hash_bytes(in->key, a->user, a->user_len.len);
	return (uint32_t)hash_mix(hash, a->secret_mark + 1u) | 1u;
}

void http_auth_answered(struct http_auth *a, struct inspection *in, uint16_t status, uint16_t nth)
{
	if (!a->is_asked || a->request != nth)
		return;
	a->is_asked = false;
	enum login_outcome outcome = outcome_of(a, status);
	uint32_t mark = mark_of(a, in);
	if (outcome != LOGIN_FAILURE && !a->is_form && a->told == mark)
		return;
	if (outcome == LOGIN_SUCCESS)
		a->told = mark;
	const struct login login = {
		.service = a->is_form     ? "http-form" :
			   a->is_to_proxy ? "http-proxy" :
					    "http",
		.app = APP_HTTP,
		.outcome = outcome,
		.method = (enum login_method)a->method,
		.secret_mark = a->secret_mark,
		.status = status,
		.attempt = ++a->attempt,
		.proof = a->proof,
		.user = { a->user, a->user_len.len, a->user_len.full },
		.domain = { a->domain, a->domain_len.len, a->domain_len.full },
		.workstation = { a->station, a->station_len.len, a->station_len.full },
	};
	inspect_login(in, &login);
}
