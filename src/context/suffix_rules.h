/*
 * context/suffix_rules.h - the public suffix list's rules in one hash set.
 *
 * What: answers in one look-up whether the end of a name is a public suffix, and whether a longer
 * rule has that end.  libpsl walks an automaton for a microsecond and a half, and cannot say the
 * latter; names never seen before are half of what a gateway hears.  It knows the rules that are
 * written in ASCII; suffix.c asks libpsl about the others, and for all when the list's text is not
 * at hand.
 * Ownership: suffix_rules_deinit frees.  Threads: read by any once made.
 * Limits: SUFFIX_RULES_SLOTS / 2 ends, 512 KiB; a list with more of them is not used.
 */
#ifndef EXFILD_CONTEXT_SUFFIX_RULES_H
#define EXFILD_CONTEXT_SUFFIX_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/base/hash.h"

#define SUFFIX_RULES_SLOTS 65536u

enum suffix_flag {
	SUFFIX_RULE = 1u << 0,   /* "co.uk" */
	SUFFIX_WILD = 1u << 1,   /* "*.ck" is kept as ck */
	SUFFIX_EXCEPT = 1u << 2, /* "!www.ck" is kept as www.ck */
	SUFFIX_GROWS = 1u << 3,  /* a longer rule ends like this */
};

struct suffix_rules {
	uint64_t *slots; /* hash and flags, 0: free; NULL: nothing is known */
};

/* Reads the list as text (the form of publicsuffix.org). false: nothing is known. */
bool suffix_rules_init(struct suffix_rules *r, const char *path, const struct hash_key *key);
void suffix_rules_deinit(struct suffix_rules *r);
/* Flags of the end of a name in lower case; hash: of its bytes, with the key of init. */
unsigned suffix_rules_flags(const struct suffix_rules *r, uint64_t hash);

#endif
