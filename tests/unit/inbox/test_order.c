/*
 * What the bodies of messages say, and the sentence for each that is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/inbox/order.h"

static char why[200];

static int intel(const char *body, struct order_intel *ret)
{
	why[0] = '\0';
	return order_parse_intel(body, strlen(body), ret, why, sizeof(why));
}

static void indicators_one_and_many(void **state)
{
	struct order_intel m;
	(void)state;
	assert_int_equal(intel("{\"add\": \"203.0.113.9\"}", &m), 0);
	assert_int_equal(m.add_count, 1);
	assert_string_equal(m.add[0], "203.0.113.9");
	assert_int_equal(intel("{\"add\": [\"a.example\", \"b.example\"], \"remove\": "
			       "[\"c.example\"], \"reason\": \"case 12\"}",
			       &m),
			 0);
	assert_int_equal(m.add_count, 2);
	assert_string_equal(m.add[1], "b.example");
	assert_string_equal(m.remove[0], "c.example");
	assert_string_equal(m.reason, "case 12");
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *body, *word;
	} cases[] = {
		{ "", "JSON" },
		{ "[]", "object" },
		{ "{\"add\": \"x\"", "column" },
		{ "{}", "no indicator" },
		{ "{\"add\": []}", "no indicator" },
		{ "{\"add\": 7}", "text is expected" },
		{ "{\"add\": [null]}", "text is expected" },
		{ "{\"add\": \"\"}", "blanks" },
		{ "{\"add\": \"a b\"}", "blanks" },
		{ "{\"add\": \"a\\nb\"}", "printable" },
		{ "{\"add\": \"\\u00e4.example\"}", "printable" },
		{ "{\"add\": \"x\", \"add\": \"y\"}", "duplicate" },
		{ "{\"add\": \"x\", \"why\": \"y\"}", "no such key" },
		{ "{\"add\": \"x\", \"reason\": 1}", "text is expected" },
	};
	struct order_intel m;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(intel(cases[i].body, &m), -EXF_E_INVALID);
		if (!strstr(why, cases[i].word))
			fail_msg("%s: %s", cases[i].body, why);
	}
}

static void lists_and_texts_are_bounded(void **state)
{
	char body[2000];
	struct order_intel m;
	size_t at = (size_t)sprintf(body, "{\"add\": [");
	(void)state;
	for (unsigned i = 0; i < ORDER_VALUES + 1; i++)
		at += (size_t)sprintf(body + at, "%s\"v%u\"", i ? "," : "", i);
	sprintf(body + at, "]}");
	assert_int_equal(intel(body, &m), -EXF_E_INVALID);
	at = (size_t)sprintf(body, "{\"add\": \"");
	memset(body + at, 'x', ORDER_VALUE);
	sprintf(body + at + ORDER_VALUE, "\"}");
	assert_int_equal(intel(body, &m), -EXF_E_INVALID);
	assert_non_null(strstr(why, "too long"));
}

/* Cut anywhere, it is refused. */
static void each_truncation_is_refused(void **state)
{
	static const char body[] = "{\"add\": [\"203.0.113.9\"], \"reason\": \"case 12\"}";
	struct order_intel m;
	(void)state;
	for (size_t len = 0; len < strlen(body); len++)
		assert_int_equal(order_parse_intel(body, len, &m, why, sizeof(why)),
				 -EXF_E_INVALID);
}

static int quarantine(const char *body, struct order_quarantine *ret)
{
	why[0] = '\0';
	return order_parse_quarantine(body, strlen(body), ret, why, sizeof(why));
}

static void requests_name_one_host_or_one_pair(void **state)
{
	struct order_quarantine q;
	char text[IPADDR_TEXT_MAX];
	(void)state;
	assert_int_equal(
		quarantine("{\"action\": \"add\", \"host\": \"10.1.2.3\", \"ttl\": \"1h\", "
			   "\"reason\": \"case 12\"}",
			   &q),
		0);
	assert_string_equal(q.kind, "host");
	assert_int_equal(q.ttl_s, 3600);
	assert_false(q.is_release || q.is_shared);
	assert_string_equal(ipaddr_print(&q.host, text, sizeof(text)), "10.1.2.3");
	assert_int_equal(quarantine("{\"action\": \"release\", \"kind\": \"pair\", \"host\": "
				    "\"10.1.2.3\", \"peer\": \"203.0.113.9\"}",
				    &q),
			 0);
	assert_true(q.is_release);
	assert_string_equal(ipaddr_print(&q.peer, text, sizeof(text)), "203.0.113.9");
}

static void requests_that_are_none(void **state)
{
	static const struct {
		const char *body, *word;
	} cases[] = {
		{ "{}", "action" },
		{ "{\"action\": \"off\"}", "add or release" },
		{ "{\"action\": \"add\", \"reason\": \"x\"}", "address is missing" },
		{ "{\"action\": \"add\", \"host\": \"10.1.2.3\"}", "others will ask" },
		{ "{\"action\": \"add\", \"host\": \"10.0.0.0/8\", \"reason\": \"x\"}", "prefix" },
		{ "{\"action\": \"add\", \"host\": \"10.1.2.3\", \"kind\": \"all\"}",
		  "host, pair" },
		{ "{\"action\": \"add\", \"host\": \"10.1.2.3\", \"kind\": \"pair\", \"reason\": \"x\"}",
		  "a pair has one" },
		{ "{\"action\": \"add\", \"host\": \"10.1.2.3\", \"peer\": \"::1\", \"reason\": \"x\"}",
		  "a pair has one" },
		{ "{\"action\": \"add\", \"host\": \"10.1.2.3\", \"ttl\": \"0\"}",
		  "time is expected" },
		{ "{\"action\": \"add\", \"host\": \"10.1.2.3\", \"ttl\": 5}", "text is expected" },
		{ "{\"action\": \"add\", \"host\": \"10.1.2.3\", \"shared\": 1}", "true or false" },
		{ "{\"action\": \"add\", \"hosts\": \"10.1.2.3\"}", "no such key" },
	};
	struct order_quarantine q;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(quarantine(cases[i].body, &q), -EXF_E_INVALID);
		if (!strstr(why, cases[i].word))
			fail_msg("%s: %s", cases[i].body, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_name_one_host_or_one_pair),
		cmocka_unit_test(requests_that_are_none),
		cmocka_unit_test(indicators_one_and_many),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(lists_and_texts_are_bounded),
		cmocka_unit_test(each_truncation_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
