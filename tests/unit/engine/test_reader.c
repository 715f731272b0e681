/*
 * The loop of a replay: every byte on the wire is accounted, and Ctrl-C ends it with a report.
 *
 * detector_list() below takes the place of the registry; its detector can press Ctrl-C.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/detect/detector.h"
#include "../../../src/engine/reader.h"
#include "places.h"
#include "support/conversation.h"

#define SECOND_NS 1000000000ull
#define START_NS  (1700000000ull * SECOND_NS)
#define FRAGMENT  (14 + 20 + 24)
#define MORE      0x2000

static unsigned starts;       /* flows begun */
static unsigned interrupt_at; /* of these; 0: never */
static uint64_t ended_bytes;

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	(void)state;
	(void)env;
	if (e->kind == EVENT_FLOW_START && ++starts == interrupt_at)
		assert_int_equal(raise(SIGINT), 0);
	if (e->kind == EVENT_FLOW_END)
		ended_bytes += ((const struct event_flow *)(const void *)e)->bytes[0];
}

static const struct detector counter = {
	.name = "counter",
	.title = "Flows",
	.wants = UINT32_MAX,
	.on_event = on_event,
};

const struct detector *const *detector_list(void)
{
	static const struct detector *const list[] = { &counter, NULL };
	return list;
}

struct world {
	struct conversation c;
	FILE *file;
	char path[32];
	struct config *config;
	struct analysis *analysis;
	struct reader reader;
	struct shard_counts total;
};

static void file_u32(FILE *f, uint32_t v)
{
	assert_int_equal(fwrite(&v, 4, 1, f), 1);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char why[256];
	assert_non_null(w);
	conversation_init(&w->c);
	strcpy(w->path, "/tmp/exfild-reader-XXXXXX");
	int fd = mkstemp(w->path);
	assert_true(fd >= 0);
	w->file = fdopen(fd, "wb");
	assert_non_null(w->file);
	static const uint32_t head[] = { 0xa1b23c4d, 4u << 16 | 2, 0, 0, 65535, 1 };
	for (unsigned i = 0; i < 6; i++)
		file_u32(w->file, head[i]);
	struct config_options o = { .path = NULL };
	assert_int_equal(config_load(&o, &w->config, why, sizeof(why)), 0);
	starts = interrupt_at = 0;
	ended_bytes = 0;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	plane_free(w->reader.plane);
	decoder_free(w->reader.decoder);
	capture_close(w->reader.capture);
	analysis_free(w->analysis);
	config_free(w->config);
	conversation_deinit(&w->c);
	(void)unlink(w->path);
	free(w);
	return 0;
}

/* A record of what w->c.b holds, `after_s` after the beginning. */
static void record(struct world *w, uint32_t after_s)
{
	uint32_t len = (uint32_t)build_len(&w->c.b);
	file_u32(w->file, (uint32_t)(START_NS / SECOND_NS) + after_s);
	file_u32(w->file, 0);
	file_u32(w->file, len);
	file_u32(w->file, len);
	assert_int_equal(fwrite(build_data(&w->c.b), 1, len, w->file), len);
}

static void record_udp(struct world *w, uint16_t cport, uint32_t after_s)
{
	conversation_open(&w->c, cport, 45678);
	conversation_build_udp(&w->c, true, "data", 4);
	record(w, after_s);
}

/* 24 bytes of a datagram of 48, whose UDP header is in the first. */
static void record_fragment(struct world *w, uint16_t id, bool is_first, uint32_t after_s)
{
	uint8_t piece[24] = { 0x9c, 0x40, 0xb2, 0x6e, 0, 48 };
	w->c.b.start = BUILD_SIZE;
	build_bytes(&w->c.b, piece, sizeof(piece));
	build_ipv4(&w->c.b, 1, 2, PROTO_UDP);
	put16(build_data(&w->c.b) + 4, id);
	put16(build_data(&w->c.b) + 6, is_first ? MORE : 3);
	build_ethernet(&w->c.b, 0x0800);
	assert_int_equal(build_len(&w->c.b), FRAGMENT);
	record(w, after_s);
}

static void run(struct world *w, unsigned workers)
{
	static struct config_section section = { .name = "counter", .enabled = true };
	static struct config with;
	static const struct options options = { .form = OUTPUT_JSON };
	static const struct shard_limits limits = { 512, 128, 128, 64, 0, 0, NULL, NULL };
	const char *path = w->path;
	char why[256];
	assert_int_equal(fclose(w->file), 0);
	with = *w->config;
	with.sections = &section;
	with.section_count = 1;
	struct analysis_options o = { .options = &options,
				      .config = &with,
				      .data_dir = EXFILD_SOURCE_DIR "/data",
				      .max_hosts = 64,
				      .max_pairs = 64 };
	struct capture_options in = { .paths = &path, .path_count = 1 };
	assert_int_equal(analysis_new(&o, &w->analysis, why, sizeof(why)), 0);
	assert_int_equal(capture_open(&in, &w->reader.capture, why, sizeof(why)), 0);
	w->reader.decoder = decoder_new(&hash_key_fixed);
	w->reader.plane = plane_new(workers, &limits, &hash_key_fixed, &hash_key_fixed,
				    &(const struct outlet){ .analysis = w->analysis });
	assert_non_null(w->reader.plane);
	assert_int_equal(reader_run(&w->reader), 0);
	analysis_end(w->analysis);
	struct shard_counts counts[SHARDS];
	plane_counts(w->reader.plane, counts);
	for (unsigned i = 0; i < SHARDS; i++) {
		w->total.flow.packets += counts[i].flow.packets;
		w->total.flow.bytes += counts[i].flow.bytes;
		w->total.flow.flows += counts[i].flow.flows;
	}
}

static void fragments_that_never_become_whole_are_accounted(void **state)
{
	struct world *w = *state;
	record_fragment(w, 1, true, 0);
	record_udp(w, 40001, 1);
	record_fragment(w, 2, true, 2); /* this one becomes whole */
	record_fragment(w, 2, false, 2);
	record_udp(w, 40001, 45); /* the first is given up by now */
	record_fragment(w, 3, false, 46);
	run(w, 1); /* and the last at the end */
	assert_int_equal(w->total.flow.packets, 6);
	assert_int_equal(w->total.flow.bytes, 4 * (FRAGMENT - 14) + 2 * (20 + 8 + 4));
	assert_int_equal(ended_bytes, w->total.flow.bytes);
	assert_false(w->reader.interrupted);
}

static void the_same_with_workers(void **state)
{
	struct world *w = *state;
	record_fragment(w, 1, true, 0);
	record_fragment(w, 2, true, 2);
	record_fragment(w, 2, false, 2);
	record_udp(w, 40001, 45);
	run(w, 2);
	assert_int_equal(w->total.flow.packets, 4);
	assert_int_equal(ended_bytes, 3 * (FRAGMENT - 14) + 20 + 8 + 4);
}

static void an_interrupt_ends_the_input_and_tells_what_was_found(void **state)
{
	struct world *w = *state;
	struct sigaction before, after;
	for (uint16_t i = 0; i < 10000; i++)
		record_udp(w, (uint16_t)(40000 + i), i / 200u);
	interrupt_at = 50;
	assert_int_equal(sigaction(SIGINT, NULL, &before), 0);
	run(w, 1);
	assert_int_equal(sigaction(SIGINT, NULL, &after), 0);
	assert_true(w->reader.interrupted);
	assert_in_range(w->total.flow.packets, 50, 9000); /* some were on their way */
	assert_int_equal(starts, w->total.flow.packets);
	assert_int_equal(ended_bytes, w->total.flow.bytes); /* every flow was ended */
	assert_true(after.sa_handler == before.sa_handler); /* the next Ctrl-C ends the program */
}

static void a_leap_and_a_late_packet_are_told(void **state)
{
	struct world *w = *state;
	for (unsigned i = 0; i < 20; i++)
		record_udp(w, 40001, 10 + i);
	record_udp(w, 40001, 5); /* before its time */
	for (unsigned i = 0; i < 20; i++)
		record_udp(w, 40001, 90 * 86400 + i);
	run(w, 1);
	assert_int_equal(w->total.flow.packets, 41);
	assert_int_equal(w->reader.late, 1);
	assert_int_equal(w->reader.leaps, 1);
}

static void nothing_readable_is_an_end_as_well(void **state)
{
	struct world *w = *state;
	w->c.b.start = BUILD_SIZE;
	build_bytes(&w->c.b, "broken", 6);
	record(w, 0);
	run(w, 1);
	assert_int_equal(w->total.flow.packets, 0);
	assert_int_equal(starts, 0);
}

/* What the run writes to standard error. */
static size_t said(struct world *w, char *ret, size_t size)
{
	FILE *out = tmpfile();
	assert_non_null(out);
	int kept = dup(STDERR_FILENO);
	assert_true(dup2(fileno(out), STDERR_FILENO) >= 0);
	run(w, 1);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	(void)close(kept);
	rewind(out);
	size_t len = fread(ret, 1, size - 1, out);
	ret[len] = '\0';
	(void)fclose(out);
	return len;
}

static void progress_is_shown_and_wiped(void **state)
{
	struct world *w = *state;
	char text[4096];
	w->reader.show_progress = true;
	w->c.b.start = BUILD_SIZE; /* nothing that would cost: 262,144 frames without a byte */
	for (unsigned i = 0; i < 1u << 18; i++)
		record(w, 1);
	said(w, text, sizeof(text));
	const char *percent = strstr(text, "%  262144 packets");
	assert_non_null(percent);
	assert_string_equal(text + strlen(text) - 4, "\r\033[K");
	assert_int_equal(capture_stats(w->reader.capture)->frames, 1u << 18);
}

static void without_a_terminal_nothing_is_shown(void **state)
{
	struct world *w = *state;
	char text[4096];
	record_udp(w, 40001, 0);
	assert_int_equal(said(w, text, sizeof(text)), 0);
}

#define READER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		READER_TEST(fragments_that_never_become_whole_are_accounted),
		READER_TEST(the_same_with_workers),
		READER_TEST(an_interrupt_ends_the_input_and_tells_what_was_found),
		READER_TEST(a_leap_and_a_late_packet_are_told),
		READER_TEST(nothing_readable_is_an_end_as_well),
		READER_TEST(progress_is_shown_and_wiped),
		READER_TEST(without_a_terminal_nothing_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
