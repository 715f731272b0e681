/*
 * signature/rule.c - what a document says about itself (specification 2.1, "Rule").
 *
 * What a reader of alerts needs is kept; keys that are not known are let be, as the specification
 * asks.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

#define TITLE_MAX 256
#define ID_MAX    64

size_t texts_of(struct signatures *s, const struct yaml_node *n, const char **ret, size_t max)
{
	size_t count = 0;
	if (n && n->type == YAML_SCALAR && n->text[0] && max)
		ret[count++] = arena_strdup(&s->memory, n->text);
	for (const struct yaml_node *k = n && n->type == YAML_LIST ? n->first : NULL;
	     k && count < max; k = k->next)
		if (k->type == YAML_SCALAR && k->text[0])
			ret[count++] = arena_strdup(&s->memory, k->text);
	return count;
}

static const char *text_in(struct signatures *s, const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);
	const char *copy = n && n->type == YAML_SCALAR ? arena_strdup(&s->memory, n->text) : NULL;
	return copy ? copy : "";
}

static const char *name_or_null(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);
	return n && n->type == YAML_SCALAR && n->text[0] ? n->text : NULL;
}

void logsource_of(const struct yaml_node *doc, const char **product, const char **category,
		  const char **service)
{
	const struct yaml_node *l = yaml_get(doc, "logsource");
	*product = name_or_null(l, "product");
	*category = name_or_null(l, "category");
	*service = name_or_null(l, "service");
}

/* A UUID is recommended, and others are in use (specification 2.1, "Rule identification"). */
static bool is_id(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_.:", *p))
			return false;
	return text[0] && strlen(text) <= ID_MAX;
}

/* Without an id, the name; without that, the file's name: something that stays. */
static const char *id_of(struct signatures *s, const struct yaml_node *doc)
{
	const char *slash = strrchr(doc->file, '/');
	const char *stem = slash ? slash + 1 : doc->file;
	const char *name = name_or_null(doc, "name");
	char text[64];
	if (name)
		(void)snprintf(text, sizeof(text), "%s", name);
	else
		(void)snprintf(text, sizeof(text), "%.*s", (int)strcspn(stem, "."), stem);
	for (char *p = text; *p; p++)
		*p = isalnum((unsigned char)*p) ? *p : '_';
	return arena_strdup(&s->memory, text);
}

static bool read_id(struct signatures *s, const struct yaml_node *doc, struct rule *r)
{
	const struct yaml_node *id = yaml_get(doc, "id");
	if (!id) {
		r->about.id = id_of(s, doc);
		return r->about.id != NULL;
	}
	if (id->type != YAML_SCALAR || !is_id(id->text)) {
		problem(s, id,
			"'id' must be a UUID, or %d letters, digits, '-', '_', '.', ':' at most",
			ID_MAX);
		return false;
	}
	r->about.id = arena_strdup(&s->memory, id->text);
	for (char *p = (char *)(uintptr_t)r->about.id; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	for (size_t i = 0; r->about.id && i < s->rule_vec.count; i++)
		if (strcmp(s->rules[i].about.id, r->about.id) == 0) {
			problem(s, id, "the id %s is taken, by %s:%u", r->about.id,
				s->rules[i].about.file, s->rules[i].about.line);
			return false;
		}
	return r->about.id != NULL;
}

static bool read_level(struct signatures *s, const struct yaml_node *doc, struct rule *r)
{
	static const char *const levels[] = { "informational", "low", "medium", "high",
					      "critical" };
	const struct yaml_node *n = yaml_get(doc, "level");
	r->about.level = SIGNATURE_MEDIUM;
	for (unsigned i = 0; n && n->type == YAML_SCALAR && i < 5; i++)
		if (strcasecmp(levels[i], n->text) == 0) {
			r->about.level = (enum signature_level)i;
			return true;
		}
	if (n)
		problem(s, n, "'level' is informational, low, medium, high or critical");
	return !n;
}

/* "attack.t1071.004" to "T1071.004". */
static const char *technique_of(struct signatures *s, const char *tag)
{
	char id[16] = "T";
	size_t n = 1;
	if (tag[0] != 't' || !isdigit((unsigned char)tag[1]) || strlen(tag) >= sizeof(id))
		return NULL;
	for (const char *p = tag + 1; *p; p++) {
		if (!isdigit((unsigned char)*p) && *p != '.')
			return NULL;
		id[n++] = *p;
	}
	id[n] = '\0';
	return n == 5 || (n == 9 && id[5] == '.') ? arena_strdup(&s->memory, id) : NULL;
}

static const char *tactic_of(const char *tag)
{
	static const struct {
		const char *name, *id;
	} tactics[] = {
		{ "initial-access", "TA0001" },
		{ "execution", "TA0002" },
		{ "persistence", "TA0003" },
		{ "privilege-escalation", "TA0004" },
		{ "defense-evasion", "TA0005" },
		{ "credential-access", "TA0006" },
		{ "discovery", "TA0007" },
		{ "lateral-movement", "TA0008" },
		{ "collection", "TA0009" },
		{ "exfiltration", "TA0010" },
		{ "command-and-control", "TA0011" },
		{ "impact", "TA0040" },
		{ "resource-development", "TA0042" },
		{ "reconnaissance", "TA0043" },
	};
	for (size_t i = 0; i < sizeof(tactics) / sizeof(tactics[0]); i++) {
		const char *a = tactics[i].name, *b = tag;
		while (*a && (*a == *b || (*a == '-' && *b == '_'))) {
			a++;
			b++;
		}
		if (!*a && !*b)
			return tactics[i].id;
	}
	return NULL;
}

static void read_tags(struct signatures *s, const struct yaml_node *doc, struct rule *r)
{
	const struct yaml_node *tags = yaml_get(doc, "tags");
	size_t count = 0;
	for (const struct yaml_node *k = tags && tags->type == YAML_LIST ? tags->first : NULL; k;
	     k = k->next) {
		if (k->type != YAML_SCALAR || strncmp(k->text, "attack.", 7) != 0)
			continue;
		const char *technique = technique_of(s, k->text + 7);
		const char *tactic = tactic_of(k->text + 7);
		if (technique && count < SIGNATURE_TEXTS)
			r->about.techniques[count++] = technique;
		if (tactic && !r->about.tactic)
			r->about.tactic = tactic;
	}
}

static const char *logsource_text(struct signatures *s, const struct rule *r)
{
	char text[200] = "";
	size_t n = 0;
	const char *const names[] = { "product", "category", "service" };
	const char *const values[] = { r->product, r->category, r->service };
	for (size_t i = 0; i < 3; i++)
		if (values[i] && n < sizeof(text) - 60)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %.40s",
					      n ? ", " : "", names[i], values[i]);
	return arena_strdup(&s->memory, text);
}

bool rule_read(struct signatures *s, const struct yaml_node *doc, struct rule *r)
{
	const struct yaml_node *title = yaml_get(doc, "title");
	memset(r, 0, sizeof(*r));
	r->correlation = NONE;
	r->document = doc;
	r->about.number = (uint32_t)s->rule_vec.count;
	if (!title || title->type != YAML_SCALAR || !title->text[0]) {
		problem(s, title ? title : doc, "the rule needs a 'title'");
		return false;
	}
	if (strlen(title->text) > TITLE_MAX) {
		problem(s, title, "'title' is longer than %d characters", TITLE_MAX);
		return false;
	}
	if (!read_id(s, doc, r) || !read_level(s, doc, r))
		return false;
	r->about.title = arena_strdup(&s->memory, title->text);
	r->about.name = text_in(s, doc, "name");
	r->about.description = text_in(s, doc, "description");
	r->about.author = text_in(s, doc, "author");
	r->about.license = text_in(s, doc, "license");
	r->about.status = text_in(s, doc, "status");
	r->about.date = text_in(s, doc, "date");
	r->about.file = arena_strdup(&s->memory, doc->file);
	r->about.line = doc->line;
	(void)texts_of(s, yaml_get(doc, "references"), r->about.references, SIGNATURE_TEXTS);
	(void)texts_of(s, yaml_get(doc, "falsepositives"), r->about.falsepositives,
		       SIGNATURE_TEXTS);
	read_tags(s, doc, r);
	logsource_of(doc, &r->product, &r->category, &r->service);
	r->about.logsource = logsource_text(s, r);
	return r->about.title && r->about.file && r->about.logsource;
}
