/*
 * config/load.c - maps, lists of maps, detectors and assignments, by the tables.
 */
#include "load.h"

#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"

#define SEGMENTS_MAX 8 /* of a key in --set */

/* --- lists of maps ----------------------------------------------------------------------- */

/* An element's name is its first field. */
static const char *name_of(const unsigned char *element)
{
	const char *name;
	memcpy(&name, element, sizeof(name));
	return name;
}

static int check_element(struct load *l, const struct key *k, const struct yaml_node *n)
{
	for (const struct key *e = k->keys; e->name; e++) {
		const struct yaml_node *given = yaml_get(n, e->name);
		if ((e->flags & KEY_REQUIRED) && (!given || node_is_nothing(given)))
			return load_fail(l, n, "%s: '%s' is missing", l->path, e->name);
	}
	return 0;
}

static int check_unique(struct load *l, const struct key *k, const struct yaml_node *n,
			const unsigned char *elements, size_t count)
{
	const char *place, *name = name_of(elements + count * k->element);
	for (size_t i = 0; (k->flags & KEY_UNIQUE) && i < count; i++) {
		const unsigned char *other = elements + i * k->element;
		if (strcmp(name_of(other), name) != 0)
			continue;
		memcpy(&place, other + k->place, sizeof(place));
		return load_fail(l, n, "%s: the name '%s' was given before, at %s", l->path, name,
				 place);
	}
	return 0;
}

static int load_element(struct load *l, const struct key *k, const struct yaml_node *n,
			unsigned char *elements, size_t count)
{
	unsigned char *element = elements + count * k->element;
	if (n->type != YAML_MAP) {
		struct buf want;
		buf_init(&want, 256);
		buf_str(&want, "a map with");
		for (const struct key *e = k->keys; e->name; e++)
			buf_printf(&want, "%s %s", e == k->keys ? "" : ",", e->name);
		int rc = load_fail_type(l, n, want.data ? want.data : "a map");
		buf_deinit(&want);
		return rc;
	}
	int rc = load_defaults(l, k->keys, element);
	if (!rc)
		rc = load_map(l, k->keys, element, n);
	if (!rc)
		rc = check_element(l, k, n);
	if (!rc)
		rc = check_unique(l, k, n, elements, count);
	if (rc)
		return rc;
	const char *place = load_place(l, n);
	memcpy(element + k->place, &place, sizeof(place));
	return place ? 0 : load_fail_memory(l);
}

static int load_maps(struct load *l, const struct key *k, void *base, const struct yaml_node *n)
{
	unsigned char *field = (unsigned char *)base + k->offset, *all = NULL, *old = NULL;
	size_t count = 0, more = 0;
	bool is_auto = (k->flags & KEY_AUTO) && n->type == YAML_SCALAR && !strcmp(n->text, "auto");
	if (n->type != YAML_LIST && !is_auto)
		return load_fail_type(
			l, n, k->flags & KEY_AUTO ? "auto or a list of maps" : "a list of maps");
	for (const struct yaml_node *e = n->first; e; e = e->next)
		more++;
	if (k->flags & KEY_JOINED) {
		memcpy(&old, field, sizeof(old));
		memcpy(&count, (unsigned char *)base + k->extra, sizeof(count));
	}
	if (more > k->max - count)
		return load_fail(l, n, "%s: more than %zu entries", l->path, (size_t)k->max);
	if (count + more) {
		all = arena_array(&l->whole->memory, count + more, k->element);
		if (!all)
			return load_fail_memory(l);
	}
	if (all && count)
		memcpy(all, old, count * k->element);
	size_t index = 0;
	for (const struct yaml_node *e = n->first; e; e = e->next, count++, index++) {
		size_t before = load_enter_element(l, index);
		int rc = load_element(l, k, e, all, count);
		if (rc)
			return rc;
		load_leave(l, before);
	}
	memcpy(field, &all, sizeof(all));
	memcpy((unsigned char *)base + k->extra, &count, sizeof(count));
	return 0;
}

/* --- detectors --------------------------------------------------------------------------- */

static int fail_unknown_detector(struct load *l, const struct yaml_node *n)
{
	const struct config *c = &l->whole->config;
	const char *near = NULL;
	unsigned best = UINT32_MAX;
	char quote[QUOTE_MAX];
	for (size_t i = 0; i < c->section_count; i++) {
		unsigned slips = key_slips(c->sections[i].name, n->key);
		if (slips < best) {
			best = slips;
			near = c->sections[i].name;
		}
	}
	load_quote(quote, n->key);
	return near ? load_fail_key(l, n, "unknown detector '%s'; did you mean '%s'?", quote,
				    near) :
		      load_fail_key(l, n, "unknown detector '%s'", quote);
}

/* A parameter that is not there: the nearest of the table and of `enabled`. */
static int fail_unknown_param(struct load *l, const struct config_section *s,
			      const struct key *keys, const struct yaml_node *n)
{
	const char *near = key_nearest(keys, n->key);
	unsigned best = near ? key_slips(near, n->key) : UINT32_MAX;
	char quote[QUOTE_MAX];
	for (const struct param *p = s->params; p && p->name; p++) {
		unsigned slips = key_slips(p->name, n->key);
		if (slips < best) {
			best = slips;
			near = p->name;
		}
	}
	load_quote(quote, n->key);
	return near ? load_fail_key(l, n, "unknown key '%s' in %s; did you mean '%s'?", quote,
				    l->path, near) :
		      load_fail_key(l, n, "unknown key '%s' in %s", quote, l->path);
}

static int fail_param(struct load *l, const struct param *p, const struct yaml_node *n, int code)
{
	static const char *const types[] = { "true or false", "a whole number", "a number",
					     "a duration such as 30s, 5m, 1h or 30d" };
	char quote[QUOTE_MAX];
	if (code != -EXF_E_RANGE)
		return load_fail_type(l, n, types[p->type]);
	struct buf range;
	buf_init(&range, 256);
	if (p->type == PARAM_DURATION) {
		duration_print(&range, (uint64_t)p->min);
		buf_str(&range, " to ");
		duration_print(&range, (uint64_t)p->max);
	} else {
		buf_printf(&range, "%.15g to %.15g", p->min, p->max);
	}
	int rc = load_fail(l, n, "%s: %s is out of range (%s)", l->path, load_quote(quote, n->text),
			   range.data ? range.data : "");
	buf_deinit(&range);
	return rc;
}

static int load_param(struct load *l, struct config_section *s, const struct key *keys,
		      const struct yaml_node *n)
{
	const struct key *k = key_find(keys, n->key);
	const struct param *p = s->params ? param_find(s->params, n->key) : NULL;
	if (!k && !p)
		return fail_unknown_param(l, s, keys, n);
	size_t before = load_enter(l, n->key);
	int rc = 0;
	if (k) {
		rc = load_key(l, k, s, n);
	} else if (!node_is_nothing(n)) {
		bool is_value = n->type == YAML_SCALAR && !n->is_quoted;
		rc = is_value ? param_set(p, s->target, n->text) : -EXF_E_FORMAT;
		rc = rc ? fail_param(l, p, n, rc) : load_note_origin(l, n);
	}
	load_leave(l, before);
	return rc;
}

static int load_detectors(struct load *l, const struct key *k, const struct yaml_node *map)
{
	struct config *c = &l->whole->config;
	if (map->type != YAML_MAP)
		return load_fail_type(l, map, "a map of detectors");
	for (const struct yaml_node *n = map->first; n && !l->skips_detectors; n = n->next) {
		size_t i = 0;
		while (i < c->section_count && strcmp(c->sections[i].name, n->key) != 0)
			i++;
		if (i == c->section_count)
			return fail_unknown_detector(l, n);
		size_t before = load_enter(l, n->key);
		if (n->type != YAML_MAP && !node_is_nothing(n))
			return load_fail_type(l, n, "a map such as {enabled: true}");
		for (const struct yaml_node *p = n->first; p; p = p->next) {
			int rc = load_param(l, &c->sections[i], k->keys, p);
			if (rc)
				return rc;
		}
		load_leave(l, before);
	}
	return 0;
}

/* --- keys and maps ----------------------------------------------------------------------- */

int load_key(struct load *l, const struct key *k, void *base, const struct yaml_node *n)
{
	if (k->type == KEY_INCLUDE || node_is_nothing(n))
		return 0;
	if (k->type == KEY_MAP)
		return n->type == YAML_MAP ? load_map(l, k->keys, base, n) :
					     load_fail_type(l, n, "a map");
	if (k->type == KEY_DETECTORS)
		return load_detectors(l, k, n);
	int rc = k->type == KEY_MAPS ? load_maps(l, k, base, n) : value_set(l, k, base, n);
	return rc ? rc : load_note_origin(l, n);
}

int load_map(struct load *l, const struct key *keys, void *base, const struct yaml_node *map)
{
	for (const struct yaml_node *n = map->first; n; n = n->next) {
		const struct key *k = key_find(keys, n->key);
		if (!k)
			return load_fail_unknown(l, n, keys);
		size_t before = load_enter(l, n->key);
		int rc = load_key(l, k, base, n);
		if (rc)
			return rc;
		load_leave(l, before);
	}
	return 0;
}

int load_defaults(struct load *l, const struct key *keys, void *base)
{
	for (const struct key *k = keys; k->name; k++) {
		int rc = k->type == KEY_MAP ? load_defaults(l, k->keys, base) :
					      value_default(l, k, base);
		if (rc)
			return rc;
	}
	return 0;
}

/* --- assignments ------------------------------------------------------------------------- */

/* Does the key of these segments take text as it is, not YAML? */
static bool takes_plain_text(const char *const *segments, size_t count)
{
	const struct key *keys = config_keys, *k = NULL;
	for (size_t i = 0; i < count && keys; i++) {
		k = key_find(keys, segments[i]);
		if (!k)
			return false;
		if (k->type == KEY_DETECTORS)
			return count > i + 2;
		keys = k->type == KEY_MAP ? k->keys : NULL;
	}
	return k && k->type <= KEY_PEER;
}

/* Sets the value below maps that stand for the segments. */
static int assign(struct load *l, const char *const *segments, size_t count,
		  const struct yaml_node *value)
{
	struct yaml_node chain[SEGMENTS_MAX + 1];
	memset(chain, 0, sizeof(chain));
	chain[count] = *value;
	for (size_t i = 0; i <= count; i++) {
		chain[i].file = value->file;
		chain[i].key = i ? segments[i - 1] : NULL;
		if (i < count) {
			chain[i].type = YAML_MAP;
			chain[i].first = &chain[i + 1];
		}
	}
	return load_map(l, config_keys, &l->whole->config, &chain[0]);
}

static int assign_text(struct load *l, const char *const *segments, size_t count, const char *file,
		       const char *text)
{
	struct yaml_node value = { .type = YAML_SCALAR,
				   .text = text,
				   .file = file,
				   .is_quoted = !text[0] };
	if (!text_is_utf8(text))
		return load_fail(l, &value, "the value is not UTF-8");
	if (takes_plain_text(segments, count) && text[0] != '"' && text[0] != '\'')
		return assign(l, segments, count, &value);
	struct yaml *y;
	int rc = yaml_parse(file, text, strlen(text), &y, l->why, l->why_size);
	if (rc)
		return rc;
	if (yaml_root(y))
		rc = assign(l, segments, count, yaml_root(y));
	else
		rc = load_fail(l, &value, "a value is missing behind '='");
	yaml_free(y);
	return rc;
}

int load_assignment(struct load *l, const char *text)
{
	const char *segments[SEGMENTS_MAX];
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text), count = 0;
	char name[160];
	snprintf(name, sizeof(name), "--set %.*s", len > 120 ? 120 : (int)len, text);
	const char *file = arena_strdup(&l->whole->memory, name);
	char *path = arena_strndup(&l->whole->memory, text, len);
	if (!file || !path)
		return load_fail_memory(l);
	struct yaml_node at = { .type = YAML_SCALAR, .file = file };
	if (!equals)
		return load_fail(l, &at, "expected KEY=VALUE, such as alerts.minimum=high");
	for (char *next = path; next; count++) {
		if (count == SEGMENTS_MAX)
			return load_fail(l, &at, "a key has at most %d parts", SEGMENTS_MAX);
		segments[count] = next;
		next = strchr(next, '.');
		if (next)
			*next++ = '\0';
		if (!segments[count][0])
			return load_fail(l, &at, "a part of the key is empty");
	}
	if (strcmp(segments[0], "include") == 0)
		return load_fail(l, &at, "include works in a file only");
	return assign_text(l, segments, count, file, equals + 1);
}
