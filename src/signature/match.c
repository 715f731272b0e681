/*
 * signature/match.c - one event against all rules.
 *
 * Of a kind's columns only those are read whose predicates wake somebody.  A value that has matched
 * nothing is remembered by its hash, so that the same name or agent is searched once.  What has
 * been woken is judged in the order of the rules.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "private.h"

static uint64_t clock_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void fire(struct signatures *s, uint32_t predicate)
{
	struct predicate *p = &s->predicates[predicate];
	s->fires++; /* also when another column has said it before: this value is not a quiet one */
	if (p->serial == s->serial)
		return;
	p->serial = s->serial;
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t instance = s->wakes[p->first + i];
		if (s->instances[instance].serial != s->serial) {
			s->instances[instance].serial = s->serial;
			s->woken[s->woken_count++] = instance;
		}
	}
}

static int on_expression(unsigned id, unsigned long long from, unsigned long long to,
			 unsigned flags, void *arg)
{
	(void)from;
	(void)to;
	(void)flags;
	fire(arg, id);
	return 0;
}

static bool is_same(const uint8_t *text, const struct exact *x)
{
	if (x->is_cased)
		return memcmp(text, x->text, x->len) == 0;
	for (uint32_t i = 0; i < x->len; i++) {
		uint8_t a = text[i], b = (uint8_t)x->text[i];
		a = a >= 'A' && a <= 'Z' ? a | 0x20 : a;
		b = b >= 'A' && b <= 'Z' ? b | 0x20 : b;
		if (a != b)
			return false;
	}
	return true;
}

static void look_up(struct signatures *s, const struct text_set *set, uint64_t hash,
		    const uint8_t *text, size_t len)
{
	for (uint32_t i = set->buckets[hash & set->bucket_mask]; i != NONE; i = set->list[i].next) {
		const struct exact *x = &set->list[i];
		if (x->hash == hash && x->len == len && is_same(text, x))
			fire(s, x->predicate);
	}
}

static void match_whole(struct signatures *s, const struct text_set *set, const uint8_t *text,
			size_t len)
{
	uint64_t h = FOLD_SEED;
	if (!(set->length_bits >> length_bit(len) & 1) || !sieve_passes(set, text, len, false))
		return;
	for (size_t i = 0; i < len; i++)
		h = fold_add(h, text[i]);
	look_up(s, set, fold_end(h), text, len);
}

/* Texts of the set that the value begins with or, from_end, ends with. */
static void match_affix(struct signatures *s, const struct text_set *set, const uint8_t *text,
			size_t len, bool from_end)
{
	uint64_t h = FOLD_SEED;
	size_t at = 0;
	if (!sieve_passes(set, text, len, from_end))
		return;
	for (size_t i = 0; i < set->length_count && set->lengths[i] <= len; i++) {
		for (; at < set->lengths[i]; at++)
			h = fold_add(h, text[from_end ? len - 1 - at : at]);
		look_up(s, set, fold_end(h), from_end ? text + len - at : text, at);
	}
}

static void match_number(struct signatures *s, const struct column *c)
{
	size_t low = 0, high = c->number_vec.count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (c->numbers[mid].value < c->v.number)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < c->number_vec.count && !(c->numbers[low].value > c->v.number); low++)
		fire(s, c->numbers[low].predicate);
}

static void match_net(struct signatures *s, const struct column *c, const struct ipaddr *a)
{
	size_t from = 0;
	for (unsigned i = 0; i < c->net_bit_count; i++) {
		size_t to = from;
		while (to < c->net_vec.count && c->nets[to].prefix.bits == c->net_bits[i])
			to++;
		size_t low = from, high = to;
		struct prefix p = { *a, c->net_bits[i] };
		while (low < high) {
			size_t mid = low + (high - low) / 2;
			const struct prefix *m = &c->nets[mid].prefix;
			if (!prefix_contains(m, &p.addr) && ipaddr_cmp(&m->addr, a) < 0)
				low = mid + 1;
			else
				high = mid;
		}
		for (; low < to && prefix_contains(&c->nets[low].prefix, a); low++)
			fire(s, c->nets[low].predicate);
		from = to;
	}
}

static void match_text_net(struct signatures *s, const struct column *c, const uint8_t *text,
			   size_t len)
{
	char copy[IPADDR_TEXT_MAX];
	struct ipaddr a;
	if (len >= sizeof(copy))
		return;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (ipaddr_parse(copy, &a) == 0)
		match_net(s, c, &a);
}

static void match_texts(struct signatures *s, struct column *c)
{
	const uint8_t *text;
	size_t at = 0, len;
	value_print(c);
	for (bool is_first = true; value_element(c, &c->v, &at, &text, &len); is_first = false) {
		if (c->exacts.vec.count)
			match_whole(s, &c->exacts, text, len);
		if (c->prefixes.vec.count)
			match_affix(s, &c->prefixes, text, len, false);
		if (c->suffixes.vec.count)
			match_affix(s, &c->suffixes, text, len, true);
		if (c->net_vec.count && !c->v.has_ip)
			match_text_net(s, c, text, len);
		/* what stands within an end of a text stands within the text */
		if (c->expression_vec.count && (is_first || c->is_list || c->has_begins))
			column_scan(s, c, text, len, on_expression);
	}
}

/* The place where a value that matched nothing is remembered; NULL: it has no hash. */
static uint64_t *quiet_place(struct signatures *s, const struct column *c, uint64_t *ret_key)
{
	if (!c->v.hash || !s->quiet)
		return NULL;
	uint64_t column = (uint64_t)(c - s->columns) + 1;
	*ret_key = c->v.hash ^ column * 0x9e3779b97f4a7c15ull ^ (uint64_t)c->v.len << 48;
	return &s->quiet[*ret_key % QUIET_VALUES];
}

static void match_column(struct signatures *s, struct column *c, const struct event *e)
{
	uint64_t key, before = s->fires;
	if (c->read_serial != s->serial) {
		c->read_serial = s->serial;
		value_read(s, c, e);
	}
	c->matched_serial = s->serial;
	if (!c->v.has)
		return;
	uint64_t *quiet = quiet_place(s, c, &key);
	if (quiet && *quiet == key)
		return;
	uint64_t began = s->is_measured ? clock_ns() : 0;
	if (c->number_vec.count && c->v.has_number)
		match_number(s, c);
	if (c->net_vec.count && c->v.has_ip)
		match_net(s, c, &c->v.ip);
	if (c->has_texts || (c->net_vec.count && !c->v.has_ip))
		match_texts(s, c);
	if (quiet && s->fires == before)
		*quiet = key;
	if (s->is_measured) {
		c->scans++;
		c->ns += clock_ns() - began;
	}
}

struct column *column_read(struct signatures *s, uint32_t column, const struct event *e)
{
	struct column *c = &s->columns[column];
	if (c->read_serial != s->serial) {
		c->read_serial = s->serial;
		value_read(s, c, e);
	}
	return c;
}

bool predicate_holds(struct signatures *s, uint32_t predicate, const struct event *e)
{
	const struct predicate *p = &s->predicates[predicate];
	if (p->serial != s->serial && p->column != NONE &&
	    s->columns[p->column].matched_serial != s->serial)
		match_column(s, &s->columns[p->column], e);
	return p->serial == s->serial;
}

bool instance_holds(struct signatures *s, const struct instance *i, const struct event *e)
{
	uint32_t counts[CODE_DEPTH] = { 0 };
	unsigned depth = 0;
	bool r = false;
	for (uint32_t at = 0; at < i->code_len; at++) {
		const struct insn *n = &s->code[i->code + at];
		switch ((enum op)n->op) {
		case OP_PREDICATE:
			r = predicate_holds(s, n->arg, e);
			break;
		case OP_TEST:
			r = test_holds(s, &s->tests[n->arg], e);
			break;
		case OP_NOT:
			r = !r;
			break;
		case OP_IF_FALSE:
			at = r ? at : n->arg - 1;
			break;
		case OP_IF_TRUE:
			at = r ? n->arg - 1 : at;
			break;
		case OP_PUSH:
			if (depth < CODE_DEPTH)
				counts[depth++] = 0;
			break;
		case OP_COUNT:
			if (depth)
				counts[depth - 1] += r;
			break;
		case OP_POP:
			r = depth && counts[--depth] >= n->arg;
			break;
		}
	}
	return r;
}

static void judge(struct signatures *s, uint32_t index, const struct event *e)
{
	const struct instance *i = &s->instances[index];
	struct rule *rule = &s->rules[i->rule];
	if (!guard_allows(i->guard_offset, i->allowed, e))
		return;
	uint64_t began = s->is_measured ? clock_ns() : 0;
	bool holds = instance_holds(s, i, e);
	if (s->is_measured) {
		rule->cost.evaluations++;
		rule->cost.own_ns += clock_ns() - began;
		rule->cost.hits += holds;
	}
	if (!holds)
		return;
	if (!rule->about.is_silent) {
		struct signature_hit hit = { .rule = &rule->about, .event = e, .has_peer = true };
		explain_parts(s, i, e, &hit);
		s->hit(s->arg, &hit);
	}
	if (rule->correlation_vec.count)
		correlate(s, i->rule, index, e);
}

/* --- requests that wait for their responses --------------------------------------------------- */

struct request {
	uint64_t flow;
	uint64_t time_ns;
	uint8_t event[1536];
};

static void keep_request(struct signatures *s, const struct event *e)
{
	bool is_new;
	struct request *r = e->flow ? table_get(&s->requests, &e->flow, &is_new) : NULL;
	if (!r)
		return;
	r->time_ns = e->time_ns;
	if (e->size <= sizeof(r->event))
		memcpy(r->event, e, e->size);
	else
		table_remove(&s->requests, r);
}

static void find_request(struct signatures *s, const struct event *e)
{
	const struct request *r = e->flow ? table_find(&s->requests, &e->flow) : NULL;
	s->request = r ? (const struct event *)(const void *)r->event : NULL;
}

static void pair(struct signatures *s, const struct event *e)
{
	const struct event_http *h = (const struct event_http *)(const void *)e;
	s->request = NULL;
	if (h->is_response)
		find_request(s, e);
	else
		keep_request(s, e);
}

bool requests_begin(struct signatures *s)
{
	struct table_config config = { .capacity = 4096,
				       .entry_size = sizeof(struct request),
				       .key_size = sizeof(uint64_t),
				       .key = hash_key_fixed };
	s->has_requests = table_init(&s->requests, &config) == 0;
	return s->has_requests;
}

/* --- one event ------------------------------------------------------------------------------ */

static int index_cmp(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

void signatures_event(struct signatures *s, const struct event *e, signature_hit_fn hit, void *arg)
{
	const struct kind_plan *plan = &s->kinds[e->kind];
	s->serial++;
	s->woken_count = 0;
	s->hit = hit;
	s->arg = arg;
	if (e->kind == EVENT_HTTP && s->has_requests)
		pair(s, e);
	for (size_t i = 0; i < plan->eager_vec.count; i++) {
		struct column *c = &s->columns[plan->eager[i]];
		if (c->matched_serial != s->serial && guard_allows(c->guard_offset, c->allowed, e))
			match_column(s, c, e);
	}
	for (size_t i = 0; i < plan->always_vec.count; i++)
		s->woken[s->woken_count++] = plan->always[i];
	if (s->woken_count > 1)
		qsort(s->woken, s->woken_count, sizeof(*s->woken), index_cmp);
	/* judging may search more columns; nobody is woken by those */
	size_t count = s->woken_count;
	for (size_t i = 0; i < count; i++)
		judge(s, s->woken[i], e);
}
