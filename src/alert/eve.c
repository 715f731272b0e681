/*
 * alert/eve.c - the alert as Suricata writes one (EVE JSON, event_type alert).
 *
 * Names as in Suricata's documentation of EVE; severity 1 is the gravest.  signature_id is a number
 * of the range for local rules, made of the rule's name.  Beside Suricata's own fields stand event
 * (id and sequence, to drop second copies by) and exfild, as in the ECS form.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "ecs.h"
#include "words.h"

#define SID_FIRST 1000000u
#define SID_COUNT 900000u

/* FNV-1a (Fowler, Noll, Vo): the same name, the same number, in any version. */
static uint32_t signature_id(const char *rule)
{
	uint32_t h = 2166136261u;
	for (; *rule; rule++)
		h = (h ^ (uint8_t)*rule) * 16777619u;
	return SID_FIRST + h % SID_COUNT;
}

/* 2026-11-23T19:00:00.000000+0000 */
static void put_stamp(struct ecs *e, const char *key, uint64_t time_ns)
{
	char text[40];
	(void)str_time(text, sizeof(text), time_ns);
	char *zone = strchr(text, 'Z');
	if (zone)
		memcpy(zone, "+0000", 6);
	json_string(&e->j, key, text);
}

static void put_end(struct ecs *e, const char *ip_key, const char *port_key,
		    const struct finding_end *end)
{
	if (end->has_ip)
		json_ip(&e->j, ip_key, &end->ip);
	if (end->port)
		json_uint(&e->j, port_key, end->port);
}

static void put_proto(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	const char *transport = words_transport(f->proto);
	char text[16] = "";
	for (size_t i = 0; transport && transport[i] && i + 1 < sizeof(text); i++) {
		bool is_letter = transport[i] >= 'a' && transport[i] <= 'z';
		text[i] = (char)(is_letter ? transport[i] - 'a' + 'A' : transport[i]);
		text[i + 1] = '\0';
	}
	if (text[0])
		json_string(&e->j, "proto", text);
	if (f->app > APP_OTHER && f->app < APP__COUNT)
		json_string(&e->j, "app_proto", app_name((enum app)f->app));
	ecs_text(e, "community_id",
		 e->a->community_id[0] && e->cut < ECS_CUT_SHORT ? e->a->community_id : NULL);
}

static void put_metadata(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	json_open_object(&e->j, "metadata");
	json_open_array(&e->j, "confidence");
	json_string(&e->j, NULL,
		    f->confidence >= 0.67 ? "High" :
		    f->confidence >= 0.34 ? "Medium" :
					    "Low");
	json_close_array(&e->j);
	json_open_array(&e->j, "mitre_technique_id");
	for (unsigned i = 0; i < FINDING_TECHNIQUES && f->techniques[i]; i++)
		json_string(&e->j, NULL, f->techniques[i]);
	json_close_array(&e->j);
	json_open_array(&e->j, "mitre_technique_name");
	for (unsigned i = 0; i < FINDING_TECHNIQUES && f->techniques[i]; i++) {
		const char *name = attack_technique_name(f->techniques[i]);
		json_string(&e->j, NULL, name ? name : f->techniques[i]);
	}
	json_close_array(&e->j);
	json_close_object(&e->j);
}

static void put_alert(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	json_open_object(&e->j, "alert");
	json_string(&e->j, "action", "allowed");
	json_uint(&e->j, "gid", 1);
	json_uint(&e->j, "signature_id", signature_id(f->rule));
	json_uint(&e->j, "rev", e->a->revision);
	ecs_text(e, "signature", f->title);
	json_string(&e->j, "category", finding_class_name(f->class));
	json_uint(&e->j, "severity",
		  f->severity >= SEVERITY_HIGH   ? 1 :
		  f->severity >= SEVERITY_MEDIUM ? 2 :
						   3);
	put_metadata(e);
	json_close_object(&e->j);
}

static void put_flow(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	json_open_object(&e->j, "flow");
	json_uint(&e->j, "pkts_toserver", f->subject.packets);
	json_uint(&e->j, "pkts_toclient", f->peer.packets);
	json_uint(&e->j, "bytes_toserver", f->subject.bytes);
	json_uint(&e->j, "bytes_toclient", f->peer.bytes);
	put_stamp(e, "start", f->start_ns);
	json_close_object(&e->j);
}

/* As an event of type fileinfo has it. */
static void put_file(struct ecs *e)
{
	const struct finding_file *f = &e->a->finding.file;
	if (!f->md5[0] && !f->sha1[0] && !f->sha256[0])
		return;
	json_open_object(&e->j, "fileinfo");
	ecs_text(e, "filename", f->name);
	if (f->size)
		json_uint(&e->j, "size", f->size);
	if (e->cut < ECS_CUT_SHORT) {
		ecs_text(e, "md5", f->md5);
		ecs_text(e, "sha1", f->sha1);
		ecs_text(e, "sha256", f->sha256);
	}
	json_close_object(&e->j);
}

void eve_render(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	json_open_object(&e->j, NULL);
	put_stamp(e, "timestamp", f->time_ns);
	json_string(&e->j, "event_type", "alert");
	put_end(e, "src_ip", "src_port", &f->subject);
	put_end(e, "dest_ip", "dest_port", &f->peer);
	put_proto(e);
	ecs_text(e, "host", e->o->sensor_name ? e->o->sensor_name : "exfild");
	put_alert(e);
	put_flow(e);
	put_file(e);
	json_open_object(&e->j, "event");
	json_string(&e->j, "id", e->a->event_id);
	json_uint(&e->j, "sequence", e->a->sequence);
	ecs_text(e, "action", f->rule);
	json_close_object(&e->j);
	ecs_words(e, "message", words_message);
	ecs_exfild(e);
	json_close_object(&e->j);
}
