/* traffic: what left over time and by service, kinds of reports, names that mean harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/report/report.h"

#define DAY_S   1795392000u /* 2026-11-23 */
#define HOUR_S  3600u
#define BAD     "<b>\"\xe2\x80\xae\xff"
#define SECONDS 1000000000ull

static struct usage_db *db;

static const char *category = "storage", *tls = "", *tenant = "", *country = "";
static enum usage_risk risk;
static uint64_t clear;

static void add(uint64_t at_s, const char *host, const char *service, enum usage_sanction sanction,
		enum usage_direction direction, uint64_t up)
{
	char why[256] = "";
	const struct usage_host h = { .zone = "office", .address = host, .user = "", .name = BAD };
	const struct usage_service s = { .name = service,
					 .title = "",
					 .category = category,
					 .tenant = tenant,
					 .sanction = sanction,
					 .risk = risk };
	const struct usage_place place = { .country = country, .as = "", .tls = tls };
	const struct usage_row row = { .hour_s = at_s,
				       .host = &h,
				       .service = &s,
				       .place = &place,
				       .direction = direction,
				       .counts = { .up = up,
						   .down = 10,
						   .clear = clear,
						   .named = up + 10 - clear,
						   .flows = 1,
						   .first_ns = at_s * SECONDS,
						   .last_ns = at_s * SECONDS } };
	assert_true(usage_db_add(db, &row));
	assert_int_equal(usage_db_write(db, why, sizeof(why)), 0);
}

static int open_db(void **state)
{
	char why[256];
	(void)state;
	return usage_db_memory(&db, why, sizeof(why));
}

static int close_db(void **state)
{
	(void)state;
	usage_db_close(db);
	return 0;
}

static char *page_of(struct buf *out, const struct report *r, struct report_seen seen)
{
	seen.title = seen.inside = "x";
	seen.usage = db;
	buf_init(out, REPORT_BYTES);
	assert_int_equal(report_page(r, &seen, out), 0);
	return out->data;
}

static void what_left_is_drawn_and_told(void **state)
{
	(void)state;
	struct report *r = report_new();
	struct buf page;
	add(DAY_S + HOUR_S, "10.0.0.1", "dropbox", USAGE_UNSANCTIONED, USAGE_OUT, 3000);
	add(DAY_S + 3 * HOUR_S, "10.0.0.2", "teams", USAGE_SANCTIONED, USAGE_OUT, 1000);
	add(DAY_S + 3 * HOUR_S, "10.0.0.2", "tls", USAGE_UNKNOWN, USAGE_IN, 500);
	add(DAY_S + 3 * HOUR_S, "10.0.0.2", "smb", USAGE_UNKNOWN, USAGE_LATERAL, 99999999);
	const char *text = page_of(&page, r, (struct report_seen){ .last_ns = 1 });
	/* two hours, the first is the most; what stays inside is not in it */
	assert_non_null(strstr(text, "at most 3 kB\""));
	assert_non_null(strstr(text, "class=\"s0\" x=\""));
	assert_non_null(strstr(text, "2026-11-23 01:00:00"));
	assert_non_null(strstr(text, "<td>dropbox</td><td class=\"n\" data-v=\"3000\">3 kB</td>"));
	assert_non_null(strstr(text, "data-v=\"500\""));
	assert_null(strstr(text, "99999999"));
	assert_non_null(strstr(text, "Hosts that sent most"));
	assert_null(strstr(text, "Countries of the addresses"));
	assert_null(strstr(text, "<b>\""));
	assert_null(strchr(text, 0xff));
	assert_null(strstr(text, "\xe2\x80\xae"));
	buf_deinit(&page);
	report_free(r);
}

static void a_host_and_a_time_narrow_it(void **state)
{
	(void)state;
	struct report *r = report_new();
	struct buf page;
	add(DAY_S + HOUR_S, "10.0.0.1", "dropbox", USAGE_UNSANCTIONED, USAGE_OUT, 3000);
	add(DAY_S + 3 * HOUR_S, "10.0.0.2", "teams", USAGE_SANCTIONED, USAGE_OUT, 1000);
	const char *text = page_of(&page, r, (struct report_seen){ .host = "10.0.0.2" });
	assert_null(strstr(text, "dropbox"));
	assert_non_null(strstr(text, "teams"));
	buf_deinit(&page);
	text = page_of(&page, r, (struct report_seen){ .usage_since_s = DAY_S + 2 * HOUR_S });
	assert_null(strstr(text, "dropbox"));
	assert_non_null(strstr(text, "teams"));
	buf_deinit(&page);
	text = page_of(&page, r, (struct report_seen){ .usage_since_s = DAY_S + 1000 * HOUR_S });
	assert_non_null(strstr(text, "Nothing is counted for this time"));
	buf_deinit(&page);
	report_free(r);
}

static void a_long_time_is_drawn_by_day(void **state)
{
	(void)state;
	struct report *r = report_new();
	struct buf page;
	add(DAY_S, "10.0.0.1", "dropbox", USAGE_UNSANCTIONED, USAGE_OUT, 3000);
	add(DAY_S + 500 * 24 * HOUR_S, "10.0.0.1", "dropbox", USAGE_UNSANCTIONED, USAGE_OUT, 1000);
	const char *text = page_of(&page, r, (struct report_seen){ .last_ns = 1 });
	assert_non_null(strstr(text, "Sent outside each day"));
	assert_non_null(strstr(text, "Only the last 400 days are drawn"));
	buf_deinit(&page);
	report_free(r);
}

/* As text of the page from there on. */
static const char *after(const char *text, const char *what)
{
	const char *at = strstr(text, what);
	assert_non_null(at);
	return at;
}

static void an_auditor_has_lists(void **state)
{
	(void)state;
	struct report *r = report_new();
	struct buf page;
	const char *text = page_of(&page, r, (struct report_seen){ .last_ns = 1 });
	assert_non_null(strstr(text, "Nothing new, no service that is not sanctioned"));
	buf_deinit(&page);
	risk = USAGE_RISK_HIGH;
	add(DAY_S, "10.0.0.1", "mega", USAGE_UNSANCTIONED, USAGE_OUT, 3000);
	risk = USAGE_RISK_LOW;
	tenant = BAD;
	add(DAY_S, "10.0.0.1", "teams", USAGE_SANCTIONED, USAGE_OUT, 2000);
	tenant = "";
	category = "ai";
	add(DAY_S, "10.0.0.1", "chat", USAGE_TOLERATED, USAGE_OUT, 1000);
	category = "";
	risk = USAGE_RISK_UNKNOWN;
	tls = "weak TLS 1.0, RC4";
	add(DAY_S, "10.0.0.1", "old.example", USAGE_UNKNOWN, USAGE_OUT, 900);
	tls = "TLS 1.3";
	add(DAY_S, "10.0.0.1", "good.example", USAGE_UNKNOWN, USAGE_OUT, 950);
	tls = "";
	clear = 500;
	add(DAY_S, "10.0.0.1", "plain.example", USAGE_UNKNOWN, USAGE_OUT, 800);
	clear = 0;
	category = "storage";
	text = page_of(&page, r, (struct report_seen){ .last_ns = 1 });
	const char *at = after(text, "id=\"inventory\"");
	at = after(at, "Services of the catalogue that are not sanctioned");
	at = after(at, "mega</th><td>storage</td><td>high</td><td class=\"n\" data-v=\"3000\">");
	at = after(at, "Tenants of services");
	at = after(at, "teams</th>");
	at = after(at, "Uploads to AI assistants");
	at = after(at, "chat</th><td>low</td><td>tolerated</td>");
	at = after(at, "Unencrypted");
	at = after(at, "plain.example</th><td>-</td><td class=\"n\" data-v=\"500\">");
	at = after(at, "Weak TLS");
	assert_null(strstr(at, "good.example"));
	at = after(at, "old.example</th><td>weak TLS 1.0, RC4</td><td class=\"n\" data-v=\"910\">");
	assert_null(strstr(text, "<b>\""));
	assert_null(strchr(text, 0xff));
	buf_deinit(&page);
	report_free(r);
}

static void what_is_new_and_who_talks_to_which_country(void **state)
{
	(void)state;
	struct report *r = report_new();
	struct buf page;
	country = "DE";
	add(DAY_S, "10.0.0.1", "teams", USAGE_SANCTIONED, USAGE_OUT, 2000);
	add(DAY_S + 30 * HOUR_S, "10.0.0.1", "teams", USAGE_SANCTIONED, USAGE_OUT, 2100);
	country = "US*";
	risk = USAGE_RISK_HIGH;
	add(DAY_S + 30 * HOUR_S, "10.0.0.1", "mega", USAGE_UNSANCTIONED, USAGE_OUT, 3000);
	risk = USAGE_RISK_UNKNOWN;
	country = "FR";
	add(DAY_S + 31 * HOUR_S, "10.0.0.9", "teams", USAGE_SANCTIONED, USAGE_OUT, 50);
	country = "";
	const char *text =
		page_of(&page, r, (struct report_seen){ .usage_since_s = DAY_S + 24 * HOUR_S });
	const char *at = after(text, "New: services and destinations");
	at = after(
		at,
		"mega</th><td>storage</td><td>high</td><td>no</td><td class=\"n\" data-v=\"3000\">");
	const char *end = after(at, "</table>");
	assert_true(!strstr(at, "teams</th>") || strstr(at, "teams</th>") > end);
	at = after(at, "New: hosts of yours");
	at = after(at,
		   "<td>office</td><th scope=\"row\">10.0.0.9</th><td class=\"n\" data-v=\"50\">");
	end = after(at, "</table>");
	assert_true(!strstr(at, "10.0.0.1<") || strstr(at, "10.0.0.1<") > end);
	at = after(at, "Who talks to which country");
	at = after(
		at,
		"10.0.0.1</th><td>US <span class=\"chip low\">anycast</span></td><td class=\"n\" data-v=\"3000\">");
	at = after(at, "10.0.0.1</th><td>DE</td><td class=\"n\" data-v=\"2100\">");
	(void)after(at, "10.0.0.9</th><td>FR</td><td class=\"n\" data-v=\"50\">");
	assert_null(strstr(text, "What is new is not told"));
	buf_deinit(&page);
	/* the counters begin within the time of the report, or it has none: all would be new */
	text = page_of(&page, r, (struct report_seen){ .usage_since_s = DAY_S });
	assert_non_null(strstr(text, "What is new is not told"));
	assert_null(strstr(text, "New: "));
	buf_deinit(&page);
	text = page_of(&page, r, (struct report_seen){ .last_ns = 1 });
	assert_null(strstr(text, "What is new is not told"));
	assert_null(strstr(text, "New: "));
	buf_deinit(&page);
	report_free(r);
}

static void kinds_have_their_own_parts(void **state)
{
	static const char line[] =
		"{\"message\":\"the sentence\",\"event\":{\"severity\":73,\"start\":"
		"\"2026-11-23T01:00:00Z\",\"end\":\"2026-11-23T02:00:00Z\"},\"rule\":{\"id\":"
		"\"dns_tunnel\",\"category\":\"exfil\",\"name\":\"Data in DNS names\"},\"source\":"
		"{\"ip\":\"10.0.0.1\",\"bytes\":7000},\"destination\":{\"domain\":\"evil.example\"}"
		",\"exfild\":{\"alert_id\":\"aa\",\"zone\":{\"source\":\"office\"}}}";
	(void)state;
	struct report *r = report_new();
	struct buf page;
	assert_int_equal(report_alert(r, line, strlen(line)), 0);
	add(DAY_S + HOUR_S, "10.0.0.1", "dropbox", USAGE_UNSANCTIONED, USAGE_OUT, 3000);
	const char *text = page_of(
		&page, r, (struct report_seen){ .kind = REPORT_COMPLIANCE, .is_unwatched = true });
	assert_non_null(strstr(text, "ISO/IEC 27001:2022 A.8.12"));
	assert_non_null(strstr(text, "1 alerts of data that left"));
	assert_non_null(strstr(text, "to others of the catalogue 3 kB"));
	assert_non_null(strstr(text, "How well the sensor saw is not known"));
	assert_null(strstr(text, "No packet was lost"));
	assert_non_null(strstr(text, "<tr><th scope=\"row\">office</th>"));
	assert_null(strstr(text, "Facts for a notice"));
	buf_deinit(&page);
	text = page_of(&page, r,
		       (struct report_seen){ .kind = REPORT_INCIDENT, .host = "10.0.0.1" });
	assert_non_null(strstr(text, "Facts for a notice"));
	assert_non_null(strstr(text, "the sentence"));
	assert_null(strstr(text, "ISO/IEC 27001"));
	assert_non_null(strstr(text, "No packet and no event was lost since the start"));
	assert_null(strstr(text, "The daemon runs since"));
	buf_deinit(&page);
	text = page_of(&page, r,
		       (struct report_seen){ .kind = REPORT_DAILY,
					     .first_ns = DAY_S * SECONDS,
					     .started_ns = (DAY_S + HOUR_S) * SECONDS });
	assert_non_null(strstr(text, "The daemon runs since"));
	buf_deinit(&page);
	report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_left_is_drawn_and_told, open_db, close_db),
		cmocka_unit_test_setup_teardown(a_host_and_a_time_narrow_it, open_db, close_db),
		cmocka_unit_test_setup_teardown(a_long_time_is_drawn_by_day, open_db, close_db),
		cmocka_unit_test_setup_teardown(what_is_new_and_who_talks_to_which_country, open_db,
						close_db),
		cmocka_unit_test_setup_teardown(an_auditor_has_lists, open_db, close_db),
		cmocka_unit_test_setup_teardown(kinds_have_their_own_parts, open_db, close_db),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
