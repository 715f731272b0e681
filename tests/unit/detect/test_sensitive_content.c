/*
 * Sensitive content: how much of what, and to whom.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "sensitive_content");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

static void found(struct judging *j, enum content_kind kind, uint32_t weight, const char *src,
		  const char *dst, const char *host)
{
	struct event_found *e = judging_event(j, EVENT_CONTENT, sizeof(*e), src, dst, 6);
	e->kind = (uint8_t)kind;
	e->weight = weight;
	e->count = weight;
	judging_str(j, &e->carrier, "http");
	judging_str(j, &e->label, "visa");
	judging_str(j, &e->sample, "453957******1486");
	judging_str(j, &e->host, host);
	judging_end(j);
}

static void one_card_is_an_order(void **state)
{
	struct judging *j = *state;
	found(j, CONTENT_CARD, 1, "10.0.0.5", "203.0.113.9", "shop.example.net");
	found(j, CONTENT_IBAN, 1, "10.0.0.5", "203.0.113.9", "shop.example.net");
	assert_int_equal(j->count, 0);
}

static void a_list_is_found(void **state)
{
	struct judging *j = *state;
	found(j, CONTENT_CARD, 4, "10.0.0.5", "203.0.113.9", "x.example.net");
	assert_int_equal(j->count, 0);
	found(j, CONTENT_CARD, 1, "10.0.0.5", "203.0.113.9", "x.example.net");
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[0].techniques[0], "T1048.003");
	assert_non_null(strstr(j->found[0].message, "453957******1486"));
	found(j, CONTENT_CARD, 95, "10.0.0.5", "203.0.113.9", "x.example.net");
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_HIGH);
}

static void a_canary_is_high_at_once(void **state)
{
	struct judging *j = *state;
	found(j, CONTENT_CANARY, 1, "10.0.0.5", "203.0.113.9", "x.example.net");
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
}

static void a_key_is_found_and_a_token_is_not(void **state)
{
	struct judging *j = *state;
	found(j, CONTENT_TOKEN, 9, "10.0.0.5", "203.0.113.9", "x.example.net");
	assert_int_equal(j->count, 0);
	found(j, CONTENT_KEY, 1, "10.0.0.6", "203.0.113.9", "x.example.net");
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

static void only_what_leaves_counts(void **state)
{
	struct judging *j = *state;
	found(j, CONTENT_CANARY, 1, "10.0.0.5", "10.0.0.6", "files.corp.example");
	found(j, CONTENT_CANARY, 1, "203.0.113.9", "10.0.0.6", "www.corp.example");
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_card_is_an_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_list_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_canary_is_high_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_is_found_and_a_token_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_leaves_counts, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
