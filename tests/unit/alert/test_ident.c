#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/alert/community.h"
#include "exfild/alert/ident.h"
#include "unit/alert/samples.h"

struct vector {
	const char *src, *dst;
	uint8_t proto;
	uint16_t sport, dport;
	const char *id;
};

/* Made by another implementation of the specification; the first is the one of its README. */
static const struct vector vectors[] = {
	{ "128.232.110.120", "66.35.250.204", 6, 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ "66.35.250.204", "128.232.110.120", 6, 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ "192.168.1.52", "8.8.8.8", 17, 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
	{ "192.168.170.8", "192.168.170.20", 132, 7, 80, "1:gFaHI1laWtpQlwRSTE0djem/ECM=" },
	/* ICMP: echo request and reply are one flow, unreachable is one-way */
	{ "192.168.0.89", "192.168.0.1", 1, 2048, 13057, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=" },
	{ "192.168.0.1", "192.168.0.89", 1, 0, 13057, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=" },
	{ "192.168.0.89", "192.168.0.1", 1, 769, 0, "1:LXCfhMUFbYXe+CEMrQuZCbiLY3o=" },
	{ "192.168.0.1", "192.168.0.89", 1, 769, 0, "1:o3zT92uTgnRWv/YrDVeXcWumpC4=" },
	/* one address: the ports decide */
	{ "10.1.1.1", "10.1.1.1", 6, 80, 9, "1:U2TPxEjIG1XfrgPayR47YWX/UGA=" },
	{ "10.1.1.1", "10.1.1.1", 6, 9, 80, "1:U2TPxEjIG1XfrgPayR47YWX/UGA=" },
	{ "3ffe:507:0:1:260:97ff:fe07:69ea", "3ffe:507:0:1:200:86ff:fe05:80da", 58, 34560, 0,
	  "1:BtEUCMYecYjJ7spEkVZDiCFaMTY=" },
	{ "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:507:0:1:260:97ff:fe07:69ea", 58, 34816, 0,
	  "1:BtEUCMYecYjJ7spEkVZDiCFaMTY=" },
	{ "fe80::1", "ff02::1", 58, 260, 0, "1:NeMl+RONpx4rQHRKoBOPE9kbVGI=" },
	{ "2001:db8::1", "2001:db8::2", 17, 5353, 53, "1:sEzqFsMvqwEs2PgSeOAwGpzkZJo=" },
	/* no ports */
	{ "10.0.0.1", "10.0.0.2", 47, 0, 0, "1:+KlEHDT0vJgzs/eNmzHq0aSpRYw=" },
	{ "10.0.0.2", "10.0.0.1", 47, 0, 0, "1:+KlEHDT0vJgzs/eNmzHq0aSpRYw=" },
};

static void community_id_agrees_with_the_specification(void **state)
{
	char id[COMMUNITY_ID_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *v = &vectors[i];
		struct ipaddr src = sample_ip(v->src), dst = sample_ip(v->dst);
		community_id(&src, &dst, v->proto, v->sport, v->dport, id);
		assert_string_equal(id, v->id);
	}
}

static void community_id_of_two_families_is_empty(void **state)
{
	struct ipaddr src = sample_ip("10.0.0.1"), dst = sample_ip("2001:db8::1");
	char id[COMMUNITY_ID_MAX] = "x";
	(void)state;
	community_id(&src, &dst, 6, 1, 2, id);
	assert_string_equal(id, "");
}

/* Other programs may keep these: they change with a new schema only. */
static void ids_are_stable(void **state)
{
	struct finding f = sample_finding();
	char id[ALERT_ID_MAX], event_id[ALERT_ID_MAX];
	(void)state;
	ident_alert(&f, SAMPLE_TIME_NS, id);
	assert_string_equal(id, "66c41123fb9b51d3c630fedbabc7baa7");
	ident_event(id, 1, event_id);
	assert_string_equal(event_id, "45f4a4ddd1951e480ac811ec7dc3923b");
	ident_event(id, 2, event_id);
	assert_string_equal(event_id, "66ab9710e90f9027d2f62e71c6709a12");
	f.object[0] = '\0';
	ident_alert(&f, SAMPLE_TIME_NS, id);
	assert_string_equal(id, "123b1253807e50888a81a50a493c2e4d");
}

static bool same_key(const struct finding *a, const struct finding *b)
{
	uint8_t x[IDENT_KEY_SIZE], y[IDENT_KEY_SIZE];
	ident_merge_key(a, x);
	ident_merge_key(b, y);
	return memcmp(x, y, sizeof(x)) == 0;
}

static void key_is_rule_subject_and_object(void **state)
{
	struct finding a = sample_finding(), b = sample_finding();
	(void)state;
	b.peer = sample_end("192.0.2.77", 53, 0); /* another resolver, the same domain */
	b.score = 0.1;
	b.time_ns += SECOND_NS;
	assert_true(same_key(&a, &b));
	b.rule = "other";
	assert_false(same_key(&a, &b));
	b = a;
	b.subject.ip = sample_ip("10.1.4.24");
	assert_false(same_key(&a, &b));
	b = a;
	b.tunnel_key = 9;
	assert_false(same_key(&a, &b));
	b = a;
	str_copy(b.object, sizeof(b.object), "evil2.example");
	assert_false(same_key(&a, &b));
}

static void without_object_the_peer_is_the_key(void **state)
{
	struct finding a = sample_finding(), b;
	(void)state;
	a.object[0] = '\0';
	b = a;
	b.peer.port = 99;
	assert_true(same_key(&a, &b));
	b.peer.ip = sample_ip("192.0.2.77");
	assert_false(same_key(&a, &b));
	b.peer.has_ip = false;
	assert_false(same_key(&a, &b));
}

static void object_cannot_pretend_to_be_a_peer(void **state)
{
	struct finding a = sample_finding(), b = sample_finding();
	(void)state;
	a.object[0] = '\0';
	str_copy(b.object, sizeof(b.object), "\npeer=10.0.0.53");
	assert_false(same_key(&a, &b));
	str_copy(b.object, sizeof(b.object), "10.0.0.53");
	assert_false(same_key(&a, &b));
}

static void attack_names_are_known(void **state)
{
	(void)state;
	assert_string_equal(attack_technique_name("T1048.003"),
			    "Exfiltration Over Unencrypted Non-C2 Protocol");
	assert_string_equal(attack_technique_name("T1001"), "Data Obfuscation");
	assert_string_equal(attack_technique_name("T1659"), "Content Injection");
	assert_string_equal(attack_technique_tactic("T1021.002"), "TA0008");
	assert_string_equal(attack_tactic_name("TA0010"), "Exfiltration");
	assert_null(attack_technique_name("T9999"));
	assert_null(attack_technique_name(NULL));
	assert_null(attack_tactic_name("T1048"));
}

static void an_incident_is_named_by_its_begin(void **state)
{
	struct finding f = sample_finding();
	struct fusion_incident i = { .root = f.subject.ip, .began_ns = 1 },
			       none = { .began_ns = 0 };
	char id[ALERT_ID_MAX], again[ALERT_ID_MAX];
	(void)state;
	ident_incident(&none, id);
	assert_string_equal(id, "");
	ident_incident(&i, id);
	assert_int_equal(strlen(id), ALERT_ID_MAX - 1);
	ident_incident(&i, again);
	assert_string_equal(id, again);
	i.began_ns = 2;
	ident_incident(&i, again);
	assert_string_not_equal(id, again);
	i.began_ns = 1;
	i.root_tunnel = 7;
	ident_incident(&i, again);
	assert_string_not_equal(id, again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(community_id_agrees_with_the_specification),
		cmocka_unit_test(community_id_of_two_families_is_empty),
		cmocka_unit_test(ids_are_stable),
		cmocka_unit_test(key_is_rule_subject_and_object),
		cmocka_unit_test(without_object_the_peer_is_the_key),
		cmocka_unit_test(object_cannot_pretend_to_be_a_peer),
		cmocka_unit_test(an_incident_is_named_by_its_begin),
		cmocka_unit_test(attack_names_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
