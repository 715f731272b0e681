/*
 * inspect/content/carried.h - data that ride in messages of other services.
 *
 * What: logs, calls, traps and leases are short words and numbers.  What is not of their kind is
 * measured: encoded words longer than any that programs write there, and bytes that are no text.
 * Each message that may leave becomes an event, with or without such.
 * Ownership: values; borrows the bytes.  Threads: one shard.
 */
#ifndef EXFILD_INSPECT_CONTENT_CARRIED_H
#define EXFILD_INSPECT_CONTENT_CARRIED_H

#include "exfild/inspect/inspector.h"

struct carried {
	uint32_t len;    /* bytes, as they stand in the message */
	uint64_t hash;   /* of them, keyed; 0: none */
	uint64_t packet; /* carried_begin(): number of the one in which it begins */
};

/* A message that may be told when its flow ends begins in this packet, unless it has begun. */
void carried_begin(struct carried *c, const struct inspection *in);

/* Adds these bytes whole. */
void carried_add(struct carried *c, const struct hash_key *key, const uint8_t *data, size_t len);
/* Adds what of a text is carried: its long words, or all of it where it is no text. */
void carried_add_text(struct carried *c, const struct hash_key *key, const uint8_t *data,
		      size_t len);
/*
 * Adds the encoded words of a text from `least` characters on, those that lines of equal length
 * wrap included; bytes that are no text add nothing.  Below the length of a digest a word must mix
 * letters and digits.
 */
void carried_add_words(struct carried *c, const struct hash_key *key, const uint8_t *data,
		       size_t len, size_t least);
/* Whether the first long word of a text begins a picture, a sound or a film. */
bool carried_is_picture(const uint8_t *data, size_t len);
/* Whether the packet goes to an address that may be outside. */
bool carried_may_leave(const struct inspection *in);
/* The event of this message, of an application that its flow may not be known for yet. */
void carried_put(struct inspection *in, enum app app, const struct carried *c);
/* Likewise, of a message of this length that is no packet. */
void carried_put_message(struct inspection *in, enum app app, uint32_t len,
			 const struct carried *c);

/* All that an inspector of text messages does with a datagram of its own. */
void carried_in_text(struct inspection *in, enum app app);

#endif
