/*
 * engine/intake.c - see intake.h.
 *
 * A message is done before the place behind it is saved: one that was read when the process ended
 * comes again, and none is lost.
 */
#include "intake.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "exfild/bus/redis.h"
#include "exfild/bus/stream.h"
#include "exfild/inbox/seal.h"
#include "intake_kinds.h"
#include "secret.h"

#define WAIT_MS     250 /* for new entries */
#define PAUSE_MS    100 /* after a lost connection, doubling */
#define PAUSE_MAX   5000
#define SAY_AGAIN_S 60 /* between two log lines about refused messages of a stream */
#define FILE_NAME   "messages.txt"

struct stream {
	const struct intake_kind *kind;
	struct snap_stream counts;
	uint64_t refused_before; /* that have been told */
	uint64_t said_s;
	char why[200]; /* of the last that was refused */
};

struct intake {
	struct intake_options o;
	char password[256], at[300], path[512], channel[200];
	struct seal *seal;
	struct stream streams[SNAP_STREAMS];
	struct redis_place places[SNAP_STREAMS];
	size_t count;
	size_t first; /* of those that are being read */
	struct redis_conn *conn;
	struct snap_signed told;
	bool has_news;  /* since it was saved */
	bool is_narrow; /* something is too large: each stream and entry for itself */
	bool has_said;  /* that it cannot connect */
	unsigned pause_ms;
	pthread_t thread;
	atomic_bool stop;
};

static uint64_t wall_s(void)
{
	return (uint64_t)time(NULL);
}

/* --- what comes ------------------------------------------------------------------------------ */

static void count_verdict(struct snap_stream *k, enum seal_verdict v)
{
	uint64_t *const fields[SEAL_VERDICT__COUNT] = {
		[SEAL_MALFORMED] = &k->malformed, [SEAL_OVERSIZED] = &k->oversized,
		[SEAL_FORGED] = &k->forged,       [SEAL_STALE] = &k->stale,
		[SEAL_REPLAYED] = &k->replayed,   [SEAL_FULL] = &k->refused,
	};
	if (fields[v])
		++*fields[v];
}

static void refuse(struct stream *s, const char *id, const char *verdict, const char *why)
{
	(void)snprintf(s->why, sizeof(s->why), "%s%s%s (entry %.40s)", verdict, *why ? ": " : "",
		       why, id);
}

static void take_entry(void *arg, const struct redis_entry *e)
{
	struct intake *i = arg;
	struct stream *s = &i->streams[i->first + e->stream];
	struct redis_text body;
	char why[160] = "";
	enum seal_verdict v = seal_check(i->seal, s->kind->name, e, wall_s(), &body);
	i->has_news = true;
	if (v != SEAL_GOOD) {
		count_verdict(&s->counts, v);
		refuse(s, e->id, seal_verdict_name(v), "");
		return;
	}
	const struct intake_job job = { .o = &i->o, .stop = &i->stop };
	int err = s->kind->take(&job, &body, why, sizeof(why));
	if (err == -EXF_E_INVALID)
		s->counts.malformed++;
	else if (err)
		s->counts.refused++;
	else
		s->counts.taken++;
	if (err)
		refuse(s, e->id, err == -EXF_E_INVALID ? "malformed" : "not done",
		       *why ? why : exf_strerror(-err));
}

static uint64_t refused_of(const struct snap_stream *k)
{
	return k->forged + k->stale + k->replayed + k->oversized + k->malformed + k->refused;
}

/* What was refused: an alert, summed up there, and now and then a line. */
static void tell_refused(struct intake *i)
{
	for (size_t n = 0; n < i->count; n++) {
		struct stream *s = &i->streams[n];
		uint64_t all = refused_of(&s->counts), fresh = all - s->refused_before;
		if (!fresh)
			continue;
		s->refused_before = all;
		analysis_tell_sensor(i->o.analysis, SENSOR_MESSAGE, s->kind->name, fresh, 0, "%s",
				     s->why);
		if (s->said_s && wall_s() - s->said_s < SAY_AGAIN_S)
			continue;
		s->said_s = wall_s();
		log_warnx("messages",
			  "%s: refused: %s; so far forged %" PRIu64 ", stale %" PRIu64
			  ", replayed %" PRIu64 ", oversized %" PRIu64 ", malformed %" PRIu64
			  ", not done %" PRIu64,
			  s->kind->name, s->why, s->counts.forged, s->counts.stale,
			  s->counts.replayed, s->counts.oversized, s->counts.malformed,
			  s->counts.refused);
	}
}

static void tell(struct intake *i, const char *error)
{
	i->told.is_connected = i->conn != NULL;
	if (error)
		(void)str_copy(i->told.error, sizeof(i->told.error), error);
	for (size_t n = 0; n < i->count; n++)
		i->told.streams[n] = i->streams[n].counts;
	i->told.count = (uint32_t)i->count;
	i->told.decisions_lost = i->o.decisions ? decisions_lost(i->o.decisions) : 0;
	publisher_signed(i->o.publisher, &i->told);
}

static void save(struct intake *i)
{
	if (!i->has_news || !i->path[0])
		return;
	i->has_news = false;
	if (seal_save(i->seal, i->path, i->places, i->count, wall_s()) != 0)
		log_warnx("messages",
			  "%s: %s: after a restart, messages of the last %" PRIu64 " s "
			  "could pass again",
			  i->path, strerror(errno), i->o.config->redis.signed_window_s);
}

/* --- the connection -------------------------------------------------------------------------- */

static void rest(struct intake *i)
{
	const struct timespec slice = { .tv_nsec = 50 * 1000000l };
	for (unsigned ms = 0; ms < i->pause_ms && !atomic_load(&i->stop); ms += 50)
		(void)nanosleep(&slice, NULL);
	i->pause_ms = i->pause_ms * 2 < PAUSE_MAX ? i->pause_ms * 2 : PAUSE_MAX;
}

/* Before the window nothing can be good; an id from far ahead would hide all that comes. */
static void mend_places(struct intake *i)
{
	uint64_t now_ms = wall_s() * 1000, window_ms = i->o.config->redis.signed_window_s * 1000;
	for (size_t n = 0; n < i->count; n++) {
		struct redis_place *p = &i->places[n];
		uint64_t ms = 0, number = 0;
		bool is_known = redis_stream_id(p->last, &ms, &number) && ms;
		if (!is_known || ms > now_ms + window_ms)
			(void)snprintf(p->last, sizeof(p->last), "%" PRIu64 "-0",
				       now_ms - window_ms);
	}
}

static bool connect_now(struct intake *i)
{
	const struct config *c = i->o.config;
	char why[300] = "";
	struct redis_options o = { .url = c->redis.url,
				   .username = *c->redis.username ? c->redis.username : NULL,
				   .password = i->password[0] ? i->password : NULL,
				   .ca_file = c->redis.ca_file,
				   .sentinels = c->redis.sentinels,
				   .sentinel_count = c->redis.sentinel_count,
				   .sentinel_name = c->redis.sentinel_name,
				   .at = i->at[0] ? i->at : NULL,
				   .stop = &i->stop };
	mend_places(i);
	if (redis_connect(&o, &i->conn, why, sizeof(why)) == 0) {
		i->told.error[0] = '\0';
		if (i->has_said)
			log_info("messages", "%s: connected again", redis_where(i->conn));
		i->has_said = false;
		return true;
	}
	i->conn = NULL;
	i->at[0] = '\0';
	if (!i->has_said && !atomic_load(&i->stop))
		log_warnx("messages", "no messages are read: %s", why);
	i->has_said = true;
	tell(i, why);
	return false;
}

static void disconnect(struct intake *i, const char *why)
{
	redis_close(i->conn);
	i->conn = NULL;
	tell(i, why);
	if (!i->has_said && !atomic_load(&i->stop))
		log_warnx("messages", "no messages are read: %s", why);
	i->has_said = true;
}

/* Redis refuses to read: it may name another server, else somebody has to mend its rights. */
static void take_refusal(struct intake *i, const char *why)
{
	if (!redis_error_place(why, i->at, sizeof(i->at)))
		i->at[0] = '\0';
	disconnect(i, why);
}

/* Each stream alone and entry by entry, until nothing is left that is too large. */
static int read_narrow(struct intake *i, char *why, size_t size)
{
	int taken = 0;
	for (size_t n = 0; n < i->count; n++) {
		i->first = n;
		const struct redis_reading one = { &i->places[n], 1, 1, 0 };
		int got = redis_stream_read(i->conn, &one, take_entry, i, why, size);
		i->first = 0;
		if (got == -EXF_E_LIMIT) {
			char id[sizeof(i->places[n].last)];
			(void)str_copy(id, sizeof(id), i->places[n].last);
			i->streams[n].counts.oversized++;
			refuse(&i->streams[n], id, "oversized", "");
			i->has_news = true;
		}
		if (got < 0)
			return got;
		taken += got;
	}
	i->is_narrow = taken > 0;
	return taken;
}

static void count_publish(void *arg, size_t n, int64_t integer, const char *error)
{
	struct intake *i = arg;
	(void)n;
	(void)integer;
	if (!error)
		return;
	decisions_lose(i->o.decisions);
	if (!i->has_said)
		log_warnx("messages", "a decision was not published: %s", error);
	i->has_said = true;
}

/* What the responder has decided; a channel promises nothing, so what is lost is counted. */
static void publish_decisions(struct intake *i)
{
	char line[DECISION_LINE], why[300];
	while (i->conn && i->o.decisions && decisions_take(i->o.decisions, line)) {
		const char *argv[] = { "PUBLISH", i->channel, line };
		const size_t lens[] = { 7, strlen(i->channel), strlen(line) };
		if (redis_send(i->conn, 3, argv, lens) == 0 &&
		    redis_flush(i->conn, count_publish, i, why, sizeof(why)) == 0)
			continue;
		decisions_lose(i->o.decisions);
		disconnect(i, why);
	}
}

/* Nothing to read: decisions alone. */
static void wait_a_moment(void)
{
	const struct timespec pause = { .tv_nsec = WAIT_MS / 2 * 1000000l };
	(void)nanosleep(&pause, NULL);
}

static void read_once(struct intake *i)
{
	char why[300] = "";
	publish_decisions(i);
	if (!i->conn)
		return;
	if (!i->count) {
		wait_a_moment();
		i->pause_ms = PAUSE_MS;
		return;
	}
	const struct redis_reading all = { i->places, i->count, STREAM_COUNT, WAIT_MS };
	int got = i->is_narrow ? read_narrow(i, why, sizeof(why)) :
				 redis_stream_read(i->conn, &all, take_entry, i, why, sizeof(why));
	if (got == -EXF_E_LIMIT) {
		i->is_narrow = true;
		redis_close(i->conn);
		i->conn = NULL;
	} else if (got == -EXF_E_UNSUPPORTED) {
		take_refusal(i, why);
	} else if (got < 0) {
		disconnect(i, why);
	} else {
		i->pause_ms = PAUSE_MS;
	}
}

static void *run(void *arg)
{
	struct intake *i = arg;
	uint64_t told_s = 0;
	while (!atomic_load(&i->stop)) {
		if (!i->conn && !connect_now(i)) {
			rest(i);
			continue;
		}
		read_once(i);
		save(i);
		tell_refused(i);
		if (wall_s() != told_s)
			tell(i, NULL);
		told_s = wall_s();
		if (!i->conn)
			rest(i);
	}
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------ */

/* As the sink names its own keys: in a Cluster they share one hash tag. */
static void set_key(const struct config *c, const char *name, struct redis_place *p)
{
	const char *prefix = c->redis.prefix;
	size_t len = strlen(prefix);
	bool has_colon = len && prefix[len - 1] == ':';
	if (c->redis.cluster && len && !strchr(prefix, '{'))
		(void)snprintf(p->key, sizeof(p->key), "{%.*s}%s%s", (int)(len - has_colon), prefix,
			       has_colon ? ":" : "", name);
	else
		(void)snprintf(p->key, sizeof(p->key), "%s%s", prefix, name);
	(void)str_copy(p->last, sizeof(p->last), "0-0");
}

static void choose(struct intake *i)
{
	const struct config *c = i->o.config;
	for (const struct intake_kind *k = intake_kinds; k->name; k++) {
		if (!k->is_on(c))
			continue;
		struct stream *s = &i->streams[i->count];
		s->kind = k;
		(void)str_copy(s->counts.name, sizeof(s->counts.name), k->name);
		set_key(c, k->name, &i->places[i->count++]);
	}
}

static int complain(char *why, size_t size, const char *text)
{
	(void)snprintf(why, size, "redis.signed: %s", text);
	return -EXF_E_INVALID;
}

static int make_seal(struct intake *i, char *why, size_t size)
{
	const struct config *c = i->o.config;
	char path[4096], key[SEAL_KEY_MAX + 2] = "", text[400] = "";
	if (!*c->redis.url && !c->redis.sentinel_count)
		return complain(why, size, "messages need redis.url");
	if (!secret_path("redis-signed-key", c->redis.signed_key_file, path, sizeof(path)) ||
	    !path[0])
		return complain(why, size,
				"messages need key_file: openssl rand -hex 32 > FILE makes one");
	int err = seal_read_key(path, key, sizeof(key), text, sizeof(text));
	if (err) {
		(void)complain(why, size, text);
		return err;
	}
	err = seal_new(key, c->redis.signed_window_s, &i->seal);
	explicit_bzero(key, sizeof(key));
	return err;
}

static void intake_free(struct intake *i)
{
	redis_close(i->conn);
	seal_free(i->seal);
	explicit_bzero(i->password, sizeof(i->password));
	free(i);
}

bool intake_wants_decisions(const struct config *c)
{
	bool has_redis = *c->redis.url || c->redis.sentinel_count;
	return has_redis && c->redis.decisions && strcmp(c->quarantine.mode, "off") != 0;
}

int intake_start(const struct intake_options *o, struct intake **ret, char *why, size_t size)
{
	struct intake *i = calloc(1, sizeof(*i));
	*ret = NULL;
	if (!i)
		return -EXF_E_NOMEM;
	i->o = *o;
	i->pause_ms = PAUSE_MS;
	choose(i);
	(void)snprintf(i->channel, sizeof(i->channel), "%.150squarantine", o->config->redis.prefix);
	if (!i->count && !o->decisions) {
		free(i);
		return 0;
	}
	int err = i->count ? make_seal(i, why, size) : 0;
	if (!err)
		err = secret_redis_password(o->config, i->password, sizeof(i->password), why, size);
	const char *folder = o->config->state.directory;
	if (!err && *folder && i->count)
		(void)snprintf(i->path, sizeof(i->path), "%.480s/" FILE_NAME, folder);
	if (!err && i->path[0])
		seal_load(i->seal, i->path, i->places, i->count);
	if (!err && pthread_create(&i->thread, NULL, run, i) != 0)
		err = -EXF_E_NOMEM;
	if (err) {
		intake_free(i);
		return err;
	}
	*ret = i;
	return 0;
}

void intake_stop(struct intake *i)
{
	if (!i)
		return;
	atomic_store(&i->stop, true);
	(void)pthread_join(i->thread, NULL);
	intake_free(i);
}
