/*
 * unit/store/test_usage_fresh.c - rows that wait in the usage database for their tables: they are
 * answered as if they were in them, go there when a day is over or there are too many, and what is
 * damaged is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/store/usage_db.h"

#define DAY_S   86400ull
#define START_S (20000 * DAY_S)

struct bench {
	char folder[64], path[80], why[512];
	struct usage_writer *writer;
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	assert_non_null(b);
	(void)snprintf(b->folder, sizeof(b->folder), "/tmp/exfild-fresh-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	(void)snprintf(b->path, sizeof(b->path), "%s/usage.db", b->folder);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	char command[96];
	usage_writer_close(b->writer);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", b->folder);
	assert_int_equal(system(command), 0);
	free(b);
	return 0;
}

static void open_writer(struct bench *b, uint32_t keep_days)
{
	const struct usage_writer_options o = { .path = b->path,
						.max_bytes = 64u << 20,
						.keep_days = keep_days };
	usage_writer_close(b->writer);
	b->writer = NULL;
	if (usage_writer_open(&o, &b->writer, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
}

struct texts {
	const char *host, *name, *service, *title;
};

static void put(struct bench *b, uint64_t hour_s, const struct texts *t, uint64_t up)
{
	const struct usage_host host = { "office", t->host, "", t->name };
	const struct usage_service service = { t->service, t->title,           "storage",
					       "",         USAGE_UNSANCTIONED, USAGE_RISK_MEDIUM };
	const struct usage_place place = { "DE", "", "TLS 1.3" };
	const struct usage_row row = {
		.hour_s = hour_s,
		.host = &host,
		.service = &service,
		.place = &place,
		.direction = USAGE_OUT,
		.counts = { .up = up,
			    .opaque = up,
			    .flows = 1,
			    .first_ns = hour_s * 1000000000u + 1000,
			    .last_ns = hour_s * 1000000000u + 5000 },
	};
	assert_true(usage_writer_add(b->writer, &row));
}

static void commit(struct bench *b)
{
	assert_true(usage_writer_commit(b->writer));
	assert_true(usage_writer_wait(b->writer));
}

static uint64_t number(struct bench *b, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	uint64_t n = usage_number(db, sql);
	(void)sqlite3_close(db);
	return n;
}

static void change(struct bench *b, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

struct answers {
	char text[1u << 16];
	size_t len;
	uint64_t up;
};

static bool add_answer(void *arg, const struct usage_answer *a)
{
	struct answers *to = arg;
	for (unsigned i = 0; i < USAGE_BY__COUNT; i++)
		to->len += (size_t)snprintf(to->text + to->len, sizeof(to->text) - to->len, "%s|",
					    a->key[i] ? a->key[i] : "");
	to->len += (size_t)snprintf(
		to->text + to->len, sizeof(to->text) - to->len, "%s|%s|%llu|%llu|%llu|%llu\n",
		a->title, a->name, (unsigned long long)a->counts.up,
		(unsigned long long)a->counts.flows, (unsigned long long)a->counts.first_ns / 1000,
		(unsigned long long)a->seen_ns);
	to->up += a->counts.up;
	return to->len < sizeof(to->text) - 4096;
}

static int ask(struct bench *b, const struct usage_query *q, struct answers *ret)
{
	struct usage_db *db;
	if (usage_db_open(b->path, &db, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
	int err = usage_db_query(db, q, add_answer, ret, b->why, sizeof(b->why));
	usage_db_close(db);
	return err;
}

/* Of each grouping, filtered and not, in some ranges. */
static void ask_all(struct bench *b, struct answers *ret)
{
	static const uint32_t by[] = { 0,
				       BY(HOST) | BY(SERVICE),
				       BY(HOUR) | BY(HOST),
				       BY(DAY) | BY(SERVICE),
				       BY(ZONE) | BY(CATEGORY),
				       BY(RISK) | BY(SANCTION) | BY(COUNTRY) | BY(TLS) };
	static const struct usage_filter filters[] = { { USAGE_BY_HOST, "10.1.1.*", false },
						       { USAGE_BY_SERVICE, "a.example", true },
						       { USAGE_BY_RISK, "medium", false },
						       { USAGE_BY_ZONE, "office", false } };
	static const uint64_t since[] = { 0, START_S + 7200, START_S + DAY_S };
	*ret = (struct answers){ .len = 0 };
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++)
		for (size_t f = 0; f < sizeof(filters) / sizeof(filters[0]); f++)
			for (size_t s = 0; s < sizeof(since) / sizeof(since[0]); s++) {
				const struct usage_query q = { .by = by[i],
							       .filters = { filters[f] },
							       .filter_count = 1,
							       .since_s = since[s],
							       .limit = i % 2 ? 3 : 0 };
				assert_int_equal(ask(b, &q, ret), 0);
			}
}

static void put_hours(struct bench *b, unsigned count)
{
	char host[32], long_name[200];
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	for (unsigned hour = 0; hour < count; hour++) {
		for (unsigned i = 0; i < 9; i++) {
			(void)snprintf(host, sizeof(host), "10.1.%u.%u", i % 2, i % 5);
			const struct texts t = { host, hour % 2 ? "" : "pc",
						 i % 3 ? "a.example" :
						 i     ? "dropbox" :
							 long_name,
						 hour > 3 ? "Renamed" : "First" };
			put(b, START_S + hour * 3600, &t, 10 + i + hour);
		}
		commit(b);
	}
}

/* What waits is answered as it is when it stands in its tables. */
static void waiting_rows_are_answered_as_others(void **state)
{
	static struct answers waiting, after;
	struct bench *b = *state;
	const struct texts late = { "10.9.9.9", "", "other", "" };
	open_writer(b, UINT32_MAX);
	put_hours(b, 30);
	assert_int_equal(number(b, "SELECT sum(count) FROM fresh"), 30 * 9);
	assert_int_equal(number(b, "SELECT count(*) FROM host"), 0);
	ask_all(b, &waiting);
	assert_true(waiting.up > 0);
	/* one more, of a time that no question is of, and more than waits */
	for (unsigned i = 0; i < USAGE_PORTION; i++)
		put(b, START_S - 9 * DAY_S, &late, 0);
	commit(b);
	assert_int_equal(number(b, "SELECT count(*) FROM fresh"), 0);
	assert_true(number(b, "SELECT count(*) FROM hour") > 0);
	open_writer(b, UINT32_MAX);
	static const struct usage_query q = { .by = BY(HOST) | BY(SERVICE),
					      .since_s = START_S,
					      .order = USAGE_ORDER_KEY };
	after = (struct answers){ .len = 0 };
	assert_int_equal(ask(b, &q, &after), 0);
	assert_int_equal(after.up, 30 * (9 * 10 + 36) + 9 * (29 * 30 / 2));
	assert_non_null(strstr(after.text, "Renamed"));
	assert_non_null(strstr(waiting.text, "Renamed"));
	assert_null(strstr(waiting.text, "First"));
}

/* Each hour into its tables at once, by a network that is too large to wait, against waiting. */
static void folding_changes_no_answer(void **state)
{
	static struct answers waiting, folded;
	struct bench *b = *state;
	open_writer(b, UINT32_MAX);
	put_hours(b, 30);
	ask_all(b, &waiting);
	usage_writer_close(b->writer);
	b->writer = NULL;
	sqlite3 *db = NULL;
	struct usage_batch batch;
	struct usage_fresh fresh;
	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	assert_int_equal(usage_batch_open(&batch, db), SQLITE_OK);
	assert_int_equal(usage_fresh_count(&fresh, db), SQLITE_OK);
	assert_int_equal(fresh.rows, 30 * 9);
	assert_int_equal(usage_fresh_fold(&fresh, &batch), SQLITE_OK);
	assert_int_equal(fresh.rows, 0);
	usage_batch_close(&batch);
	(void)sqlite3_close(db);
	assert_int_equal(number(b, "SELECT count(*) FROM fresh"), 0);
	ask_all(b, &folded);
	assert_string_equal(folded.text, waiting.text);
}

static void a_day_that_is_over_goes_into_its_tables(void **state)
{
	struct bench *b = *state;
	const struct texts t = { "10.1.1.1", "", "a.example", "" };
	open_writer(b, 90);
	put(b, START_S, &t, 5);
	commit(b);
	put(b, START_S + 3600, &t, 6);
	commit(b);
	assert_int_equal(number(b, "SELECT count(*) FROM fresh"), 2);
	open_writer(b, 90); /* it is there after a start as well */
	put(b, START_S + DAY_S, &t, 7);
	commit(b);
	assert_int_equal(number(b, "SELECT count(*) FROM fresh"), 1);
	assert_int_equal(number(b, "SELECT sum(up) FROM day"), 11);
	assert_int_equal(number(b, "SELECT sum(up) FROM hour WHERE t = 480001"), 6);
	static struct answers all;
	const struct usage_query q = { .by = BY(DAY) };
	all = (struct answers){ .len = 0 };
	assert_int_equal(ask(b, &q, &all), 0);
	assert_int_equal(all.up, 18);
}

static void a_reader_sees_what_comes_meanwhile(void **state)
{
	struct bench *b = *state;
	struct usage_db *db;
	static struct answers all;
	uint64_t first_s, end_s;
	const struct texts t = { "10.1.1.1", "", "a.example", "" };
	const struct usage_query q = { .by = BY(HOST) };
	open_writer(b, 90);
	put(b, START_S, &t, 5);
	commit(b);
	if (usage_db_open(b->path, &db, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
	for (unsigned hour = 1; hour < 5; hour++) {
		all = (struct answers){ .len = 0 };
		assert_int_equal(usage_db_query(db, &q, add_answer, &all, b->why, sizeof(b->why)),
				 0);
		assert_int_equal(all.up, 5 * hour);
		usage_db_span(db, &first_s, &end_s);
		assert_int_equal(first_s, START_S);
		assert_int_equal(end_s, START_S + hour * 3600);
		put(b, START_S + hour * 3600, &t, 5);
		commit(b);
	}
	usage_db_close(db);
}

static void a_damaged_entry_is_said_and_the_file_kept_aside(void **state)
{
	struct bench *b = *state;
	static struct answers all;
	const struct texts t = { "10.1.1.1", "", "a.example", "" };
	const struct usage_query q = { .by = BY(HOST) };
	static const char *const damages[] = {
		"UPDATE fresh SET data = substr(data, 1, length(data) - 3)",
		"UPDATE fresh SET data = zeroblob(9000)",
		"UPDATE fresh SET data = x'ffffffffffffffffffffff'",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) INSERT "
		"INTO fresh(count, data) SELECT 1, data FROM fresh, n",
	};
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		char aside[400];
		open_writer(b, 90);
		put(b, START_S, &t, 5);
		commit(b);
		usage_writer_close(b->writer);
		b->writer = NULL;
		change(b, damages[i]);
		all = (struct answers){ .len = 0 };
		assert_int_equal(ask(b, &q, &all), -EXF_E_FORMAT);
		open_writer(b, 90);
		put(b, START_S + DAY_S, &t, 7);
		commit(b);
		assert_int_equal(ask(b, &q, &all), 0);
		assert_int_equal(all.up, 7);
		(void)snprintf(aside, sizeof(aside), "test -f '%s.damaged-%zu'", b->path, i + 1);
		assert_int_equal(system(aside), 0);
		usage_writer_close(b->writer);
		b->writer = NULL;
		(void)snprintf(aside, sizeof(aside), "rm -f '%s' '%s-wal' '%s-shm'", b->path,
			       b->path, b->path);
		assert_int_equal(system(aside), 0);
	}
}

/* Each beginning of a row, and each byte of it altered: no row that is not whole, no crash. */
static void a_row_that_is_cut_is_refused(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 4096);
	const struct usage_host host = { "office", "10.1.1.1", "ann", "pc" };
	const struct usage_service service = { "dropbox", "Dropbox",          "storage",
					       "acme",    USAGE_UNSANCTIONED, USAGE_RISK_HIGH };
	const struct usage_place place = { "US*", "AS64500 Example", "TLS 1.3" };
	const struct usage_row row = { .hour_s = START_S,
				       .host = &host,
				       .service = &service,
				       .place = &place,
				       .direction = USAGE_LATERAL,
				       .counts = { .up = UINT64_MAX,
						   .first_ns = START_S * 1000000000u,
						   .last_ns = START_S * 1000000000u + 77 } };
	struct usage_packed p;
	assert_true(usage_pack(&b, &row));
	const char *at = b.data;
	assert_true(usage_unpack(&at, b.data + b.len, &p));
	assert_ptr_equal(at, b.data + b.len);
	assert_int_equal(p.row.hour_s, START_S);
	assert_true(p.row.counts.up == UINT64_MAX);
	assert_int_equal(p.row.counts.last_ns, row.counts.last_ns);
	assert_int_equal(p.row.service->risk, USAGE_RISK_HIGH);
	assert_string_equal(p.row.place->tls, "TLS 1.3");
	assert_string_equal(p.row.host->user, "ann");
	for (size_t len = 0; len < b.len; len++) {
		char *cut = malloc(len ? len : 1);
		assert_non_null(cut);
		memcpy(cut, b.data, len);
		at = cut;
		assert_false(usage_unpack(&at, cut + len, &p));
		free(cut);
	}
	for (size_t i = 0; i < b.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			b.data[i] ^= (char)(1u << bit);
			at = b.data;
			(void)usage_unpack(&at, b.data + b.len, &p);
			assert_true(at <= b.data + b.len);
			b.data[i] ^= (char)(1u << bit);
		}
	buf_deinit(&b);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(waiting_rows_are_answered_as_others),
		CASE(folding_changes_no_answer),
		CASE(a_day_that_is_over_goes_into_its_tables),
		CASE(a_reader_sees_what_comes_meanwhile),
		CASE(a_damaged_entry_is_said_and_the_file_kept_aside),
		CASE(a_row_that_is_cut_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
