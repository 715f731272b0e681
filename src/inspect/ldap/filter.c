/*
 * inspect/ldap/filter.c - a search filter as text (RFC 4511 4.5.1.7, RFC 4515).
 *
 *   and [0], or [1]: SET OF Filter; not [2] Filter
 *   = [3], >= [5], <= [6], ~= [8]: attribute, value
 *   substrings [4]: attribute, SEQUENCE OF initial [0], any [1], final [2];  present [7]: attribute
 *   extensible [9]: rule [1], attribute [2], value [3], dn [4]
 */
#include <string.h>

#include "message.h"

static void put(struct ldap_text *t, const void *data, size_t len)
{
	size_t room = LDAP_TEXT_MAX - t->len;
	size_t kept = len < room ? len : room;
	if (kept)
		memcpy(t->data + t->len, data, kept);
	t->len = (uint16_t)(t->len + kept);
	t->full += (uint32_t)len;
}

static void put_char(struct ldap_text *t, char c)
{
	put(t, &c, 1);
}

/* A value: what could end it, and what is no text, by its number (RFC 4515, 3). */
static void put_value(struct ldap_text *t, const struct ber *e)
{
	static const char digits[] = "0123456789abcdef";
	struct cursor c = e->body;
	while (cursor_left(&c)) {
		uint8_t byte = cursor_u8(&c);
		if (byte >= 0x20 && byte < 0x7f && byte != '(' && byte != ')' && byte != '*' &&
		    byte != '\\') {
			put_char(t, (char)byte);
			continue;
		}
		const char escape[3] = { '\\', digits[byte >> 4], digits[byte & 15] };
		put(t, escape, sizeof(escape));
	}
}

static bool put_pair(struct ldap_text *t, struct ber_level *in, const char *sign)
{
	struct ber attribute, value;
	if (!ber_take(in, BER_OCTETS, &attribute) || !ber_take(in, BER_OCTETS, &value))
		return false;
	put_value(t, &attribute);
	put(t, sign, strlen(sign));
	put_value(t, &value);
	return true;
}

static bool put_substrings(struct ldap_text *t, struct ber_level *in)
{
	struct ber attribute, part;
	struct ber_level parts;
	bool is_open = true; /* the last part put leaves a '*' behind it */
	if (!ber_take(in, BER_OCTETS, &attribute) || !ber_open(in, BER_SEQUENCE, &parts))
		return false;
	put_value(t, &attribute);
	put_char(t, '=');
	for (bool is_first = true; ber_next(&parts, &part); is_first = false) {
		if (part.id != BER_CONTEXT_RAW(0) && is_first)
			put_char(t, '*');
		put_value(t, &part);
		is_open = part.id != BER_CONTEXT_RAW(2);
		if (is_open)
			put_char(t, '*');
	}
	return !parts.is_broken;
}

static bool put_extensible(struct ldap_text *t, struct ber_level *in)
{
	struct ber rule, attribute, value, dn;
	bool has_rule = ber_take(in, BER_CONTEXT_RAW(1), &rule);
	if (ber_take(in, BER_CONTEXT_RAW(2), &attribute))
		put_value(t, &attribute);
	if (!ber_take(in, BER_CONTEXT_RAW(3), &value))
		return false;
	if (ber_take(in, BER_CONTEXT_RAW(4), &dn) && cursor_u8(&dn.body))
		put(t, ":dn", 3);
	if (has_rule) {
		put_char(t, ':');
		put_value(t, &rule);
	}
	put(t, ":=", 2);
	put_value(t, &value);
	return true;
}

static bool put_filter(struct ldap_text *t, const struct ber *f);

static bool put_set(struct ldap_text *t, struct ber_level *in, char sign)
{
	struct ber part;
	put_char(t, sign);
	while (ber_next(in, &part)) {
		if (t->len == LDAP_TEXT_MAX)
			return true; /* nothing more would be seen */
		if (!put_filter(t, &part))
			return false;
	}
	return !in->is_broken;
}

static bool put_compound(struct ldap_text *t, const struct ber *f)
{
	struct ber_level in;
	if (!ber_enter(f, &in))
		return false;
	switch (f->id) {
	case BER_CONTEXT(0):
		return put_set(t, &in, '&');
	case BER_CONTEXT(1):
		return put_set(t, &in, '|');
	case BER_CONTEXT(2):
		return put_set(t, &in, '!');
	case BER_CONTEXT(3):
		return put_pair(t, &in, "=");
	case BER_CONTEXT(4):
		return put_substrings(t, &in);
	case BER_CONTEXT(5):
		return put_pair(t, &in, ">=");
	case BER_CONTEXT(6):
		return put_pair(t, &in, "<=");
	case BER_CONTEXT(8):
		return put_pair(t, &in, "~=");
	case BER_CONTEXT(9):
		return put_extensible(t, &in);
	default:
		return false;
	}
}

/* As deep as ber_enter() goes. */
static bool put_filter(struct ldap_text *t,
		       const struct ber *f) /* NOLINT(misc-no-recursion): ber_enter() bounds it */
{
	bool ok = true;
	put_char(t, '(');
	if (f->id == BER_CONTEXT_RAW(7)) {
		put_value(t, f);
		put(t, "=*", 2);
	} else {
		ok = put_compound(t, f);
	}
	put_char(t, ')');
	return ok && !f->is_cut;
}

bool ldap_filter_text(const struct ber *filter, struct ldap_text *ret)
{
	ret->len = 0;
	ret->full = 0;
	return put_filter(ret, filter);
}
