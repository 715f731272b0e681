/*
 * responder/tracked.c - see tracked.h.
 */
#include "tracked.h"

#include <errno.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <stdlib.h>
#include <string.h>

/* How often one is tried that the kernel does not delete as it is. */
#define TRIES 3

struct tracked {
	struct nfct_handle *handle;
	/* of the round */
	const struct tracked_target *list;
	size_t count;
	struct nf_conntrack **found;
	size_t found_count;
};

struct tracked *tracked_open(void)
{
	struct tracked *t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->handle = nfct_open(CONNTRACK, 0);
	t->found = calloc(TRACKED_ROUND, sizeof(struct nf_conntrack *));
	if (t->handle && t->found)
		return t;
	tracked_close(t);
	return NULL;
}

void tracked_close(struct tracked *t)
{
	if (!t)
		return;
	if (t->handle)
		(void)nfct_close(t->handle);
	free(t->found);
	free(t);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ipaddr));
}

/* One of the four addresses of a connection; false: it has none of that family. */
static bool address_of(const struct nf_conntrack *c, size_t at, struct ipaddr *ret)
{
	static const enum nf_conntrack_attr v4[] = { ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV4_DST,
						     ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV4_DST };
	static const enum nf_conntrack_attr v6[] = { ATTR_ORIG_IPV6_SRC, ATTR_ORIG_IPV6_DST,
						     ATTR_REPL_IPV6_SRC, ATTR_REPL_IPV6_DST };
	if (nfct_attr_is_set(c, v4[at]) > 0)
		*ret = ipaddr_v4(nfct_get_attr(c, v4[at]));
	else if (nfct_attr_is_set(c, v6[at]) > 0)
		*ret = ipaddr_v6(nfct_get_attr(c, v6[at]));
	else
		return false;
	return true;
}

static bool is_end(const struct nf_conntrack *c, const struct ipaddr *a)
{
	struct ipaddr own;
	for (size_t i = 0; i < 4; i++)
		if (address_of(c, i, &own) && ipaddr_equal(&own, a))
			return true;
	return false;
}

/* Whether the list has this address with an end of the connection as its peer, or with none. */
static bool is_listed(const struct tracked *t, const struct nf_conntrack *c,
		      const struct ipaddr *host)
{
	static const struct ipaddr none;
	const struct tracked_target *at =
		bsearch(host, t->list, t->count, sizeof(*t->list), compare);
	if (!at)
		return false;
	while (at > t->list && ipaddr_equal(&at[-1].host, host))
		at--;
	for (; at < t->list + t->count && ipaddr_equal(&at->host, host); at++)
		if (ipaddr_equal(&at->peer, &none) || is_end(c, &at->peer))
			return true;
	return false;
}

static int collect(enum nf_conntrack_msg_type type, struct nf_conntrack *c, void *arg)
{
	struct tracked *t = arg;
	struct ipaddr host;
	(void)type;
	/* a dump is read to its end, or the next one is refused */
	for (size_t i = 0; i < 4 && t->found_count < TRACKED_ROUND; i++) {
		if (!address_of(c, i, &host) || !is_listed(t, c, &host))
			continue;
		t->found[t->found_count++] = c;
		return NFCT_CB_STOLEN;
	}
	return NFCT_CB_CONTINUE;
}

/*
 * Kernels before 6.4 (6.1.32) do not delete what a flowtable carries: EBUSY.  But they delete
 * what they come across when its time is over; and that can be set.
 */
static bool let_expire(struct tracked *t, const struct nf_conntrack *c)
{
	struct nf_conntrack *over = nfct_new();
	bool is_gone = false;
	if (!over)
		return false;
	nfct_copy(over, c, NFCT_CP_ORIG);
	if (nfct_attr_is_set(c, ATTR_ZONE) > 0)
		nfct_copy_attr(over, c, ATTR_ZONE);
	nfct_set_attr_u32(over, ATTR_TIMEOUT, 0);
	/* again where the kernel's own sweep has just given it more time */
	for (unsigned i = 0; i < TRIES && !is_gone; i++) {
		(void)nfct_query(t->handle, NFCT_Q_UPDATE, over);
		is_gone = nfct_query(t->handle, NFCT_Q_GET, over) < 0 && errno == ENOENT;
	}
	nfct_destroy(over);
	return is_gone;
}

/* How many of the connections of one family ended. */
static size_t end_round(struct tracked *t, uint32_t family)
{
	size_t ended = 0;
	t->found_count = 0;
	(void)nfct_callback_register(t->handle, NFCT_T_ALL, collect, t);
	(void)nfct_query(t->handle, NFCT_Q_DUMP, &family);
	nfct_callback_unregister(t->handle);
	for (size_t i = 0; i < t->found_count; i++) {
		ended += nfct_query(t->handle, NFCT_Q_DESTROY, t->found[i]) == 0 ||
			 (errno == EBUSY && let_expire(t, t->found[i]));
		nfct_destroy(t->found[i]);
	}
	return ended;
}

void tracked_end(struct tracked *t, struct tracked_target *list, size_t count)
{
	bool has_family[2] = { false, false };
	if (!t || !count)
		return;
	qsort(list, count, sizeof(*list), compare);
	for (size_t i = 0; i < count; i++)
		has_family[ipaddr_is_v4(&list[i].host)] = true;
	t->list = list;
	t->count = count;
	for (unsigned v4 = 0; v4 < 2; v4++) {
		size_t ended = has_family[v4] ? TRACKED_ROUND : 0;
		for (unsigned i = 0; i < TRACKED_ROUNDS && ended == TRACKED_ROUND; i++)
			ended = end_round(t, v4 ? AF_INET : AF_INET6);
	}
}
