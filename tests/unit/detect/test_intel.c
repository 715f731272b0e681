/*
 * Indicators before events: where they are met, how loud, and what stays silent.
 */
#include <unistd.h>

#include "judging.h"

static const char feed[] = "value,first_seen,confidence,comment,tlp,severity\n"
			   "203.0.113.9,2023-11-01,80,Emotet,green\n"
			   "192.0.2.0/28,,40,,\n"
			   "203.0.113.77:8443,,100,,\n"
			   "bad.example,,80,,\n"
			   "*.below.example,,80,,\n"
			   "http://bad.example/drop?x=1,,80,,\n"
			   "late@bad.example,,80,,\n"
			   "da39a3ee5e6b4b0d3255bfef95601890afd80709,,80,,\n"
			   "t13d1516h2_8daaf6152771_b186095e22b6,,100,,\n"
			   "900150983cd24fb0d6963f7d28e17f72,2023-11-01,80,Loader,red\n"
			   "203.0.113.80,,60,,,low\n"
			   "203.0.113.81,,31,,,critical\n"
			   "203.0.113.82,,29,,,critical\n"
			   "t13d1516h2_8daaf6152771_000000000000,,90,,,high\n"
			   "grave.example,,90,,,critical\n";

struct scene {
	struct judging j;
	struct intel *set;
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	char path[] = "/tmp/exfild-intel-XXXXXX";
	assert_non_null(s);
	int fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, feed, strlen(feed)) == (ssize_t)strlen(feed));
	close(fd);
	struct intel_source source = { .name = "lab",
				       .file = path,
				       .confidence = 80,
				       .expires_s = 3650ull * 86400 };
	struct intel_options options = { .sources = &source,
					 .source_count = 1,
					 .max_items = 1000,
					 .key = hash_key_fixed };
	assert_int_equal(intel_build(&options, &s->set), 0);
	assert_int_equal(intel_feed(s->set, 0)->broken, 0);
	(void)unlink(path);
	judging_init(&s->j, "intel");
	s->j.env.intel = s->set;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;
	judging_deinit(&s->j);
	intel_drop(s->set);
	free(s);
	return 0;
}

static void flow(struct judging *j, const char *src, const char *dst, uint16_t dport,
		 enum flow_outcome outcome)
{
	struct event_flow *f = judging_event(j, EVENT_FLOW_PROGRESS, sizeof(*f), src, dst, 6);
	f->e.dport = dport;
	f->outcome = (uint8_t)outcome;
	f->is_interim = 1;
	judging_end(j);
}

static void a_connection_is_high_and_a_refused_one_low(void **state)
{
	struct judging *j = &((struct scene *)*state)->j;
	flow(j, "10.0.0.5", "203.0.113.9", 443, FLOW_OUTCOME_REFUSED);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	flow(j, "10.0.0.5", "203.0.113.9", 443, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(j->count, 2); /* louder than before */
	const struct finding *f = &j->found[1];
	assert_int_equal(f->severity, SEVERITY_HIGH);
	assert_string_equal(f->rule, "intel:lab");
	assert_string_equal(f->indicator.value, "203.0.113.9");
	assert_string_equal(f->indicator.note, "Emotet");
	assert_string_equal(f->indicator.marking, "GREEN");
	assert_non_null(strstr(f->message, "listed 13 days before"));
	flow(j, "10.0.0.5", "203.0.113.9", 443, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(j->count, 2); /* told */
	judging_pass(j, 2 * 3600 * SECOND_NS);
	flow(j, "10.0.0.5", "203.0.113.9", 443, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(j->count, 3);
	assert_int_equal(j->found[2].count, 2);
}

static void a_scanner_that_gets_nothing_is_noise(void **state)
{
	struct judging *j = &((struct scene *)*state)->j;
	flow(j, "203.0.113.9", "10.0.0.5", 22, FLOW_OUTCOME_REFUSED);
	flow(j, "203.0.113.9", "10.0.0.5", 22, FLOW_OUTCOME_UNANSWERED);
	assert_int_equal(j->count, 0);
	flow(j, "203.0.113.9", "10.0.0.5", 22, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_int_equal(j->found[0].class, FINDING_RECON);
}

static void ports_networks_and_low_confidence_count(void **state)
{
	struct judging *j = &((struct scene *)*state)->j;
	flow(j, "10.0.0.5", "203.0.113.77", 443, FLOW_OUTCOME_ESTABLISHED); /* another port */
	flow(j, "10.0.0.5", "203.0.113.10", 443, FLOW_OUTCOME_ESTABLISHED); /* not listed */
	flow(j, "10.0.0.5", "192.0.2.3", 443, FLOW_OUTCOME_REFUSED);        /* 40 %, refused */
	assert_int_equal(j->count, 0);
	flow(j, "10.0.0.5", "192.0.2.3", 443, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	assert_string_equal(j->found[0].indicator.value, "192.0.2.0/28");
	flow(j, "10.0.0.5", "203.0.113.77", 8443, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(j->found[1].severity, SEVERITY_CRITICAL);
}

static double sum_of(const struct finding *f)
{
	double sum = 0;
	for (unsigned i = 0; i < f->feature_count; i++)
		sum += f->features[i].contribution;
	return sum;
}

static void what_the_feed_calls_it_is_the_severity(void **state)
{
	struct judging *j = &((struct scene *)*state)->j;
	flow(j, "10.0.0.5", "203.0.113.80", 443, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW); /* by confidence: medium */
	flow(j, "10.0.0.5", "203.0.113.81", 443, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(j->found[1].severity, SEVERITY_CRITICAL);
	assert_true(j->found[1].score < 1);
	flow(j, "10.0.0.5", "203.0.113.82", 443, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(j->count, 2); /* too unsure to be told */
	flow(j, "10.0.0.6", "203.0.113.81", 443, FLOW_OUTCOME_REFUSED);
	assert_int_equal(j->found[2].severity, SEVERITY_HIGH);
	flow(j, "203.0.113.81", "10.0.0.7", 443, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(j->found[3].severity, SEVERITY_HIGH);
	assert_int_equal(j->count, 4);
	for (unsigned i = 0; i < j->count; i++)
		assert_float_equal(sum_of(&j->found[i]), j->found[i].score, 1e-6);
	assert_string_equal(j->found[1].counterfactual, "silent below a confidence of 30");
}

static void dns(struct judging *j, const char *name, const char *answer, uint8_t rcode)
{
	struct event_dns *d = judging_event(j, EVENT_DNS, sizeof(*d), "10.0.0.5", "10.0.0.53", 17);
	d->is_response = answer != NULL || rcode;
	d->rcode = rcode;
	d->answers = answer ? 1 : 0;
	judging_str(j, &d->name, name);
	if (answer)
		judging_str(j, &d->answer, answer);
	judging_end(j);
}

/* What a server's answer says to the one who asked. */
static void named(struct judging *j, const char *name, const char *address, enum app source)
{
	struct event_name *n =
		judging_event(j, EVENT_NAME, sizeof(*n), "10.0.0.53", "10.0.0.5", 17);
	assert_int_equal(ipaddr_parse(address, &n->address), 0);
	n->source = (uint8_t)source;
	judging_str(j, &n->name, name);
	judging_end(j);
}

static void names_asked_and_answers_are_met(void **state)
{
	struct judging *j = &((struct scene *)*state)->j;
	dns(j, "good.example", "198.51.100.1", 0);
	dns(j, "a.bad.example", "198.51.100.1", 0); /* the name alone is listed */
	assert_int_equal(j->count, 0);
	dns(j, "BAD.example", NULL, 3);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW); /* blocked */
	dns(j, "bad.example", "198.51.100.1", 0);
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[1].domain, "bad.example");
	dns(j, "x.y.below.example", NULL, 0);
	assert_int_equal(j->count, 3);
	assert_string_equal(j->found[2].domain, "x.y.below.example");
	assert_string_equal(j->found[2].object, "below.example");
	named(j, "good.example", "203.0.113.10", APP_DNS);
	named(j, "good.example", "203.0.113.9", APP_MDNS);
	assert_int_equal(j->count, 3);
	named(j, "good.example", "203.0.113.9", APP_DNS);
	assert_int_equal(j->count, 4);
	assert_string_equal(j->found[3].object, "203.0.113.9");
	assert_string_equal(j->found[3].message,
			    "10.0.0.5 was answered with 203.0.113.9, which lab lists as Emotet; "
			    "listed 13 days before; it asks for others: its log knows who");
	dns(j, "good.example", "a.b.below.example, 203.0.113.9", 0);
	assert_int_equal(j->count, 5);
	assert_string_equal(j->found[4].object, "below.example");
}

static void what_is_said_within_connections_is_met(void **state)
{
	struct judging *j = &((struct scene *)*state)->j;
	struct event_tls *t =
		judging_event(j, EVENT_TLS, sizeof(*t), "10.0.0.5", "198.51.100.1", 6);
	judging_str(j, &t->sni, "bad.example");
	judging_str(j, &t->ja4, "t13d1516h2_8daaf6152771_b186095e22b6");
	judging_end(j);
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	assert_int_equal(j->found[1].severity, SEVERITY_LOW); /* programs share it */
	struct event_http *h =
		judging_event(j, EVENT_HTTP, sizeof(*h), "10.0.0.6", "198.51.100.1", 6);
	judging_str(j, &h->host, "BAD.example:80");
	judging_str(j, &h->uri, "/drop?x=1");
	judging_end(j);
	assert_int_equal(j->count, 4); /* host and URL */
	assert_string_equal(j->found[3].indicator.type, "url");
	struct event_cert *c =
		judging_event(j, EVENT_CERT, sizeof(*c), "10.0.0.7", "198.51.100.1", 6);
	judging_str(j, &c->sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	judging_end(j);
	assert_int_equal(j->count, 4); /* that hash was read as a file's */
	struct event_mail *m =
		judging_event(j, EVENT_MAIL, sizeof(*m), "10.0.0.8", "198.51.100.1", 6);
	judging_str(j, &m->to, "late@bad.example");
	judging_end(j);
	assert_int_equal(j->count, 5);
	t = judging_event(j, EVENT_TLS, sizeof(*t), "10.0.0.9", "198.51.100.1", 6);
	judging_str(j, &t->sni, "grave.example");
	judging_str(j, &t->ja4, "t13d1516h2_8daaf6152771_000000000000");
	judging_end(j);
	assert_int_equal(j->count, 7);
	assert_int_equal(j->found[5].severity, SEVERITY_CRITICAL);
	assert_int_equal(j->found[6].severity, SEVERITY_MEDIUM); /* a step less than high */
}

static void without_a_set_nothing_happens(void **state)
{
	struct judging *j = &((struct scene *)*state)->j;
	j->env.intel = NULL;
	flow(j, "10.0.0.5", "203.0.113.9", 443, FLOW_OUTCOME_ESTABLISHED);
	dns(j, "bad.example", "203.0.113.9", 0);
	assert_int_equal(j->count, 0);
}

static void what_is_over_is_silent(void **state)
{
	struct judging *j = &((struct scene *)*state)->j;
	judging_pass(j, 3650 * DAY_NS);
	flow(j, "10.0.0.5", "203.0.113.9", 443, FLOW_OUTCOME_ESTABLISHED);
	assert_int_equal(j->count, 0);
}

static void file_hash(struct judging *j, const char *md5, bool from_server)
{
	struct event_file_hash *f =
		judging_event(j, EVENT_FILE_HASH, sizeof(*f), "10.0.0.5", "198.51.100.7", 6);
	f->e.from_server = from_server;
	f->is_whole = true;
	f->size = 3;
	event_log_str(j->log, &f->name, "setup.exe", 9, 9);
	event_log_str(j->log, &f->md5, md5, 32, 32);
	judging_end(j);
}

static void a_file_is_known_by_its_digest(void **state)
{
	struct judging *j = &((struct scene *)*state)->j;
	file_hash(j, "900150983cd24fb0d6963f7d28e17f73", true);
	assert_int_equal(j->count, 0);
	file_hash(j, "900150983cd24fb0d6963f7d28e17f72", true);
	assert_int_equal(j->count, 1);
	const struct finding *f = &j->found[0];
	assert_string_equal(f->rule, "intel:lab");
	assert_int_equal(f->severity, SEVERITY_HIGH);
	assert_string_equal(f->indicator.type, "file");
	assert_string_equal(f->indicator.marking, "RED");
	assert_string_equal(f->file.name, "setup.exe");
	assert_int_equal(f->file.size, 3);
	assert_string_equal(f->file.md5, "900150983cd24fb0d6963f7d28e17f72");
	assert_string_equal(f->file.sha256, "");
	assert_non_null(strstr(f->message, "10.0.0.5 received the file setup.exe "
					   "(900150983cd24fb0d6963f7d28e17f72), which lab lists as "
					   "Loader; listed 13 days before"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_connection_is_high_and_a_refused_one_low, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_scanner_that_gets_nothing_is_noise, setup,
						teardown),
		cmocka_unit_test_setup_teardown(ports_networks_and_low_confidence_count, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_the_feed_calls_it_is_the_severity, setup,
						teardown),
		cmocka_unit_test_setup_teardown(names_asked_and_answers_are_met, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_said_within_connections_is_met, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_is_known_by_its_digest, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_set_nothing_happens, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_over_is_silent, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
