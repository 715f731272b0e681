/*
 * signature/value.c - what an event has in a column.
 *
 * Text stays where it lies in the event; what is made of it (a URL, the text of a number) goes into
 * the column's own space.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/event/word.h"
#include "private.h"

bool value_is_made(enum view v)
{
	return v == VIEW_URL || v == VIEW_UNC || v == VIEW_UUID;
}

static void set_text(struct value *v, const void *text, size_t len)
{
	v->has = true;
	v->text = text;
	v->len = (uint32_t)len;
}

static void set_number(struct value *v, double n)
{
	v->has = v->has_number = true;
	v->number = n;
}

static struct event_str string_at(const struct event *e, uint16_t offset)
{
	struct event_str s;
	memcpy(&s, (const uint8_t *)e + offset, sizeof(s));
	if (s.off > e->size || s.len > e->size - s.off)
		s.off = 0;
	return s;
}

/* --- texts -------------------------------------------------------------------------------- */

/* "http://host/path", from a request in the clear. */
static void make_url(struct column *c, const struct event *e)
{
	const struct event_http *h = (const struct event_http *)(const void *)e;
	struct event_str uri = string_at(e, c->field->offset);
	struct event_str host = string_at(e, (uint16_t)((const char *)&h->host - (const char *)h));
	if (!uri.off)
		return;
	const char *path = (const char *)event_str_data(e, &uri);
	if (!host.off || (uri.len && path[0] != '/')) { /* a proxy is asked: it is whole already */
		set_text(&c->v, path, uri.len);
		return;
	}
	int n = snprintf(c->space, VALUE_SPACE, "http://%.*s", (int)host.len,
			 (const char *)event_str_data(e, &host));
	memcpy(c->space + n, path, uri.len);
	set_text(&c->v, c->space, (size_t)n + uri.len);
}

static void make_unc(struct column *c, const struct event *e, const struct event_str *share)
{
	char host[IPADDR_TEXT_MAX];
	int n = snprintf(c->space, VALUE_SPACE, "\\\\%s\\%.*s",
			 ipaddr_print(&e->dst, host, sizeof(host)), (int)share->len,
			 (const char *)event_str_data(e, share));
	set_text(&c->v, c->space, (size_t)n);
}

static void cut_uri(struct value *v, enum view view)
{
	const uint8_t *mark = memchr(v->text, '?', v->len);
	size_t stem = mark ? (size_t)(mark - v->text) : v->len;
	if (view == VIEW_QUERY) {
		v->has = mark != NULL;
		if (mark)
			set_text(v, mark + 1, v->len - stem - 1);
		return;
	}
	v->len = (uint32_t)stem;
	if (view == VIEW_STEM)
		return;
	size_t at = stem;
	while (at > 0 && v->text[at - 1] != '/' && v->text[at - 1] != '.')
		at--;
	v->has = at > 0 && v->text[at - 1] == '.';
	v->text += at;
	v->len = (uint32_t)(stem - at);
}

static void read_string(struct column *c, const struct event *e)
{
	struct event_str s = string_at(e, c->field->offset);
	if (!s.off)
		return;
	if (c->view == VIEW_URL) {
		make_url(c, e);
		return;
	}
	if (c->view == VIEW_UNC) {
		make_unc(c, e, &s);
		return;
	}
	set_text(&c->v, event_str_data(e, &s), s.len);
	c->v.hash = s.hash;
	if (c->view == VIEW_STEM || c->view == VIEW_QUERY || c->view == VIEW_EXTENSION) {
		c->v.hash = 0;
		cut_uri(&c->v, c->view);
	}
}

/* Events have it in the order of its text: the inspector has undone that of the wire. */
static void make_uuid(struct column *c, const uint8_t *b)
{
	int n = snprintf(c->space, VALUE_SPACE,
			 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
			 b[12], b[13], b[14], b[15]);
	set_text(&c->v, c->space, (size_t)n);
}

/* --- numbers ------------------------------------------------------------------------------ */

static uint64_t number_at(const uint8_t *at, enum field_type type)
{
	uint64_t u64 = 0;
	memcpy(&u64, at,
	       type == FIELD_U16                      ? 2 :
	       type == FIELD_U32                      ? 4 :
	       type == FIELD_U8 || type == FIELD_BOOL ? 1 :
							8);
	return u64;
}

/* A bit of DNS's flags as a word, or Z's three as a number; false: another view. */
static bool read_dns(struct column *c, const struct event *e, uint64_t n)
{
	static const struct {
		enum view view;
		uint16_t mask;
	} bits[] = { { VIEW_DNS_AA, 0x0400 },
		     { VIEW_DNS_TC, 0x0200 },
		     { VIEW_DNS_RD, 0x0100 },
		     { VIEW_DNS_RA, 0x0080 } };
	const struct event_dns *d = (const struct event_dns *)(const void *)e;
	bool is_set =
		c->view == VIEW_DNS_REJECTED && !d->answers && !d->authorities && !d->additionals;
	if (c->view == VIEW_DNS_Z) {
		set_number(&c->v, (double)(n >> 4 & 7));
		return true;
	}
	if (c->view < VIEW_DNS_AA || c->view > VIEW_DNS_REJECTED)
		return false;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		is_set |= bits[i].view == c->view && (n & bits[i].mask);
	set_number(&c->v, is_set);
	set_text(&c->v, is_set ? "true" : "false", is_set ? 4 : 5);
	return true;
}

/*
 * How a flow went, in Zeek's words (base/protocols/conn): S0 no answer, REJ refused, SF begun and
 * ended in order, S1 not ended, S2 and S3 ended by one side, RSTO and RSTR cut by the one that
 * began or that answered, SH ended without an answer, OTH first seen amid.
 */
static const char *conn_state(const struct event *e)
{
	const struct event_flow *f = (const struct event_flow *)(const void *)e;
	const uint8_t fin = 0x01, rst = 0x04;
	if (f->outcome == FLOW_OUTCOME_REFUSED)
		return "REJ";
	if (f->outcome == FLOW_OUTCOME_MIDSTREAM)
		return "OTH";
	if (f->outcome != FLOW_OUTCOME_ESTABLISHED)
		return f->packets[1] ? "OTH" : f->tcp_flags[0] & fin ? "SH" : "S0";
	if (e->proto != 6)
		return "SF";
	if ((f->tcp_flags[0] | f->tcp_flags[1]) & rst)
		return f->tcp_flags[0] & rst ? "RSTO" : "RSTR";
	if (f->tcp_flags[0] & fin)
		return f->tcp_flags[1] & fin ? "SF" : "S2";
	return f->tcp_flags[1] & fin ? "S3" : "S1";
}

static void read_number(struct column *c, const struct event *e, const uint8_t *at)
{
	uint64_t n = number_at(at, c->field->type);
	const char *word = c->view == VIEW_PLAIN      ? event_word(e, c->field, n) :
			   c->view == VIEW_CONN_STATE ? conn_state(e) :
							name_in_view(c->view, (uint32_t)n);
	if (read_dns(c, e, n) || (c->field->type == FIELD_U64 && n == UINT64_MAX))
		return; /* not told */
	if (c->view == VIEW_SECONDS) {
		const struct event_flow *f = (const struct event_flow *)(const void *)e;
		set_number(&c->v, n > f->first_ns ? (double)(n - f->first_ns) / 1e9 : 0);
		return;
	}
	set_number(&c->v, (double)n);
	if (word) {
		set_text(&c->v, word, strlen(word));
		c->v.hash = (n + 1) * 0x9e3779b97f4a7c15ull; /* of few values, each comes often */
	} else if (c->field->type == FIELD_BOOL) {
		set_text(&c->v, n ? "true" : "false", n ? 4 : 5);
	}
}

static void read_etype(struct column *c, const uint8_t *at)
{
	int16_t n;
	memcpy(&n, at, sizeof(n));
	if (n == KERBEROS_NO_ETYPE)
		return;
	set_number(&c->v, n);
	const char *name = name_in_view(c->view, (uint32_t)(uint16_t)n);
	if (name)
		set_text(&c->v, name, strlen(name));
}

static void read_etypes(struct column *c, const uint8_t *at)
{
	size_t n = 0;
	for (unsigned i = 0; i < KERBEROS_ETYPES; i++) {
		int16_t value;
		memcpy(&value, at + i * sizeof(value), sizeof(value));
		if (value == KERBEROS_NO_ETYPE)
			break;
		n += (size_t)snprintf(c->space + n, VALUE_SPACE - n, "%s%d", n ? "," : "", value);
	}
	if (n)
		set_text(&c->v, c->space, n);
}

static void read_bytes(struct column *c, const uint8_t *at)
{
	uint64_t n;
	memcpy(&n, at, sizeof(n));
	if (c->field->type == FIELD_MAC)
		(void)snprintf(c->space, VALUE_SPACE, "%02x:%02x:%02x:%02x:%02x:%02x", at[0], at[1],
			       at[2], at[3], at[4], at[5]);
	else if (c->field->type == FIELD_HEX64)
		(void)snprintf(c->space, VALUE_SPACE, "%016llx", (unsigned long long)n);
	else if (c->view == VIEW_UUID)
		make_uuid(c, at);
	else
		str_hex(c->space, VALUE_SPACE, at, 16);
	set_text(&c->v, c->space, strlen(c->space));
}

static void read_field(struct column *c, const struct event *e)
{
	const uint8_t *at = (const uint8_t *)e + c->field->offset;
	float real;
	switch (c->field->type) {
	case FIELD_STR:
		read_string(c, e);
		return;
	case FIELD_IP:
		memcpy(&c->v.ip, at, sizeof(c->v.ip));
		c->v.has = c->v.has_ip = !ipaddr_is_unspecified(&c->v.ip);
		return;
	case FIELD_FLOAT:
		memcpy(&real, at, sizeof(real));
		set_number(&c->v, (double)real);
		return;
	case FIELD_ETYPE:
		read_etype(c, at);
		return;
	case FIELD_ETYPES:
		read_etypes(c, at);
		return;
	case FIELD_MAC:
	case FIELD_HEX64:
	case FIELD_BYTES16:
		read_bytes(c, at);
		return;
	case FIELD_U8:
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_BOOL:
	case FIELD_TIME:
		read_number(c, e, at);
		return;
	case FIELD_SIZES:
	case FIELD_FIRST:
		return;
	}
}

void value_read(struct signatures *s, struct column *c, const struct event *e)
{
	memset(&c->v, 0, sizeof(c->v));
	if (c->view == VIEW_CONSTANT) {
		set_text(&c->v, c->constant, strlen(c->constant));
		return;
	}
	const struct event *from = c->is_paired ? s->request : e;
	if (from)
		read_field(c, from);
}

void value_print(struct column *c)
{
	struct value *v = &c->v;
	if (v->text || !v->has)
		return;
	if (v->has_ip)
		(void)ipaddr_print(&v->ip, c->space, VALUE_SPACE);
	else if (c->field && c->field->type == FIELD_TIME)
		(void)str_time(c->space, VALUE_SPACE, (uint64_t)v->number);
	else
		(void)snprintf(c->space, VALUE_SPACE, "%.15g", v->number);
	v->text = (const uint8_t *)c->space;
	v->len = (uint32_t)strlen(c->space);
}

/* "RCreateServiceW" is known without its first letter as well, "NetrJobAdd" without its first four.
 */
static size_t operation_prefix(const struct value *v)
{
	if (v->len > 4 && memcmp(v->text, "Netr", 4) == 0)
		return 4;
	return v->len > 1 && v->text[0] == 'R' ? 1 : 0;
}

/* Where the path begins in "http://host/path"; 0: it is none, or begins at once. */
static size_t path_at(const struct value *v)
{
	const char *mark = "://";
	for (size_t i = 1; i + 3 < v->len && i < 12; i++) {
		if (memcmp(v->text + i, mark, 3) != 0)
			continue;
		const uint8_t *slash = memchr(v->text + i + 3, '/', v->len - i - 3);
		return slash ? (size_t)(slash - v->text) : 0;
	}
	return 0;
}

static size_t query_at(const struct value *v)
{
	const uint8_t *mark = memchr(v->text, '?', v->len);
	return mark ? (size_t)(mark - v->text) + 1 : 0;
}

static size_t zeros_before(const struct value *v)
{
	size_t n = 0;
	while (n + 1 < v->len && v->text[n] == '0')
		n++;
	return n;
}

/* The text, then the text without its first `skip` bytes. */
static bool short_element(const struct value *v, size_t skip, size_t *at, const uint8_t **text,
			  size_t *len)
{
	if (*at > 1 || (*at == 1 && !skip))
		return false;
	skip = *at == 1 ? skip : 0;
	*text = v->text + skip;
	*len = v->len - skip;
	(*at)++;
	return true;
}

bool value_element(const struct column *c, const struct value *v, size_t *at, const uint8_t **text,
		   size_t *len)
{
	switch (c->view) {
	case VIEW_OPERATION:
		return short_element(v, operation_prefix(v), at, text, len);
	case VIEW_SERIAL:
		return short_element(v, zeros_before(v), at, text, len);
	case VIEW_URL:
		return short_element(v, path_at(v), at, text, len);
	case VIEW_EITHER:
		return short_element(v, query_at(v), at, text, len);
	default:
		break;
	}
	if (*at > v->len || (*at && !c->is_list))
		return false;
	*text = v->text + *at;
	const uint8_t *comma = c->is_list ? memchr(*text, ',', v->len - *at) : NULL;
	*len = comma ? (size_t)(comma - *text) : v->len - *at;
	*at += *len + 1;
	while (*len && **text == ' ') {
		(*text)++;
		(*len)--;
	}
	return true;
}
