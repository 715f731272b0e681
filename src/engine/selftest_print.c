/*
 * engine/selftest_print.c - the self-test for people and as JSON lines.
 */
#include <stdio.h>

#include "exfild/base/json.h"
#include "selftest.h"

#define LINE_MAX_BYTES 4096

static const char *const result_names[] = {
	[SELFTEST_FIRED] = "fired", [SELFTEST_SILENT] = "silent", [SELFTEST_QUIET] = "quiet",
	[SELFTEST_FALSE] = "false", [SELFTEST_BROKEN] = "broken",
};

static const char *const result_words[] = {
	[SELFTEST_FIRED] = "fired", [SELFTEST_SILENT] = "SILENT", [SELFTEST_QUIET] = "quiet",
	[SELFTEST_FALSE] = "FALSE", [SELFTEST_BROKEN] = "BROKEN",
};

void selftest_print_head(bool json, const char *config_name)
{
	if (!json)
		(void)printf("exfild %s: the shipped attacks through %s\n", EXFILD_VERSION,
			     config_name);
}

static void row_text(const struct selftest_row *row)
{
	bool has_severity = row->alerts && row->severity > SEVERITY_NONE;
	(void)printf("  %-6s  %-17s  %-8s  %s\n", result_words[row->result],
		     row->test->detector ? row->test->detector : "harmless",
		     has_severity ? severity_name(row->severity) : "-", row->test->what);
	if (row->code)
		(void)printf("          %s\n", row->reason);
	(void)fflush(stdout);
}

static void row_json(const struct selftest_row *row)
{
	struct buf out;
	buf_init(&out, LINE_MAX_BYTES);
	struct json j = json_make(&out);
	json_open_object(&j, NULL);
	json_string(&j, "capture", row->test->name);
	json_string(&j, "kind", row->test->detector ? "attack" : "harmless");
	if (row->test->detector)
		json_string(&j, "detector", row->test->detector);
	json_string(&j, "result", result_names[row->result]);
	json_uint(&j, "alerts", row->alerts);
	json_uint(&j, "severity", (uint64_t)row->severity);
	if (row->rule)
		json_string(&j, "rule", row->rule);
	if (row->code) {
		json_open_object(&j, "reason");
		json_string(&j, "code", row->code);
		json_string(&j, "text", row->reason);
		json_close_object(&j);
	}
	json_close_object(&j);
	(void)printf("%.*s\n", (int)out.len, out.data ? out.data : "");
	buf_deinit(&out);
}

void selftest_print_row(bool json, const struct selftest_row *row)
{
	if (json)
		row_json(row);
	else
		row_text(row);
}

void selftest_print_sums(bool json, const struct selftest_sums *s)
{
	if (json) {
		(void)printf("{\"attacks\":%u,\"fired\":%u,\"silent\":%u,\"harmless\":%u,"
			     "\"quiet\":%u,\"false\":%u,\"broken\":%u}\n",
			     s->attacks, s->by_result[SELFTEST_FIRED],
			     s->by_result[SELFTEST_SILENT], s->harmless,
			     s->by_result[SELFTEST_QUIET], s->by_result[SELFTEST_FALSE],
			     s->by_result[SELFTEST_BROKEN]);
		return;
	}
	(void)printf("%u of %u attacks fired, %u stayed silent; %u of %u harmless captures raised "
		     "nothing",
		     s->by_result[SELFTEST_FIRED], s->attacks, s->by_result[SELFTEST_SILENT],
		     s->by_result[SELFTEST_QUIET], s->harmless);
	if (s->by_result[SELFTEST_BROKEN])
		(void)printf("; %u could not be read", s->by_result[SELFTEST_BROKEN]);
	(void)putchar('\n');
}
