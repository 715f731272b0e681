/*
 * context/managers.c - see managers.h.
 */
#include "managers.h"

#define DAY_NS (86400ull * 1000000000ull)

struct manager {
	struct ipaddr address;
	uint64_t last_day; /* of packet time, from 1 */
	uint32_t targets[MANAGER_TARGETS];
	uint8_t count, days, pad[2];
};

static uint32_t evidence(const void *entry)
{
	const struct manager *m = entry;
	return m->days * 4u + m->count;
}

int managers_init(struct managers *m, const struct hash_key *key, const struct hash_key *mark_key,
		  uint32_t capacity)
{
	struct table_config config = { .capacity = capacity ? capacity : 1,
				       .entry_size = sizeof(struct manager),
				       .key_size = sizeof(struct ipaddr),
				       .key = *key,
				       .evidence = evidence };
	m->mark_key = *mark_key;
	return table_init(&m->table, &config);
}

void managers_deinit(struct managers *m)
{
	table_deinit(&m->table);
}

bool managers_note(struct managers *m, const struct ipaddr *client, const struct ipaddr *server,
		   uint64_t now_ns)
{
	uint32_t mark = (uint32_t)hash_bytes(&m->mark_key, server, sizeof(*server)) | 1;
	uint64_t day = now_ns / DAY_NS + 1;
	bool is_new, is_known = false;
	struct manager *e = table_get(&m->table, client, &is_new);
	if (!e)
		return false;
	for (unsigned i = 0; i < e->count; i++)
		is_known |= e->targets[i] == mark;
	if (!is_known && e->count < MANAGER_TARGETS)
		e->targets[e->count++] = mark;
	if (e->last_day != day) {
		e->last_day = day;
		if (e->days < UINT8_MAX)
			e->days++;
	}
	return e->count >= MANAGER_TARGETS && e->days >= MANAGER_DAYS;
}

static const struct keep_field manager_fields[] = {
	KEEP(U8, struct manager, address),  KEEP(U64, struct manager, last_day),
	KEEP(U32, struct manager, targets), KEEP_TO(U8, struct manager, count, MANAGER_TARGETS),
	KEEP(U8, struct manager, days),     KEEP_LAST,
};

void managers_keep(struct managers *m, struct keep_list *list)
{
	const struct keep_part part = { .name = "context.managers",
					.version = 1,
					.table = &m->table,
					.fields = manager_fields };
	keep_add(list, &part);
}
