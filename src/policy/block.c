/*
 * policy/block.c - the `exfild:` block of a policy.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

static const char *const actions[] = { "label", "alert", "rate_limit", "quarantine", "block" };
static const char *const targets[] = { "source", "destination", "pair" };
static const char *const levels[] = { "low", "medium", "high", "critical" };
static const uint8_t level_numbers[] = { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH,
					 SEVERITY_CRITICAL };
static const char *const categories[] = { "exfil", "c2", "recon", "lateral", "policy", "sensor" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

const char *policy_action_name(enum policy_action a)
{
	return (unsigned)a < COUNT(actions) ? actions[a] : "none";
}

const char *policy_target_name(enum policy_target t)
{
	return (unsigned)t < COUNT(targets) ? targets[t] : "none";
}

struct reader {
	char *why;
	size_t size;
};

/* The nearest right name within two slips, as the end of a sentence. */
static const char *hint(const char *text, const char *const *names, size_t count, char *dst,
			size_t size)
{
	unsigned best = 3;
	dst[0] = '\0';
	for (size_t i = 0; i < count && strlen(text) < 64; i++) {
		unsigned slips = str_distance(text, names[i]);
		if (slips < best) {
			best = slips;
			(void)snprintf(dst, size, "; did you mean '%s'?", names[i]);
		}
	}
	return dst;
}

static bool is_known(struct reader *r, const struct yaml_node *map, const char *const *names,
		     size_t count)
{
	char near[64];
	for (const struct yaml_node *k = map->first; k; k = k->next) {
		bool found = false;
		for (size_t i = 0; i < count && !found; i++)
			found = strcmp(names[i], k->key) == 0;
		if (!found) {
			yaml_why(k, r->why, r->size, "'%.60s' is no key of '%.40s'%s", k->key,
				 map->key ? map->key : "exfild",
				 hint(k->key, names, count, near, sizeof(near)));
			return false;
		}
	}
	return true;
}

/* One of some names; absent: *ret stays. */
static bool read_name(struct reader *r, const struct yaml_node *map, const char *key,
		      const char *const *names, size_t count, unsigned *ret)
{
	const struct yaml_node *n = yaml_get(map, key);
	char list[128], near[64];
	size_t len = 0;
	if (!n)
		return true;
	for (unsigned i = 0; i < count; i++) {
		if (n->type == YAML_SCALAR && strcmp(names[i], n->text) == 0) {
			*ret = i;
			return true;
		}
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					i == 0         ? "" :
					i == count - 1 ? " or " :
							 ", ",
					names[i]);
	}
	yaml_why(n, r->why, r->size, "'%s' is %s%s", key, list,
		 n->type == YAML_SCALAR ? hint(n->text, names, count, near, sizeof(near)) : "");
	return false;
}

static bool read_duration(struct reader *r, const struct yaml_node *map, const char *key,
			  uint64_t max_s, uint64_t *ret_s)
{
	const struct yaml_node *n = yaml_get(map, key);
	if (!n)
		return true;
	if (n->type == YAML_SCALAR && str_parse_duration(n->text, ret_s) == 0 && *ret_s >= 1 &&
	    *ret_s <= max_s)
		return true;
	yaml_why(n, r->why, r->size,
		 "'%s' is a duration such as 30m, 1h or 7d, of a second to %llu days", key,
		 (unsigned long long)(max_s / 86400));
	return false;
}

static bool read_step(struct reader *r, const struct yaml_node *map, struct policy_rule *ret)
{
	static const char *const keys[] = { "repeats", "within", "action", "ttl" };
	const struct yaml_node *repeats = yaml_get(map, "repeats");
	unsigned action = ret->action;
	uint64_t count = 1, within_s = 0, ttl_s = ret->ttl_s;
	if (map->type != YAML_MAP) {
		yaml_why(map, r->why, r->size,
			 "'escalate' is a map, or a list of maps, of 'within', 'repeats', 'action' "
			 "and 'ttl'");
		return false;
	}
	if (ret->step_count == POLICY_STEPS) {
		yaml_why(map, r->why, r->size, "'escalate' has more than %d steps", POLICY_STEPS);
		return false;
	}
	if (!is_known(r, map, keys, COUNT(keys)) ||
	    !read_name(r, map, "action", actions, COUNT(actions), &action) ||
	    !read_duration(r, map, "within", 366ull * 86400, &within_s) ||
	    !read_duration(r, map, "ttl", POLICY_TTL_MAX_S, &ttl_s))
		return false;
	if (repeats && (repeats->type != YAML_SCALAR ||
			str_parse_u64(repeats->text, 1, POLICY_PAST - 1, &count) != 0)) {
		yaml_why(repeats, r->why, r->size, "'repeats' is a number from 1 to %d",
			 POLICY_PAST - 1);
		return false;
	}
	if (!within_s) {
		yaml_why(map, r->why, r->size,
			 "a step of 'escalate' needs 'within': in what time it is a repeat");
		return false;
	}
	if (action == ret->action && ttl_s == ret->ttl_s) {
		yaml_why(map, r->why, r->size,
			 "this step of 'escalate' changes nothing: give it another 'action' or "
			 "'ttl'");
		return false;
	}
	ret->steps[ret->step_count++] = (struct policy_step){ .repeats = (uint32_t)count,
							      .within_ns = within_s * SECOND_NS,
							      .action = (enum policy_action)action,
							      .ttl_s = (uint32_t)ttl_s };
	return true;
}

static bool read_steps(struct reader *r, const struct yaml_node *n, struct policy_rule *ret)
{
	if (!n || n->type != YAML_LIST)
		return !n || read_step(r, n, ret);
	for (const struct yaml_node *k = n->first; k; k = k->next)
		if (!read_step(r, k, ret))
			return false;
	return true;
}

static bool read_need(struct reader *r, const struct yaml_node *n, struct policy_need *ret)
{
	static const char *const keys[] = { "rule", "category", "severity", "within" };
	unsigned category = COUNT(categories), level = COUNT(levels);
	uint64_t within_s = 0;
	if (!n)
		return true;
	if (n->type != YAML_MAP) {
		yaml_why(n, r->why, r->size,
			 "'require' is a map of 'within' and of 'rule', 'category' or 'severity'");
		return false;
	}
	const struct yaml_node *rule = yaml_get(n, "rule");
	if (!is_known(r, n, keys, COUNT(keys)) ||
	    !read_name(r, n, "category", categories, COUNT(categories), &category) ||
	    !read_name(r, n, "severity", levels, COUNT(levels), &level) ||
	    !read_duration(r, n, "within", 366ull * 86400, &within_s))
		return false;
	if (!within_s) {
		yaml_why(n, r->why, r->size,
			 "'require' needs 'within': how long ago the other alert may be");
		return false;
	}
	if (rule && (rule->type != YAML_SCALAR || !rule->text[0] ||
		     !str_copy(ret->rule, sizeof(ret->rule), rule->text))) {
		yaml_why(rule, r->why, r->size,
			 "'rule' is the rule.id of an alert, such as dns_tunnel or intel:*");
		return false;
	}
	if (category < COUNT(categories))
		(void)str_copy(ret->category, sizeof(ret->category), categories[category]);
	if (level < COUNT(levels))
		ret->severity = level_numbers[level];
	ret->within_ns = within_s * SECOND_NS;
	return true;
}

static bool read_flag(struct reader *r, const struct yaml_node *map, const char *key, bool *ret)
{
	const struct yaml_node *n = yaml_get(map, key);
	if (!n)
		return true;
	*ret = n->type == YAML_SCALAR && strcmp(n->text, "true") == 0;
	if (*ret || (n->type == YAML_SCALAR && strcmp(n->text, "false") == 0))
		return true;
	yaml_why(n, r->why, r->size, "'%s' is true or false", key);
	return false;
}

/* What an action can be done to. */
static bool is_possible(struct reader *r, const struct yaml_node *block,
			const struct policy_rule *p)
{
	bool slows = p->action == POLICY_RATE_LIMIT;
	for (unsigned i = 0; i < p->step_count; i++)
		slows |= p->steps[i].action == POLICY_RATE_LIMIT;
	if (!slows || p->target == POLICY_SOURCE)
		return true;
	yaml_why(yaml_get(block, "target") ? yaml_get(block, "target") : block, r->why, r->size,
		 "'rate_limit' slows down a source: 'target: %s' does not go with it",
		 policy_target_name(p->target));
	return false;
}

bool block_read(const struct yaml_node *block, struct policy_rule *ret, char *why, size_t size)
{
	static const char *const keys[] = { "action",   "target",  "ttl",
					    "escalate", "require", "shared" };
	struct reader r = { why, size };
	unsigned action = POLICY_ACTION__COUNT, target = POLICY_TARGET__COUNT;
	uint64_t ttl_s = 0;
	if (block->type != YAML_MAP) {
		yaml_why(block, why, size, "'exfild' is a map with an 'action'");
		return false;
	}
	if (!is_known(&r, block, keys, COUNT(keys)) ||
	    !read_name(&r, block, "action", actions, COUNT(actions), &action) ||
	    !read_name(&r, block, "target", targets, COUNT(targets), &target) ||
	    !read_duration(&r, block, "ttl", POLICY_TTL_MAX_S, &ttl_s) ||
	    !read_flag(&r, block, "shared", &ret->shared))
		return false;
	if (action == POLICY_ACTION__COUNT) {
		yaml_why(block, why, size,
			 "'exfild' needs an 'action': label, alert, rate_limit, quarantine or "
			 "block");
		return false;
	}
	if (target == POLICY_TARGET__COUNT)
		target = action == POLICY_BLOCK ? POLICY_DESTINATION : POLICY_SOURCE;
	ret->action = (enum policy_action)action;
	ret->target = (enum policy_target)target;
	ret->ttl_s = (uint32_t)ttl_s;
	return read_steps(&r, yaml_get(block, "escalate"), ret) &&
	       read_need(&r, yaml_get(block, "require"), &ret->need) && is_possible(&r, block, ret);
}
