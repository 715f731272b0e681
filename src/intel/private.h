/*
 * intel/private.h - what the files of the layer share.
 *
 * What: the set as it is built, and the readers of each form of feed.
 * Ownership: a reader borrows the load for its call.  Threads: the builder's.
 */
#ifndef EXFILD_SRC_INTEL_PRIVATE_H
#define EXFILD_SRC_INTEL_PRIVATE_H

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "exfild/intel/intel.h"

#define INTEL_LENGTHS 129

struct arena { /* bytes that only grow; an offset stays */
	uint8_t *data;
	size_t len, room;
};

struct intel {
	atomic_uint holders;
	uint64_t serial;
	struct hash_key key;
	struct intel *base; /* held; NULL: none */
	bool has_gone;      /* some item takes one of the base away */
	struct intel_item *items;
	uint32_t count, room, max;
	uint64_t *slots; /* 32 bits of the hash, number of the item + 1; 0 is empty */
	uint32_t slot_mask, slot_used;
	uint64_t *filter;     /* two bits in one word for each hash: most look-ups end here */
	uint64_t filter_mask; /* of words */
	uint64_t *ends;       /* a bit for the last bytes of each domain: most names end there */
	unsigned end_shift;   /* of intel_end_hash(): what is left is the number of a bit */
	bool has_short;       /* some domain is shorter than INTEL_END */
	bool has_shortest;    /* ... than INTEL_END_LEAST */
	struct arena values;  /* length in 2 bytes, then the bytes */
	struct arena notes;
	uint32_t recent_notes[1024]; /* by hash: the same text is kept once, mostly */
	size_t text_most;            /* bytes of values and notes together */
	uint8_t *v4_near;     /* a bit for each network: some address or network touches it */
	unsigned near_shift;  /* bits of an address of IPv4 that those leave out */
	bool has_v6;          /* some address or network of IPv6 */
	uint64_t lengths[3];  /* bits of networks that there are */
	unsigned labels_max;  /* of a domain */
	unsigned file_hashes; /* enum intel_file_hash: those that some item has */
	uint32_t by_kind[INTEL__COUNT];
	struct intel_feed *feeds;
	size_t feed_count;
};

/* store.c */
struct intel *intel_new(const struct hash_key *key, uint32_t max, size_t feeds);
enum intel_added { INTEL_ADDED, INTEL_REPEATED, INTEL_FULL, INTEL_NO_MEMORY };
/* The item's kind, feed and times are filled in; value and next are made here. */
enum intel_added intel_add(struct intel *x, const struct intel_item *item, const void *value,
			   size_t len);
uint32_t intel_add_note(struct intel *x, const char *text, size_t len);
struct intel_mark { /* how much there was before a feed */
	uint32_t count;
	size_t values_len, notes_len;
};
struct intel_mark intel_mark(const struct intel *x);
/* What has come since, all of it of this feed, has never been. */
void intel_take_back(struct intel *x, const struct intel_mark *mark, struct intel_feed *feed);
/*
 * Names are hashed from their end, so that one walk gives the hash of each suffix: begin, add each
 * byte, finish where a suffix begins.  Letters' case, and a few other bits, do not count.
 */
static inline uint64_t intel_roll_begin(const struct hash_key *key)
{
	return key->k[0];
}

static inline uint64_t intel_roll(const struct hash_key *key, uint64_t h, uint8_t byte)
{
	return (h ^ (byte | 0x20u)) * (key->k[1] | 1);
}

static inline uint64_t intel_roll_end(uint64_t h)
{
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 32;
}

/* The place of an address of IPv4 in v4_near. */
static inline uint32_t intel_near_at(const struct intel *x, const uint8_t ip[4])
{
	uint32_t address =
		(uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];
	return address >> x->near_shift;
}

/* Addresses and networks, whose bits are 0 for an address. */
static inline uint64_t intel_hash_address(const struct hash_key *key, const uint8_t ip[16],
					  unsigned bits)
{
	uint64_t words[2];
	memcpy(words, ip, sizeof(words));
	uint64_t h = hash_mix(hash_mix(key->k[0] + bits, words[0]), words[1]);
	return hash_mix(h, key->k[1]);
}

/*
 * Of the last bytes of a name: INTEL_END of them, of a shorter domain INTEL_END_LEAST; letters'
 * case does not count.  Without a key: who makes names that end alike costs a look-up each.
 */
#define INTEL_END       8u
#define INTEL_END_LEAST 4u
static inline uint64_t intel_end_hash(const char *end, size_t len)
{
	uint64_t word = 0;
	memcpy(&word, end - len, len);
	return (word | 0x2020202020202020ull) * 0x9e3779b97f4a7c15ull;
}

/* A filter's word and the bits of it that a hash has. */
static inline uint64_t intel_filter_word(uint64_t hash, uint64_t mask)
{
	return hash >> 32 & mask;
}

static inline uint64_t intel_filter_bits(uint64_t hash)
{
	return 1ull << (hash >> 52 & 63) | 1ull << (hash >> 58);
}

/* What is told of items from number `first` on that do not tell it themselves. */
void intel_tell_of(struct intel *x, uint32_t first, enum intel_tlp tlp,
		   enum intel_severity severity);
/* The keyed hash that a value is found by. */
uint64_t intel_hash(const struct hash_key *key, enum intel_kind kind, const void *value,
		    size_t len);
int intel_seal(struct intel *x) EXF_MUST_USE;
/* The set of the two that an item is of. */
const struct intel *intel_owner(const struct intel *x, const struct intel_item *item);
const uint8_t *intel_value_of(const struct intel *x, const struct intel_item *item, size_t *ret);

/* A feed that is being read. */
struct load {
	struct intel *x;
	struct intel_feed *feed;
	const struct intel_source *source;
	const struct intel_options *o;
	uint16_t number;
	bool is_out_of_memory;
};

/* What a line says besides the value. */
struct load_facts {
	uint32_t line;
	uint32_t first_s, until_s; /* 0: not told */
	int confidence;            /* -1: not told */
	enum intel_tlp tlp;
	enum intel_severity severity;
	const char *note; /* NULL: none */
	size_t note_len;
	enum intel_kind kind; /* INTEL_NONE: by the value's form */
	bool below, is_gone;
};

/* load.c */
void load_value(struct load *l, const char *text, size_t len, const struct load_facts *facts);
void load_parsed(struct load *l, const struct intel_value *v, const struct load_facts *facts);
enum load_trouble { LOAD_BROKEN, LOAD_GUARDED, LOAD_UNSUPPORTED };
void load_report(struct load *l, enum load_trouble what, uint32_t line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
struct load_facts load_facts_at(uint32_t line);
/* "TLP:GREEN", "tlp:amber+strict", "white". */
enum intel_tlp load_tlp(const char *text, size_t len);
/* A tag or label that tells a marking or a severity: "tlp:red", "severity:high", "x-severity-high".
 * False: it tells neither. */
bool load_tag(const char *text, enum intel_tlp *tlp, enum intel_severity *severity);
/* The kind of a type's name in MISP, ThreatFox, Zeek ...; INTEL_NONE: another, *ret_known says
 * whether it is one that cannot be seen on the wire. */
enum intel_kind load_kind(const char *name, size_t len, bool *ret_known);
/* "2026-11-23 19:00:00", with T, Z, UTC, or a number; 0: none. */
uint32_t load_time(const char *text, size_t len);

/* One line after the other; text longer than INTEL_LINE_MAX is told and left out. */
typedef void (*load_line_fn)(struct load *l, void *arg, char *line, size_t len, uint32_t number);
/* False: reading failed, feed->error says why. */
bool load_lines(struct load *l, FILE *f, load_line_fn fn, void *arg);

/* The readers: false: the feed cannot be read, feed->error says why. */
bool load_plain(struct load *l, FILE *f);
bool load_hosts(struct load *l, FILE *f);
bool load_rpz(struct load *l, FILE *f);
bool load_zeek(struct load *l, FILE *f);
bool load_suricata(struct load *l, FILE *f);
bool load_csv(struct load *l, FILE *f);
bool load_json(struct load *l, FILE *f); /* STIX and MISP */

/* guess.c: the form by the first bytes. */
enum intel_format intel_guess(const char *head, size_t len);

/* json.c: the object's text of this name, or NULL. */
struct json_t;
const char *object_text(const struct json_t *object, const char *key);
/* stix.c, misp.c: one object of a file. */
void stix_object(struct load *l, const struct json_t *object, uint32_t line);
void misp_attribute(struct load *l, const struct json_t *object, uint32_t line);

#endif
