/*
 * Ticket-granting tickets that the realm gives, and those that it does not.
 */
#include "tickets.h"

DETECTOR_TEST("forged_ticket");

static void show(struct judging *j, const char *client, const char *realm, int tgt, bool is_taken)
{
	ticket(j, &(struct ticket){ .client = client,
				    .realm = realm,
				    .sname = "cifs/files",
				    .message = 12,
				    .request = 12,
				    .tgt = tgt });
	ticket(j, &(struct ticket){ .client = client,
				    .realm = realm,
				    .sname = "cifs/files",
				    .message = is_taken ? 13 : 30,
				    .request = 12,
				    .error = is_taken ? 0 : 31,
				    .tgt = tgt,
				    .ticket = is_taken ? 18 : 0 });
}

static void log_ins(struct judging *j, unsigned count)
{
	static const char *const clients[] = { "10.0.0.6", "10.0.0.7", "10.0.0.8" };
	for (unsigned i = 0; i < count; i++)
		log_in(j, clients[i % 3], NULL);
}

static void a_ticket_of_another_key_is_critical_when_taken(void **state)
{
	struct judging *j = *state;
	log_ins(j, 3);
	show(j, "10.0.0.66", NULL, 23, true);
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	assert_int_equal(j->found[1].severity, SEVERITY_CRITICAL);
	assert_true(judging_feature(&j->found[1], "accepted")->contribution > 0);
	show(j, "10.0.0.66", NULL, 23, true); /* told already */
	assert_int_equal(j->count, 2);
}

static void refused_is_high(void **state)
{
	struct judging *j = *state;
	log_ins(j, 3);
	show(j, "10.0.0.66", NULL, 23, false);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
}

static void what_began_before_is_silent(void **state)
{
	struct judging *j = *state;
	show(j, "10.0.0.9", NULL, 23, true); /* nothing is known of the realm */
	log_ins(j, 2);
	show(j, "10.0.0.9", NULL, 23, true); /* too little is */
	log_ins(j, 3);
	show(j, "10.0.0.9", NULL, 18, true); /* nobody saw it log in */
	show(j, "10.0.0.9", "OTHER.EXAMPLE.ORG", 23, true);
	assert_int_equal(j->count, 0);
}

static void realms_that_gave_rc4_are_silent(void **state)
{
	struct judging *j = *state;
	ticket(j, &(struct ticket){ .client = "10.0.0.9",
				    .message = 11,
				    .request = 10,
				    .ticket = 23,
				    .reply = 23 });
	log_ins(j, 9);
	show(j, "10.0.0.9", NULL, 23, true);
	assert_int_equal(j->count, 0);
	judging_pass(j, 8 * DAY_NS); /* it has changed its key */
	show(j, "10.0.0.9", NULL, 23, true);
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_CRITICAL);
}

static void tickets_of_a_trust_are_silent(void **state)
{
	struct judging *j = *state;
	log_ins(j, 3);
	for (uint8_t message = 12; message <= 13; message++) {
		struct event_kerberos *e =
			judging_event(j, EVENT_KERBEROS, sizeof(*e), "10.0.0.9", "10.0.0.2", 6);
		e->message = message;
		e->request = 12;
		e->tgt_etype = 23;
		e->is_tgt_foreign = true;
		judging_str(j, &e->realm, "EXAMPLE.ORG");
		judging_end(j);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_ticket_of_another_key_is_critical_when_taken),
		CASE(refused_is_high),
		CASE(what_began_before_is_silent),
		CASE(realms_that_gave_rc4_are_silent),
		CASE(tickets_of_a_trust_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
