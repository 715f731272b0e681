/*
 * signature/load.c - files and folders to documents, documents to a set.
 *
 * Problems are kept, and everything without one loads.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "private.h"

#define DEPTH_MAX    16
#define FILE_MAX     ((size_t)4 << 20)
#define DIGEST_PRIME 0x100000001b3ull

void problem_text(struct signatures *s, const char *text)
{
	s->problem_count++;
	if (s->problem_vec.count == SIGNATURE_PROBLEMS ||
	    !vec_room(&s->problems, &s->problem_vec, sizeof(*s->problems)))
		return;
	char *copy = arena_strdup(&s->memory, text);
	if (copy)
		s->problems[s->problem_vec.count++] = copy;
}

void problem(struct signatures *s, const struct yaml_node *at, const char *fmt, ...)
{
	char text[400], why[768];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	yaml_why(at, why, sizeof(why), "%s", text);
	problem_text(s, why);
}

/* --- documents ------------------------------------------------------------------------------ */

static bool add_filter(struct signatures *s, const struct yaml_node *doc)
{
	const struct yaml_node *f = yaml_get(doc, "filter");
	if (f->type != YAML_MAP || !yaml_get(f, "rules") || !yaml_get(f, "condition")) {
		problem(s, f, "'filter' needs 'rules' and a 'condition'");
		return true;
	}
	if (!vec_room(&s->filters, &s->filter_vec, sizeof(*s->filters)))
		return false;
	struct filter *filter = &s->filters[s->filter_vec.count++];
	filter->document = doc;
	logsource_of(doc, &filter->product, &filter->category, &filter->service);
	return true;
}

static bool add_placeholders(struct signatures *s, const struct yaml_node *map)
{
	if (map->type != YAML_MAP) {
		problem(s, map, "'placeholders' must be a map of lists");
		return true;
	}
	for (const struct yaml_node *k = map->first; k; k = k->next) {
		if (k->type != YAML_LIST || !k->first) {
			problem(s, k, "the placeholder '%.60s' needs a list of values", k->key);
			continue;
		}
		if (!vec_room(&s->placeholders, &s->placeholder_vec, sizeof(*s->placeholders)))
			return false;
		s->placeholders[s->placeholder_vec.count++] = (struct placeholder){ k->key, k };
	}
	return true;
}

/* Alerts, connections and usage: no events, but what the analysis makes of them. */
static bool is_seen_by_policies(const struct rule *r)
{
	return r->product && r->category && !r->service && strcmp(r->product, "exfild") == 0 &&
	       (strcmp(r->category, "alert") == 0 || strcmp(r->category, "flow") == 0 ||
		strcmp(r->category, "usage") == 0);
}

/* What makes a policy is in policies, and there only.  False: a problem was said. */
static bool is_in_its_place(struct signatures *s, const struct yaml_node *doc, const struct rule *r)
{
	const struct yaml_node *block = yaml_get(doc, s->block ? s->block->key : "exfild");
	const struct yaml_node *logsource = yaml_get(doc, "logsource");
	bool is_of_policies = is_seen_by_policies(r);
	const struct yaml_node *correlation = yaml_get(doc, "correlation");
	char why[768];
	if (!s->block && block)
		problem(s, block,
			"an 'exfild' block makes a policy of the rule: put it into a file of "
			"policy.files");
	else if (!s->block && is_of_policies)
		problem(s, logsource,
			"rules over alerts, flows and usage are policies: put the rule into a file "
			"of policy.files, with an 'exfild' block");
	else if (s->block && correlation)
		problem(s, correlation,
			"a policy is no correlation: its block can have 'escalate' "
			"and 'require' instead");
	else if (s->block && !is_of_policies)
		problem(s, logsource ? logsource : doc,
			"a policy looks at alerts, flows or usage: write 'logsource: {product: "
			"exfild, category: alert}', or flow, or usage");
	else if (s->block && !block)
		problem(s, doc,
			"the policy '%.80s' lacks its '%s' block: say there what is to be "
			"done",
			r->about.title, s->block->key);
	else if (s->block &&
		 !s->block->read(s->block->arg, r->about.number, block, why, sizeof(why)))
		problem_text(s, why);
	else
		return true;
	return false;
}

static bool append_rule(struct signatures *s, struct rule *r)
{
	if (!vec_room(&s->rules, &s->rule_vec, sizeof(*s->rules)))
		return false;
	r->about.number = (uint32_t)s->rule_vec.count;
	if (r->correlation != NONE)
		s->correlations[r->correlation].rule = (uint32_t)s->rule_vec.count;
	s->rules[s->rule_vec.count++] = *r;
	return true;
}

/* The correlation that the rule is, then what it counts, which has the same name. */
static bool add_counting(struct signatures *s, const struct yaml_node *detection, struct rule *r)
{
	struct correlation c;
	if (!aggregate_read(s, detection, &c)) { /* kept, so that its log source is counted */
		r->is_broken = true;
		r->about.why = s->problem_vec.count ? s->problems[s->problem_vec.count - 1] : "";
		return append_rule(s, r);
	}
	if (!vec_room(&s->correlations, &s->correlation_vec, sizeof(*s->correlations)))
		return false;
	c.members[c.member_count++] = (uint32_t)s->rule_vec.count + 1;
	struct rule counted = *r;
	r->about.is_correlation = true;
	r->correlation = (uint32_t)s->correlation_vec.count;
	s->correlations[s->correlation_vec.count++] = c;
	counted.is_counted = true;
	counted.about.is_part = counted.about.is_silent = true;
	return append_rule(s, r) && append_rule(s, &counted);
}

static bool add_rule(struct signatures *s, const struct yaml_node *doc)
{
	const struct yaml_node *detection = yaml_get(doc, "detection");
	const struct yaml_node *correlation = yaml_get(doc, "correlation");
	struct rule r;
	if (s->rule_vec.count >= SIGNATURE_RULES - 1) {
		problem(s, doc, "more than %d rules", SIGNATURE_RULES);
		return true;
	}
	if (!rule_read(s, doc, &r) || !is_in_its_place(s, doc, &r))
		return true;
	if (!correlation && (!detection || detection->type != YAML_MAP)) {
		problem(s, detection ? detection : doc, "the rule needs a 'detection' map");
		return true;
	}
	if (!correlation && !yaml_get(doc, "logsource")) {
		problem(s, doc, "the rule needs a 'logsource'");
		return true;
	}
	if (!correlation && !s->block && aggregate_is(detection))
		return add_counting(s, detection, &r);
	if (correlation && !correlation_read(s, correlation, &r))
		return true;
	return append_rule(s, &r);
}

static bool add_document(struct signatures *s, const struct yaml_node *doc)
{
	if (doc->type == YAML_SCALAR && !doc->text[0])
		return true;
	if (doc->type != YAML_MAP) {
		problem(s, doc, "a rule is a map");
		return true;
	}
	const struct yaml_node *placeholders = yaml_get(doc, "placeholders");
	if (placeholders)
		return add_placeholders(s, placeholders);
	return yaml_get(doc, "filter") ? add_filter(s, doc) : add_rule(s, doc);
}

static bool add_text(struct signatures *s, const char *name, const char *text, size_t len)
{
	struct yaml *y = NULL;
	char why[700];
	for (size_t i = 0; i < len; i++)
		s->digest = (s->digest ^ (uint8_t)text[i]) * DIGEST_PRIME;
	s->digest = (s->digest ^ len) * DIGEST_PRIME;
	if (yaml_parse_all(name, text, len, &y, why, sizeof(why)) != 0) {
		problem_text(s, why);
		return true;
	}
	if (!vec_room(&s->files, &s->file_vec, sizeof(struct yaml *))) {
		yaml_free(y);
		return false;
	}
	s->files[s->file_vec.count++] = y;
	for (const struct yaml_node *doc = yaml_root(y); doc; doc = doc->next)
		if (!add_document(s, doc))
			return false;
	return true;
}

/* --- files ---------------------------------------------------------------------------------- */

static void file_problem(struct signatures *s, const char *path, const char *what)
{
	char text[700];
	(void)snprintf(text, sizeof(text), "%.500s: %s", path, what);
	problem_text(s, text);
}

static bool add_file(struct signatures *s, const char *path)
{
	FILE *in = fopen(path, "re");
	if (!in) {
		file_problem(s, path, strerror(errno));
		return true;
	}
	char *text = malloc(FILE_MAX + 1);
	size_t len = text ? fread(text, 1, FILE_MAX + 1, in) : 0;
	bool is_bad = ferror(in) != 0, ok = text != NULL;
	(void)fclose(in);
	if (is_bad || len > FILE_MAX)
		file_problem(s, path, is_bad ? "cannot be read" : "larger than 4 MiB");
	else if (ok)
		ok = add_text(s, path, text, len);
	free(text);
	return ok;
}

static bool is_yaml(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0);
}

static bool add_path(struct signatures *s, const char *path, unsigned depth, bool is_named);

static bool add_folder(struct signatures *s, const char *path, unsigned depth)
{
	struct dirent **list = NULL;
	int count = scandir(path, &list, NULL, alphasort);
	bool ok = true;
	if (count < 0) {
		file_problem(s, path, strerror(errno));
		return true;
	}
	for (int i = 0; i < count; i++) {
		char child[4096];
		int n = snprintf(child, sizeof(child), "%s/%s", path, list[i]->d_name);
		if (ok && list[i]->d_name[0] != '.' && n > 0 && (size_t)n < sizeof(child))
			ok = add_path(s, child, depth + 1, false);
		free(list[i]);
	}
	free(list);
	return ok;
}

static bool add_path(struct signatures *s, const char *path, unsigned depth, bool is_named)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return true;
	if (S_ISDIR(st.st_mode) && depth == DEPTH_MAX) {
		file_problem(s, path, "folders lie deeper than 16 levels");
		return true;
	}
	if (S_ISDIR(st.st_mode))
		return add_folder(s, path, depth);
	return S_ISREG(st.st_mode) && (is_named || is_yaml(path)) ? add_file(s, path) : true;
}

/* --- the set -------------------------------------------------------------------------------- */

static struct signatures *set_new(const struct signature_block *block)
{
	struct signatures *s = calloc(1, sizeof(*s));
	if (s) {
		s->digest = 0xcbf29ce484222325ull;
		s->block = block;
	}
	return s;
}

static void forget_documents(struct signatures *s)
{
	for (size_t i = 0; i < s->rule_vec.count; i++) {
		struct rule *r = &s->rules[i];
		r->document = NULL;
		r->product = r->category = r->service = NULL;
	}
	for (size_t i = 0; i < s->file_vec.count; i++)
		yaml_free(s->files[i]);
	free(s->files);
	free(s->filters);
	free(s->placeholders);
	s->files = NULL;
	s->filters = NULL;
	s->placeholders = NULL;
	s->file_vec = s->filter_vec = s->placeholder_vec = (struct vec){ 0 };
}

static int set_finish(struct signatures *s, bool ok, struct signatures **ret)
{
	ok = ok && build(s);
	s->block = NULL;
	forget_documents(s);
	if (!ok) {
		signatures_free(s);
		return -EXF_E_NOMEM;
	}
	*ret = s;
	return 0;
}

int signatures_load(const char *const *paths, size_t count, struct signatures **ret)
{
	return signatures_load_policies(paths, count, NULL, ret);
}

int signatures_load_policies(const char *const *paths, size_t count,
			     const struct signature_block *block, struct signatures **ret)
{
	struct signatures *s = set_new(block);
	bool ok = s != NULL;
	for (size_t i = 0; ok && i < count; i++)
		ok = add_path(s, paths[i], 0, true);
	return s ? set_finish(s, ok, ret) : -EXF_E_NOMEM;
}

int signatures_parse(const char *name, const void *text, size_t len, struct signatures **ret)
{
	return signatures_parse_policies(name, text, len, NULL, ret);
}

int signatures_parse_policies(const char *name, const void *text, size_t len,
			      const struct signature_block *block, struct signatures **ret)
{
	struct signatures *s = set_new(block);
	return s ? set_finish(s, add_text(s, name, text, len), ret) : -EXF_E_NOMEM;
}

void signatures_free(struct signatures *s)
{
	if (!s)
		return;
	forget_documents(s);
	for (size_t i = 0; i < s->rule_vec.count; i++) {
		free(s->rules[i].instances);
		free(s->rules[i].correlations);
	}
	for (size_t i = 0; i < s->column_vec.count; i++)
		column_deinit(&s->columns[i]);
	for (size_t i = 0; i < s->correlation_vec.count; i++) {
		free(s->correlations[i].links);
		if (s->correlations[i].has_table)
			table_deinit(&s->correlations[i].table);
	}
	for (unsigned i = 0; i < EVENT__COUNT + 1; i++) {
		free(s->kinds[i].eager);
		free(s->kinds[i].always);
	}
	if (s->has_requests)
		table_deinit(&s->requests);
	(void)hs_free_scratch(s->scratch);
	free(s->rules);
	free(s->instances);
	free(s->columns);
	free(s->predicates);
	free(s->tests);
	free(s->code);
	free(s->wakes);
	free(s->woken);
	free(s->quiet);
	free(s->correlations);
	free(s->problems);
	arena_free(&s->memory);
	free(s);
}

size_t signatures_count(const struct signatures *s)
{
	return s->rule_vec.count;
}

const struct signature_rule *signatures_rule(const struct signatures *s, size_t i)
{
	return &s->rules[i].about;
}

size_t signatures_problem_count(const struct signatures *s)
{
	return s->problem_count;
}

const char *signatures_problem(const struct signatures *s, size_t i)
{
	return i < s->problem_vec.count ? s->problems[i] : "";
}

uint64_t signatures_digest(const struct signatures *s)
{
	return s->digest;
}

bool signatures_reads(const struct signatures *s, enum event_kind kind, const char *field)
{
	for (size_t i = 0; i < s->column_vec.count; i++) {
		const struct column *c = &s->columns[i];
		if (c->kind == kind && c->field && strcmp(c->field->name, field) == 0)
			return true;
	}
	return false;
}

uint64_t signatures_wants(const struct signatures *s)
{
	return s->wants;
}
