/*
 * context/names.c - the name that DNS or TLS gave to an address lately.
 *
 * A name holds for a day after it was last heard, and longer while a flow to the address goes on.
 * TLS does not replace what DNS said: the client writes its server name itself.  When the table is
 * full, names that no flow used and nobody asked for go first: a flood of answers does not push out
 * those in use.  Most names are never asked for, so they stay as they came until somebody does.
 */
#include "names.h"

#include <string.h>

#include "services.h"

#define NAME_LIFE_NS (86400ull * 1000000000ull)

static uint32_t evidence(const void *entry)
{
	const struct name_entry *e = entry;
	return (uint32_t)e->is_used + (e->service != NULL);
}

int names_init(struct names *n, const struct services *services, const struct hash_key *key,
	       uint32_t capacity)
{
	const struct table_config config = {
		.capacity = capacity,
		.entry_size = sizeof(struct name_entry),
		.key_size = sizeof(struct ipaddr),
		.key = *key,
		.evidence = evidence,
	};
	n->services = services;
	return table_init(&n->table, &config);
}

void names_deinit(struct names *n)
{
	table_deinit(&n->table);
}

void name_text(char *dst, size_t size, const void *name, size_t len)
{
	const unsigned char *p = name;
	if (len > 0 && p[len - 1] == '.')
		len--;
	if (len > size - 1) {
		size_t at = len - (size - 1);
		while (at < len && p[at - 1] != '.')
			at++;
		if (at == len)
			at = len - (size - 1);
		p += at;
		len -= at;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = p[i];
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		dst[i] = c > 0x20 && c < 0x7f && c != '"' && c != '\\' ? (char)c : '?';
	}
	dst[len] = '\0';
}

static void set_name(const struct names *n, struct name_entry *e, const struct name_heard *heard)
{
	e->hash = heard->hash;
	e->service = NULL;
	e->raw_len = 0;
	if (heard->len > 0 && heard->len <= NAME_TEXT_MAX) {
		memcpy(e->text, heard->text, heard->len);
		e->raw_len = (uint8_t)heard->len;
		return;
	}
	e->service = services_by_name(n->services, heard->text, heard->len);
	name_text(e->text, sizeof(e->text), heard->text, heard->len);
}

static void settle(const struct names *n, struct name_entry *e)
{
	char raw[NAME_TEXT_MAX];
	size_t len = e->raw_len;
	e->raw_len = 0;
	memcpy(raw, e->text, len);
	name_text(e->text, sizeof(e->text), raw, len);
	e->service = services_by_name(n->services, raw, len);
}

/* Whose account the name shows, as a text that can be compared; false: none. */
static bool owner_of(const struct names *n, const char *name, size_t len,
		     const struct service **ret, char dst[SERVICE_TENANT_MAX])
{
	const struct service_suffix *x = services_suffix(n->services, name, len);
	if (!x || x->form == TENANT_NONE)
		return false;
	*ret = &n->services->list[x->service];
	return services_tenant(n->services, *ret, name, len, dst);
}

/* Another name of the address: is one of the two a tenant's, and the other not that tenant's? */
static void note_other(const struct names *n, struct name_entry *e, const struct name_heard *heard,
		       uint64_t now_ns)
{
	char old[SERVICE_TENANT_MAX], other[SERVICE_TENANT_MAX];
	const struct service *a = NULL, *b = NULL;
	size_t len = e->raw_len ? e->raw_len : strlen(e->text);
	bool was = owner_of(n, e->text, len, &a, old);
	bool is = owner_of(n, heard->text, heard->len, &b, other);
	if (was != is || (is && (a != b || strcmp(old, other) != 0)))
		e->shared_until_ns = now_ns + NAME_LIFE_NS;
}

void names_learn(struct names *n, const struct ipaddr *a, enum name_rank rank,
		 const struct name_heard *heard, uint64_t now_ns)
{
	bool is_new;
	struct name_entry *e = table_get(&n->table, a, &is_new);
	if (!e)
		return;
	bool is_over = e->until_ns <= now_ns;
	if (!is_new && !is_over && e->hash != heard->hash)
		note_other(n, e, heard, now_ns);
	if (!is_new && !is_over && rank < e->rank)
		return;
	if (is_over)
		e->is_used = false;
	e->rank = (uint8_t)rank;
	e->until_ns = now_ns + NAME_LIFE_NS;
	if (is_new || e->hash != heard->hash)
		set_name(n, e, heard);
}

void names_touch(struct names *n, const struct ipaddr *a, uint64_t now_ns)
{
	struct name_entry *e = table_find(&n->table, a);
	if (!e || e->until_ns <= now_ns)
		return;
	e->is_used = true;
	e->until_ns = now_ns + NAME_LIFE_NS;
}

const struct name_entry *names_find(const struct names *n, const struct ipaddr *a, uint64_t now_ns)
{
	struct name_entry *e = table_find(&n->table, a);
	if (!e || e->until_ns <= now_ns)
		return NULL;
	if (e->raw_len)
		settle(n, e);
	return e;
}

void names_follow(struct names *n, const struct services *s)
{
	for (struct name_entry *e = table_next(&n->table, NULL); e; e = table_next(&n->table, e))
		e->service = services_by_name(s, e->text, strlen(e->text));
}
