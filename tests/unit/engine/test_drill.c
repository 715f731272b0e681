/*
 * Holds where a drill's token is looked for: a DNS question, a request's path, the bytes of a ping;
 * every shorter or longer one, answers and other kinds of events are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/str.h"
#include "../../../src/engine/drill.h"

#define NOW_NS (1796000000ull * 1000000000ull)

static struct drills *drills;
static char digits[DRILL__COUNT][DRILL_DIGITS + 1];

static int setup(void **state)
{
	(void)state;
	drills = drills_new();
	assert_non_null(drills);
	for (unsigned kind = 0; kind < DRILL__COUNT; kind++)
		assert_true(drills_make(drills, (enum drill_kind)kind, NOW_NS, digits[kind]));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	drills_free(drills);
	return 0;
}

/* The event in a block of its exact size, its one string behind the struct. */
static void *make(enum event_kind kind, size_t size, size_t at, const char *text)
{
	size_t head = (size + 7) & ~(size_t)7, len = text ? strlen(text) : 0;
	struct event *e = calloc(1, head + len);
	e->kind = (uint16_t)kind;
	e->size = (uint32_t)(head + len);
	e->packet = 17;
	e->time_ns = NOW_NS + 3000000000ull;
	assert_int_equal(ipaddr_parse("10.1.2.3", &e->src), 0);
	assert_int_equal(ipaddr_parse("203.0.113.9", &e->dst), 0);
	if (!text)
		return e;
	struct event_str s = { .off = (uint16_t)head, .len = (uint16_t)len, .full = (uint32_t)len };
	memcpy((char *)e + at, &s, sizeof(s));
	memcpy((char *)e + head, text, len);
	return e;
}

static bool sees(void *event, struct finding *f)
{
	bool seen = drill_seen(drills, event, SEVERITY_NONE, f);
	free(event);
	return seen;
}

static void *dns(const char *name)
{
	return make(EVENT_DNS, sizeof(struct event_dns), offsetof(struct event_dns, name), name);
}

static void *http(const char *uri)
{
	return make(EVENT_HTTP, sizeof(struct event_http), offsetof(struct event_http, uri), uri);
}

static struct event_icmp *ping(uint8_t type, uint16_t len)
{
	struct event_icmp *e = make(EVENT_ICMP, sizeof(*e), 0, NULL);
	e->type = type;
	e->payload_len = e->captured_len = len;
	assert_true(drill_parse(digits[DRILL_ICMP], e->head));
	return e;
}

static void test_dns(void **state)
{
	struct finding f;
	char name[128];
	(void)state;
	str_copy(name, sizeof(name), digits[DRILL_DNS]);
	strcat(name, "-2.ExFiLd-dRiLl.example.com");
	assert_true(sees(dns(name), &f));
	assert_true(f.is_drill);
	assert_string_equal(f.object, digits[DRILL_DNS]);
	assert_int_equal(f.severity, SEVERITY_LOW);
	assert_int_equal(f.class, FINDING_SENSOR);
	assert_true(f.subject.has_ip && f.peer.has_ip && f.packet_count == 1);
	assert_non_null(strstr(f.message, "DNS question"));
	assert_string_equal(f.features[0].text, "signed by this daemon 3 s before it came");
	/* each shorter name stops before a byte that is not there */
	size_t least = DRILL_DIGITS + strlen("-2.exfild-drill.");
	for (size_t len = 0; len < least; len++) {
		char part[128];
		memcpy(part, name, len);
		part[len] = '\0';
		assert_false(sees(dns(part), &f));
	}
	struct event_dns *answer = dns(name);
	answer->is_response = 1;
	assert_false(sees(answer, &f));
	name[0] = 'x';
	assert_false(sees(dns(name), &f));
	str_copy(name, sizeof(name), digits[DRILL_HTTP]); /* of another kind */
	strcat(name, "-1.exfild-drill.example.com");
	assert_false(sees(dns(name), &f));
}

static void test_http(void **state)
{
	struct finding f;
	char uri[128] = DRILL_PATH;
	(void)state;
	strcat(uri, digits[DRILL_HTTP]);
	struct event_http *sent = http(uri);
	sent->e.from_server = 1;
	assert_false(sees(sent, &f));
	assert_true(sees(http(uri), &f));
	for (size_t len = 0; len < strlen(uri); len++) {
		char part[128];
		memcpy(part, uri, len);
		part[len] = '\0';
		assert_false(sees(http(part), &f));
	}
	uri[1] ^= 1;
	assert_false(sees(http(uri), &f));
	strcat(uri, "?");
	uri[1] ^= 1;
	assert_true(sees(http(uri), &f));
	struct event_http *answer = http(uri);
	answer->is_response = 1;
	assert_false(sees(answer, &f));
}

static void test_icmp(void **state)
{
	struct finding f;
	(void)state;
	assert_true(sees(ping(8, DRILL_TOKEN), &f));
	assert_true(sees(ping(128, DRILL_TOKEN), &f));
	assert_false(sees(ping(0, DRILL_TOKEN), &f));
	assert_false(sees(ping(8, DRILL_TOKEN + 1), &f));
	assert_false(sees(ping(8, DRILL_TOKEN - 1), &f));
	struct event_icmp *cut = ping(8, DRILL_TOKEN);
	cut->captured_len--;
	assert_false(sees(cut, &f));
}

static void test_other_kinds(void **state)
{
	struct finding f;
	(void)state;
	for (unsigned kind = 0; kind < EVENT__COUNT; kind++) {
		if (kind == EVENT_DNS || kind == EVENT_HTTP || kind == EVENT_ICMP)
			continue;
		assert_false(sees(make((enum event_kind)kind, sizeof(struct event), 0, NULL), &f));
	}
}

static void test_severity(void **state)
{
	struct finding f;
	struct event_icmp *e = ping(8, DRILL_TOKEN);
	(void)state;
	assert_true(drill_seen(drills, &e->e, SEVERITY_CRITICAL, &f));
	assert_int_equal(f.severity, SEVERITY_CRITICAL); /* so that it is sent */
	e->e.time_ns += (uint64_t)(DRILL_VALID_S + 120) * 1000000000ull;
	assert_false(drill_seen(drills, &e->e, SEVERITY_CRITICAL, &f));
	free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_http, setup, teardown),
		cmocka_unit_test_setup_teardown(test_icmp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_severity, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
