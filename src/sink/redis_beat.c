/*
 * sink/redis_beat.c - see redis_beat.h
 */
#include "redis_beat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/json.h"
#include "exfild/base/str.h"

#define BEAT_TTL_S "35" /* three are missing, and it is gone */

static int send_words(struct redis_conn *c, size_t n, const char *const *argv)
{
	size_t lens[REDIS_ARGS_MAX];
	for (size_t i = 0; i < n; i++)
		lens[i] = strlen(argv[i]);
	return redis_send(c, n, argv, lens);
}

struct beat_field {
	const char *name;
	char text[64];
};

#define BEAT_FIELDS 12

static void fill_beat(const struct sink_beat *b, struct beat_field f[BEAT_FIELDS])
{
	static const char *const field_names[BEAT_FIELDS] = {
		"version", "session", "time",   "packets_per_s", "bytes_per_s", "packets",
		"drops",   "flows",   "alerts", "spool_depth",   "sequence",    "sensor"
	};
	const uint64_t numbers[] = { b->packets, b->drops,       b->flows,
				     b->alerts,  b->spool_depth, b->sequence };
	for (unsigned i = 0; i < BEAT_FIELDS; i++)
		f[i].name = field_names[i];
	snprintf(f[0].text, sizeof(f[0].text), "%s", b->version);
	snprintf(f[1].text, sizeof(f[1].text), "%s", b->session);
	(void)str_time(f[2].text, sizeof(f[2].text), b->time_ns);
	snprintf(f[3].text, sizeof(f[3].text), "%.0f", b->packets_per_s);
	snprintf(f[4].text, sizeof(f[4].text), "%.0f", b->bytes_per_s);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		snprintf(f[5 + i].text, sizeof(f[5 + i].text), "%" PRIu64, numbers[i]);
	snprintf(f[11].text, sizeof(f[11].text), "%s", b->sensor);
}

static void beat_json(const struct beat_field f[BEAT_FIELDS], struct buf *out)
{
	struct json j = json_make(out);
	json_open_object(&j, NULL);
	for (unsigned i = 0; i < BEAT_FIELDS; i++) {
		bool is_number = i >= 3 && i <= 10;
		if (is_number)
			json_uint(&j, f[i].name, strtoull(f[i].text, NULL, 10));
		else
			json_string(&j, f[i].name, f[i].text);
	}
	json_close_object(&j);
}

int redis_beat_send(struct redis_conn *c, const char *key, const char *channel,
		    const struct sink_beat *b)
{
	struct beat_field f[BEAT_FIELDS];
	const char *set[2 + 2 * BEAT_FIELDS] = { "HSET", key };
	const char *const expire[] = { "EXPIRE", key, BEAT_TTL_S };
	struct buf json;
	fill_beat(b, f);
	for (unsigned i = 0; i < BEAT_FIELDS; i++) {
		set[2 + 2 * i] = f[i].name;
		set[3 + 2 * i] = f[i].text;
	}
	buf_init(&json, 4096);
	beat_json(f, &json);
	const char *const publish[] = { "PUBLISH", channel, json.data ? json.data : "" };
	int err = send_words(c, 2 + 2 * BEAT_FIELDS, set);
	if (!err)
		err = send_words(c, 3, expire);
	if (!err)
		err = send_words(c, 3, publish);
	buf_deinit(&json);
	return err;
}
