/*
 * engine/annals.c - see annals.h.
 */
#include "annals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "exfild/control/snapshot.h"
#include "exfild/store/ledger.h"

#define FOLDER     "ledger"
#define PATH_BYTES 4352
#define TEXT_BYTES 256         /* of a sentence; six times that if each byte is escaped */
#define PRINTED    (64u << 20) /* as long as a configuration may be */
#define MINUTE_S   60u
#define HOUR_S     3600u

struct unseen { /* in a stretch of time */
	uint64_t from_s;
	uint64_t dropped, unheard, away_s;
};

struct annals {
	struct ledger *ledger;
	/* of who watches */
	struct unseen minute, hour;
	uint64_t frames, bytes; /* in this hour */
	uint64_t frames_seen, bytes_seen, drops_seen, refused_seen;
};

static uint64_t wall_s(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec;
}

static void put_text(struct json *j, const char *key, const char *text)
{
	json_string_len(j, key, text, strnlen(text, TEXT_BYTES));
}

struct annals *annals_open(const struct options *o, const struct config *c, uint64_t max_bytes)
{
	char path[PATH_BYTES], why[PATH_BYTES + 256];
	const char *folder = o->state_path ? o->state_path : c->state.directory;
	struct annals *a = *folder ? calloc(1, sizeof(*a)) : NULL;
	int n = snprintf(path, sizeof(path), "%s/" FOLDER, folder);
	const struct ledger_options l = { .directory = path, .max_bytes = max_bytes };
	if (!a || n < 0 || (size_t)n >= sizeof(path)) {
		free(a);
		return NULL;
	}
	if (ledger_open(&l, &a->ledger, why, sizeof(why)) == 0)
		return a;
	log_errorx("ledger", "%s: exfild goes on, and keeps no ledger", why);
	free(a);
	return NULL;
}

void annals_close(struct annals *a)
{
	if (!a)
		return;
	ledger_close(a->ledger);
	free(a);
}

void annals_snapshot(const struct annals *a, struct snap_book *ret)
{
	struct ledger_stats stats;
	if (!a)
		return;
	ledger_stats(a->ledger, &stats);
	ret->is_kept = true;
	ret->is_failing = stats.is_failing;
	ret->written = stats.number;
	ret->lost = stats.lost;
	ret->bytes = stats.bytes;
}

/* ---- configuration ---- */

/* Of what config_print() prints: the text of configuration.last-good, and of a case. */
static void put_configuration(struct json *j, const struct config *c)
{
	struct buf text;
	struct sha256 s;
	char hex[SHA256_HEX];
	buf_init(&text, PRINTED);
	config_print(c, &text);
	sha256_begin(&s);
	sha256_add(&s, text.data, text.len);
	if (sha256_end(&s, hex) == 0 && !text.full)
		json_string(j, "configuration", hex);
	buf_deinit(&text);
}

void annals_start(struct annals *a, const struct options *o, const struct config *c,
		  const char *broken)
{
	struct buf b;
	struct ledger_stats stats;
	char text[TEXT_BYTES];
	if (!a)
		return;
	ledger_stats(a->ledger, &stats);
	uint64_t now_s = wall_s();
	uint64_t away_s = stats.resumed_s && now_s > stats.resumed_s ? now_s - stats.resumed_s : 0;
	struct json j = ledger_begin(&b, "start");
	json_string(&j, "version", EXFILD_VERSION);
	put_text(&j, "file", o->config_path ? o->config_path : "built-in");
	put_configuration(&j, c);
	if (stats.resumed_s) {
		json_time(&j, "before", stats.resumed_s * 1000000000u);
		json_uint(&j, "away_s", away_s);
	}
	if (*broken)
		put_text(&j, "broken", broken);
	(void)snprintf(text, sizeof(text), "exfild " EXFILD_VERSION " begins to watch%s",
		       *broken ? ", with the last good configuration: its file is broken" : "");
	json_string(&j, "text", text);
	ledger_end(a->ledger, &j, &b);
}

void annals_reload(struct annals *a, const struct config *c, const struct control_reload *r,
		   int err)
{
	struct buf b;
	if (!a)
		return;
	struct json j = ledger_begin(&b, "configuration");
	json_bool(&j, "taken", !err);
	put_configuration(&j, c);
	put_text(&j, "changed", r->changed);
	put_text(&j, "restart", r->restart);
	put_text(&j, "text", err ? r->why : r->changed[0] ? r->changed : "read again, the same");
	ledger_end(a->ledger, &j, &b);
}

/* ---- alerts and acts ---- */

static void put_end(struct json *j, const char *key, const struct finding_end *end)
{
	if (end->has_ip)
		json_ip(j, key, &end->ip);
}

/* The line is what sinks of the form "ecs" get, without its line end. */
static void put_line(struct json *j, const struct buf *line)
{
	struct sha256 s;
	char hex[SHA256_HEX];
	size_t len = line->len;
	while (len && line->data[len - 1] == '\n')
		len--;
	sha256_begin(&s);
	sha256_add(&s, line->data, len);
	if (sha256_end(&s, hex) == 0)
		json_string(j, "sha256", hex);
}

void annals_alert(struct annals *a, const struct alert *alert, const struct buf *line)
{
	const struct finding *f = &alert->finding;
	struct buf b;
	if (!a)
		return;
	struct json j = ledger_begin(&b, "alert");
	json_time(&j, "time", f->time_ns);
	json_string(&j, "alert", alert->alert_id);
	json_string(&j, "event", alert->event_id);
	json_uint(&j, "revision", alert->revision);
	json_uint(&j, "sequence", alert->sequence);
	json_string(&j, "rule", f->rule);
	json_string(&j, "severity", severity_name(f->severity));
	put_end(&j, "source", &f->subject);
	put_end(&j, "destination", &f->peer);
	if (alert->policy.rule[0])
		json_string(&j, "action", alert->policy.action);
	put_line(&j, line);
	put_text(&j, "text", f->message);
	ledger_end(a->ledger, &j, &b);
}

void annals_act(struct annals *a, const struct control_act *act)
{
	struct buf b;
	char text[TEXT_BYTES];
	if (!a)
		return;
	struct json j = ledger_begin(&b, "act");
	json_uint(&j, "user", act->user);
	json_string(&j, "command", act->command);
	json_bool(&j, "done", act->is_done);
	put_text(&j, "about", act->about);
	put_text(&j, "reason", act->reason);
	(void)snprintf(text, sizeof(text), "user %u: %s%s%.120s: %.100s", (unsigned)act->user,
		       act->command, act->about[0] ? " " : "", act->about, act->outcome);
	json_string(&j, "text", text);
	ledger_end(a->ledger, &j, &b);
}

void annals_quarantine(struct annals *a, const struct enforcer_note *n)
{
	static const struct ipaddr none;
	const struct quarantine_entry *e = &n->act.entry;
	bool is_act = n->kind == ENFORCER_ACT;
	const char *name = is_act ? quarantine_act_name(n->act.kind) : "failed";
	char host[IPADDR_TEXT_MAX] = "", text[TEXT_BYTES];
	struct buf b;
	if (!a)
		return;
	struct json j = ledger_begin(&b, "quarantine");
	json_string(&j, "act", name);
	if (is_act) {
		json_uint(&j, "number", n->act.number);
		json_uint(&j, "user", n->act.uid);
		json_string(&j, "mode", quarantine_mode_name(n->act.mode));
		json_string(&j, "status", quarantine_status_name(n->act.status));
	}
	if (!ipaddr_equal(&e->host, &none)) {
		(void)ipaddr_print(&e->host, host, sizeof(host));
		json_ip(&j, "host", &e->host);
		json_string(&j, "kind_of_entry", quarantine_kind_name(e->kind));
	}
	if (!ipaddr_equal(&e->peer, &none))
		json_ip(&j, "peer", &e->peer);
	json_string_len(&j, "alert", e->alert, strnlen(e->alert, sizeof(e->alert)));
	json_string_len(&j, "rule", e->rule, strnlen(e->rule, sizeof(e->rule)));
	json_string_len(&j, "reason", e->reason, strnlen(e->reason, sizeof(e->reason)));
	(void)snprintf(text, sizeof(text), "%s%s%s%s%.120s", name, host[0] ? " " : "", host,
		       n->text[0] ? ": " : "", n->text);
	json_string(&j, "text", text);
	ledger_end(a->ledger, &j, &b);
}

/* ---- what was seen ---- */

static bool is_blind(const struct unseen *u)
{
	return u->dropped || u->unheard || u->away_s;
}

static void put_unseen(struct json *j, const struct unseen *u, uint64_t until_s)
{
	json_time(j, "from", u->from_s * 1000000000u);
	json_time(j, "until", until_s * 1000000000u);
	json_uint(j, "dropped", u->dropped);
	json_uint(j, "unheard", u->unheard);
	json_uint(j, "away_s", u->away_s);
}

static void end_minute(struct annals *a, uint64_t now_s)
{
	struct buf b;
	char text[TEXT_BYTES];
	const struct unseen *u = &a->minute;
	if (is_blind(u)) {
		struct json j = ledger_begin(&b, "blind");
		put_unseen(&j, u, now_s);
		(void)snprintf(text, sizeof(text),
			       "%" PRIu64 " packets dropped, %" PRIu64
			       " events without room, capture away for %" PRIu64 " s",
			       u->dropped, u->unheard, u->away_s);
		json_string(&j, "text", text);
		ledger_end(a->ledger, &j, &b);
	}
	a->minute = (struct unseen){ .from_s = now_s };
}

static void end_hour(struct annals *a, uint64_t now_s)
{
	struct buf b;
	char text[TEXT_BYTES];
	struct json j = ledger_begin(&b, "hour");
	put_unseen(&j, &a->hour, now_s);
	json_uint(&j, "packets", a->frames);
	json_uint(&j, "bytes", a->bytes);
	(void)snprintf(text, sizeof(text), "%" PRIu64 " packets seen, %" PRIu64 " dropped",
		       a->frames, a->hour.dropped);
	json_string(&j, "text", text);
	ledger_end(a->ledger, &j, &b);
	a->hour = (struct unseen){ .from_s = now_s };
	a->frames = a->bytes = 0;
}

/* Since the last look; one that counts from zero again is another capture. */
static uint64_t fresh(uint64_t now, uint64_t *seen)
{
	uint64_t more = now >= *seen ? now - *seen : now;
	*seen = now;
	return more;
}

void annals_watch(struct annals *a, const struct tally *t)
{
	if (!a)
		return;
	uint64_t now_s = wall_s();
	if (!a->hour.from_s)
		a->hour.from_s = a->minute.from_s = now_s;
	uint64_t dropped = t ? fresh(t->drops, &a->drops_seen) : 0;
	uint64_t unheard = t ? fresh(t->events_refused, &a->refused_seen) : 0;
	a->frames += t ? fresh(t->frames, &a->frames_seen) : 0;
	a->bytes += t ? fresh(t->bytes, &a->bytes_seen) : 0;
	a->minute.dropped += dropped;
	a->minute.unheard += unheard;
	a->minute.away_s += !t;
	a->hour.dropped += dropped;
	a->hour.unheard += unheard;
	a->hour.away_s += !t;
	if (now_s / MINUTE_S != a->minute.from_s / MINUTE_S)
		end_minute(a, now_s);
	if (now_s / HOUR_S != a->hour.from_s / HOUR_S)
		end_hour(a, now_s);
}

void annals_stop(struct annals *a)
{
	struct buf b;
	if (!a)
		return;
	if (a->hour.from_s) {
		end_minute(a, wall_s());
		end_hour(a, wall_s());
	}
	struct json j = ledger_begin(&b, "stop");
	json_string(&j, "text", "exfild ends in good order");
	ledger_end(a->ledger, &j, &b);
}
