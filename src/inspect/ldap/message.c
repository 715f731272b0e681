/*
 * inspect/ldap/message.c - see message.h.
 *
 *   LDAPMessage ::= SEQUENCE { id, operation [APPLICATION n], controls [0] }       RFC 4511, 4.1.1
 *   bind     { version, name, simple [0] | sasl [3] { mechanism, credentials } }   4.2
 *            Windows' own: [9] [10] [11] "sicily" MS-ADTS 5.1.1.1.3 search   { base, scope,
 * aliases, size, time, typesOnly, filter, attributes }   4.5.1 result   { code, matchedDN,
 * diagnostic, ... }                                  4.1.9
 *   add      { name, SEQUENCE OF attribute }                                       4.7
 *   modify   { name, SEQUENCE OF SEQUENCE { how, attribute } }                      4.6
 *   attribute ::= SEQUENCE { type, SET OF value }                                  4.1.7
 */
#include "message.h"

#include <string.h>
#include <strings.h>

static struct ldap_bytes bytes_of(const struct ber *e)
{
	struct cursor c = e->body;
	size_t len = cursor_left(&c);
	return (struct ldap_bytes){ cursor_take(&c, len), (uint32_t)len };
}

static bool is_operation(uint8_t id)
{
	static const uint8_t ids[] = { 0x60, 0x61, 0x42, 0x63, 0x64, 0x65, 0x66,
				       0x67, 0x68, 0x69, 0x4a, 0x6b, 0x6c, 0x6d,
				       0x6e, 0x6f, 0x50, 0x73, 0x77, 0x78, 0x79 };
	return memchr(ids, id, sizeof(ids)) != NULL;
}

bool ldap_tag_is_answer(uint8_t tag)
{
	switch (tag) {
	case LDAP_TAG_BIND:
	case LDAP_TAG_UNBIND:
	case LDAP_TAG_SEARCH:
	case LDAP_TAG_MODIFY:
	case LDAP_TAG_ADD:
	case LDAP_TAG_DELETE:
	case LDAP_TAG_MODIFY_DN:
	case LDAP_TAG_COMPARE:
	case LDAP_TAG_ABANDON:
	case LDAP_TAG_EXTENDED:
		return false;
	default:
		return true;
	}
}

static bool read_name(struct ber_level *in, struct ldap_message *m)
{
	struct ber e;
	if (!ber_take(in, BER_OCTETS, &e))
		return false;
	m->name = bytes_of(&e);
	return true;
}

static void put_attribute(struct ldap_text *t, const struct ber *e)
{
	struct cursor c = e->body;
	size_t len = cursor_left(&c);
	size_t room = LDAP_TEXT_MAX - t->len;
	if (t->full && room) {
		t->data[t->len++] = ',';
		room--;
	}
	size_t kept = len < room ? len : room;
	cursor_copy(&c, t->data + t->len, kept);
	t->len = (uint16_t)(t->len + kept);
	t->full += (uint32_t)(len + (t->full != 0));
}

static bool read_search(struct ber_level *in, struct ldap_message *m)
{
	struct ber e, filter;
	struct ber_level list;
	int64_t scope, aliases, size, time;
	if (!read_name(in, m) || !ber_take_integer(in, BER_ENUMERATED, &scope) ||
	    !ber_take_integer(in, BER_ENUMERATED, &aliases) ||
	    !ber_take_integer(in, BER_INTEGER, &size) ||
	    !ber_take_integer(in, BER_INTEGER, &time) || !ber_take(in, BER_BOOLEAN, &e))
		return false;
	m->scope = scope >= 0 && scope < UINT8_MAX ? (uint8_t)scope : UINT8_MAX;
	m->size_limit = size > 0 && size <= UINT32_MAX ? (uint32_t)size : 0;
	if (!ber_next(in, &filter) || !ldap_filter_text(&filter, &m->filter))
		return false;
	if (!ber_open(in, BER_SEQUENCE, &list))
		return in->is_cut;
	while (ber_take(&list, BER_OCTETS, &e)) {
		put_attribute(&m->attributes, &e);
		if (m->attribute_count < UINT16_MAX)
			m->attribute_count++;
	}
	return true;
}

/* Attributes of which the value says what the change is: the last one, behind '='. */
static bool is_telling(const struct ber *type)
{
	static const char *const names[] = { "objectclass", "samaccountname" };
	struct cursor c = type->body;
	size_t len = cursor_left(&c);
	const uint8_t *name = cursor_take(&c, len);
	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (len == strlen(names[i]) && strncasecmp((const char *)name, names[i], len) == 0)
			return true;
	return false;
}

static void put_value(struct ldap_text *t, struct ber_level *attribute)
{
	struct ber_level values;
	struct ber e, last = { 0 };
	bool has_one = false;
	if (!ber_open(attribute, BER_SET, &values))
		return;
	while (ber_take(&values, BER_OCTETS, &e)) {
		last = e;
		has_one = true;
	}
	if (!has_one || t->len == LDAP_TEXT_MAX)
		return;
	t->data[t->len++] = '=';
	struct cursor c = last.body;
	size_t len = cursor_left(&c), room = LDAP_TEXT_MAX - t->len;
	size_t kept = len < room ? len : room;
	cursor_copy(&c, t->data + t->len, kept);
	t->len = (uint16_t)(t->len + kept);
	t->full += (uint32_t)(len + 1);
}

/* The names of attributes that are added or changed. */
static bool read_change(struct ber_level *in, struct ldap_message *m)
{
	struct ber e;
	struct ber_level list, change, attribute;
	int64_t how;
	if (!read_name(in, m))
		return false;
	if (!ber_open(in, BER_SEQUENCE, &list))
		return in->is_cut;
	while (ber_open(&list, BER_SEQUENCE, &change)) {
		attribute = change;
		if (m->tag == LDAP_TAG_MODIFY &&
		    (!ber_take_integer(&change, BER_ENUMERATED, &how) ||
		     !ber_open(&change, BER_SEQUENCE, &attribute)))
			return list.is_cut;
		if (!ber_take(&attribute, BER_OCTETS, &e))
			return list.is_cut;
		put_attribute(&m->attributes, &e);
		if (is_telling(&e))
			put_value(&m->attributes, &attribute);
		if (m->attribute_count < UINT16_MAX)
			m->attribute_count++;
	}
	return true;
}

static bool read_bind(struct ber_level *in, struct ldap_message *m)
{
	struct ber e;
	struct ber_level sasl;
	int64_t version;
	if (!ber_take_integer(in, BER_INTEGER, &version) || !read_name(in, m) || !ber_next(in, &e))
		return false;
	switch (e.id) {
	case BER_CONTEXT_RAW(0):
		m->auth = LDAP_AUTH_SIMPLE;
		m->credentials = bytes_of(&e);
		return true;
	case BER_CONTEXT(3):
		m->auth = LDAP_AUTH_SASL;
		if (!ber_enter(&e, &sasl) || !ber_take(&sasl, BER_OCTETS, &e))
			return false;
		m->mechanism = bytes_of(&e);
		if (ber_take(&sasl, BER_OCTETS, &e))
			m->credentials = bytes_of(&e);
		return true;
	case BER_CONTEXT_RAW(9):
	case BER_CONTEXT_RAW(10):
	case BER_CONTEXT_RAW(11):
		m->auth = LDAP_AUTH_SICILY;
		m->credentials = bytes_of(&e);
		return true;
	default:
		return false;
	}
}

static bool read_result(struct ber_level *in, struct ldap_message *m)
{
	struct ber e;
	int64_t code;
	if (!ber_take_integer(in, BER_ENUMERATED, &code))
		return false;
	m->result = code >= 0 && code < UINT32_MAX ? (uint32_t)code : UINT32_MAX;
	if (!read_name(in, m) || !ber_take(in, BER_OCTETS, &e))
		return false;
	m->diagnostic = bytes_of(&e);
	return true;
}

static bool read_fields(const struct ber *operation, struct ldap_message *m)
{
	struct ber_level in;
	struct ber e;
	if (m->tag == LDAP_TAG_DELETE) {
		m->name = bytes_of(operation);
		return true;
	}
	if (!ber_enter(operation, &in)) /* unbind, abandon */
		return m->tag == LDAP_TAG_UNBIND || m->tag == LDAP_TAG_ABANDON;
	switch (m->tag) {
	case LDAP_TAG_BIND:
		return read_bind(&in, m);
	case LDAP_TAG_SEARCH:
		return read_search(&in, m);
	case LDAP_TAG_EXTENDED:
		if (!ber_take(&in, BER_CONTEXT_RAW(0), &e))
			return false;
		m->name = bytes_of(&e);
		return true;
	case LDAP_TAG_MODIFY:
	case LDAP_TAG_ADD:
		return read_change(&in, m);
	case LDAP_TAG_ENTRY:
	case LDAP_TAG_MODIFY_DN:
	case LDAP_TAG_COMPARE:
		return read_name(&in, m);
	case LDAP_TAG_REFERENCE:
	case LDAP_TAG_INTERMEDIATE:
		return true;
	default:
		return read_result(&in, m);
	}
}

static bool read_head(struct ber_level *top, struct ldap_message *m, struct ber *operation)
{
	struct ber_level in;
	int64_t id;
	if (!ber_open(top, BER_SEQUENCE, &in) || !ber_take_integer(&in, BER_INTEGER, &id) ||
	    id < 0 || id > INT32_MAX || !ber_next(&in, operation) || !is_operation(operation->id))
		return false;
	m->id = (uint32_t)id;
	m->tag = (uint8_t)operation->number;
	return true;
}

bool ldap_message_is_likely(const uint8_t *data, size_t len)
{
	struct ldap_message m;
	struct ber_level top;
	struct ber operation;
	ber_begin(&top, data, len, true);
	return read_head(&top, &m, &operation);
}

bool ldap_message_read(const void *data, size_t len, bool is_cut, struct ldap_message *ret)
{
	struct ber_level top;
	struct ber operation;
	struct ldap_message *m = ret;
	memset(m, 0, offsetof(struct ldap_message, filter));
	memset(&m->auth, 0, sizeof(*m) - offsetof(struct ldap_message, auth));
	m->filter.len = m->attributes.len = 0;
	m->filter.full = m->attributes.full = 0;
	ber_begin(&top, data, len, is_cut);
	if (!read_head(&top, m, &operation))
		return false;
	m->is_malformed = !read_fields(&operation, m) && !is_cut;
	return true;
}
