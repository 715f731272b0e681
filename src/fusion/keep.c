/*
 * fusion/keep.c - what outlives the process: who said how much about a host, and about a pair.
 */
#include <string.h>

#include "private.h"

#define WORDS 4 /* of evidence, of a host or of a pair */

/* An entry as it is written: names in place of pointers. */
struct kept {
	struct pair_key key; /* a host's: without a peer */
	struct {
		double llr;
		uint64_t time_ns;
		uint32_t class;
		char rule[POOL_NAME_MAX];
	} word[WORDS];
	struct fusion_incident incident; /* of a host */
	uint64_t incident_last_ns;
};

#define KEEP_WORD(i_)                                                            \
 KEEP(F64, struct kept, word[i_].llr), KEEP(U64, struct kept, word[i_].time_ns), \
	 KEEP_TO(U32, struct kept, word[i_].class, CLASSES - 1),                 \
	 KEEP(TEXT, struct kept, word[i_].rule)

static const struct keep_field fields[] = {
	KEEP(U8, struct kept, key.subject.ip),
	KEEP(U32, struct kept, key.subject.tunnel_key),
	KEEP(U8, struct kept, key.peer),
	KEEP_WORD(0),
	KEEP_WORD(1),
	KEEP_WORD(2),
	KEEP_WORD(3),
	KEEP(U8, struct kept, incident.root),
	KEEP(U32, struct kept, incident.root_tunnel),
	KEEP(U64, struct kept, incident.began_ns),
	KEEP(U64, struct kept, incident_last_ns),
	KEEP_LAST,
};

static void write_words(struct kept *k, const struct evidence *from, struct buf *out)
{
	for (size_t i = 0; i < WORDS; i++) {
		k->word[i].llr = from[i].llr;
		k->word[i].time_ns = from[i].time_ns;
		k->word[i].class = from[i].class;
		if (from[i].rule)
			memcpy(k->word[i].rule, from[i].rule,
			       strnlen(from[i].rule, POOL_NAME_MAX - 1));
	}
	keep_write(fields, k, out);
}

/* False: no room for one of the names. */
static bool read_words(struct fusion *f, const struct kept *k, struct evidence *to)
{
	for (size_t i = 0; i < WORDS; i++) {
		to[i].llr = k->word[i].llr;
		to[i].time_ns = k->word[i].time_ns;
		to[i].class = k->word[i].class;
		to[i].rule = k->word[i].rule[0] ? pool_name(&f->names, k->word[i].rule) : NULL;
		if (k->word[i].rule[0] && !to[i].rule)
			return false;
	}
	return true;
}

/* The strength of evidence weighs in evictions: it is what a finding may say, or nothing. */
static bool is_possible(const struct kept *k)
{
	for (size_t i = 0; i < WORDS; i++) {
		bool is_said = k->word[i].llr > 0;
		if (k->word[i].llr < 0 || k->word[i].llr > FUSION_LLR_MAX ||
		    is_said != (k->word[i].rule[0] != '\0'))
			return false;
	}
	return true;
}

static uint32_t host_slots(const void *owner)
{
	return table_slots(&((const struct fusion *)owner)->hosts);
}

static bool save_host(const void *owner, uint32_t slot, struct buf *out)
{
	const struct host *h = table_at(&((const struct fusion *)owner)->hosts, slot);
	struct kept k;
	memset(&k, 0, sizeof(k));
	if (!h)
		return false;
	k.key.subject = h->key;
	k.incident = h->incident;
	k.incident_last_ns = h->incident_last_ns;
	write_words(&k, h->by_class, out);
	return true;
}

static uint32_t pair_slots(const void *owner)
{
	return table_slots(&((const struct fusion *)owner)->pairs);
}

static bool save_pair(const void *owner, uint32_t slot, struct buf *out)
{
	const struct pair *p = table_at(&((const struct fusion *)owner)->pairs, slot);
	struct kept k;
	memset(&k, 0, sizeof(k));
	if (!p)
		return false;
	k.key = p->key;
	write_words(&k, p->witness, out);
	return true;
}

/* The entry's place in a table, made. */
static int take_place(struct table *t, const void *key, void **ret)
{
	bool is_new;
	if (table_find(t, key))
		return -EXF_E_FORMAT;
	if (t->stats.entries == t->stats.capacity)
		return KEEP_NO_ROOM;
	*ret = table_get(t, key, &is_new);
	return 0;
}

static int load_host(void *owner, struct cursor *in)
{
	struct fusion *f = owner;
	struct kept k;
	void *place = NULL;
	memset(&k, 0, sizeof(k));
	if (keep_read(fields, in, &k) || cursor_left(in) > 0 || !is_possible(&k))
		return -EXF_E_FORMAT;
	int r = take_place(&f->hosts, &k.key.subject, &place);
	struct host *h = place;
	if (r)
		return r;
	h->incident = k.incident;
	h->incident_last_ns = k.incident_last_ns;
	if (read_words(f, &k, h->by_class))
		return 0;
	table_remove(&f->hosts, h);
	return KEEP_NO_ROOM;
}

static int load_pair(void *owner, struct cursor *in)
{
	struct fusion *f = owner;
	struct kept k;
	void *place = NULL;
	memset(&k, 0, sizeof(k));
	if (keep_read(fields, in, &k) || cursor_left(in) > 0 || !is_possible(&k))
		return -EXF_E_FORMAT;
	int r = take_place(&f->pairs, &k.key, &place);
	struct pair *p = place;
	if (r || read_words(f, &k, p->witness))
		return r;
	table_remove(&f->pairs, p);
	return KEEP_NO_ROOM;
}

static const struct keep_field clock_fields[] = {
	KEEP(U64, struct fusion, now_ns),
	KEEP_LAST,
};

void fusion_keep(struct fusion *f, struct keep_list *list)
{
	const struct keep_part parts[] = {
		{ .name = "fusion.hosts",
		  .version = 2,
		  .owner = f,
		  .slots = host_slots,
		  .save = save_host,
		  .load = load_host },
		{ .name = "fusion.pairs",
		  .version = 2,
		  .owner = f,
		  .slots = pair_slots,
		  .save = save_pair,
		  .load = load_pair },
		{ .name = "fusion.clock", .version = 1, .owner = f, .fields = clock_fields },
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		keep_add(list, &parts[i]);
}
