/* live: what a served page has besides, and how well the sensor watched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/report/report.h"

#define HOUR_NS 3600000000000ull
#define T0      1795392000000000000ull /* 2026-11-23 */
#define BAD     "<b>\"\xe2\x80\xae\xff"

static const char alert[] =
	"{\"message\":\"m\",\"event\":{\"severity\":73,\"risk_score\":62.7,\"start\":"
	"\"2026-11-23T19:43:07.000000Z\",\"end\":\"2026-11-23T19:43:07.000000Z\"},\"rule\":{\"id\":"
	"\"dns_tunnel\",\"name\":\"<b>\\u202ex\\n\\\"\",\"category\":\"exfil\"},\"source\":{\"ip\":"
	"\"10.0.0.1\",\"bytes\":1000,\"domain\":\"pc\"},\"destination\":{\"domain\":\"evil.example\"},"
	"\"exfild\":{\"alert_id\":\"aa\",\"policy\":{\"rule\":\"no-tunnels\",\"action\":\"alert\"}}}";

static void page_of(const struct report_seen *seen, struct buf *out)
{
	struct report *r = report_new();
	assert_int_equal(report_alert(r, alert, strlen(alert)), 0);
	buf_init(out, REPORT_BYTES);
	assert_int_equal(report_page(r, seen, out), 0);
	report_free(r);
}

static void an_alert_is_plain_text_for_the_script(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 4096);
	assert_int_equal(report_live_alert(alert, strlen(alert), &out), 0);
	assert_string_equal(
		out.data, "{\"id\":\"aa\",\"begin\":\"2026-11-23T19:43:07.000000Z\",\"level\":"
			  "\"high\",\"alert\":\"<b>\\\\u202ex\\\\u000a\\\"\",\"host\":\"10.0.0.1\","
			  "\"name\":\"pc\",\"to\":\"evil.example\",\"bytes\":1000,\"risk\":62}");
	for (size_t len = 0; len < strlen(alert); len++) {
		buf_reset(&out);
		assert_int_equal(report_live_alert(alert, len, &out), -EXF_E_FORMAT);
	}
	buf_deinit(&out);
	buf_init(&out, 40); /* there is no room for it */
	assert_int_equal(report_live_alert(alert, strlen(alert), &out), -EXF_E_LIMIT);
	buf_deinit(&out);
}

static void a_served_page_leads_on(void **state)
{
	(void)state;
	struct buf page, policy;
	const struct report_seen seen = { .kind = REPORT_DAILY,
					  .title = "t",
					  .first_ns = T0,
					  .last_ns = T0 + HOUR_NS,
					  .is_live = true };
	page_of(&seen, &page);
	buf_init(&policy, 4096);
	report_live_policy(&policy);
	assert_non_null(strstr(page.data, policy.data));
	assert_non_null(strstr(policy.data, "connect-src 'self'"));
	assert_null(strstr(policy.data, "unsafe"));
	assert_non_null(strstr(page.data, "<a href=\"host?10.0.0.1\">10.0.0.1</a>"));
	assert_non_null(strstr(page.data, "<a href=\"./\" aria-current=\"page\">Last day</a>"));
	assert_non_null(strstr(page.data, "EventSource"));
	buf_deinit(&page);
	/* a file has nothing of it */
	const struct report_seen file = { .kind = REPORT_DAILY, .title = "t" };
	page_of(&file, &page);
	assert_null(strstr(page.data, "EventSource"));
	assert_null(strstr(page.data, "host?"));
	assert_null(strstr(page.data, "connect-src"));
	buf_deinit(&page);
	buf_deinit(&policy);
}

static const struct report_note notes[] = {
	{ .kind = REPORT_NOTE_AWAY, .from_ns = T0, .until_ns = T0 + HOUR_NS, .away_s = 3600 },
	{ .kind = REPORT_NOTE_CONFIGURATION,
	  .from_ns = T0 + HOUR_NS,
	  .what = "read again",
	  .who = "0123456789abcdef",
	  .text = "alerts.merge " BAD },
	{ .kind = REPORT_NOTE_BLIND,
	  .from_ns = T0 + 2 * HOUR_NS,
	  .until_ns = T0 + 2 * HOUR_NS + HOUR_NS / 60,
	  .dropped = 40000 },
	{ .kind = REPORT_NOTE_BLIND,
	  .from_ns = T0 + 2 * HOUR_NS + HOUR_NS / 60,
	  .until_ns = T0 + 2 * HOUR_NS + HOUR_NS / 30,
	  .dropped = 2001 },
	{ .kind = REPORT_NOTE_HOUR, .from_ns = T0 + HOUR_NS, .until_ns = T0 + 4 * HOUR_NS },
	{ .kind = REPORT_NOTE_QUARANTINE,
	  .from_ns = T0 + 3 * HOUR_NS,
	  .what = "add, enforce",
	  .who = "10.0.0.9",
	  .text = "rule " BAD },
};

static unsigned count(const char *in, const char *word)
{
	unsigned n = 0;
	for (const char *at = strstr(in, word); at; at = strstr(at + 1, word))
		n++;
	return n;
}

static void the_ledger_says_how_well_it_watched(void **state)
{
	(void)state;
	struct buf page;
	struct report_seen seen = { .kind = REPORT_WEEKLY,
				    .title = "t",
				    .first_ns = T0,
				    .last_ns = T0 + 8 * HOUR_NS,
				    .notes = notes,
				    .note_count = sizeof(notes) / sizeof(notes[0]) };
	page_of(&seen, &page);
	const char *part = strstr(page.data, "id=\"health\"");
	assert_non_null(part);
	/* nobody, watched, lost, watched, not told: an eighth each but for the last half */
	assert_non_null(strstr(part, "<rect class=\"critical\" x=\"0.000%\" width=\"12.500%\""));
	assert_non_null(strstr(part, "<rect class=\"back\" x=\"50.000%\" width=\"50.000%\""));
	assert_int_equal(count(part, "<rect class=\"medium\" x="), 1);
	assert_int_equal(count(part, "<rect class=\"ok\" x="), 2);
	assert_non_null(strstr(part, ">42,001<")); /* the minutes of an hour as one row */
	assert_int_equal(count(part, "it could not keep up"), 1);
	assert_int_equal(count(part, "exfild did not run"), 1);
	assert_non_null(strstr(part, "alerts.merge &lt;b&gt;&quot;\\u202e"));
	assert_non_null(strstr(page.data, "rule &lt;b&gt;&quot;\\u202e"));
	assert_non_null(strstr(page.data, "no-tunnels")); /* whose decision it was */
	assert_null(strstr(page.data, "<b>\""));
	buf_deinit(&page);
	seen.ledger_why = "it is not there <i>";
	page_of(&seen, &page);
	assert_non_null(strstr(page.data, "not known here</b>: it is not there &lt;i&gt;"));
	assert_null(strstr(page.data, "Quarantine log"));
	buf_deinit(&page);
	seen.ledger_why = NULL;
	seen.ledger_broken = "record 7";
	seen.note_count = 0;
	page_of(&seen, &page);
	assert_non_null(strstr(page.data, "The ledger was altered</b>: record 7"));
	assert_non_null(strstr(page.data, "Nothing was put into quarantine"));
	buf_deinit(&page);
}

static void of_many_notes_the_newest_are_shown(void **state)
{
	(void)state;
	static struct report_note many[1000];
	struct buf page;
	for (unsigned i = 0; i < 1000; i++)
		many[i] = (struct report_note){ .kind = i % 2 ? REPORT_NOTE_QUARANTINE :
								REPORT_NOTE_BLIND,
						.from_ns = T0 + i * HOUR_NS,
						.until_ns = T0 + i * HOUR_NS + 1,
						.dropped = 1,
						.what = "add",
						.who = "10.0.0.9",
						.text = "x" };
	const struct report_seen seen = { .kind = REPORT_COMPLIANCE,
					  .title = "t",
					  .first_ns = T0,
					  .last_ns = T0 + 1000 * HOUR_NS,
					  .notes = many,
					  .note_count = 1000 };
	page_of(&seen, &page);
	assert_int_equal(count(page.data, "it could not keep up"), 300);
	assert_int_equal(count(page.data, "200 older ones are in the ledger"), 2);
	buf_deinit(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert_is_plain_text_for_the_script),
		cmocka_unit_test(a_served_page_leads_on),
		cmocka_unit_test(the_ledger_says_how_well_it_watched),
		cmocka_unit_test(of_many_notes_the_newest_are_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
