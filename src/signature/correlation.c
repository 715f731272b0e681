/*
 * signature/correlation.c - correlation documents, and which events they count.
 *
 * Sigma correlation rules specification 2.1.  A correlation may refer to correlations, in no
 * circle.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

#define LINKS_MAX    65536
#define CHAIN_MAX    8
#define SLOTS_COUNT  64   /* exact up to so many events; beyond, neighbours are joined */
#define SLOTS_VALUES 1024 /* different values that can be counted */
#define SLOTS_NEWEST 256  /* values that a percentile is taken of */

/* --- reading -------------------------------------------------------------------------------- */

static bool read_type(struct signatures *s, const struct yaml_node *n, struct correlation *c)
{
	static const char *const types[] = { "event_count",      "value_count", "temporal",
					     "temporal_ordered", "value_sum",   "value_avg",
					     "value_percentile" };
	const struct yaml_node *type = yaml_get(n, "type");
	for (unsigned i = 0;
	     type && type->type == YAML_SCALAR && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type->text) == 0) {
			c->type = (enum correlation_type)i;
			return true;
		}
	problem(s, type ? type : n,
		"the type of a correlation is event_count, value_count, temporal, "
		"temporal_ordered, value_sum, value_avg or value_percentile");
	return false;
}

static bool read_span(struct signatures *s, const struct yaml_node *n, struct correlation *c)
{
	const struct yaml_node *span = yaml_get(n, "timespan");
	uint64_t seconds = 0;
	if (!span || span->type != YAML_SCALAR || str_parse_duration(span->text, &seconds) != 0 ||
	    !seconds || seconds > 30ull * 86400) {
		problem(s, span ? span : n,
			"'timespan' is a number with s, m, h or d, at most 30 days");
		return false;
	}
	c->span_ns = seconds * 1000000000ull;
	return true;
}

static bool read_bound(struct signatures *s, const struct yaml_node *k, struct correlation *c)
{
	static const struct {
		const char *name;
		enum compare compare;
		bool is_not;
	} names[] = { { "gt", COMPARE_GT, false }, { "gte", COMPARE_GTE, false },
		      { "lt", COMPARE_LT, false }, { "lte", COMPARE_LTE, false },
		      { "eq", COMPARE_EQ, false }, { "neq", COMPARE_EQ, true } };
	char *end;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, k->key) != 0)
			continue;
		double value = k->type == YAML_SCALAR ? strtod(k->text, &end) : 0;
		if (k->type != YAML_SCALAR || end == k->text || *end || c->bound_count == 2) {
			problem(s, k, "a condition has one or two bounds, which are numbers");
			return false;
		}
		c->bounds[c->bound_count++] =
			(struct bound){ names[i].compare, names[i].is_not, value };
		return true;
	}
	problem(s, k, "'%.40s' is no bound: gt, gte, lt, lte, eq or neq", k->key);
	return false;
}

static bool read_condition(struct signatures *s, const struct yaml_node *n, struct correlation *c)
{
	const struct yaml_node *condition = yaml_get(n, "condition");
	bool is_temporal = c->type == CORRELATION_TEMPORAL || c->type == CORRELATION_ORDERED;
	bool has_values = !is_temporal && c->type != CORRELATION_EVENT_COUNT;
	if (!condition && is_temporal)
		return true;
	if (!condition || condition->type != YAML_MAP) {
		problem(s, condition ? condition : n, "the correlation needs a 'condition' map");
		return false;
	}
	c->percentile = 50;
	for (const struct yaml_node *k = condition->first; k; k = k->next) {
		if (strcmp(k->key, "field") == 0)
			c->value_count = (unsigned)texts_of(s, k, c->values, GROUP_FIELDS);
		else if (strcmp(k->key, "percentile") == 0 && k->type == YAML_SCALAR)
			c->percentile = strtod(k->text, NULL);
		else if (!read_bound(s, k, c))
			return false;
	}
	if ((has_values && !c->value_count) || !c->bound_count ||
	    !(c->percentile >= 0 && c->percentile <= 100)) {
		problem(s, condition,
			has_values && !c->value_count ?
				"the condition needs a 'field'" :
				"the condition needs a bound, and a percentile from 0 to 100");
		return false;
	}
	return true;
}

/* How many slots a group needs to be counted exactly, as far as that goes. */
bool correlation_slots(struct signatures *s, const struct yaml_node *n, struct correlation *c)
{
	double most = 0;
	for (unsigned i = 0; i < c->bound_count; i++)
		most = c->bounds[i].value > most ? c->bounds[i].value : most;
	switch (c->type) {
	case CORRELATION_EVENT_COUNT:
		c->slots = most + 2 < SLOTS_COUNT ? (unsigned)most + 2 : SLOTS_COUNT;
		return true;
	case CORRELATION_VALUE_COUNT:
		c->slots = most + 2 < SLOTS_VALUES ? (unsigned)most + 2 : SLOTS_VALUES;
		if (most < SLOTS_VALUES)
			return true;
		problem(s, n, "at most %d different values can be counted", SLOTS_VALUES - 1);
		return false;
	case CORRELATION_PERCENTILE:
		c->slots = SLOTS_NEWEST;
		return true;
	case CORRELATION_SUM:
	case CORRELATION_AVG:
		c->slots = SLOTS_COUNT;
		return true;
	case CORRELATION_TEMPORAL:
	case CORRELATION_ORDERED:
		c->slots = MEMBERS_MAX;
		return true;
	}
	return false;
}

bool correlation_read(struct signatures *s, const struct yaml_node *n, struct rule *rule)
{
	struct correlation c = { .node = n };
	const char *groups[GROUP_FIELDS + 1];
	if (n->type != YAML_MAP) {
		problem(s, n, "'correlation' must be a map");
		return false;
	}
	if (!read_type(s, n, &c) || !read_span(s, n, &c) || !read_condition(s, n, &c) ||
	    !correlation_slots(s, n, &c))
		return false;
	c.group_count = (unsigned)texts_of(s, yaml_get(n, "group-by"), groups, GROUP_FIELDS + 1);
	const struct yaml_node *rules = yaml_get(n, "rules");
	if (c.group_count > GROUP_FIELDS || !rules || rules->type == YAML_MAP) {
		problem(s, n,
			!rules || rules->type == YAML_MAP ?
				"the correlation needs a list of 'rules'" :
				"a correlation groups by at most 8 fields");
		return false;
	}
	memcpy(c.groups, groups, sizeof(c.groups));
	const struct yaml_node *generate = yaml_get(n, "generate");
	if (!generate)
		generate = yaml_get(rule->document, "generate");
	rule->is_generating =
		generate && generate->type == YAML_SCALAR &&
		(strcmp(generate->text, "true") == 0 || strcmp(generate->text, "yes") == 0);
	if (!vec_room(&s->correlations, &s->correlation_vec, sizeof(*s->correlations)))
		return false;
	rule->about.is_correlation = true;
	rule->correlation = (uint32_t)s->correlation_vec.count;
	s->correlations[s->correlation_vec.count++] = c;
	return true;
}

/* --- members -------------------------------------------------------------------------------- */

static uint32_t rule_named(const struct signatures *s, const char *name)
{
	for (uint32_t i = 0; i < s->rule_vec.count; i++) {
		const struct signature_rule *r = &s->rules[i].about;
		if (strcmp(r->id, name) == 0 || (r->name[0] && strcmp(r->name, name) == 0))
			return i;
	}
	return NONE;
}

static bool find_members(struct signatures *s, struct correlation *c)
{
	if (c->is_old)
		return true;
	const struct yaml_node *rules = yaml_get(c->node, "rules");
	const struct yaml_node *k = rules->type == YAML_SCALAR ? rules : rules->first;
	for (; k; k = rules->type == YAML_SCALAR ? NULL : k->next) {
		uint32_t rule = k->type == YAML_SCALAR ? rule_named(s, k->text) : NONE;
		if (rule == NONE || c->member_count == MEMBERS_MAX) {
			problem(s, k,
				rule == NONE ? "there is no rule of this name or id" :
					       "a correlation has at most 32 rules");
			return false;
		}
		c->members[c->member_count++] = rule;
	}
	if (!c->member_count)
		problem(s, rules, "'rules' is empty");
	return c->member_count > 0;
}

/* Is `target` reached from this rule? */
static bool reaches(const struct signatures *s, uint32_t rule, uint32_t target, unsigned depth)
{
	uint32_t own = s->rules[rule].correlation;
	if (own == NONE)
		return false;
	const struct correlation *c = &s->correlations[own];
	for (unsigned i = 0; i < c->member_count; i++)
		if (c->members[i] == target || depth == 0 ||
		    reaches(s, c->members[i], target, depth - 1))
			return true;
	return false;
}

/* --- links ---------------------------------------------------------------------------------- */

/* The field that stands for a name of group-by in events of a rule. */
static const char *aliased(const struct signatures *s, const struct correlation *c, uint32_t rule,
			   const char *name)
{
	const struct yaml_node *alias = yaml_get(yaml_get(c->node, "aliases"), name);
	for (const struct yaml_node *k = alias && alias->type == YAML_MAP ? alias->first : NULL; k;
	     k = k->next)
		if (k->type == YAML_SCALAR && rule_named(s, k->key) == rule)
			return k->text;
	return name;
}

static bool resolve(struct signatures *s, const struct correlation *c, uint32_t rule,
		    const struct source *source, const char *name, uint32_t *ret)
{
	struct source_field f;
	const char *field = aliased(s, c, rule, name);
	if (!source_field(source, field, &f)) {
		problem(s, c->node, "the field '%.60s' is not seen in %s events", field,
			event_kind_name(source->kind));
		return false;
	}
	*ret = column_for(s, source, &f);
	return *ret != NONE;
}

static bool add_link(struct signatures *s, struct correlation *c, uint32_t member, uint32_t rule,
		     uint32_t instance)
{
	struct link l = { .instance = instance, .member = member };
	const struct source source = s->instances[instance].source;
	for (unsigned i = 0; i < c->group_count; i++) {
		if (!resolve(s, c, rule, &source, c->groups[i], &l.columns[i]))
			return false;
		const struct event_field *f = s->columns[l.columns[i]].field;
		l.has_dst |= f && f->offset == offsetof(struct event, dst);
	}
	for (unsigned i = 0; i < c->value_count; i++)
		if (!resolve(s, c, rule, &source, c->values[i], &l.values[i]))
			return false;
	if (c->link_vec.count == LINKS_MAX || !vec_room(&c->links, &c->link_vec, sizeof(*c->links)))
		return false;
	c->links[c->link_vec.count++] = l;
	return true;
}

static bool link_rule(struct signatures *s, struct correlation *c, uint32_t member, uint32_t rule)
{
	struct rule *r = &s->rules[rule];
	if (r->is_broken)
		return false;
	if (r->correlation != NONE) {
		const struct correlation *inner = &s->correlations[r->correlation];
		for (unsigned i = 0; i < inner->member_count; i++)
			if (!link_rule(s, c, member, inner->members[i]))
				return false;
		return inner->member_count > 0;
	}
	for (size_t i = 0; i < r->instance_vec.count; i++)
		if (!add_link(s, c, member, rule, r->instances[i]))
			return false;
	return r->instance_vec.count > 0;
}

static bool begin_table(struct signatures *s, struct correlation *c)
{
	size_t entry = 48 + (size_t)c->slots * 24;
	size_t capacity = SIGNATURE_STATE / s->correlation_vec.count / entry;
	struct table_config config = {
		.capacity = (uint32_t)(capacity > 65536 ? 65536 :
				       capacity < 16    ? 16 :
							  capacity),
		.entry_size = entry,
		.key_size = 16,
		.key = hash_key_fixed,
	};
	c->has_table = table_init(&c->table, &config) == 0;
	return c->has_table;
}

static bool link_one(struct signatures *s, uint32_t rule)
{
	struct correlation *c = &s->correlations[s->rules[rule].correlation];
	if (reaches(s, rule, rule, CHAIN_MAX)) {
		problem(s, c->node,
			"the correlation refers to itself, or through more than %d others",
			CHAIN_MAX);
		return false;
	}
	for (unsigned i = 0; i < c->member_count; i++)
		if (!link_rule(s, c, i, c->members[i])) {
			if (c->is_old) /* its one member has said why */
				return false;
			problem(s, c->node, "the rule '%.60s' that it refers to cannot be counted",
				s->rules[c->members[i]].about.id);
			return false;
		}
	for (unsigned i = 0; i < c->member_count; i++) {
		struct rule *r = &s->rules[c->members[i]];
		if (!vec_room(&r->correlations, &r->correlation_vec, sizeof(*r->correlations)))
			return false;
		bool is_known =
			r->correlation_vec.count &&
			r->correlations[r->correlation_vec.count - 1] == s->rules[rule].correlation;
		if (!is_known)
			r->correlations[r->correlation_vec.count++] = s->rules[rule].correlation;
		r->about.is_silent |= !s->rules[rule].is_generating;
		s->rules[rule].about.kinds |= r->about.kinds;
	}
	return begin_table(s, c);
}

/* Why: the problem that was said last, or what its member says. */
static void break_correlation(struct signatures *s, uint32_t rule)
{
	struct rule *r = &s->rules[rule];
	const struct correlation *c = &s->correlations[r->correlation];
	const char *own = c->is_old ? s->rules[c->members[0]].about.why : NULL;
	r->is_broken = true;
	if (c->is_old)
		s->rules[c->members[0]].is_broken = true;
	r->about.why = own                  ? own :
		       s->problem_vec.count ? s->problems[s->problem_vec.count - 1] :
					      "it cannot be counted";
}

void correlations_find(struct signatures *s)
{
	for (uint32_t i = 0; i < s->rule_vec.count; i++)
		if (s->rules[i].correlation != NONE && !s->rules[i].is_broken &&
		    !find_members(s, &s->correlations[s->rules[i].correlation])) {
			break_correlation(s, i);
			s->correlations[s->rules[i].correlation].member_count = 0;
		}
}

const char *correlation_lacks(const struct signatures *s, uint32_t rule,
			      const struct source *source)
{
	struct source_field f;
	for (size_t i = 0; i < s->correlation_vec.count; i++) {
		const struct correlation *c = &s->correlations[i];
		bool is_member = false;
		for (unsigned k = 0; k < c->member_count; k++)
			is_member |= c->members[k] == rule;
		for (unsigned k = 0; is_member && k < c->group_count + c->value_count; k++) {
			const char *name =
				k < c->group_count ? c->groups[k] : c->values[k - c->group_count];
			name = aliased(s, c, rule, name);
			if (!source_field(source, name, &f))
				return name;
		}
	}
	return NULL;
}

void correlations_link(struct signatures *s)
{
	for (uint32_t i = 0; i < s->rule_vec.count; i++)
		if (s->rules[i].correlation != NONE && !s->rules[i].is_broken && !link_one(s, i))
			break_correlation(s, i);
}
