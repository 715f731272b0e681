/*
 * The runner of inspectors: who gets a flow, which bytes, and until when.
 *
 * The inspectors here are the test's own: inspector_list() below takes the place of the registry.
 * They write down what they are given and obey the letters in it: 'D' done, 'S' this side done;
 * what does not end with a newline is left for later.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/inspect/inspect.h"
#include "support/conversation.h"

#define RUNNER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define DATA              (TCP_PSH | TCP_ACK)

enum { PORTED = 1, GREEDY, NAMED, EYELESS, DATAGRAM, STATEFUL, ECHO, WATCHER, LATE, LOSSY };

struct diary {
	char bytes[2][40000]; /* used, by side */
	size_t len[2];
	unsigned calls, probes, datagrams, packets, ends;
	uint64_t end_seq, end_ns;
	uint32_t end_len[2];
	bool from_client;
	unsigned largest; /* state of the stateful one, state of its shard */
	unsigned shard_total;
};

static struct diary diary;

static enum inspect_verdict obey(const uint8_t *data, size_t len)
{
	if (memchr(data, 'D', len))
		return INSPECT_DONE;
	return memchr(data, 'S', len) ? INSPECT_SIDE_DONE : INSPECT_MORE;
}

static enum inspect_verdict read_lines(struct inspection *in, const uint8_t *data, uint32_t len,
				       uint32_t *ret_used)
{
	const uint8_t *lf = memchr(data, '\n', len);
	diary.calls++;
	diary.from_client = in->from_client;
	*ret_used = lf ? (uint32_t)(lf - data) + 1 : 0;
	if (!lf)
		return INSPECT_MORE;
	assert_true(diary.len[in->side] + *ret_used <= sizeof(diary.bytes[0]));
	memcpy(diary.bytes[in->side] + diary.len[in->side], data, *ret_used);
	diary.len[in->side] += *ret_used;
	return obey(data, *ret_used);
}

static void read_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	assert_true(in->packet->payload_cap < in->packet->payload_len);
	assert_true(ipaddr_equal(&in->packet->src, &in->flow->key.addr[in->side]));
	assert_true((in->side == in->flow->client) == in->from_client);
	assert_true(!len || data);
	diary.ends++;
	diary.end_len[in->side] = len;
	diary.end_seq = in->seq;
	diary.end_ns = in->packet->time_ns;
}

static bool probe_hello(const struct packet *p, bool from_client)
{
	return from_client && p->payload[0] == 'H';
}

static enum inspect_verdict read_nothing(struct inspection *in, const uint8_t *data, uint32_t len,
					 uint32_t *ret_used)
{
	(void)in;
	(void)data;
	*ret_used = len;
	return INSPECT_NOT_MINE;
}

static bool probe_p(const struct packet *p, bool from_client)
{
	(void)from_client;
	diary.probes++;
	return p->payload[0] == 'P';
}

static bool probe_get(const struct packet *p, bool from_client)
{
	return from_client && p->payload_cap > 3 && memcmp(p->payload, "GET", 3) == 0;
}

static bool probe_named(const struct packet *p, bool from_client)
{
	return p->dport == 4300 && probe_get(p, from_client);
}

static bool probe_e(const struct packet *p, bool from_client)
{
	(void)from_client;
	return p->payload[0] == 'E';
}

static bool probe_u(const struct packet *p, bool from_client)
{
	(void)from_client;
	return p->payload[0] == 'U';
}

static bool probe_v(const struct packet *p, bool from_client)
{
	(void)from_client;
	return p->payload[0] == 'V';
}

static bool probe_any(const struct packet *p, bool from_client)
{
	(void)p;
	(void)from_client;
	return true;
}

static enum inspect_verdict read_datagram(struct inspection *in)
{
	assert_null(in->state);
	diary.datagrams++;
	return obey(in->packet->payload, in->packet->payload_cap);
}

static enum inspect_verdict count_datagram(struct inspection *in)
{
	unsigned *count = in->state;
	unsigned *total = in->shard_state;
	++*count;
	++*total;
	if (*count > diary.largest)
		diary.largest = *count;
	diary.shard_total = *total;
	return obey(in->packet->payload, in->packet->payload_cap);
}

static enum inspect_verdict read_echo(struct inspection *in)
{
	(void)in;
	diary.datagrams++;
	return INSPECT_MORE;
}

static void watch(struct inspection *in)
{
	struct event_arp *e = inspect_event(in, EVENT_ARP, sizeof(*e));
	event_log_commit(in->log);
	diary.packets++;
}

static const uint16_t port_4000[] = { 4000, 4001, 0 };

static const struct inspector ported = {
	.name = "ported",
	.app = APP_SSH,
	.proto = PROTO_TCP,
	.state_size = INSPECT_STATE_MAX,
	.ports = port_4000,
	.decides = true,
	.probe = probe_p,
	.on_stream = read_lines,
	.on_end = read_end,
};
static const uint16_t port_4100[] = { 4100, 0 };
static const struct inspector greedy = {
	.name = "greedy",
	.app = APP_FTP,
	.ports = port_4100,
	.decides = true,
	.probe = probe_get,
	.on_stream = read_nothing,
};
static const struct inspector named = {
	.name = "named",
	.app = APP_HTTP,
	.proto = PROTO_TCP,
	.state_size = 8,
	.apps = { APP_SMTP, APP_HTTP },
	.probe = probe_named,
	.on_stream = read_lines,
};
static const struct inspector eyeless = {
	.name = "eyeless",
	.app = APP_SMB,
	.decides = true,
	.probe = probe_e,
};
static const struct inspector datagram = {
	.name = "datagram",
	.app = APP_NTP,
	.proto = PROTO_UDP,
	.state_size = 8,
	.stateless_datagrams = true,
	.probe = probe_u,
	.on_datagram = read_datagram,
};
static const struct inspector stateful = {
	.name = "stateful",
	.app = APP_QUIC,
	.proto = PROTO_UDP,
	.state_size = sizeof(unsigned),
	.shard_state_size = sizeof(unsigned),
	.decides = true,
	.probe = probe_v,
	.on_datagram = count_datagram,
};
static const uint16_t port_none[] = { 1, 0 };
static const struct inspector echo_reader = {
	.name = "echo",
	.app = APP_ICMP,
	.proto = PROTO_ICMP,
	.decides = true,
	.probe = probe_any,
	.on_datagram = read_echo,
};
static const struct inspector late = {
	.name = "late",
	.app = APP_TLS,
	.proto = PROTO_TCP,
	.state_size = 8,
	.apps = { APP_TLS },
	.ports = port_none,
	.follows_clear = true,
	.probe = probe_hello,
	.on_stream = read_lines,
};
static void read_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing)
{
	char *to = diary.bytes[in->side] + diary.len[in->side];
	int n = missing == UINT32_MAX ? snprintf(to, 64, "[?]") :
					snprintf(to, 64, "[%.*s%u]", (int)len,
						 len ? (const char *)data : "", missing);
	assert_true((in->side == in->flow->client) == in->from_client);
	diary.len[in->side] += (size_t)n;
}

static bool probe_l(const struct packet *p, bool from_client)
{
	(void)from_client;
	return p->payload[0] == 'L';
}

static const struct inspector lossy = {
	.name = "lossy",
	.app = APP_DCERPC,
	.proto = PROTO_TCP,
	.state_size = 8,
	.probe = probe_l,
	.on_stream = read_lines,
	.on_gap = read_gap,
};
static const struct inspector watcher = { .name = "watcher", .app = APP_OTHER, .on_packet = watch };

const struct inspector *const *inspector_list(void)
{
	static const struct inspector *const list[] = { &ported,      &greedy,   &named,
							&eyeless,     &datagram, &stateful,
							&echo_reader, &watcher,  &late,
							&lossy,       NULL };
	return list;
}

struct world {
	struct conversation c;
	struct event_log *log;
	struct flow_table *flows;
	struct classifier *classifier;
	struct inspect *inspect;
	struct flow_step step;
};

static void on_release(void *arg, struct flow *f, uint64_t seq, uint64_t now_ns)
{
	struct world *w = arg;
	if (seq)
		inspect_end(w->inspect, f, seq, now_ns);
	else
		inspect_release(w->inspect, f);
	classifier_release(w->classifier, f);
}

static void world_init(struct world *w, uint32_t max_flows, uint32_t max_work, uint32_t max_streams)
{
	struct flow_limits limits = flow_limits_default;
	limits.max_flows = max_flows;
	w->log = event_log_new();
	w->classifier = classifier_new(64, w->log);
	w->inspect = inspect_new(max_work, max_streams, w->log, w->classifier, &hash_key_fixed);
	w->flows = flow_table_new(&limits, &hash_key_fixed, 0, w->log, on_release, w);
	assert_non_null(w->inspect);
	assert_non_null(w->flows);
	memset(&diary, 0, sizeof(diary));
}

static void world_deinit(struct world *w)
{
	flow_table_free(w->flows);
	inspect_free(w->inspect);
	classifier_free(w->classifier);
	event_log_free(w->log);
}

static void limits(struct world *w, uint32_t max_flows, uint32_t max_work, uint32_t max_streams)
{
	world_deinit(w);
	world_init(w, max_flows, max_work, max_streams);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	assert_non_null(w);
	conversation_init(&w->c);
	world_init(w, 64, 64, 64);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	world_deinit(w);
	conversation_deinit(&w->c);
	free(w);
	return 0;
}

static struct flow *give(struct world *w, const struct packet *p)
{
	flow_table_packet(w->flows, p, p->number, &w->step);
	inspect_packet(w->inspect, p, &w->step, p->number);
	return w->step.flow;
}

static struct flow *open_tcp(struct world *w, uint16_t cport, uint16_t sport)
{
	conversation_open(&w->c, cport, sport);
	give(w, conversation_tcp(&w->c, true, TCP_SYN, NULL, 0));
	give(w, conversation_tcp(&w->c, false, TCP_SYN | TCP_ACK, NULL, 0));
	return give(w, conversation_tcp(&w->c, true, TCP_ACK, NULL, 0));
}

static struct flow *say(struct world *w, bool up, const char *text)
{
	return give(w, conversation_tcp(&w->c, up, DATA, text, strlen(text)));
}

static struct flow *udp(struct world *w, bool up, const char *text)
{
	return give(w, conversation_udp(&w->c, up, text, strlen(text)));
}

static struct inspect_counts counts(const struct world *w)
{
	struct inspect_counts c;
	inspect_counts(w->inspect, &c);
	return c;
}

static void assert_read(unsigned side, const char *text)
{
	assert_int_equal(diary.len[side], strlen(text));
	assert_memory_equal(diary.bytes[side], text, strlen(text));
}

static const struct event *event_of(const struct world *w, enum event_kind kind, unsigned n)
{
	for (const struct event *e = event_log_next(w->log, NULL); e; e = event_log_next(w->log, e))
		if (e->kind == kind && n-- == 0)
			return e;
	return NULL;
}

static void a_probe_chooses_at_its_ports_and_decides(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 4001);
	struct flow *f = say(w, true, "P one\n");
	assert_int_equal(f->inspector, PORTED);
	assert_int_equal(f->app, APP_SSH);
	assert_read(0, "P one\n");
	assert_int_equal(counts(w).chosen, 1);
	assert_int_equal(counts(w).work, 1);
	const struct event_classified *e = (const void *)event_of(w, EVENT_CLASSIFIED, 0);
	assert_non_null(e);
	assert_int_equal(e->confidence, 5);
	assert_null(event_of(w, EVENT_CLASSIFIED, 1));
	assert_false(f->flags & FLOW_SHUNTED);
}

static void elsewhere_the_probe_is_not_asked(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 5000);
	struct flow *f = say(w, true, "P one\n");
	assert_int_equal(f->inspector, 0);
	assert_int_equal(diary.probes, 0);
	assert_int_equal(counts(w).chosen, 0);
}

static void three_payloads_are_shown_and_no_more(void **state)
{
	struct world *w = *state;
	struct flow *f = open_tcp(w, 40000, 4000);
	for (unsigned i = 0; i < 2; i++)
		say(w, i % 2, "q\n");
	assert_int_equal(diary.probes, 2);
	assert_false(f->flags & FLOW_INSPECTED);
	give(w, conversation_tcp(&w->c, true, TCP_ACK, NULL, 0)); /* says nothing, costs nothing */
	say(w, false, "q\n");
	assert_true(f->flags & FLOW_INSPECTED);
	say(w, true, "P too late\n");
	assert_int_equal(diary.probes, 3);
	assert_int_equal(f->inspector, 0);
}

static const char get[] = "GET / HTTP/1.1\nHost: www.example.com\nUser-Agent: curl/7.88.1\n\n";

static void a_verdict_of_ndpi_chooses_by_its_name(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 9999);
	struct flow *f = say(w, true, get);
	assert_int_equal(f->app, APP_HTTP);
	assert_int_equal(f->inspector, NAMED);
	assert_read(0, get); /* the packet that decided is the first that is read */
	assert_int_equal(counts(w).chosen, 1);
	say(w, false, "HTTP/1.1 200 OK\n");
	assert_read(1, "HTTP/1.1 200 OK\n");
}

static void a_mistaken_probe_leaves_the_flow_to_the_verdict(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 4100);
	struct flow *f = say(w, true, get);
	assert_int_equal(counts(w).not_mine, 1);
	/* it did not decide, and the second has been shown the same bytes */
	assert_int_equal(f->app, APP_HTTP);
	assert_int_equal(f->inspector, NAMED);
	assert_read(0, get);
	assert_int_equal(counts(w).chosen, 2);
	assert_int_equal(counts(w).work, 1);
	const struct event_classified *e = (const void *)event_of(w, EVENT_CLASSIFIED, 0);
	assert_int_equal(e->confidence, 4);
}

static void who_is_done_is_not_brought_back_by_the_verdict(void **state)
{
	static const char done[] = "GET / HTTP/1.1\nHost: D\nUser-Agent: curl/7.88.1\n\n";
	struct world *w = *state;
	open_tcp(w, 40000, 4300); /* chosen by its probe; nDPI names the flow after it is done */
	struct flow *f = say(w, true, done);
	assert_int_equal(f->app, APP_HTTP);
	assert_true(f->flags & FLOW_LET_GO);
	assert_true(f->flags & FLOW_SHUNTED);
	assert_int_equal(f->inspector, 0);
	assert_int_equal(counts(w).chosen, 1);
	assert_read(0, "GET / HTTP/1.1\nHost: D\n");
	say(w, true, get);
	assert_int_equal(counts(w).chosen, 1);
	assert_read(0, "GET / HTTP/1.1\nHost: D\n");
}

static void a_flow_that_is_done_is_only_counted(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 4000);
	say(w, true, "P one\n");
	struct flow *f = say(w, false, "D\n");
	assert_true(f->flags & FLOW_SHUNTED);
	assert_null(f->work);
	assert_int_equal(counts(w).work, 0);
	unsigned calls = diary.calls;
	uint64_t payload = f->payload[0];
	say(w, true, "P again\n");
	assert_int_equal(diary.calls, calls);
	assert_int_equal(f->inspector, 0);
	assert_int_equal(f->payload[0], payload + 8);
}

static void done_before_the_class_waits_for_the_class_only(void **state)
{
	struct world *w = *state;
	conversation_open(&w->c, 40000, 45678);
	struct flow *f = udp(w, true, "U one D"); /* done at once, and it does not decide */
	assert_int_equal(diary.datagrams, 1);
	assert_int_equal(f->inspector, 0);
	assert_false(f->flags & FLOW_SHUNTED);
	for (unsigned i = 0; i < 7; i++) {
		assert_false(f->flags & FLOW_CLASSIFIED);
		udp(w, i % 2, "U more");
	}
	assert_true(f->flags & FLOW_CLASSIFIED); /* given up */
	assert_true(f->flags & FLOW_SHUNTED);
	assert_int_equal(diary.datagrams, 1);
	assert_int_equal(counts(w).chosen, 1);
}

static void both_directions_are_read_apart(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 4000);
	say(w, true, "P up\n");
	assert_true(diary.from_client);
	say(w, false, "down\n");
	assert_false(diary.from_client);
	say(w, true, "more ");
	say(w, false, "and ");
	say(w, true, "up\n");
	say(w, false, "down\n");
	assert_read(0, "P up\nmore up\n");
	assert_read(1, "down\nand down\n");
}

static void segments_come_in_order_and_once(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 4000);
	say(w, true, "P 1\n");
	uint32_t next = w->c.next[0];
	give(w, conversation_tcp_at(&w->c, true, next + 4, "C 3\n", 4));
	assert_read(0, "P 1\n");
	give(w, conversation_tcp_at(&w->c, true, next + 8, "E 4\n", 4));
	give(w, conversation_tcp_at(&w->c, true, next, "B 2\n", 4));
	assert_read(0, "P 1\nB 2\nC 3\nE 4\n");
	give(w, conversation_tcp_at(&w->c, true, next, "Z 9\n", 4)); /* a forged copy is late */
	give(w, conversation_tcp_at(&w->c, true, next + 8, "Z 9\nF 5\n", 8)); /* half is new */
	assert_read(0, "P 1\nB 2\nC 3\nE 4\nF 5\n");
}

static void a_gap_that_stays_ends_its_side_only(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 4000);
	struct flow *f = say(w, true, "P 1\n");
	give(w, conversation_tcp_at(&w->c, true, w->c.next[0] + 20000, "far\n", 4));
	uint32_t next = w->c.next[0];
	give(w, conversation_tcp_at(&w->c, true, next, "late\n", 5));
	assert_read(0, "P 1\n");
	say(w, false, "the other side\n");
	assert_read(1, "the other side\n");
	assert_int_equal(f->inspector, PORTED);
	give(w, conversation_tcp_at(&w->c, false, w->c.next[1] + 20000, "far\n", 4));
	assert_true(f->flags & FLOW_SHUNTED); /* nothing is left to read */
	assert_int_equal(counts(w).work, 0);
}

/* What was acknowledged and never came is left out, in front of the answer to it. */
static void a_gap_is_passed_by_who_can(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 4500);
	struct flow *f = say(w, true, "L 1\n");
	say(w, true, "half");
	w->c.next[0] += 10; /* not captured */
	say(w, true, "two\n");
	assert_read(0, "L 1\n");
	say(w, false, "answer\n");
	assert_read(0, "L 1\n[half14]two\n");
	assert_read(1, "answer\n");
	say(w, true, "three\n");
	assert_read(0, "L 1\n[half14]two\nthree\n");
	/* far ahead, and the end */
	w->c.next[0] += 100000;
	say(w, true, "four\n");
	say(w, true, "five\n");
	assert_read(0, "L 1\n[half14]two\nthree\n[100000]four\nfive\n");
	assert_int_equal(f->inspector, LOSSY);
}

static void a_side_that_is_done_is_not_read(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 4000);
	struct flow *f = say(w, true, "P S\n");
	say(w, true, "no more\n");
	assert_read(0, "P S\n");
	say(w, false, "answer\n");
	assert_read(1, "answer\n");
	assert_int_equal(f->inspector, PORTED);
	say(w, false, "S\n");
	assert_true(f->flags & FLOW_SHUNTED);
	assert_int_equal(counts(w).work, 0);
}

static void a_cut_segment_ends_its_side(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 4000);
	say(w, true, "P 1\n");
	struct packet cut = *conversation_tcp(&w->c, true, DATA, "two\nthree\n", 10);
	cut.payload_cap = 4;
	cut.flags |= PACKET_TRUNCATED;
	give(w, &cut);
	say(w, true, "four\n");
	assert_read(0, "P 1\ntwo\n");
}

static void the_flow_idle_for_longest_gives_up_its_place(void **state)
{
	struct world *w = *state;
	limits(w, 64, 2, 64);
	struct flow *first = open_tcp(w, 40000, 4000);
	say(w, true, "P first\n");
	struct flow *second = open_tcp(w, 40001, 4000);
	say(w, true, "P waits");
	/* the first speaks again: the second is idle for longer */
	conversation_open(&w->c, 40000, 4000);
	w->c.next[0] += 9;
	w->c.next[1] += 1;
	say(w, true, "again\n");
	assert_int_equal(first->inspector, PORTED);
	struct flow *third = open_tcp(w, 40002, 4000);
	say(w, true, "P third\n");
	assert_int_equal(third->inspector, PORTED);
	assert_int_equal(first->inspector, PORTED);
	assert_int_equal(second->inspector, 0);
	assert_null(second->work);
	assert_true(second->flags & FLOW_LET_GO); /* it does not come back and push others out */
	assert_int_equal(diary.ends, 2);          /* what it held was told, for both sides */
	assert_int_equal(diary.end_len[second->client] + diary.end_len[!second->client], 7);
	assert_int_equal(counts(w).evicted, 1);
	assert_int_equal(counts(w).refused, 0);
	assert_int_equal(counts(w).work, 2);
	/* datagrams that need no state are no load, those that do push out */
	conversation_open(&w->c, 40003, 45678);
	assert_int_equal(udp(w, true, "U one")->inspector, DATAGRAM);
	assert_int_equal(counts(w).evicted, 1);
	conversation_open(&w->c, 40004, 45678);
	assert_int_equal(udp(w, true, "V one")->inspector, STATEFUL);
	assert_int_equal(first->inspector, 0);
	assert_int_equal(counts(w).evicted, 2);
	while (flow_table_flush(w->flows, 1000, w->c.now_ns, 64))
		;
	assert_int_equal(counts(w).work, 0);
}

static void a_flood_of_open_flows_leaves_places(void **state)
{
	struct world *w = *state;
	limits(w, 64, 4, 4);
	for (uint16_t i = 0; i < 40; i++) {
		struct flow *f = open_tcp(w, (uint16_t)(40000 + i), 4000);
		assert_int_equal(say(w, true, "P half a line")->inspector, PORTED);
		assert_non_null(f->work);
	}
	assert_int_equal(counts(w).chosen, 40);
	assert_int_equal(counts(w).evicted, 36);
	assert_int_equal(counts(w).streams_refused, 0);
}

static void without_places_a_flow_is_refused_once(void **state)
{
	struct world *w = *state;
	limits(w, 64, 0, 64);
	open_tcp(w, 40000, 4000);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(say(w, true, "P line\n")->inspector, 0);
	assert_int_equal(counts(w).refused, 1);
	assert_int_equal(counts(w).chosen, 0);
}

static void the_end_is_told_before_the_flow_ends(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 4000);
	say(w, true, "P one\nrest");
	say(w, false, "S\n"); /* this side is done: nothing is left of it */
	while (flow_table_flush(w->flows, 1000, w->c.now_ns, 64))
		;
	assert_int_equal(diary.ends, 1);
	assert_int_equal(diary.end_len[0], 4);
	assert_int_equal(diary.end_seq, 1000);
	assert_true(diary.end_ns == w->c.now_ns);
	/* who is done holds nothing; a table that is freed tells nothing */
	open_tcp(w, 40001, 4000);
	say(w, true, "P D\n");
	open_tcp(w, 40002, 4000);
	say(w, true, "P x");
	limits(w, 64, 64, 64);
	assert_int_equal(diary.ends, 0);
}

static void a_clear_protocol_may_turn_to_tls(void **state)
{
	struct world *w = *state;
	for (unsigned i = 0; i < 2; i++) {
		struct flow *f = open_tcp(w, (uint16_t)(40000 + i), 25);
		f->app = i ? APP_TELNET : APP_SMTP;
		f->flags |= FLOW_CLASSIFIED | FLOW_INSPECTED;
		say(w, false, "220 mail ready\r\n");
		say(w, true, "EHLO me\r\n");
		say(w, true, "STARTTLS\r\n");
		assert_int_equal(f->inspector, 0);
		say(w, true, "Hello, long enough\n");
		assert_int_equal(f->inspector, i ? 0 : LATE);
		assert_int_equal(f->flags & FLOW_SHUNTED, i ? FLOW_SHUNTED : 0);
	}
	assert_read(0, "Hello, long enough\n");
}

static void it_turns_early_or_not_at_all(void **state)
{
	struct world *w = *state;
	char chunk[1001];
	memset(chunk, 'a', 1000);
	chunk[1000] = 0;
	struct flow *f = open_tcp(w, 40000, 25);
	f->app = APP_IMAP;
	f->flags |= FLOW_CLASSIFIED | FLOW_INSPECTED;
	for (unsigned i = 0; i < 8; i++)
		say(w, true, chunk);
	assert_false(f->flags & FLOW_SHUNTED);
	say(w, true, chunk);
	assert_true(f->flags & FLOW_SHUNTED);
	say(w, true, "Hello, long enough\n");
	assert_int_equal(f->inspector, 0);
}

static void a_second_owner_finds_its_state_empty(void **state)
{
	struct world *w = *state;
	limits(w, 64, 1, 64);
	conversation_open(&w->c, 40000, 45678);
	for (unsigned i = 0; i < 5; i++)
		udp(w, true, "V");
	assert_int_equal(diary.largest, 5);
	assert_true(udp(w, true, "V D")->flags & FLOW_SHUNTED);
	diary.largest = 0;
	conversation_open(&w->c, 40001, 45678);
	udp(w, true, "V");
	assert_int_equal(diary.largest, 1);
	assert_int_equal(diary.shard_total, 7); /* the shard's stays */
	assert_int_equal(counts(w).work, 1);
}

static void a_flow_waits_for_16_kib_and_no_more(void **state)
{
	struct world *w = *state;
	char chunk[1001];
	memset(chunk, 'a', 1000);
	chunk[1000] = 0;
	open_tcp(w, 40000, 4000);
	struct flow *f = say(w, true, "P");
	for (unsigned i = 0; i < 16; i++)
		say(w, true, chunk);
	say(w, true, "\n");
	assert_int_equal(diary.len[0], 16002);
	for (unsigned i = 0; i < 17; i++)
		say(w, true, chunk);
	say(w, true, "\n");
	assert_int_equal(diary.len[0], 16002);
	say(w, false, "still read\n");
	assert_read(1, "still read\n");
	assert_int_equal(f->inspector, PORTED);
}

static void the_buffer_of_who_waits_longest_is_taken(void **state)
{
	struct world *w = *state;
	limits(w, 64, 64, 1);
	struct flow *first = open_tcp(w, 40000, 4000);
	say(w, true, "P waits"); /* has the only buffer */
	open_tcp(w, 40001, 4000);
	say(w, true, "P 2\n"); /* needs none */
	assert_read(0, "P 2\n");
	assert_int_equal(counts(w).streams_evicted, 0);
	say(w, true, "must wait");
	assert_int_equal(counts(w).streams_evicted, 1);
	say(w, true, " for the end\n");
	assert_read(0, "P 2\nmust wait for the end\n");
	/* the first has lost a side */
	conversation_open(&w->c, 40000, 4000);
	w->c.next[0] += 8;
	w->c.next[1] += 1;
	say(w, true, " in vain\n");
	assert_int_equal(first->inspector, PORTED);
	assert_read(0, "P 2\nmust wait for the end\n");
	say(w, false, "heard\n");
	assert_read(1, "heard\n");
	/* the buffers come back when their flows are released */
	while (flow_table_flush(w->flows, 1000, w->c.now_ns, 64))
		;
	open_tcp(w, 40002, 4000);
	say(w, true, "P 3\n");
	say(w, false, "the server's as well"); /* of its side too */
	while (flow_table_flush(w->flows, 1001, w->c.now_ns, 64))
		;
	open_tcp(w, 40003, 4000);
	say(w, true, "P 4");
	say(w, true, "\n");
	assert_read(0, "P 2\nmust wait for the end\nP 3\nP 4\n");
	assert_int_equal(counts(w).streams_evicted, 1);
	assert_int_equal(counts(w).streams_refused, 0);
}

static void an_inspector_without_eyes_lets_go(void **state)
{
	struct world *w = *state;
	open_tcp(w, 40000, 4200);
	struct flow *f = say(w, true, "E\n");
	assert_int_equal(f->app, APP_SMB);
	assert_true(f->flags & FLOW_SHUNTED);
	conversation_open(&w->c, 40001, 45678);
	f = udp(w, true, "E");
	assert_int_equal(f->app, APP_SMB);
	assert_true(f->flags & FLOW_SHUNTED);
	assert_int_equal(counts(w).work, 0);
}

static void an_empty_echo_is_a_message(void **state)
{
	struct world *w = *state;
	struct packet p = *conversation_udp(&w->c, true, NULL, 0);
	p.proto = PROTO_ICMP;
	p.sport = 8 << 8;
	p.dport = 77;
	struct flow *f = give(w, &p);
	assert_int_equal(f->inspector, ECHO);
	assert_int_equal(f->app, APP_ICMP);
	assert_int_equal(diary.datagrams, 1);
	p.proto = PROTO_ICMPV6;
	p.sport = 128 << 8;
	assert_int_equal(give(w, &p)->inspector, ECHO);
	/* an empty datagram is none */
	p.proto = PROTO_UDP;
	p.sport = 40000;
	p.dport = 45678;
	f = give(w, &p);
	assert_int_equal(f->probes, 0);
}

static void arp_is_shown_to_who_watches(void **state)
{
	struct world *w = *state;
	struct packet p = *conversation_udp(&w->c, true, "x", 1);
	p.kind = PACKET_ARP;
	p.vlan = 12;
	p.tunnel_key = 34;
	assert_null(give(w, &p));
	assert_int_equal(diary.packets, 1);
	const struct event *e = event_of(w, EVENT_ARP, 0);
	assert_non_null(e);
	assert_int_equal(e->flow, 0);
	assert_int_equal(e->vlan, 12);
	assert_int_equal(e->tunnel_key, 34);
	assert_int_equal(e->packet, p.number);
	assert_true(ipaddr_cmp(&e->src, &p.src) == 0);
}

static void eviction_takes_the_inspector_along(void **state)
{
	struct world *w = *state;
	limits(w, 8, 64, 64);
	for (uint16_t i = 0; i < 100; i++) {
		open_tcp(w, (uint16_t)(40000 + i), 4000);
		say(w, true, "P waits");
	}
	assert_int_equal(counts(w).work, 8);
	assert_int_equal(counts(w).refused, 0);
	assert_int_equal(counts(w).streams_refused, 0); /* 100 flows, 64 buffers */
	assert_true(counts(w).worst_case_bytes >= 64 * INSPECT_STATE_MAX);
	inspect_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUNNER_TEST(a_probe_chooses_at_its_ports_and_decides),
		RUNNER_TEST(elsewhere_the_probe_is_not_asked),
		RUNNER_TEST(three_payloads_are_shown_and_no_more),
		RUNNER_TEST(a_verdict_of_ndpi_chooses_by_its_name),
		RUNNER_TEST(a_mistaken_probe_leaves_the_flow_to_the_verdict),
		RUNNER_TEST(who_is_done_is_not_brought_back_by_the_verdict),
		RUNNER_TEST(a_flow_that_is_done_is_only_counted),
		RUNNER_TEST(done_before_the_class_waits_for_the_class_only),
		RUNNER_TEST(both_directions_are_read_apart),
		RUNNER_TEST(segments_come_in_order_and_once),
		RUNNER_TEST(a_gap_that_stays_ends_its_side_only),
		RUNNER_TEST(a_gap_is_passed_by_who_can),
		RUNNER_TEST(a_side_that_is_done_is_not_read),
		RUNNER_TEST(a_cut_segment_ends_its_side),
		RUNNER_TEST(the_flow_idle_for_longest_gives_up_its_place),
		RUNNER_TEST(a_flood_of_open_flows_leaves_places),
		RUNNER_TEST(without_places_a_flow_is_refused_once),
		RUNNER_TEST(the_end_is_told_before_the_flow_ends),
		RUNNER_TEST(a_clear_protocol_may_turn_to_tls),
		RUNNER_TEST(it_turns_early_or_not_at_all),
		RUNNER_TEST(a_second_owner_finds_its_state_empty),
		RUNNER_TEST(a_flow_waits_for_16_kib_and_no_more),
		RUNNER_TEST(the_buffer_of_who_waits_longest_is_taken),
		RUNNER_TEST(an_inspector_without_eyes_lets_go),
		RUNNER_TEST(an_empty_echo_is_a_message),
		RUNNER_TEST(arp_is_shown_to_who_watches),
		RUNNER_TEST(eviction_takes_the_inspector_along),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
