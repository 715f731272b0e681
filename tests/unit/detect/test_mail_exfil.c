/*
 * Mails by programs: reports, bulk, and the mail of people and devices.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "mail_exfil");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

struct letter {
	const char *src, *dst, *helo, *from, *to;
	uint32_t marks, head_marks;
	uint8_t attachments, type;
	uint16_t reply;
	uint32_t size;
};

static void mail(struct judging *j, const struct letter *x)
{
	struct event_mail *e =
		judging_event(j, EVENT_MAIL, sizeof(*e), x->src ? x->src : "10.0.0.5",
			      x->dst ? x->dst : "203.0.113.5", 6);
	e->e.dport = 587;
	e->nth = e->recipients = 1;
	e->marks = x->marks;
	e->head_marks = x->head_marks;
	e->attachments = x->attachments;
	e->attachment_type = x->type;
	e->reply = x->reply;
	e->size = x->size ? x->size : 900;
	judging_str(j, &e->helo, x->helo ? x->helo : "DESK-7");
	judging_str(j, &e->from, x->from ? x->from : "a@example.com");
	judging_str(j, &e->to, x->to ? x->to : "b@example.com");
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static void ask_address(struct judging *j)
{
	struct event_dns *d = judging_event(j, EVENT_DNS, sizeof(*d), "10.0.0.5", "10.0.0.1", 17);
	judging_str(j, &d->name, "api.ipify.org");
	judging_end(j);
}

static void a_list_of_passwords_is_found(void **state)
{
	struct judging *j = *state;
	ask_address(j);
	mail(j, &(struct letter){ .marks = CONTENT_MACHINE | CONTENT_PASSWORDS,
				  .head_marks = MAIL_NAMES_HOST | MAIL_IS_LOGGED_IN });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	assert_string_equal(j->found[0].techniques[0], "T1048.003");
	assert_non_null(judging_feature(&j->found[0], "asked_address"));
}

static void a_picture_of_the_screen_to_itself_is_found(void **state)
{
	struct judging *j = *state;
	mail(j,
	     &(struct letter){ .marks = CONTENT_MACHINE,
			       .head_marks = MAIL_NAMES_HOST | MAIL_IS_TO_SELF | MAIL_IS_LOGGED_IN,
			       .attachments = 1,
			       .type = FILE_IMAGE });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

static void a_name_that_is_not_its_own_is_found(void **state)
{
	struct judging *j = *state;
	mail(j, &(struct letter){ .helo = "[198.51.100.7]", .head_marks = MAIL_IS_LOGGED_IN });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	mail(j, &(struct letter){ .src = "10.0.0.6",
				  .helo = "[10.0.0.6]",
				  .head_marks = MAIL_IS_LOGGED_IN });
	assert_int_equal(j->count, 1);
}

static void a_device_that_reports_stays_low(void **state)
{
	struct judging *j = *state;
	mail(j, &(struct letter){ .marks = CONTENT_MACHINE,
				  .head_marks =
					  MAIL_NAMES_HOST | MAIL_IS_TO_SELF | MAIL_IS_LOGGED_IN });
	for (unsigned i = 0; i < j->count; i++)
		assert_int_equal(j->found[i].severity, SEVERITY_LOW);
}

static void files_to_strangers_are_found(void **state)
{
	struct judging *j = *state;
	struct letter x = { .to = "me@example.net", .attachments = 1, .size = 600000 };
	mail(j, &x);
	assert_int_equal(j->count, 0);
	mail(j, &x);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	x.size = 9000000;
	mail(j, &x);
	assert_int_equal(j->count, 2);
	x.size = 100; /* nothing more to say */
	mail(j, &x);
	assert_int_equal(j->count, 2);
}

static void files_of_a_scanner_and_of_people_are_not(void **state)
{
	struct judging *j = *state;
	struct letter x = { .attachments = 2, .size = 4000000 };
	mail(j, &x); /* to its own domain */
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	x = (struct letter){ .src = "10.0.0.9",
			     .to = "me@example.net",
			     .attachments = 2,
			     .size = 40000000,
			     .head_marks = MAIL_HAS_ID };
	mail(j, &x);
	assert_int_equal(j->count, 1);
}

static void mail_of_people_is_silent(void **state)
{
	struct judging *j = *state;
	mail(j, &(struct letter){ .head_marks = MAIL_HAS_MAILER | MAIL_HAS_ID | MAIL_IS_LOGGED_IN,
				  .attachments = 2,
				  .type = FILE_DOCUMENT });
	struct letter x = { .marks = CONTENT_MACHINE | CONTENT_PASSWORDS };
	x.dst = "10.0.0.25"; /* to the own server */
	mail(j, &x);
	x.dst = NULL;
	x.head_marks = MAIL_HAS_RECEIVED; /* handed on */
	mail(j, &x);
	x.head_marks = 0;
	x.reply = 550; /* refused */
	mail(j, &x);
	assert_int_equal(j->count, 0);
}

static void mail_in_bulk_is_found_once(void **state)
{
	struct judging *j = *state;
	char from[32], to[32];
	for (unsigned i = 0; i < 60; i++) {
		snprintf(from, sizeof(from), "n%u@example.com", i % 5);
		snprintf(to, sizeof(to), "s%u@example.com", i);
		mail(j, &(struct letter){ .from = from, .to = to, .head_marks = MAIL_HAS_ID });
		assert_int_equal(j->count, i >= 39);
	}
	assert_string_equal(j->found[0].rule, "mail_spam");
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
}

static void many_mails_to_one_or_slowly_are_silent(void **state)
{
	struct judging *j = *state;
	char to[32];
	for (unsigned i = 0; i < 60; i++)
		mail(j, &(struct letter){ .head_marks = MAIL_HAS_ID });
	judging_pass(j, DAY_NS);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(to, sizeof(to), "s%u@example.com", i);
		mail(j, &(struct letter){ .to = to, .head_marks = MAIL_HAS_ID });
		judging_pass(j, 300 * SECOND_NS);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_list_of_passwords_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_picture_of_the_screen_to_itself_is_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_name_that_is_not_its_own_is_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_device_that_reports_stays_low, setup, teardown),
		cmocka_unit_test_setup_teardown(files_to_strangers_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(files_of_a_scanner_and_of_people_are_not, setup,
						teardown),
		cmocka_unit_test_setup_teardown(mail_of_people_is_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(mail_in_bulk_is_found_once, setup, teardown),
		cmocka_unit_test_setup_teardown(many_mails_to_one_or_slowly_are_silent, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
