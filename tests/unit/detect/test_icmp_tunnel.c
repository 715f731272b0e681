/*
 * Data in pings: what is found, and the pings that are only pings.
 */
#include "exfild/inspect/icmp_pattern.h"
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "icmp_tunnel");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

struct echo {
	bool is_reply, paired, differs;
	uint8_t type;
	uint16_t len;
	uint32_t info;
	uint64_t hash;
	uint32_t magic;
	const uint8_t *head;
};

static void echo(struct judging *j, const struct echo *x)
{
	struct event_icmp *e = judging_event(j, EVENT_ICMP, sizeof(*e), "10.0.0.5", "192.0.2.9", 1);
	e->type = x->type ? x->type : x->is_reply ? 0 : 8;
	e->is_reply = x->is_reply;
	e->paired = x->paired;
	e->differs = x->differs;
	e->payload_len = e->captured_len = x->len;
	e->info_bytes = x->info;
	e->payload_hash = x->hash * 0x9e3779b97f4a7c15ull;
	e->magic = x->magic;
	if (x->head)
		memcpy(e->head, x->head, 16);
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void request(struct judging *j, uint64_t n, uint16_t len, uint32_t info)
{
	echo(j, &(struct echo){ .len = len, .info = info, .hash = n + 1 });
}

static void reply(struct judging *j, uint64_t n, uint16_t len, uint32_t info, bool differs)
{
	echo(j, &(struct echo){ .is_reply = true,
				.paired = true,
				.differs = differs,
				.len = len,
				.info = info,
				.hash = n + 1 });
}

/* The kernel of the far end echoes it all: only what is sent tells. */
static void a_pure_echo_tunnel_is_high(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 60; i++) {
		request(j, i, 1000, 1000);
		reply(j, i, 1000, 1000, false);
	}
	assert_true(j->count >= 1);
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_HIGH);
	assert_true(judging_feature(&j->found[j->count - 1], "large_payload")->value > 900);
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->updates, 1);
	assert_int_equal(j->update.subject.bytes, 60000);
	assert_int_equal(j->update.peer.bytes, 60000);
}

/* A monitor that fills small packets at random is never more than medium. */
static void random_pings_of_ordinary_size_are_not_high(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 1440; i++) {
		request(j, i, 56, 56);
		reply(j, i, 56, 56, false);
		judging_pass(j, 59 * SECOND_NS);
	}
	for (unsigned i = 0; i < j->count; i++)
		assert_int_equal(j->found[i].severity, SEVERITY_MEDIUM);
}

static void a_tunnel_is_found(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 100; i++) {
		request(j, i, (uint16_t)(200 + i), 200 + i);
		reply(j, 1000 + i, 400, 400, true);
	}
	assert_in_range(j->count, 1, 8);
	const struct finding *f = &j->found[j->count - 1];
	assert_int_equal(f->severity, SEVERITY_HIGH);
	assert_int_equal(f->class, FINDING_EXFIL);
	assert_true(judging_feature(f, "replies_differ")->value > 0.9);
	assert_true(f->packet_count > 0);
}

static void ping_patterns_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 20000; i++) { /* what the inspector leaves of a known pattern */
		request(j, i, 56, 0);
		reply(j, i, 56, 0, false);
	}
	assert_int_equal(j->count, 0);
}

static void unknown_pings_that_repeat_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 20000; i++) {
		request(j, 7, 64, 40);
		reply(j, 7, 64, 40, false);
	}
	assert_int_equal(j->count, 0);
}

static void mtu_probing_is_silent(void **state)
{
	struct judging *j = *state;
	for (uint16_t len = 500; len < 1472; len += 10) { /* zeros of many sizes */
		request(j, len, len, 0);
		reply(j, len, len, 0, false);
	}
	assert_int_equal(j->count, 0);
}

static void counters_in_pings_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 5000; i++) {
		request(j, i, 32, 4);
		reply(j, i, 32, 4, false);
	}
	assert_int_equal(j->count, 0);
}

static void a_little_is_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 40; i++) {
		request(j, i, 64, 56);
		reply(j, i, 64, 56, false);
	}
	assert_int_equal(j->count, 0);
}

static void the_magic_of_ptunnel_is_known(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 20; i++) {
		echo(j, &(struct echo){ .len = 128,
					.info = 128,
					.hash = i + 1,
					.magic = 0xD5200880u });
		echo(j, &(struct echo){ .is_reply = true,
					.paired = true,
					.differs = true,
					.len = 128,
					.info = 128,
					.hash = 99 + i,
					.magic = 0xD5200880u });
	}
	assert_true(j->count >= 1);
	assert_non_null(strstr(judging_feature(&j->found[0], "tool_mark")->text, "ptunnel"));
}

static void a_packet_in_a_packet_is_known(void **state)
{
	struct judging *j = *state;
	static const uint8_t inner[16] = { 0x45, 0, 0, 84, 0, 1, 0, 0, 64, 6 };
	for (unsigned i = 0; i < 12; i++) {
		echo(j, &(struct echo){ .len = 84, .info = 84, .hash = i + 1, .head = inner });
		echo(j, &(struct echo){ .is_reply = true,
					.paired = true,
					.differs = true,
					.len = 84,
					.info = 84,
					.hash = 99 + i,
					.head = inner });
	}
	assert_true(j->count >= 1);
	assert_non_null(strstr(judging_feature(&j->found[0], "tool_mark")->text, "IP packets"));
}

static void a_length_that_does_not_fit_is_no_packet(void **state)
{
	struct judging *j = *state;
	static const uint8_t inner[16] = { 0x45, 0, 0, 84, 0, 1, 0, 0, 64, 6 };
	for (unsigned i = 0; i < 12; i++)
		echo(j, &(struct echo){ .len = 300, .info = 84, .hash = i + 1, .head = inner });
	assert_int_equal(j->count, 0);
}

static void unsolicited_replies_add_to_it(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 60; i++)
		echo(j, &(struct echo){ .is_reply = true, .len = 100, .info = 96, .hash = i + 1 });
	assert_true(j->count >= 1);
	assert_true(judging_feature(&j->found[0], "unsolicited_replies")->contribution > 0.1);
}

static void one_sided_input_abstains_from_replies(void **state)
{
	struct judging *j = *state;
	j->env.one_sided = true;
	for (unsigned i = 0; i < 45; i++)
		echo(j, &(struct echo){ .is_reply = true, .len = 100, .info = 96, .hash = i + 1 });
	for (unsigned i = 0; i < j->count; i++)
		assert_true(judging_feature(&j->found[i], "unsolicited_replies")->contribution ==
			    0);
}

static void a_day_ends(void **state)
{
	struct judging *j = *state;
	for (unsigned day = 0; day < 20; day++) {
		for (unsigned i = 0; i < 10; i++)
			request(j, day * 100 + i, 128, 100);
		judging_pass(j, 3 * DAY_NS);
	}
	assert_int_equal(j->count, 0);
}

static void multicast_is_no_pair(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 200; i++) {
		struct event_icmp *e =
			judging_event(j, EVENT_ICMP, sizeof(*e), "fd00::5", "ff02::1", 58);
		e->type = 128;
		e->payload_len = e->captured_len = 200;
		e->info_bytes = 200;
		e->payload_hash = (i + 1) * 0x9e3779b97f4a7c15ull;
		judging_end(j);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
#define ICMP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_pure_echo_tunnel_is_high, setup, teardown),
		cmocka_unit_test_setup_teardown(random_pings_of_ordinary_size_are_not_high, setup,
						teardown),
		ICMP_TEST(a_tunnel_is_found),
		ICMP_TEST(ping_patterns_are_silent),
		ICMP_TEST(unknown_pings_that_repeat_are_silent),
		ICMP_TEST(mtu_probing_is_silent),
		ICMP_TEST(counters_in_pings_are_silent),
		ICMP_TEST(a_little_is_silent),
		ICMP_TEST(the_magic_of_ptunnel_is_known),
		ICMP_TEST(a_packet_in_a_packet_is_known),
		ICMP_TEST(a_length_that_does_not_fit_is_no_packet),
		ICMP_TEST(unsolicited_replies_add_to_it),
		ICMP_TEST(one_sided_input_abstains_from_replies),
		ICMP_TEST(a_day_ends),
		ICMP_TEST(multicast_is_no_pair),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
