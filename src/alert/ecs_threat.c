/*
 * alert/ecs_threat.c - tactics and techniques of MITRE ATT&CK, and what a feed said.
 */
#include <stdio.h>
#include <string.h>

#include "ecs.h"
#include "words.h"

#define TECHNIQUE_ID_MAX 16
#define TACTICS_MAX      4 /* as the schema has it */

/* "T1071" of "T1071.004". */
static void parent_of(const char *id, char dst[TECHNIQUE_ID_MAX])
{
	finding_text(dst, TECHNIQUE_ID_MAX, "%.*s", (int)strcspn(id, "."), id);
}

static void put_name(struct ecs *e, const char *id)
{
	const char *name = attack_technique_name(id);
	ecs_text(e, NULL, name ? name : id);
}

static bool is_first_of_parent(const struct finding *f, unsigned i)
{
	char own[TECHNIQUE_ID_MAX], other[TECHNIQUE_ID_MAX];
	parent_of(f->techniques[i], own);
	for (unsigned k = 0; k < i; k++) {
		parent_of(f->techniques[k], other);
		if (strcmp(own, other) == 0)
			return false;
	}
	return true;
}

/* One of the four parallel arrays. */
static void technique_array(struct ecs *e, bool is_sub, bool is_name)
{
	const struct finding *f = &e->a->finding;
	char parent[TECHNIQUE_ID_MAX];

	json_open_array(&e->j, is_name ? "name" : "id");
	for (unsigned i = 0; i < FINDING_TECHNIQUES && f->techniques[i]; i++) {
		if (is_sub ? !strchr(f->techniques[i], '.') : !is_first_of_parent(f, i))
			continue;
		parent_of(f->techniques[i], parent);
		const char *id = is_sub ? f->techniques[i] : parent;
		if (is_name)
			put_name(e, id);
		else
			ecs_text(e, NULL, id);
	}
	json_close_array(&e->j);
}

static bool has_subtechnique(const struct finding *f)
{
	for (unsigned i = 0; i < FINDING_TECHNIQUES && f->techniques[i]; i++) {
		if (strchr(f->techniques[i], '.'))
			return true;
	}
	return false;
}

static void add_tactic(const char *list[TACTICS_MAX], unsigned *count, const char *id)
{
	for (unsigned i = 0; i < *count; i++)
		if (id && strcmp(list[i], id) == 0)
			return;
	if (id && *count < TACTICS_MAX)
		list[(*count)++] = id;
}

/* The finding's own first, then those of its techniques: none is told without its tactic. */
static unsigned tactics_of(const struct finding *f, const char *ret[TACTICS_MAX])
{
	unsigned count = 0;
	add_tactic(ret, &count, f->tactic);
	for (unsigned i = 0; i < FINDING_TECHNIQUES && f->techniques[i]; i++)
		add_tactic(ret, &count, attack_technique_tactic(f->techniques[i]));
	return count;
}

static void put_tactics(struct ecs *e)
{
	const char *list[TACTICS_MAX];
	unsigned count = tactics_of(&e->a->finding, list);
	if (!count)
		return;
	json_open_object(&e->j, "tactic");
	json_open_array(&e->j, "id");
	for (unsigned i = 0; i < count; i++)
		ecs_text(e, NULL, list[i]);
	json_close_array(&e->j);
	json_open_array(&e->j, "name");
	for (unsigned i = 0; i < count; i++) {
		const char *name = attack_tactic_name(list[i]);
		ecs_text(e, NULL, name ? name : list[i]);
	}
	json_close_array(&e->j);
	json_close_object(&e->j);
}

/* ECS has None, Low, Medium and High, as STIX scales them (2.1, appendix A). */
static const char *confidence_word(unsigned percent)
{
	return percent >= 70 ? "High" : percent >= 30 ? "Medium" : percent > 0 ? "Low" : "None";
}

static void put_inner(struct ecs *e, const char *outer, const char *key, const char *text)
{
	json_open_object(&e->j, outer);
	ecs_text(e, key, text);
	json_close_object(&e->j);
}

/* A digest's kind is told by its length. */
static const char *digest_key(const char *hex)
{
	size_t len = strlen(hex);
	return len == 32 ? "md5" : len == 40 ? "sha1" : "sha256";
}

static void put_indicator(struct ecs *e)
{
	const struct finding_indicator *i = &e->a->finding.indicator;
	json_open_object(&e->j, "indicator");
	ecs_text(e, "type", i->type);
	ecs_text(e, "name", i->value);
	if (strncmp(i->type, "ipv", 3) == 0 && !strchr(i->value, '/')) {
		ecs_text(e, "ip", i->value);
	} else if (strcmp(i->type, "url") == 0) {
		char full[sizeof(i->value) + 8];
		(void)snprintf(full, sizeof(full), "http://%s", i->value);
		put_inner(e, "url", "full", full);
	}
	if (strcmp(i->type, "domain-name") == 0)
		put_inner(e, "url", "domain", i->value);
	if (strcmp(i->type, "file") == 0 && e->cut < ECS_CUT_SHORT) {
		json_open_object(&e->j, "file");
		put_inner(e, "hash", digest_key(i->value), i->value);
		json_close_object(&e->j);
	}
	ecs_text(e, "provider", i->feed);
	ecs_text(e, "description", i->note);
	json_string(&e->j, "confidence", confidence_word(i->confidence));
	if (i->first_s)
		json_time(&e->j, "first_seen", i->first_s * 1000000000ull);
	if (i->marking[0])
		put_inner(e, "marking", "tlp", i->marking);
	json_close_object(&e->j);
}

void ecs_threat(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	if (!f->techniques[0] && !f->tactic)
		return;
	json_open_object(&e->j, "threat");
	json_string(&e->j, "framework", "MITRE ATT&CK");
	put_tactics(e);
	if (f->techniques[0]) {
		json_open_object(&e->j, "technique");
		technique_array(e, false, false);
		technique_array(e, false, true);
		if (has_subtechnique(f)) {
			json_open_object(&e->j, "subtechnique");
			technique_array(e, true, false);
			technique_array(e, true, true);
			json_close_object(&e->j);
		}
		json_close_object(&e->j);
	}
	if (f->indicator.type[0])
		put_indicator(e);
	json_close_object(&e->j);
}
