/*
 * intel/intel.h - indicators of others: what a feed calls bad, and where traffic meets it.
 *
 * What: an immutable set of addresses, networks, names, URLs, hashes and fingerprints, read from
 * files in the forms that feeds come in.  A set is built beside the one in use and takes its place
 * by one pointer.  A line that is broken or would call ordinary things bad is held back and told;
 * a feed that is empty, has lost more than half, or cannot be read keeps what it had.
 * Ownership: sets are counted by their holders (intel_hold, intel_drop); items are borrowed from
 * their set.
 * Threads: a sealed set is read by any; building belongs to one thread.
 * Limits: intel_options.max_items indicators, of whose values and notes INTEL_TEXT_BYTES each are
 * kept on average; INTEL_VALUE_MAX bytes a value, INTEL_LINE_MAX a line.
 */
#ifndef EXFILD_INTEL_INTEL_H
#define EXFILD_INTEL_INTEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/base/hash.h"
#include "exfild/base/ipaddr.h"

#define INTEL_VALUE_MAX  1024
#define INTEL_LINE_MAX   (64u * 1024)
#define INTEL_TEXT_BYTES 40u
#define INTEL_TEXT_MAX   256 /* a value as text, cut */
#define INTEL_NAME_MAX   64
#define INTEL_REPORT_MAX 8 /* lines told one by one, a feed */
#define INTEL_WHY_MAX    320

enum intel_kind {
	INTEL_NONE,
	INTEL_ADDRESS, /* 16 bytes */
	INTEL_PREFIX,  /* 16 bytes, then its bits */
	INTEL_DOMAIN,  /* lower case */
	INTEL_URL,     /* without scheme, fragment and usual port; its host in lower case */
	INTEL_FILE,    /* MD5, SHA-1 or SHA-256, by length */
	INTEL_CERT,    /* SHA-1 or SHA-256 of a certificate */
	INTEL_JA3,     /* 16 bytes */
	INTEL_JA4,     /* text */
	INTEL_HASSH,   /* 16 bytes */
	INTEL_AGENT,   /* a whole User-Agent */
	INTEL_EMAIL,   /* lower case */
	INTEL__COUNT
};

/* Digests that a file is known by, as bits. */
enum intel_file_hash { INTEL_MD5 = 1u << 0, INTEL_SHA1 = 1u << 1, INTEL_SHA256 = 1u << 2 };

enum intel_tlp { TLP_NONE, TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT, TLP_RED };

/* How bad it is, which is not how sure: it decides an alert's severity. */
enum intel_severity {
	INTEL_SEVERITY_NONE, /* not told: confidence decides */
	INTEL_LOW,
	INTEL_MEDIUM,
	INTEL_HIGH,
	INTEL_CRITICAL
};

enum intel_flag {
	INTEL_BELOW = 1u << 0, /* domain: and all names below it */
	INTEL_GONE = 1u << 1,  /* of a set over another: what that one says of it does not count */
};

struct intel_item {
	uint32_t value;   /* of the set */
	uint32_t next;    /* the same value in another feed: its number + 1; 0: none */
	uint32_t first_s; /* since 1970: since when it is known; 0: not told */
	uint32_t until_s; /* since 1970: its end; 0: none */
	uint32_t line;    /* of its file */
	uint32_t note;    /* of the set: malware, tags; 0: none */
	uint16_t feed;
	uint16_t port; /* address: only with this port of the listed end; 0: any */
	uint8_t kind;  /* enum intel_kind */
	uint8_t confidence;
	unsigned tlp : 4;      /* enum intel_tlp */
	unsigned severity : 4; /* enum intel_severity */
	uint8_t flags;         /* enum intel_flag */
};

enum intel_format {
	INTEL_AUTO,
	INTEL_PLAIN,
	INTEL_CSV,
	INTEL_STIX,
	INTEL_MISP,
	INTEL_ZEEK,
	INTEL_SURICATA,
	INTEL_RPZ,
	INTEL_HOSTS,
	INTEL_FORMATS
};

struct intel_source { /* a feed as it is configured; borrowed while a set is built */
	const char *name, *file;
	enum intel_format format;
	enum intel_kind kind; /* of values that could be several; INTEL_NONE: by their form */
	uint8_t confidence;
	enum intel_severity severity; /* of what does not say so itself */
	uint64_t expires_s;
	bool below;    /* a bare domain means the names below it as well */
	bool is_local; /* what was said by hand: may be absent or empty; "- VALUE" takes one away */
};

struct intel_report_line {
	uint32_t line;
	char why[INTEL_WHY_MAX];
};

struct intel_feed {
	char name[INTEL_NAME_MAX];
	char file[512];
	enum intel_format format; /* as found */
	uint32_t items;           /* that it gives now */
	uint64_t lines;           /* with something in them, or objects */
	uint64_t repeated, broken, guarded, unsupported, left_out;
	uint32_t by_kind[INTEL__COUNT];
	bool is_held;              /* what it had before stays */
	char error[INTEL_WHY_MAX]; /* why; "" */
	struct intel_report_line reports[INTEL_REPORT_MAX];
	uint32_t report_count;
	uint64_t file_s; /* time of the file, since 1970 */
};

/* Why a value must not be called bad, a static sentence; NULL: it may. */
typedef const char *(*intel_guard_fn)(const void *arg, enum intel_kind kind, const void *value,
				      size_t len);

struct intel_options {
	const struct intel_source *sources;
	size_t source_count;
	uint32_t max_items;
	struct hash_key key; /* must be the same for sets that follow each other */
	intel_guard_fn guard;
	const void *guard_arg;
	const struct intel *before; /* NULL: none; what held feeds keep comes from it */
	const struct intel *base;   /* a set that this one lies over, held by it; NULL: none */
	bool dates_by_file;         /* what does not say since when is as old as its file (live) */
};

struct intel;

/* -EXF_E_NOMEM only: what is wrong with a feed stands in its report. */
int intel_build(const struct intel_options *o, struct intel **ret) EXF_MUST_USE;
struct intel *intel_hold(const struct intel *x);
void intel_drop(struct intel *x);

/* Told apart from every other set of this process; 0: x is NULL. */
uint64_t intel_serial(const struct intel *x);
uint32_t intel_count(const struct intel *x);
bool intel_has(const struct intel *x, enum intel_kind kind);
/* Digests of files that are worth computing: bits of enum intel_file_hash. */
unsigned intel_file_hashes(const struct intel *x);
size_t intel_bytes(const struct intel *x);
/* What a set of so many takes at most, also while it is built. */
uint64_t intel_worst_case(uint32_t max_items, size_t feeds);
size_t intel_feeds(const struct intel *x);
const struct intel_feed *intel_feed(const struct intel *x, size_t i);
const struct intel_feed *intel_feed_of(const struct intel *x, const struct intel_item *item);
const struct intel *intel_base(const struct intel *x);

/* Look-ups: the first item of that value, or NULL; others by intel_next(). */
const struct intel_item *intel_find(const struct intel *x, enum intel_kind kind, const void *value,
				    size_t len);
/* False: nothing is about the address, for most by a look at one bit. */
bool intel_may_have_address(const struct intel *x, const struct ipaddr *a);
/* The address itself, then the networks it lies in, the smallest first. */
const struct intel_item *intel_find_address(const struct intel *x, const struct ipaddr *a);
/* False: nothing is about the name, for most names by a look at their last bytes. */
bool intel_may_have_name(const struct intel *x, const char *name, size_t len);
/* The name itself, then what is above it and speaks for names below; any case. */
const struct intel_item *intel_find_name(const struct intel *x, const char *name, size_t len);
const struct intel_item *intel_next(const struct intel *x, const struct intel_item *item);

/* A value as people write it; returns dst. */
const char *intel_text(const struct intel *x, const struct intel_item *item, char *dst,
		       size_t size);
const char *intel_note(const struct intel *x, const struct intel_item *item);
/* Confidence that is left at a time: it decays to nothing between first_s and until_s. */
unsigned intel_confidence(const struct intel_item *item, uint64_t now_ns);
bool intel_is_over(const struct intel_item *item, uint64_t now_ns);

/*
 * What a text means as an indicator, in its stored form.  Takes "hxxp", "[.]" and their like.
 * INTEL_NONE: nothing, *ret_why says why.
 */
struct intel_value {
	enum intel_kind kind;
	uint8_t flags;
	uint16_t port;
	size_t len;
	uint8_t bytes[INTEL_VALUE_MAX];
	struct ipaddr last; /* of a range of addresses: kind INTEL_ADDRESS */
	bool is_range;
};
void intel_parse_value(const char *text, size_t len, enum intel_kind wanted,
		       struct intel_value *ret, const char **ret_why);
/* A URL of a request in the form that indicators have; 0: it does not fit. */
size_t intel_url(const char *host, size_t host_len, const char *uri, size_t uri_len,
		 char dst[INTEL_VALUE_MAX]);

const char *intel_kind_name(enum intel_kind k);         /* of STIX: "ipv4-addr", "domain-name" */
const char *intel_tlp_name(enum intel_tlp t);           /* "GREEN"; NULL: none */
const char *intel_severity_name(enum intel_severity s); /* "high"; NULL: not told */
/* "high", "Very-High", "1" to "3" of MISP's threat levels; INTEL_SEVERITY_NONE: another word. */
enum intel_severity intel_severity_of(const char *text, size_t len);
const char *intel_format_name(enum intel_format f);
enum intel_format intel_format_of(const char *name);
/* Of the configuration: "domain", "ja3"; INTEL_NONE: "auto". */
enum intel_kind intel_kind_of(const char *type);

#endif
