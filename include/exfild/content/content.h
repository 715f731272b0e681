/*
 * content/content.h - what must not leave, found in clear text that passes.
 *
 * What: rules (numbers, keys, markings, canaries) become one Hyperscan database, which runs in
 * streaming mode over text in any portions; each of its matches is validated before it counts:
 * check digits, prefixes, boundaries, words around it.  Runs of base64 and hex within the text are
 * undone and looked through as well; a text that is gzip, zlib or ZIP is undone, UTF-16 of Latin
 * letters is read.  Texts are compared with the customer's own data too (content/sets.h).
 * Ownership: rules are immutable and shared; a scanner, with its scratch and the states of its
 * streams, belongs to one shard and borrows the rules. Threads: rules any; a scanner one. Limits:
 * max_streams at a time, past that a text is refused and counted; CONTENT_RULES rules; what is
 * found lies within CONTENT_BEHIND bytes before its end, its words up to CONTENT_AHEAD after it.
 */
#ifndef EXFILD_CONTENT_CONTENT_H
#define EXFILD_CONTENT_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/base/hash.h"
#include "exfild/event/content.h"

#define CONTENT_RULES  256u
#define CONTENT_SAMPLE 48
#define CONTENT_BEHIND 192
#define CONTENT_AHEAD  64
#define CONTENT_TEXT   65536u /* bytes of rules */

struct content_rules;
struct content_scanner;

struct content_hit {
	enum content_kind kind;
	bool is_coded;     /* it lay in base64 or hex within the text */
	const char *label; /* which: "visa", "es_dni", "github", the marking, the name of the canary
			      or of the set */
	const char *sample; /* masked: cards show six and four digits, the rest kind and length */
	uint32_t count;  /* of this kind and label in this text so far, the same one again aside */
	uint32_t weight; /* how many have come since the last was told */
	uint32_t of;     /* marks or rows of the whole set, 0: it is of no set */
	uint64_t offset; /* of its end in the text */
};

typedef void (*content_hit_fn)(void *arg, const struct content_hit *hit);

/*
 * One rule a line, fields apart by a tab, '#' begins a remark:
 *   number NAME COUNTRY LAYOUT CHECK WORDS    LAYOUT: digits of each group, "3-2-4", and a letter
 *                                             that follows, "8L"; WORDS: apart by commas, of which
 *                                             one must come before it
 *   marking TEXT
 *   canary NAME VALUE
 * NULL with a sentence: a line that is none of these, too many, or no memory.  Keys, cards and IBAN
 * are always in it.
 */
struct content_rules *content_rules_new(const char *text, size_t len, char *ret_why,
					size_t why_size);
void content_rules_free(struct content_rules *r);

struct content_scanner *content_scanner_new(const struct content_rules *rules, uint32_t max_streams,
					    const struct hash_key *key);
void content_scanner_free(struct content_scanner *s);
/* The number of a new text, from 1; 0: all are in use. */
uint32_t content_open(struct content_scanner *s);
/* Its next bytes; fn hears of each hit that is worth a word: the 1st, 2nd, 4th, 8th ... of its
 * kind and label. */
void content_feed(struct content_scanner *s, uint32_t number, const uint8_t *data, size_t len,
		  content_hit_fn fn, void *arg);
/* Whether it is compressed and still undone: its bytes say nothing then about what is in it. */
bool content_is_packed(const struct content_scanner *s, uint32_t number);
/* Its end; fn may be NULL where nobody listens any more. */
void content_close(struct content_scanner *s, uint32_t number, content_hit_fn fn, void *arg);

struct content_counts {
	uint64_t bytes, matches, hits, refused; /* matches: of the database; hits: valid ones */
	uint32_t open;
	size_t worst_case_bytes;
};
void content_counts(const struct content_scanner *s, struct content_counts *ret);

#endif
