/*
 * context/identity.c - see include/exfild/context/identity.h
 */
#include "identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

#define NS_PER_S 1000000000ull
#define MOVED_NS (3600 * NS_PER_S)

/* The one that ends first is missed least. */
static uint32_t evidence_of(const void *entry)
{
	const struct identity_entry *e = entry;
	uint64_t until_s = e->until_ns / NS_PER_S;
	return until_s < UINT32_MAX ? (uint32_t)until_s : UINT32_MAX;
}

int identities_init(struct identities *s, const struct hash_key *key,
		    const struct hash_key *user_key, uint32_t capacity)
{
	const struct table_config config = { .capacity = capacity,
					     .entry_size = sizeof(struct identity_entry),
					     .key_size = sizeof(struct ipaddr),
					     .key = *key,
					     .evidence = evidence_of };
	s->user_key = *user_key;
	return table_init(&s->table, &config);
}

void identities_deinit(struct identities *s)
{
	table_deinit(&s->table);
	identity_list_free(s->list);
	s->list = NULL;
}

/* The same user is the same pseudonym as long as the state. */
static void put_pseudonym(const struct identities *s, char dst[IDENTITY_NAME], const char *user,
			  size_t len)
{
	(void)snprintf(dst, IDENTITY_NAME, "user-%016" PRIx64, hash_bytes(&s->user_key, user, len));
}

/* What is kept of a user's name. */
static void put_user(const struct identities *s, char dst[IDENTITY_NAME], const char *user)
{
	dst[0] = '\0';
	if (s->users == USERS_CLEAR)
		(void)str_copy(dst, IDENTITY_NAME, user);
	else if (s->users == USERS_PSEUDONYM && user[0])
		put_pseudonym(s, dst, user, strlen(user));
}

static bool is_pseudonym_of(const struct identities *s, const char *pseudonym, const char *user,
			    size_t len, char ret[IDENTITY_NAME])
{
	char own[IDENTITY_NAME];
	if (!len || len >= IDENTITY_NAME)
		return false;
	put_pseudonym(s, own, user, len);
	if (strcmp(own, pseudonym) != 0)
		return false;
	memcpy(ret, user, len);
	ret[len] = '\0';
	return true;
}

bool context_reveal(const struct context *c, const char *pseudonym, const char *names,
		    char ret[IDENTITY_NAME])
{
	const struct identities *s = &c->identities;
	for (size_t i = 0; s->list && i < s->list->count; i++) {
		const char *user = s->list->lines[i].id.user;
		if (is_pseudonym_of(s, pseudonym, user, strlen(user), ret))
			return true;
	}
	for (const char *at = names; *at;) {
		size_t len = strcspn(at, ",");
		if (is_pseudonym_of(s, pseudonym, at, len, ret))
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}

/* More than have room are left: what was decided about them ends at its own time. */
static void note_moved(struct identities *s, const struct identity_entry *e,
		       const struct identity *id, uint64_t since_ns, uint64_t now_ns)
{
	bool is_other = e->host[0] && id->host[0] && strcmp(e->host, id->host) != 0;
	if (!is_other || since_ns + MOVED_NS < now_ns || s->moved_count == IDENTITY_MOVED)
		return;
	s->moved[s->moved_count].address = e->address;
	(void)str_copy(s->moved[s->moved_count++].host, IDENTITY_NAME, id->host);
}

static bool tell(struct identities *s, const struct identity *id, uint64_t line, uint64_t now_ns)
{
	bool is_new;
	uint64_t ttl_s = id->ttl_s ? id->ttl_s : s->ttl_s;
	uint64_t since_ns = id->since_ns ? id->since_ns : now_ns;
	struct identity_entry *e = table_get(&s->table, &id->address, &is_new);
	if (!e || (!is_new && e->since_ns > since_ns && e->until_ns > now_ns))
		return false;
	if (line && !is_new && e->line == line) /* told before the process was started again */
		return false;
	if (!is_new)
		note_moved(s, e, id, since_ns, now_ns);
	e->since_ns = since_ns;
	e->until_ns = since_ns + ttl_s * NS_PER_S;
	e->line = line;
	e->from_login = false;
	(void)str_copy(e->host, sizeof(e->host), id->host);
	put_user(s, e->user, id->user);
	return true;
}

void identities_login(struct identities *s, const struct ipaddr *a, const char *user,
		      uint64_t now_ns)
{
	bool is_new;
	struct identity_entry *e = table_get(&s->table, a, &is_new);
	if (!e || (!is_new && !e->from_login && e->until_ns > now_ns))
		return;
	e->since_ns = now_ns;
	e->until_ns = now_ns + s->ttl_s * NS_PER_S;
	e->line = 0;
	e->from_login = true;
	e->host[0] = '\0';
	put_user(s, e->user, user);
}

void identities_follow(struct identities *s, uint64_t now_ns)
{
	const struct identity_list *l = s->list;
	while (l && s->next < l->count && l->lines[s->next].id.since_ns <= now_ns) {
		const struct identity_line *line = &l->lines[s->next++];
		if (!identity_list_has(s->last, line->hash))
			(void)tell(s, &line->id, line->hash, now_ns);
	}
}

const struct identity_entry *identities_find(const struct identities *s, const struct ipaddr *a,
					     uint64_t now_ns)
{
	const struct identity_entry *e = s->table.stats.entries ? table_find(&s->table, a) : NULL;
	return e && e->until_ns > now_ns && e->since_ns <= now_ns ? e : NULL;
}

/* What the file does not say any more is over; whose it was is known until it is swept out. */
static void end_lines(struct identities *s)
{
	for (struct identity_entry *e = table_next(&s->table, NULL); e;
	     e = table_next(&s->table, e))
		if (e->line && !identity_list_has(s->list, e->line)) {
			e->since_ns = e->until_ns = 0;
			e->line = 0;
		}
}

static void sweep(struct identities *s)
{
	struct identity_entry *e = table_next(&s->table, NULL);
	while (e) {
		struct identity_entry *next = table_next(&s->table, e);
		if (!e->until_ns)
			table_remove(&s->table, e);
		e = next;
	}
}

struct identity_list *context_identities(struct context *c, struct identity_list *fresh)
{
	struct identities *s = &c->identities;
	struct identity_list *old = s->list;
	s->list = fresh;
	s->next = 0;
	end_lines(s);
	s->last = old; /* lines of both whose time has come were told */
	if (c->now_ns)
		identities_follow(s, c->now_ns);
	s->last = NULL;
	sweep(s);
	return old;
}

bool context_identity(struct context *c, const struct identity *i)
{
	return tell(&c->identities, i, 0, c->now_ns);
}

bool context_moved(struct context *c, struct ipaddr *ret, char ret_host[IDENTITY_NAME])
{
	struct identities *s = &c->identities;
	if (!s->moved_count)
		return false;
	s->moved_count--;
	*ret = s->moved[s->moved_count].address;
	(void)str_copy(ret_host, IDENTITY_NAME, s->moved[s->moved_count].host);
	return true;
}

const char *context_user_of(const struct context *c, const struct ipaddr *a)
{
	const struct identity_entry *e = identities_find(&c->identities, a, c->now_ns);
	return e && e->user[0] ? e->user : NULL;
}

static const struct keep_field fields[] = {
	KEEP(U8, struct identity_entry, address),      KEEP(U64, struct identity_entry, since_ns),
	KEEP(U64, struct identity_entry, until_ns),    KEEP(U64, struct identity_entry, line),
	KEEP(BOOL, struct identity_entry, from_login), KEEP(TEXT, struct identity_entry, host),
	KEEP(TEXT, struct identity_entry, user),       KEEP_LAST,
};

void identities_keep(struct identities *s, struct keep_list *list)
{
	const struct keep_part part = { .name = "context.identities",
					.version = 2,
					.table = &s->table,
					.fields = fields };
	keep_add(list, &part);
}
