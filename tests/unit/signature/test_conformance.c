/*
 * The Sigma specification 2.1 as a table: a search and its condition, an event, whether it matches.
 *
 * Fields are those of category webserver: cs-uri is `uri`, cs-method `method`, c-useragent
 * `user_agent`, cs-host `host`, cs-bytes `content_length`, dst_ip `dst`, dst_port `dport`.
 */
#include "rules.h"

#define RULE  "title: t\nlogsource: {category: webserver}\ndetection:\n"
#define EVENT "{\"kind\":\"http\",\"src\":\"10.0.0.5\",\"dst\":\"203.0.113.9\",\"dport\":8080,"

struct row {
	const char *detection; /* lines below detection, two spaces in front */
	const char *event;     /* the rest of the event */
	bool matches;
};

#define ONE(item) "  s:\n    " item "\n  condition: s\n"

static const struct row rows[] = {
	/* plain values: whole, in either case, numbers as numbers or text */
	{ ONE("cs-uri: /Index"), "\"uri\":\"/index\"}", true },
	{ ONE("cs-uri: /index"), "\"uri\":\"/index2\"}", false },
	{ ONE("dst_port: 8080"), "\"uri\":\"/\"}", true },
	{ ONE("dst_port: '8080'"), "\"uri\":\"/\"}", true },
	{ ONE("dst_port: 80"), "\"uri\":\"/\"}", false },
	{ ONE("dst_port: '80*'"), "\"uri\":\"/\"}", true },
	{ ONE("dst_port|startswith: '80'"), "\"uri\":\"/\"}", true },
	{ ONE("dst_ip: 203.0.113.9"), "\"uri\":\"/\"}", true },
	{ ONE("dst_ip: 203.0.113.*"), "\"uri\":\"/\"}", true },
	{ ONE("dst_ip: 203.0.114.*"), "\"uri\":\"/\"}", false },
	/* lists are or, with all and */
	{ ONE("cs-method: [PUT, POST]"), "\"method\":\"post\"}", true },
	{ ONE("cs-method: [PUT, POST]"), "\"method\":\"get\"}", false },
	{ ONE("cs-uri|contains|all: [a, b]"), "\"uri\":\"/b/a\"}", true },
	{ ONE("cs-uri|contains|all: [a, b]"), "\"uri\":\"/a\"}", false },
	/* wildcards and escapes */
	{ ONE("cs-uri: '/a*z'"), "\"uri\":\"/abcz\"}", true },
	{ ONE("cs-uri: '/a?c'"), "\"uri\":\"/abc\"}", true },
	{ ONE("cs-uri: '/a?c'"), "\"uri\":\"/ac\"}", false },
	{ ONE("cs-uri: '/a\\*c'"), "\"uri\":\"/a*c\"}", true },
	{ ONE("cs-uri: '/a\\*c'"), "\"uri\":\"/abc\"}", false },
	{ ONE("cs-uri: '/a\\?c'"), "\"uri\":\"/a?c\"}", true },
	{ ONE("cs-uri: 'a\\\\*'"), "\"uri\":\"a\\\\bc\"}", true },
	{ ONE("cs-uri: 'a\\b'"), "\"uri\":\"a\\\\b\"}", true },
	{ ONE("cs-uri: 'a\\\\b'"), "\"uri\":\"a\\\\b\"}", true },
	{ ONE("cs-uri: 'a\\\\\\*b'"), "\"uri\":\"a\\\\*b\"}", true },
	{ ONE("cs-uri: '*'"), "\"uri\":\"x\"}", true },
	{ ONE("cs-uri: '*'"), "\"method\":\"GET\"}", false },
	/* contains, startswith, endswith, cased */
	{ ONE("cs-uri|contains: MID"), "\"uri\":\"a-mid-z\"}", true },
	{ ONE("cs-uri|startswith: A-"), "\"uri\":\"a-mid-z\"}", true },
	{ ONE("cs-uri|startswith: mid"), "\"uri\":\"a-mid-z\"}", false },
	{ ONE("cs-uri|endswith: -Z"), "\"uri\":\"a-mid-z\"}", true },
	{ ONE("cs-uri|endswith: mid"), "\"uri\":\"a-mid-z\"}", false },
	{ ONE("cs-uri|endswith: z"), "\"uri\":\"z\\n\"}", false },
	{ ONE("cs-uri|contains|cased: MID"), "\"uri\":\"a-mid-z\"}", false },
	{ ONE("cs-uri|contains|cased: mid"), "\"uri\":\"a-mid-z\"}", true },
	{ ONE("cs-uri|cased: Mid"), "\"uri\":\"mid\"}", false },
	{ ONE("cs-uri|cased: Mid"), "\"uri\":\"Mid\"}", true },
	/* expressions */
	{ ONE("cs-uri|re: '^/[a-c]{2,3}$'"), "\"uri\":\"/abc\"}", true },
	{ ONE("cs-uri|re: '^/[a-c]{2,3}$'"), "\"uri\":\"/ABC\"}", false },
	{ ONE("cs-uri|re|i: '^/[a-c]{2,3}$'"), "\"uri\":\"/ABC\"}", true },
	{ ONE("cs-uri|re|m: '^b$'"), "\"uri\":\"a\\nb\"}", true },
	{ ONE("cs-uri|re: '^b$'"), "\"uri\":\"a\\nb\"}", false },
	{ ONE("cs-uri|re|s: 'a.b'"), "\"uri\":\"a\\nb\"}", true },
	{ ONE("cs-uri|re: 'a.b'"), "\"uri\":\"a\\nb\"}", false },
	/* networks */
	{ ONE("dst_ip|cidr: 203.0.113.0/24"), "\"uri\":\"/\"}", true },
	{ ONE("dst_ip|cidr: [10.0.0.0/8, 203.0.112.0/23]"), "\"uri\":\"/\"}", true },
	{ ONE("dst_ip|cidr: 203.0.113.0/29"), "\"uri\":\"/\"}", false },
	{ ONE("dst_ip|cidr: '2001:db8::/32'"), "\"uri\":\"/\"}", false },
	{ ONE("cs-host|cidr: 192.168.0.0/16"), "\"host\":\"192.168.3.4\"}", true },
	{ ONE("cs-host|cidr: 192.168.0.0/16"), "\"host\":\"example.com\"}", false },
	/* absent, empty, exists */
	{ ONE("cs-host: null"), "\"uri\":\"/\"}", true },
	{ ONE("cs-host: null"), "\"host\":\"h\"}", false },
	{ ONE("cs-host: ''"), "\"host\":\"\"}", true },
	{ ONE("cs-host: ''"), "\"host\":\"h\"}", false },
	{ ONE("cs-host|exists: true"), "\"host\":\"h\"}", true },
	{ ONE("cs-host|exists: false"), "\"host\":\"h\"}", false },
	{ ONE("cs-host|exists: false"), "\"uri\":\"/\"}", true },
	{ ONE("cs-host: [null, a]"), "\"uri\":\"/\"}", true },
	/* numbers */
	{ ONE("cs-bytes|gt: 100"), "\"content_length\":101}", true },
	{ ONE("cs-bytes|gt: 100"), "\"content_length\":100}", false },
	{ ONE("cs-bytes|gte: 100"), "\"content_length\":100}", true },
	{ ONE("cs-bytes|lt: 100"), "\"content_length\":99}", true },
	{ ONE("cs-bytes|lte: 100"), "\"content_length\":101}", false },
	/* neq */
	{ ONE("cs-method|neq: GET"), "\"method\":\"PUT\"}", true },
	{ ONE("cs-method|neq: GET"), "\"method\":\"get\"}", false },
	{ ONE("cs-method|neq: [GET, PUT]"), "\"method\":\"put\"}", false },
	{ ONE("cs-uri|contains|neq: x"), "\"uri\":\"/abc\"}", true },
	/* encodings: "foo" at three places, wide */
	{ ONE("cs-uri|base64|contains: foobar"), "\"uri\":\"x=Zm9vYmFy\"}", true },
	{ ONE("cs-uri|base64offset|contains: foobar"), "\"uri\":\"YWZvb2Jhcg==\"}", true },
	{ ONE("cs-uri|base64offset|contains: foobar"), "\"uri\":\"YWFmb29iYXI=\"}", true },
	{ ONE("cs-uri|base64offset|contains: foobar"), "\"uri\":\"Zm9vYmFyeHl6\"}", true },
	{ ONE("cs-uri|base64offset|contains: foobar"), "\"uri\":\"Zm9vYmF6\"}", false },
	{ ONE("cs-uri|wide|base64offset|contains: ab"), "\"uri\":\"YQBiAA==\"}", true },
	{ ONE("cs-uri|utf16le|base64|contains: ab"), "\"uri\":\"YQBiAA==\"}", true },
	{ ONE("cs-uri|utf16be|base64|contains: ab"), "\"uri\":\"AGEAYg==\"}", true },
	{ ONE("cs-uri|utf16|base64|contains: ab"), "\"uri\":\"//5hAGIA\"}", true },
	{ ONE("cs-uri|windash|contains: ' -p'"), "\"uri\":\"x /p\"}", true },
	{ ONE("cs-uri|windash|contains: ' -p'"), "\"uri\":\"x \u2013p\"}", true },
	{ ONE("cs-uri|windash|contains: 'a-p'"), "\"uri\":\"a/p\"}", false },
	/* other fields */
	{ ONE("cs-host|fieldref: c-useragent"), "\"host\":\"a\",\"user_agent\":\"A\"}", true },
	{ ONE("cs-host|fieldref: c-useragent"), "\"host\":\"a\",\"user_agent\":\"b\"}", false },
	{ ONE("cs-host|fieldref|startswith: c-useragent"),
	  "\"host\":\"abc\",\"user_agent\":\"ab\"}", true },
	{ ONE("cs-host|fieldref|endswith: c-useragent"), "\"host\":\"abc\",\"user_agent\":\"bc\"}",
	  true },
	{ ONE("cs-host|fieldref|contains: c-useragent"), "\"host\":\"abc\",\"user_agent\":\"b\"}",
	  true },
	{ ONE("cs-host|fieldref|neq: c-useragent"), "\"host\":\"a\",\"user_agent\":\"b\"}", true },
	/* parts of a time */
	{ ONE("ts|hour: 10"), "\"time\":\"2026-03-02T10:15:00Z\"}", true },
	{ ONE("ts|hour|gte: 11"), "\"time\":\"2026-03-02T10:15:00Z\"}", false },
	{ ONE("ts|minute: 15"), "\"time\":\"2026-03-02T10:15:00Z\"}", true },
	{ ONE("ts|day: 2"), "\"time\":\"2026-03-02T10:15:00Z\"}", true },
	{ ONE("ts|week: 10"), "\"time\":\"2026-03-02T10:15:00Z\"}", true },
	{ ONE("ts|month: 3"), "\"time\":\"2026-03-02T10:15:00Z\"}", true },
	{ ONE("ts|year: 2026"), "\"time\":\"2026-03-02T10:15:00Z\"}", true },
	/* keywords: anywhere in a text of the event */
	{ "  k: [evil, worse]\n  condition: k\n", "\"user_agent\":\"an Evil one\"}", true },
	{ "  k: [evil, worse]\n  condition: k\n", "\"user_agent\":\"good\"}", false },
	{ "  k:\n    '|all': [evil, worse]\n  condition: k\n",
	  "\"user_agent\":\"evil\",\"uri\":\"/worse\"}", true },
	{ "  k:\n    '|all': [evil, worse]\n  condition: k\n", "\"user_agent\":\"evil\"}", false },
	{ "  k: 'ev*l'\n  condition: k\n", "\"uri\":\"/evxxl\"}", true },
	/* maps are and, lists of maps or */
	{ "  s: {cs-method: GET, cs-uri: /a}\n  condition: s\n",
	  "\"method\":\"GET\",\"uri\":\"/a\"}", true },
	{ "  s: {cs-method: GET, cs-uri: /a}\n  condition: s\n",
	  "\"method\":\"GET\",\"uri\":\"/b\"}", false },
	{ "  s:\n    - cs-method: PUT\n    - cs-uri: /a\n  condition: s\n",
	  "\"method\":\"GET\",\"uri\":\"/a\"}", true },
/* conditions */
#define AB "  a: {cs-method: GET}\n  b: {cs-uri: /b}\n  c: {cs-host: h}\n"
	{ AB "  condition: a and b\n", "\"method\":\"GET\",\"uri\":\"/b\"}", true },
	{ AB "  condition: a and b\n", "\"method\":\"GET\",\"uri\":\"/a\"}", false },
	{ AB "  condition: a or b\n", "\"method\":\"PUT\",\"uri\":\"/b\"}", true },
	{ AB "  condition: a and not b\n", "\"method\":\"GET\",\"uri\":\"/a\"}", true },
	{ AB "  condition: not a\n", "\"method\":\"PUT\"}", true },
	{ AB "  condition: not not a\n", "\"method\":\"GET\"}", true },
	{ AB "  condition: a and (b or c)\n", "\"method\":\"GET\",\"host\":\"h\"}", true },
	{ AB "  condition: a and b or c\n", "\"host\":\"h\"}", true },
	{ AB "  condition: a and not (b or c)\n", "\"method\":\"GET\",\"host\":\"h\"}", false },
	{ AB "  condition: A_x or c\n  A_x: {cs-uri: /z}\n", "\"uri\":\"/z\"}", true },
	{ AB "  condition: [a and b, c]\n", "\"host\":\"h\"}", true },
#define MANY \
 "  sel_1: {cs-method: GET}\n  sel_2: {cs-uri: /b}\n  _sel: {cs-host: h}\n  other: {cs-host: o}\n"
	{ MANY "  condition: 1 of sel_*\n", "\"uri\":\"/b\"}", true },
	{ MANY "  condition: all of sel_*\n", "\"uri\":\"/b\"}", false },
	{ MANY "  condition: all of sel_*\n", "\"method\":\"GET\",\"uri\":\"/b\"}", true },
	{ MANY "  condition: 1 of them\n", "\"host\":\"h\"}", false },
	{ MANY "  condition: 1 of _*\n", "\"host\":\"h\"}", true },
	{ MANY "  condition: any of them\n", "\"host\":\"o\"}", true },
	{ MANY "  condition: 2 of them\n", "\"method\":\"GET\",\"host\":\"o\"}", true },
	{ MANY "  condition: 2 of them\n", "\"host\":\"o\"}", false },
	{ MANY "  condition: not 1 of sel_*\n", "\"method\":\"PUT\",\"uri\":\"/x\"}", true },
	{ MANY "  condition: NOT 1 OF sel_* AND other\n", "\"method\":\"PUT\",\"host\":\"o\"}",
	  true },
	/* views of a path */
	{ ONE("cs-uri-stem: /a.php"), "\"uri\":\"/a.php?x=1\"}", true },
	{ ONE("c-uri-extension: php"), "\"uri\":\"/a.php?x=1.b\"}", true },
	{ ONE("c-uri-extension: php"), "\"uri\":\"/a/php\"}", false },
};

static bool matches(const struct row *r)
{
	char rule[1024], event[1024];
	snprintf(rule, sizeof(rule), RULE "%s", r->detection);
	snprintf(event, sizeof(event), EVENT "%s", r->event);
	struct signatures *s = sound_rules(rule);
	bool hit = show(s, event).count == 1;
	signatures_free(s);
	return hit;
}

static void test_the_table(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (matches(&rows[i]) != rows[i].matches) {
			print_error("row %zu is wrong:\n%s%s\n", i, rows[i].detection,
				    rows[i].event);
			wrong++;
		}
	assert_int_equal(wrong, 0);
}

static void test_placeholders_are_lists(void **state)
{
	(void)state;
	struct signatures *s =
		sound_rules("placeholders: {Servers: [10.0.0.7, 203.0.113.9]}\n---\n" RULE
			    "  s: {'dst_ip|expand': '%Servers%'}\n  condition: s\n");
	assert_int_equal(show(s, EVENT "\"uri\":\"/\"}").count, 1);
	signatures_free(s);
}

static void test_filters_take_away(void **state)
{
	(void)state;
	struct signatures *s =
		sound_rules("title: t\nname: base\nlogsource: {category: webserver}\ndetection:\n"
			    "  s: {cs-method: GET}\n  condition: s\n---\n"
			    "title: f\nlogsource: {category: webserver}\nfilter:\n  rules: [base]\n"
			    "  known: {cs-host: good}\n  condition: not known\n");
	assert_int_equal(show(s, EVENT "\"method\":\"GET\",\"host\":\"good\"}").count, 0);
	assert_int_equal(show(s, EVENT "\"method\":\"GET\",\"host\":\"bad\"}").count, 1);
	signatures_free(s);
}

/* A response is judged with its request, if both were seen. */
static void test_a_response_knows_its_request(void **state)
{
	(void)state;
	struct signatures *s =
		sound_rules(RULE "  s: {cs-uri: /a, sc-status: 200}\n  condition: s\n");
	assert_int_equal(show(s, EVENT "\"flow\":7,\"uri\":\"/a\"}\n" EVENT
				       "\"flow\":7,\"is_response\":true,\"status\":200}")
				 .count,
			 1);
	assert_int_equal(show(s, EVENT "\"flow\":8,\"uri\":\"/b\"}\n" EVENT
				       "\"flow\":8,\"is_response\":true,\"status\":200}")
				 .count,
			 0);
	signatures_free(s);
}

static void test_each_source_maps(void **state)
{
	(void)state;
	static const struct {
		const char *source, *item, *event;
	} sources[] = {
		{ "product: zeek, service: dns", "query: a.b",
		  "{\"kind\":\"dns\",\"name\":\"a.b\"}" },
		{ "category: dns", "{record_type: TXT, answer: v=1}",
		  "{\"kind\":\"dns\",\"is_response\":true,\"qtype\":16,\"answer\":\"x, v=1\"}" },
		{ "product: windows, category: dns_query", "QueryName: a.b",
		  "{\"kind\":\"dns\",\"name\":\"a.b\"}" },
		{ "category: proxy", "cs-host: a.b", "{\"kind\":\"tls\",\"sni\":\"a.b\"}" },
		{ "category: proxy", "c-uri: 'http://a.b/c'",
		  "{\"kind\":\"http\",\"host\":\"a.b\",\"uri\":\"/c\"}" },
		{ "product: zeek, service: http", "user_agent: x",
		  "{\"kind\":\"http\",\"user_agent\":\"x\"}" },
		{ "product: zeek, service: smb_files", "path: '\\\\*\\C$'",
		  "{\"kind\":\"smb\",\"act\":4,\"dst\":\"10.0.0.1\",\"share\":\"C$\"}" },
		{ "product: zeek, service: dce_rpc", "operation: CreateServiceW",
		  "{\"kind\":\"rpc\",\"act\":1,\"operation\":\"RCreateServiceW\"}" },
		{ "product: rpc_firewall, category: application",
		  "{EventLog: RPCFW, InterfaceUuid: 367abb81-9844-35f1-ad32-98f038001003, OpNum: 12}",
		  "{\"kind\":\"rpc\",\"act\":1,\"opnum\":12,"
		  "\"interface_id\":\"367abb81984435f1ad3298f038001003\"}" },
		{ "product: zeek, service: kerberos", "{request_type: TGS, cipher: rc4-hmac}",
		  "{\"kind\":\"kerberos\",\"message\":12,\"ticket_etype\":23}" },
		{ "product: zeek, service: ssl", "ja3: abc", "{\"kind\":\"tls\",\"ja3\":\"abc\"}" },
		{ "category: firewall", "{dst_port: 4444, action: accept}",
		  "{\"kind\":\"flow_start\",\"dport\":4444}" },
		{ "product: zeek, service: conn", "orig_bytes|gt: 10",
		  "{\"kind\":\"flow_end\",\"src_payload\":11}" },
		{ "service: netflow", "destination.port: 1",
		  "{\"kind\":\"flow_start\",\"dport\":1}" },
		{ "product: exfild, service: login", "{service: ssh, outcome: 2}",
		  "{\"kind\":\"login\",\"service\":\"ssh\",\"outcome\":2}" },
		{ "product: exfild, service: flow_end", "outcome: refused",
		  "{\"kind\":\"flow_end\",\"outcome\":\"refused\"}" },
	};
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		char rule[600];
		const char *item = sources[i].item;
		snprintf(rule, sizeof(rule),
			 "title: t\nlogsource: {%s}\ndetection:\n  s: %s%s%s\n  condition: s\n",
			 sources[i].source, item[0] == '{' ? "" : "{", item,
			 item[0] == '{' ? "" : "}");
		/* modifiers in a flow map need quotes */
		if (strchr(item, '|'))
			snprintf(
				rule, sizeof(rule),
				"title: t\nlogsource: {%s}\ndetection:\n  s:\n    %s\n  condition: s\n",
				sources[i].source, item);
		struct signatures *s = sound_rules(rule);
		if (show(s, sources[i].event).count != 1)
			fail_msg("%s", rule);
		signatures_free(s);
	}
}

static void test_a_hit_names_its_parts(void **state)
{
	(void)state;
	struct signatures *s = sound_rules(
		RULE "  s: {cs-method: GET, 'cs-uri|contains': secret}\n  f: {cs-host: x}\n"
		     "  condition: s and not f\n");
	struct seen seen = show(s, EVENT "\"method\":\"GET\",\"uri\":\"/secret?key=1\"}");
	assert_int_equal(seen.last.part_count, 2);
	assert_string_equal(seen.last.parts[1].field, "cs-uri|contains");
	assert_string_equal(seen.last.parts[1].value, "/secret"); /* no query */
	signatures_free(s);
}

/* What no event can match is asked of no event. */
static void test_rules_want_their_kinds_only(void **state)
{
	(void)state;
	struct signatures *s = sound_rules(RULE "  s: {cs-uri: /a}\n  condition: s\n");
	assert_int_equal(signatures_wants(s), 1ull << EVENT_HTTP);
	signatures_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table),
		cmocka_unit_test(test_placeholders_are_lists),
		cmocka_unit_test(test_filters_take_away),
		cmocka_unit_test(test_a_response_knows_its_request),
		cmocka_unit_test(test_each_source_maps),
		cmocka_unit_test(test_a_hit_names_its_parts),
		cmocka_unit_test(test_rules_want_their_kinds_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
