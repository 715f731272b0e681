/*
 * signature/item.c - one item of a search: a field, its modifiers, its values.
 *
 * Modifiers are applied from left to right (specification 2.1, "Value Modifiers").  What all values
 * of a list look for becomes one predicate; with `all`, one for each.
 */
#include "item.h"

#include <ctype.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"

#define VALUES_MAX 65536

/* What rules in circulation ask for that no packet tells; "": nothing is known of the name. */
static const char *whose_it_is(const char *name)
{
	static const struct {
		const char *names, *whose;
	} known[] = {
		{ "|Image|ParentImage|CommandLine|ParentCommandLine|ProcessId|ProcessName|User|"
		  "OriginalFileName|TargetFilename|ImageLoaded|TargetObject|Hashes|ComputerName|"
		  "Computer|IntegrityLevel|LogonId|process.name|process.executable|user.name|",
		  ": the computer knows it, not the network" },
		{ "|cs-body|RequestBody|request_body|http.request.body.content|post_data|",
		  ": bodies of requests are not kept" },
		{ "|cs-username|", ": who logs in is told apart from requests" },
	};
	char asked[130];
	(void)snprintf(asked, sizeof(asked), "|%.120s|", name);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(known[i].names, asked))
			return known[i].whose;
	return "";
}

static bool map_field(struct item *it, const char *name, struct source_field *ret)
{
	struct compile *c = it->c;
	struct buf known;
	if (source_field(c->source, name, ret)) {
		c->has_asked |= ret->is_asked;
		return true;
	}
	c->is_unmapped = true;
	c->missing = name;
	buf_init(&known, 300);
	source_names(c->source, &known);
	refuse(c, it->node, "the field '%.60s' is not seen in %s events%s; seen are %s", name,
	       event_kind_name(c->source->kind), whose_it_is(name),
	       known.len ? known.data : "none");
	buf_deinit(&known);
	return false;
}

/* --- nodes ---------------------------------------------------------------------------------- */

static struct node *test_node(struct item *it, const struct test *t)
{
	struct signatures *s = it->c->s;
	if (!vec_room(&s->tests, &s->test_vec, sizeof(*s->tests)))
		return NULL;
	struct node *n = node_new(it->c, NODE_TEST);
	if (!n)
		return NULL;
	n->index = (uint32_t)s->test_vec.count;
	n->part = it->said;
	s->tests[s->test_vec.count++] = *t;
	return n;
}

static struct node *predicate_node(struct item *it, uint32_t predicate)
{
	struct node *n = predicate == NONE ? NULL : node_new(it->c, NODE_PREDICATE);
	if (n) {
		n->index = predicate;
		n->part = it->said;
	}
	return n;
}

static bool parse_number(const char *text, double *ret)
{
	char *end;
	if (!*text || strlen(text) > 40)
		return false;
	*ret = strtod(text, &end);
	return *end == '\0' && isfinite(*ret);
}

static void weigh(struct signatures *s, uint32_t predicate, uint32_t weight)
{
	struct predicate *p = &s->predicates[predicate];
	if (weight < p->weight)
		p->weight = weight;
}

/* --- one value ------------------------------------------------------------------------------ */

static bool add_expression(struct item *it, const struct yaml_node *at, const char *text,
			   unsigned flags, bool must_check, uint32_t predicate)
{
	char why[200], place[400];
	struct column *column = &it->c->s->columns[it->column];
	column->has_begins |= strchr(text, '^') != NULL;
	const char *wrong = must_check ? expression_check(text, flags, why, sizeof(why)) : NULL;
	if (wrong)
		return refuse(it->c, at, "'%.80s': %s", it->node->key, wrong);
	(void)snprintf(place, sizeof(place), "%.300s:%u:%u", at->file, at->line, at->column);
	struct expression x = { .text = text,
				.place = arena_strdup(&it->c->s->memory, place),
				.flags = flags,
				.predicate = predicate,
				.is_regular = it->kind == MATCH_RE };
	return x.place && column_add_expression(it->c->s, it->column, &x);
}

/* A whole value, without wildcards. */
static bool add_whole(struct item *it, const struct sig_text *t, uint32_t predicate)
{
	struct signatures *s = it->c->s;
	enum column_type type = s->columns[it->column].type;
	const char *bytes = text_bytes(&s->memory, t);
	struct prefix net;
	double number;
	if (!bytes)
		return false;
	if (type == COLUMN_NUMBER && parse_number(bytes, &number)) {
		weigh(s, predicate, 3);
		return column_add_number(s, it->column, number, predicate);
	}
	if (type == COLUMN_IP && !strchr(bytes, '/') && prefix_parse(bytes, &net) == 0)
		return column_add_net(s, it->column, &net, predicate);
	return text_set_add(&s->columns[it->column].exacts, bytes, t->len, it->is_cased, predicate);
}

/* One '*' at one end, and none elsewhere: a beginning or an end. */
static bool add_affix(struct item *it, const struct sig_text *t, uint32_t predicate, bool *ret_is)
{
	struct signatures *s = it->c->s;
	struct sig_text inner = *t;
	bool front = t->len > 1 && t->c[0] == TEXT_STAR;
	bool behind = t->len > 1 && t->c[t->len - 1] == TEXT_STAR;
	inner.c += front;
	inner.len -= (uint32_t)front + behind;
	*ret_is = front != behind && text_is_plain(&inner);
	if (!*ret_is)
		return true;
	struct column *c = &s->columns[it->column];
	const char *bytes = text_bytes(&s->memory, &inner);
	return bytes && text_set_add(front ? &c->suffixes : &c->prefixes, bytes, inner.len,
				     it->is_cased, predicate);
}

static bool add_text(struct item *it, const struct yaml_node *at, const struct sig_text *value,
		     uint32_t predicate)
{
	struct signatures *s = it->c->s;
	struct sig_text t = *value;
	bool inner, is_affix;
	if (!text_surround(&s->memory, &t, it->front, it->behind))
		return false;
	weigh(s, predicate, text_longest(&t));
	if (text_is_plain(&t))
		return add_whole(it, &t, predicate);
	if (!add_affix(it, &t, predicate, &is_affix))
		return false;
	if (is_affix)
		return true;
	const char *expression = text_expression(&s->memory, &t, &inner);
	if (!expression)
		return false;
	if (text_longest(&t) == 0 && !inner) /* '*': whatever is there */
		expression = ".*";
	return add_expression(it, at, expression,
			      HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY |
				      (it->is_cased ? 0 : HS_FLAG_CASELESS),
			      inner, predicate);
}

static bool add_changed(struct item *it, const struct yaml_node *at, const struct sig_text *t,
			unsigned step, uint32_t predicate)
{
	const char *why;
	size_t count;
	if (step == it->change_count)
		return add_text(it, at, t, predicate);
	struct sig_text *more = text_change(&it->c->s->memory, t, it->changes[step], &count, &why);
	if (!more)
		return why ? refuse(it->c, at, "'%.80s': %s", it->node->key, why) : false;
	for (size_t i = 0; i < count; i++)
		if (!add_changed(it, at, &more[i], step + 1, predicate))
			return false;
	return true;
}

static bool add_net(struct item *it, const struct yaml_node *at, const char *text,
		    uint32_t predicate)
{
	struct prefix p;
	if (prefix_parse(text, &p) != 0)
		return refuse(it->c, at, "'%.80s': '%.60s' is no network", it->node->key, text);
	weigh(it->c->s, predicate, p.bits / 24u);
	return column_add_net(it->c->s, it->column, &p, predicate);
}

/* In the logs that the field's name is of (W3C extended) a blank of an agent is '+', on the wire it
 * is a blank: a value without blanks may mean either. */
static void take_log_blanks(const struct item *it, struct sig_text *t)
{
	if (strcmp(it->field, "cs-user-agent") != 0)
		return;
	for (uint32_t i = 0; i < t->len; i++)
		if (t->c[i] == ' ')
			return;
	for (uint32_t i = 0; i < t->len; i++)
		if (t->c[i] == '+')
			t->c[i] = TEXT_ANY;
}

static bool add_value(struct item *it, const struct yaml_node *at, const char *text,
		      uint32_t predicate)
{
	struct sig_text t;
	if (strlen(text) > (it->kind == MATCH_RE ? EXPRESSION_MAX : TEXT_MAX))
		return refuse(it->c, at, "'%.80s': the value is longer than %d characters",
			      it->node->key, it->kind == MATCH_RE ? EXPRESSION_MAX : TEXT_MAX);
	if (it->kind == MATCH_CIDR)
		return add_net(it, at, text, predicate);
	if (it->kind == MATCH_RE) {
		weigh(it->c->s, predicate, 4);
		return add_expression(it, at, text,
				      it->re_flags | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY, true,
				      predicate);
	}
	if (!text_parse(&it->c->s->memory, text, &t))
		return false;
	take_log_blanks(it, &t);
	return add_changed(it, at, &t, 0, predicate);
}

static struct node *compare_node(struct item *it, const struct yaml_node *at, const char *text)
{
	struct test t = { .kind = TEST_COMPARE,
			  .column = it->column,
			  .compare = it->compare,
			  .part = it->part };
	if (!parse_number(text, &t.number)) {
		refuse(it->c, at, "'%.80s': '%.40s' is no number", it->node->key, text);
		return NULL;
	}
	if (it->part && it->c->s->columns[it->column].field->type != FIELD_TIME) {
		refuse(it->c, at, "'%.80s': the field is no time", it->node->key);
		return NULL;
	}
	return test_node(it, &t);
}

static struct node *ref_node(struct item *it, const struct yaml_node *at, const char *name)
{
	struct source_field other;
	struct test t = { .kind = TEST_SAME,
			  .column = it->column,
			  .front = it->front,
			  .behind = it->behind,
			  .is_cased = it->is_cased };
	(void)at;
	if (!map_field(it, name, &other))
		return NULL;
	t.other = column_for(it->c->s, it->c->source, &other);
	return t.other == NONE ? NULL : test_node(it, &t);
}

static struct node *not_node(struct item *it, struct node *inner)
{
	struct node *n = inner ? node_new(it->c, NODE_NOT) : NULL;
	if (n) {
		node_add_child(n, inner);
		n->part = it->said;
	}
	return n;
}

static struct node *exists_node(struct item *it, const struct yaml_node *at, const char *text)
{
	struct test t = { .kind = TEST_ABSENT, .column = it->column };
	bool is_true = strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0;
	if (!is_true && strcasecmp(text, "false") != 0 && strcasecmp(text, "no") != 0) {
		refuse(it->c, at, "'%.80s': 'exists' wants true or false", it->node->key);
		return NULL;
	}
	struct node *absent = test_node(it, &t);
	return is_true ? not_node(it, absent) : absent;
}

static bool is_null(const struct yaml_node *n)
{
	return !n->is_quoted &&
	       (!n->text[0] || strcmp(n->text, "null") == 0 || strcmp(n->text, "~") == 0 ||
		strcmp(n->text, "Null") == 0 || strcmp(n->text, "NULL") == 0);
}

/*
 * '*', and one byte that is no letter within a text: most values have it, so as a predicate it
 * would be found in each, and no value could be remembered as one that matches nothing.
 */
static bool is_in_most(const struct item *it, const struct yaml_node *v)
{
	const char *text = v->text;
	if (it->kind != MATCH_TEXT || it->change_count || it->is_cased)
		return false;
	if (strcmp(text, "*") == 0)
		return true;
	return it->front && it->behind && text[0] && !text[1] && !strchr("*?\\", text[0]) &&
	       !isalpha((unsigned char)text[0]);
}

static struct node *most_node(struct item *it, const struct yaml_node *v)
{
	struct test t = { .kind = TEST_ABSENT, .column = it->column };
	if (v->text[0] == '*')
		return not_node(it, test_node(it, &t));
	t.kind = TEST_HAS;
	t.has = v->text[0];
	return test_node(it, &t);
}

/* What is no predicate: absent, empty, compared with a number or another field; NULL with
 * *ret_is_value: a value like any. */
static struct node *special_node(struct item *it, const struct yaml_node *v, bool *ret_is_value)
{
	struct test t = { .kind = is_null(v) ? TEST_ABSENT : TEST_EMPTY, .column = it->column };
	*ret_is_value = false;
	if (it->kind == MATCH_COMPARE)
		return compare_node(it, v, v->text);
	if (it->kind == MATCH_REF)
		return ref_node(it, v, v->text);
	if (it->kind == MATCH_EXISTS)
		return exists_node(it, v, v->text);
	bool is_plain = it->kind == MATCH_TEXT && !it->front && !it->behind;
	if (is_plain && (is_null(v) || !v->text[0]))
		return test_node(it, &t);
	if (is_in_most(it, v))
		return most_node(it, v);
	*ret_is_value = true;
	return NULL;
}

/* --- lists ---------------------------------------------------------------------------------- */

struct values {
	struct item *it;
	struct node *any;   /* what the list comes to */
	uint32_t predicate; /* of all values that are plain; NONE: not yet */
	unsigned count;
};

static bool take_value(struct values *l, const struct yaml_node *v);

static bool take_placeholder(struct values *l, const struct yaml_node *v)
{
	struct item *it = l->it;
	struct signatures *s = it->c->s;
	size_t len = strlen(v->text);
	if (len < 3 || v->text[0] != '%' || v->text[len - 1] != '%')
		return refuse(it->c, v, "'%.80s': 'expand' wants a %%name%% alone, not '%.40s'",
			      it->node->key, v->text);
	for (size_t i = 0; i < s->placeholder_vec.count; i++) {
		const struct placeholder *p = &s->placeholders[i];
		if (strlen(p->name) != len - 2 || strncmp(p->name, v->text + 1, len - 2) != 0)
			continue;
		bool ok = true;
		it->is_expanded = false;
		for (const struct yaml_node *k = p->values->first; ok && k; k = k->next)
			ok = take_value(l, k);
		it->is_expanded = true;
		return ok;
	}
	return refuse(it->c, v, "the list %.60s is not given: a document with 'placeholders' does",
		      v->text);
}

static bool take_value(struct values *l, const struct yaml_node *v)
{
	struct item *it = l->it;
	bool is_value;
	if (v->type != YAML_SCALAR)
		return refuse(it->c, v, "'%.80s': a value must be text or a number", it->node->key);
	if (++l->count > VALUES_MAX)
		return refuse(it->c, v, "'%.80s': more than %d values", it->node->key, VALUES_MAX);
	if (it->is_expanded)
		return take_placeholder(l, v);
	struct node *n = special_node(it, v, &is_value);
	if (!n && !is_value)
		return false;
	if (n) {
		node_add_child(l->any, n);
		return true;
	}
	if (l->predicate == NONE || it->all) {
		l->predicate = predicate_new(it->c->s, it->column);
		n = predicate_node(it, l->predicate);
		if (!n)
			return false;
		node_add_child(l->any, n);
	}
	return add_value(it, v, v->text, l->predicate);
}

static const struct part *part_of(struct compile *c, const struct yaml_node *item)
{
	struct part *p = arena_alloc(&c->s->memory, sizeof(*p));
	struct buf text;
	if (!p)
		return NULL;
	buf_init(&text, 60);
	if (item->type == YAML_SCALAR)
		buf_str(&text, item->text);
	for (const struct yaml_node *k = item->type == YAML_LIST ? item->first : NULL; k;
	     k = k->next)
		if (k->type == YAML_SCALAR)
			buf_printf(&text, "%s%s", text.len ? ", " : "", k->text);
	p->search = arena_strdup(&c->s->memory, c->search ? c->search : "");
	p->field = arena_strdup(&c->s->memory, item->key ? item->key : "keywords");
	p->text = arena_strndup(&c->s->memory, text.data ? text.data : "", text.len);
	p->line = item->line;
	buf_deinit(&text);
	return p->search && p->field && p->text ? p : NULL;
}

static struct node *negated(struct item *it, struct node *n)
{
	struct node *not = n ? node_new(it->c, NODE_NOT) : NULL;
	if (not )
		node_add_child(not, n);
	return not ;
}

/* --- constants ------------------------------------------------------------------------------- */

/* Is the text one of those that the constant is? */
static bool is_of_constant(const struct item *it, const char *constant, const char *text)
{
	char pattern[TEXT_MAX + 3], one[80];
	(void)snprintf(pattern, sizeof(pattern), "%s%.4000s%s", it->front ? "*" : "", text,
		       it->behind ? "*" : "");
	for (const char *p = constant; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
		(void)snprintf(one, sizeof(one), "%.*s", (int)strcspn(p, ","), p);
		if (fnmatch(pattern, one, FNM_CASEFOLD) == 0)
			return true;
	}
	return false;
}

/* What never is: an `action` that is no letting through, for one. */
static void mark_never(struct item *it, struct node *n)
{
	const char *constant = it->c->s->columns[it->column].constant;
	const struct yaml_node *item = it->node;
	const struct yaml_node *v = item->type == YAML_LIST ? item->first : item;
	if (!constant || it->kind != MATCH_TEXT || it->change_count || it->is_expanded)
		return;
	for (; v; v = item->type == YAML_LIST ? v->next : NULL)
		if (is_null(v) || is_of_constant(it, constant, v->text))
			return;
	n->is_never = true;
	if (!it->c->never[0])
		yaml_why(item, it->c->never, sizeof(it->c->never),
			 "it can never match: here '%.60s' is always '%.*s', and the rule asks for "
			 "'%.80s'",
			 it->field, (int)strcspn(constant, ","), constant, it->said->text);
}

struct node *item_tree(struct compile *c, const struct yaml_node *node)
{
	struct item it = { .c = c, .node = node };
	if (node->key[0] == '|' || !node->key[0]) {
		if (strcmp(node->key, "|all") == 0)
			return keywords_tree(c, node, true);
		refuse(c, node, "'%.80s': keywords take no modifier but 'all'", node->key);
		return NULL;
	}
	if (!item_read_key(&it) || !map_field(&it, it.field, &it.source))
		return NULL;
	it.column = column_for(c->s, c->source, &it.source);
	it.said = part_of(c, node);
	struct values l = { .it = &it,
			    .predicate = NONE,
			    .any = node_new(c, it.all ? NODE_AND : NODE_OR) };
	if (it.column == NONE || !it.said || !l.any)
		return NULL;
	if (node->type == YAML_MAP) {
		refuse(c, node, "'%.80s': expected a value or a list", node->key);
		return NULL;
	}
	bool ok = true;
	if (node->type == YAML_SCALAR)
		ok = take_value(&l, node);
	else if (!node->first)
		ok = refuse(c, node, "'%.80s': the list is empty", node->key);
	for (const struct yaml_node *k = node->type == YAML_LIST ? node->first : NULL; ok && k;
	     k = k->next)
		ok = take_value(&l, k);
	if (!ok)
		return NULL;
	mark_never(&it, l.any);
	return it.is_not ? negated(&it, l.any) : l.any;
}

/* --- keywords: anywhere in an event's texts -------------------------------------------------- */

static bool add_keyword(struct item *it, const struct yaml_node *at, uint32_t predicate,
			bool is_paired)
{
	struct signatures *s = it->c->s;
	enum event_kind kind = it->c->source->kind;
	for (const struct event_field *f = event_fields(kind); f->name; f++) {
		struct source_field plain = { .names = f->name,
					      .field = f->name,
					      .is_paired = is_paired };
		struct sig_text t;
		if (f->type != FIELD_STR)
			continue;
		it->column = column_for(s, it->c->source, &plain);
		if (it->column == NONE || !text_parse(&s->memory, at->text, &t))
			return false;
		s->columns[it->column].is_eager = true; /* a predicate of no column wakes by it */
		if (!add_text(it, at, &t, predicate))
			return false;
	}
	return true;
}

struct node *keywords_tree(struct compile *c, const struct yaml_node *list, bool all)
{
	struct item it = { .c = c, .node = list, .front = true, .behind = true };
	struct yaml_node named = *list;
	named.key = "keywords";
	it.node = &named;
	it.said = part_of(c, &named);
	struct node *n = node_new(c, all ? NODE_AND : NODE_OR);
	uint32_t predicate = NONE;
	const struct yaml_node *first = list->type == YAML_SCALAR ? list : list->first;
	if (!it.said || !n)
		return NULL;
	if (!first || list->type == YAML_MAP) {
		refuse(c, list, "the search '%.60s' is empty, or no list", c->search);
		return NULL;
	}
	for (const struct yaml_node *k = first; k; k = list->type == YAML_SCALAR ? NULL : k->next) {
		if (k->type != YAML_SCALAR || !k->text[0] || strlen(k->text) > TEXT_MAX) {
			refuse(c, k, "a keyword must be text");
			return NULL;
		}
		if (predicate == NONE || all) {
			predicate = predicate_new(c->s, NONE);
			struct node *child = predicate_node(&it, predicate);
			if (!child)
				return NULL;
			node_add_child(n, child);
		}
		/* of a response: also in the request that it answers */
		if (!add_keyword(&it, k, predicate, false) ||
		    (source_is_paired(c->source) && !add_keyword(&it, k, predicate, true)))
			return NULL;
	}
	return n;
}
