/*
 * config/config.c - defaults, file, assignments, and what must be true of all together.
 */
#include "exfild/config/config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "load.h"

/* What stands for the file: its path, or text under a name. */
struct source {
	const char *path;
	const char *name;
	const void *text;
	size_t len;
};

/* --- what one key cannot know ------------------------------------------------------------ */

struct owned_prefix {
	const struct prefix *prefix;
	const struct config_zone *zone;
	size_t order;
};

static int network_cmp(const struct owned_prefix *a, const struct owned_prefix *b)
{
	int order = ipaddr_cmp(&a->prefix->addr, &b->prefix->addr);
	if (order)
		return order;
	if (a->prefix->bits != b->prefix->bits)
		return a->prefix->bits < b->prefix->bits ? -1 : 1;
	if (a->zone->vlan != b->zone->vlan)
		return a->zone->vlan < b->zone->vlan ? -1 : 1;
	if (a->zone->has_vni != b->zone->has_vni)
		return a->zone->has_vni ? 1 : -1;
	return a->zone->vni < b->zone->vni ? -1 : a->zone->vni > b->zone->vni;
}

static int owned_cmp(const void *left, const void *right)
{
	const struct owned_prefix *a = left, *b = right;
	int order = network_cmp(a, b);
	if (order)
		return order;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* One prefix in two zones: which of them would a host belong to? */
static int check_zones(struct load *l, const struct config *c)
{
	size_t count = 0, n = 0;
	for (size_t i = 0; i < c->zone_count; i++)
		count += c->zones[i].prefix_count;
	struct owned_prefix *all = calloc(count ? count : 1, sizeof(*all));
	if (!all)
		return load_fail_memory(l);
	for (size_t i = 0; i < c->zone_count; i++) {
		for (size_t j = 0; j < c->zones[i].prefix_count; j++, n++)
			all[n] = (struct owned_prefix){ &c->zones[i].prefixes[j], &c->zones[i], n };
	}
	qsort(all, count, sizeof(*all), owned_cmp);
	const struct owned_prefix *twice = NULL;
	for (size_t i = 1; i < count && !twice; i++) {
		if (network_cmp(&all[i - 1], &all[i]) == 0)
			twice = &all[i];
	}
	int rc = 0;
	if (twice) {
		char text[PREFIX_TEXT_MAX];
		const struct config_zone *first = twice[-1].zone;
		snprintf(l->why, l->why_size, "%s: networks: %s is in zone '%s' already, at %s",
			 twice->zone->place, prefix_print(twice->prefix, text, sizeof(text)),
			 first->name, first->place);
		rc = -EXF_E_INVALID;
	}
	free(all);
	return rc;
}

static bool zone_exists(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->zone_count; i++) {
		if (strcmp(c->zones[i].name, name) == 0)
			return true;
	}
	return false;
}

/* A zone may come with another file tomorrow: worth a word, not a refusal. */
static void warn_zone(const struct config *c, const struct config_peer *p, const char *place)
{
	if (p->kind == CONFIG_PEER_ZONE && !zone_exists(c, p->name))
		log_warnx("config", "%s: there is no zone '%s' in networks", place, p->name);
}

static int check_exceptions(struct load *l, const struct config *c)
{
	for (size_t i = 0; i < c->exception_count; i++) {
		const struct config_exception *e = &c->exceptions[i];
		if (e->source.kind == CONFIG_PEER_ANY && e->destination.kind == CONFIG_PEER_ANY &&
		    !e->port && !e->rule[0]) {
			snprintf(l->why, l->why_size,
				 "%s: exceptions: one without source, destination, port and rule "
				 "would silence everything",
				 e->place);
			return -EXF_E_INVALID;
		}
		if (l->is_part)
			continue;
		warn_zone(c, &e->source, e->place);
		warn_zone(c, &e->destination, e->place);
	}
	return 0;
}

static bool calendar_exists(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->calendar_count; i++)
		if (strcmp(c->calendars[i].name, name) == 0)
			return true;
	return false;
}

static int check_zone_keys(struct load *l, const struct config *c)
{
	for (size_t i = 0; i < c->zone_count; i++) {
		const struct config_zone *z = &c->zones[i];
		if (z->vlan && z->has_vni)
			snprintf(l->why, l->why_size,
				 "%s: networks: zone '%s' is told apart by vlan or by vni, not by "
				 "both",
				 z->place, z->name);
		else if (z->calendar[0] && !l->is_part && !calendar_exists(c, z->calendar))
			snprintf(l->why, l->why_size,
				 "%s: networks: zone '%s': there is no calendar '%s' in calendars",
				 z->place, z->name, z->calendar);
		else
			continue;
		return -EXF_E_INVALID;
	}
	return 0;
}

static int check_whole(struct load *l, const struct config *c)
{
	int rc = check_zones(l, c);
	if (!rc)
		rc = check_zone_keys(l, c);
	if (!rc)
		rc = check_exceptions(l, c);
	for (size_t i = 0; !rc && i < c->quarantine.never_count; i++)
		warn_zone(c, &c->quarantine.never[i], "quarantine.never");
	return rc;
}

/* Who sets what nothing acts on yet shall hear it once. */
static int warn_later(struct load *l, const struct config *c)
{
	struct load plain = *l;
	plain.whole = calloc(1, sizeof(*plain.whole));
	if (!plain.whole)
		return load_fail_memory(l);
	int rc = load_defaults(&plain, config_keys, &plain.whole->config);
	struct buf names;
	buf_init(&names, 4096);
	if (!rc)
		key_list_later(c, &plain.whole->config, &names);
	if (names.len)
		log_warnx("config", "accepted, but not in effect in this version: %s", names.data);
	buf_deinit(&names);
	config_free(&plain.whole->config);
	return rc;
}

/* --- loading ----------------------------------------------------------------------------- */

static void default_sections(struct config *c, const struct config_options *o)
{
	c->sections = o->sections;
	c->section_count = o->sections ? o->section_count : 0;
	for (size_t i = 0; i < c->section_count; i++) {
		c->sections[i].enabled = true;
		if (c->sections[i].params)
			param_defaults(c->sections[i].params, c->sections[i].target);
	}
}

static int load_source(struct load *l, const struct source *s)
{
	if (s->path)
		return load_file(l, s->path);
	return s->text ? load_text(l, s->name, s->text, s->len) : 0;
}

static int load_all(struct load *l, const struct config_options *o, const struct source *s)
{
	struct config *c = &l->whole->config;
	default_sections(c, o);
	int rc = load_defaults(l, config_keys, c);
	l->has_lines = true;
	if (!rc)
		rc = load_source(l, s);
	l->has_lines = false;
	for (size_t i = 0; !rc && i < o->set_count; i++) {
		load_leave(l, 0);
		rc = load_assignment(l, o->sets[i]);
	}
	if (!rc)
		rc = check_whole(l, c);
	return rc || l->is_part ? rc : warn_later(l, c);
}

static int load(const struct config_options *o, const struct source *s, struct config **ret,
		char *why, size_t why_size)
{
	char folder[PATH_MAX];
	struct load l = { .whole = calloc(1, sizeof(*l.whole)), .why = why, .why_size = why_size };
	if (why_size)
		why[0] = '\0';
	if (!l.whole)
		return load_fail_memory(&l);
	l.folder = getcwd(folder, sizeof(folder)) ? folder : "/";
	l.skips_detectors = !o->sections;
	l.is_part = o->is_part;
	int rc = load_all(&l, o, s);
	if (rc) {
		config_free(&l.whole->config);
		return rc == -EXF_E_IO || rc == -EXF_E_NOMEM ? rc : -EXF_E_INVALID;
	}
	*ret = &l.whole->config;
	return 0;
}

int config_load(const struct config_options *o, struct config **ret, char *ret_why, size_t why_size)
{
	struct source s = { .path = o->path };
	return load(o, &s, ret, ret_why, why_size);
}

int config_parse(const struct config_options *o, const char *name, const void *text, size_t len,
		 struct config **ret, char *ret_why, size_t why_size)
{
	struct source s = { .name = name, .text = text ? text : "", .len = len };
	return load(o, &s, ret, ret_why, why_size);
}

void config_free(struct config *c)
{
	if (!c)
		return;
	struct config_whole *whole = (struct config_whole *)c;
	arena_free(&whole->memory);
	free(whole);
}
