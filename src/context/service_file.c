/*
 * context/service_file.c - reads services.yaml.
 *
 * The form is explained at the head of data/services.yaml.  Whatever is wrong is said with
 * file:line:column, what it is, and the nearest right name; nothing is guessed or skipped.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "service_parts.h"

static const char *const keys[] = {
	"name", "title", "class",  "category",  "domains",        "sni",    "prefixes",
	"ndpi", "risk",  "tenant", "residency", "tenant_visible", "reason", "dns_daily_bytes"
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static bool is_name(const char *text)
{
	size_t len = strlen(text);
	return len > 0 && len < 48 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* Lower-case labels with a dot between them. */
static bool is_domain(const char *text)
{
	size_t len = strlen(text);
	if (len == 0 || len > SERVICE_DOMAIN_MAX || !strchr(text, '.') || strstr(text, ".."))
		return false;
	if (text[0] == '.' || text[len - 1] == '.')
		return false;
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == len;
}

static int take_name(const struct catalogue *l, const struct yaml_node *n, struct service *service)
{
	if (n->type != YAML_SCALAR || !is_name(n->text)) {
		yaml_why(n, l->why, l->why_size,
			 "a name is 1 to 47 lower-case letters, digits, '-' or '_'");
		return -EXF_E_INVALID;
	}
	for (size_t i = 0; i < l->s->count; i++) {
		assert(l->s->list[i].name);
		if (strcmp(l->s->list[i].name, n->text) == 0) {
			yaml_why(n, l->why, l->why_size, "a second service is named \"%s\"",
				 n->text);
			return -EXF_E_INVALID;
		}
	}
	service->name = n->text;
	return 0;
}

static int take_dns_bytes(const struct catalogue *l, const struct yaml_node *n,
			  struct service *service)
{
	if (n->type == YAML_SCALAR &&
	    str_parse_u64(n->text, 0, SERVICE_DNS_BYTES_MAX, &service->dns_daily_bytes) == 0)
		return 0;
	yaml_why(n, l->why, l->why_size, "dns_daily_bytes takes a number from 0 to %u",
		 SERVICE_DNS_BYTES_MAX);
	return -EXF_E_INVALID;
}

static int take_domains(const struct catalogue *l, const struct yaml_node *list)
{
	int r = catalogue_list(l, list);
	if (r < 0)
		return r;
	for (const struct yaml_node *n = list->first; n; n = n->next) {
		const struct service *owner;
		if (n->type != YAML_SCALAR || !is_domain(n->text)) {
			yaml_why(n, l->why, l->why_size,
				 "a domain is lower-case labels with dots between them, "
				 "as in example.com");
			return -EXF_E_INVALID;
		}
		r = services_add_domain(l->s, n->text, (uint32_t)l->s->count, &owner);
		if (r < 0)
			return r;
		if (owner) {
			yaml_why(n, l->why, l->why_size, "\"%s\" is already in service \"%s\"",
				 n->text, owner->name ? owner->name : "?");
			return -EXF_E_INVALID;
		}
	}
	return 0;
}

static int take_prefixes(const struct catalogue *l, const struct yaml_node *list)
{
	int r = catalogue_list(l, list);
	if (r < 0)
		return r;
	for (const struct yaml_node *n = list->first; n; n = n->next) {
		struct prefix_entry entry = { .value = (uint32_t)l->s->count };
		if (n->type != YAML_SCALAR || prefix_parse(n->text, &entry.prefix) < 0) {
			yaml_why(n, l->why, l->why_size,
				 "a prefix is an address and its bits, as in 192.0.2.0/24");
			return -EXF_E_INVALID;
		}
		r = prefix_set_add(&l->s->prefixes, &entry);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_key(const struct catalogue *l, const struct yaml_node *n, struct service *service)
{
	int r = facts_take(l, n, service);
	if (r != FACTS_NOT_MINE)
		return r;
	if (strcmp(n->key, "name") == 0)
		return take_name(l, n, service);
	if (strcmp(n->key, "domains") == 0)
		return take_domains(l, n);
	if (strcmp(n->key, "sni") == 0)
		return signs_take_names(l, n);
	if (strcmp(n->key, "ndpi") == 0)
		return signs_take_apps(l, n);
	if (strcmp(n->key, "prefixes") == 0)
		return take_prefixes(l, n);
	if (strcmp(n->key, "dns_daily_bytes") == 0)
		return take_dns_bytes(l, n, service);
	if (strcmp(n->key, "title") == 0) {
		r = catalogue_text(l, n, 63);
		service->title = n->text;
		return r;
	}
	if (strcmp(n->key, "reason") == 0) {
		r = catalogue_text(l, n, 255);
		service->reason = n->text;
		return r;
	}
	return catalogue_refuse(l, n, true, "key", keys, KEYS);
}

static int take_service(const struct catalogue *l, const struct yaml_node *map)
{
	struct service *service = &l->s->list[l->s->count];
	if (map->type != YAML_MAP) {
		yaml_why(map, l->why, l->why_size, "a service is a map with name, class, domains");
		return -EXF_E_INVALID;
	}
	for (const struct yaml_node *n = map->first; n; n = n->next) {
		int r = take_key(l, n, service);
		if (r < 0)
			return r;
	}
	const char *missing = !service->name ? "name" : !service->class ? "class" : NULL;
	if (missing) {
		yaml_why(map, l->why, l->why_size, "this service has no %s", missing);
		return -EXF_E_INVALID;
	}
	if (!yaml_get(map, "domains") && !yaml_get(map, "sni") && !yaml_get(map, "prefixes") &&
	    !yaml_get(map, "ndpi")) {
		yaml_why(map, l->why, l->why_size,
			 "service \"%s\" has neither domains nor sni, prefixes or ndpi",
			 service->name);
		return -EXF_E_INVALID;
	}
	if (!service->title)
		service->title = service->name;
	if (!service->reason)
		service->reason = "";
	int r = facts_finish(l, map, service);
	if (r < 0)
		return r;
	l->s->count++;
	return 0;
}

static int make_room(struct services *s, size_t more)
{
	struct service *list = realloc(s->list, (s->count + more) * sizeof(*list));
	if (!list)
		return -EXF_E_NOMEM;
	s->list = list;
	struct tenant_rule *rules = realloc(s->rules, (s->count + more) * sizeof(*rules));
	if (!rules)
		return -EXF_E_NOMEM;
	s->rules = rules;
	memset(list + s->count, 0, more * sizeof(*list));
	memset(rules + s->count, 0, more * sizeof(*rules));
	return 0;
}

static int take_file(const struct catalogue *l, const char *path)
{
	static const char *const top[] = { "services" };
	const struct yaml_node *root = yaml_root(l->s->trees[l->s->tree_count - 1]);
	size_t count = 0;
	if (!root || root->type != YAML_MAP) {
		snprintf(l->why, l->why_size, "%s:1:1: the file is not a map with the key services",
			 path);
		return -EXF_E_INVALID;
	}
	for (const struct yaml_node *n = root->first; n; n = n->next) {
		if (strcmp(n->key, top[0]) != 0)
			return catalogue_refuse(l, n, true, "key", top, 1);
	}
	const struct yaml_node *list = yaml_get(root, top[0]);
	if (!list || list->type != YAML_LIST) {
		yaml_why(list ? list : root, l->why, l->why_size, "services takes a list");
		return -EXF_E_INVALID;
	}
	for (const struct yaml_node *n = list->first; n; n = n->next)
		count++;
	if (count > SERVICES_MAX - l->s->count) {
		yaml_why(list, l->why, l->why_size, "more than %u services", SERVICES_MAX);
		return -EXF_E_LIMIT;
	}
	int grown = make_room(l->s, count + 1);
	if (grown < 0)
		return grown;
	for (const struct yaml_node *n = list->first; n; n = n->next) {
		int r = take_service(l, n);
		if (r < 0)
			return r;
	}
	return 0;
}

static int load_tree(struct services *s, const char *path, char *why, size_t size)
{
	struct yaml **trees = realloc(s->trees, (s->tree_count + 1) * sizeof(struct yaml *));
	if (!trees)
		return -EXF_E_NOMEM;
	s->trees = trees;
	int r = yaml_load(path, &s->trees[s->tree_count], why, size);
	if (r == 0)
		s->tree_count++;
	return r;
}

int services_load(struct services *s, const char *path, char *ret_why, size_t why_size)
{
	struct catalogue l = { s, ret_why, why_size };
	int r = load_tree(s, path, ret_why, why_size);
	if (r == 0)
		r = take_file(&l, path);
	if (r == -EXF_E_NOMEM)
		snprintf(ret_why, why_size, "%s: memory is exhausted", path);
	if (r < 0)
		services_deinit(s);
	return r;
}

void services_seal(struct services *s)
{
	prefix_set_seal(&s->prefixes);
	s->memo = calloc(1, sizeof(*s->memo)); /* without it each question is looked up */
}
