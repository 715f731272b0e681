/*
 * config/value.c - one value: its type, its range, its place in the struct.
 *
 * A default is text as one would write it and comes the same way as a value of a file, so that
 * both mean the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "load.h"

static void *field(const struct key *k, void *base)
{
	return (unsigned char *)base + k->offset;
}

/* --- single values ----------------------------------------------------------------------- */

/* The text of a scalar without line breaks at its end (block scalars have one), checked. */
int value_text(struct load *l, const struct key *k, const struct yaml_node *n, const char **ret)
{
	if (n->type != YAML_SCALAR)
		return load_fail_type(l, n, "text");
	size_t len = strlen(n->text);
	while (len && n->text[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)n->text[i];
		if (c < 0x20 || c == 0x7f)
			return load_fail(l, n, "%s: the control character 0x%02x is not allowed",
					 l->path, c);
	}
	if (len < k->min && len == 0)
		return load_fail(l, n, "%s: must not be empty", l->path);
	if (len < k->min || len > k->max)
		return load_fail(l, n,
				 "%s: %zu characters are out of range (%" PRIu64 " to %" PRIu64 ")",
				 l->path, len, k->min, k->max);
	char *text = arena_strndup(&l->whole->memory, n->text, len);
	if (!text)
		return load_fail_memory(l);
	const char *want = k->check && len ? k->check(text) : NULL;
	if (want)
		return load_fail_type(l, n, want);
	*ret = text;
	return 0;
}

int value_path(struct load *l, const struct key *k, const struct yaml_node *n, const char **ret)
{
	const char *text = "";
	int rc = value_text(l, k, n, &text);
	if (rc)
		return rc;
	if (text[0] && text[0] != '/' && strcmp(text, "-") != 0) {
		size_t size = strlen(l->folder) + strlen(text) + 2;
		char *whole = arena_alloc(&l->whole->memory, size);
		if (!whole)
			return load_fail_memory(l);
		const char *slash = strcmp(l->folder, "/") == 0 ? "" : "/";
		while (strncmp(text, "./", 2) == 0)
			text += 2;
		snprintf(whole, size, "%s%s%s", l->folder, slash, text);
		text = whole;
		if (strlen(text) > k->max)
			return load_fail(l, n, "%s: '%s' is longer than %" PRIu64 " characters",
					 l->path, text, k->max);
	}
	*ret = text;
	return 0;
}

static int fail_choice(struct load *l, const struct key *k, const struct yaml_node *n)
{
	char quote[QUOTE_MAX], near[32] = "", value[32];
	unsigned best = UINT32_MAX;
	struct buf want;
	buf_init(&want, 512);
	choice_print(&want, k->values);
	for (const char *p = k->values; *p;) {
		size_t len = strcspn(p, "|");
		snprintf(value, sizeof(value), "%.*s", (int)len, p);
		p += len + (p[len] == '|');
		unsigned slips = n->type == YAML_SCALAR ? key_slips(value, n->text) : UINT32_MAX;
		if (slips < best) {
			best = slips;
			str_copy(near, sizeof(near), value);
		}
	}
	int rc;
	const char *text = want.data ? want.data : k->values;
	if (n->type == YAML_SCALAR && near[0])
		rc = load_fail(l, n, "%s: expected %s, not '%s'; did you mean '%s'?", l->path, text,
			       load_quote(quote, n->text), near);
	else
		rc = load_fail_type(l, n, text);
	buf_deinit(&want);
	return rc;
}

/* *ret_text is the static text of the value that n names, *ret_index its position. */
static int take_choice(struct load *l, const struct key *k, const struct yaml_node *n,
		       const char **ret_text, size_t *ret_index)
{
	size_t index = 0;
	for (const char *p = k->values; n->type == YAML_SCALAR && *p; index++) {
		size_t len = strcspn(p, "|");
		if (strlen(n->text) == len && memcmp(n->text, p, len) == 0) {
			*ret_index = index;
			*ret_text = arena_strndup(&l->whole->memory, p, len);
			return *ret_text ? 0 : load_fail_memory(l);
		}
		p += len + (p[len] == '|');
	}
	return fail_choice(l, k, n);
}

static int take_bool(struct load *l, const struct yaml_node *n, bool *ret)
{
	static const char *const words[2][3] = { { "false", "no", "off" },
						 { "true", "yes", "on" } };
	for (size_t value = 0; n->type == YAML_SCALAR && !n->is_quoted && value < 2; value++) {
		for (size_t i = 0; i < 3; i++) {
			if (strcmp(n->text, words[value][i]) == 0) {
				*ret = value == 1;
				return 0;
			}
		}
	}
	return load_fail_type(l, n, "true or false");
}

static int fail_range(struct load *l, const struct key *k, const struct yaml_node *n)
{
	char quote[QUOTE_MAX];
	struct buf range;
	buf_init(&range, 256);
	key_range(k, &range);
	int rc = load_fail(l, n, "%s: %s is out of range (%s)", l->path, load_quote(quote, n->text),
			   range.data ? range.data : "");
	buf_deinit(&range);
	return rc;
}

static int fail_number(struct load *l, const struct key *k, const struct yaml_node *n)
{
	char want[128];
	snprintf(want, sizeof(want), "a number from %" PRIu64 " to %" PRIu64 "%s", k->min, k->max,
		 k->flags & KEY_AUTO ? ", or auto" : "");
	return load_fail_type(l, n, want);
}

static bool is_auto(const struct key *k, const struct yaml_node *n)
{
	return (k->flags & KEY_AUTO) && n->type == YAML_SCALAR && strcmp(n->text, "auto") == 0;
}

/* Negative numbers are numbers, out of range. */
static bool is_negative(const char *text)
{
	return text[0] == '-' && text[1] && strspn(text + 1, "0123456789") == strlen(text + 1);
}

static int take_number(struct load *l, const struct key *k, const struct yaml_node *n,
		       uint64_t *ret)
{
	if (is_auto(k, n)) {
		*ret = 0;
		return strcmp(k->def, "auto") == 0 ||
				       str_parse_u64(k->def, 0, UINT64_MAX, ret) == 0 ?
			       0 :
			       fail_number(l, k, n);
	}
	if (n->type != YAML_SCALAR || n->is_quoted)
		return fail_number(l, k, n);
	int rc = is_negative(n->text) ? -EXF_E_RANGE : str_parse_u64(n->text, k->min, k->max, ret);
	if (rc == -EXF_E_RANGE)
		return fail_range(l, k, n);
	return rc ? fail_number(l, k, n) : 0;
}

static int take_duration(struct load *l, const struct key *k, const struct yaml_node *n,
			 uint64_t *ret)
{
	uint64_t v = 0;
	int rc = n->type != YAML_SCALAR ? -EXF_E_FORMAT : str_parse_duration(n->text, &v);
	if (rc == -EXF_E_RANGE || (rc == 0 && (v < k->min || v > k->max)))
		return fail_range(l, k, n);
	if (rc)
		return load_fail_type(l, n, "a duration such as 30s, 5m, 1h or 30d");
	*ret = v;
	return 0;
}

static int take_date(struct load *l, const struct yaml_node *n, struct config_date *ret)
{
	struct config_date d;
	if (n->type != YAML_SCALAR || str_parse_time(n->text, &d.ns) != 0)
		return load_fail_type(l, n, "a date such as 2027-01-01 or 2027-01-01T12:00:00Z");
	d.text = arena_strdup(&l->whole->memory, n->text);
	if (!d.text)
		return load_fail_memory(l);
	*ret = d;
	return 0;
}

int value_prefix(struct load *l, const struct yaml_node *n, struct prefix *ret)
{
	if (n->type != YAML_SCALAR || prefix_parse(n->text, ret) != 0)
		return load_fail_type(l, n, "an address or prefix such as 10.1.0.0/16");
	return 0;
}

int value_peer(struct load *l, const struct key *k, const struct yaml_node *n,
	       struct config_peer *ret)
{
	static const struct key as_text = { .type = KEY_TEXT, .min = 1, .max = 260 };
	const char *want = k->flags & KEY_NO_DOMAIN ? "an address, a prefix or zone:NAME" :
						      "an address, a prefix, zone:NAME or a domain";
	struct config_peer p = { 0 };
	int rc = value_text(l, &as_text, n, &p.text);
	if (rc)
		return rc;
	if (prefix_parse(p.text, &p.prefix) == 0) {
		p.kind = CONFIG_PEER_PREFIX;
	} else if (strncmp(p.text, "zone:", 5) == 0) {
		p.kind = CONFIG_PEER_ZONE;
		p.name = p.text + 5;
		if (!p.name[0] || check_name(p.name))
			return load_fail_type(l, n, want);
	} else {
		p.kind = CONFIG_PEER_DOMAIN;
		char *name = arena_strdup(&l->whole->memory, p.text);
		if (!name)
			return load_fail_memory(l);
		if (strncmp(name, "*.", 2) == 0)
			name += 2;
		size_t len = strlen(name);
		if (len && name[len - 1] == '.')
			name[len - 1] = '\0';
		for (char *c = name; *c; c++)
			*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
		if ((k->flags & KEY_NO_DOMAIN) || check_domain(name))
			return load_fail_type(l, n, want);
		p.name = name;
	}
	*ret = p;
	return 0;
}

/* --- by type ----------------------------------------------------------------------------- */

static int set_integer(struct load *l, const struct key *k, void *base, const struct yaml_node *n)
{
	uint64_t v = 0;
	const char *text;
	size_t level = 0;
	int rc;
	if (k->type == KEY_SEVERITY) {
		rc = take_choice(l, k, n, &text, &level);
		v = config_severity[level];
	} else {
		rc = k->type == KEY_NUMBER ? take_number(l, k, n, &v) : take_duration(l, k, n, &v);
	}
	if (rc)
		return rc;
	uint32_t narrow = (uint32_t)v;
	memcpy(field(k, base), k->size == sizeof(v) ? (void *)&v : (void *)&narrow, k->size);
	bool given = true;
	if (k->extra)
		memcpy((unsigned char *)base + k->extra, &given, sizeof(given));
	return 0;
}

static int set_text(struct load *l, const struct key *k, void *base, const struct yaml_node *n)
{
	const char *text = NULL;
	size_t index;
	int rc = k->type == KEY_CHOICE ? take_choice(l, k, n, &text, &index) :
		 k->type == KEY_PATH   ? value_path(l, k, n, &text) :
					 value_text(l, k, n, &text);
	if (!rc)
		memcpy(field(k, base), &text, sizeof(text));
	return rc;
}

int value_set(struct load *l, const struct key *k, void *base, const struct yaml_node *n)
{
	switch (k->type) {
	case KEY_TEXT:
	case KEY_PATH:
	case KEY_CHOICE:
		return set_text(l, k, base, n);
	case KEY_SEVERITY:
	case KEY_NUMBER:
	case KEY_DURATION:
		return set_integer(l, k, base, n);
	case KEY_BOOL:
		return take_bool(l, n, field(k, base));
	case KEY_DATE:
		return take_date(l, n, field(k, base));
	case KEY_PEER:
		return value_peer(l, k, n, field(k, base));
	case KEY_TEXTS:
	case KEY_PATHS:
	case KEY_PREFIXES:
	case KEY_PEERS:
	case KEY_TENANTS:
		return list_set(l, k, base, n);
	case KEY_MAP:
	case KEY_MAPS:
	case KEY_DETECTORS:
	case KEY_INCLUDE:
		break;
	}
	return -EXF_E_INVALID;
}

/* An absent text is "", never NULL. */
static void default_absent(const struct key *k, void *base)
{
	static const char *const nothing = "";
	if (k->type == KEY_TEXT || k->type == KEY_PATH || k->type == KEY_CHOICE)
		memcpy(field(k, base), &nothing, sizeof(nothing));
	else if (k->type == KEY_PEER)
		((struct config_peer *)field(k, base))->text = nothing;
}

int value_default(struct load *l, const struct key *k, void *base)
{
	if (!k->def) {
		default_absent(k, base);
		return 0;
	}
	if (k->def[0] != '[' && k->def[0] != '{') {
		struct yaml_node n = { .type = YAML_SCALAR,
				       .text = k->def,
				       .is_quoted = !k->def[0],
				       .file = "default" };
		return load_key(l, k, base, &n);
	}
	struct yaml *y;
	int rc = yaml_parse("default", k->def, strlen(k->def), &y, l->why, l->why_size);
	if (rc)
		return rc;
	rc = load_key(l, k, base, yaml_root(y));
	yaml_free(y);
	return rc;
}
