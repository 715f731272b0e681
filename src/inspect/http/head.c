/*
 * inspect/http/head.c - the head of one HTTP/1 message.
 *
 *   method SP target SP HTTP/1.1 CRLF        HTTP/1.1 SP status SP reason CRLF
 *   *( name ":" value CRLF )  CRLF
 *
 * Tolerated as servers do: lines that end in LF alone, spaces in the target, folded values (kept
 * as they are), fields without a colon (passed over).
 */
#include "head.h"

#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/event/content.h"

#define METHOD_MAX     24
#define LENGTH_MAX     100000000000000000ull /* one digit more fits into 64 bits */
#define FIRST_LINE_MIN 12                    /* "GET / HTTP/1" */

static const char *const methods[] = {
	"GET",        "POST",       "PUT",         "HEAD",         "DELETE",
	"OPTIONS",    "PATCH",      "TRACE",       "CONNECT",      "PROPFIND",
	"PROPPATCH",  "MKCOL",      "COPY",        "MOVE",         "LOCK",
	"UNLOCK",     "SEARCH",     "REPORT",      "MERGE",        "CHECKOUT",
	"MKACTIVITY", "MKCALENDAR", "ACL",         "BIND",         "LINK",
	"UNLINK",     "PURGE",      "SUBSCRIBE",   "UNSUBSCRIBE",  "NOTIFY",
	"POLL",       "BITS_POST",  "RPC_IN_DATA", "RPC_OUT_DATA", "SSTP_DUPLEX_POST",
	"CCM_POST",   "BPROPFIND",  "M-SEARCH",    "PRI",
};

/* True when the shorter of the two begins the longer. */
static bool begins(const uint8_t *data, size_t len, const char *text, size_t text_len)
{
	return memcmp(data, text, len < text_len ? len : text_len) == 0;
}

bool http_head_is_likely(const uint8_t *data, size_t len)
{
	if (len == 0 || data[0] < 'A' || data[0] > 'Z')
		return false;
	if (begins(data, len, "HTTP/1.", 7))
		return true;
	if (len == 1 && data[0] == 'S') /* more likely SSH */
		return false;
	for (unsigned i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		size_t n = strlen(methods[i]);
		if (begins(data, len, methods[i], n) && (len <= n || data[n] == ' '))
			return true;
	}
	return false;
}

size_t http_head_length(const uint8_t *data, size_t len, uint32_t *scanned)
{
	size_t at = *scanned;
	const uint8_t *lf;

	while (at < len && (lf = memchr(data + at, '\n', len - at))) {
		size_t next = (size_t)(lf - data) + 1;
		*scanned = (uint32_t)(next - 1);
		if (next < len && data[next] == '\n')
			return next + 1;
		if (next + 1 < len && data[next] == '\r' && data[next + 1] == '\n')
			return next + 2;
		if (next + 1 >= len)
			return 0; /* what follows decides: this LF again, then */
		at = next;
	}
	*scanned = (uint32_t)len;
	return 0;
}

/* The next line without its end; false at the end of the head. */
static bool next_line(struct cursor *c, struct http_text *ret, bool *ret_ended)
{
	size_t left = cursor_left(c);
	if (left == 0)
		return false;
	const uint8_t *lf = memchr(c->pos, '\n', left);
	size_t len = lf ? (size_t)(lf - c->pos) : left;
	ret->data = (const char *)cursor_take(c, len);
	ret->len = len;
	*ret_ended = lf != NULL;
	if (lf)
		cursor_skip(c, 1);
	if (len && ret->data[len - 1] == '\r')
		ret->len--;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct http_text trim(const char *data, const char *end)
{
	while (data < end && is_blank(*data))
		data++;
	while (end > data && is_blank(end[-1]))
		end--;
	return (struct http_text){ data, (size_t)(end - data) };
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* As ASCII, without regard to case; `small` is lower case. */
static bool is_text(const struct http_text *t, const char *small)
{
	size_t len = strlen(small);

	if (t->len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(t->data[i]) != small[i])
			return false;
	return true;
}

/* "HTTP/1.1"; 0 when it is none. */
static uint8_t version_of(const char *data, size_t len)
{
	if (len != 8 || memcmp(data, "HTTP/", 5) != 0 || data[6] != '.' || data[5] < '1' ||
	    data[5] > '2' || data[7] < '0' || data[7] > '9')
		return 0;
	return (uint8_t)((data[5] - '0') * 10 + (data[7] - '0'));
}

static int read_status_line(struct http_head *h, const struct http_text *line)
{
	struct http_text rest;

	if (line->len < FIRST_LINE_MIN || line->data[8] != ' ')
		return -EXF_E_FORMAT;
	h->version = version_of(line->data, 8);
	for (unsigned i = 9; i < 12; i++) {
		if (line->data[i] < '0' || line->data[i] > '9')
			return -EXF_E_FORMAT;
		h->status = (uint16_t)(h->status * 10 + (line->data[i] - '0'));
	}
	if (h->version == 0 || h->status < 100)
		return -EXF_E_FORMAT;
	h->is_response = true;
	rest = trim(line->data + 12, line->data + line->len);
	if (rest.len)
		h->reason = rest;
	return 0;
}

static bool is_method(const char *data, size_t len)
{
	if (len == 0 || len > METHOD_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((data[i] >= 'A' && data[i] <= 'Z') || data[i] == '-' || data[i] == '_'))
			return false;
	return true;
}

static int read_request_line(struct http_head *h, const struct http_text *line, bool is_ended)
{
	const char *end = line->data + line->len;
	const char *space = memchr(line->data, ' ', line->len);

	if (!space || !is_method(line->data, (size_t)(space - line->data)))
		return -EXF_E_FORMAT;
	h->method = (struct http_text){ line->data, (size_t)(space - line->data) };
	h->uri = trim(space, end);
	if (!is_ended)
		return http_head_is_likely((const uint8_t *)line->data, line->len) ? 0 :
										     -EXF_E_FORMAT;
	const char *last = memrchr(h->uri.data, ' ', h->uri.len);
	if (!last)
		return -EXF_E_FORMAT; /* HTTP/0.9 has no head */
	h->version = version_of(last + 1, (size_t)(h->uri.data + h->uri.len - last) - 1);
	h->uri = trim(h->uri.data, last);
	return h->version && h->uri.len ? 0 : -EXF_E_FORMAT;
}

static void read_length(struct http_head *h, const struct http_text *value)
{
	uint64_t v = 0;

	if (value->len == 0)
		h->is_ambiguous = true;
	for (size_t i = 0; i < value->len && !h->is_ambiguous; i++) {
		if (value->data[i] < '0' || value->data[i] > '9' || v > LENGTH_MAX)
			h->is_ambiguous = true;
		v = v * 10 + (uint64_t)(value->data[i] - '0');
	}
	if (h->is_ambiguous)
		return;
	if (h->has_length && h->content_length != v)
		h->is_ambiguous = true;
	h->has_length = true;
	h->content_length = v;
}

static void read_coding(struct http_head *h, const struct http_text *value)
{
	const char *comma = memrchr(value->data, ',', value->len);
	const char *end = value->data + value->len;
	struct http_text last = trim(comma ? comma + 1 : value->data, end);

	h->is_chunked = is_text(&last, "chunked");
	h->is_coded = !h->is_chunked && !is_text(&last, "identity");
}

/* Where the value of a field is kept; NULL for one that is not, or is read as a number. */
static struct http_text *place_of(struct http_head *h, const struct http_text *name, bool is_ended)
{
	switch (name->len) {
	case 4:
		return is_ended && is_text(name, "host") ? &h->host : NULL;
	case 6:
		return is_text(name, "cookie") ? &h->cookie : NULL;
	case 7:
		return is_text(name, "referer") ? &h->referrer : NULL;
	case 10:
		return is_text(name, "user-agent") ? &h->user_agent : NULL;
	case 12:
		return is_ended && is_text(name, "content-type") ? &h->content_type : NULL;
	case 13:
		return is_ended && is_text(name, "authorization") ? &h->authorization : NULL;
	case 15:
		return is_text(name, "x-forwarded-for") ? &h->forwarded_for : NULL;
	case 16:
		return is_ended && is_text(name, "content-encoding") ? &h->content_encoding : NULL;
	case 19:
		return !is_ended                            ? NULL :
		       is_text(name, "proxy-authorization") ? &h->proxy_authorization :
		       is_text(name, "content-disposition") ? &h->content_disposition :
							      NULL;
	default:
		return NULL;
	}
}

/* The bit of a field whose presence tells what program asks; 0: none. */
static uint32_t mark_of(const struct http_text *name)
{
	static const struct {
		const char *name;
		uint32_t mark;
	} fields[] = {
		{ "referer", HTTP_HAS_REFERRER },
		{ "origin", HTTP_HAS_ORIGIN },
		{ "accept-language", HTTP_HAS_LANGUAGE },
		{ "accept-encoding", HTTP_HAS_ENCODINGS },
		{ "cookie", HTTP_HAS_COOKIE },
		{ "authorization", HTTP_HAS_AUTHORIZATION },
		{ "accept", HTTP_HAS_ACCEPT },
		{ "sec-fetch-mode", HTTP_HAS_FETCH },
		{ "sec-ch-ua", HTTP_HAS_FETCH },
		{ "expect", HTTP_HAS_EXPECT },
		{ "content-encoding", HTTP_IS_CODED },
	};
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (lower(name->data[0]) == fields[i].name[0] && is_text(name, fields[i].name))
			return fields[i].mark;
	return 0;
}

/* Returns where the value went, for the lines that may continue it. */
static struct http_text *read_field(struct http_head *h, const struct http_text *line,
				    bool is_ended, const struct hash_key *key)
{
	const char *colon = memchr(line->data, ':', line->len);

	if (!colon || colon == line->data)
		return NULL;
	struct http_text name = trim(line->data, colon);
	struct http_text value = trim(colon + 1, line->data + line->len);
	h->header_count++;
	h->header_hash = hash_mix(h->header_hash, hash_bytes(key, name.data, name.len));
	h->marks |= name.len ? mark_of(&name) : 0;
	struct http_text *place = place_of(h, &name, is_ended);
	if (place) {
		if (place->data)
			return NULL; /* the first counts */
		*place = value;
	} else if (is_ended && name.len == 14 && is_text(&name, "content-length")) {
		read_length(h, &value);
	} else if (is_ended && name.len == 17 && is_text(&name, "transfer-encoding")) {
		read_coding(h, &value);
	}
	return place;
}

/* Without a Host field: "http://host/path", or CONNECT's "host:443". */
static void take_host_of_uri(struct http_head *h)
{
	const char *end = h->uri.data + h->uri.len;
	const char *at = memmem(h->uri.data, h->uri.len, "://", 3);

	if (h->method.len == 7 && memcmp(h->method.data, "CONNECT", 7) == 0) {
		const char *space = memchr(h->uri.data, ' ', h->uri.len);
		h->host = trim(h->uri.data, space ? space : end);
	} else if (at && h->uri.data[0] != '/') {
		at += 3;
		const char *slash = memchr(at, '/', (size_t)(end - at));
		h->host = trim(at, slash ? slash : end);
	}
}

int http_head_read(const uint8_t *data, size_t len, bool is_cut, const struct hash_key *key,
		   struct http_head *ret)
{
	struct cursor c = cursor_make(data, len);
	struct http_text line, *last = NULL;
	bool is_ended;

	memset(ret, 0, sizeof(*ret));
	if (!next_line(&c, &line, &is_ended))
		return -EXF_E_FORMAT;
	int r = line.len >= 5 && memcmp(line.data, "HTTP/", 5) == 0 ?
			read_status_line(ret, &line) :
			read_request_line(ret, &line, is_ended || !is_cut);
	if (r < 0)
		return r;
	ret->header_hash = key->k[0];
	while (next_line(&c, &line, &is_ended) && line.len) {
		if (is_blank(line.data[0])) {
			if (last && last->data)
				last->len = (size_t)(line.data + line.len - last->data);
			continue;
		}
		last = read_field(ret, &line, is_ended || !is_cut, key);
	}
	if (!ret->host.data && !ret->is_response)
		take_host_of_uri(ret);
	return 0;
}
