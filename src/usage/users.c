/*
 * usage/users.c - who uses an address, as privacy.users has it, as numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

int users_init(struct users *u, const struct hash_key *key, bool is_wanted)
{
	const struct table_config config = { .capacity = USERS_MAX,
					     .entry_size = sizeof(struct place_of_name),
					     .key_size = sizeof(uint64_t),
					     .key = *key };
	memset(u, 0, sizeof(*u));
	u->key = *key;
	if (!is_wanted)
		return 0;
	u->list = calloc(USERS_MAX, sizeof(*u->list));
	if (!u->list)
		return -EXF_E_NOMEM;
	u->count = 1; /* the first: not known */
	return table_init(&u->by_text, &config);
}

void users_deinit(struct users *u)
{
	if (u->list)
		table_deinit(&u->by_text);
	free(u->list);
}

void users_begin(struct users *u)
{
	if (!u->list)
		return;
	for (void *e = table_next(&u->by_text, NULL); e; e = table_next(&u->by_text, e))
		table_remove(&u->by_text, e);
	u->count = 1;
}

uint64_t users_bytes(void)
{
	return USERS_MAX * sizeof(struct user_text) +
	       table_worst_case(USERS_MAX, sizeof(struct place_of_name));
}

uint32_t users_number(struct users *u, const char *name)
{
	bool is_new;
	if (!u->list || !name || !*name)
		return 0;
	const uint64_t hash = hash_bytes(&u->key, name, strlen(name));
	const struct place_of_name *known = table_find(&u->by_text, &hash);
	if (known)
		return known->number;
	struct place_of_name *fresh =
		u->count < USERS_MAX ? table_get(&u->by_text, &hash, &is_new) : NULL;
	if (!fresh)
		return 0;
	fresh->number = u->count++;
	(void)str_copy(u->list[fresh->number].name, sizeof(u->list[0].name), name);
	return fresh->number;
}
