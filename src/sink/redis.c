/*
 * sink/redis.c - alerts to Redis (design section 8), each under the prefix:
 *
 *   PUBLISH alerts JSON                                       for a SIEM that subscribes
 *   XADD alerts MAXLEN ~ N * id EVENT_ID severity N alert JSON     durable
 *   RPUSH alerts:list JSON, LTRIM alerts:list -N -1           for shippers that pop
 *
 * What a call gives goes out as one transaction: whatever Redis answers, either all of it has
 * happened or, when the connection broke, it goes out again (a reader drops the second copy by
 * event.id), and the order stays.  Of commands that the data refuses (the key is of another type)
 * the others are not repeated.  Where servers may change (Sentinel), WAIT says how far a replica
 * has come; what no replica has goes again when another server answers.
 */
#include "exfild/bus/redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/bus/wire.h"
#include "exfild/sink/sink.h"
#include "redis_beat.h"
#include "redis_parts.h"

#define WAIT_MS     "500"
#define REWIND_MOST 1000
#define HOPS        4 /* MOVED and ASK in a row */

extern const struct sink_type sink_redis;

static const char *const names[COMMAND__COUNT] = { "PUBLISH", "XADD", "RPUSH", "LTRIM" };

/* --- the connection ---------------------------------------------------------------------- */

static void note_error(struct redis_sink *s, const char *why)
{
	(void)str_copy(s->health.error, sizeof(s->health.error), why);
}

static void disconnect(struct redis_sink *s)
{
	redis_close(s->conn);
	s->conn = NULL;
}

/* Another server may lack the last that were sent to the one before. */
static void compare_place(struct redis_sink *s)
{
	const char *where = redis_where(s->conn);
	uint64_t done = s->done[COMMAND_XADD] ? s->done[COMMAND_XADD] : s->done[COMMAND_RPUSH];
	bool has_changed = s->where[0] && strcmp(s->where, where) != 0;
	(void)str_copy(s->where, sizeof(s->where), where);
	if (!has_changed || !s->sentinel_count || !done)
		return;
	uint64_t from = s->confirmed + 1;
	if (done - s->confirmed > REWIND_MOST)
		from = done - REWIND_MOST + 1;
	if (from <= done) {
		s->rewind_to = from;
		for (unsigned c = 0; c < COMMAND__COUNT; c++)
			s->done[c] = from - 1;
	}
}

static int connect_now(struct redis_sink *s, char *why, size_t size)
{
	struct redis_options o = { .url = s->url,
				   .username = s->username,
				   .password = s->password,
				   .ca_file = s->ca_file,
				   .sentinels = (const char *const *)(uintptr_t)s->sentinels,
				   .sentinel_count = s->sentinel_count,
				   .sentinel_name = s->sentinel_name,
				   .at = s->at[0] ? s->at : NULL,
				   .stop = s->stop };
	int err = redis_connect(&o, &s->conn, why, size);
	if (err) {
		s->conn = NULL;
		s->at[0] = '\0'; /* that node may be gone: ask the one that is configured */
		s->is_asking = false;
		return err;
	}
	s->health.connects++;
	compare_place(s);
	return 0;
}

/* --- opening ----------------------------------------------------------------------------- */

static int check(struct redis_sink *s, int err, bool may_wait, char *why, size_t size)
{
	if (err < 0) {
		snprintf(why, size, "%s",
			 err == -EXF_E_RANGE ? "redis.prefix is longer than 150 bytes" :
					       exf_strerror(err));
		return err;
	}
	if (!s->url && !s->sentinel_count) {
		snprintf(why, size, "redis.url is missing: redis://127.0.0.1:6379/0");
		return -EXF_E_INVALID;
	}
	if (!s->commands) {
		snprintf(why, size,
			 "redis.channel, redis.stream and redis.list are all off: turn one on");
		return -EXF_E_INVALID;
	}
	return may_wait ? 0 : connect_now(s, why, size);
}

static int sink_redis_open(const struct sink_options *o, void **ret, char *ret_why, size_t why_size)
{
	struct redis_sink *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(ret_why, why_size, "%s", exf_strerror(EXF_E_NOMEM));
		return -EXF_E_NOMEM;
	}
	int err = check(s, redis_sink_options(s, o), o->may_wait, ret_why, why_size);
	if (err < 0) {
		redis_sink_free(s);
		return err;
	}
	*ret = s;
	return 0;
}

/* --- a transaction ----------------------------------------------------------------------- */

static int send_words(struct redis_sink *s, size_t n, const char *const *argv)
{
	size_t lens[REDIS_ARGS_MAX];
	for (size_t i = 0; i < n; i++)
		lens[i] = strlen(argv[i]);
	return redis_send(s->conn, n, argv, lens);
}

static int send_command(struct redis_sink *s, const struct record *r, unsigned command)
{
	const char *json = r->text[RECORD_JSON].data;
	char severity[12];
	const char *argv[12];
	size_t lens[12], n = 0;

	if (command == COMMAND_LTRIM) {
		const char *const trim[] = { "LTRIM", s->list_key, s->trim_from, "-1" };
		return send_words(s, 4, trim);
	}
	argv[n++] = names[command];
	argv[n++] = command == COMMAND_PUBLISH ? s->channel :
		    command == COMMAND_RPUSH   ? s->list_key :
						 s->key;
	if (command == COMMAND_XADD) {
		snprintf(severity, sizeof(severity), "%u", r->severity);
		const char *const fields[] = { "MAXLEN",   "~",      s->maxlen,
					       "*",        "id",     r->text[RECORD_EVENT_ID].data,
					       "severity", severity, "alert" };
		memcpy(argv + n, fields, sizeof(fields));
		n += sizeof(fields) / sizeof(fields[0]);
	}
	for (size_t i = 0; i < n; i++)
		lens[i] = strlen(argv[i]);
	argv[n] = json;
	lens[n++] = r->text[RECORD_JSON].len;
	return redis_send(s->conn, n, argv, lens);
}

static bool note_sent(struct redis_sink *s, size_t record, unsigned command)
{
	if (s->sent_count == s->sent_room) {
		size_t room = s->sent_room ? s->sent_room * 2 : 256;
		struct sent *more = realloc(s->sent, room * sizeof(*more));
		if (!more)
			return false;
		s->sent = more;
		s->sent_room = room;
	}
	s->sent[s->sent_count++] = (struct sent){ (uint16_t)record, (uint16_t)command };
	return true;
}

/* What each record still needs; one LTRIM at the end will do. */
static int send_all(struct redis_sink *s, size_t count)
{
	static const char *const asking[] = { "ASKING" };
	bool has_pushed = false;
	s->sent_count = 0;
	int err = s->is_asking ? send_words(s, 1, asking) : 0;
	if (!err)
		err = redis_begin(s->conn);
	for (size_t i = 0; i < count && !err; i++)
		for (unsigned c = 0; c < COMMAND_LTRIM && !err; c++) {
			if (!(s->commands & 1u << c) || s->done[c] >= s->list[i]->number)
				continue;
			err = send_command(s, s->list[i], c);
			if (!err && !note_sent(s, i, c))
				err = -EXF_E_NOMEM;
			has_pushed = has_pushed || c == COMMAND_RPUSH;
		}
	if (!err && has_pushed)
		err = send_command(s, s->list[count - 1], COMMAND_LTRIM);
	if (!err && has_pushed && !note_sent(s, count - 1, COMMAND_LTRIM))
		err = -EXF_E_NOMEM;
	return err;
}

/* The kind that says most about what to do. */
static void note_refusal(struct redis_sink *s, const struct sent *which, const char *error)
{
	enum redis_error kind = redis_error_of(error);
	uint64_t number = s->list[which->record]->number;
	unsigned c = which->command == COMMAND_LTRIM ? COMMAND_RPUSH : which->command;
	s->health.refusals += kind != REDIS_ERROR_ABORT;
	s->stays = s->stays || (kind == REDIS_ERROR_ABORT && which->command != COMMAND_PUBLISH);
	if (!s->first_refused[c])
		s->first_refused[c] = number;
	if (s->worst != REDIS_ERROR_NONE && s->worst != REDIS_ERROR_ABORT)
		return;
	s->worst = kind;
	snprintf(s->answer, sizeof(s->answer), "%s", error);
	snprintf(s->health.error, sizeof(s->health.error), "Redis refused %s: %.120s",
		 names[which->command], error);
}

static void note_heard(struct redis_sink *s, uint64_t receivers)
{
	uint64_t now_ns = wire_now_ns();
	s->health.receivers = receivers;
	if (receivers || !s->heard_ns)
		s->heard_ns = now_ns;
	s->health.unheard_s = (now_ns - s->heard_ns) / 1000000000ull;
}

static void on_answer(void *arg, size_t i, int64_t integer, const char *error)
{
	struct redis_sink *s = arg;
	if (i >= s->sent_count)
		return;
	if (error)
		note_refusal(s, &s->sent[i], error);
	else if (s->sent[i].command == COMMAND_PUBLISH && integer >= 0)
		note_heard(s, (uint64_t)integer);
}

/* How far every kind has come; how many of the records are done with. */
static size_t settle(struct redis_sink *s, size_t count)
{
	uint64_t least = s->list[count - 1]->number;
	size_t taken = 0;
	for (unsigned c = 0; c < COMMAND_LTRIM; c++) {
		uint64_t to =
			s->first_refused[c] ? s->first_refused[c] - 1 : s->list[count - 1]->number;
		if (!(s->commands & 1u << c))
			continue;
		if (to > s->done[c])
			s->done[c] = to;
		if (s->done[c] < least)
			least = s->done[c];
	}
	while (taken < count && s->list[taken]->number <= least)
		taken++;
	return taken;
}

/*
 * What an error answer asks for; true: try again at once, elsewhere.
 * ASK while a slot moves: the keys go one after the other.  Where one is here yet and another there
 * already, neither node can do the whole: written there, a key would begin anew and stand in the
 * way of the one that comes.  So it is tried again, as TRYAGAIN asks for.
 */
static bool act_on(struct redis_sink *s)
{
	if (s->worst == REDIS_ERROR_ASK && s->stays)
		return false;
	switch (s->worst) {
	case REDIS_ERROR_ASK:
	case REDIS_ERROR_MOVED:
		s->is_asking = s->worst == REDIS_ERROR_ASK;
		disconnect(s);
		return redis_error_place(s->answer, s->at, sizeof(s->at));
	case REDIS_ERROR_OTHER:
		s->at[0] = '\0';
		disconnect(s); /* find the one that is the master now */
		return false;
	case REDIS_ERROR_RIGHT:
		disconnect(s); /* rights and passwords are looked at when one logs in */
		return false;
	default:
		return false;
	}
}

/* How far a replica has come, where there may be another server soon. */
static void confirm(struct redis_sink *s)
{
	const char *const argv[] = { "WAIT", "1", WAIT_MS };
	char texts[1][128];
	if (!s->sentinel_count || !s->conn)
		return;
	if (redis_ask(s->conn, 3, argv, texts, 1) == 1 && strcmp(texts[0], "0") != 0)
		s->confirmed = s->done[COMMAND_XADD] > s->done[COMMAND_RPUSH] ?
				       s->done[COMMAND_XADD] :
				       s->done[COMMAND_RPUSH];
}

static size_t transact(struct redis_sink *s, size_t count)
{
	char why[256] = "";
	memset(s->first_refused, 0, sizeof(s->first_refused));
	s->worst = REDIS_ERROR_NONE;
	s->stays = false;
	int err = send_all(s, count);
	if (!err)
		err = redis_commit(s->conn, on_answer, s, why, sizeof(why));
	if (err) {
		note_error(s, why[0] ? why : exf_strerror(err));
		disconnect(s);
		return 0;
	}
	return settle(s, count);
}

static size_t sink_redis_put(void *sink, struct record *const *list, size_t count)
{
	struct redis_sink *s = sink;
	char why[256] = "";
	size_t taken = 0;
	bool again = true;
	s->list = list;
	for (unsigned hops = 0; again && hops < HOPS; hops++) {
		again = false;
		if (!s->conn && connect_now(s, why, sizeof(why))) {
			note_error(s, why);
			break;
		}
		if (s->rewind_to)
			break; /* earlier ones come first */
		taken = transact(s, count);
		if (s->worst != REDIS_ERROR_NONE)
			again = act_on(s);
	}
	s->list = NULL;
	s->health.sent += taken;
	if (taken == count) {
		s->health.error[0] = '\0';
		confirm(s);
	}
	if (s->is_asking && s->conn) { /* for this once */
		s->is_asking = false;
		s->at[0] = '\0';
		disconnect(s);
	}
	return taken;
}

static uint64_t sink_redis_rewind(void *sink)
{
	struct redis_sink *s = sink;
	uint64_t from = s->rewind_to;
	s->rewind_to = 0;
	return from;
}

/* --- the heartbeat ----------------------------------------------------------------------- */

static void on_beat_answer(void *arg, size_t i, int64_t integer, const char *error)
{
	struct redis_sink *s = arg;
	(void)i;
	(void)integer;
	s->health.refusals += error != NULL;
	if (error)
		snprintf(s->health.error, sizeof(s->health.error),
			 "Redis refused the heartbeat: %.110s", error);
}

static bool sink_redis_beat(void *sink, const struct sink_beat *b)
{
	struct redis_sink *s = sink;
	char why[256] = "";
	if (!s->conn && connect_now(s, why, sizeof(why))) {
		note_error(s, why);
		return false;
	}
	int err = redis_beat_send(s->conn, s->beat_key, s->beat_channel, b);
	if (!err)
		err = redis_flush(s->conn, on_beat_answer, s, why, sizeof(why));
	if (err) {
		note_error(s, why[0] ? why : exf_strerror(err));
		disconnect(s);
	}
	return !err;
}

static void sink_redis_health(const void *sink, struct sink_health *ret)
{
	*ret = ((const struct redis_sink *)sink)->health;
}

static void sink_redis_close(void *sink)
{
	if (sink)
		redis_sink_free(sink);
}

const struct sink_type sink_redis = {
	.name = "redis",
	.open = sink_redis_open,
	.put = sink_redis_put,
	.beat = sink_redis_beat,
	.rewind = sink_redis_rewind,
	.health = sink_redis_health,
	.close = sink_redis_close,
};
