/*
 * control/usage_compare.c - two periods of the same length, side by side.
 *
 * Both are read whole, joined by their keys, and sorted by how much more (or less) it is.
 * Limits: COMPARE_MAX groups in each; more is refused, with what to do.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/base/json.h"
#include "exfild/base/str.h"
#include "client_parts.h"
#include "usage.h"

#define COMPARE_MAX 200000u
#define KEYS_MAX    (64u << 20)
#define JSON_MAX    (256u << 20)

struct pair {
	uint32_t key; /* where its keys stand, one after the other, each with its NUL */
	uint64_t up[2], down[2];
};

struct compared {
	const struct usage_query *q;
	unsigned key_count;
	unsigned period; /* that is read: 0 before, 1 now */
	struct buf keys;
	struct pair *pairs;
	size_t count, sorted; /* sorted: those of before, by key */
	bool is_full;
};

/* The keys of a row; false: there is no room. */
static bool put_keys(struct compared *c, const struct usage_answer *a, size_t *ret_at)
{
	*ret_at = c->keys.len;
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++)
		if (a->key[dim])
			buf_add(&c->keys, a->key[dim], strlen(a->key[dim]) + 1);
	return !c->keys.full;
}

static int compare_keys(const struct compared *c, const char *a, const char *b)
{
	for (unsigned i = 0; i < c->key_count; i++) {
		int r = strcmp(a, b);
		if (r)
			return r;
		a += strlen(a) + 1;
		b += strlen(b) + 1;
	}
	return 0;
}

static int by_key(const void *a, const void *b, void *arg)
{
	const struct compared *c = arg;
	return compare_keys(c, c->keys.data + ((const struct pair *)a)->key,
			    c->keys.data + ((const struct pair *)b)->key);
}

static struct pair *find(const struct compared *c, size_t key)
{
	size_t low = 0, high = c->sorted;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int r = compare_keys(c, c->keys.data + c->pairs[middle].key, c->keys.data + key);
		if (r == 0)
			return &c->pairs[middle];
		if (r < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool take(void *arg, const struct usage_answer *a)
{
	struct compared *c = arg;
	size_t key;
	if (c->count == 2 * (size_t)COMPARE_MAX || !put_keys(c, a, &key)) {
		c->is_full = true;
		return false;
	}
	struct pair *p = c->period ? find(c, key) : NULL;
	if (!p) {
		p = &c->pairs[c->count++];
		*p = (struct pair){ .key = (uint32_t)key };
	}
	p->up[c->period] = a->counts.up;
	p->down[c->period] = a->counts.down;
	return true;
}

static uint64_t change(const struct pair *p)
{
	uint64_t before = p->up[0] + p->down[0], now = p->up[1] + p->down[1];
	return before > now ? before - now : now - before;
}

static int by_change(const void *a, const void *b, void *arg)
{
	uint64_t x = change(a), y = change(b);
	return x > y ? -1 : x < y ? 1 : by_key(a, b, arg);
}

/* ---- showing ---- */

static void percent(char *dst, size_t size, uint64_t before, uint64_t now)
{
	if (!before)
		(void)snprintf(dst, size, "%s", now ? "new" : "-");
	else if (!now)
		(void)snprintf(dst, size, "gone");
	else
		(void)snprintf(dst, size, "%+.0f%%", ((double)now / (double)before - 1) * 100);
}

static void show_table(const struct compared *c, const struct pair *p, FILE *out)
{
	char text[4][32], more[32];
	const char *key = c->keys.data + p->key;
	for (unsigned i = 0; i < c->key_count; i++, key += strlen(key) + 1) {
		view_text(out, *key ? key : "-", 28);
		(void)fputc(' ', out);
	}
	percent(more, sizeof(more), p->up[0], p->up[1]);
	(void)fprintf(out, "%10s %10s %7s %10s %10s\n", str_bytes(text[0], 32, (double)p->up[0]),
		      str_bytes(text[1], 32, (double)p->up[1]), more,
		      str_bytes(text[2], 32, (double)p->down[0]),
		      str_bytes(text[3], 32, (double)p->down[1]));
}

static void show_csv(const struct compared *c, const struct pair *p, FILE *out)
{
	const char *key = c->keys.data + p->key;
	for (unsigned i = 0; i < c->key_count; i++, key += strlen(key) + 1) {
		usage_csv_text(out, key);
		(void)fputc(',', out);
	}
	(void)fprintf(out, "%llu,%llu,%llu,%llu\n", (unsigned long long)p->up[0],
		      (unsigned long long)p->up[1], (unsigned long long)p->down[0],
		      (unsigned long long)p->down[1]);
}

static void put_json(const struct compared *c, const struct pair *p, struct json *j)
{
	const char *key = c->keys.data + p->key;
	json_open_object(j, NULL);
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++) {
		if (!(c->q->by & 1u << dim))
			continue;
		json_string(j, usage_dim_name((enum usage_dim)dim), key);
		key += strlen(key) + 1;
	}
	json_uint(j, "up_before", p->up[0]);
	json_uint(j, "up", p->up[1]);
	json_uint(j, "down_before", p->down[0]);
	json_uint(j, "down", p->down[1]);
	json_close_object(j);
}

static void show_head(const struct compared *c, const struct usage_asked *a, FILE *out)
{
	char text[3][32];
	bool is_csv = a->form == USAGE_CSV;
	if (!is_csv)
		(void)fprintf(out, "before: %s to %s; now: to %s UTC\n",
			      usage_time_text(text[0], 32, a->before_s),
			      usage_time_text(text[1], 32, a->query.since_s),
			      usage_time_text(text[2], 32, a->query.until_s));
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++)
		if (c->q->by & 1u << dim)
			(void)fprintf(out, is_csv ? "%s," : "%-28s ",
				      usage_dim_name((enum usage_dim)dim));
	if (is_csv)
		(void)fputs("up_before,up,down_before,down\n", out);
	else
		(void)fprintf(out, "%10s %10s %7s %10s %10s\n", "UP BEFORE", "UP", "CHANGE",
			      "DOWN BEF.", "DOWN");
}

static void show_json(const struct compared *c, const struct usage_asked *a, size_t most, FILE *out)
{
	struct buf line;
	buf_init(&line, JSON_MAX);
	struct json j = json_make(&line);
	json_open_object(&j, NULL);
	json_time(&j, "before", a->before_s * 1000000000u);
	json_time(&j, "since", a->query.since_s * 1000000000u);
	json_time(&j, "until", a->query.until_s * 1000000000u);
	json_open_array(&j, "rows");
	for (size_t i = 0; i < most; i++)
		put_json(c, &c->pairs[i], &j);
	json_close_array(&j);
	json_close_object(&j);
	(void)fprintf(out, "%s\n", line.data);
	buf_deinit(&line);
}

static void show(const struct compared *c, const struct usage_asked *a, FILE *out)
{
	size_t most = c->q->limit && c->q->limit < c->count ? c->q->limit : c->count;
	if (a->form == USAGE_JSON) {
		show_json(c, a, most, out);
		return;
	}
	show_head(c, a, out);
	for (size_t i = 0; i < most; i++)
		if (a->form == USAGE_CSV)
			show_csv(c, &c->pairs[i], out);
		else
			show_table(c, &c->pairs[i], out);
}

/* ---- asking ---- */

static int read_both(struct usage_db *db, const struct usage_asked *a, struct compared *c,
		     char *why, size_t size)
{
	struct usage_query q = a->query;
	q.limit = 0;
	q.order = USAGE_ORDER_KEY;
	q.since_s = a->before_s;
	q.until_s = a->query.since_s;
	int err = usage_db_query(db, &q, take, c, why, size);
	if (err)
		return err;
	qsort_r(c->pairs, c->count, sizeof(*c->pairs), by_key, c);
	c->sorted = c->count;
	c->period = 1;
	q.since_s = a->query.since_s;
	q.until_s = a->query.until_s;
	err = usage_db_query(db, &q, take, c, why, size);
	if (!err && c->is_full) {
		(void)snprintf(why, size,
			       "more than %u groups to compare: choose some with a filter, or "
			       "group by less",
			       COMPARE_MAX);
		err = -EXF_E_LIMIT;
	}
	return err;
}

int usage_compare(struct usage_db *db, const struct usage_asked *a, FILE *out, char *why,
		  size_t size)
{
	struct compared c = { .q = &a->query };
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++)
		c.key_count += c.q->by >> dim & 1;
	buf_init(&c.keys, KEYS_MAX);
	c.pairs = calloc(2 * (size_t)COMPARE_MAX, sizeof(*c.pairs));
	int err = -EXF_E_NOMEM;
	if (!c.pairs)
		(void)snprintf(why, size, "memory is exhausted");
	else
		err = read_both(db, a, &c, why, size);
	if (!err) {
		qsort_r(c.pairs, c.count, sizeof(*c.pairs), by_change, &c);
		show(&c, a, out);
	}
	free(c.pairs);
	buf_deinit(&c.keys);
	return err;
}
