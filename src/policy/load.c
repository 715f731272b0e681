/*
 * policy/load.c - files of policies to a set.
 *
 * The engine of signatures reads and compiles the rules; this reads what it hands on, their blocks.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

static bool take_block(void *arg, uint32_t number, const struct yaml_node *block, char *why,
		       size_t size)
{
	struct policy *p = arg;
	struct policy_rule rule = { .ttl_s = 0 };
	if (!block_read(block, &rule, why, size))
		return false;
	if (number >= p->room) {
		size_t room = (size_t)number + 64;
		struct policy_rule *more = realloc(p->list, room * sizeof(*more));
		if (!more) {
			p->is_out_of_memory = true;
			yaml_why(block, why, size, "memory is exhausted");
			return false;
		}
		memset(more + p->room, 0, (room - p->room) * sizeof(*more));
		p->list = more;
		p->room = room;
	}
	p->list[number] = rule;
	return true;
}

/*
 * What it looks at, and its name, which is what alerts, exceptions and people go by: each is one
 * policy's.
 */
static bool set_identity(struct policy *p, size_t i, char *why, size_t size)
{
	const struct signature_rule *about = signatures_rule(p->rules, i);
	struct policy_rule *r = &p->list[i];
	r->about = strstr(about->logsource, "category flow")  ? ALERT_ABOUT_FLOW :
		   strstr(about->logsource, "category usage") ? ALERT_ABOUT_USAGE :
								ALERT_ABOUT_ALERT;
	(void)str_copy(r->name, sizeof(r->name), about->name[0] ? about->name : about->id);
	for (char *c = r->name; *c; c++)
		if (*c <= ' ' || *c > '~')
			*c = '_';
	for (size_t k = 0; k < i; k++)
		if (strcmp(p->list[k].name, r->name) == 0) {
			const struct signature_rule *other = signatures_rule(p->rules, k);
			(void)snprintf(why, size, "%s:%u:1: the name '%s' is taken, by %s:%u",
				       about->file, about->line, r->name, other->file, other->line);
			return false;
		}
	return true;
}

static int finish(struct policy *p, int err, struct policy **ret, char *why, size_t size)
{
	if (!err && p->is_out_of_memory)
		err = -EXF_E_NOMEM;
	if (!err && signatures_problem_count(p->rules)) {
		(void)snprintf(why, size, "%s", signatures_problem(p->rules, 0));
		err = -EXF_E_INVALID;
	}
	p->count = err ? 0 : signatures_count(p->rules);
	for (size_t i = 0; !err && i < p->count; i++)
		if (!set_identity(p, i, why, size))
			err = -EXF_E_INVALID;
	if (!err && !signatures_compile(p->rules))
		err = -EXF_E_NOMEM;
	if (!err) {
		*ret = p;
		return 0;
	}
	if (err == -EXF_E_NOMEM)
		(void)snprintf(why, size, "memory is exhausted");
	policy_free(p);
	return err;
}

static struct policy *policy_new(const char *timezone)
{
	struct policy *p = calloc(1, sizeof(*p));
	if (p)
		p->is_utc = strcmp(timezone, "UTC") == 0;
	return p;
}

int policy_load(const char *const *paths, size_t count, const char *timezone, struct policy **ret,
		char *why, size_t size)
{
	struct policy *p = policy_new(timezone);
	struct signature_block block = { "exfild", take_block, p };
	if (!p)
		return -EXF_E_NOMEM;
	return finish(p, signatures_load_policies(paths, count, &block, &p->rules), ret, why, size);
}

int policy_parse(const char *name, const void *text, size_t len, const char *timezone,
		 struct policy **ret, char *why, size_t size)
{
	struct policy *p = policy_new(timezone);
	struct signature_block block = { "exfild", take_block, p };
	if (!p)
		return -EXF_E_NOMEM;
	return finish(p, signatures_parse_policies(name, text, len, &block, &p->rules), ret, why,
		      size);
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	signatures_free(p->rules);
	free(p->list);
	free(p);
}

size_t policy_count(const struct policy *p)
{
	return p->count;
}

const struct policy_rule *policy_rule_at(const struct policy *p, size_t i)
{
	return &p->list[i];
}

const struct signature_rule *policy_about(const struct policy *p, size_t i)
{
	return signatures_rule(p->rules, i);
}

uint64_t policy_digest(const struct policy *p)
{
	return signatures_digest(p->rules);
}

bool policy_acts(const struct policy *p)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->list[i].action >= POLICY_RATE_LIMIT)
			return true;
		for (unsigned k = 0; k < p->list[i].step_count; k++)
			if (p->list[i].steps[k].action >= POLICY_RATE_LIMIT)
				return true;
	}
	return false;
}

bool policy_looks_at(const struct policy *p, enum alert_about what)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].about == what)
			return true;
	return false;
}

bool policy_reads(const struct policy *p, const char *field)
{
	return signatures_reads(p->rules, EVENT_ALERT, field);
}

double policy_least(const struct policy *p, enum alert_about what, const struct event_alert *e,
		    bool has_risk)
{
	static const char *const known[] = { "risk", /* these two first */
					     "stages",
					     "source_zone",
					     "source_owner",
					     "source_model",
					     "source_data",
					     "source_tags",
					     "destination_zone",
					     "destination_owner",
					     "destination_model",
					     "destination_data",
					     "destination_tags",
					     "direction",
					     "content",
					     "content_label",
					     NULL };
	static const char *const amounts[] = { "bytes_out",      "bytes_out_hour", "bytes_out_day",
					       "total_out_hour", "total_out_day",  NULL };
	const struct signature_view v = { e ? &e->e : NULL, has_risk ? known : known + 2, amounts };
	double ret = (double)INFINITY;
	for (size_t i = 0; i < p->count; i++) {
		double one = p->list[i].about == what ? signatures_least(p->rules, i, &v) :
							(double)INFINITY;
		ret = one < ret ? one : ret;
	}
	return ret;
}
