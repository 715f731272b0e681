/*
 * context/tenant_file.c - reads from services.yaml how a service's names show a tenant.
 */
#include <string.h>

#include "service_parts.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const char *const forms[] = { "label", "labels" };
static const char *const rule_keys[] = { "form", "domains", "regions", "shared", "endings" };

/* '#' stands for digits, '*' at the end for anything. */
static int check_words(const struct catalogue *l, const struct yaml_node *list)
{
	int r = catalogue_list(l, list);
	for (const struct yaml_node *n = r == 0 ? list->first : NULL; n; n = n->next) {
		const char *good = "abcdefghijklmnopqrstuvwxyz0123456789_-#";
		size_t len = n->type == YAML_SCALAR ? strlen(n->text) : 0;
		size_t plain = len ? strspn(n->text, good) : 0;
		bool has_star = plain + 1 == len && n->text[plain] == '*';
		if (len == 0 || len > 63 || plain == 0 || (plain < len && !has_star)) {
			yaml_why(n, l->why, l->why_size,
				 "a word is a label or its end in lower case; '#' stands for "
				 "digits, '*' at its end for anything");
			return -EXF_E_INVALID;
		}
	}
	return r;
}

static int take_rule_key(const struct catalogue *l, const struct yaml_node *n)
{
	struct tenant_rule *rule = &l->s->rules[l->s->count];
	if (strcmp(n->key, "form") == 0) {
		int form = catalogue_word(l, n, forms, COUNT_OF(forms));
		return form < 0 ? form : 0;
	}
	if (strcmp(n->key, "domains") == 0)
		return catalogue_list(l, n);
	if (strcmp(n->key, "regions") == 0)
		rule->regions = n;
	else if (strcmp(n->key, "shared") == 0)
		rule->shared = n;
	else if (strcmp(n->key, "endings") == 0)
		rule->endings = n;
	else
		return catalogue_refuse(l, n, true, "key", rule_keys, COUNT_OF(rule_keys));
	return check_words(l, n);
}

int tenant_take(const struct catalogue *l, const struct yaml_node *n)
{
	if (n->type == YAML_SCALAR) {
		int form = catalogue_word(l, n, forms, COUNT_OF(forms));
		return form < 0 ? form : 0;
	}
	int r = n->type == YAML_MAP ? 0 : -EXF_E_INVALID;
	if (r < 0 || !yaml_get(n, "form")) {
		yaml_why(n, l->why, l->why_size,
			 "tenant takes label, labels, or a map with the key form");
		return -EXF_E_INVALID;
	}
	for (const struct yaml_node *e = n->first; e && r == 0; e = e->next)
		r = take_rule_key(l, e);
	return r;
}

/* The domains below which names show a tenant: those of the rule, or all of the service's. */
static int mark_domains(const struct catalogue *l, const struct yaml_node *own,
			const struct yaml_node *list, enum tenant_form form)
{
	const char *names[256];
	size_t count = 0;
	for (const struct yaml_node *n = own->first; n && count < COUNT_OF(names); n = n->next)
		names[count++] = n->text;
	for (const struct yaml_node *n = list->first; n; n = n->next) {
		struct service_suffix *x =
			n->type == YAML_SCALAR ? services_domain(l->s, n->text) : NULL;
		if (n->type != YAML_SCALAR) {
			yaml_why(n, l->why, l->why_size, "a domain is a text");
			return -EXF_E_INVALID;
		}
		if (!x || x->service != l->s->count)
			return catalogue_refuse(l, n, false, "domain of this service", names,
						count);
		x->form = (uint8_t)form;
	}
	return 0;
}

int tenant_finish(const struct catalogue *l, const struct yaml_node *map, struct service *service)
{
	const struct yaml_node *tenant = yaml_get(map, "tenant"),
			       *domains = yaml_get(map, "domains");
	const struct yaml_node *visible = yaml_get(map, "tenant_visible");
	if (visible && (service->tenancy == TENANCY_NO) != !tenant) {
		yaml_why(
			visible, l->why, l->why_size,
			tenant ?
				"tenant says how names show it: tenant_visible is yes or partly" :
				"tenant_visible needs the key tenant, which says how names show it");
		return -EXF_E_INVALID;
	}
	if (!tenant)
		return 0;
	if (!domains) {
		yaml_why(tenant, l->why, l->why_size, "tenant needs domains");
		return -EXF_E_INVALID;
	}
	if (!visible)
		service->tenancy = TENANCY_PARTLY;
	bool is_map = tenant->type == YAML_MAP;
	const struct yaml_node *form = is_map ? yaml_get(tenant, "form") : tenant;
	const struct yaml_node *list = is_map ? yaml_get(tenant, "domains") : NULL;
	bool is_label = strcmp(form->text, forms[0]) == 0;
	return mark_domains(l, domains, list ? list : domains,
			    is_label ? TENANT_LABEL : TENANT_LABELS);
}
