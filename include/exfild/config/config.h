/*
 * config/config.h - the checked configuration.
 *
 * What: defaults, then the file (with its includes), then --set, into one struct.  Unknown key,
 * wrong type or bad value: file:line:column, a sentence, the nearest right name.
 * Detectors bring their parameter tables as sections, so that this layer names none of them.
 * Merging: an included file speaks after the file that names it.  A value given again replaces the
 * earlier one; networks, exceptions and intel.feeds of several files are joined.  A key without a
 * value keeps what it had.
 * Paths: a relative path belongs to the folder of its file (--set: the working folder) and is
 * absolute here; "-" stays.
 * Ownership: config_free frees; strings and arrays belong to the configuration; sections and
 * their targets stay the caller's and must outlive it.  After a failure the targets hold a
 * mixture: load into fresh ones.
 * Threads: read-only after loading.
 */
#ifndef EXFILD_CONFIG_CONFIG_H
#define EXFILD_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/base/ipaddr.h"
#include "exfild/base/param.h"

struct config_zone {
	const char *name;
	const struct prefix *prefixes;
	size_t prefix_count;
	bool has_vni;
	uint32_t vni;
	uint32_t vlan;                               /* 0: any */
	const char *model, *owner, *data, *calendar; /* "" when not given */
	const char *const *tags;
	size_t tag_count;
	const char *place; /* "file:line:column" of its entry, for messages */
};

struct config_calendar {
	const char *name;
	const char *const *days; /* "mon" ... "sun" */
	size_t day_count;
	const char *hours;           /* "08:00-18:00" */
	const char *const *holidays; /* "2026-12-25", or "12-25": of each year */
	size_t holiday_count;
	const char *place;
};

struct config_interface {
	const char *name;
	const char *side; /* auto, inside, outside */
	const char *place;
};

struct config_feed {
	const char *name, *file;
	const char *format;   /* auto, plain, csv, stix, misp, zeek, suricata, rpz, hosts */
	const char *type;     /* auto, ja3, hassh ...: of values that could be several things */
	uint64_t confidence;  /* 0..100 */
	const char *severity; /* auto, low, medium, high, critical: of what does not say so */
	uint64_t expires_s;
	bool subdomains;
	const char *place;
};

struct config_tenants {
	const char *service; /* "microsoft365" */
	const char *const *names;
	size_t name_count;
	const char *place; /* "file:line:column" of its list, for messages */
};

enum config_peer_kind {
	CONFIG_PEER_ANY,    /* not given */
	CONFIG_PEER_PREFIX, /* "10.1.2.3", "10.0.0.0/8" */
	CONFIG_PEER_ZONE,   /* "zone:office" */
	CONFIG_PEER_DOMAIN, /* "example.com": the name and all below it */
};

/* An end of a conversation as people write it. */
struct config_peer {
	enum config_peer_kind kind;
	const char *text;     /* as written; "" when not given */
	struct prefix prefix; /* PREFIX */
	const char *name;     /* ZONE, DOMAIN (lower case, no leading "*." and no trailing dot) */
};

struct config_date {
	const char *text; /* as written */
	uint64_t ns;      /* since 1970, UTC */
};

struct config_exception {
	struct config_peer source, destination;
	uint32_t port;    /* 0: any */
	const char *rule; /* "": any */
	const char *reason;
	struct config_date expires;
	const char *place;
};

/* One detector's part: `enabled` and the table's parameters. */
struct config_section {
	const char *name;           /* "dns_tunnel" */
	const struct param *params; /* ends with PARAM_END */
	void *target;               /* the struct the table's offsets lead into */
	bool enabled;
};

struct config {
	struct {
		const char *name /* "": not given */, *timezone;
	} sensor;
	struct {
		const char *filter;
		uint32_t workers; /* 0: auto */
		uint32_t buffer_mb;
		const struct config_interface *interfaces;
		size_t interface_count; /* 0: auto */
	} capture;
	const struct config_zone *zones;
	size_t zone_count;
	const struct config_calendar *calendars;
	size_t calendar_count;
	/* 0: auto */
	struct {
		uint64_t memory_mb, flows, hosts, pairs, undecided, disk_mb;
	} limits;
	struct config_section *sections;
	size_t section_count;
	struct {
		const char *file; /* "": none */
		uint64_t ttl_s;
	} identity;
	struct {
		const char *country, *as; /* files; "": none */
	} geo;
	struct {
		const char *const *directories;
		size_t directory_count;
	} signatures;
	struct {
		const struct config_feed *feeds;
		size_t feed_count;
		uint64_t max_indicators;
		const struct config_peer *allow;
		size_t allow_count;
		bool pages;
	} intel;
	struct {
		const char *const *sanctioned;
		size_t sanctioned_count;
		const char *const *tolerated;
		size_t tolerated_count;
		const char *const *files;
		size_t file_count;
		const struct config_tenants *tenants;
		size_t tenant_count;
	} services;
	struct {
		const char *const *markings, *const *canaries;
		size_t marking_count, canary_count;
		const char *const *fingerprints; /* files, or folders of them */
		size_t fingerprint_count;
		const char *fingerprint_key;
	} content;
	struct {
		const char *const *files;
		size_t file_count;
	} policy;
	const struct config_exception *exceptions;
	size_t exception_count;
	struct {
		uint32_t minimum; /* enum severity */
		uint64_t merge_s, rate_per_minute, rule_per_minute;
		const char *format; /* ecs, ocsf, eve */
	} alerts;
	struct {
		const char *url /* "": no Redis */, *prefix, *username, *password_file;
		uint64_t stream_maxlen;
		bool channel, stream, list;
		const char *const *sentinels;
		size_t sentinel_count; /* "host:port" */
		const char *sentinel_name;
		bool cluster;
		const char *ca_file;
		const char *signed_key_file; /* "": none */
		uint64_t signed_window_s;
		bool signed_intel, signed_identity, signed_quarantine;
		bool decisions;
	} redis;
	struct {
		const char *file_path;     /* "": none */
		uint64_t file_max_mb;      /* 0: no cap */
		const char *syslog_url;    /* "": none */
		const char *syslog_format; /* cef, json */
		const char *syslog_ca_file;
		bool journal;
	} sinks;
	struct {
		const char *directory;
	} spool;
	struct {
		uint64_t kb_per_flow, max_mb;
		const char *directory;
	} evidence;
	struct {
		const char *mode; /* off, dry-run, enforce */
		uint64_t ttl_s, max, per_minute;
		const struct config_peer *never;
		size_t never_count;
		const char *socket; /* of the responder */
	} quarantine;
	struct {
		const char *database;
		uint64_t keep_days;
		bool per_user;
	} usage;
	struct {
		const char *users; /* off, pseudonym, clear */
		const char *urls;  /* full, no-query, host */
		uint64_t lookback_days, baselines_days, evidence_days;
	} privacy;
	struct {
		const char *directory;
	} state;
	struct {
		const char *socket;
	} control;
	struct {
		const char *listen; /* "": not at all */
	} metrics;
	struct {
		const char *level;  /* error, warn, info, debug */
		const char *format; /* text, json */
	} log;
};

struct config_options {
	const char *path;        /* NULL: built-in defaults */
	const char *const *sets; /* "key.key=value" */
	size_t set_count;
	/*
	 * Name, params and target filled in; enabled and the defaults are set here.  NULL: the
	 * caller knows no detectors, and what the file says of them is not looked at.
	 */
	struct config_section *sections;
	size_t section_count;
	bool is_part; /* zones and all else may stand elsewhere: nothing is warned of */
};

/* -EXF_E_INVALID, -EXF_E_IO or -EXF_E_NOMEM: ret_why has the place and the sentence. */
int config_load(const struct config_options *o, struct config **ret, char *ret_why,
		size_t why_size) EXF_MUST_USE;
/* The same with text in place of the file o->path; `name` stands for it. It cannot include. */
int config_parse(const struct config_options *o, const char *name, const void *text, size_t len,
		 struct config **ret, char *ret_why, size_t why_size) EXF_MUST_USE;
void config_free(struct config *c);

struct buf;
/* The effective configuration as YAML (exfild -T), each key's help above it. */
void config_print(const struct config *c, struct buf *out);
/* Which keys were set where, as comments; all others have their defaults. */
void config_print_origins(const struct config *c, struct buf *out);
/* Who set a key ("file:line:column", "--set"); NULL: it has its default. */
const char *config_place(const struct config *c, const char *path);
/*
 * The keys in which b differs from a, as "capture.filter, sensor.name": those that a running daemon
 * can change, and those that take effect at its restart.  Both were loaded with the same sections.
 */
void config_list_live(const struct config *a, const struct config *b, struct buf *out);
void config_list_restart(const struct config *a, const struct config *b, struct buf *out);
/* Every key the file may have: "path <tab> type <tab> range <tab> default <tab> help" lines. */
void config_print_schema(struct buf *out);

#endif
