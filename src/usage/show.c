/*
 * usage/show.c - counters as rows for the database.
 */
#include "private.h"

static bool show(const struct usage *u, const struct counter *c, usage_row_fn fn, void *arg)
{
	const struct place_text *text = &u->places.list[c->key.place];
	char tls[USAGE_TLS_MAX];
	const struct usage_place place = { .country = text->country,
					   .as = text->network,
					   .tls = usage_tls_text(text->tls, tls) };
	char address[IPADDR_TEXT_MAX] = "other";
	const struct named *s = &u->labels.list[c->key.service];
	struct usage_host host = { .zone = u->zones[usage_zone_of(u, c->key.host)],
				   .address = address,
				   .user = "",
				   .name = "" };
	const struct usage_service service = { .name = s->name,
					       .title = s->title,
					       .category = s->category,
					       .tenant = s->tenant,
					       .sanction = (enum usage_sanction)s->sanction,
					       .risk = (enum usage_risk)s->risk };
	if (!(c->key.host & HOST_ZONE)) {
		const struct host_text *h = &u->host_list[c->key.host];
		const struct ipaddr *a = &h->address;
		const char *name = context_host_name(u->context, a);
		ipaddr_print(a, address, sizeof(address));
		host.name = name ? name : "";
		host.user = u->users.list ? u->users.list[h->user].name : "";
	}
	const struct usage_row row = { .hour_s = (uint64_t)c->key.hour * 3600,
				       .host = &host,
				       .service = &service,
				       .place = &place,
				       .direction = (enum usage_direction)c->key.direction,
				       .counts = c->n };
	return fn(arg, &row);
}

void usage_rows(const struct usage *u, usage_row_fn fn, void *arg)
{
	const struct table *const tables[] = { &u->rows, &u->others, &u->sums };
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct counter *c = table_next(tables[i], NULL); c;
		     c = table_next(tables[i], c))
			if (!show(u, c, fn, arg))
				return;
	if (u->rest.key.hour)
		(void)show(u, &u->rest, fn, arg);
}
