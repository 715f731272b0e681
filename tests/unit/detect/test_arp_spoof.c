/*
 * Answers by ARP: of who wants to stand between, and of who is asked or takes over.
 */
#include "tickets.h"

DETECTOR_TEST("arp_spoof");

static const uint8_t gateway_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t victim_mac[6] = { 2, 0, 0, 0, 0, 5 };
static const uint8_t bad_mac[6] = { 2, 0, 0, 0, 0, 0x66 };

#define GATEWAY "10.0.0.1"
#define VICTIM  "10.0.0.5"
#define BAD     "10.0.0.66"

static void arp(struct judging *j, unsigned operation, const uint8_t mac[6], const char *sender,
		const char *target)
{
	struct event_arp *e = judging_event(j, EVENT_ARP, sizeof(*e), sender, target, 0);
	e->operation = (uint16_t)operation;
	memcpy(e->sender_mac, mac, 6);
	e->gratuitous = strcmp(sender, target) == 0;
	judging_end(j);
	judging_pass(j, SECOND_NS / 10);
}

static void ask(struct judging *j, const uint8_t mac[6], const char *sender, const char *target)
{
	arp(j, 1, mac, sender, target);
}

static void answer(struct judging *j, const uint8_t mac[6], const char *sender, const char *target)
{
	arp(j, 2, mac, sender, target);
}

static void meet(struct judging *j)
{
	ask(j, victim_mac, VICTIM, GATEWAY);
	answer(j, gateway_mac, GATEWAY, VICTIM);
	ask(j, bad_mac, BAD, GATEWAY);
	answer(j, gateway_mac, GATEWAY, BAD);
	ask(j, bad_mac, BAD, VICTIM);
	answer(j, victim_mac, VICTIM, BAD);
	judging_pass(j, 10 * SECOND_NS);
}

static void who_tells_both_sides_is_critical(void **state)
{
	struct judging *j = *state;
	meet(j);
	for (unsigned i = 0; i < 5; i++) {
		answer(j, bad_mac, GATEWAY, VICTIM);
		answer(j, bad_mac, VICTIM, GATEWAY);
		judging_pass(j, 2 * SECOND_NS);
	}
	assert_in_range(j->count, 1, 2);
	const struct finding *f = &j->found[j->count - 1];
	assert_int_equal(f->severity, SEVERITY_CRITICAL);
	struct ipaddr bad = judging_ip(BAD);
	assert_true(ipaddr_equal(&f->subject.ip, &bad));
	assert_int_equal(f->subject.mac[5], 0x66);
	assert_string_equal(f->techniques[0], "T1557.002");
}

static void one_side_is_medium_and_two_answers_are_silent(void **state)
{
	struct judging *j = *state;
	meet(j);
	answer(j, bad_mac, GATEWAY, VICTIM);
	answer(j, bad_mac, GATEWAY, VICTIM);
	assert_int_equal(j->count, 0);
	answer(j, bad_mac, GATEWAY, VICTIM);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

/* arpspoof tells the truth again when it is ended, in the owners' names. */
static void what_is_put_right_accuses_no_victim(void **state)
{
	struct judging *j = *state;
	meet(j);
	for (unsigned i = 0; i < 5; i++) {
		answer(j, bad_mac, GATEWAY, VICTIM);
		answer(j, bad_mac, VICTIM, GATEWAY);
	}
	unsigned before = j->count;
	for (unsigned i = 0; i < 5; i++) {
		answer(j, gateway_mac, GATEWAY, VICTIM);
		answer(j, victim_mac, VICTIM, GATEWAY);
	}
	assert_true(before > 0);
	assert_int_equal(j->count, before);
}

static void who_is_asked_may_answer_for_many(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 2; i < 60; i++) {
		char host[16];
		snprintf(host, sizeof(host), "10.0.0.%u", i);
		ask(j, victim_mac, VICTIM, host);
		answer(j, gateway_mac, host,
		       VICTIM); /* a router that answers for what it reaches */
	}
	assert_int_equal(j->count, 0);
}

/* The one that was active falls silent, the other announces itself: no two speak in turn. */
static void a_cluster_that_takes_over_is_silent(void **state)
{
	struct judging *j = *state;
	meet(j);
	for (unsigned i = 0; i < 10; i++)
		answer(j, bad_mac, GATEWAY, GATEWAY);
	for (unsigned i = 0; i < 10; i++) {
		ask(j, victim_mac, VICTIM, GATEWAY);
		answer(j, bad_mac, GATEWAY, VICTIM);
	}
	assert_int_equal(j->count, 0);
}

static void two_with_one_address_are_silent_while_only_asked(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 20; i++) {
		ask(j, victim_mac, VICTIM, GATEWAY);
		answer(j, gateway_mac, GATEWAY, VICTIM);
		answer(j, bad_mac, GATEWAY, VICTIM);
	}
	assert_int_equal(j->count, 0);
}

static void probes_and_nonsense_are_passed_over(void **state)
{
	static const uint8_t group[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct judging *j = *state;
	for (unsigned i = 0; i < 10; i++) {
		ask(j, victim_mac, "0.0.0.0", VICTIM);
		answer(j, group, GATEWAY, VICTIM);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_tells_both_sides_is_critical),
		CASE(one_side_is_medium_and_two_answers_are_silent),
		CASE(what_is_put_right_accuses_no_victim),
		CASE(who_is_asked_may_answer_for_many),
		CASE(a_cluster_that_takes_over_is_silent),
		CASE(two_with_one_address_are_silent_while_only_asked),
		CASE(probes_and_nonsense_are_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
