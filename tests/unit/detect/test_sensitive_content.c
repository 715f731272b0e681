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

static void own(struct judging *j, enum content_kind kind, uint32_t count, uint32_t of,
		const char *dst)
{
	struct event_found *e = judging_event(j, EVENT_CONTENT, sizeof(*e), "10.0.0.5", dst, 6);
	e->kind = (uint8_t)kind;
	e->weight = count > 1 ? count / 2 : 1;
	e->count = count;
	e->of = of;
	judging_str(j, &e->carrier, "http");
	judging_str(j, &e->label, "merger plan");
	judging_str(j, &e->sample, "of it");
	judging_str(j, &e->host, "x.example.net");
	judging_end(j);
}

static void how_much_of_a_document_is_told(void **state)
{
	struct judging *j = *state;
	own(j, CONTENT_DOCUMENT, 8, 100, "203.0.113.9");
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_LOW);
	own(j, CONTENT_DOCUMENT, 16, 100, "203.0.113.9");
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_MEDIUM);
	own(j, CONTENT_DOCUMENT, 64, 100, "203.0.113.9");
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_HIGH);
	own(j, CONTENT_DOCUMENT, 100, 100, "203.0.113.9");
	assert_int_equal(j->count, 3);
	assert_int_equal(j->updates, 1); /* the whole of it, and no further alert */
	const struct finding *last = &j->update;
	assert_non_null(strstr(last->features[0].text,
			       "100 of 100 marks of your document 'merger plan' (100 %)"));
}

static void rows_of_a_table_are_counted(void **state)
{
	struct judging *j = *state;
	own(j, CONTENT_TABLE, 1, 3000, "203.0.113.9");
	assert_int_equal(j->count, 0); /* one person's data: an order, a form */
	own(j, CONTENT_TABLE, 8, 3000, "203.0.113.9");
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_MEDIUM);
	own(j, CONTENT_TABLE, 64, 3000, "203.0.113.9");
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_HIGH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_card_is_an_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_list_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_canary_is_high_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_is_found_and_a_token_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_leaves_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(how_much_of_a_document_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_of_a_table_are_counted, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
