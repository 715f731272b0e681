/*
 * Protocols where others belong: what is said, how loudly, and what is left in peace.
 */
#include "judging.h"

#define MB 1000000ull

enum { TCP = 6, UDP = 17 };

struct talk {
	const char *src, *dst;
	uint16_t port;
	uint8_t proto;
	enum app app;
	uint8_t confidence;
	uint64_t up, down, seconds;
	uint8_t outcome;
	bool is_refused; /* TLS that the server answers in clear */
};

static uint64_t flow_id = 1;

static const struct talk ssh53 = { .src = "10.0.0.5",
				   .dst = "203.0.113.9",
				   .port = 53,
				   .proto = TCP,
				   .app = APP_SSH,
				   .confidence = 5,
				   .up = 3000,
				   .down = 4000,
				   .outcome = FLOW_OUTCOME_ESTABLISHED };

static void classified(struct judging *j, const struct talk *t)
{
	struct event_classified *e =
		judging_event(j, EVENT_CLASSIFIED, sizeof(*e), t->src, t->dst, t->proto);
	e->e.flow = flow_id;
	e->e.sport = 40000;
	e->e.dport = t->port;
	e->e.app = (uint16_t)t->app;
	e->confidence = t->confidence;
	judging_str(j, &e->name, app_name(t->app));
	judging_end(j);
}

static void flow(struct judging *j, const struct talk *t, enum event_kind kind)
{
	struct event_flow *e = judging_event(j, kind, sizeof(*e), t->src, t->dst, t->proto);
	e->e.flow = flow_id;
	e->e.sport = 40000;
	e->e.dport = t->port;
	e->e.app = (uint16_t)t->app;
	e->first_ns = j->env.now_ns - t->seconds * SECOND_NS;
	e->last_ns = j->env.now_ns;
	e->payload[0] = t->up;
	e->payload[1] = t->down;
	e->packets[0] = e->packets[1] = 10;
	e->outcome = t->outcome;
	e->is_interim = kind == EVENT_FLOW_PROGRESS ? 2 : 0;
	e->end = kind == EVENT_FLOW_END ? FLOW_END_CLOSED : FLOW_END_NONE;
	judging_end(j);
}

static void http(struct judging *j, const struct talk *t, const char *method, uint16_t status)
{
	struct event_http *e = judging_event(j, EVENT_HTTP, sizeof(*e), t->src, t->dst, t->proto);
	e->e.flow = flow_id;
	e->e.sport = 40000;
	e->e.dport = t->port;
	e->is_response = method == NULL;
	e->status = status;
	if (method)
		judging_str(j, &e->method, method);
	judging_end(j);
}

static void server_hello(struct judging *j, const struct talk *t)
{
	struct event_tls *e = judging_event(j, EVENT_TLS, sizeof(*e), t->src, t->dst, t->proto);
	e->e.flow = flow_id;
	e->is_server = true;
	judging_end(j);
}

static void whole_flow(struct judging *j, const struct talk *t)
{
	flow_id++;
	classified(j, t);
	if (t->app == APP_TLS && !t->is_refused)
		server_hello(j, t);
	flow(j, t, EVENT_FLOW_END);
}

/* What one conversation brings: its severity, SEVERITY_NONE for nothing. */
static enum severity judge_one(struct talk t)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "protocol_mismatch");
	whole_flow(j, &t);
	enum severity s = j->count ? j->found[0].severity : SEVERITY_NONE;
	assert_true(j->count <= 1);
	judging_deinit(j);
	free(j);
	return s;
}

static enum severity judge_app(enum app app, uint16_t port, uint8_t proto)
{
	struct talk t = ssh53;
	t.app = app;
	t.port = port;
	t.proto = proto;
	return judge_one(t);
}

static void tunnels_in_hiding_are_alerts(void **state)
{
	(void)state;
	assert_int_equal(judge_one(ssh53), SEVERITY_MEDIUM);
	assert_int_equal(judge_app(APP_SSH, 80, TCP), SEVERITY_MEDIUM);
	assert_int_equal(judge_app(APP_SSH, 123, TCP), SEVERITY_MEDIUM);
	assert_int_equal(judge_app(APP_RDP, 443, TCP), SEVERITY_MEDIUM);
	assert_int_equal(judge_app(APP_SOCKS, 80, TCP), SEVERITY_MEDIUM);
	assert_int_equal(judge_app(APP_OPENVPN, 53, UDP), SEVERITY_MEDIUM);
	assert_int_equal(judge_app(APP_WIREGUARD, 123, UDP), SEVERITY_MEDIUM);
	assert_int_equal(judge_app(APP_SMB, 80, TCP), SEVERITY_MEDIUM);
}

static void common_or_plain_mismatches_are_context(void **state)
{
	(void)state;
	assert_int_equal(judge_app(APP_SSH, 443, TCP), SEVERITY_LOW);
	assert_int_equal(judge_app(APP_OPENVPN, 443, TCP), SEVERITY_LOW);
	assert_int_equal(judge_app(APP_TOR, 443, TCP), SEVERITY_LOW);
	assert_int_equal(judge_app(APP_HTTP, 53, TCP), SEVERITY_LOW);
	assert_int_equal(judge_app(APP_TLS, 80, TCP), SEVERITY_LOW);
	assert_int_equal(judge_app(APP_TLS, 4711, TCP), SEVERITY_LOW);
	assert_int_equal(judge_app(APP_SSH, 4711, TCP), SEVERITY_LOW);
	assert_int_equal(judge_app(APP_FTP, 443, TCP), SEVERITY_LOW);
	assert_int_equal(judge_app(APP_DNS, 443, UDP), SEVERITY_LOW);
}

static void what_belongs_is_silent(void **state)
{
	(void)state;
	static const struct {
		enum app app;
		uint16_t port;
		uint8_t proto;
	} fine[] = {
		{ APP_TLS, 443, TCP },    { APP_QUIC, 443, UDP },  { APP_HTTP, 80, TCP },
		{ APP_DNS, 53, UDP },     { APP_TLS, 853, TCP },   { APP_SSH, 22, TCP },
		{ APP_SSH, 2222, TCP },   { APP_HTTP, 8080, TCP }, { APP_HTTP, 8000, TCP },
		{ APP_HTTP, 8888, TCP },  { APP_TLS, 8443, TCP },  { APP_TLS, 587, TCP },
		{ APP_SMTP, 587, TCP },   { APP_TLS, 993, TCP },   { APP_TLS, 5228, TCP },
		{ APP_STUN, 443, UDP },   { APP_RTP, 443, UDP },   { APP_BITTORRENT, 80, TCP },
		{ APP_OTHER, 80, TCP },   { APP_SIP, 443, TCP },   { APP_REMOTE, 443, TCP },
		{ APP_HTTP, 12345, TCP }, { APP_TLS, 3389, TCP },  { APP_UNKNOWN, 443, TCP },
		{ APP_TLS, 4711, UDP },
	};
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		assert_int_equal(judge_app(fine[i].app, fine[i].port, fine[i].proto),
				 SEVERITY_NONE);
}

static void volume_and_duration_raise_context(void **state)
{
	(void)state;
	struct talk t = ssh53;
	t.port = 443;
	t.up = 10 * MB - 1;
	assert_int_equal(judge_one(t), SEVERITY_LOW);
	t.up = 10 * MB;
	assert_int_equal(judge_one(t), SEVERITY_MEDIUM);
	t.up = 70000;
	t.seconds = 3599;
	assert_int_equal(judge_one(t), SEVERITY_LOW);
	t.seconds = 3600;
	assert_int_equal(judge_one(t), SEVERITY_MEDIUM);
	t.up = 5000; /* a heartbeat is no upload */
	assert_int_equal(judge_one(t), SEVERITY_LOW);
}

static void an_odd_port_needs_a_push(void **state)
{
	(void)state;
	struct talk t = ssh53;
	t.port = 4711;
	t.app = APP_TLS;
	t.up = 20 * MB;
	t.down = 200 * MB;
	assert_int_equal(judge_one(t), SEVERITY_LOW);
	t.down = MB;
	assert_int_equal(judge_one(t), SEVERITY_MEDIUM);
}

static void guesses_and_fragments_prove_nothing(void **state)
{
	(void)state;
	struct talk t = ssh53;
	for (uint8_t c = 0; c < 4; c++) {
		t.confidence = c;
		assert_int_equal(judge_one(t), SEVERITY_NONE);
	}
	t.confidence = 4;
	t.outcome = FLOW_OUTCOME_MIDSTREAM; /* the middle of a download may look like anything */
	assert_int_equal(judge_one(t), SEVERITY_NONE);
	t.confidence = 5;
	assert_int_equal(judge_one(t), SEVERITY_MEDIUM);
	t = ssh53;
	t.down = 0; /* nobody answered */
	assert_int_equal(judge_one(t), SEVERITY_NONE);
	t = ssh53;
	t.up = 0;
	assert_int_equal(judge_one(t), SEVERITY_NONE);
}

static void sides_matter(void **state)
{
	(void)state;
	struct talk t = ssh53;
	t.dst = "10.0.0.9"; /* inside: context */
	assert_int_equal(judge_one(t), SEVERITY_LOW);
	t.port = 443; /* administrators do so */
	assert_int_equal(judge_one(t), SEVERITY_NONE);
	t = ssh53;
	t.src = "203.0.113.7"; /* a scanner */
	t.dst = "10.0.0.9";
	assert_int_equal(judge_one(t), SEVERITY_NONE);
	t = ssh53;
	t.src = "2001:db8::1";
	t.dst = "2001:db8:1::2";
	assert_int_equal(judge_one(t), SEVERITY_MEDIUM);
	t = ssh53;
	t.dst = "239.1.2.3";
	assert_int_equal(judge_one(t), SEVERITY_NONE);
}

static void clear_text_on_443_by_mistake_is_silent(void **state)
{
	(void)state;
	struct talk t = ssh53;
	struct judging *j = malloc(sizeof(*j));
	t.app = APP_HTTP;
	t.port = 443;
	judging_init(j, "protocol_mismatch");
	for (unsigned i = 0; i < 3; i++) {
		static const uint16_t status[] = { 400, 101, 200 };
		flow_id++;
		classified(j, &t);
		http(j, &t, "GET", 0);
		http(j, &t, NULL, status[i]);
		flow(j, &t, EVENT_FLOW_END);
		assert_int_equal(j->count, status[i] == 200);
	}
	judging_deinit(j);
	free(j);
}

/* A client of a registry tries TLS first; a server that has none answers in clear, once. */
static void a_refused_hello_is_no_conversation(void **state)
{
	(void)state;
	struct talk t = ssh53;
	struct judging *j = malloc(sizeof(*j));
	t.app = APP_TLS;
	t.port = 5000;
	t.up = 300;
	t.down = 150;
	t.is_refused = true;
	judging_init(j, "protocol_mismatch");
	whole_flow(j, &t);
	assert_int_equal(j->count, 0);
	t.is_refused = false;
	whole_flow(j, &t);
	assert_int_equal(j->count, 1);
	t.is_refused = true;
	/* who goes on without an answer pretends */
	t.dst = "203.0.113.10";
	t.up = 20000;
	whole_flow(j, &t);
	assert_int_equal(j->count, 2);
	judging_deinit(j);
	free(j);
}

static void connect_is_a_tunnel_but_at_a_proxy(void **state)
{
	(void)state;
	static const struct {
		uint16_t port;
		enum severity severity;
	} cases[] = { { 53, SEVERITY_MEDIUM }, { 123, SEVERITY_MEDIUM }, { 80, SEVERITY_LOW },
		      { 443, SEVERITY_LOW },   { 3128, SEVERITY_NONE },  { 8080, SEVERITY_NONE },
		      { 4711, SEVERITY_NONE } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct talk t = ssh53;
		struct judging *j = malloc(sizeof(*j));
		t.app = APP_HTTP;
		t.port = cases[i].port;
		judging_init(j, "protocol_mismatch");
		flow_id++;
		classified(j, &t);
		http(j, &t, "CONNECT", 0);
		http(j, &t, NULL, 200);
		flow(j, &t, EVENT_FLOW_END);
		assert_int_equal(j->count ? j->found[0].severity : SEVERITY_NONE,
				 cases[i].severity);
		if (j->count)
			assert_string_equal(j->found[0].techniques[1], "T1572");
		judging_deinit(j);
		free(j);
	}
}

static void a_theft_is_told_while_it_runs(void **state)
{
	(void)state;
	struct talk t = ssh53;
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "protocol_mismatch");
	t.port = 443;
	t.up = 300000;
	flow_id++;
	classified(j, &t);
	flow(j, &t, EVENT_FLOW_PROGRESS);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	t.up = 900000;
	flow(j, &t, EVENT_FLOW_PROGRESS); /* not news */
	assert_int_equal(j->count, 1);
	t.up = 11 * MB;
	flow(j, &t, EVENT_FLOW_PROGRESS);
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_MEDIUM);
	assert_true(j->found[1].llr > j->found[0].llr);
	assert_int_equal(j->found[1].subject.bytes, 11 * MB);
	flow(j, &t, EVENT_FLOW_END);
	assert_int_equal(j->count, 2);
	judging_deinit(j);
	free(j);
}

static void pieces_of_a_day_add_up(void **state)
{
	(void)state;
	struct talk t = ssh53;
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "protocol_mismatch");
	t.port = 443;
	t.up = MB;
	for (unsigned i = 0; i < 9; i++)
		whole_flow(j, &t);
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_LOW);
	whole_flow(j, &t);
	assert_int_equal(j->found[j->count - 1].severity, SEVERITY_MEDIUM);
	assert_int_equal(j->found[j->count - 1].count, 10);
	unsigned before = j->count;
	judging_pass(j, DAY_NS + SECOND_NS); /* a new day */
	whole_flow(j, &t);
	assert_int_equal(j->count, before + 1);
	assert_int_equal(j->found[before].severity, SEVERITY_LOW);
	judging_deinit(j);
	free(j);
}

static void the_finding_says_it_all(void **state)
{
	(void)state;
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "protocol_mismatch");
	whole_flow(j, &ssh53);
	const struct finding *f = &j->found[0];
	assert_int_equal(f->class, FINDING_C2);
	assert_string_equal(f->tactic, "TA0011");
	assert_string_equal(f->techniques[0], "T1571");
	assert_string_equal(f->techniques[1], "T1572");
	assert_string_equal(f->object, "SSH on port 53");
	assert_int_equal(f->peer.port, 53);
	assert_int_equal(f->visibility, VISIBILITY_OPAQUE);
	assert_in_range(f->packet_count, 1, 2); /* what showed the protocol, and the last */
	assert_non_null(strstr(f->message, "10.0.0.5 spoke SSH to 203.0.113.9 on port 53"));
	assert_non_null(strstr(f->filter, "tcp.port == 53"));
	assert_true(judging_feature(f, "tunnel_protocol")->contribution > 0.29);
	judging_deinit(j);
	free(j);
}

static void a_flood_stays_within_the_caps(void **state)
{
	(void)state;
	struct judging *j = malloc(sizeof(*j));
	struct detector_counters c;
	judging_init(j, "protocol_mismatch");
	for (unsigned i = 0; i < 5000; i++) {
		char src[32];
		struct talk t = ssh53;
		snprintf(src, sizeof(src), "10.1.%u.%u", i / 250, i % 250 + 1);
		t.src = src;
		whole_flow(j, &t);
	}
	flow_id++;
	classified(j, &ssh53); /* never ends */
	j->detector->counters(j->state, &c);
	assert_true(c.entries <= 2 * 8192 / 32);
	assert_true(c.evictions >= 5000 - 8192 / 32);
	assert_int_equal(c.findings, 5000);
	judging_deinit(j);
	free(j);
}

/* What is said to be context is context one byte below, and an alert from there on. */
static void the_counterfactual_is_exact(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	struct talk t = ssh53;
	unsigned long long least = 0;
	(void)state;
	t.port = 443;
	judging_init(j, "protocol_mismatch");
	whole_flow(j, &t);
	assert_int_equal(j->count, 1);
	assert_int_equal(sscanf(j->found[0].counterfactual,
				"silent on a port for SSH; context only below %llu MB a day",
				&least),
			 1);
	judging_deinit(j);
	free(j);
	least *= 1000000;
	t.up = least - 1;
	assert_int_equal(judge_one(t), SEVERITY_LOW);
	t.up = least;
	assert_int_equal(judge_one(t), SEVERITY_MEDIUM);
}

/* What is added below a step is in the totals. */
static void totals_are_told_at_the_end(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	struct talk t = ssh53;
	(void)state;
	judging_init(j, "protocol_mismatch");
	whole_flow(j, &t);
	whole_flow(j, &t);
	assert_int_equal(j->updates, 0);
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->updates, 1);
	assert_int_equal(j->update.subject.bytes, 2 * t.up);
	j->detector->on_end(j->state, &j->env);
	assert_int_equal(j->updates, 1);
	judging_deinit(j);
	free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_counterfactual_is_exact),
		cmocka_unit_test(totals_are_told_at_the_end),
		cmocka_unit_test(tunnels_in_hiding_are_alerts),
		cmocka_unit_test(common_or_plain_mismatches_are_context),
		cmocka_unit_test(what_belongs_is_silent),
		cmocka_unit_test(volume_and_duration_raise_context),
		cmocka_unit_test(an_odd_port_needs_a_push),
		cmocka_unit_test(guesses_and_fragments_prove_nothing),
		cmocka_unit_test(sides_matter),
		cmocka_unit_test(clear_text_on_443_by_mistake_is_silent),
		cmocka_unit_test(a_refused_hello_is_no_conversation),
		cmocka_unit_test(connect_is_a_tunnel_but_at_a_proxy),
		cmocka_unit_test(a_theft_is_told_while_it_runs),
		cmocka_unit_test(pieces_of_a_day_add_up),
		cmocka_unit_test(the_finding_says_it_all),
		cmocka_unit_test(a_flood_stays_within_the_caps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
