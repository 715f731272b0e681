/*
 * Archives and stores sent out: by kind, to whom, and by what.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "http_upload");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

static void put(struct judging *j, uint8_t type, const char *dst, const char *host,
		uint32_t head_marks)
{
	struct event_http_body *e =
		judging_event(j, EVENT_HTTP_BODY, sizeof(*e), "10.0.0.5", dst, 6);
	e->type = type;
	e->seen = 20000;
	e->head_marks = head_marks;
	judging_str(j, &e->method, "POST");
	judging_str(j, &e->host, host);
	judging_str(j, &e->uri, "/x");
	judging_end(j);
}

#define BROWSER (HTTP_HAS_LANGUAGE | HTTP_HAS_ENCODINGS | HTTP_HAS_REFERRER)

static void a_locked_archive_to_an_address_is_found(void **state)
{
	struct judging *j = *state;
	put(j, FILE_ENCRYPTED, "203.0.113.9", "203.0.113.9", 0);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[0].techniques[0], "T1048.003");
}

static void a_service_at_which_anybody_may_be_excuses_nothing(void **state)
{
	struct judging *j = *state;
	put(j, FILE_KEY, "203.0.113.9", "transfer.sh", 0);
	assert_int_equal(j->count, 1);
	assert_string_equal(judging_feature(&j->found[0], "unknown_host")->text, "transfer.sh");
}

static void a_form_that_names_the_machine_is_found(void **state)
{
	struct judging *j = *state;
	struct event_http_body *e =
		judging_event(j, EVENT_HTTP_BODY, sizeof(*e), "10.0.0.5", "203.0.113.9", 6);
	e->type = FILE_ARCHIVE;
	e->seen = 20000;
	e->machine_fields = 2;
	judging_str(j, &e->method, "POST");
	judging_str(j, &e->host, "files.example.net");
	judging_end(j);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

static void a_directory_is_bad_however_it_is_sent(void **state)
{
	struct judging *j = *state;
	put(j, FILE_DIRECTORY, "203.0.113.9", "files.example.net", BROWSER);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

static void a_plain_archive_stays_low_or_silent(void **state)
{
	struct judging *j = *state;
	put(j, FILE_ARCHIVE, "203.0.113.9", "support.example.net", 0);
	for (unsigned i = 0; i < j->count; i++)
		assert_int_equal(j->found[i].severity, SEVERITY_LOW);
	unsigned before = j->count;
	put(j, FILE_ARCHIVE, "203.0.113.10", "support.example.org", BROWSER);
	assert_int_equal(j->count, before);
}

static void what_only_looks_like_it_is_silent(void **state)
{
	struct judging *j = *state;
	put(j, FILE_IMAGE, "203.0.113.9", "203.0.113.9", 0);
	put(j, FILE_DOCUMENT, "203.0.113.9", "203.0.113.9", 0);
	put(j, FILE_ENCRYPTED, "10.0.0.9", "10.0.0.9", 0);                  /* inside */
	put(j, FILE_ENCRYPTED, "203.0.113.9", "content.dropboxapi.com", 0); /* known */
	put(j, FILE_ARCHIVE, "203.0.113.9", "203.0.113.9", HTTP_IS_CODED);
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_locked_archive_to_an_address_is_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_service_at_which_anybody_may_be_excuses_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_form_that_names_the_machine_is_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_directory_is_bad_however_it_is_sent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_plain_archive_stays_low_or_silent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_only_looks_like_it_is_silent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
