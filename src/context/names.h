/*
 * context/names.h - the name that DNS or TLS gave to an address lately.
 *
 * Ownership: embedded; names_deinit frees.  Threads: one owner.
 * Limits: `capacity` addresses of 192 bytes; a name over NAME_TEXT_MAX keeps its last labels.
 */
#ifndef EXFILD_CONTEXT_NAMES_H
#define EXFILD_CONTEXT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/table.h"
#include "exfild/context/context.h"
#include "services.h"

#define NAME_TEXT_MAX 127

enum name_rank { NAME_BY_TLS = 1, NAME_BY_DNS }; /* a client writes its SNI itself */

struct name_entry {
	struct ipaddr address;
	uint64_t until_ns;
	uint64_t hash;                 /* of the name as it came */
	const struct service *service; /* of a raw one: not looked for yet */
	uint8_t rank;
	uint8_t raw_len; /* text is that many bytes as they came, 0: it is text */
	bool is_used;    /* a flow went there under this name */
	/* until then a tenant's name is not the only one: which account a flow reaches is unknown
	 */
	uint64_t shared_until_ns;
	char text[NAME_TEXT_MAX + 1];
};

struct names {
	struct table table;
	const struct services *services;
};

/* A name as it came in an event. */
struct name_heard {
	const char *text;
	size_t len;
	uint64_t hash;
};

/* services is borrowed until names_deinit. */
int names_init(struct names *n, const struct services *services, const struct hash_key *key,
	       uint32_t capacity) EXF_MUST_USE;
void names_deinit(struct names *n);
void names_learn(struct names *n, const struct ipaddr *a, enum name_rank rank,
		 const struct name_heard *heard, uint64_t now_ns);
/* A flow to the address goes on: its name stays. */
void names_touch(struct names *n, const struct ipaddr *a, uint64_t now_ns);
/* The entry with text and service, NULL when there is none that holds. */
const struct name_entry *names_find(const struct names *n, const struct ipaddr *a, uint64_t now_ns);

struct services;
/* Each name's service is looked up again: the catalogue is another. */
void names_follow(struct names *n, const struct services *s);

/* Lower-case text with '?' for bytes that are not printable; what is too long loses its front. */
void name_text(char *dst, size_t size, const void *name, size_t len);

#endif
