/*
 * alert/ocsf.c - the alert as an OCSF Detection Finding (class 2004, schema 1.4).
 *
 * Field names and numbers by schema.ocsf.io; what has no place there stands in unmapped.exfild, the
 * same object as in the ECS form.
 */
#include <math.h>
#include <string.h>

#include "ecs.h"
#include "words.h"

#define OCSF_VERSION "1.4.0"
#define CLASS_UID    2004
#define NS_PER_MS    1000000ull

enum ocsf_observable { OBSERVABLE_HOSTNAME = 1, OBSERVABLE_IP = 2, OBSERVABLE_HASH = 8 };

static unsigned severity_id(enum severity s)
{
	return s >= SEVERITY_CRITICAL ? 5 : s >= SEVERITY_HIGH ? 4 : s >= SEVERITY_MEDIUM ? 3 : 2;
}

static const char *severity_word(enum severity s)
{
	static const char *const words[] = { "Low", "Medium", "High", "Critical" };
	return words[severity_id(s) - 2];
}

static void put_metadata(struct ecs *e)
{
	json_open_object(&e->j, "metadata");
	json_string(&e->j, "version", OCSF_VERSION);
	json_open_object(&e->j, "product");
	json_string(&e->j, "name", "exfild");
	json_string(&e->j, "vendor_name", "exfild");
	json_string(&e->j, "version", EXFILD_VERSION);
	json_close_object(&e->j);
	json_string(&e->j, "uid", e->a->event_id);
	json_uint(&e->j, "sequence", e->a->sequence);
	json_string(&e->j, "log_name", "exfild.alert");
	ecs_text(e, "log_provider", e->o->sensor_name ? e->o->sensor_name : "exfild");
	json_close_object(&e->j);
}

static void put_named(struct ecs *e, const char *key, const char *id, const char *name)
{
	json_open_object(&e->j, key);
	json_string(&e->j, "uid", id);
	json_string(&e->j, "name", name ? name : id);
	json_close_object(&e->j);
}

static void put_attack(struct ecs *e, const char *technique)
{
	const char *tactic = attack_technique_tactic(technique);
	char parent[16];
	finding_text(parent, sizeof(parent), "%.*s", (int)strcspn(technique, "."), technique);
	json_open_object(&e->j, NULL);
	if (tactic)
		put_named(e, "tactic", tactic, attack_tactic_name(tactic));
	put_named(e, "technique", parent, attack_technique_name(parent));
	if (strchr(technique, '.'))
		put_named(e, "sub_technique", technique, attack_technique_name(technique));
	json_close_object(&e->j);
}

static void put_info(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	json_open_object(&e->j, "finding_info");
	json_string(&e->j, "uid", e->a->alert_id);
	ecs_text(e, "title", f->title);
	if (e->cut < ECS_CUT_PROSE)
		ecs_words(e, "desc", words_reason);
	json_uint(&e->j, "first_seen_time", f->start_ns / NS_PER_MS);
	json_uint(&e->j, "last_seen_time", f->end_ns / NS_PER_MS);
	json_uint(&e->j, "created_time", f->time_ns / NS_PER_MS);
	json_open_object(&e->j, "analytic");
	ecs_text(e, "uid", f->rule);
	ecs_text(e, "name", f->title);
	json_uint(&e->j, "type_id", 2);
	json_string(&e->j, "type", "Behavioral");
	json_close_object(&e->j);
	if (f->techniques[0]) {
		json_open_array(&e->j, "attacks");
		for (unsigned i = 0; i < FINDING_TECHNIQUES && f->techniques[i]; i++)
			put_attack(e, f->techniques[i]);
		json_close_array(&e->j);
	}
	json_open_array(&e->j, "types");
	json_string(&e->j, NULL, finding_class_name(f->class));
	json_close_array(&e->j);
	json_close_object(&e->j);
}

static void put_endpoint(struct ecs *e, const char *key, const struct finding_end *end,
			 const char *name, const struct geo *g)
{
	if (!end->has_ip && !name[0])
		return;
	json_open_object(&e->j, key);
	if (end->has_ip)
		json_ip(&e->j, "ip", &end->ip);
	if (end->port)
		json_uint(&e->j, "port", end->port);
	if (end->has_mac)
		json_mac(&e->j, "mac", end->mac);
	ecs_text(e, "hostname", name);
	if (g->country[0]) {
		json_open_object(&e->j, "location");
		json_string(&e->j, "country", g->country);
		json_close_object(&e->j);
	}
	if (g->as_number) {
		json_open_object(&e->j, "autonomous_system");
		json_uint(&e->j, "number", g->as_number);
		ecs_text(e, "name", g->as_name);
		json_close_object(&e->j);
	}
	json_close_object(&e->j);
}

static unsigned direction_id(const char *direction)
{
	if (!direction)
		return 0;
	return strcmp(direction, "inbound") == 0  ? 1 :
	       strcmp(direction, "outbound") == 0 ? 2 :
	       strcmp(direction, "internal") == 0 ? 3 :
						    0;
}

static const char *name_of_peer(const struct alert *a)
{
	return a->finding.domain[0] ? a->finding.domain : a->destination_name;
}

static void put_digest(struct ecs *e, unsigned id, const char *algorithm, const char *value)
{
	if (!value[0])
		return;
	json_open_object(&e->j, NULL);
	json_uint(&e->j, "algorithm_id", id);
	json_string(&e->j, "algorithm", algorithm);
	json_string(&e->j, "value", value);
	json_close_object(&e->j);
}

/* The surest digest of a file; "": it has none. */
static const char *digest_of(const struct finding_file *f)
{
	return f->sha256[0] ? f->sha256 : f->sha1[0] ? f->sha1 : f->md5;
}

/* A file must have a name there: one that has none is called by its digest. */
static void put_file(struct ecs *e)
{
	const struct finding_file *f = &e->a->finding.file;
	const char *name = f->name[0] ? f->name : digest_of(f);
	if (!name[0])
		return;
	json_open_object(&e->j, "file");
	ecs_text(e, "name", name);
	json_uint(&e->j, "type_id", 1);
	json_string(&e->j, "type", "Regular File");
	if (f->size)
		json_uint(&e->j, "size", f->size);
	if (digest_of(f)[0] && e->cut < ECS_CUT_SHORT) { /* a digest that is cut is none */
		json_open_array(&e->j, "hashes");
		put_digest(e, 1, "MD5", f->md5);
		put_digest(e, 2, "SHA-1", f->sha1);
		put_digest(e, 3, "SHA-256", f->sha256);
		json_close_array(&e->j);
	}
	json_close_object(&e->j);
}

static void put_evidence(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	const char *transport = words_transport(f->proto);
	const char *type = words_dns_type(f->dns_type);
	json_open_array(&e->j, "evidences");
	json_open_object(&e->j, NULL);
	put_endpoint(e, "src_endpoint", &f->subject, e->a->source_name, &e->a->source_geo);
	put_endpoint(e, "dst_endpoint", &f->peer, name_of_peer(e->a), &e->a->destination_geo);
	if (e->a->source_user[0]) {
		json_open_object(&e->j, "actor");
		json_open_object(&e->j, "user");
		ecs_text(e, "name", e->a->source_user);
		json_close_object(&e->j);
		json_close_object(&e->j);
	}
	json_open_object(&e->j, "connection_info");
	json_uint(&e->j, "direction_id", direction_id(e->a->direction));
	if (f->proto)
		json_uint(&e->j, "protocol_num", f->proto);
	if (transport)
		json_string(&e->j, "protocol_name", transport);
	ecs_text(e, "community_uid",
		 e->a->community_id[0] && e->cut < ECS_CUT_SHORT ? e->a->community_id : NULL);
	json_close_object(&e->j);
	if (f->dns_question[0]) {
		json_open_object(&e->j, "query");
		ecs_text(e, "hostname", f->dns_question);
		if (type)
			json_string(&e->j, "type", type);
		json_close_object(&e->j);
	}
	put_file(e);
	json_close_object(&e->j);
	json_close_array(&e->j);
}

static const char *observable_word(enum ocsf_observable type)
{
	return type == OBSERVABLE_IP ? "IP Address" : type == OBSERVABLE_HASH ? "Hash" : "Hostname";
}

static void put_observable(struct ecs *e, const char *name, enum ocsf_observable type,
			   const char *value)
{
	if (!value[0])
		return;
	json_open_object(&e->j, NULL);
	json_string(&e->j, "name", name);
	json_uint(&e->j, "type_id", type);
	json_string(&e->j, "type", observable_word(type));
	ecs_text(e, "value", value);
	json_close_object(&e->j);
}

static void put_observables(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	char source[IPADDR_TEXT_MAX] = "", destination[IPADDR_TEXT_MAX] = "";
	if (e->cut >= ECS_CUT_RELATED)
		return;
	if (f->subject.has_ip)
		(void)ipaddr_print(&f->subject.ip, source, sizeof(source));
	if (f->peer.has_ip)
		(void)ipaddr_print(&f->peer.ip, destination, sizeof(destination));
	json_open_array(&e->j, "observables");
	put_observable(e, "evidences.src_endpoint.ip", OBSERVABLE_IP, source);
	put_observable(e, "evidences.dst_endpoint.ip", OBSERVABLE_IP, destination);
	put_observable(e, "evidences.dst_endpoint.hostname", OBSERVABLE_HOSTNAME,
		       name_of_peer(e->a));
	put_observable(e, "evidences.file.hashes.value", OBSERVABLE_HASH, digest_of(&f->file));
	json_close_array(&e->j);
}

static void put_class(struct ecs *e)
{
	unsigned activity = e->a->revision > 1 ? 2 : 1;
	json_uint(&e->j, "activity_id", activity);
	json_string(&e->j, "activity_name", activity == 1 ? "Create" : "Update");
	json_uint(&e->j, "category_uid", 2);
	json_string(&e->j, "category_name", "Findings");
	json_uint(&e->j, "class_uid", CLASS_UID);
	json_string(&e->j, "class_name", "Detection Finding");
	json_uint(&e->j, "type_uid", CLASS_UID * 100 + activity);
}

static unsigned percent(double share)
{
	return share > 0 ? share < 1 ? (unsigned)(share * 100 + 0.5) : 100 : 0;
}

void ocsf_render(struct ecs *e)
{
	const struct finding *f = &e->a->finding;
	unsigned confidence = percent(f->confidence);
	json_open_object(&e->j, NULL);
	put_class(e);
	json_uint(&e->j, "severity_id", severity_id(f->severity));
	json_string(&e->j, "severity", severity_word(f->severity));
	json_uint(&e->j, "time", f->time_ns / NS_PER_MS);
	json_uint(&e->j, "start_time", f->start_ns / NS_PER_MS);
	json_uint(&e->j, "end_time", f->end_ns / NS_PER_MS);
	json_uint(&e->j, "status_id", 1);
	json_string(&e->j, "status", "New");
	json_bool(&e->j, "is_alert", true);
	json_uint(&e->j, "confidence_id", confidence >= 67 ? 3 : confidence >= 34 ? 2 : 1);
	json_uint(&e->j, "confidence_score", confidence);
	json_uint(&e->j, "risk_score",
		  isfinite(e->a->risk_score) && e->a->risk_score > 0 ?
			  (uint64_t)(e->a->risk_score + 0.5) :
			  0);
	json_uint(&e->j, "count", e->a->count < INT32_MAX ? e->a->count : INT32_MAX);
	ecs_words(e, "message", words_message);
	put_metadata(e);
	put_info(e);
	put_evidence(e);
	put_observables(e);
	json_open_object(&e->j, "unmapped");
	ecs_exfild(e);
	json_close_object(&e->j);
	json_close_object(&e->j);
}
