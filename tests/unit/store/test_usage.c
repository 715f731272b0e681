/*
 * The usage database: any grouping has the same sums, ranges are exact, writing survives what may
 * come.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/store/usage.h"
#include "../../../src/store/usage_db.h"
#include "../../../src/store/usage_packs.h"
#include "places.h"

/* usage_fill FILE 3 4 16 of the versions before formats 2 and 4; the latter has packs */
#define FORMAT1 EXFILD_SOURCE_DIR "/tests/unit/store/data/usage_format1.db"
#define FORMAT3 EXFILD_SOURCE_DIR "/tests/unit/store/data/usage_format3.db"

#define HOUR_NS 3600000000000ull
#define DAY_S   86400ull
#define START_S (20000 * DAY_S) /* a day of October 2024, and no begin of a week of ours */

struct bench {
	char folder[64], path[80], why[512];
	struct usage_db *db;
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	assert_non_null(b);
	(void)snprintf(b->folder, sizeof(b->folder), "/tmp/exfild-usage-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	(void)snprintf(b->path, sizeof(b->path), "%s/usage.db", b->folder);
	if (usage_db_memory(&b->db, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	char command[96];
	usage_db_close(b->db);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", b->folder);
	assert_int_equal(system(command), 0);
	free(b);
	return 0;
}

struct made {
	struct usage_host host;
	struct usage_service service;
	struct usage_place place;
	struct usage_row row;
};

static const struct usage_row *make(struct made *m, uint64_t hour_s, const char *host,
				    const char *service, uint64_t up)
{
	bool is_known = strcmp(service, "dropbox") == 0;
	*m = (struct made){
		.host = { .zone = host[5] == '1' ? "office" : "plant",
			  .address = host,
			  .user = "",
			  .name = "pc" },
		.service = { .name = service,
			     .title = is_known ? "Dropbox" : "",
			     .category = is_known ? "storage" : "",
			     .tenant = "",
			     .sanction = is_known ? USAGE_UNSANCTIONED : USAGE_UNKNOWN,
			     .risk = is_known ? USAGE_RISK_HIGH : USAGE_RISK_UNKNOWN },
		.place = { .country = is_known ? "US" : "DE",
			   .as = "AS64500 Example",
			   .tls = is_known ? "TLS 1.3" : "weak TLS 1.0" },
		.row = { .hour_s = hour_s,
			 .direction = up % 2 ? USAGE_OUT : USAGE_IN,
			 .counts = { .up = up,
				     .down = 2 * up,
				     .named = 3 * up,
				     .flows = 1,
				     .score = up % 101,
				     .first_ns = hour_s * 1000000000u + 5000,
				     .last_ns = hour_s * 1000000000u + HOUR_NS - 1000 } },
	};
	m->row.host = &m->host;
	m->row.service = &m->service;
	m->row.place = &m->place;
	return &m->row;
}

static void put(struct bench *b, uint64_t hour_s, const char *host, const char *service,
		uint64_t up)
{
	struct made m;
	assert_true(usage_db_add(b->db, make(&m, hour_s, host, service, up)));
	if (usage_db_write(b->db, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
}

struct sum {
	struct usage_counts n;
	unsigned rows;
	char first[USAGE_BY__COUNT][USAGE_TEXT_MAX + 1]; /* keys of the first row */
	char title[64], name[64];
	uint64_t seen_ns, first_up;
};

static bool add_up(void *arg, const struct usage_answer *a)
{
	struct sum *s = arg;
	if (s->rows++ == 0) {
		for (unsigned i = 0; i < USAGE_BY__COUNT; i++)
			if (a->key[i])
				(void)snprintf(s->first[i], sizeof(s->first[i]), "%s", a->key[i]);
		(void)snprintf(s->title, sizeof(s->title), "%s", a->title);
		(void)snprintf(s->name, sizeof(s->name), "%s", a->name);
		s->seen_ns = a->seen_ns;
		s->first_up = a->counts.up;
	}
	s->n.up += a->counts.up;
	s->n.down += a->counts.down;
	s->n.named += a->counts.named;
	s->n.flows += a->counts.flows;
	return true;
}

static struct sum ask(struct bench *b, struct usage_db *db, const struct usage_query *q)
{
	struct sum s = { 0 };
	if (usage_db_query(db, q, add_up, &s, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
	return s;
}

/* 20 days, an odd amount each hour. */
static uint64_t fill(struct bench *b, uint64_t from_s, uint64_t until_s, uint64_t *ret_within)
{
	uint64_t sum = 0, n = 1;
	*ret_within = 0;
	for (uint64_t hour = 0; hour < 20 * 24; hour += 5, n += 2) {
		uint64_t at = START_S + hour * 3600;
		const char *host = n % 3 ? "10.1.1.5" : "10.1.2.6";
		put(b, at, host, n % 5 ? "dropbox" : "example.org", n);
		sum += n;
		*ret_within += at >= from_s && at < until_s ? n : 0;
	}
	return sum;
}

static void every_grouping_has_the_same_sum(void **state)
{
	struct bench *b = *state;
	uint64_t none, sum = fill(b, 0, 0, &none);
	for (uint32_t by = 0; by < 1u << USAGE_BY__COUNT; by += 7) {
		const struct usage_query q = { .by = by };
		struct sum s = ask(b, b->db, &q);
		if (s.n.up != sum || s.n.down != 2 * sum || s.n.flows != 96)
			fail_msg("by %x: %llu of %llu", by, (unsigned long long)s.n.up,
				 (unsigned long long)sum);
	}
}

static void ranges_are_exact_to_the_hour(void **state)
{
	struct bench *b = *state;
	static const uint64_t edges[][2] = { { 3600, 3 * 3600 },
					     { 0, DAY_S },
					     { 5 * 3600, 11 * DAY_S },
					     { DAY_S, 19 * DAY_S + 7 * 3600 },
					     { 13 * DAY_S + 3600, 18 * DAY_S + 3600 },
					     { 8 * 3600, 20 * 3600 } };
	static const uint32_t bys[] = { 0,
					1u << USAGE_BY_HOST,
					1u << USAGE_BY_SERVICE,
					1u << USAGE_BY_HOST | 1u << USAGE_BY_SERVICE,
					1u << USAGE_BY_ZONE,
					1u << USAGE_BY_DAY | 1u << USAGE_BY_HOST,
					1u << USAGE_BY_HOUR };
	uint64_t none;
	(void)fill(b, 0, 0, &none);
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		uint64_t since = START_S + edges[i][0], until = START_S + edges[i][1];
		uint64_t want = 0, n = 1;
		for (uint64_t hour = 0; hour < 20 * 24; hour += 5, n += 2)
			if (START_S + hour * 3600 >= since && START_S + hour * 3600 < until)
				want += n;
		for (size_t k = 0; k < sizeof(bys) / sizeof(bys[0]); k++) {
			const struct usage_query q = { .by = bys[k],
						       .since_s = since,
						       .until_s = until };
			struct sum s = ask(b, b->db, &q);
			if (s.n.up != want)
				fail_msg("range %zu by %x: %llu of %llu", i, bys[k],
					 (unsigned long long)s.n.up, (unsigned long long)want);
		}
	}
}

static void filters_choose_and_leave_out(void **state)
{
	struct bench *b = *state;
	put(b, START_S, "10.1.1.5", "dropbox", 1);
	put(b, START_S, "10.1.2.6", "dropbox", 3);
	put(b, START_S, "10.1.2.6", "example.org", 5);
	put(b, START_S, "10.1.2.6", "example.org", 10);
	static const struct {
		enum usage_dim dim;
		const char *value;
		bool is_not;
		uint64_t up;
	} cases[] = {
		{ USAGE_BY_HOST, "10.1.2.6", false, 18 },
		{ USAGE_BY_HOST, "10.1.1.*", false, 1 },
		{ USAGE_BY_HOST, "10.1.2.6", true, 1 },
		{ USAGE_BY_ZONE, "office", false, 1 },
		{ USAGE_BY_SERVICE, "dropbox", false, 4 },
		{ USAGE_BY_SERVICE, "drop*", true, 15 },
		{ USAGE_BY_CATEGORY, "storage", false, 4 },
		{ USAGE_BY_COUNTRY, "DE", false, 15 },
		{ USAGE_BY_SANCTION, "unsanctioned", false, 4 },
		{ USAGE_BY_RISK, "high", false, 4 },
		{ USAGE_BY_RISK, "high", true, 15 },
		{ USAGE_BY_TLS, "weak*", false, 15 },
		{ USAGE_BY_TLS, "TLS 1.3", false, 4 },
		{ USAGE_BY_DIRECTION, "in", false, 10 },
		{ USAGE_BY_SERVICE, "' OR 1 --", false, 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint32_t by = 0; by < 1u << USAGE_BY__COUNT; by += 13) {
			const struct usage_query q = { .by = by,
						       .filters = { { cases[i].dim, cases[i].value,
								      cases[i].is_not } },
						       .filter_count = 1 };
			struct sum s = ask(b, b->db, &q);
			if (s.n.up != cases[i].up)
				fail_msg("case %zu by %x: %llu", i, by, (unsigned long long)s.n.up);
		}
	const struct usage_query bad = { .filters = { { USAGE_BY_DIRECTION, "up", false } },
					 .filter_count = 1 };
	struct sum s = { 0 };
	assert_int_not_equal(usage_db_query(b->db, &bad, add_up, &s, b->why, sizeof(b->why)), 0);
	assert_non_null(strstr(b->why, "out, in, lateral or transit"));
}

static void what_a_filter_of_services_leaves_out_may_be_kept(void **state)
{
	struct bench *b = *state;
	put(b, START_S, "10.1.1.5", "dropbox", 8);
	put(b, START_S, "10.1.1.5", "a.example", 16);
	put(b, START_S, "10.1.1.6", "b.example", 32);
	struct usage_query q = { .by = BY(SERVICE),
				 .order = USAGE_ORDER_UP,
				 .keeps_rest = true,
				 .filters = { { USAGE_BY_SERVICE, "dropbox", false } },
				 .filter_count = 1 };
	struct sum s = ask(b, b->db, &q);
	assert_int_equal(s.rows, 2);
	assert_int_equal(s.n.up, 56);
	assert_int_equal(s.first_up, 48);
	assert_string_equal(s.first[USAGE_BY_SERVICE], "");
	q.by = BY(HOST) | BY(SERVICE);
	assert_int_equal(ask(b, b->db, &q).rows, 3);
}

static void rows_come_in_their_order_with_titles_and_first_seen(void **state)
{
	struct bench *b = *state;
	put(b, START_S, "10.1.1.5", "dropbox", 7);
	put(b, START_S + DAY_S, "10.1.1.5", "example.org", 9);
	struct usage_query q = { .by = 1u << USAGE_BY_SERVICE | 1u << USAGE_BY_HOST, .limit = 1 };
	struct sum s = ask(b, b->db, &q);
	assert_int_equal(s.rows, 1);
	assert_string_equal(s.first[USAGE_BY_SERVICE], "example.org");
	assert_string_equal(s.name, "pc");
	q.is_rising = true;
	s = ask(b, b->db, &q);
	assert_string_equal(s.title, "Dropbox");
	assert_true(s.seen_ns == START_S * 1000000000u + 5000);
	const struct usage_query fresh = { .by = 1u << USAGE_BY_SERVICE,
					   .new_since_s = START_S + DAY_S };
	s = ask(b, b->db, &fresh);
	assert_int_equal(s.rows, 1);
	assert_string_equal(s.first[USAGE_BY_SERVICE], "example.org");
	const struct usage_query days = { .by = 1u << USAGE_BY_DAY, .order = USAGE_ORDER_KEY };
	s = ask(b, b->db, &days);
	assert_int_equal(s.rows, 2);
	assert_string_equal(s.first[USAGE_BY_DAY], "2024-10-04");
}

static void texts_of_bytes_come_back_as_they_were_but_cut(void **state)
{
	struct bench *b = *state;
	char longest[256];
	memset(longest, 'x', 255);
	longest[255] = '\0';
	put(b, START_S, "10.1.1.5", "\xff\xfe<b>\xe2\x80\xae", 100);
	put(b, START_S, "10.1.1.5", longest, 1);
	struct usage_query q = { .by = 1u << USAGE_BY_SERVICE };
	struct sum s = ask(b, b->db, &q);
	assert_int_equal(s.rows, 2);
	assert_string_equal(s.first[USAGE_BY_SERVICE], "\xff\xfe<b>\xe2\x80\xae");
	q.is_rising = true;
	s = ask(b, b->db, &q);
	assert_int_equal(strlen(s.first[USAGE_BY_SERVICE]), USAGE_TEXT_MAX);
}

/* ---- the file ---- */

static struct usage_writer *writer(struct bench *b, uint64_t max_bytes, uint32_t days)
{
	const struct usage_writer_options o = { .path = b->path,
						.max_bytes = max_bytes,
						.keep_days = days };
	struct usage_writer *w = NULL;
	if (usage_writer_open(&o, &w, b->why, sizeof(b->why)))
		return NULL;
	return w;
}

static struct sum ask_file(struct bench *b, const struct usage_query *q)
{
	struct usage_db *db;
	if (usage_db_open(b->path, &db, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
	struct sum s = ask(b, db, q);
	usage_db_close(db);
	return s;
}

static void what_is_written_can_be_read_meanwhile_and_after(void **state)
{
	struct bench *b = *state;
	const struct usage_query q = { .by = 1u << USAGE_BY_SERVICE };
	struct usage_writer *w = writer(b, 64u << 20, 90);
	struct made m;
	assert_non_null(w);
	assert_true(usage_writer_add(w, make(&m, START_S, "10.1.1.5", "dropbox", 1000)));
	assert_true(usage_writer_commit(w));
	assert_true(usage_writer_wait(w));
	struct sum s = ask_file(b, &q);
	assert_int_equal(s.n.up, 1000);
	assert_int_equal(s.n.named, 3000);
	/* the same hour again: it is added */
	assert_true(usage_writer_add(w, make(&m, START_S, "10.1.1.5", "dropbox", 5)));
	assert_true(usage_writer_commit(w));
	assert_true(usage_writer_wait(w));
	assert_null(writer(b, 64u << 20, 90));
	assert_non_null(strstr(b->why, "in use by another exfild"));
	usage_writer_close(w);
	s = ask_file(b, &q);
	assert_int_equal(s.n.up, 1005);
	assert_int_equal(s.rows, 1);
	struct stat st;
	assert_int_equal(stat(b->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* a copy in a folder that nobody may write to needs no shared memory */
	w = writer(b, 64u << 20, 90);
	assert_non_null(w);
	usage_writer_close(w);
}

static void days_go_when_their_time_is_over(void **state)
{
	struct bench *b = *state;
	struct usage_writer *w = writer(b, 64u << 20, 10);
	struct made m;
	assert_non_null(w);
	for (uint64_t day = 0; day < 30; day++) {
		char service[32];
		(void)snprintf(service, sizeof(service), "s%llu.example", (unsigned long long)day);
		assert_true(usage_writer_add(
			w, make(&m, START_S + day * DAY_S, "10.1.1.5", service, 1)));
		assert_true(usage_writer_commit(w));
		assert_true(usage_writer_wait(w));
	}
	usage_writer_close(w);
	const struct usage_query days = { .by = 1u << USAGE_BY_DAY, .order = USAGE_ORDER_KEY };
	struct sum s = ask_file(b, &days);
	assert_int_equal(s.rows, 10);
	const struct usage_query hours = { .by = 1u << USAGE_BY_HOUR };
	assert_int_equal(ask_file(b, &hours).rows, USAGE_HOURS_DAYS);
}

/* The pages of days that went are given back: the file shrinks by them. */
static void what_days_took_is_given_back(void **state)
{
	struct bench *b = *state;
	struct usage_writer *w = writer(b, 64u << 20, 10);
	struct made m;
	struct stat full, after;
	assert_non_null(w);
	for (unsigned i = 0; i < 4000; i++) {
		char service[48];
		(void)snprintf(service, sizeof(service), "a-long-name-of-a-service-%u.example", i);
		assert_true(usage_writer_add(w, make(&m, START_S, "10.1.1.5", service, 1)));
	}
	assert_true(usage_writer_commit(w));
	assert_true(usage_writer_wait(w));
	usage_writer_close(w); /* takes the log into the file */
	assert_int_equal(stat(b->path, &full), 0);
	w = writer(b, 64u << 20, 10);
	assert_non_null(w);
	for (uint64_t day = 30; day < 33; day++) { /* names stay a week longer than their days */
		assert_true(usage_writer_add(
			w, make(&m, START_S + day * DAY_S, "10.1.1.5", "dropbox", 1)));
		assert_true(usage_writer_commit(w));
		assert_true(usage_writer_wait(w));
	}
	usage_writer_close(w);
	assert_int_equal(stat(b->path, &after), 0);
	assert_true(after.st_size < full.st_size / 2);
	const struct usage_query days = { .by = 1u << USAGE_BY_DAY };
	assert_int_equal(ask_file(b, &days).rows, 3);
}

#define SMALL (1u << 20)

static void its_own_limit_takes_the_oldest_days(void **state)
{
	struct bench *b = *state;
	struct usage_writer *w = writer(b, SMALL, 3650);
	struct made m;
	assert_non_null(w);
	for (uint64_t day = 0; day < 60; day++) {
		for (unsigned i = 0; i < 200; i++) {
			char service[32];
			(void)snprintf(service, sizeof(service), "s%u.example", i);
			assert_true(usage_writer_add(
				w, make(&m, START_S + day * DAY_S, "10.1.1.5", service, 1)));
		}
		assert_true(usage_writer_commit(w));
		assert_true(usage_writer_wait(w));
	}
	struct usage_writer_stats stats;
	usage_writer_stats(w, &stats);
	assert_int_equal(stats.lost, 0);
	assert_int_equal(stats.rows, 60 * 200);
	assert_true(stats.bytes <= SMALL);
	usage_writer_close(w);
	const struct usage_query last = { .since_s = START_S + 59 * DAY_S };
	assert_int_equal(ask_file(b, &last).n.up, 200);
	const struct usage_query first = { .until_s = START_S + DAY_S };
	assert_int_equal(ask_file(b, &first).n.up, 0);
}

static void a_damaged_file_is_kept_aside(void **state)
{
	struct bench *b = *state;
	char aside[128];
	struct usage_db *db;
	FILE *out = fopen(b->path, "w");
	assert_non_null(out);
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(fwrite("rubbish", 1, 7, out), 7);
	assert_int_equal(fclose(out), 0);
	assert_int_not_equal(usage_db_open(b->path, &db, b->why, sizeof(b->why)), 0);
	struct usage_writer *w = writer(b, 64u << 20, 90);
	struct made m;
	assert_non_null(w);
	assert_true(usage_writer_add(w, make(&m, START_S, "10.1.1.5", "dropbox", 8)));
	assert_true(usage_writer_commit(w));
	assert_true(usage_writer_wait(w));
	usage_writer_close(w);
	(void)snprintf(aside, sizeof(aside), "%s.damaged-1", b->path);
	assert_int_equal(access(aside, F_OK), 0);
	const struct usage_query q = { .by = 0 };
	assert_int_equal(ask_file(b, &q).n.up, 8);
}

static void what_is_no_database_of_ours_is_said(void **state)
{
	struct bench *b = *state;
	struct usage_db *db;
	assert_int_not_equal(usage_db_open("/nonexistent/usage.db", &db, b->why, sizeof(b->why)),
			     0);
	assert_non_null(strstr(b->why, "/nonexistent/usage.db"));
	char command[160];
	(void)snprintf(command, sizeof(command), ": > '%s'", b->path);
	assert_int_equal(system(command), 0);
	assert_int_not_equal(usage_db_open(b->path, &db, b->why, sizeof(b->why)), 0);
	assert_non_null(strstr(b->why, "no usage database"));
}

struct text {
	char data[1u << 20];
	size_t len;
};

static bool add_answer(void *arg, const struct usage_answer *a)
{
	struct text *t = arg;
	for (unsigned i = 0; i < USAGE_BY__COUNT; i++)
		if (a->key[i])
			t->len += (size_t)snprintf(t->data + t->len, sizeof(t->data) - t->len,
						   "%s|", a->key[i]);
	t->len += (size_t)snprintf(
		t->data + t->len, sizeof(t->data) - t->len,
		"%llu %llu %llu %llu %llu %llu %llu %s %s\n", (unsigned long long)a->counts.up,
		(unsigned long long)a->counts.down, (unsigned long long)a->counts.named,
		(unsigned long long)a->counts.flows, (unsigned long long)a->counts.score,
		(unsigned long long)a->counts.first_ns, (unsigned long long)a->counts.last_ns,
		a->title, a->name);
	return t->len < sizeof(t->data) - 1024;
}

/* What a file answers to every kind of question, as text. */
static void ask_everything(struct bench *b, const char *path, struct text *ret)
{
	static const uint32_t groups[] = {
		0,
		1u << USAGE_BY_HOST,
		1u << USAGE_BY_SERVICE,
		1u << USAGE_BY_ZONE | 1u << USAGE_BY_CATEGORY,
		1u << USAGE_BY_HOST | 1u << USAGE_BY_SERVICE | 1u << USAGE_BY_DIRECTION,
		1u << USAGE_BY_DAY | 1u << USAGE_BY_COUNTRY,
	};
	struct usage_db *db;
	ret->len = 0;
	if (usage_db_open(path, &db, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		const struct usage_query q = { .by = groups[i], .order = USAGE_ORDER_KEY };
		assert_int_equal(usage_db_query(db, &q, add_answer, ret, b->why, sizeof(b->why)),
				 0);
	}
	usage_db_close(db);
	assert_true(ret->len > 1000);
}

static void convert(struct bench *b, const char *older)
{
	static struct text before, after, copied;
	char command[512], copy[128];
	struct usage_counts all;
	(void)snprintf(command, sizeof(command), "cp '%s' '%s'", older, b->path);
	assert_int_equal(system(command), 0);
	ask_everything(b, b->path, &before);
	struct usage_writer *w = writer(b, 64u << 20, 90);
	struct made m;
	assert_non_null(w);
	ask_everything(b, b->path, &after);
	assert_string_equal(after.data, before.data);
	const struct usage_query q = { .by = 0 };
	all = ask_file(b, &q).n;
	assert_true(all.up > 0);
	assert_true(usage_writer_add(w, make(&m, START_S + 786 * DAY_S, "10.1.1.5", "x", 8)));
	assert_true(usage_writer_commit(w));
	assert_true(usage_writer_wait(w));
	usage_writer_close(w);
	assert_int_equal(ask_file(b, &q).n.up, all.up + 8);
	(void)snprintf(copy, sizeof(copy), "%s.older-1", b->path);
	ask_everything(b, copy, &copied);
	assert_string_equal(copied.data, before.data);
	(void)snprintf(command, sizeof(command), "test $(stat -c %%a '%s') = 600", copy);
	assert_int_equal(system(command), 0);
	/* once is enough */
	w = writer(b, 64u << 20, 90);
	assert_non_null(w);
	usage_writer_close(w);
	(void)snprintf(copy, sizeof(copy), "%s.older-2", b->path);
	assert_int_not_equal(access(copy, F_OK), 0);
}

static void an_older_file_is_converted_and_its_copy_kept(void **state)
{
	convert(*state, FORMAT1);
}

static void one_with_packs_is_converted_as_well(void **state)
{
	convert(*state, FORMAT3);
}

/* Those that are asked for alone go through a heap; all are put in order at once. */
static void the_first_rows_are_those_of_all(void **state)
{
	static struct text first, all;
	static const uint32_t groups[] = {
		1u << USAGE_BY_HOST | 1u << USAGE_BY_SERVICE,
		1u << USAGE_BY_ZONE | 1u << USAGE_BY_HOST | 1u << USAGE_BY_CATEGORY,
		1u << USAGE_BY_DAY | 1u << USAGE_BY_HOST | 1u << USAGE_BY_SERVICE,
		1u << USAGE_BY_HOST | 1u << USAGE_BY_COUNTRY | 1u << USAGE_BY_DIRECTION,
		1u << USAGE_BY_HOST | 1u << USAGE_BY_TENANT | 1u << USAGE_BY_SANCTION,
	};
	static const enum usage_order orders[] = { USAGE_ORDER_UP,     USAGE_ORDER_DOWN,
						   USAGE_ORDER_BOTH,   USAGE_ORDER_FLOWS,
						   USAGE_ORDER_ALERTS, USAGE_ORDER_OPAQUE };
	struct bench *b = *state;
	struct usage_db *db;
	if (usage_db_open(FORMAT1, &db, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		for (size_t k = 0; k < sizeof(orders) / sizeof(orders[0]); k++) {
			struct usage_query q = { .by = groups[i], .order = orders[k] };
			if (k % 2) {
				q.filters[0] = (struct usage_filter){ .dim = USAGE_BY_DIRECTION,
								      .value = "out" };
				q.filter_count = 1;
				q.since_s = 20775 * DAY_S;
			}
			all.len = first.len = 0;
			assert_int_equal(
				usage_db_query(db, &q, add_answer, &all, b->why, sizeof(b->why)),
				0);
			q.limit = 4;
			assert_int_equal(
				usage_db_query(db, &q, add_answer, &first, b->why, sizeof(b->why)),
				0);
			assert_true(first.len > 0 && first.len <= all.len);
			assert_memory_equal(first.data, all.data, first.len);
		}
	}
	usage_db_close(db);
}

static bool is_falling(void *arg, const struct usage_answer *a)
{
	uint64_t *before = arg, both = a->counts.up + a->counts.down;
	assert_true(both <= *before);
	*before = both;
	return true;
}

static void both_directions_are_added_before_they_are_ordered(void **state)
{
	struct bench *b = *state;
	struct usage_db *db;
	uint64_t before = UINT64_MAX;
	const struct usage_query q = { .by = 1u << USAGE_BY_HOST | 1u << USAGE_BY_SERVICE,
				       .order = USAGE_ORDER_BOTH };
	if (usage_db_open(FORMAT1, &db, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
	assert_int_equal(usage_db_query(db, &q, is_falling, &before, b->why, sizeof(b->why)), 0);
	assert_true(before < UINT64_MAX);
	usage_db_close(db);
}

static const struct usage_row *late_row(struct made *m)
{
	return make(m, START_S + 10 * DAY_S, "10.1.0.9", "b.example", 7777777);
}

/* The same rows into the file and into memory, which keeps them as they are. */
static void fill_weeks(struct bench *b, struct usage_writer *w, unsigned weeks)
{
	struct made m;
	char host[32], service[32];
	for (unsigned day = 0; day < weeks * 7; day++) {
		for (unsigned i = 0; i < 60; i++) {
			(void)snprintf(host, sizeof(host), "10.1.%u.%u", i % 2, 1 + i % 11);
			(void)snprintf(service, sizeof(service), "%s",
				       i % 7 ? i % 3 ? "a.example" : "b.example" : "dropbox");
			const struct usage_row *row =
				make(&m, START_S + day * DAY_S + i % 5 * 3600, host, service,
				     3 + (i * 7919 + day * 31) % 977);
			assert_true(usage_writer_add(w, row));
			assert_true(usage_db_add(b->db, row));
		}
		assert_true(usage_writer_commit(w));
		assert_true(usage_writer_wait(w));
	}
	assert_int_equal(usage_db_write(b->db, b->why, sizeof(b->why)), 0);
}

static uint64_t number_in(struct bench *b, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	uint64_t n = usage_number(db, sql);
	(void)sqlite3_close(db);
	return n;
}

static void compare_one(struct bench *b, struct usage_db *packed, const struct usage_query *asked)
{
	static struct text from_rows, from_packs;
	struct usage_counts of_rows, of_packs;
	struct usage_query q = *asked;
	from_rows.len = from_packs.len = 0;
	q.total = &of_rows;
	assert_int_equal(usage_db_query(b->db, &q, add_answer, &from_rows, b->why, sizeof(b->why)),
			 0);
	q.total = &of_packs;
	assert_int_equal(
		usage_db_query(packed, &q, add_answer, &from_packs, b->why, sizeof(b->why)), 0);
	assert_true(from_rows.len > 0);
	assert_string_equal(from_packs.data, from_rows.data);
	assert_memory_equal(&of_packs, &of_rows, sizeof(of_rows));
}

/* What comes from packs and weeks is what comes from the rows. */
static void compare_answers(struct bench *b)
{
	static const uint32_t groups[] = {
		0,
		BY(HOST),
		BY(SERVICE) | BY(DIRECTION),
		BY(HOST) | BY(SERVICE),
		BY(ZONE) | BY(HOST) | BY(CATEGORY),
		BY(HOST) | BY(COUNTRY) | BY(DIRECTION),
		BY(DAY) | BY(HOST) | BY(SERVICE) | BY(TLS),
		BY(ZONE) | BY(RISK) | BY(SANCTION),
		BY(COUNTRY) | BY(AS) | BY(TLS),
		BY(DAY) | BY(HOST),
		BY(DAY) | BY(ZONE) | BY(SERVICE),
	};
	static const struct usage_filter filters[] = {
		{ USAGE_BY_DIRECTION, "transit", true }, { USAGE_BY_CATEGORY, "storage", true },
		{ USAGE_BY_DIRECTION, "out", false },    { USAGE_BY_ZONE, "pla*", false },
		{ USAGE_BY_COUNTRY, "US", true },        { USAGE_BY_HOST, "10.1.1.*", false },
		{ USAGE_BY_HOST, "10.1.0.3", false },    { USAGE_BY_TLS, "weak*", false },
	};
	static const uint64_t since[] = { 0, START_S + 3 * DAY_S, START_S + 36 * DAY_S + 7200 };
	struct usage_db *packed;
	if (usage_db_open(b->path, &packed, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		for (size_t f = 0; f < sizeof(filters) / sizeof(filters[0]); f++)
			for (enum usage_order o = USAGE_ORDER_UP; o < USAGE_ORDER__COUNT; o++) {
				size_t n = i + f + (size_t)o;
				const struct usage_query q = {
					.by = groups[i],
					.order = o,
					.limit = n % 3 ? 0 : 4,
					.is_rising = n % 5 == 0,
					.since_s = since[n % 3],
					.until_s = n % 2 ? 0 : START_S + 40 * DAY_S + 3600,
					.filters = { filters[f] },
					.filter_count = 1,
				};
				compare_one(b, packed, &q);
			}
	/* hours are kept of the last days */
	const struct usage_query hours = { .by = BY(HOUR) | BY(HOST) | BY(SERVICE),
					   .since_s = START_S + 34 * DAY_S };
	compare_one(b, packed, &hours);
	usage_db_close(packed);
}

static void days_that_are_over_are_packed(void **state)
{
	struct bench *b = *state;
	struct usage_writer_options o = { .path = b->path,
					  .max_bytes = 64u << 20,
					  .keep_days = 90,
					  .is_background = true };
	const char *over =
		"SELECT (SELECT count(*) FROM day WHERE t < (SELECT max(t) FROM days)) + "
		"(SELECT count(*) FROM hour WHERE t / 24 < (SELECT max(t) FROM days))";
	struct usage_writer *w;
	struct made m;
	assert_int_equal(usage_writer_open(&o, &w, b->why, sizeof(b->why)), 0);
	assert_true(usage_writer_wait(w));
	fill_weeks(b, w, 6);
	for (unsigned i = 0; i < 500 && number_in(b, over); i++)
		(void)usleep(10000);
	assert_int_equal(number_in(b, over), 0);
	assert_true(number_in(b, "SELECT count(*) FROM fresh") > 0);
	assert_true(number_in(b, "SELECT count(*) FROM pack") >= 6 * 20);
	assert_true(number_in(b, "SELECT count(*) FROM pack_hour") >= 7 * 20);
	assert_true(number_in(b, "SELECT count(*) FROM week_host") > 0);
	compare_answers(b);
	/* a row that comes late is there at once, and in its pack later */
	assert_true(usage_writer_add(w, late_row(&m)));
	assert_true(usage_db_add(b->db, late_row(&m)));
	assert_int_equal(usage_db_write(b->db, b->why, sizeof(b->why)), 0);
	assert_true(usage_writer_commit(w));
	assert_true(usage_writer_wait(w));
	compare_answers(b);
	for (unsigned i = 0; i < 500 && number_in(b, over); i++)
		(void)usleep(10000);
	assert_int_equal(number_in(b, over), 0);
	compare_answers(b);
	usage_writer_close(w);
}

static void a_damaged_pack_is_said(void **state)
{
	struct bench *b = *state;
	struct usage_writer_options o = { .path = b->path,
					  .max_bytes = 64u << 20,
					  .keep_days = 90,
					  .is_background = true };
	struct usage_writer *w;
	struct usage_db *db;
	sqlite3 *file = NULL;
	struct sum s = { 0 };
	const struct usage_query q = { .by = BY(HOST) | BY(SERVICE) };
	assert_int_equal(usage_writer_open(&o, &w, b->why, sizeof(b->why)), 0);
	assert_true(usage_writer_wait(w));
	fill_weeks(b, w, 1);
	for (unsigned i = 0; i < 500 && !number_in(b, "SELECT count(*) FROM pack"); i++)
		(void)usleep(10000);
	usage_writer_close(w);
	assert_int_equal(sqlite3_open(b->path, &file), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(file, "UPDATE pack SET data = substr(data, 1, 9)", NULL, NULL, NULL),
		SQLITE_OK);
	(void)sqlite3_close(file);
	if (usage_db_open(b->path, &db, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
	assert_int_equal(usage_db_query(db, &q, add_up, &s, b->why, sizeof(b->why)), -EXF_E_FORMAT);
	assert_non_null(strstr(b->why, "malformed"));
	usage_db_close(db);
}

struct read_rows {
	struct pack_row list[4];
	unsigned count;
};

static bool keep_row(void *arg, const struct pack_row *row)
{
	struct read_rows *r = arg;
	if (r->count < 4)
		r->list[r->count] = *row;
	r->count++;
	return true;
}

/* Every beginning of a pack, and every byte of it altered: no more rows than there are, no crash.
 */
static void a_pack_is_what_was_written_and_one_that_is_cut_is_refused(void **state)
{
	(void)state;
	const uint64_t begin = 2857 * 7 * DAY_S, at = begin * 1000000000u;
	const struct pack_row rows[3] = {
		{ { 3, 0, 1, USAGE_OUT },
		  { .up = 300,
		    .down = 7,
		    .named = 307,
		    .flows = 1,
		    .first_ns = at - HOUR_NS,
		    .last_ns = at + 5000 } },
		{ { 3, 6, 2, USAGE_IN },
		  { .up = 1,
		    .down = UINT64_MAX / 4,
		    .clear = 9,
		    .alerts = 2,
		    .score = 99,
		    .first_ns = at + 1000,
		    .last_ns = at + 6 * 24 * HOUR_NS } },
		{ { 70000, 1, 1, USAGE_LATERAL }, { .opaque = 5, .verdicts = 1 } },
	};
	struct read_rows r = { .count = 0 };
	struct buf b;
	buf_init(&b, 4096);
	usage_pack_write(&b, rows, 3, begin);
	assert_true(usage_pack_read(b.data, b.len, begin, UINT32_MAX, keep_row, &r));
	assert_int_equal(r.count, 3);
	assert_memory_equal(r.list, rows, sizeof(rows));
	for (size_t len = 0; len < b.len; len++)
		assert_false(usage_pack_read(b.data, len, begin, UINT32_MAX, keep_row, &r));
	for (size_t i = 0; i < b.len * 256; i++) {
		char before = b.data[i / 256];
		b.data[i / 256] = (char)i;
		r.count = 0;
		(void)usage_pack_read(b.data, b.len, begin, UINT32_MAX, keep_row, &r);
		assert_true(r.count <= b.len);
		b.data[i / 256] = before;
	}
	buf_deinit(&b);
}

static void the_thread_opens_and_converts_it(void **state)
{
	struct bench *b = *state;
	struct usage_writer_options o = { .path = b->path,
					  .max_bytes = 64u << 20,
					  .keep_days = 90,
					  .is_background = true };
	struct usage_writer_stats stats;
	struct usage_writer *w;
	char command[512];
	(void)snprintf(command, sizeof(command), "cp '%s' '%s'", FORMAT1, b->path);
	assert_int_equal(system(command), 0);
	assert_int_equal(usage_writer_open(&o, &w, b->why, sizeof(b->why)), 0);
	assert_true(usage_writer_wait(w)); /* until it is open */
	usage_writer_stats(w, &stats);
	assert_true(stats.is_open);
	assert_true(usage_writer_is_free(w));
	usage_writer_close(w);
	/* a folder that is not there: it goes on without, and is there when that is mended */
	char folder[128], path[160];
	(void)snprintf(folder, sizeof(folder), "%s/later", b->folder);
	(void)snprintf(path, sizeof(path), "%s/usage.db", folder);
	o.path = path;
	assert_int_equal(usage_writer_open(&o, &w, b->why, sizeof(b->why)), 0);
	assert_false(usage_writer_wait(w));
	assert_false(usage_writer_is_free(w));
	assert_false(usage_writer_commit(w));
	usage_writer_stats(w, &stats);
	assert_false(stats.is_open);
	assert_true(stats.is_failing);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_true(usage_writer_wait(w)); /* asks it to try once more */
	assert_true(usage_writer_is_free(w));
	usage_writer_close(w);
}

/* What cannot be converted is kept as it is, and another one begun. */
static void an_older_file_that_is_not_ours_is_kept_aside(void **state)
{
	struct bench *b = *state;
	char command[512], aside[128];
	(void)snprintf(command, sizeof(command),
		       "cp '%s' '%s' && printf 'CREATE table day_host' | dd "
		       "of='%s' conv=notrunc bs=1 status=none seek=$(grep -abo 'CREATE TABLE "
		       "day_host' '%s' | head -n 1 | cut -d: -f1)",
		       FORMAT1, b->path, b->path, b->path);
	assert_int_equal(system(command), 0);
	struct usage_writer *w = writer(b, 64u << 20, 90);
	assert_non_null(w);
	usage_writer_close(w);
	const struct usage_query q = { .by = 0 };
	assert_int_equal(ask_file(b, &q).n.up, 0);
	(void)snprintf(aside, sizeof(aside), "%s.older-1", b->path);
	assert_int_equal(access(aside, F_OK), 0);
	(void)snprintf(aside, sizeof(aside), "%s.older-2", b->path);
	assert_int_not_equal(access(aside, F_OK), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(every_grouping_has_the_same_sum),
		CASE(ranges_are_exact_to_the_hour),
		CASE(filters_choose_and_leave_out),
		CASE(what_a_filter_of_services_leaves_out_may_be_kept),
		CASE(rows_come_in_their_order_with_titles_and_first_seen),
		CASE(texts_of_bytes_come_back_as_they_were_but_cut),
		CASE(what_is_written_can_be_read_meanwhile_and_after),
		CASE(days_go_when_their_time_is_over),
		CASE(what_days_took_is_given_back),
		CASE(its_own_limit_takes_the_oldest_days),
		CASE(a_damaged_file_is_kept_aside),
		CASE(what_is_no_database_of_ours_is_said),
		CASE(the_first_rows_are_those_of_all),
		CASE(both_directions_are_added_before_they_are_ordered),
		CASE(an_older_file_is_converted_and_its_copy_kept),
		CASE(the_thread_opens_and_converts_it),
		CASE(one_with_packs_is_converted_as_well),
		CASE(days_that_are_over_are_packed),
		CASE(a_damaged_pack_is_said),
		CASE(a_pack_is_what_was_written_and_one_that_is_cut_is_refused),
		CASE(an_older_file_that_is_not_ours_is_kept_aside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
