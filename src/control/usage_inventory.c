/*
 * control/usage_inventory.c - lists that auditors ask for: each is a question.
 *
 * What is given on the command line besides (filters, range, order) narrows it.
 */
#include <stdio.h>
#include <string.h>

#include "usage.h"

#define BY(dim) (1u << USAGE_BY_##dim)
#define FIRST   200u

#define FILTERS 3

/* What leaves, or goes about inside. */
#define OUT                        \
 {                                 \
  USAGE_BY_DIRECTION, "out", false \
 }
#define NO_TRANSIT                    \
 {                                    \
  USAGE_BY_DIRECTION, "transit", true \
 }

static const struct list {
	const char *name, *title;
	uint32_t by;
	enum usage_order order;
	bool is_new;    /* first seen since yesterday, or since --since */
	uint32_t limit; /* rows; 0: all.  Hosts and something else are tens of thousands */
	struct usage_filter filters[FILTERS]; /* those without a value are none */
} lists[] = {
	{ "services",
	  "Services and destinations",
	  BY(SERVICE) | BY(CATEGORY) | BY(RISK) | BY(SANCTION),
	  USAGE_ORDER_BOTH,
	  false,
	  0,
	  { OUT } },
	{ "tenants",
	  "Tenants of services",
	  BY(SERVICE) | BY(TENANT) | BY(RISK) | BY(SANCTION),
	  USAGE_ORDER_UP,
	  false,
	  0,
	  { { USAGE_BY_TENANT, "", true } } },
	{ "destinations",
	  "Destinations that are no service of the catalogue",
	  BY(SERVICE) | BY(COUNTRY) | BY(AS),
	  USAGE_ORDER_UP,
	  false,
	  0,
	  { { USAGE_BY_SANCTION, "unknown", false }, OUT } },
	{ "hosts", "Hosts of ours", BY(ZONE) | BY(HOST), USAGE_ORDER_UP, false, 0, { NO_TRANSIT } },
	{ "risky-hosts",
	  "Hosts of ours that alerts are about, the worst first",
	  BY(ZONE) | BY(HOST),
	  USAGE_ORDER_SCORE,
	  false,
	  FIRST,
	  { NO_TRANSIT } },
	{ "new",
	  "Services and destinations that were never seen before",
	  BY(SERVICE) | BY(CATEGORY) | BY(RISK) | BY(SANCTION),
	  USAGE_ORDER_SEEN,
	  true,
	  0,
	  { OUT } },
	{ "new-hosts",
	  "Hosts that were never seen before",
	  BY(ZONE) | BY(HOST),
	  USAGE_ORDER_SEEN,
	  true,
	  0,
	  { NO_TRANSIT } },
	{ "shadow-it",
	  "Services of the catalogue that are not sanctioned",
	  BY(SERVICE) | BY(CATEGORY) | BY(RISK),
	  USAGE_ORDER_UP,
	  false,
	  0,
	  { { USAGE_BY_SANCTION, "unsanctioned", false }, OUT } },
	{ "ai",
	  "Uploads to AI assistants",
	  BY(HOST) | BY(SERVICE) | BY(SANCTION),
	  USAGE_ORDER_UP,
	  false,
	  FIRST,
	  { { USAGE_BY_CATEGORY, "ai", false },
	    { USAGE_BY_CATEGORY, "code_assistant", false },
	    { USAGE_BY_CATEGORY, "meeting_notes", false } } },
	{ "unencrypted",
	  "What leaves readable by whoever sees it pass",
	  BY(SERVICE) | BY(CATEGORY),
	  USAGE_ORDER_CLEAR,
	  false,
	  0,
	  { OUT } },
	{ "weak-tls",
	  "Weak TLS: before 1.2, or with a weak suite",
	  BY(HOST) | BY(SERVICE) | BY(TLS) | BY(DIRECTION),
	  USAGE_ORDER_BOTH,
	  false,
	  FIRST,
	  { { USAGE_BY_TLS, "weak*", false } } },
	{ "countries",
	  "Who talks to which country",
	  BY(COUNTRY) | BY(HOST),
	  USAGE_ORDER_UP,
	  false,
	  FIRST,
	  { OUT } },
};

#define LIST_COUNT (sizeof(lists) / sizeof(lists[0]))

/* The command line has said itself what it wants of it. */
static bool is_given(const struct usage_query *q, size_t given, enum usage_dim dim)
{
	for (size_t i = 0; i < given; i++)
		if (q->filters[i].dim == dim)
			return true;
	return false;
}

bool usage_inventory(struct usage_asked *a, const char **ret_title)
{
	const struct list *l = lists;
	while (l < lists + LIST_COUNT && strcmp(l->name, a->list) != 0)
		l++;
	if (l == lists + LIST_COUNT)
		return false;
	struct usage_query *q = &a->query;
	size_t given = q->filter_count;
	*ret_title = l->title;
	if (!a->has_by)
		q->by = l->by;
	if (!a->has_order)
		q->order = l->order;
	if (!a->has_limit)
		q->limit = l->limit;
	for (size_t i = 0; i < FILTERS && q->filter_count < USAGE_FILTERS; i++)
		if (l->filters[i].value && !is_given(q, given, l->filters[i].dim))
			q->filters[q->filter_count++] = l->filters[i];
	q->is_alerted = q->order == USAGE_ORDER_SCORE;
	if (l->is_new) {
		if (!a->since)
			(void)usage_time("yesterday", a->end_s, &q->since_s);
		q->new_since_s = q->since_s;
	}
	return true;
}

void usage_inventory_help(FILE *out)
{
	for (size_t i = 0; i < LIST_COUNT; i++)
		(void)fprintf(out, "  %-12s   %s\n", lists[i].name, lists[i].title);
}
