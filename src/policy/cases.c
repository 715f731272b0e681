/*
 * policy/cases.c - see cases.h.
 *
 * An alert, flow or usage of a case is a map of the fields that rules see; what it does not name is
 * not known.  It becomes a line of JSON, as --events writes them, for the reader of those.
 */
#include "exfild/policy/cases.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/json.h"
#include "exfild/base/str.h"
#include "private.h"

#define LINE_MAX_BYTES 8192
#define TIME_DEFAULT   "2026-11-24T12:00:00Z" /* a Tuesday */

struct run {
	struct policy_cases *c;
	struct policy *policy;
	struct policy_memory *memory;
	struct event_log *log;
	struct buf line;
	unsigned alerts; /* of all cases: ids where none is given */
	char *why;
	size_t why_size;
};

/* --- alerts --------------------------------------------------------------------------------- */

/* Names that rules may use for those of the record. */
static const char *field_of(const char *key)
{
	static const char *const names[][2] = { { "src_port", "sport" },
						{ "dst_port", "dport" },
						{ "host", "source_name" },
						{ "as", "as_number" },
						{ "fingerprint", "content_label" },
						{ "alert_id", "id" } };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i][0], key) == 0)
			return names[i][1];
	return key;
}

static bool is_number(const struct yaml_node *n)
{
	char *end;
	if (n->is_quoted || !n->text[0] || strspn(n->text, "0123456789.") != strlen(n->text))
		return false;
	(void)strtod(n->text, &end);
	return *end == '\0';
}

static void put_scalar(struct json *j, const char *key, const struct yaml_node *n)
{
	bool is_text = false;
	for (const struct event_field *f = event_alert_fields(); f->name; f++)
		is_text |= strcmp(f->name, key) == 0 && f->type == FIELD_STR;
	if (!is_text && is_number(n))
		json_double(j, key, strtod(n->text, NULL));
	else if (!is_text && !n->is_quoted && strcmp(n->text, "true") == 0)
		json_bool(j, key, true);
	else if (!is_text && !n->is_quoted && strcmp(n->text, "false") == 0)
		json_bool(j, key, false);
	else
		json_string(j, key, n->text);
}

static void put_list(struct json *j, const char *key, const struct yaml_node *n)
{
	struct buf text;
	buf_init(&text, 1024);
	for (const struct yaml_node *k = n->first; k; k = k->next)
		if (k->type == YAML_SCALAR)
			buf_printf(&text, "%s%s", text.len ? ", " : "", k->text);
	json_string(j, key, text.len ? text.data : "");
	buf_deinit(&text);
}

static const char *text_of(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);
	return n && n->type == YAML_SCALAR ? n->text : NULL;
}

/* A case may say by itself what the calendar of a zone would. */
static void set_clock(const struct run *r, const struct yaml_node *map, struct event_alert *e)
{
	const char *workday = text_of(map, "workday"), *holiday = text_of(map, "holiday");
	const char *hours = text_of(map, "working_hours");
	policy_set_clock(r->policy, e);
	if (workday)
		e->workday = strcmp(workday, "true") == 0;
	if (holiday)
		e->holiday = strcmp(holiday, "true") == 0;
	if (hours)
		e->working_hours = strcmp(hours, "true") == 0;
}

/* The alert that a policy over connections or usage makes of what it decides. */
static void put_own(struct json *j, const struct policy_decision *own)
{
	char rule[POLICY_NAME_MAX + 8];
	(void)snprintf(rule, sizeof(rule), "policy:%s", own->rule->name);
	json_string(j, "rule", rule);
	json_string(j, "category", "policy");
	json_uint(j, "severity", (uint64_t)policy_severity(own));
}

/* about: "alert", "flow", "usage"; one of `before` may say so itself. own: NULL, or as put_own().
 */
static const struct event_alert *read_alert(struct run *r, const struct yaml_node *map,
					    const char *about, const struct policy_decision *own)
{
	char id[32], why[200];
	if (map->type != YAML_MAP) {
		yaml_why(map, r->why, r->why_size, "'%s' is a map of its fields", about);
		return NULL;
	}
	if (!own && text_of(map, "about"))
		about = text_of(map, "about");
	buf_reset(&r->line);
	struct json j = json_make(&r->line);
	json_open_object(&j, NULL);
	json_string(&j, "kind", "alert");
	json_string(&j, "about", about);
	if (own)
		put_own(&j, own);
	(void)snprintf(id, sizeof(id), "%08x", ++r->alerts);
	if (!yaml_get(map, "id") && !yaml_get(map, "alert_id"))
		json_string(&j, "id", id);
	if (!yaml_get(map, "time"))
		json_string(&j, "time", TIME_DEFAULT);
	for (const struct yaml_node *k = map->first; k; k = k->next) {
		const char *field = field_of(k->key);
		if (strcmp(field, "about") == 0)
			continue;
		if (k->type == YAML_LIST)
			put_list(&j, field, k);
		else if (k->type == YAML_SCALAR)
			put_scalar(&j, field, k);
		if (strcmp(field, "src") == 0)
			json_bool(&j, "has_src", true);
		if (strcmp(field, "dst") == 0)
			json_bool(&j, "has_dst", true);
	}
	json_close_object(&j);
	event_log_reset(r->log);
	if (!r->line.data ||
	    signature_line(r->log, r->line.data, r->line.len, r->alerts, why, sizeof(why)) != 0) {
		yaml_why(map, r->why, r->why_size, "%s", r->line.data ? why : "memory");
		return NULL;
	}
	struct event_alert *e = (struct event_alert *)(uintptr_t)event_log_next(r->log, NULL);
	set_clock(r, map, e);
	return e;
}

/* --- one case ------------------------------------------------------------------------------- */

/* Of a connection or of usage only what a policy says of it is an alert. */
static bool note_step(struct run *r, const struct yaml_node *map, const struct event_alert *e)
{
	struct policy_decision of[2], own;
	bool is_sound = true;
	policy_decide_step(r->policy, r->memory, e, &of[0], &of[1]);
	for (size_t i = 0; i < 2 && is_sound; i++) {
		if (!of[i].rule || of[i].action == POLICY_LABEL)
			continue;
		const struct event_alert *a = read_alert(r, map, "alert", &of[i]);
		is_sound = a != NULL;
		if (a)
			(void)policy_decide_own(r->policy, r->memory, a, of[i].rule->name,
						of[i].why, &own);
	}
	return is_sound;
}

static bool before(struct run *r, const struct yaml_node *list)
{
	struct policy_decision d;
	for (const struct yaml_node *k = list ? list->first : NULL; k; k = k->next) {
		const struct event_alert *e = read_alert(r, k, "alert", NULL);
		if (!e)
			return false;
		if (e->about == ALERT_ABOUT_ALERT)
			policy_decide(r->policy, r->memory, e, &d);
		else if (!note_step(r, k, e))
			return false;
	}
	return true;
}

/* What is not as the case says; "" if all is. */
static void compare(const struct yaml_node *expect, const struct policy_decision *d,
		    const struct event_alert *e, char *dst, size_t size)
{
	const char *policy = text_of(expect, "policy"), *action = text_of(expect, "action");
	const char *refused = text_of(expect, "refused"), *ttl = text_of(expect, "ttl");
	const char *name = d->rule ? d->rule->name : "none";
	const char *done = d->rule ? policy_action_name(d->action) : "none";
	const char *against = d->rule && d->action >= POLICY_RATE_LIMIT ? policy_gate(d, e) : NULL;
	uint64_t ttl_s = 0;
	dst[0] = '\0';
	if (policy && strcmp(policy, name) != 0)
		(void)snprintf(dst, size, "policy %s decides, not %s", name, policy);
	else if (action && strcmp(action, done) != 0)
		(void)snprintf(dst, size, "the action is %s, not %s", done, action);
	else if (ttl && (str_parse_duration(ttl, &ttl_s) != 0 || ttl_s != d->ttl_s))
		(void)snprintf(dst, size, "the time to live is %u s, not %s", d->ttl_s, ttl);
	else if (refused && (!against || !strstr(against, refused)))
		(void)snprintf(dst, size, "it is %s, not refused because of '%s'",
			       against ? against : "asked for", refused);
	else if (!refused && against)
		(void)snprintf(dst, size, "%s, which the case does not expect", against);
}

static bool check_keys(struct run *r, const struct yaml_node *map, const char *const *names,
		       size_t count, const char *what)
{
	for (const struct yaml_node *k = map->first; k; k = k->next) {
		bool found = false;
		for (size_t i = 0; i < count && !found; i++)
			found = strcmp(names[i], k->key) == 0;
		if (!found) {
			yaml_why(k, r->why, r->why_size, "'%.60s' is no key of %s", k->key, what);
			return false;
		}
	}
	return true;
}

/* The one thing that a case is about; NULL: nothing, or several. */
static const char *about_of(const struct yaml_node *n)
{
	static const char *const names[] = { "alert", "flow", "usage" };
	const char *found = NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!yaml_get(n, names[i]))
			continue;
		if (found)
			return NULL;
		found = names[i];
	}
	return found;
}

static bool run_case(struct run *r, const struct yaml_node *n)
{
	static const char *const keys[] = { "name", "before", "alert", "flow", "usage", "expect" };
	static const char *const wanted[] = { "policy", "action", "ttl", "refused" };
	const struct yaml_node *expect = n->type == YAML_MAP ? yaml_get(n, "expect") : NULL;
	const char *name = n->type == YAML_MAP ? text_of(n, "name") : NULL;
	struct policy_decision d;
	struct buf text;
	char wrong[400];
	const char *about = n->type == YAML_MAP ? about_of(n) : NULL;
	if (!name || !about || !expect || expect->type != YAML_MAP) {
		yaml_why(n, r->why, r->why_size,
			 "a case is a map with 'name', one of 'alert', 'flow' and 'usage', and "
			 "'expect' {policy, action}");
		return false;
	}
	if (!check_keys(r, n, keys, sizeof(keys) / sizeof(keys[0]), "a case") ||
	    !check_keys(r, expect, wanted, sizeof(wanted) / sizeof(wanted[0]), "'expect'"))
		return false;
	r->memory = policy_memory_new(64);
	const struct event_alert *e = r->memory && before(r, yaml_get(n, "before")) ?
					      read_alert(r, yaml_get(n, about), about, NULL) :
					      NULL;
	if (e) {
		policy_decide(r->policy, r->memory, e, &d);
		compare(expect, &d, e, wrong, sizeof(wrong));
		r->c->count++;
		r->c->wrong += wrong[0] != '\0';
		if (wrong[0])
			(void)fprintf(r->c->out, "%s:%u: %s: %s\n", n->file, n->line, name, wrong);
		buf_init(&text, 4096);
		policy_explain(&d, e, &text);
		if (r->c->is_explained || wrong[0])
			(void)fprintf(r->c->out, "%s\n  %s", wrong[0] ? "  decided was" : name,
				      text.data ? text.data : "\n");
		buf_deinit(&text);
	}
	policy_memory_free(r->memory);
	return e != NULL;
}

/* --- files ---------------------------------------------------------------------------------- */

/* Those of the command line, else what `policy` of the file names, from its folder. */
static int load_policies(struct run *r, const struct yaml_node *top, const char *path)
{
	const struct yaml_node *named = yaml_get(top, "policy");
	char folder[PATH_MAX], whole[PATH_MAX];
	const char *one = whole;
	if (r->c->policy_count)
		return policy_load(r->c->policies, r->c->policy_count, "UTC", &r->policy, r->why,
				   r->why_size);
	if (!named || named->type != YAML_SCALAR || !named->text[0]) {
		yaml_why(top, r->why, r->why_size,
			 "no policies: name their file as 'policy', or give -p FILE");
		return -EXF_E_INVALID;
	}
	(void)snprintf(folder, sizeof(folder), "%s", path);
	if (named->text[0] == '/')
		one = named->text;
	else if ((size_t)snprintf(whole, sizeof(whole), "%.2000s/%.2000s", dirname(folder),
				  named->text) >= sizeof(whole))
		return -EXF_E_INVALID;
	FILE *there = fopen(one, "re"); /* a missing file is none for policy_load */
	if (!there) {
		yaml_why(named, r->why, r->why_size, "%.300s cannot be read", one);
		return -EXF_E_IO;
	}
	(void)fclose(there);
	return policy_load(&one, 1, "UTC", &r->policy, r->why, r->why_size);
}

static int run_all(struct run *r, const struct yaml_node *top)
{
	static const char *const keys[] = { "policy", "cases" };
	const struct yaml_node *cases = yaml_get(top, "cases");
	unsigned count = 0;
	if (!check_keys(r, top, keys, 2, "a file of cases"))
		return -EXF_E_INVALID;
	if (!cases || cases->type != YAML_LIST || !cases->first) {
		yaml_why(cases ? cases : top, r->why, r->why_size, "'cases' is a list of cases");
		return -EXF_E_INVALID;
	}
	for (const struct yaml_node *k = cases->first; k; k = k->next) {
		if (++count > CASES_MAX) {
			yaml_why(k, r->why, r->why_size, "more than %d cases", CASES_MAX);
			return -EXF_E_LIMIT;
		}
		if (!run_case(r, k))
			return -EXF_E_INVALID;
	}
	return 0;
}

static void print_coverage(const struct run *r)
{
	(void)fprintf(r->c->out, "%-32s %6s %8s %8s\n", "POLICY", "HELD", "DECIDED", "SHADOWED");
	for (size_t i = 0; i < policy_count(r->policy); i++) {
		const struct policy_rule *p = policy_rule_at(r->policy, i);
		(void)fprintf(r->c->out, "%-32.32s %6llu %8llu %8llu%s\n", p->name,
			      (unsigned long long)p->held, (unsigned long long)p->decided,
			      (unsigned long long)p->shadowed,
			      !p->held    ? "  never held" :
			      !p->decided ? "  always shadowed: an earlier policy decides" :
					    "");
	}
}

static int run_file(struct policy_cases *c, const char *path, bool is_covered, char *why,
		    size_t size)
{
	struct run r = { .c = c, .why = why, .why_size = size };
	struct yaml *y = NULL;
	int err = yaml_load(path, &y, why, size);
	if (err)
		return err;
	const struct yaml_node *top = yaml_root(y);
	buf_init(&r.line, LINE_MAX_BYTES);
	r.log = event_log_new();
	if (!top || top->type != YAML_MAP) {
		(void)snprintf(why, size, "%.500s:1:1: a file of cases is a map with 'cases'",
			       path);
		err = -EXF_E_INVALID;
	}
	if (!err)
		err = r.log ? load_policies(&r, top, path) : -EXF_E_NOMEM;
	if (!err)
		err = run_all(&r, top);
	if (!err && is_covered)
		print_coverage(&r);
	policy_free(r.policy);
	event_log_free(r.log);
	buf_deinit(&r.line);
	yaml_free(y);
	return err;
}

int policy_cases_run(struct policy_cases *c, const char *path, char *why, size_t size)
{
	return run_file(c, path, false, why, size);
}

int policy_cases_cover(struct policy_cases *c, const char *path, char *why, size_t size)
{
	return run_file(c, path, true, why, size);
}
