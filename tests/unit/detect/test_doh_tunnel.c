/*
 * A tunnel in encrypted DNS: what is found, what lies just below, what only looks like it.
 */
#include "../../../src/detect/doh_tunnel/doh_tunnel.h"
#include "judging.h"

#define CLIENT "10.0.0.5"

struct ask {
	const char *src, *dst, *sni, *alpn;
	uint16_t port;
	bool is_quic;
	uint32_t longs, shorts; /* a minute */
	unsigned long_class;
	unsigned minutes, destinations; /* that are used meanwhile */
	uint16_t least;                 /* size of the first questions */
	uint32_t up, down;              /* bytes a question */
	unsigned odd_class;             /* one a minute of this size; 0: none */
};

/* 20 long questions a minute over DNS over TLS, to a server that no list knows. */
static const struct ask tunnel = { .src = CLIENT,
				   .dst = "203.0.113.9",
				   .port = 853,
				   .longs = 20,
				   .shorts = 4,
				   .long_class = 6,
				   .minutes = 8,
				   .least = 70,
				   .up = 280,
				   .down = 200 };
static uint64_t flow_id = 1;

static void hello(struct judging *j, const struct ask *a)
{
	struct event_tls *t = judging_event(j, a->is_quic ? EVENT_QUIC : EVENT_TLS, sizeof(*t),
					    a->src, a->dst, a->is_quic ? 17 : 6);
	t->e.flow = flow_id;
	t->e.dport = a->port;
	t->has_sni = a->sni != NULL;
	if (a->sni)
		judging_str(j, &t->sni, a->sni);
	if (a->alpn)
		judging_str(j, &t->alpn, a->alpn);
	judging_end(j);
}

static void go_to(struct judging *j, const char *src, unsigned nth)
{
	char to[32];
	snprintf(to, sizeof(to), "192.0.2.%u", nth % 250 + 1);
	struct event_flow *f = judging_event(j, EVENT_FLOW_START, sizeof(*f), src, to, 6);
	f->e.flow = 100000 + nth;
	f->e.dport = 443;
	judging_end(j);
}

static void shape(struct judging *j, const struct ask *a, struct event_tls_shape *sum)
{
	struct event_tls_shape *t =
		judging_event(j, EVENT_TLS_SHAPE, sizeof(*t), a->src, a->dst, a->is_quic ? 17 : 6);
	struct event e = t->e;
	*t = *sum;
	t->e = e;
	t->e.flow = flow_id;
	t->e.dport = a->port;
	judging_end(j);
}

/* Plays it into j; the last finding's severity. */
static enum severity play(struct judging *j, const struct ask *a)
{
	struct event_tls_shape sum = { .first_count = 16 };
	unsigned gone = 0;
	flow_id++;
	for (unsigned i = 0; i < 16; i++)
		sum.first[i] = a->least;
	hello(j, a);
	for (unsigned minute = 0; minute < a->minutes; minute++) {
		for (; gone < a->destinations * (minute + 1) / a->minutes; gone++)
			go_to(j, a->src, gone);
		sum.sizes[0][1] += a->shorts;
		sum.sizes[0][a->long_class] += a->longs;
		if (a->odd_class)
			sum.sizes[0][a->odd_class] += 8;
		sum.sizes[1][7] += a->longs + a->shorts;
		sum.bytes[0] += (uint64_t)a->up * (a->longs + a->shorts);
		sum.bytes[1] += (uint64_t)a->down * (a->longs + a->shorts);
		shape(j, a, &sum);
		judging_pass(j, 60 * SECOND_NS);
	}
	enum severity most = SEVERITY_NONE;
	for (unsigned i = 0; i < j->count && i < FINDINGS_MAX; i++)
		most = j->found[i].severity > most ? j->found[i].severity : most;
	return most;
}

static enum severity judge_one(const struct ask *a)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "doh_tunnel");
	enum severity s = play(j, a);
	judging_deinit(j);
	free(j);
	return s;
}

static void a_tunnel_over_tls_is_found(void **state)
{
	(void)state;
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "doh_tunnel");
	assert_int_equal(play(j, &tunnel), SEVERITY_HIGH);
	const struct finding *f = &j->found[0];
	assert_string_equal(f->techniques[0], "T1071.004");
	(void)judging_feature(f, "long_questions");
	(void)judging_feature(f, "nothing_follows");
	(void)judging_feature(f, "unknown_resolver");
	assert_non_null(strstr(f->message, "DNS over TLS"));
	judging_deinit(j);
	free(j);
}

static void known_resolvers_are_no_excuse(void **state)
{
	struct ask a = tunnel;
	(void)state;
	a.port = 443;
	a.sni = "cloudflare-dns.com";
	assert_true(judge_one(&a) >= SEVERITY_MEDIUM);
	a.sni = "dns.somebody.example"; /* unknown, but it says what it is */
	assert_true(judge_one(&a) >= SEVERITY_HIGH);
	a.is_quic = true;
	a.port = 8853;
	a.sni = NULL;
	a.alpn = "doq";
	assert_true(judge_one(&a) >= SEVERITY_HIGH);
}

static void what_is_no_dns_is_not_judged(void **state)
{
	struct ask a = tunnel;
	(void)state;
	a.port = 443;
	a.sni = "chat.somebody.example";
	assert_int_equal(judge_one(&a), SEVERITY_NONE);
	a = tunnel; /* bodies of uploads: DNS has no such sizes */
	a.port = 443;
	a.sni = "dns.somebody.example";
	a.odd_class = 11;
	assert_int_equal(judge_one(&a), SEVERITY_NONE);
}

static void ordinary_dns_is_silent(void **state)
{
	struct ask a = tunnel;
	(void)state;
	a.longs = 0; /* names of block lists and pages, whatever their number */
	a.shorts = 5000;
	assert_int_equal(judge_one(&a), SEVERITY_NONE);
	a = tunnel; /* padded: two blocks of 128 are what the longest of them take */
	a.least = 147;
	assert_int_equal(judge_one(&a), SEVERITY_NONE);
	a.long_class = 7; /* three blocks are not */
	assert_true(judge_one(&a) >= SEVERITY_HIGH);
	a = tunnel; /* oblivious DNS of somebody who browses */
	a.destinations = 200;
	a.minutes = 8;
	a.sni = "cloudflare-dns.com";
	a.port = 443;
	a.up = 280;
	a.down = 500;
	assert_int_equal(judge_one(&a), SEVERITY_NONE);
}

static void just_below_is_silent(void **state)
{
	struct ask a = tunnel;
	(void)state;
	a.minutes = 1;
	a.longs = 31;
	assert_int_equal(judge_one(&a), SEVERITY_NONE);
	a.minutes = 2;
	a.longs = 16; /* 32 */
	assert_true(judge_one(&a) >= SEVERITY_MEDIUM);
	a.minutes = 120; /* one a minute never fills the short windows, but half a day has 128 */
	a.longs = 1;
	a.shorts = 0;
	assert_int_equal(judge_one(&a), SEVERITY_NONE);
	a.minutes = 200;
	assert_true(judge_one(&a) >= SEVERITY_MEDIUM);
}

static void a_resolver_asks_for_all_clients(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	struct ask a = tunnel;
	(void)state;
	judging_init(j, "doh_tunnel");
	a.port = 443;
	a.sni = "cloudflare-dns.com";
	a.minutes = 4;
	a.longs = 9;
	a.shorts = 15;
	a.down = 500;
	hello(j, &a);
	struct event_flow *f =
		judging_event(j, EVENT_FLOW_START, sizeof(*f), "10.0.0.9", CLIENT, 17);
	f->e.dport = 53; /* it is asked, and wraps */
	judging_end(j);
	for (unsigned i = 0; i < 120; i++)
		go_to(j, "10.0.0.9", i);
	enum severity s = play(j, &a);
	assert_int_equal(s, SEVERITY_NONE);
	judging_deinit(j);
	free(j);
}

static void the_counterfactual_is_the_decision(void **state)
{
	struct doh_pair p = { .is_known = true };
	struct doh_params params = { .questions = 32, .window_s = 300 };
	(void)state;
	for (unsigned longs = 32; longs < 3000; longs += 97) {
		struct doh_judgement j;
		p.span[DOH_SHORT].now = (struct doh_sum){ .questions = longs + 20,
							  .longs = longs,
							  .up = 9,
							  .down = 9 };
		doh_judge(&p, DOH_SHORT, 1, &params, &j);
		assert_true(step_severity(j.score) != SEVERITY_NONE);
		uint64_t least = doh_least(&j);
		assert_in_range(least, 32, longs);
		p.span[DOH_SHORT].now.longs = (uint32_t)least - 1;
		doh_judge(&p, DOH_SHORT, 1, &params, &j);
		assert_int_equal(step_severity(j.score), SEVERITY_NONE);
	}
}

static void a_new_connection_has_its_headers(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	struct ask a = tunnel;
	(void)state;
	judging_init(j, "doh_tunnel");
	a.port = 443;
	a.sni = "cloudflare-dns.com";
	a.minutes = 1;
	a.longs = 2; /* the first requests of 100 connections */
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(play(j, &a), SEVERITY_NONE);
	judging_deinit(j);
	free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tunnel_over_tls_is_found),
		cmocka_unit_test(known_resolvers_are_no_excuse),
		cmocka_unit_test(what_is_no_dns_is_not_judged),
		cmocka_unit_test(ordinary_dns_is_silent),
		cmocka_unit_test(just_below_is_silent),
		cmocka_unit_test(a_resolver_asks_for_all_clients),
		cmocka_unit_test(the_counterfactual_is_the_decision),
		cmocka_unit_test(a_new_connection_has_its_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
