/*
 * context/identity.h - the identities of a context, and a list of them as read.
 *
 * Ownership: embedded; identities_deinit frees.  Threads: one owner.
 * Limits: `capacity` addresses of 184 bytes.
 */
#ifndef EXFILD_CONTEXT_IDENTITY_PRIVATE_H
#define EXFILD_CONTEXT_IDENTITY_PRIVATE_H

#include "exfild/base/keep.h"
#include "exfild/base/table.h"
#include "exfild/context/identity.h"

struct identity_line {
	struct identity id;
	uint64_t hash; /* of all that the line says; never 0 */
	uint32_t number;
};

struct identity_list {
	struct identity_line *lines; /* in order of since_ns, then of the file */
	size_t count, room;
	uint64_t *hashes; /* sorted */
};

struct identity_entry {
	struct ipaddr address;
	uint64_t since_ns, until_ns;
	uint64_t line;   /* hash of the file's line, 0: it came while it ran */
	bool from_login; /* seen on the wire: what is told counts for more */
	char host[IDENTITY_NAME], user[IDENTITY_NAME];
};

enum identity_users { USERS_OFF, USERS_PSEUDONYM, USERS_CLEAR };

struct identities {
	struct table table;
	struct hash_key user_key;
	enum identity_users users;
	uint64_t ttl_s;
	struct identity_list *list; /* of the file; NULL: none */
	struct identity_list *last; /* borrowed while a list takes the place of another */
	size_t next;                /* of list: not told yet */
	struct {
		struct ipaddr address;
		char host[IDENTITY_NAME];
	} moved[IDENTITY_MOVED]; /* to which machine, not told yet */
	size_t moved_count;
};

int identities_init(struct identities *s, const struct hash_key *key,
		    const struct hash_key *user_key, uint32_t capacity) EXF_MUST_USE;
void identities_deinit(struct identities *s);
/* Somebody has logged in from there; nothing where it was told who has the address. */
void identities_login(struct identities *s, const struct ipaddr *a, const char *user,
		      uint64_t now_ns);
void identities_keep(struct identities *s, struct keep_list *list);
/* Packet time has come to now_ns: lines whose time has come are told. */
void identities_follow(struct identities *s, uint64_t now_ns);
const struct identity_entry *identities_find(const struct identities *s, const struct ipaddr *a,
					     uint64_t now_ns);
bool identity_list_has(const struct identity_list *l, uint64_t hash);

#endif
