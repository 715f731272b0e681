/*
 * One worker and rounds: the same events in the same order, and no block is kept.
 *
 * The only detector is the test's own (detector_list() below takes the place of the registry): it
 * writes down what the analysis is shown, so that ticks are seen between the events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/detect/detector.h"
#include "../../../src/engine/plane.h"
#include "places.h"
#include "support/conversation.h"

#define FRAMES     17000 /* more than the ring of rounds holds: 8 times 2048 */
#define STEP_NS    3000000ull
#define TICK_NS    100000000ull
#define LEAP_AT    12000u
#define LEAP_NS    (90 * 86400 * 1000000000ull)
#define BLOCK_SIZE 65536
#define BLOCKS_MAX 64
#define MIXED_FROM                                                             \
 8000u /* from here on each frame lies in another block than the one before it \
	*/
#define MIXED_TO 8400u
#define PIECE    777u /* every so often comes what a fragment leaves: no payload and no block */

struct place {
	struct block *block;
	uint32_t offset, caplen, wirelen;
};

static struct place frames[FRAMES];
static unsigned frame_count;
static struct block *blocks[BLOCKS_MAX];
static unsigned block_count;
static uint32_t bad_sums;
static struct config *config;

/* ---- the detector ---- */

struct record {
	uint64_t seq, now_ns, steady_ns, flow; /* seq 0: a tick */
	uint32_t n;
	uint16_t kind;
	uint8_t shard;
};

static struct record *records;
static size_t record_count, record_cap;

static struct record *add_record(const struct detect_env *env)
{
	if (record_count == record_cap) {
		record_cap = record_cap ? record_cap * 2 : 4096;
		records = realloc(records, record_cap * sizeof(*records));
		assert_non_null(records);
	}
	struct record *r = &records[record_count++];
	memset(r, 0, sizeof(*r));
	r->now_ns = env->now_ns;
	r->steady_ns = env->steady_ns;
	return r;
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct record *r = add_record(env);
	(void)state;
	r->seq = e->seq;
	r->n = e->n;
	r->shard = e->shard;
	r->kind = e->kind;
	r->flow = e->flow;
}

static void on_tick(void *state, const struct detect_env *env)
{
	(void)state;
	add_record(env);
}

static const struct detector recorder = {
	.name = "recorder",
	.title = "What the analysis sees",
	.wants = UINT32_MAX,
	.tick_ns = 1,
	.on_event = on_event,
	.on_tick = on_tick,
};

const struct detector *const *detector_list(void)
{
	static const struct detector *const list[] = { &recorder, NULL };
	return list;
}

/* ---- the input ---- */

static struct block *add_block(void)
{
	assert_true(block_count < BLOCKS_MAX);
	return blocks[block_count++] = block_new(BLOCK_SIZE);
}

/* Keeps what c->b holds; the last `cut` bytes were not captured. */
static void keep_frame(struct conversation *c, uint32_t cut)
{
	static struct block *open[2];
	static uint32_t used[2];
	if (frame_count == FRAMES)
		return;
	unsigned which = frame_count >= MIXED_FROM && frame_count < MIXED_TO && frame_count % 2;
	uint32_t wirelen = (uint32_t)build_len(&c->b);
	uint32_t caplen = wirelen - cut;
	if (!open[which] || used[which] + caplen > BLOCK_SIZE) {
		open[which] = add_block();
		used[which] = 0;
	}
	frames[frame_count++] = (struct place){ open[which], used[which], caplen, wirelen };
	memcpy(open[which]->data + used[which], build_data(&c->b), caplen);
	used[which] += caplen;
}

static void keep_tcp(struct conversation *c, bool up, uint8_t flags, const char *text)
{
	uint32_t *next = &c->next[!up];
	conversation_build_tcp(c, up, flags, *next, text, strlen(text));
	*next += (uint32_t)strlen(text) + ((flags & (TCP_SYN | TCP_FIN)) != 0);
	keep_frame(c, 0);
}

static void keep_web(struct conversation *c)
{
	conversation_open(c, c->cport, 80);
	keep_tcp(c, true, TCP_SYN, "");
	keep_tcp(c, false, TCP_SYN | TCP_ACK, "");
	keep_tcp(c, true, TCP_ACK, "");
	keep_tcp(c, true, TCP_ACK | TCP_PSH,
		 "GET / HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: test\r\n\r\n");
	keep_tcp(c, false, TCP_ACK | TCP_PSH, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	keep_tcp(c, true, TCP_ACK | TCP_FIN, "");
	keep_tcp(c, false, TCP_ACK | TCP_FIN, "");
	keep_tcp(c, true, TCP_ACK, "");
}

static void keep_query(struct conversation *c, unsigned number)
{
	uint8_t query[64] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x08";
	(void)snprintf((char *)query + 13, 9, "%08u", number % 100000000u);
	memcpy(query + 21,
	       "\x07"
	       "example\x03"
	       "com\x00\x00\x01\x00\x01",
	       17);
	conversation_open(c, c->cport, 53);
	conversation_build_udp(c, true, query, 38);
	keep_frame(c, 0);
	query[2] = 0x81;
	query[3] = 0x83;
	conversation_build_udp(c, false, query, 38);
	keep_frame(c, 0);
}

/*
 * What is not whole: opaque, cut datagrams, and a reset with a wrong checksum, which is believed
 * only where wrong ones are usual.
 */
static void keep_damage(struct conversation *c, bool has_reset)
{
	conversation_open(c, c->cport, 45678);
	for (unsigned i = 0; i < 3; i++) {
		conversation_build_udp(c, i % 2 == 0, "\xf7\x31\x88\x02\x99\x10\x20\x30", 8);
		keep_frame(c, i * 3);
	}
	conversation_build_tcp(c, true, TCP_SYN, 1000, NULL, 0);
	keep_frame(c, 0);
	if (!has_reset)
		return;
	conversation_build_tcp(c, false, TCP_RST | TCP_ACK, 0, NULL, 0);
	build_data(&c->b)[14 + 20 + 16] ^= 0xff;
	keep_frame(c, 0);
	bad_sums++;
}

static int make_input(void **state)
{
	static struct conversation c;
	char why[256];
	(void)state;
	struct config_options o = { .path = NULL };
	assert_int_equal(config_load(&o, &config, why, sizeof(why)), 0);
	conversation_init(&c);
	for (unsigned i = 0; frame_count < FRAMES; i++) {
		c.client = (uint8_t)(1 + i % 200);
		c.server = (uint8_t)(201 + i / 200 % 50);
		c.cport = (uint16_t)(20000 + i);
		if (i % 3 == 0)
			keep_web(&c);
		else if (i % 3 == 1)
			keep_query(&c, i);
		else
			keep_damage(&c, i > 600 && i % 9 == 8);
	}
	conversation_deinit(&c);
	return 0;
}

static int drop_input(void **state)
{
	(void)state;
	for (unsigned i = 0; i < block_count; i++)
		block_release(blocks[i]);
	config_free(config);
	free(records);
	return 0;
}

/* ---- a run ---- */

struct outcome {
	char *events; /* the file's bytes */
	size_t events_len;
	struct record *records;
	size_t record_count;
	struct shard_counts counts[SHARDS];
};

static uint64_t time_of(unsigned frame)
{
	return 1700000000ull * 1000000000ull + frame * STEP_NS + (frame >= LEAP_AT ? LEAP_NS : 0);
}

static void post_frame(struct plane *plane, struct decoder *d, unsigned i, uint64_t *seq)
{
	struct frame f = { .data = frames[i].block->data + frames[i].offset,
			   .caplen = frames[i].caplen,
			   .wirelen = frames[i].wirelen,
			   .time_ns = time_of(i),
			   .number = i + 1,
			   .linktype = 1,
			   .block = frames[i].block };
	struct packet *p = plane_slot(plane);
	assert_int_equal(decode_frame(d, &f, f.time_ns, p), DECODE_PACKET);
	if (i % PIECE == 0) {
		p->flags |= PACKET_FRAGMENT;
		p->payload = NULL;
		p->payload_cap = 0;
		p->mac = NULL;
		p->block = NULL;
	}
	plane_packet(plane, p, (*seq)++);
}

static struct analysis *start_analysis(const char *events_path)
{
	static struct config_section section = { .name = "recorder", .enabled = true };
	static struct config with;
	static struct options options;
	struct analysis *a;
	char why[256];
	with = *config;
	with.sections = &section;
	with.section_count = 1;
	options = (struct options){ .form = OUTPUT_JSON, .events_path = events_path };
	struct analysis_options o = { .options = &options,
				      .config = &with,
				      .data_dir = EXFILD_SOURCE_DIR "/data",
				      .max_hosts = 1024,
				      .max_pairs = 1024 };
	assert_int_equal(analysis_new(&o, &a, why, sizeof(why)), 0);
	return a;
}

static const struct shard_limits small_limits = {
	.flows = 512, .undecided = 128, .inspected = 128, .streams = 64
};

static void post(struct plane *plane, unsigned from, unsigned to, uint64_t *seq)
{
	struct decoder *d = decoder_new(&hash_key_fixed);
	assert_non_null(d);
	for (unsigned i = from; i < to; i++) {
		uint64_t now = time_of(i), before = i ? time_of(i - 1) : 0;
		if (now / TICK_NS != before / TICK_NS)
			plane_tick(plane, (*seq)++, now / TICK_NS * TICK_NS,
				   i == LEAP_AT ? LEAP_NS : 0);
		post_frame(plane, d, i, seq);
	}
	decoder_free(d);
}

static void read_events(const char *path, struct outcome *ret)
{
	FILE *in = fopen(path, "rb");
	assert_non_null(in);
	assert_int_equal(fseek(in, 0, SEEK_END), 0);
	ret->events_len = (size_t)ftell(in);
	rewind(in);
	ret->events = malloc(ret->events_len + 1);
	assert_non_null(ret->events);
	assert_int_equal(fread(ret->events, 1, ret->events_len, in), ret->events_len);
	ret->events[ret->events_len] = '\0';
	(void)fclose(in);
}

static void assert_blocks_free(void)
{
	for (unsigned i = 0; i < block_count; i++)
		assert_int_equal(block_refs(blocks[i]), 1);
}

static void run(unsigned workers, struct outcome *ret)
{
	char path[] = "/tmp/exfild-plane-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	(void)close(fd);
	uint64_t seq = 1;
	struct analysis *a = start_analysis(path);
	struct plane *plane = plane_new(workers, &small_limits, &hash_key_fixed, &hash_key_fixed,
					&(const struct outlet){ .analysis = a });
	assert_non_null(plane);
	post(plane, 0, FRAMES, &seq);
	plane_finish(plane, &seq, time_of(FRAMES - 1));
	analysis_end(a);
	plane_counts(plane, ret->counts);
	assert_blocks_free();
	plane_free(plane);
	analysis_free(a);
	assert_blocks_free();
	read_events(path, ret);
	(void)unlink(path);
	ret->records = records;
	ret->record_count = record_count;
	records = NULL;
	record_count = record_cap = 0;
}

static void free_outcome(struct outcome *o)
{
	free(o->events);
	free(o->records);
}

/* ---- the tests ---- */

/* One worker's run: what the others are compared with. */
static struct outcome single;

static int run_single(void **state)
{
	if (make_input(state))
		return -1;
	run(1, &single);
	return 0;
}

static int free_single(void **state)
{
	free_outcome(&single);
	return drop_input(state);
}

static void assert_same_counts(const struct shard_counts *a, const struct shard_counts *b)
{
	assert_true(a->flow.packets == b->flow.packets);
	assert_true(a->flow.bytes == b->flow.bytes);
	assert_true(a->flow.flows == b->flow.flows);
	assert_true(a->flow.syns == b->flow.syns);
	assert_true(a->flow.table.evictions == b->flow.table.evictions);
	assert_true(a->classify.packets == b->classify.packets);
	assert_true(a->classify.decided == b->classify.decided);
	assert_true(a->classify.capped == b->classify.capped);
	assert_true(a->inspect.chosen == b->inspect.chosen);
	assert_true(a->inspect.refused == b->inspect.refused);
}

static void assert_same(unsigned workers)
{
	struct outcome o;
	run(workers, &o);
	for (unsigned i = 0; i < SHARDS; i++)
		assert_same_counts(&o.counts[i], &single.counts[i]);
	assert_int_equal(o.record_count, single.record_count);
	assert_memory_equal(o.records, single.records, o.record_count * sizeof(struct record));
	assert_int_equal(o.events_len, single.events_len);
	assert_memory_equal(o.events, single.events, o.events_len);
	free_outcome(&o);
}

static void three_workers_are_byte_for_byte_one(void **state)
{
	(void)state;
	assert_same(3);
}

static void events_come_in_the_readers_order(void **state)
{
	(void)state;
	uint64_t seq = 0;
	unsigned shard = 0;
	uint32_t n = 0;
	for (size_t i = 0; i < single.record_count; i++) {
		const struct record *r = &single.records[i];
		if (r->seq == 0)
			continue;
		assert_true(r->seq >= seq);
		if (r->seq == seq) {
			assert_true(r->shard >= shard);
			if (r->shard == shard)
				assert_true(r->n > n);
		}
		seq = r->seq;
		shard = r->shard;
		n = r->n;
	}
	assert_true(seq > FRAMES); /* the flush is told as well */
}

static void ticks_come_at_their_times_between_the_events(void **state)
{
	(void)state;
	size_t at = 0;
	uint64_t now = 0;
	for (unsigned i = 0; i < FRAMES; i++) {
		uint64_t before = i ? time_of(i - 1) : 0;
		if (time_of(i) / TICK_NS == before / TICK_NS)
			continue;
		while (at < single.record_count && single.records[at].seq)
			at++;
		assert_true(at < single.record_count);
		const struct record *tick = &single.records[at++];
		uint64_t expected = time_of(i) / TICK_NS * TICK_NS;
		assert_true(tick->now_ns == expected);
		assert_true(tick->steady_ns == expected - (i >= LEAP_AT ? LEAP_NS : 0));
		assert_true(tick->now_ns > now);
		now = tick->now_ns;
	}
	for (; at < single.record_count; at++)
		assert_true(single.records[at].seq != 0); /* and no tick more */
}

static void every_packet_is_counted_the_damaged_too(void **state)
{
	(void)state;
	uint64_t packets = 0, flows = 0, evictions = 0, starts = 0, ends = 0, dropped = 0;
	unsigned busy = 0;
	for (unsigned i = 0; i < SHARDS; i++) {
		packets += single.counts[i].flow.packets;
		flows += single.counts[i].flow.flows;
		evictions += single.counts[i].flow.table.evictions;
		dropped += single.counts[i].events_dropped;
		busy += single.counts[i].flow.packets > FRAMES / SHARDS / 4;
		assert_int_equal(single.counts[i].flow.table.entries, 0);
		assert_int_equal(single.counts[i].classify.undecided, 0);
		assert_int_equal(single.counts[i].inspect.work, 0);
	}
	for (size_t i = 0; i < single.record_count; i++) {
		starts += single.records[i].seq && single.records[i].kind == EVENT_FLOW_START;
		ends += single.records[i].seq && single.records[i].kind == EVENT_FLOW_END;
	}
	assert_int_equal(packets, FRAMES);
	assert_int_equal(dropped, 0);
	assert_int_equal(busy, SHARDS); /* else the comparison says little */
	assert_true(evictions > 100);   /* nor without eviction */
	assert_int_equal(starts, flows);
	assert_int_equal(ends, flows);
	assert_true(bad_sums > 100);
	assert_null(strstr(single.events, "\"outcome\":\"refused\"")); /* by a forged reset */
}

static void what_is_dropped_half_way_keeps_no_block(void **state)
{
	(void)state;
	static const unsigned workers[] = { 1, 3 };
	for (unsigned i = 0; i < 2; i++) {
		uint64_t seq = 1;
		record_count = 0;
		struct analysis *a = start_analysis(NULL);
		struct plane *plane =
			plane_new(workers[i], &small_limits, &hash_key_fixed, &hash_key_fixed,
				  &(const struct outlet){ .analysis = a });
		assert_non_null(plane);
		post(plane, 0, 5000, &seq);
		plane_free(plane);
		analysis_free(a);
		assert_blocks_free();
		assert_true(record_count > 0);
	}
	plane_free(NULL);
}

static void an_empty_input_ends(void **state)
{
	(void)state;
	static const unsigned workers[] = { 1, 2 };
	for (unsigned i = 0; i < 2; i++) {
		uint64_t seq = 1;
		record_count = 0;
		struct analysis *a = start_analysis(NULL);
		struct plane *plane =
			plane_new(workers[i], &small_limits, &hash_key_fixed, &hash_key_fixed,
				  &(const struct outlet){ .analysis = a });
		assert_non_null(plane);
		plane_finish(plane, &seq, 0);
		analysis_end(a);
		assert_int_equal(record_count, 0);
		assert_int_equal(seq, 1 + SHARDS);
		plane_free(plane);
		analysis_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_workers_are_byte_for_byte_one),
		cmocka_unit_test(events_come_in_the_readers_order),
		cmocka_unit_test(ticks_come_at_their_times_between_the_events),
		cmocka_unit_test(every_packet_is_counted_the_damaged_too),
		cmocka_unit_test(what_is_dropped_half_way_keeps_no_block),
		cmocka_unit_test(an_empty_input_ends),
	};
	return cmocka_run_group_tests(tests, run_single, free_single);
}
