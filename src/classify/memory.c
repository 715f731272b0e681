/*
 * classify/memory.c - see memory.h.
 *
 * The executable's ndpi_lru_find_cache() and ndpi_lru_add_to_cache() stand before the library's, as
 * its calls go through its procedure linkage table.  Which cache is meant is told by comparing the
 * pointer with the module's fields; should they ever lie elsewhere, no pointer fits, and nothing is
 * remembered at all.  The cache of tinc peers has no such key and stays empty.
 */
#define NDPI_LIB_COMPILATION /* for the fields of the module */
#include "memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	uint32_t key;
	uint16_t value;
	uint16_t role; /* which cache, from 1; 0: nothing here */
};

struct memory {
	struct entry entries[MEMORY_ENTRIES];
};

static _Thread_local struct memory *memory;
static _Thread_local struct ndpi_detection_module_struct *module;

struct memory *memory_new(void)
{
	return calloc(1, sizeof(struct memory));
}

void memory_free(struct memory *m)
{
	if (m && m == memory)
		memory = NULL;
	free(m);
}

void memory_use(struct memory *m, struct ndpi_detection_module_struct *of)
{
	memory = m;
	module = of;
}

#if NDPI_MAJOR == 4 && NDPI_MINOR < 6

# define OURS __attribute__((visibility("default"), used))

# define ROLES 7

/* The module's field of a role, from 1. */
static struct ndpi_lru_cache **field_of(struct ndpi_detection_module_struct *m, unsigned role)
{
	struct ndpi_lru_cache **const fields[ROLES] = {
		&m->ookla_cache,    &m->bittorrent_cache, &m->zoom_cache,    &m->stun_cache,
		&m->tls_cert_cache, &m->mining_cache,     &m->msteams_cache,
	};
	return fields[role - 1];
}

/* The header tells the fields of the library that is loaded, and these are empty yet. */
static bool fields_are_known(struct ndpi_detection_module_struct *m)
{
	char version[16];
	int n = snprintf(version, sizeof(version), "%d.%d.", NDPI_MAJOR, NDPI_MINOR);
	if (strncmp(ndpi_revision(), version, (size_t)n) != 0)
		return false;
	for (unsigned role = 1; role <= ROLES; role++)
		if (*field_of(m, role))
			return false;
	return true;
}

/*
 * nDPI asks a cache only when something was put into it, through this module.  It must ask always:
 * what was put in may have come through another one.
 */
void memory_prepare(struct ndpi_detection_module_struct *m)
{
	if (!fields_are_known(m))
		return;
	for (unsigned role = 1; role <= ROLES; role++)
		*field_of(m, role) = ndpi_lru_cache_init(1);
}

static uint16_t role_of(const struct ndpi_lru_cache *c)
{
	for (unsigned role = 1; c && role <= ROLES; role++)
		if (*field_of(module, role) == c)
			return (uint16_t)role;
	return 0;
}

static struct entry *place_of(uint32_t key, uint16_t role)
{
	return &memory->entries[(key * 2654435761u + role * 40503u) >> 20 & (MEMORY_ENTRIES - 1)];
}

OURS uint8_t ndpi_lru_find_cache(struct ndpi_lru_cache *c, uint32_t key, uint16_t *value,
				 uint8_t clean_key_when_found)
{
	uint16_t role = memory && module ? role_of(c) : 0;
	if (!role)
		return 0;
	struct entry *e = place_of(key, role);
	if (e->role != role || e->key != key)
		return 0;
	*value = e->value;
	if (clean_key_when_found)
		e->role = 0;
	return 1;
}

OURS void ndpi_lru_add_to_cache(struct ndpi_lru_cache *c, uint32_t key, uint16_t value)
{
	uint16_t role = memory && module ? role_of(c) : 0;
	if (role)
		*place_of(key, role) = (struct entry){ .key = key, .value = value, .role = role };
}

/* The library's table of tinc peers: nothing goes in, and so nothing is found. */
OURS int cache_add(void *cache, void *item, uint32_t item_size);
OURS int cache_add(void *cache, void *item, uint32_t item_size)
{
	(void)cache;
	(void)item;
	(void)item_size;
	return 0;
}

#else

void memory_prepare(struct ndpi_detection_module_struct *m)
{
	(void)m; /* its caches are off */
}

#endif
