/*
 * engine/decisions.c - see decisions.h.
 */
#include "decisions.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/json.h"
#include "exfild/base/str.h"

#define NS_PER_S 1000000000ull

struct decisions {
	pthread_mutex_t lock;
	char sensor[64];
	size_t first, count;
	uint64_t lost;
	char lines[DECISIONS_WAITING][DECISION_LINE];
};

struct decisions *decisions_new(const char *sensor)
{
	struct decisions *d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	pthread_mutex_init(&d->lock, NULL);
	(void)str_copy(d->sensor, sizeof(d->sensor), sensor);
	return d;
}

void decisions_free(struct decisions *d)
{
	if (!d)
		return;
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static const char *word_of(const struct enforcer_note *n)
{
	static const char *const words[QUARANTINE_ACT__COUNT] = {
		[QUARANTINE_ACT_ADDED] = "made",
		[QUARANTINE_ACT_EXTENDED] = "extended",
		[QUARANTINE_ACT_RELEASED] = "released",
		[QUARANTINE_ACT_EXPIRED] = "expired",
		[QUARANTINE_ACT_REFUSED] = "refused",
		[QUARANTINE_ACT_OFF] = "off",
		[QUARANTINE_ACT_ON] = "on",
		[QUARANTINE_ACT_RESTORED] = "restored",
		[QUARANTINE_ACT_STOPPED] = "stopped",
	};
	if (n->kind == ENFORCER_FAILED)
		return "failed";
	return n->act.kind < QUARANTINE_ACT__COUNT ? words[n->act.kind] : "unknown";
}

static void put_target(struct json *j, const struct quarantine_entry *e)
{
	static const struct ipaddr none;
	if (ipaddr_equal(&e->host, &none))
		return; /* it is about all */
	json_string(j, "kind", quarantine_kind_name(e->kind));
	json_ip(j, "host", &e->host);
	if (e->kind == QUARANTINE_PAIR)
		json_ip(j, "peer", &e->peer);
}

static void put_text(struct json *j, const char *key, const char *text)
{
	if (text[0])
		json_string(j, key, text);
}

void decision_line(const struct enforcer_note *n, const char *sensor, char dst[DECISION_LINE])
{
	const struct quarantine_entry *e = &n->act.entry;
	struct buf out;
	buf_init(&out, DECISION_LINE - 1);
	struct json j = json_make(&out);
	json_open_object(&j, NULL);
	json_time(&j, "time", (n->act.at_s ? n->act.at_s : (uint64_t)time(NULL)) * NS_PER_S);
	json_string(&j, "sensor", sensor);
	json_string(&j, "decision", word_of(n));
	if (n->kind == ENFORCER_ACT) {
		json_uint(&j, "act", n->act.number);
		json_string(&j, "mode", quarantine_mode_name(n->act.mode));
		json_bool(&j, "dry_run", n->act.mode != QUARANTINE_MODE_ENFORCE);
	}
	put_target(&j, e);
	if (e->until_s)
		json_time(&j, "until", e->until_s * NS_PER_S);
	put_text(&j, "rule", e->rule);
	put_text(&j, "alert_id", e->alert);
	put_text(&j, "reason", e->reason);
	if (n->act.status)
		json_string(&j, "status", quarantine_status_name(n->act.status));
	put_text(&j, "text", n->text);
	json_close_object(&j);
	size_t len = out.full ? 0 : out.len;
	if (len)
		memcpy(dst, out.data, len);
	dst[len] = '\0';
	buf_deinit(&out);
}

void decisions_put(struct decisions *d, const struct enforcer_note *note)
{
	char line[DECISION_LINE];
	if (!d)
		return;
	decision_line(note, d->sensor, line);
	pthread_mutex_lock(&d->lock);
	if (line[0] && d->count < DECISIONS_WAITING)
		memcpy(d->lines[(d->first + d->count++) % DECISIONS_WAITING], line, sizeof(line));
	else
		d->lost++;
	pthread_mutex_unlock(&d->lock);
}

bool decisions_take(struct decisions *d, char dst[DECISION_LINE])
{
	pthread_mutex_lock(&d->lock);
	bool any = d->count > 0;
	if (any) {
		memcpy(dst, d->lines[d->first], DECISION_LINE);
		d->first = (d->first + 1) % DECISIONS_WAITING;
		d->count--;
	}
	pthread_mutex_unlock(&d->lock);
	return any;
}

void decisions_lose(struct decisions *d)
{
	pthread_mutex_lock(&d->lock);
	d->lost++;
	pthread_mutex_unlock(&d->lock);
}

uint64_t decisions_lost(struct decisions *d)
{
	pthread_mutex_lock(&d->lock);
	uint64_t lost = d->lost;
	pthread_mutex_unlock(&d->lock);
	return lost;
}
