/*
 * config/schema.h - the keys of the configuration as tables.
 *
 * What: one line a key: name, type, place in struct config, range, default, help.  Loading,
 * printing and the manual page all follow these tables; no key is named anywhere else.
 * Threads: any (const tables).
 */
#ifndef EXFILD_CONFIG_SCHEMA_H
#define EXFILD_CONFIG_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"
#include "exfild/config/config.h"

enum key_type {
	KEY_TEXT,      /* const char *; min, max: characters */
	KEY_PATH,      /* const char *, absolute after loading */
	KEY_CHOICE,    /* const char *, one of values */
	KEY_SEVERITY,  /* uint32_t, the number of enum severity */
	KEY_BOOL,      /* bool */
	KEY_NUMBER,    /* uint64_t or uint32_t, by size */
	KEY_DURATION,  /* uint64_t, seconds */
	KEY_DATE,      /* struct config_date */
	KEY_PEER,      /* struct config_peer */
	KEY_TEXTS,     /* const char *const *, count in extra; min, max: characters of each */
	KEY_PATHS,     /* likewise */
	KEY_PREFIXES,  /* const struct prefix *, count in extra */
	KEY_PEERS,     /* const struct config_peer *, count in extra */
	KEY_MAP,       /* keys below it, in the same struct */
	KEY_MAPS,      /* list of maps: array of elements, count in extra; max: elements */
	KEY_TENANTS,   /* const struct config_tenants *, count in extra */
	KEY_DETECTORS, /* the caller's sections */
	KEY_INCLUDE,   /* more files */
};

enum key_flag {
	KEY_AUTO = 1u << 0, /* "auto" is a value too: 0, or the default where that is a number */
	KEY_REQUIRED = 1u << 1, /* in an element: must be given */
	KEY_JOINED = 1u << 2,   /* list of maps: files add to it */
	KEY_UNIQUE =
		1u << 3, /* list of maps: the first key (a text at offset 0) names one element */
	KEY_NO_DOMAIN = 1u << 4, /* peers: address, prefix or zone only */
	KEY_LATER = 1u << 5, /* checked, but nothing acts on it yet: take this away when it does */
	KEY_RESTART = 1u << 6, /* a reload does not change it */
};

/* NULL when text will do, else what was expected. */
typedef const char *(*key_check_fn)(const char *text);

struct key {
	const char *name;
	enum key_type type;
	unsigned flags;
	size_t offset, size;
	size_t extra; /* list: its count; else a bool that says "given"; 0: none */
	uint64_t min, max;
	const char *def;    /* as one would write it; NULL: absent */
	const char *values; /* choice: "a|b|c" */
	key_check_fn check;
	const struct key *keys; /* map, list of maps; the last has no name */
	size_t element;         /* list of maps: size of one */
	size_t place;           /* list of maps: where an element keeps its place */
	const char *help;
};

/* The top of the file. */
extern const struct key config_keys[];

const struct key *key_find(const struct key *keys, const char *name);
/* The nearest name within a few slips, or NULL. */
const char *key_nearest(const struct key *keys, const char *name);
/* May a be what somebody meant who wrote b? Smaller is nearer; UINT32_MAX: no. */
unsigned key_slips(const char *a, const char *b);
/* "number", "list of texts". */
const char *key_type_name(const struct key *k);
/* "1 to 64 or auto", "ecs, ocsf or eve"; "" when there is nothing to say. */
void key_range(const struct key *k, struct buf *out);
/* "1h", "true"; "none", "required". */
const char *key_default(const struct key *k);
/* The names of the keys marked KEY_LATER that differ in a and b: "intel.feeds, exceptions". */
void key_list_later(const struct config *a, const struct config *b, struct buf *out);
/* 3600 as "1h": the largest unit that loses nothing. */
void duration_print(struct buf *out, uint64_t seconds);
/* "a|b|c" as "a, b or c". */
void choice_print(struct buf *out, const char *values);

#define CONFIG_SEVERITIES "low|medium|high|critical"
/* The number of a level of CONFIG_SEVERITIES, by its position (design section 6). */
extern const uint32_t config_severity[4];

/* check.c */
const char *check_name(const char *text);
const char *check_interface(const char *text);
const char *check_timezone(const char *text);
const char *check_redis_url(const char *text);
const char *check_syslog_url(const char *text);
const char *check_listen(const char *text);
const char *check_host_port(const char *text);
const char *check_domain(const char *text);
const char *check_day(const char *text);
const char *check_hours(const char *text);
const char *check_holiday(const char *text);

#endif
