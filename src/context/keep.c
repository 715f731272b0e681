/*
 * context/keep.c - what a context knows and must not lose with its process: names of addresses,
 * hosts, link addresses.
 */
#include <string.h>

#include "private.h"

static const struct keep_field name_fields[] = {
	KEEP(U8, struct name_entry, address),   KEEP(U64, struct name_entry, until_ns),
	KEEP(U64, struct name_entry, hash),     KEEP_TO(U8, struct name_entry, rank, NAME_BY_DNS),
	KEEP(BOOL, struct name_entry, is_used), KEEP(U64, struct name_entry, shared_until_ns),
	KEEP(TEXT, struct name_entry, text),    KEEP_LAST,
};

/* Most names are as they came, until somebody asks: they travel as text. */
static bool save_name(const void *owner, uint32_t slot, struct buf *out)
{
	const struct context *c = owner;
	const struct name_entry *e = table_at(&c->names.table, slot);
	struct name_entry copy;
	if (!e)
		return false;
	copy = *e;
	if (e->raw_len)
		name_text(copy.text, sizeof(copy.text), e->text, e->raw_len);
	keep_write(name_fields, &copy, out);
	return true;
}

/* Which service that is may have changed with the list of them. */
static bool took_name(void *owner, void *entry)
{
	const struct context *c = owner;
	struct name_entry *e = entry;
	e->service = services_by_name(&c->services, e->text, strlen(e->text));
	return e->text[0] != '\0';
}

void context_keep(struct context *c, struct keep_list *list)
{
	const struct keep_part names = { .name = "context.names",
					 .version = 2,
					 .owner = c,
					 .table = &c->names.table,
					 .fields = name_fields,
					 .save = save_name,
					 .took = took_name };
	keep_add(list, &names);
	hosts_keep(&c->hosts, list);
	identities_keep(&c->identities, list);
	managers_keep(&c->managers, list);
	baseline_keep(&c->baseline, list);
}
