/*
 * Texts in header fields, and the numbers that stacks put there.
 */
#include "judging.h"

#define TEXT "meet me at nine by the old mill, the key is under the stone"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "header_channel");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

static uint32_t random_state = 11;

static uint32_t next_random(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 16;
}

static void ping(struct judging *j, uint8_t ttl, uint16_t len, uint16_t id, uint16_t seq)
{
	judging_pass(j, SECOND_NS);
	struct event_icmp *e =
		judging_event(j, EVENT_ICMP, sizeof(*e), "10.0.0.5", "203.0.113.5", 1);
	e->type = 8;
	e->ttl = ttl;
	e->payload_len = len;
	e->id = id;
	e->icmp_seq = seq;
	judging_end(j);
}

struct opening {
	uint16_t sport, dport, ip_id, window;
	uint32_t seq;
	uint8_t ttl;
	bool is_back; /* came from the one that ports take for the server */
};

static void open_to(struct judging *j, const char *src, const char *dst, uint8_t proto,
		    const struct opening *o)
{
	judging_pass(j, SECOND_NS);
	struct event_flow *f = judging_event(j, EVENT_FLOW_START, sizeof(*f), src, dst, proto);
	f->e.sport = o->sport;
	f->e.dport = o->dport;
	f->first_ip_id = o->ip_id;
	f->first_window = o->window;
	f->first_seq = o->seq;
	f->first_ttl = o->ttl ? o->ttl : 64;
	f->outcome = o->is_back ? FLOW_OUTCOME_MIDSTREAM : FLOW_OUTCOME_PENDING;
	judging_end(j);
}

static void start(struct judging *j, uint8_t proto, struct opening o)
{
	open_to(j, "10.0.0.5", "203.0.113.5", proto, &o);
}

static void found_in(struct judging *j, const char *field)
{
	assert_int_equal(j->count, 2); /* at 16 letters, and when no doubt is left */
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_int_equal(j->found[1].severity, SEVERITY_HIGH);
	assert_string_equal(j->found[0].object, field);
	assert_non_null(strstr(j->found[0].features[0].text, "\"meet me at nine "));
}

static void lengths_that_spell_are_found(void **state)
{
	for (const char *c = TEXT; *c; c++)
		ping(*state, 64, (uint16_t)*c, 7, (uint16_t)(c - TEXT));
	found_in(*state, "lengths of pings");
}

static void times_to_live_that_spell_are_found(void **state)
{
	for (const char *c = TEXT; *c; c++)
		ping(*state, (uint8_t)*c, 56, 7, (uint16_t)(c - TEXT));
	found_in(*state, "times to live");
}

static void sequence_numbers_that_spell_are_found(void **state)
{
	for (const char *c = TEXT; *c; c++)
		start(*state, 6, (struct opening){ 40000, 80, .seq = (uint32_t)*c << 24 });
	found_in(*state, "first sequence numbers");
}

static void four_letters_a_number_are_found(void **state)
{
	for (const char *c = TEXT; strlen(c) >= 4; c += 4)
		start(*state, 6,
		      (struct opening){ 40000, 80,
					.seq = (uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 |
					       (uint32_t)c[2] << 8 | (uint32_t)c[3] });
	struct judging *j = *state;
	assert_true(j->count >= 1);
	assert_int_equal(j->found[0].count, 8);
}

static void identifications_that_spell_are_found(void **state)
{
	for (const char *c = TEXT; *c; c++)
		start(*state, 17, (struct opening){ 40000, 80, .ip_id = (uint16_t)(*c << 8) });
	found_in(*state, "identifications of IPv4");
}

static void windows_that_spell_are_found(void **state)
{
	for (const char *c = TEXT; *c && c[1]; c += 2)
		start(*state, 6,
		      (struct opening){ 40000, 443, .window = (uint16_t)(*c << 8 | c[1]) });
	struct judging *j = *state;
	assert_true(j->count >= 1);
	assert_string_equal(j->found[0].object, "windows");
}

/* The sender's ports are low, so he is taken for the server: it is told of him all the same. */
static void source_ports_that_spell_are_found(void **state)
{
	struct judging *j = *state;
	for (const char *c = TEXT; *c; c++) {
		struct opening o = { 9999, (uint16_t)*c, .is_back = true };
		open_to(j, "203.0.113.5", "10.0.0.5", 17, &o);
	}
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	assert_string_equal(j->found[0].object, "source ports");
	assert_non_null(strstr(j->found[0].message, "10.0.0.5 spelt"));
}

static void pings_of_every_length_are_found(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 200; i++)
		ping(j, 64, (uint16_t)(next_random() & 255), 7, (uint16_t)i);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[0].features[0].name, "scattered");
}

static void ways_that_are_traced_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 3000; i++)
		ping(j, (uint8_t)(1 + i % 30), 56, (uint16_t)i, (uint16_t)(i << 8));
	for (unsigned i = 0; i < 1400; i++) /* the largest packet that passes */
		ping(j, 64, (uint16_t)i, 9, (uint16_t)i);
	assert_int_equal(j->count, 0);
}

/* Of 20,000 flows some hundred identifications are letters; counters pass all of them in a row. */
static void numbers_of_stacks_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 20000; i++) {
		uint16_t back = i % 3 == 1 ? 40 : 0; /* packets that overtook each other */
		start(j, 6,
		      (struct opening){ (uint16_t)(1024 + next_random() % 64512), 443,
					(uint16_t)next_random(), 29200,
					next_random() << 16 | next_random(), 55, false });
		struct opening o = { (uint16_t)(0x2000 + i),
				     80,
				     (uint16_t)(i * 13 - back),
				     8192,
				     i * 64000,
				     115,
				     false };
		open_to(j, "10.0.0.6", "203.0.113.5", 6, &o);
	}
	assert_int_equal(j->count, 0);
}

static void services_asked_in_turn_are_silent(void **state)
{
	static const uint16_t ports[] = { 80, 53, 110, 119, 88, 111, 123, 69, 22, 443 };
	struct judging *j = *state;
	for (unsigned i = 0; i < 2000; i++)
		start(j, 6, (struct opening){ 40000, ports[i * 7 % 10], .seq = next_random() });
	for (unsigned i = 1; i < 1024; i++)
		start(j, 6, (struct opening){ 40000, (uint16_t)(i * 37 % 1023), .seq = 5 });
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lengths_that_spell_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(times_to_live_that_spell_are_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(sequence_numbers_that_spell_are_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(four_letters_a_number_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(identifications_that_spell_are_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(windows_that_spell_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(source_ports_that_spell_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(pings_of_every_length_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(ways_that_are_traced_are_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_of_stacks_are_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(services_asked_in_turn_are_silent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
