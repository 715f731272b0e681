/*
 * Data in names: what is found, what lies just below, and what only looks like it.
 */
#include "judging.h"

enum { UDP = 17, TYPE_A = 1, TYPE_NULL = 10, TYPE_TXT = 16, TYPE_PTR = 12 };

struct ask {
	const char *client, *server;
	uint16_t qtype;
	bool is_response;
	uint32_t rdata_len;
	uint16_t edns_len;
	uint64_t edns_hash;
	uint8_t transport;
};

static const struct ask plain = { .client = "10.0.0.5", .server = "192.0.2.53", .qtype = TYPE_A };

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "dns_tunnel");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

static void dns(struct judging *j, const struct ask *a, const char *name)
{
	struct event_dns *e = judging_event(j, EVENT_DNS, sizeof(*e), a->client, a->server, UDP);
	e->e.sport = 40000;
	e->e.dport = 53;
	e->qtype = a->qtype;
	e->is_response = a->is_response;
	e->rdata_len = a->rdata_len;
	e->rdata_hash = j->packet;
	e->first_answer_type = a->qtype;
	e->edns_option_len = a->edns_len;
	e->edns_hash = a->edns_hash;
	e->transport = a->transport;
	judging_str(j, &e->name, name);
	judging_end(j);
}

/* `len` characters of Base32 that depend on n. */
static const char *data(char *dst, unsigned n, unsigned len)
{
	uint64_t x = n * 0x9e3779b97f4a7c15ull + 1;
	for (unsigned i = 0; i < len; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		dst[i] = "abcdefghijklmnopqrstuv0123456789"[x & 31];
	}
	dst[len] = '\0';
	return dst;
}

/* `count` names of `len` characters of data under `domain`, a second apart. */
static void send(struct judging *j, const struct ask *a, const char *domain, unsigned from,
		 unsigned count, unsigned len)
{
	char label[64], name[256];
	for (unsigned i = from; i < from + count; i++) {
		snprintf(name, sizeof(name), "%s.%s", data(label, i, len), domain);
		dns(j, a, name);
		judging_pass(j, SECOND_NS);
	}
}

static void a_tunnel_is_found(void **state)
{
	struct judging *j = *state;
	send(j, &plain, "t.example.org", 0, 300, 50);
	assert_true(j->count >= 1);
	const struct finding *f = &j->found[0];
	assert_int_equal(f->class, FINDING_EXFIL);
	assert_string_equal(f->rule, "dns_tunnel");
	assert_string_equal(f->object, "example.org");
	assert_true(f->severity >= SEVERITY_MEDIUM);
	assert_true(judging_feature(f, "new_information")->value > 1000);
	/* no finding shows what was stolen */
	for (unsigned i = 0; i < j->count && i < FINDINGS_MAX; i++)
		assert_true(strlen(j->found[i].dns_question) < 60);
	/* doublings only */
	assert_true(j->count <= 6);
}

/* A mirror port gives what comes in and what goes out. */
static void copies_of_packets_change_nothing(void **state)
{
	struct judging *j = *state;
	char label[64], name[256];
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%s.t.example.org", data(label, i, 50));
		dns(j, &plain, name);
		judging_pass(j, 20000);
		dns(j, &plain, name);
		judging_pass(j, SECOND_NS);
	}
	assert_true(j->count >= 1);
	assert_true(judging_feature(&j->found[0], "share_of_new_names")->value > 0.9);
}

static void a_little_is_silent(void **state)
{
	struct judging *j = *state;
	send(j, &plain, "t.example.org", 0, 30, 30); /* 560 bytes in all */
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->count, 0);
}

static void the_same_names_again_carry_nothing(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 100; i++)
		send(j, &plain, "t.example.org", 0, 20, 30);
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->count, 0);
}

static void more_than_fits_exactly_repeated_carries_nothing(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 100; i++)
		send(j, &plain, "example.org", 0, 60, 12);
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->count, 0);
}

static void a_slow_tunnel_is_found_by_the_week(void **state)
{
	struct judging *j = *state;
	for (unsigned day = 0; day < 7; day++) {
		send(j, &plain, "t.example.org", day * 1000, 60, 50); /* 1.9 kB a day */
		judging_pass(j, DAY_NS - 60 * SECOND_NS);
	}
	unsigned week = j->count;
	assert_true(week >= 1);
}

static void windows_roll(void **state)
{
	struct judging *j = *state;
	for (unsigned day = 0; day < 20; day++) {
		send(j, &plain, "example.org", day * 1000, 10, 30);
		judging_pass(j, 4 * DAY_NS);
	}
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->count, 0);
}

static void a_tool_needs_few_names(void **state)
{
	struct judging *j = *state;
	struct ask a = plain;
	a.qtype = TYPE_NULL;
	send(j, &a, "t.example.org", 0, 12, 50);
	assert_true(j->count >= 1);
	assert_non_null(judging_feature(&j->found[0], "tool_mark"));
}

static void look_ups_of_services_have_an_allowance(void **state)
{
	struct judging *j = *state;
	struct ask a = plain;
	a.qtype = TYPE_TXT;
	send(j, &a, "sophosxl.net", 0, 400, 40); /* 10 kB */
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->count, 0);
	/* it is not without end: a tunnel cannot hide behind the name for ever */
	send(j, &a, "sophosxl.net", 1000, 9000, 60);
	assert_true(j->count >= 1);
}

static void reverse_look_ups_have_a_higher_limit(void **state)
{
	struct judging *j = *state;
	char name[128];
	struct ask a = plain;
	a.qtype = TYPE_PTR;
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "%u.%u.0.203.in-addr.arpa", i % 256, i / 256);
		dns(j, &a, name);
	}
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->count, 0);
}

static void a_resolver_is_not_named_for_its_clients(void **state)
{
	struct judging *j = *state;
	struct ask to_resolver = plain, by_resolver = plain;
	char label[64], name[256];
	to_resolver.server = "10.0.0.53";
	by_resolver.client = "10.0.0.53";
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%s.t.example.org", data(label, i, 50));
		dns(j, &to_resolver, name);
		dns(j, &by_resolver, name);
		struct event_dns *e =
			judging_event(j, EVENT_DNS, sizeof(*e), "10.0.0.5", "10.0.0.53", UDP);
		e->is_response = 1;
		e->e.from_server = 1;
		e->qtype = TYPE_A;
		judging_str(j, &e->name, name);
		judging_end(j);
	}
	assert_true(j->count >= 1);
	struct ipaddr client = judging_ip("10.0.0.5");
	for (unsigned i = 0; i < j->count && i < FINDINGS_MAX; i++)
		assert_true(ipaddr_equal(&j->found[i].subject.ip, &client));
}

static void ordinary_names_are_silent(void **state)
{
	struct judging *j = *state;
	static const char *const sites[] = { "google.com", "akamaiedge.net", "cloudfront.net",
					     "example.com", "wikipedia.org" };
	char name[128];
	for (unsigned i = 0; i < 2000; i++) {
		static const char *const hosts[] = {
			"www",   "mail", "static", "img1", "api", "cdn.eu", "selector1._domainkey",
			"_dmarc"
		};
		snprintf(name, sizeof(name), "%s.%s", hosts[i % 8], sites[i % 5]);
		struct ask a = plain;
		a.qtype = i % 8 > 5 ? TYPE_TXT : TYPE_A;
		dns(j, &a, name);
	}
	/* a balancer's names: e1234.a.akamaiedge.net */
	for (unsigned i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "e%u.%c.akamaiedge.net", 1000 + i * 7,
			 (char)('a' + i % 4));
		dns(j, &plain, name);
	}
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->count, 0);
}

static void local_discovery_is_not_dns(void **state)
{
	struct judging *j = *state;
	struct ask a = plain;
	for (uint8_t t = DNS_MDNS; t <= DNS_NBNS; t++) {
		a.transport = t;
		send(j, &a, "local.example.org", 0, 300, 50);
	}
	assert_int_equal(j->count, 0);
}

static void repeated_edns_options_carry_nothing(void **state)
{
	struct judging *j = *state;
	struct ask a = plain;
	char name[64];
	/* a client subnet: the same each time */
	a.edns_hash = 0x1234567890abcdefull;
	for (unsigned i = 0; i < 3000; i++) {
		a.edns_len = i < 100 ? 0 : 12; /* they begin when many names are known */
		snprintf(name, sizeof(name), "h%u.example.com", i % 40);
		dns(j, &a, name);
	}
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->count, 0);
}

static void data_in_edns_options_counts(void **state)
{
	struct judging *j = *state;
	struct ask a = plain;
	a.edns_len = 100;
	for (unsigned i = 0; i < 400; i++) {
		char name[64];
		snprintf(name, sizeof(name), "h%u.example.com", i % 40);
		a.edns_hash = (i + 1) * 0x9e3779b97f4a7c15ull;
		dns(j, &a, name);
	}
	assert_true(j->count >= 1);
}

static const struct finding *find_rule(const struct judging *j, const char *rule)
{
	for (unsigned i = 0; i < j->count && i < FINDINGS_MAX; i++)
		if (strcmp(j->found[i].rule, rule) == 0)
			return &j->found[i];
	return NULL;
}

/* From domain `first` on, 8 names of 50 characters under each. */
static void send_domains(struct judging *j, unsigned first, unsigned end)
{
	char domain[32];
	for (unsigned i = first; i < end; i++) {
		snprintf(domain, sizeof(domain), "d%u-rare.org", i);
		send(j, &plain, domain, i * 100, 8, 50);
	}
}

static void many_domains_by_one_client_add_up(void **state)
{
	struct judging *j = *state;
	send_domains(j, 0, 120);
	const struct finding *f = find_rule(j, "dns_tunnel_spread");
	assert_non_null(f);
	assert_string_equal(f->counterfactual,
			    "silent below 16384 B a day beyond 96 B a domain over so many domains, "
			    "with fewer than 8 such domains, or if 3 clients asked for each");
}

static void send_to_few(struct judging *j, unsigned domains, unsigned names)
{
	char domain[32];
	for (unsigned i = 0; i < domains; i++) {
		snprintf(domain, sizeof(domain), "d%u-rare.org", i);
		send(j, &plain, domain, i * 1000, names, 50);
	}
}

static void too_few_domains_are_not_spread(void **state)
{
	struct judging *j = *state;
	send_to_few(j, 7, 400); /* much, and all of it in few */
	assert_null(find_rule(j, "dns_tunnel_spread"));
}

static void fewer_domains_ask_for_more(void **state)
{
	struct judging *j = *state;
	send_to_few(j, 10, 90); /* 28 kB */
	assert_null(find_rule(j, "dns_tunnel_spread"));
	send_to_few(j, 10, 120); /* 37 kB */
	const struct finding *f = find_rule(j, "dns_tunnel_spread");
	assert_non_null(f);
	assert_string_equal(f->counterfactual,
			    "silent below 32768 B a day beyond 96 B a domain over so many domains, "
			    "with fewer than 8 such domains, or if 3 clients asked for each");
	assert_float_equal(f->features[0].limit, 32768, 1);
}

static void domains_that_others_know_are_not_spread(void **state)
{
	struct judging *j = *state;
	static const char *const others[] = { "10.0.0.6", "10.0.0.7", "10.0.0.8" };
	for (unsigned i = 0; i < 120; i++)
		for (unsigned k = 0; k < 3; k++) {
			struct ask a = plain;
			char name[32];
			a.client = others[k];
			snprintf(name, sizeof(name), "www.d%u-rare.org", i);
			dns(j, &a, name);
		}
	send_domains(j, 0, 120);
	assert_null(find_rule(j, "dns_tunnel_spread"));
}

static void the_totals_of_many_domains_are_told(void **state)
{
	struct judging *j = *state;
	send_domains(j, 0, 120);
	const struct finding *f = find_rule(j, "dns_tunnel_spread");
	assert_non_null(f);
	uint64_t domains = f->count;
	send_domains(j, 120, 150);
	j->detector->on_end(j->state, &j->env);
	assert_string_equal(j->update.rule, "dns_tunnel_spread");
	assert_true(j->update.is_update);
	assert_in_range(j->update.count, domains + 30, 150);
	assert_true(j->update.subject.bytes > f->subject.bytes);
	assert_true(j->update.end_ns == j->env.now_ns - SECOND_NS &&
		    j->update.start_ns == f->start_ns);
	unsigned updates = j->updates;
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->updates, updates); /* nothing new */
}

static void the_totals_of_a_day_are_told_before_the_next(void **state)
{
	struct judging *j = *state;
	send_domains(j, 0, 140);
	assert_non_null(find_rule(j, "dns_tunnel_spread"));
	judging_pass(j, DAY_NS);
	send_domains(j, 1000, 1001);
	assert_string_equal(j->update.rule, "dns_tunnel_spread");
	unsigned count = j->count;
	send_domains(j, 1001, 1120); /* a new day's sum is told anew */
	assert_true(j->count > count);
}

/* Clients `first` to `end`, 45 names each. */
static void send_clients(struct judging *j, unsigned first, unsigned end)
{
	char client[32];
	struct ask a = plain;
	a.client = client;
	for (unsigned i = first; i < end; i++) {
		snprintf(client, sizeof(client), "10.0.1.%u", i + 1);
		send(j, &a, "t.example.org", i * 1000, 45, 50);
	}
}

static void many_clients_of_one_domain_add_up(void **state)
{
	struct judging *j = *state;
	send_clients(j, 0, 60);
	const struct finding *f = find_rule(j, "dns_tunnel_many");
	assert_non_null(f);
	assert_string_equal(f->counterfactual,
			    "silent below 65536 B of new names a day of all clients, or with fewer "
			    "than 3 clients");
}

static void two_clients_are_not_many(void **state)
{
	struct judging *j = *state;
	static const char *const both[] = { "10.0.0.6", "10.0.0.7" };
	for (unsigned i = 0; i < 2; i++) {
		struct ask a = plain;
		a.client = both[i];
		send(j, &a, "t.example.org", i * 10000, 2000, 50);
	}
	assert_null(find_rule(j, "dns_tunnel_many"));
}

static void the_totals_of_many_clients_are_told(void **state)
{
	struct judging *j = *state;
	send_clients(j, 0, 60);
	const struct finding *f = find_rule(j, "dns_tunnel_many");
	assert_non_null(f);
	send_clients(j, 60, 120);
	j->updates = 0;
	j->detector->on_tick(j->state, &j->env);
	assert_true(j->updates > 0);
	send_clients(j, 120, 180);
	judging_pass(j, DAY_NS);
	send_clients(j, 0, 1); /* the window is over */
	assert_string_equal(j->update.rule, "dns_tunnel_many");
	assert_true(j->update.features[0].value > 2 * f->features[0].value);
	assert_true(ipaddr_equal(&j->update.subject.ip, &f->subject.ip));
}

int main(void)
{
#define DNS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		DNS_TEST(a_tunnel_is_found),
		DNS_TEST(copies_of_packets_change_nothing),
		DNS_TEST(a_little_is_silent),
		DNS_TEST(the_same_names_again_carry_nothing),
		DNS_TEST(more_than_fits_exactly_repeated_carries_nothing),
		DNS_TEST(a_slow_tunnel_is_found_by_the_week),
		DNS_TEST(windows_roll),
		DNS_TEST(a_tool_needs_few_names),
		DNS_TEST(look_ups_of_services_have_an_allowance),
		DNS_TEST(reverse_look_ups_have_a_higher_limit),
		DNS_TEST(a_resolver_is_not_named_for_its_clients),
		DNS_TEST(ordinary_names_are_silent),
		DNS_TEST(local_discovery_is_not_dns),
		DNS_TEST(repeated_edns_options_carry_nothing),
		DNS_TEST(data_in_edns_options_counts),
		DNS_TEST(many_domains_by_one_client_add_up),
		DNS_TEST(too_few_domains_are_not_spread),
		DNS_TEST(fewer_domains_ask_for_more),
		DNS_TEST(domains_that_others_know_are_not_spread),
		DNS_TEST(the_totals_of_many_domains_are_told),
		DNS_TEST(the_totals_of_a_day_are_told_before_the_next),
		DNS_TEST(many_clients_of_one_domain_add_up),
		DNS_TEST(two_clients_are_not_many),
		DNS_TEST(the_totals_of_many_clients_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
