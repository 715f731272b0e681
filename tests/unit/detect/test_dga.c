/*
 * Generated names: what is found, what lies just below, what only looks like it.
 */
#include "judging.h"

static struct judging *j;
static uint64_t dice;

static int set_up(void **state)
{
	(void)state;
	j = malloc(sizeof(*j));
	judging_init(j, "dga");
	dice = 1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(j);
	free(j);
	return 0;
}

static void answer_to(const char *client, const char *name, bool exists)
{
	struct event_dns *d = judging_event(j, EVENT_DNS, sizeof(*d), client, "10.0.0.1", 17);
	d->is_response = 1;
	d->e.from_server = 1;
	d->rcode = exists ? 0 : 3;
	d->answers = exists;
	judging_str(j, &d->name, name);
	judging_end(j);
	judging_pass(j, 2 * SECOND_NS);
}

static const char *random_name(const char *ending)
{
	static char name[64];
	for (unsigned i = 0; i < 12; i++) {
		dice = dice * 6364136223846793005ull + 1442695040888963407ull;
		name[i] = (char)('a' + (dice >> 33) % 26);
	}
	snprintf(name + 12, sizeof(name) - 12, ".%s", ending);
	return name;
}

static void ask_random(unsigned count, const char *ending)
{
	for (unsigned i = 0; i < count; i++)
		answer_to("10.0.0.5", random_name(ending), false);
}

static enum severity worst(void)
{
	enum severity s = SEVERITY_NONE;
	for (unsigned i = 0; i < j->count && i < FINDINGS_MAX; i++)
		s = j->found[i].severity > s ? j->found[i].severity : s;
	return s;
}

static void many_names_are_found(void **state)
{
	(void)state;
	ask_random(9, "info");
	assert_int_equal(worst(), SEVERITY_NONE);
	ask_random(6, "info");
	assert_int_equal(worst(), SEVERITY_LOW);
	ask_random(30, "info");
	assert_int_equal(worst(), SEVERITY_MEDIUM);
	const struct finding *f = &j->found[j->count - 1];
	assert_string_equal(f->techniques[0], "T1568.002");
	assert_non_null(strstr(f->message, ".info"));
}

static void the_meeting_point_is_named(void **state)
{
	(void)state;
	ask_random(35, "info");
	const char *name = random_name("info");
	char met[64];
	snprintf(met, sizeof(met), "%s", name);
	answer_to("10.0.0.5", met, true);
	assert_int_equal(worst(), SEVERITY_HIGH);
	/* in words: an exception for it would not silence the names before it */
	assert_non_null(strstr(j->found[j->count - 1].message, met));
	assert_string_equal(j->found[j->count - 1].domain, "");
}

static void the_same_name_counts_once(void **state)
{
	(void)state;
	char name[64];
	snprintf(name, sizeof(name), "%s", random_name("com"));
	for (unsigned i = 0; i < 200; i++)
		answer_to("10.0.0.5", name, false);
	assert_int_equal(j->count, 0);
}

static void below_one_domain_they_are_not_generated(void **state)
{
	(void)state;
	char name[128];
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%s.corp.example.com", random_name("x"));
		answer_to("10.0.0.5", name, false);
	}
	assert_int_equal(j->count, 0);
}

static void probes_reverse_names_and_words_are_silent(void **state)
{
	static const char *const words[] = { "printer",  "mailhost", "fileserver", "intranet",
					     "holidays", "weather",  "customer",   "newsletter" };
	(void)state;
	char name[128];
	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "%.12s", random_name("x"));
		answer_to("10.0.0.5", name, false); /* a browser's probe */
		snprintf(name, sizeof(name), "%u.2.0.192.in-addr.arpa", i);
		answer_to("10.0.0.5", name, false);
		snprintf(name, sizeof(name), "%s%s.example", words[i % 8], words[i / 8]);
		answer_to("10.0.0.5", name, false);
	}
	assert_int_equal(j->count, 0);
}

static void a_resolver_asks_for_others(void **state)
{
	(void)state;
	/* it answers, and asks */
	struct event_dns *d = judging_event(j, EVENT_DNS, sizeof(*d), "10.0.0.9", "10.0.0.5", 17);
	d->is_response = 1;
	d->e.from_server = 1;
	judging_str(j, &d->name, "www.example.com");
	judging_end(j);
	d = judging_event(j, EVENT_DNS, sizeof(*d), "10.0.0.5", "192.0.2.1", 17);
	judging_str(j, &d->name, "www.example.com");
	judging_end(j);
	ask_random(60, "info");
	assert_int_equal(j->count, 0);
}

static void it_is_forgotten_after_a_while(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		ask_random(1, "info");
		judging_pass(j, 300 * SECOND_NS);
	}
	assert_int_equal(j->count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(many_names_are_found),
		TEST(the_meeting_point_is_named),
		TEST(the_same_name_counts_once),
		TEST(below_one_domain_they_are_not_generated),
		TEST(probes_reverse_names_and_words_are_silent),
		TEST(a_resolver_asks_for_others),
		TEST(it_is_forgotten_after_a_while),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
