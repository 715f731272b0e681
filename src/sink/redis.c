/*
 * sink/redis.c - alerts to Redis (design section 8), each under the prefix:
 *
 *   PUBLISH alerts JSON                                       for a SIEM that subscribes
 *   XADD alerts MAXLEN ~ N * id EVENT_ID severity N alert JSON     durable
 *   RPUSH alerts:list JSON, LTRIM alerts:list -N -1           for shippers that pop
 *
 * Alerts wait in a batch until Redis has answered for each of their commands.  A batch goes out
 * when it is full and at flush.  When the connection breaks, one reconnect is tried in each flush
 * and the unanswered commands go out again (a reader drops the second copy by event.id); alerts
 * that find the batch full and Redis gone are counted as failed.  An error answer (no permission,
 * wrong type, out of memory) is final for its alert.
 */
#include "exfild/bus/redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "exfild/sink/sink.h"

#define BATCH          64
#define DEFAULT_MAXLEN 100000
#define WAIT_FACTOR    10 /* after a failed reconnect, wait that many times what it took */

extern const struct sink_type sink_redis;

enum command { COMMAND_PUBLISH, COMMAND_XADD, COMMAND_RPUSH, COMMAND_LTRIM, COMMAND__COUNT };

struct waiting {
	char *json;
	size_t len;
	char event_id[ALERT_ID_MAX];
	char severity[4];
	uint8_t open; /* 1u << enum command: not yet answered */
	bool is_refused;
};

struct sent { /* which command an answer belongs to */
	uint8_t waiting, command;
};

struct redis_sink {
	struct redis_conn *conn; /* NULL: lost */
	char *url, *username, *password;
	char key[160], list_key[168], maxlen[24], trim_from[24];
	uint8_t commands;
	struct waiting batch[BATCH];
	size_t count;
	struct sent sent[BATCH * COMMAND__COUNT];
	size_t sent_count;
	uint64_t retry_ns; /* monotonic: no reconnect before */
	struct sink_health health;
};

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int reconnect(struct redis_sink *s, char *why, size_t size)
{
	struct redis_options o = { .url = s->url,
				   .username = s->username,
				   .password = s->password };
	return redis_connect(&o, &s->conn, why, size);
}

static char *copy_of(const char *text)
{
	return text && text[0] ? strdup(text) : NULL;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void redis_sink_free(struct redis_sink *s)
{
	redis_close(s->conn);
	for (size_t i = 0; i < s->count; i++)
		free(s->batch[i].json);
	wipe(s->url);
	free(s->username);
	wipe(s->password);
	free(s);
}

static int set_keys(struct redis_sink *s, const struct sink_options *o)
{
	const char *prefix = o->redis_prefix ? o->redis_prefix : "exfild:";
	uint64_t maxlen = o->redis_stream_maxlen ? o->redis_stream_maxlen : DEFAULT_MAXLEN;
	int n = snprintf(s->key, sizeof(s->key), "%salerts", prefix);

	snprintf(s->list_key, sizeof(s->list_key), "%s:list", s->key);
	snprintf(s->maxlen, sizeof(s->maxlen), "%" PRIu64, maxlen);
	snprintf(s->trim_from, sizeof(s->trim_from), "-%" PRIu64, maxlen);
	if (o->redis_channel)
		s->commands |= 1u << COMMAND_PUBLISH;
	if (o->redis_stream)
		s->commands |= 1u << COMMAND_XADD;
	if (o->redis_list)
		s->commands |= 1u << COMMAND_RPUSH | 1u << COMMAND_LTRIM;
	return n < 0 || (size_t)n >= sizeof(s->key) ? -EXF_E_RANGE : 0;
}

static int sink_redis_open(const struct sink_options *o, void **ret, char *ret_why, size_t why_size)
{
	struct redis_sink *s = calloc(1, sizeof(*s));
	int err = s ? 0 : -EXF_E_NOMEM;

	if (s) {
		s->url = copy_of(o->redis_url);
		s->username = copy_of(o->redis_username);
		s->password = copy_of(o->redis_password);
		err = set_keys(s, o);
	}
	if (err < 0) {
		snprintf(ret_why, why_size, "%s",
			 err == -EXF_E_RANGE ? "redis.prefix is longer than 150 bytes" :
					       exf_strerror(err));
	} else if (!s->url) {
		snprintf(ret_why, why_size, "redis.url is missing: redis://127.0.0.1:6379/0");
		err = -EXF_E_INVALID;
	} else if (!s->commands) {
		snprintf(ret_why, why_size,
			 "redis.channel, redis.stream and redis.list are all off: turn one on");
		err = -EXF_E_INVALID;
	} else {
		err = reconnect(s, ret_why, why_size);
		if (err == -EXF_E_IO && o->may_wait) {
			log_warnx("redis", "%s; trying again with every alert", ret_why);
			str_copy(s->health.error, sizeof(s->health.error), ret_why);
			err = 0;
		}
	}
	if (err < 0) {
		if (s)
			redis_sink_free(s);
		return err;
	}
	*ret = s;
	return 0;
}

static int send_command(struct redis_sink *s, const struct waiting *w, unsigned command)
{
	const char *argv[12];
	size_t lens[12];
	size_t n = 0, json_at = 12;

	switch (command) {
	case COMMAND_PUBLISH:
	case COMMAND_RPUSH:
		argv[n++] = command == COMMAND_PUBLISH ? "PUBLISH" : "RPUSH";
		argv[n++] = command == COMMAND_PUBLISH ? s->key : s->list_key;
		json_at = n++;
		break;
	case COMMAND_XADD:
		argv[n++] = "XADD";
		argv[n++] = s->key;
		argv[n++] = "MAXLEN";
		argv[n++] = "~";
		argv[n++] = s->maxlen;
		argv[n++] = "*";
		argv[n++] = "id";
		argv[n++] = w->event_id;
		argv[n++] = "severity";
		argv[n++] = w->severity;
		argv[n++] = "alert";
		json_at = n++;
		break;
	default:
		argv[n++] = "LTRIM";
		argv[n++] = s->list_key;
		argv[n++] = s->trim_from;
		argv[n++] = "-1";
		break;
	}
	if (json_at < n)
		argv[json_at] = w->json;
	for (size_t i = 0; i < n; i++)
		lens[i] = i == json_at ? w->len : strlen(argv[i]);
	return redis_send(s->conn, n, argv, lens);
}

static void on_answer(void *arg, size_t i, int64_t integer, const char *error)
{
	static const char *const names[COMMAND__COUNT] = { "PUBLISH", "XADD", "RPUSH", "LTRIM" };
	struct redis_sink *s = arg;

	if (i >= s->sent_count)
		return;
	const struct sent *which = &s->sent[i];
	struct waiting *w = &s->batch[which->waiting];
	w->open = (uint8_t)(w->open & ~(1u << which->command));
	if (error) {
		w->is_refused = true;
		snprintf(s->health.error, sizeof(s->health.error), "Redis refused %s: %.120s",
			 names[which->command], error);
	} else if (which->command == COMMAND_PUBLISH && integer >= 0) {
		s->health.receivers = (uint64_t)integer;
	}
}

/* Counts what was answered and keeps the rest, in order. */
static void settle(struct redis_sink *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->count; i++) {
		struct waiting *w = &s->batch[i];
		if (w->open) {
			s->batch[kept++] = *w;
			continue;
		}
		if (w->is_refused)
			s->health.failed++;
		else
			s->health.sent++;
		free(w->json);
	}
	s->count = kept;
}

static void note_error(struct redis_sink *s, const char *why)
{
	str_copy(s->health.error, sizeof(s->health.error), why);
}

/* Everything unanswered goes out once on the connection that there is. */
static int send_batch(struct redis_sink *s)
{
	char why[256] = "";
	int err = 0;

	s->sent_count = 0;
	for (size_t i = 0; i < s->count; i++) {
		for (unsigned c = 0; c < COMMAND__COUNT && err == 0; c++) {
			if (!(s->batch[i].open & 1u << c))
				continue;
			err = send_command(s, &s->batch[i], c);
			if (err == 0)
				s->sent[s->sent_count++] = (struct sent){ (uint8_t)i, (uint8_t)c };
		}
	}
	int flush_err = redis_flush(s->conn, on_answer, s, why, sizeof(why));
	settle(s);
	if (flush_err == 0 && err == 0)
		return 0;
	if (why[0])
		note_error(s, why);
	redis_close(s->conn);
	s->conn = NULL;
	return -EXF_E_IO;
}

/* At most a tenth of the time goes into waiting for a Redis that does not answer. */
static int try_reconnect(struct redis_sink *s)
{
	char why[256] = "";
	uint64_t start_ns = monotonic_ns();

	if (start_ns < s->retry_ns)
		return -EXF_E_IO;
	int err = reconnect(s, why, sizeof(why));
	if (err < 0) {
		uint64_t end_ns = monotonic_ns();
		s->retry_ns = end_ns + (end_ns - start_ns) * WAIT_FACTOR;
		note_error(s, why);
	}
	return err;
}

static int sink_redis_flush(void *sink)
{
	struct redis_sink *s = sink;
	bool was_connected = s->conn != NULL;

	if (s->count == 0)
		return 0;
	if (was_connected && send_batch(s) == 0)
		return 0;
	if (try_reconnect(s) < 0)
		return -EXF_E_IO;
	return send_batch(s);
}

static int sink_redis_put(void *sink, const struct alert *a, const char *json, size_t len)
{
	struct redis_sink *s = sink;

	if (s->count == BATCH && sink_redis_flush(s) < 0 && s->count == BATCH) {
		s->health.failed++;
		return -EXF_E_IO;
	}
	struct waiting w = { .json = malloc(len + 1), .len = len, .open = s->commands };
	if (!w.json) {
		s->health.failed++;
		note_error(s, exf_strerror(EXF_E_NOMEM));
		return -EXF_E_NOMEM;
	}
	memcpy(w.json, json, len);
	w.json[len] = '\0';
	str_copy(w.event_id, sizeof(w.event_id), a->event_id);
	snprintf(w.severity, sizeof(w.severity), "%u", (unsigned)a->finding.severity & 0xff);
	s->batch[s->count++] = w;
	if (s->count == BATCH)
		(void)sink_redis_flush(s); /* if it fails, the alert is still held */
	return 0;
}

static void sink_redis_health(const void *sink, struct sink_health *ret)
{
	const struct redis_sink *s = sink;
	*ret = s->health;
	ret->waiting = s->count;
}

static void sink_redis_close(void *sink)
{
	struct redis_sink *s = sink;
	if (!s)
		return;
	(void)sink_redis_flush(s);
	redis_sink_free(s);
}

const struct sink_type sink_redis = {
	.name = "redis",
	.open = sink_redis_open,
	.put = sink_redis_put,
	.flush = sink_redis_flush,
	.health = sink_redis_health,
	.close = sink_redis_close,
};
