/*
 * TLS of no public service: what is found, what lies just below, what only looks like it.
 */
#include "judging.h"

struct talk {
	const char *dst, *sni, *subject;
	uint16_t port, version, app;
	uint8_t is_self_signed, sni_match;
	uint32_t names, validity_days, pauses, pause_ms, spread_ms;
};

static const struct talk rat = { .dst = "203.0.113.41",
				 .subject = "Remote Server",
				 .port = 6606,
				 .version = 0x0301,
				 .app = APP_TLS,
				 .is_self_signed = 1,
				 .validity_days = 36500,
				 .pauses = 20,
				 .pause_ms = 15000,
				 .spread_ms = 400 };
static uint64_t flow_id = 1;

static void talk(struct judging *j, const struct talk *t)
{
	flow_id++;
	for (unsigned server = 0; server < 2; server++) {
		struct event_tls *e =
			judging_event(j, EVENT_TLS, sizeof(*e), "10.0.0.5", t->dst, 6);
		e->e.flow = flow_id;
		e->e.dport = t->port;
		e->e.app = t->app;
		e->is_server = (uint8_t)server;
		e->version = t->version;
		e->has_sni = t->sni && !server;
		if (t->sni && !server)
			judging_str(j, &e->sni, t->sni);
		judging_end(j);
	}
	struct event_cert *c = judging_event(j, EVENT_CERT, sizeof(*c), "10.0.0.5", t->dst, 6);
	c->e.flow = flow_id;
	c->e.dport = t->port;
	c->is_self_signed = t->is_self_signed;
	c->sni_match = t->sni_match;
	c->names = t->names;
	c->validity_days = t->validity_days;
	judging_str(j, &c->subject, t->subject);
	judging_end(j);
	struct event_tls_shape *s =
		judging_event(j, EVENT_TLS_SHAPE, sizeof(*s), "10.0.0.5", t->dst, 6);
	s->e.flow = flow_id;
	s->e.dport = t->port;
	s->pauses = t->pauses;
	s->pause_ms = t->pause_ms;
	s->pause_spread_ms = t->spread_ms;
	judging_end(j);
}

static void end(struct judging *j, const struct talk *t, uint64_t seconds)
{
	struct event_flow *e = judging_event(j, EVENT_FLOW_END, sizeof(*e), "10.0.0.5", t->dst, 6);
	e->e.flow = flow_id;
	e->e.dport = t->port;
	e->first_ns = j->env.now_ns - seconds * SECOND_NS;
	e->last_ns = j->env.now_ns;
	e->payload[0] = 4000;
	e->payload[1] = 3000;
	judging_end(j);
}

static enum severity judge_one(const struct talk *t)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "odd_tls");
	talk(j, t);
	end(j, t, 60);
	enum severity s = j->count ? j->found[j->count - 1].severity : SEVERITY_NONE;
	judging_deinit(j);
	free(j);
	return s;
}

static void a_remote_access_tool_is_found(void **state)
{
	(void)state;
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "odd_tls");
	talk(j, &rat);
	end(j, &rat, 700);
	assert_true(j->count > 0);
	const struct finding *f = &j->found[0];
	assert_int_equal(f->severity, SEVERITY_HIGH);
	assert_string_equal(f->techniques[0], "T1573");
	assert_string_equal(f->techniques[1], "T1571");
	assert_int_equal(f->visibility, VISIBILITY_OPAQUE);
	(void)judging_feature(f, "self_signed");
	(void)judging_feature(f, "keep_alive");
	assert_non_null(strstr(f->message, "Remote Server"));
	judging_deinit(j);
	free(j);
}

/* A conversation in TLS 1.3, whose certificate nobody sees. */
static enum severity judge_shape(const char *sni, uint16_t port, const struct event_tls_shape *like)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "odd_tls");
	flow_id++;
	struct event_tls *e =
		judging_event(j, EVENT_TLS, sizeof(*e), "10.0.0.5", "203.0.113.41", 6);
	e->e.flow = flow_id;
	e->e.dport = port;
	e->e.app = APP_TLS;
	e->version = 0x0304;
	e->has_sni = sni != NULL;
	if (sni)
		judging_str(j, &e->sni, sni);
	judging_end(j);
	struct event_tls_shape *s =
		judging_event(j, EVENT_TLS_SHAPE, sizeof(*s), "10.0.0.5", "203.0.113.41", 6);
	struct event head = s->e;
	*s = *like;
	s->e = head;
	s->e.flow = flow_id;
	s->e.dport = port;
	judging_end(j);
	enum severity severity = j->count ? j->found[j->count - 1].severity : SEVERITY_NONE;
	if (j->count)
		assert_int_equal(judging_feature(&j->found[0], "commanded")->value, like->begun[1]);
	judging_deinit(j);
	free(j);
	return severity;
}

static void orders_from_a_server_without_a_name_are_found(void **state)
{
	const struct event_tls_shape shell = { .begun = { 1, 6 },
					       .answered = 5,
					       .asked_bytes = 40,
					       .reply_bytes = 3000,
					       .ask_least = 3,
					       .ask_most = 14,
					       .reply_least = 20,
					       .reply_most = 2000 };
	struct event_tls_shape t = shell;
	(void)state;
	assert_int_equal(judge_shape(NULL, 443, &t), SEVERITY_MEDIUM);
	assert_int_equal(judge_shape("203.0.113.41", 443, &t), SEVERITY_MEDIUM);
	assert_int_equal(judge_shape(NULL, 6606, &t), SEVERITY_MEDIUM);
	assert_int_equal(judge_shape("push.example.com", 443, &t), SEVERITY_NONE);
	t.begun[0] = 3; /* the client asks as well */
	assert_int_equal(judge_shape(NULL, 443, &t), SEVERITY_NONE);
	t = shell;
	t.reply_bytes = 60; /* it is pinged */
	assert_int_equal(judge_shape(NULL, 443, &t), SEVERITY_NONE);
	t = shell;
	t.ask_most = t.ask_least; /* it is polled */
	assert_int_equal(judge_shape(NULL, 443, &t), SEVERITY_NONE);
	t = shell;
	t.reply_least = 600; /* ... by several questions */
	assert_int_equal(judge_shape(NULL, 443, &t), SEVERITY_NONE);
	t = shell;
	t.asked_bytes = 6000; /* it is sent news, and posts its own */
	t.reply_bytes = 20000;
	assert_int_equal(judge_shape(NULL, 443, &t), SEVERITY_NONE);
	t = shell;
	t.begun[1] = t.answered = 4;
	assert_int_equal(judge_shape(NULL, 443, &t), SEVERITY_NONE);
}

static void each_mark_alone_is_silent(void **state)
{
	struct talk t = rat;
	(void)state;
	t.version = 0x0303;
	t.is_self_signed = 0; /* of an authority, for a name that was asked for */
	t.subject = "www.example.com";
	t.names = 2;
	t.sni = "www.example.com";
	t.sni_match = 1;
	t.validity_days = 90;
	assert_int_equal(judge_one(&t), SEVERITY_NONE);
	t.sni = NULL;
	t.sni_match = 0;
	assert_int_equal(judge_one(&t), SEVERITY_NONE);
	t = rat;
	t.sni = "nas.home.example"; /* its own certificate, for its own name, on the usual port */
	t.subject = "nas.home.example";
	t.sni_match = 1;
	t.port = 443;
	t.version = 0x0303;
	t.pauses = 0;
	t.validity_days = 365;
	assert_int_equal(judge_one(&t), SEVERITY_NONE);
}

static void the_steps_between_are_low_or_medium(void **state)
{
	struct talk t = rat;
	(void)state;
	t.port = 443;
	t.pauses = 0;
	t.validity_days = 365;
	assert_int_equal(judge_one(&t), SEVERITY_MEDIUM);
	t.version = 0x0303;
	assert_int_equal(judge_one(&t), SEVERITY_LOW);
	t.sni = "tontrum.example"; /* a name was asked for, the certificate is a tool's default */
	t.sni_match = 2;
	t.subject = "Default Company Ltd";
	assert_int_equal(judge_one(&t), SEVERITY_MEDIUM);
	t.subject = "other.example"; /* an interception, or a lab */
	assert_int_equal(judge_one(&t), SEVERITY_LOW);
}

static void a_private_authority_without_names_counts(void **state)
{
	struct talk t = rat;
	(void)state;
	t.is_self_signed = 0;
	t.subject = "Rat";
	assert_int_equal(judge_one(&t), SEVERITY_HIGH);
	t.names = 1;
	assert_int_equal(judge_one(&t), SEVERITY_NONE);
}

static void what_is_known_or_inside_is_silent(void **state)
{
	struct talk t = rat;
	(void)state;
	t.dst = "10.0.0.9";
	assert_int_equal(judge_one(&t), SEVERITY_NONE);
	t = rat;
	t.app = APP_REMOTE; /* nDPI knows it by name */
	assert_int_equal(judge_one(&t), SEVERITY_NONE);
	t.app = APP_SMTP; /* STARTTLS */
	assert_int_equal(judge_one(&t), SEVERITY_NONE);
}

static void classified_later_it_is_excused(void **state)
{
	(void)state;
	struct judging *j = malloc(sizeof(*j));
	struct talk t = rat;
	judging_init(j, "odd_tls");
	t.is_self_signed = 0;
	t.names = 3;
	talk(j, &t);
	struct event_classified *c =
		judging_event(j, EVENT_CLASSIFIED, sizeof(*c), "10.0.0.5", t.dst, 6);
	c->e.flow = flow_id;
	c->e.dport = t.port;
	c->e.app = APP_REMOTE;
	judging_end(j);
	talk(j, &rat);
	end(j, &rat, 60);
	assert_int_equal(j->count, 0);
	judging_deinit(j);
	free(j);
}

static void connections_that_come_again_add_up(void **state)
{
	(void)state;
	struct judging *j = malloc(sizeof(*j));
	struct talk t = rat;
	judging_init(j, "odd_tls");
	t.port = 443;
	t.version = 0x0303;
	t.pauses = 0;
	t.validity_days = 365;
	for (unsigned i = 0; i < 8; i++) {
		talk(j, &t);
		end(j, &t, 3);
		judging_pass(j, 600 * SECOND_NS);
	}
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_MEDIUM);
	(void)judging_feature(&j->found[j->count - 1], "comes_again");
	judging_deinit(j);
	free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_remote_access_tool_is_found),
		cmocka_unit_test(orders_from_a_server_without_a_name_are_found),
		cmocka_unit_test(each_mark_alone_is_silent),
		cmocka_unit_test(the_steps_between_are_low_or_medium),
		cmocka_unit_test(a_private_authority_without_names_counts),
		cmocka_unit_test(what_is_known_or_inside_is_silent),
		cmocka_unit_test(classified_later_it_is_excused),
		cmocka_unit_test(connections_that_come_again_add_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
