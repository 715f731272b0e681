/*
 * usage/places.c - country and network of the other end, as numbers.
 *
 * A reload may bring other databases: what was found stays, what is found from then on is new.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/context/geo.h"
#include "private.h"

struct place_key {
	uint64_t hash; /* of country and network */
};

struct place { /* entry */
	struct place_key key;
	uint32_t number, pad;
};

int places_init(struct places *p, const struct context *context, const struct hash_key *key)
{
	const struct table_config config = { .capacity = PLACES_MAX,
					     .entry_size = sizeof(struct place),
					     .key_size = sizeof(struct place_key),
					     .key = *key };
	memset(p, 0, sizeof(*p));
	p->context = context;
	p->key = *key;
	p->count = 1; /* the first: not known */
	p->list = calloc(PLACES_MAX, sizeof(*p->list));
	return p->list ? table_init(&p->by_text, &config) : -EXF_E_NOMEM;
}

void places_deinit(struct places *p)
{
	free(p->list);
	table_deinit(&p->by_text);
}

uint64_t places_bytes(void)
{
	return PLACES_MAX * sizeof(struct place_text) +
	       table_worst_case(PLACES_MAX, sizeof(struct place));
}

static void put_text(struct place_text *t, const struct geo *g)
{
	(void)snprintf(t->country, sizeof(t->country), "%s%s", g->country,
		       g->country[0] && g->is_anycast ? "*" : "");
	if (g->as_number)
		(void)snprintf(t->network, sizeof(t->network), "AS%u%s%s", g->as_number,
			       g->as_name[0] ? " " : "", g->as_name);
}

static uint32_t number_of(struct places *p, const struct place_text *text)
{
	bool is_new;
	const struct place_key key = { hash_bytes(&p->key, text, sizeof(*text)) };
	const struct place *known = table_find(&p->by_text, &key);
	if (known)
		return known->number;
	if (p->count == PLACES_MAX)
		return 0;
	struct place *fresh = table_get(&p->by_text, &key, &is_new);
	if (!fresh)
		return 0;
	fresh->number = p->count++;
	p->list[fresh->number] = *text;
	return fresh->number;
}

uint32_t places_number(struct places *p, const struct ipaddr *a, uint32_t tunnel_id, uint16_t tls)
{
	struct place_text text = { .tls = tls };
	struct geo g;
	if (a && context_geo_of(p->context, a, tunnel_id, &g)) {
		put_text(&text, &g);
		return number_of(p, &text);
	}
	if (tls && !p->by_tls[tls])
		p->by_tls[tls] = number_of(p, &text);
	return p->by_tls[tls];
}
