/*
 * engine/sensor_words.c - what an alert about exfild itself says.
 *
 * The rules, one line each, and docs/SENSOR.md tells of them.
 */
#include <math.h>

#include "sensor.h"

#define SHARE_HIGH   0.05
#define SHARE_MEDIUM 0.005

struct rule {
	const char *rule, *title;
	enum severity severity;
	const char *not_harmless, *unseen, *counterfactual;
	const char *steps[2];
};

static const struct rule rules[SENSOR__COUNT] = {
	[SENSOR_CONFIGURATION] = { "sensor_configuration",
				   "The configuration is broken",
				   SEVERITY_HIGH,
				   "what was to be watched or silenced from now on is not: an "
				   "earlier configuration is in effect",
				   "what the file was meant to change",
				   "silent with a configuration that exfild -T accepts",
				   { "exfild -T -c FILE shows what is wrong",
				     "When it is mended: exfilctl reload" } },
	[SENSOR_DROPS] = { "sensor_drops",
			   "Packets were lost",
			   SEVERITY_LOW,
			   "nobody has judged what was in them; who sends a flood may want just that",
			   "what was in the lost packets",
			   "silent without a loss",
			   { "exfilctl top shows who sends most; exfilctl doctor, where packets are "
			     "lost",
			     "More room: capture.buffer_mb and capture.workers; less to look at: "
			     "capture.filter" } },
	[SENSOR_INTERFACE] = { "sensor_interface",
			       "An interface is blind",
			       SEVERITY_HIGH,
			       "what passes there now is judged by nobody",
			       "everything that passes while it lasts",
			       "silent while packets come from it",
			       { "ip -s link shows whether it is up and whether packets pass",
				 "Where a mirror port feeds it: is the mirror still set?" } },
	[SENSOR_PROCESS] = { "sensor_process",
			     "A process of exfild ended",
			     SEVERITY_HIGH,
			     "a packet that ends a process can be sent on purpose, to be unseen "
			     "while it starts again",
			     "what passed until the process ran again",
			     "silent while every process runs",
			     { "journalctl -u exfild shows what it said last",
			       "Report it: a crash by traffic is a security fault (SECURITY.md)" } },
	[SENSOR_LIMIT] = { "sensor_limit",
			   "A table is full",
			   SEVERITY_MEDIUM,
			   "a flood fills tables so that what hides in it is not followed",
			   "what was turned away: it is counted, not looked into",
			   "silent while there is room",
			   { "exfilctl top shows who opens most flows",
			     "If this is your usual load: raise limits.*" } },
	[SENSOR_SINK] = { "sensor_sink",
			  "Alerts do not arrive",
			  SEVERITY_HIGH,
			  "who reads there sees silence and may take it for peace",
			  "nothing: the alerts wait and are sent when it is mended",
			  "silent while every sink takes what it is sent",
			  { "exfilctl status shows what each sink said last",
			    "A password or a right that was mended: exfilctl reload" } },
	[SENSOR_SPOOL] = { "sensor_spool",
			   "Alerts cannot be kept",
			   SEVERITY_HIGH,
			   "an alert that no sink has and no disk keeps ends with the process",
			   "alerts that were given up, where some were",
			   "silent while the spool can be written and has room",
			   { "df -h and the log show what is wrong with the disk",
			     "More room: limits.disk_mb" } },
	[SENSOR_EXCEPTION] = { "sensor_exception",
			       "A silence ends soon",
			       SEVERITY_LOW,
			       "alerts that somebody knew to be harmless come again, and may hide others",
			       "what the silence took: it was counted, not told",
			       "silent while no exception that takes alerts ends within three days",
			       { "exfilctl exceptions list shows all of them",
				 "Still harmless: a new date in the configuration, or exfilctl exceptions add" } },
	[SENSOR_MESSAGE] = { "sensor_message",
			     "Messages to exfild were refused",
			     SEVERITY_MEDIUM,
			     "who writes there without the key, or sends old messages again, wants "
			     "to tell exfild what it is to look for",
			     "what the refused messages asked for: it was not done",
			     "silent while every message is signed, of now, new and well-formed",
			     { "exfilctl status --json, signed, shows how many and why",
			       "Who may write the stream: ACL LIST on Redis; a new key: "
			       "redis.signed.key_file" } },
};

static double share_of(const struct sensor_note *n)
{
	if (!n->total)
		return 0;
	return n->count < n->total ? (double)n->count / (double)n->total : 1;
}

/* The sentence, and the one feature that the score comes from. */
static void say_share(struct finding *f, const struct sensor_note *n, const char *what)
{
	double share = share_of(n);
	f->score = fmin(1, 0.2 + 0.8 * share / SHARE_HIGH);
	finding_feature(f, "share", share, 0, SHARE_MEDIUM, 1, f->score,
			"%llu of %llu %s, %.3g %% (medium from 0.5 %%, high from 5 %%)",
			(unsigned long long)n->count, (unsigned long long)n->total, what,
			100 * share);
}

static void say_fact(struct finding *f, const struct sensor_trouble *t, const char *text)
{
	f->score = 1;
	finding_feature(f, "times", (double)t->times, 0, NAN, 1, 1, "%llu time%s: %s",
			(unsigned long long)t->times, t->times == 1 ? "" : "s", text);
}

static void say_configuration(struct finding *f, const struct sensor_trouble *t)
{
	bool at_start = t->note.count > 0;
	if (at_start)
		f->severity = SEVERITY_CRITICAL;
	finding_text(f->message, sizeof(f->message), "The configuration is broken, and %s: %s",
		     at_start ? "exfild runs the last good copy" : "the one before stays in effect",
		     t->note.text);
	say_fact(f, t, at_start ? "refused at start" : "refused at reload");
}

static void say_drops(struct finding *f, const struct sensor_trouble *t)
{
	double share = share_of(&t->note);
	f->severity = share >= SHARE_HIGH   ? SEVERITY_HIGH :
		      share >= SHARE_MEDIUM ? SEVERITY_MEDIUM :
					      SEVERITY_LOW;
	f->count = t->note.count;
	finding_text(f->message, sizeof(f->message),
		     "%llu of %llu packets were lost at %s before they were judged%s%s",
		     (unsigned long long)t->note.count, (unsigned long long)t->note.total,
		     t->note.object, t->note.text[0] ? ": " : "", t->note.text);
	say_share(f, &t->note, "packets lost");
}

static void say_limit(struct finding *f, const struct sensor_trouble *t)
{
	f->count = t->note.count;
	finding_text(f->message, sizeof(f->message), "The table %s is full: %llu turned away%s%s",
		     t->note.object, (unsigned long long)t->note.count, t->note.text[0] ? ": " : "",
		     t->note.text);
	say_fact(f, t, "no room");
}

static void say_message(struct finding *f, const struct sensor_trouble *t)
{
	f->count = t->note.count;
	finding_text(f->message, sizeof(f->message), "%llu messages on %s were refused: %s",
		     (unsigned long long)t->note.count, t->note.object, t->note.text);
	say_fact(f, t, t->note.text);
}

static void say_delivery(struct finding *f, const struct sensor_trouble *t)
{
	uint64_t count = t->note.count / (t->times ? t->times : 1);
	bool is_spool = t->note.what == SENSOR_SPOOL;
	if (is_spool && t->note.count) {
		f->severity = SEVERITY_CRITICAL;
		f->count = t->note.count;
		finding_text(f->message, sizeof(f->message),
			     "%llu alerts were given up on their way to %s: %s",
			     (unsigned long long)t->note.count, t->note.object, t->note.text);
	} else if (is_spool) {
		finding_text(f->message, sizeof(f->message),
			     "Alerts cannot be kept on the disk and go from memory: %s",
			     t->note.text);
	} else {
		finding_text(f->message, sizeof(f->message), "%s takes no alerts, %llu wait: %s",
			     t->note.object, (unsigned long long)count, t->note.text);
	}
	say_fact(f, t, t->note.text);
}

void sensor_explain(const struct sensor_trouble *t, struct finding *ret)
{
	const struct rule *r = &rules[t->note.what];
	finding_init(ret, "sensor", r->rule, r->title);
	ret->class = FINDING_SENSOR;
	ret->severity = r->severity;
	ret->confidence = 1;
	ret->start_ns = t->first_ns;
	ret->end_ns = ret->time_ns = t->last_ns;
	ret->count = t->times;
	finding_text(ret->object, sizeof(ret->object), "%s", t->note.object);
	finding_text(ret->not_harmless, sizeof(ret->not_harmless), "%s", r->not_harmless);
	finding_text(ret->unseen, sizeof(ret->unseen), "%s", r->unseen);
	finding_text(ret->counterfactual, sizeof(ret->counterfactual), "%s", r->counterfactual);
	for (unsigned i = 0; i < 2; i++)
		finding_step(ret, "%s", r->steps[i]);
	switch (t->note.what) {
	case SENSOR_CONFIGURATION:
		say_configuration(ret, t);
		break;
	case SENSOR_DROPS:
		say_drops(ret, t);
		break;
	case SENSOR_LIMIT:
		say_limit(ret, t);
		break;
	case SENSOR_MESSAGE:
		say_message(ret, t);
		break;
	case SENSOR_SINK:
	case SENSOR_SPOOL:
		say_delivery(ret, t);
		break;
	default:
		finding_text(ret->message, sizeof(ret->message), "%s: %s: %s", r->title,
			     t->note.object, t->note.text);
		say_fact(ret, t, t->note.text);
		break;
	}
}
