/*
 * store/usage_names.c - see usage_names.h.
 */
#include "usage_names.h"

#include <stdlib.h>
#include <string.h>

struct known_name {    /* entry */
	uint64_t hash; /* key */
	int64_t id;
	uint32_t turn, at; /* it waits in that turn, at that place of its list */
};

static const struct {
	const char *find, *put, *last;
	unsigned keys;       /* texts that it is told apart by */
	bool has_key_number; /* and by its number */
	bool is_seen;        /* when it was seen is written each time */
} kinds[NAME__COUNT] = {
	[NAME_ZONE] = { "SELECT id FROM zone WHERE name = ?1",
			"INSERT INTO zone(id, name) SELECT id, a FROM feed_names",
			"SELECT max(id) FROM zone", 1, false, false },
	[NAME_HOST] = { "SELECT id FROM host WHERE address = ?1 AND user = ?2 AND zone = ?5",
			"INSERT INTO host(id, zone, address, user, name, first, last) SELECT id, "
			"number, a, b, c, first, last FROM feed_names WHERE true ON CONFLICT(id) DO "
			"UPDATE SET first = min(first, excluded.first), last = max(last, "
			"excluded.last), name = CASE WHEN length(excluded.name) > 0 THEN "
			"excluded.name ELSE name END",
			"SELECT max(id) FROM host", 2, true, true },
	[NAME_SERVICE] = { "SELECT id FROM service WHERE name = ?1 AND tenant = ?2",
			   "INSERT INTO service(id, name, tenant, title, category, sanction, risk, "
			   "first, last) SELECT id, a, b, c, d, number, risk, first, last FROM "
			   "feed_names WHERE true ON CONFLICT(id) DO UPDATE SET first = min(first, "
			   "excluded.first), last = max(last, excluded.last), title = "
			   "excluded.title, category = excluded.category, sanction = "
			   "excluded.sanction, risk = excluded.risk",
			   "SELECT max(id) FROM service", 2, false, true },
	[NAME_PLACE] = { "SELECT id FROM place WHERE country = ?1 AND network = ?2 AND tls = ?3",
			 "INSERT INTO place(id, country, network, tls) SELECT id, a, b, c FROM "
			 "feed_names",
			 "SELECT max(id) FROM place", 3, false, false },
};

/* ---- what is written, as a table ---- */

#define COLUMNS "CREATE TABLE feed_names(id, number, risk, first, last, a, b, c, d)"
#define NUMBERS 5 /* columns before the texts */

static bool step_names(void *arg, bool is_first)
{
	struct usage_names *n = arg;
	n->row = is_first ? 0 : n->row + 1;
	return n->row < n->waiting[n->at].count;
}

int usage_name_len(const char *text)
{
	size_t len = strnlen(text, USAGE_TEXT_MAX + 1);
	if (len <= USAGE_TEXT_MAX)
		return (int)len;
	len = USAGE_TEXT_MAX;
	while (len > USAGE_TEXT_MAX - 3 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return (int)len;
}

static void name_cell(void *arg, int column, sqlite3_context *to)
{
	const struct usage_names *n = arg;
	const struct usage_name *name = &n->waiting[n->at].list[n->row];
	const uint64_t numbers[NUMBERS] = { (uint64_t)name->id, name->number, name->risk,
					    name->first_ns, name->last_ns };
	if (column < NUMBERS) {
		sqlite3_result_int64(to, usage_sqlite_number(numbers[column]));
		return;
	}
	const char *text = name->text[column - NUMBERS];
	if (text)
		sqlite3_result_text(to, text, usage_name_len(text), SQLITE_STATIC);
}

/* ---- life ---- */

static int make_known(struct usage_names *n)
{
	const struct table_config config = { .capacity = NAMES_MAX,
					     .entry_size = sizeof(struct known_name),
					     .key_size = sizeof(uint64_t),
					     .key = n->key };
	table_deinit(&n->known);
	return table_init(&n->known, &config) ? SQLITE_NOMEM : SQLITE_OK;
}

int usage_names_open(struct usage_names *n, sqlite3 *db)
{
	memset(n, 0, sizeof(*n));
	n->key = hash_key_random();
	n->feed = (struct usage_feed){ .columns = COLUMNS,
				       .step = step_names,
				       .cell = name_cell,
				       .arg = n };
	int code = make_known(n);
	if (code == SQLITE_OK)
		code = usage_feed_register(db, "feed_names", &n->feed);
	n->has_all = true;
	n->turn = 1;
	for (unsigned i = 0; i < NAME__COUNT && code == SQLITE_OK; i++) {
		code = sqlite3_prepare_v3(db, kinds[i].find, -1, SQLITE_PREPARE_PERSISTENT,
					  &n->find[i], NULL);
		if (code == SQLITE_OK)
			code = sqlite3_prepare_v3(db, kinds[i].put, -1, SQLITE_PREPARE_PERSISTENT,
						  &n->put[i], NULL);
		n->last_id[i] = (int64_t)usage_number(db, kinds[i].last);
		n->has_all = n->has_all && !n->last_id[i];
	}
	return code;
}

void usage_names_close(struct usage_names *n)
{
	for (unsigned i = 0; i < NAME__COUNT; i++) {
		(void)sqlite3_finalize(n->find[i]);
		(void)sqlite3_finalize(n->put[i]);
		free(n->waiting[i].list);
	}
	table_deinit(&n->known);
	memset(n, 0, sizeof(*n));
}

static void let_wait_none(struct usage_names *n)
{
	for (unsigned i = 0; i < NAME__COUNT; i++)
		n->waiting[i].count = 0;
	n->turn++;
}

int usage_names_forget(struct usage_names *n)
{
	let_wait_none(n);
	n->has_all = false;
	return make_known(n);
}

int usage_names_begin(struct usage_names *n, uint32_t rows)
{
	return n->known.stats.entries + NAME__COUNT * rows > NAMES_MAX ? usage_names_forget(n) :
									 SQLITE_OK;
}

/* ---- finding ---- */

static uint64_t hash_of(const struct usage_names *n, enum name_kind kind,
			const struct usage_name *what)
{
	uint64_t hash = hash_mix(n->key.k[0], kind);
	if (kinds[kind].has_key_number)
		hash = hash_mix(hash, what->number);
	for (unsigned i = 0; i < kinds[kind].keys; i++)
		hash = hash_mix(hash, hash_bytes(&n->key, what->text[i],
						 (size_t)usage_name_len(what->text[i])));
	return hash;
}

/* 0: it is not there. */
static int look_up(struct usage_names *n, enum name_kind kind, const struct usage_name *what,
		   int64_t *ret)
{
	sqlite3_stmt *st = n->find[kind];
	*ret = 0;
	for (unsigned i = 0; i < kinds[kind].keys; i++)
		(void)sqlite3_bind_text(st, (int)i + 1, what->text[i],
					usage_name_len(what->text[i]), SQLITE_STATIC);
	if (kinds[kind].has_key_number)
		(void)sqlite3_bind_int64(st, NAME_TEXTS + 1, usage_sqlite_number(what->number));
	int code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int64(st, 0);
	int end = sqlite3_reset(st);
	return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : end;
}

/* In the list of its kind; the place there is in the entry. */
static int let_wait(struct usage_names *n, enum name_kind kind, const struct usage_name *what,
		    struct known_name *k)
{
	struct name_list *l = &n->waiting[kind];
	if (l->count == l->room) {
		uint32_t room = l->room ? l->room * 2 : 64;
		struct usage_name *more = realloc(l->list, room * sizeof(*more));
		if (!more)
			return SQLITE_NOMEM;
		l->list = more;
		l->room = room;
	}
	k->turn = n->turn;
	k->at = l->count;
	l->list[l->count] = *what;
	l->list[l->count++].id = k->id;
	return SQLITE_OK;
}

static void merge(struct usage_name *to, const struct usage_name *from)
{
	const char *text = to->text[2];
	uint64_t first = to->first_ns, last = to->last_ns;
	int64_t id = to->id;
	*to = *from; /* the newest word on what it is called */
	to->id = id;
	to->first_ns = first < from->first_ns ? first : from->first_ns;
	to->last_ns = last > from->last_ns ? last : from->last_ns;
	if (text && (!to->text[2] || !*to->text[2]))
		to->text[2] = text;
}

int usage_names_find(struct usage_names *n, enum name_kind kind, const struct usage_name *what,
		     int64_t *ret_id)
{
	const uint64_t hash = hash_of(n, kind, what);
	bool is_new, is_unwritten = false;
	int code = SQLITE_OK;
	struct known_name *k = table_get(&n->known, &hash, &is_new);
	if (!k)
		return SQLITE_NOMEM;
	if (is_new) {
		if (!n->has_all)
			code = look_up(n, kind, what, &k->id);
		if (code != SQLITE_OK)
			return code;
		is_unwritten = !k->id;
		if (is_unwritten)
			k->id = ++n->last_id[kind];
	}
	*ret_id = k->id;
	if (k->turn != n->turn)
		return is_unwritten || kinds[kind].is_seen ? let_wait(n, kind, what, k) : SQLITE_OK;
	merge(&n->waiting[kind].list[k->at], what);
	return SQLITE_OK;
}

int usage_names_write(struct usage_names *n)
{
	int code = SQLITE_OK;
	for (unsigned i = 0; i < NAME__COUNT && code == SQLITE_OK; i++) {
		n->at = (enum name_kind)i;
		if (!n->waiting[i].count)
			continue;
		code = sqlite3_step(n->put[i]);
		int end = sqlite3_reset(n->put[i]);
		code = code == SQLITE_DONE ? SQLITE_OK : end;
	}
	let_wait_none(n);
	return code;
}
