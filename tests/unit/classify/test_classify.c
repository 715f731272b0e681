/*
 * nDPI behind the classifier: what it names, how long it is asked, and what is freed when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/classify/classify.h"
#include "support/conversation.h"

#define CLASSIFY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define DATA                (TCP_PSH | TCP_ACK)

/* One shard's flow table and classifier, and the conversation that goes through them. */
struct shard {
	struct event_log *log;
	struct flow_table *flows;
	struct classifier *classifier;
	struct flow_step step;
};

struct world {
	struct conversation c;
	struct shard shard;
};

static void on_release(void *arg, struct flow *f, uint64_t seq, uint64_t now_ns)
{
	(void)seq;
	(void)now_ns;
	struct shard *s = arg;
	classifier_release(s->classifier, f);
}

static void shard_init(struct shard *s, unsigned number, uint32_t max_flows, uint32_t undecided)
{
	struct flow_limits limits = flow_limits_default;
	limits.max_flows = max_flows;
	s->log = event_log_new();
	s->classifier = classifier_new(undecided, s->log);
	s->flows = flow_table_new(&limits, &hash_key_fixed, number, s->log, on_release, s);
	assert_non_null(s->classifier);
	assert_non_null(s->flows);
}

static void shard_deinit(struct shard *s)
{
	flow_table_free(s->flows);
	classifier_free(s->classifier);
	event_log_free(s->log);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	assert_non_null(w);
	conversation_init(&w->c);
	conversation_open(&w->c, 40000, 80);
	shard_init(&w->shard, 0, 64, 64);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	shard_deinit(&w->shard);
	conversation_deinit(&w->c);
	free(w);
	return 0;
}

static void limits(struct world *w, uint32_t max_flows, uint32_t undecided)
{
	shard_deinit(&w->shard);
	shard_init(&w->shard, 0, max_flows, undecided);
}

static struct flow *give(struct shard *s, const struct packet *p)
{
	flow_table_packet(s->flows, p, p->number, &s->step);
	classifier_packet(s->classifier, p, &s->step, p->number);
	return s->step.flow;
}

static struct flow *tcp(struct world *w, bool up, uint8_t flags, const void *data, size_t len)
{
	return give(&w->shard, conversation_tcp(&w->c, up, flags, data, len));
}

static struct flow *udp(struct world *w, bool up, const void *data, size_t len)
{
	return give(&w->shard, conversation_udp(&w->c, up, data, len));
}

static struct flow *handshake(struct world *w)
{
	tcp(w, true, TCP_SYN, NULL, 0);
	tcp(w, false, TCP_SYN | TCP_ACK, NULL, 0);
	return tcp(w, true, TCP_ACK, NULL, 0);
}

static struct classify_counts counts(const struct world *w)
{
	struct classify_counts c;
	classifier_counts(w->shard.classifier, &c);
	return c;
}

static const struct event_classified *classified(const struct world *w, unsigned n)
{
	const struct event_log *log = w->shard.log;
	for (const struct event *e = event_log_next(log, NULL); e; e = event_log_next(log, e))
		if (e->kind == EVENT_CLASSIFIED && n-- == 0)
			return (const struct event_classified *)e;
	return NULL;
}

static void assert_name(const struct event_classified *e, const char *name)
{
	assert_int_equal(e->name.len, strlen(name));
	assert_memory_equal(event_str_data(&e->e, &e->name), name, strlen(name));
}

/* Decided by content, told once, and nothing of nDPI's is left on the flow. */
static const struct event_classified *assert_decided(const struct world *w, enum app app)
{
	const struct flow *f = w->shard.step.flow;
	const struct event_classified *e = classified(w, 0);
	struct classify_counts c = counts(w);
	assert_true(f->flags & FLOW_CLASSIFIED);
	assert_int_equal(f->app, app);
	assert_null(f->verdict);
	assert_int_equal(c.undecided, 0);
	assert_int_equal(c.decided, 1);
	assert_int_equal(c.given_up, 0);
	assert_non_null(e);
	assert_null(classified(w, 1));
	assert_int_equal(e->e.app, app);
	assert_int_equal(e->e.flow, f->id);
	assert_int_equal(e->e.packet, w->c.packet.number);
	assert_int_equal(e->confidence, 4);
	assert_true(e->ndpi_app || e->ndpi_master);
	return e;
}

/* Bytes that are no protocol's: the same for each call with the same seed. */
static void noise(uint8_t *bytes, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(seed >> 24);
	}
}

static const uint8_t dns_query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07"
				   "example\x03"
				   "com\x00\x00\x01\x00\x01";

static void dns_is_named_by_its_first_query(void **state)
{
	struct world *w = *state;
	conversation_open(&w->c, 40000, 53);
	udp(w, true, dns_query, sizeof(dns_query) - 1);
	const struct event_classified *e = assert_decided(w, APP_DNS);
	assert_name(e, "DNS");
	assert_int_equal(e->encrypted, 0);
	assert_int_equal(e->e.from_server, 0);
	assert_memory_equal(event_str_data(&e->e, &e->category_name), "Network",
			    e->category_name.len);
}

static void http_is_named_on_any_port(void **state)
{
	static const char get[] = "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\n"
				  "User-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n";
	struct world *w = *state;
	conversation_open(&w->c, 40000, 12345);
	handshake(w);
	tcp(w, true, DATA, get, sizeof(get) - 1);
	assert_name(assert_decided(w, APP_HTTP), "HTTP");
}

static void ssh_is_named_by_its_banner_on_the_port_of_tls(void **state)
{
	static const char banner[] = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";
	struct world *w = *state;
	conversation_open(&w->c, 40000, 443);
	handshake(w);
	tcp(w, false, DATA, banner, sizeof(banner) - 1); /* the server speaks first */
	const struct event_classified *e = assert_decided(w, APP_SSH);
	assert_name(e, "SSH");
	assert_int_equal(e->encrypted, 1);
	assert_int_equal(e->e.from_server, 1);
	assert_int_equal(e->e.sport, 40000);
}

/* A hello for www.example.com, padded (extension 21) to the length that is asked for. */
static size_t client_hello(uint8_t *h, size_t len)
{
	static const uint8_t ciphers[] = "\x00\x08\x13\x01\x13\x02\xc0\x2f\xc0\x30\x01\x00";
	static const uint8_t sni[] = "\x00\x00\x00\x14\x00\x12\x00\x00\x0fwww.example.com";
	size_t at = 43;
	noise(h, len, 7);
	memcpy(h, "\x16\x03\x01", 3);
	put16(h + 3, len - 5);
	h[5] = 1;
	h[6] = 0;
	put16(h + 7, len - 9);
	put16(h + 9, 0x0303);
	h[at++] = 0; /* session */
	memcpy(h + at, ciphers, sizeof(ciphers) - 1);
	at += sizeof(ciphers) - 1;
	h[at++] = 0; /* the compression list was "1, 0" */
	put16(h + at, len - at - 2);
	at += 2;
	memcpy(h + at, sni, sizeof(sni) - 1);
	at += sizeof(sni) - 1;
	put16(h + at, 21);
	put16(h + at + 2, len - at - 4);
	memset(h + at + 4, 0, len - at - 4);
	return len;
}

static void tls_is_named_over_several_packets(void **state)
{
	static uint8_t hello[1800];
	struct world *w = *state;
	size_t len = client_hello(hello, sizeof(hello));
	conversation_open(&w->c, 40000, 9443);
	handshake(w);
	for (size_t at = 0; at < len; at += 600) {
		tcp(w, true, DATA, hello + at, 600);
		assert_int_equal(counts(w).undecided, at < 1200);
	}
	assert_int_equal(counts(w).packets, 3);
	const struct event_classified *e = assert_decided(w, APP_TLS);
	assert_int_equal(e->encrypted, 1);
	assert_memory_equal(event_str_data(&e->e, &e->name), "TLS", 3);
}

/* Opaque payloads until the flow is given up; returns how many it took. */
static unsigned opaque(struct world *w, bool is_tcp, unsigned max)
{
	uint8_t bytes[100];
	for (unsigned i = 1; i <= max; i++) {
		noise(bytes, sizeof(bytes), i);
		struct flow *f = is_tcp ? tcp(w, i % 2, DATA, bytes, sizeof(bytes)) :
					  udp(w, i % 2, bytes, sizeof(bytes));
		if (f->flags & FLOW_CLASSIFIED) {
			assert_null(f->verdict);
			return i;
		}
		assert_non_null(f->verdict);
	}
	return 0;
}

static void assert_given_up(const struct world *w, unsigned packets)
{
	struct classify_counts c = counts(w);
	const struct event_classified *e = classified(w, 0);
	assert_int_equal(c.packets, packets);
	assert_int_equal(c.given_up, 1);
	assert_int_equal(c.decided, 0);
	assert_int_equal(c.undecided, 0);
	assert_non_null(e);
	assert_null(classified(w, 1));
	assert_int_equal(e->e.app, APP_UNKNOWN);
	assert_int_equal(e->confidence, 0);
}

static void tcp_is_given_up_after_twelve_payloads(void **state)
{
	struct world *w = *state;
	conversation_open(&w->c, 40000, 45678);
	handshake(w);
	assert_int_equal(opaque(w, true, 40), 12);
	assert_given_up(w, 12);
	/* and nDPI is not asked again */
	tcp(w, true, DATA, "more", 4);
	assert_given_up(w, 12);
}

static void udp_is_given_up_after_eight_payloads(void **state)
{
	struct world *w = *state;
	conversation_open(&w->c, 40000, 45678);
	assert_int_equal(opaque(w, false, 40), 8);
	assert_given_up(w, 8);
}

static void midstream_is_given_up_after_four_payloads(void **state)
{
	struct world *w = *state;
	conversation_open(&w->c, 40000, 45678);
	tcp(w, true, TCP_ACK, NULL, 0);
	assert_true(w->shard.step.flow->flags & FLOW_MIDSTREAM);
	assert_int_equal(opaque(w, true, 40), 4);
	assert_given_up(w, 4);
}

static void a_guess_by_port_says_that_it_is_one(void **state)
{
	struct world *w = *state;
	conversation_open(&w->c, 40000, 3306);
	handshake(w);
	assert_int_equal(opaque(w, true, 40), 12);
	const struct event_classified *e = classified(w, 0);
	assert_int_equal(e->e.app, APP_DATABASE);
	assert_int_equal(e->confidence, 1);
	assert_int_equal(counts(w).decided, 1);
}

static void a_guess_by_port_needs_an_answer_over_tcp(void **state)
{
	struct world *w = *state;
	uint8_t bytes[100];
	conversation_open(&w->c, 40000, 3306);
	handshake(w);
	for (unsigned i = 1; i <= 12; i++) {
		noise(bytes, sizeof(bytes), i);
		tcp(w, i != 5, DATA, bytes, i == 5 ? 8 : sizeof(bytes));
	}
	assert_given_up(w, 12);
}

static void a_guess_by_port_needs_an_answer_over_udp(void **state)
{
	struct world *w = *state;
	uint8_t bytes[100];
	conversation_open(&w->c, 40000, 3478);
	for (unsigned i = 1; i <= 8; i++) {
		noise(bytes, sizeof(bytes), i);
		udp(w, true, bytes, sizeof(bytes));
	}
	assert_given_up(w, 8);
	conversation_open(&w->c, 40001, 3478);
	assert_int_equal(opaque(w, false, 40), 8);
	assert_int_equal(classified(w, 1)->e.app, APP_STUN);
	assert_int_equal(classified(w, 1)->confidence, 1);
}

static void one_answer_makes_no_conversation(void **state)
{
	struct world *w = *state;
	uint8_t bytes[100];
	conversation_open(&w->c, 40000, 51820);
	for (unsigned i = 1; i <= 8; i++) {
		noise(bytes, sizeof(bytes), i);
		udp(w, i != 5, bytes, i == 5 ? 8 : sizeof(bytes));
	}
	assert_given_up(w, 8);
}

/* A datagram of RTP: PCMA, of a source, with its number. */
static void rtp_datagram(uint8_t *bytes, size_t len, uint32_t ssrc, uint16_t number)
{
	noise(bytes, len, ssrc + number);
	const uint8_t head[12] = { 0x80,
				   0x08,
				   (uint8_t)(number >> 8),
				   (uint8_t)number,
				   0,
				   0,
				   (uint8_t)(number * 160 >> 8),
				   (uint8_t)(number * 160),
				   (uint8_t)(ssrc >> 24),
				   (uint8_t)(ssrc >> 16),
				   (uint8_t)(ssrc >> 8),
				   (uint8_t)ssrc };
	memcpy(bytes, head, sizeof(head));
}

static void a_call_counts_up(void **state)
{
	struct world *w = *state;
	uint8_t bytes[172];
	conversation_open(&w->c, 30000, 16000);
	for (unsigned i = 0; i < 8; i++) {
		rtp_datagram(bytes, sizeof(bytes), i % 2 ? 0x12345678 : 0x9abcdef0,
			     (uint16_t)(65533 + i));
		udp(w, true, bytes, sizeof(bytes));
	}
	assert_int_equal(w->shard.step.flow->app, APP_RTP);
}

/* Bytes that nDPI takes for RTP, of another source each time, or not counting. */
static void noise_is_no_voice(void **state)
{
	struct world *w = *state;
	uint8_t bytes[172];
	for (unsigned kind = 0; kind < 2; kind++) {
		conversation_open(&w->c, (uint16_t)(30000 + kind), 16000);
		for (unsigned i = 0; i < 8; i++) {
			rtp_datagram(bytes, sizeof(bytes), kind ? 0x12345678 : 77777 * (i + 1),
				     (uint16_t)(kind ? 9000 - 300 * i : i));
			udp(w, true, bytes, sizeof(bytes));
		}
		assert_true(w->shard.step.flow->flags & FLOW_CLASSIFIED);
		assert_int_equal(w->shard.step.flow->app, APP_UNKNOWN);
	}
}

/* nDPI calls datagrams with such a first and third byte a call of Skype's: noise has them soon. */
static void noise_is_no_call(void **state)
{
	struct world *w = *state;
	uint8_t bytes[100];
	conversation_open(&w->c, 40000, 40404);
	for (unsigned i = 1; i <= 8; i++) {
		noise(bytes, sizeof(bytes), i);
		bytes[0] = 0x87;
		bytes[2] = 2;
		udp(w, true, bytes, sizeof(bytes));
	}
	assert_int_equal(classified(w, 0)->e.app, APP_UNKNOWN);
}

static void empty_and_repeated_segments_are_not_handed_over(void **state)
{
	struct world *w = *state;
	uint8_t bytes[50];
	noise(bytes, sizeof(bytes), 3);
	conversation_open(&w->c, 40000, 45678);
	struct flow *f = handshake(w);
	for (unsigned i = 0; i < 30; i++)
		tcp(w, i % 2, TCP_ACK, NULL, 0);
	assert_null(f->verdict); /* no memory for what has said nothing */
	assert_int_equal(counts(w).packets, 0);
	uint32_t seq = w->c.next[0];
	tcp(w, true, DATA, bytes, sizeof(bytes));
	for (unsigned i = 0; i < 30; i++)
		f = give(&w->shard, conversation_tcp_at(&w->c, true, seq, bytes, sizeof(bytes)));
	assert_int_equal(counts(w).packets, 1);
	assert_int_equal(f->classify_packets, 1);
	assert_false(f->flags & FLOW_CLASSIFIED);
}

static void fragments_and_payloads_not_captured_are_not_handed_over(void **state)
{
	struct world *w = *state;
	uint8_t bytes[50] = { 0 };
	struct packet p = *conversation_udp(&w->c, true, bytes, sizeof(bytes));
	p.flags |= PACKET_FRAGMENT;
	assert_null(give(&w->shard, &p)->verdict);
	p.flags = PACKET_TRUNCATED;
	p.payload = NULL;
	p.payload_cap = 0;
	assert_null(give(&w->shard, &p)->verdict);
	assert_int_equal(counts(w).packets, 0);
}

static void past_the_cap_the_oldest_is_given_up_on_without_an_event(void **state)
{
	struct world *w = *state;
	struct flow *flows[3];
	uint8_t bytes[50];
	noise(bytes, sizeof(bytes), 3);
	limits(w, 64, 2);
	for (unsigned i = 0; i < 3; i++) {
		conversation_open(&w->c, (uint16_t)(40000 + i), 45678);
		flows[i] = udp(w, true, bytes, sizeof(bytes));
	}
	assert_true(flows[0]->flags & FLOW_CLASSIFIED);
	assert_int_equal(flows[0]->app, APP_UNKNOWN);
	assert_null(flows[0]->verdict);
	assert_non_null(flows[1]->verdict);
	assert_non_null(flows[2]->verdict);
	assert_int_equal(counts(w).capped, 1);
	assert_int_equal(counts(w).undecided, 2);
	assert_int_equal(counts(w).given_up, 0);
	assert_null(classified(w, 0));
	/* it stays so, and takes nobody's place */
	conversation_open(&w->c, 40000, 45678);
	udp(w, false, bytes, sizeof(bytes));
	assert_int_equal(counts(w).packets, 3);
	assert_int_equal(counts(w).capped, 1);
	/* the next to go is the oldest that is left */
	conversation_open(&w->c, 40003, 45678);
	udp(w, true, bytes, sizeof(bytes));
	assert_null(flows[1]->verdict);
	assert_non_null(flows[2]->verdict);
	assert_int_equal(counts(w).capped, 2);
}

static void a_place_that_was_left_in_the_middle_is_used_again(void **state)
{
	struct world *w = *state;
	struct flow *flows[4];
	uint8_t bytes[50];
	noise(bytes, sizeof(bytes), 3);
	limits(w, 64, 3);
	for (unsigned i = 0; i < 3; i++) {
		conversation_open(&w->c, (uint16_t)(40000 + i), 45678);
		flows[i] = udp(w, true, bytes, sizeof(bytes));
	}
	classifier_release(w->shard.classifier, flows[1]);
	classifier_release(w->shard.classifier, flows[1]); /* twice is once */
	assert_int_equal(counts(w).undecided, 2);
	conversation_open(&w->c, 40003, 45678);
	flows[3] = udp(w, true, bytes, sizeof(bytes));
	assert_int_equal(counts(w).capped, 0);
	assert_int_equal(counts(w).undecided, 3);
	/* and the order of age is whole: 0, 2, 3 */
	for (unsigned i = 0; i < 2; i++) {
		conversation_open(&w->c, (uint16_t)(41000 + i), 45678);
		udp(w, true, bytes, sizeof(bytes));
	}
	assert_null(flows[0]->verdict);
	assert_null(flows[2]->verdict);
	assert_non_null(flows[3]->verdict);
}

static void a_cap_of_nothing_is_one(void **state)
{
	struct world *w = *state;
	limits(w, 64, 0);
	conversation_open(&w->c, 40000, 53);
	udp(w, true, dns_query, sizeof(dns_query) - 1);
	assert_decided(w, APP_DNS);
}

static void eviction_frees_what_ndpi_holds(void **state)
{
	struct world *w = *state;
	uint8_t bytes[50];
	noise(bytes, sizeof(bytes), 3);
	limits(w, 8, 64);
	for (unsigned i = 0; i < 100; i++) {
		conversation_open(&w->c, (uint16_t)(40000 + i), 45678);
		udp(w, true, bytes, sizeof(bytes));
		assert_true(counts(w).undecided <= 8);
	}
	assert_int_equal(counts(w).undecided, 8);
	assert_int_equal(counts(w).capped, 0);
	while (flow_table_flush(w->shard.flows, 1000, w->c.now_ns, 4))
		;
	assert_int_equal(counts(w).undecided, 0);
}

static void an_inspector_decides_without_ndpi(void **state)
{
	struct world *w = *state;
	uint8_t bytes[50];
	noise(bytes, sizeof(bytes), 3);
	conversation_open(&w->c, 40000, 45678);
	struct flow *f = udp(w, true, bytes, sizeof(bytes));
	assert_non_null(f->verdict);
	classifier_decide(w->shard.classifier, f, APP_QUIC, &w->c.packet, w->shard.step.side, 77);
	assert_null(f->verdict);
	assert_int_equal(f->app, APP_QUIC);
	assert_int_equal(counts(w).undecided, 0);
	assert_int_equal(counts(w).decided, 1);
	const struct event_classified *e = classified(w, 0);
	assert_int_equal(e->confidence, 5);
	assert_int_equal(e->encrypted, 1);
	assert_int_equal(e->e.seq, 77);
	assert_int_equal(e->ndpi_app, 0);
	assert_name(e, app_name(APP_QUIC));
	assert_int_equal(e->category_name.off, 0);
	/* the first word holds */
	classifier_decide(w->shard.classifier, f, APP_DNS, &w->c.packet, w->shard.step.side, 78);
	assert_int_equal(f->app, APP_QUIC);
	assert_int_equal(counts(w).decided, 1);
	assert_null(classified(w, 1));
	udp(w, true, bytes, sizeof(bytes));
	assert_int_equal(counts(w).packets, 1);
}

/* A BitTorrent peer, then a flow to the same peer that is told by nDPI's memory of it only. */
static uint16_t app_of_a_known_peer(struct world *w, struct shard *first, struct shard *second)
{
	uint8_t hello[68];
	noise(hello, sizeof(hello), 5);
	memcpy(hello,
	       "\x13"
	       "BitTorrent protocol\0\0\0\0\0\0\0\0",
	       28);
	conversation_open(&w->c, 40000, 45678);
	give(first, conversation_tcp(&w->c, true, TCP_SYN, NULL, 0));
	give(first, conversation_tcp(&w->c, false, TCP_SYN | TCP_ACK, NULL, 0));
	struct flow *f = give(first, conversation_tcp(&w->c, true, DATA, hello, sizeof(hello)));
	assert_int_equal(f->app, APP_BITTORRENT);
	conversation_open(&w->c, 40001, 45678);
	for (unsigned i = 0; i < 8; i++) {
		uint8_t bytes[100];
		noise(bytes, sizeof(bytes), i);
		f = give(second, conversation_udp(&w->c, i % 2 == 0, bytes, sizeof(bytes)));
	}
	assert_true(f->flags & FLOW_CLASSIFIED);
	return f->app;
}

static void ndpi_of_one_shard_remembers_nothing_of_another(void **state)
{
	struct world *w = *state;
	struct shard other;
	shard_init(&other, 1, 64, 64);
	/* the memory is there: within a shard it names the peer */
	assert_int_equal(app_of_a_known_peer(w, &other, &other), APP_BITTORRENT);
	shard_deinit(&other);
	shard_init(&other, 1, 64, 64);
	assert_int_equal(app_of_a_known_peer(w, &other, &w->shard), APP_UNKNOWN);
	/* and one may go while the other works on */
	shard_deinit(&other);
	conversation_open(&w->c, 42000, 53);
	assert_int_equal(udp(w, true, dns_query, sizeof(dns_query) - 1)->app, APP_DNS);
}

static void what_it_costs_is_said(void **state)
{
	struct world *w = *state;
	assert_true(counts(w).bytes_per_undecided > 500);
	assert_true(counts(w).bytes_per_module > 1u << 20);
	assert_true(classify_library_version()[0] >= '4');
	classifier_free(NULL);
}

static void names_are_the_linked_librarys(void **state)
{
	(void)state;
	const char *near = NULL, *version = NULL;
	static const char *const few[] = { "Telegram", "WireGuard", "BitTorrent", "AnyDesk" };
	for (unsigned i = 0; i < sizeof(few) / sizeof(few[0]); i++)
		assert_int_not_equal(classify_app_number(few[i], &near, &version), 0);
	assert_int_equal(classify_app_number("telegram", &near, &version),
			 classify_app_number("Telegram", &near, &version));
	assert_int_equal(classify_app_number("Telegrem", &near, &version), 0);
	assert_string_equal(near, "Telegram");
	assert_null(version);
	assert_int_equal(classify_app_number("NothingOfTheKind", &near, &version), 0);
	assert_null(near);
	assert_null(version);
	if (!classify_app_number("Tailscale", &near, &version)) /* as in 4.2 */
		assert_non_null(version);
	assert_int_equal(classify_app_number("Unknown", &near, &version), 0);
	char long_name[200];
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(classify_app_number(long_name, &near, &version), 0);
	assert_null(near);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLASSIFY_TEST(dns_is_named_by_its_first_query),
		CLASSIFY_TEST(http_is_named_on_any_port),
		CLASSIFY_TEST(ssh_is_named_by_its_banner_on_the_port_of_tls),
		CLASSIFY_TEST(tls_is_named_over_several_packets),
		CLASSIFY_TEST(tcp_is_given_up_after_twelve_payloads),
		CLASSIFY_TEST(udp_is_given_up_after_eight_payloads),
		CLASSIFY_TEST(midstream_is_given_up_after_four_payloads),
		CLASSIFY_TEST(a_guess_by_port_says_that_it_is_one),
		CLASSIFY_TEST(a_guess_by_port_needs_an_answer_over_tcp),
		CLASSIFY_TEST(a_guess_by_port_needs_an_answer_over_udp),
		CLASSIFY_TEST(one_answer_makes_no_conversation),
		CLASSIFY_TEST(noise_is_no_call),
		CLASSIFY_TEST(empty_and_repeated_segments_are_not_handed_over),
		CLASSIFY_TEST(fragments_and_payloads_not_captured_are_not_handed_over),
		CLASSIFY_TEST(past_the_cap_the_oldest_is_given_up_on_without_an_event),
		CLASSIFY_TEST(a_place_that_was_left_in_the_middle_is_used_again),
		CLASSIFY_TEST(a_cap_of_nothing_is_one),
		CLASSIFY_TEST(eviction_frees_what_ndpi_holds),
		CLASSIFY_TEST(a_call_counts_up),
		CLASSIFY_TEST(noise_is_no_voice),
		CLASSIFY_TEST(an_inspector_decides_without_ndpi),
		CLASSIFY_TEST(ndpi_of_one_shard_remembers_nothing_of_another),
		CLASSIFY_TEST(what_it_costs_is_said),
		CLASSIFY_TEST(names_are_the_linked_librarys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
