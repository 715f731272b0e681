/*
 * responder/kernel.c - see kernel.h.
 */
#include "kernel.h"

#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "asked.h"
#include "edge.h"
#include "ruleset.h"
#include "tracked.h"

#define COMMANDS_MAX (64u << 20)

static const char *const own_tables[] = { "list table inet " RULESET_TABLE,
					  "list table bridge " RULESET_TABLE };

struct kernel {
	struct nft_ctx *nft;
	struct tracked *tracked; /* NULL: the kernel tracks nothing */
	struct neighbour *neighbours;
	size_t neighbour_count; /* when they were last read */
	char *rules;            /* as the kernel listed them just after they were made */
	char *edge;             /* what the table at the edge was made of; NULL: there is none */
	struct ipaddr asked[ASKED_SETS * ASKED_MAX]; /* for the time, as far as known */
	size_t asked_count;
	uint32_t max;
	bool has_bridge, has_edge; /* tables that were made */
};

static int run(struct kernel *k, const struct buf *commands, char *ret_why, size_t why_size)
{
	if (commands->full || !commands->data)
		return -EXF_E_NOMEM;
	if (nft_run_cmd_from_buffer(k->nft, commands->data) == 0)
		return 0;
	const char *said = nft_ctx_get_error_buffer(k->nft);
	(void)str_escape(ret_why, why_size, said, strcspn(said, "\n"));
	return -EXF_E_IO;
}

/* What a command of nft(8) lists; NULL: it is not there. Borrowed until the next command. */
static const char *list(struct kernel *k, const char *command, bool is_terse)
{
	nft_ctx_output_set_flags(k->nft, is_terse ?
						 NFT_CTX_OUTPUT_TERSE | NFT_CTX_OUTPUT_STATELESS :
						 NFT_CTX_OUTPUT_NUMERIC_ALL);
	if (nft_run_cmd_from_buffer(k->nft, command) != 0)
		return NULL;
	return nft_ctx_get_output_buffer(k->nft);
}

/* Our tables, but for what is in them; NULL: one is not there. The caller's. */
static char *list_rules(struct kernel *k)
{
	struct buf all;
	buf_init(&all, COMMANDS_MAX);
	for (size_t i = 0; i < 1u + k->has_bridge; i++) {
		const char *rules = list(k, own_tables[i], true);
		if (!rules) {
			buf_deinit(&all);
			return NULL;
		}
		buf_str(&all, rules);
	}
	return all.data;
}

static int create(struct kernel *k, char *ret_why, size_t why_size)
{
	struct buf commands;
	buf_init(&commands, COMMANDS_MAX);
	ruleset_create(&commands, k->max, k->has_bridge);
	buf_char(&commands, '\0');
	int rc = run(k, &commands, ret_why, why_size);
	buf_deinit(&commands);
	return rc;
}

int kernel_open(uint32_t max, struct kernel **ret, char *ret_why, size_t why_size)
{
	struct kernel *k = calloc(1, sizeof(*k));
	if (!k)
		return -EXF_E_NOMEM;
	k->max = max;
	k->neighbours = calloc(NEIGHBOUR_MOST, sizeof(*k->neighbours));
	k->nft = nft_ctx_new(NFT_CTX_DEFAULT);
	k->tracked = tracked_open();
	if (!k->nft || !k->neighbours || nft_ctx_buffer_output(k->nft) != 0 ||
	    nft_ctx_buffer_error(k->nft) != 0) {
		kernel_close(k);
		return -EXF_E_NOMEM;
	}
	k->has_bridge = true;
	int rc = create(k, ret_why, why_size);
	if (rc) {
		k->has_bridge = false;
		rc = create(k, ret_why, why_size);
		if (!rc)
			log_info("responder", "this kernel has no nftables for bridges: what is "
					      "bridged here passes by");
	}
	if (rc) {
		kernel_close(k);
		return rc;
	}
	*ret = k;
	return 0;
}

void kernel_close(struct kernel *k)
{
	if (!k)
		return;
	if (k->nft)
		nft_ctx_free(k->nft);
	tracked_close(k->tracked);
	free(k->neighbours);
	free(k->rules);
	free(k->edge);
	free(k);
}

static void read_neighbours(struct kernel *k)
{
	k->neighbour_count = neighbour_read(k->neighbours, NEIGHBOUR_MOST);
}

/* The other addresses of the host, and its MAC into the entry: none where there is none any more.
 */
static void find_names(struct kernel *k, struct quarantine_entry *e, const struct never *never,
		       struct host_names *ret)
{
	*ret = (struct host_names){ .has_mac = false };
	if (e->kind == QUARANTINE_HOST)
		neighbour_names(k->neighbours, k->neighbour_count, never, &e->host,
				e->has_mac ? e->mac : NULL, ret);
	e->has_mac = ret->has_mac;
	memcpy(e->mac, ret->mac, sizeof(e->mac));
}

static int by_end(const void *a, const void *b)
{
	const struct quarantine_entry *const *x = a, *const *y = b;
	return ((*x)->until_s > (*y)->until_s) - ((*x)->until_s < (*y)->until_s);
}

/* All decisions into empty sets: what several name has the latest end of theirs, the last one. */
static void add_all(struct kernel *k, struct buf *commands, struct book *b,
		    const struct never *never, uint64_t now_s)
{
	struct quarantine_entry **sorted = calloc(b->count ? b->count : 1, sizeof(*sorted));
	if (!sorted) {
		commands->full = true;
		return;
	}
	for (size_t i = 0; i < b->count; i++)
		sorted[i] = &b->entries[i];
	qsort(sorted, b->count, sizeof(*sorted), by_end);
	for (size_t i = 0; i < b->count; i++) {
		struct host_names names;
		find_names(k, sorted[i], never, &names);
		ruleset_add(commands, sorted[i], &names, now_s, k->has_bridge);
	}
	free(sorted);
}

static bool has_mac(const struct quarantine_entry *entries, size_t count, const uint8_t mac[6])
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].has_mac && memcmp(entries[i].mac, mac, 6) == 0)
			return true;
	return false;
}

/* The connections of these decisions end, once the rules are there; what is slowed may go on. */
static void cut(struct kernel *k, const struct quarantine_entry *entries, size_t entry_count)
{
	size_t most = entry_count + k->neighbour_count, count = 0;
	struct tracked_target *list = most ? calloc(most, sizeof(*list)) : NULL;
	for (size_t i = 0; list && i < entry_count; i++)
		if (entries[i].kind != QUARANTINE_SLOW)
			list[count++] = (struct tracked_target){ .host = entries[i].host,
								 .peer = entries[i].peer };
	/* all of them, though the sets name HOST_ADDRESSES: flowtables do not know the MAC */
	for (size_t i = 0; list && i < k->neighbour_count; i++)
		if (has_mac(entries, entry_count, k->neighbours[i].mac))
			list[count++] = (struct tracked_target){ .host = k->neighbours[i].address };
	tracked_end(k->tracked, list, count);
	free(list);
}

/* Of an earlier run as well. A kernel without the family has none. */
static void drop_edge(struct kernel *k)
{
	struct buf commands;
	char why[160];
	buf_init(&commands, COMMANDS_MAX);
	edge_rules(&commands, "", NULL, 0, 0);
	(void)run(k, &commands, why, sizeof(why));
	buf_deinit(&commands);
	free(k->edge);
	k->edge = NULL;
	k->has_edge = false;
}

static void make_edge(struct kernel *k, const struct book *b, const char *devices, uint64_t now_s)
{
	struct buf commands;
	char why[160];
	buf_init(&commands, COMMANDS_MAX);
	edge_rules(&commands, devices, b->entries, b->count, now_s);
	k->has_edge = run(k, &commands, why, sizeof(why)) == 0;
	if (!k->has_edge)
		log_warnx("responder", "who is slowed is not in what flowtables carry: %s", why);
	buf_deinit(&commands);
}

void kernel_edge(struct kernel *k, const struct book *b, uint64_t now_s)
{
	struct buf devices, wanted;
	buf_init(&devices, EDGE_DEVICES_MAX);
	buf_init(&wanted, COMMANDS_MAX);
	for (size_t i = 0; i < b->count; i++)
		if (edge_wants(&b->entries[i], now_s))
			buf_printf(&wanted, "%llu %llu ", (unsigned long long)b->entries[i].number,
				   (unsigned long long)b->entries[i].until_s);
	const char *listing = wanted.len ? list(k, "list flowtables", true) : NULL;
	if (listing)
		edge_devices(listing, &devices);
	if (devices.len) {
		buf_str(&wanted, devices.data);
		if (!k->edge || strcmp(k->edge, wanted.data) != 0) {
			make_edge(k, b, devices.data, now_s);
			/* said once, if it failed: again when the interfaces are others */
			free(k->edge);
			k->edge = strdup(wanted.data);
		}
	} else if (k->edge) {
		drop_edge(k);
	}
	buf_deinit(&devices);
	buf_deinit(&wanted);
}

int kernel_rebuild(struct kernel *k, struct book *b, const struct never *never, uint64_t now_s,
		   char *ret_why, size_t why_size)
{
	struct buf commands;
	buf_init(&commands, COMMANDS_MAX);
	read_neighbours(k);
	ruleset_create(&commands, k->max, k->has_bridge);
	add_all(k, &commands, b, never, now_s);
	buf_char(&commands, '\0');
	int rc = run(k, &commands, ret_why, why_size);
	buf_deinit(&commands);
	if (rc)
		return rc;
	cut(k, b->entries, b->count);
	drop_edge(k);
	kernel_edge(k, b, now_s);
	free(k->rules);
	k->rules = list_rules(k);
	return k->rules ? 0 : -EXF_E_IO;
}

/* The table anew, with those that were known: it was not there, or somebody took it away. */
static void make_asked(struct kernel *k)
{
	struct buf commands;
	char why[160];
	buf_init(&commands, COMMANDS_MAX);
	asked_create(&commands, k->asked, k->asked_count);
	buf_char(&commands, '\0');
	if (run(k, &commands, why, sizeof(why)))
		log_debug("responder", "whom this machine asks for the time is not seen: %s", why);
	buf_deinit(&commands);
}

void kernel_asked(struct kernel *k, struct never *never)
{
	struct ipaddr seen[ASKED_SETS * ASKED_MAX];
	size_t count = 0;
	bool is_there = true;
	for (size_t i = 0; i < ASKED_SETS && is_there; i++) {
		const char *listing = list(k, asked_lists[i], false);
		is_there = listing != NULL;
		if (is_there)
			count = asked_read(listing, seen, count, ASKED_SETS * ASKED_MAX);
	}
	if (is_there) {
		memcpy(k->asked, seen, count * sizeof(*seen));
		k->asked_count = count;
	} else {
		make_asked(k);
	}
	for (size_t i = 0; never && i < k->asked_count; i++)
		never_note(never, &k->asked[i], "a time server that this machine asks");
}

void kernel_remove(struct kernel *k)
{
	struct buf commands;
	char why[160];
	buf_init(&commands, COMMANDS_MAX);
	ruleset_remove(&commands, k->has_bridge);
	asked_remove(&commands);
	buf_char(&commands, '\0');
	if (run(k, &commands, why, sizeof(why)))
		log_errorx("responder", "the rules could not be taken away: %s", why);
	buf_deinit(&commands);
	drop_edge(k);
}

void kernel_sweep(void)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft)
		return;
	(void)nft_ctx_buffer_output(nft);
	(void)nft_ctx_buffer_error(nft);
	/* one family a run: a kernel may have no bridges */
	(void)nft_run_cmd_from_buffer(nft, "table inet " RULESET_TABLE
					   "\ndelete table inet " RULESET_TABLE);
	(void)nft_run_cmd_from_buffer(nft, "table bridge " RULESET_TABLE
					   "\ndelete table bridge " RULESET_TABLE);
	(void)nft_run_cmd_from_buffer(nft,
				      "table inet " ASKED_TABLE "\ndelete table inet " ASKED_TABLE);
	(void)nft_run_cmd_from_buffer(nft, "table netdev " RULESET_TABLE
					   "\ndelete table netdev " RULESET_TABLE);
	nft_ctx_free(nft);
}

/* Whether another decision cuts off an address of this one too. */
static bool is_shared(const struct book *b, const struct quarantine_entry *e,
		      const struct host_names *names)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct quarantine_entry *o = &b->entries[i];
		if (o == e || (o->kind != QUARANTINE_HOST && o->kind != QUARANTINE_PEER))
			continue;
		if (ipaddr_equal(&o->host, &e->host) ||
		    (o->has_mac && e->has_mac && memcmp(o->mac, e->mac, sizeof(e->mac)) == 0))
			return true;
		for (size_t n = 0; n < names->count; n++)
			if (ipaddr_equal(&o->host, &names->addresses[n]))
				return true;
	}
	return false;
}

int kernel_add(struct kernel *k, struct book *b, struct quarantine_entry *e,
	       const struct never *never, uint64_t now_s, char *ret_why, size_t why_size)
{
	struct host_names names;
	struct buf commands;
	bool had_mac = e->has_mac;
	read_neighbours(k);
	find_names(k, e, never, &names);
	buf_init(&commands, COMMANDS_MAX);
	if ((had_mac && !e->has_mac) || is_shared(b, e, &names)) {
		ruleset_empty(&commands, k->has_bridge);
		add_all(k, &commands, b, never, now_s);
	} else {
		ruleset_add(&commands, e, &names, now_s, k->has_bridge);
	}
	buf_char(&commands, '\0');
	int rc = run(k, &commands, ret_why, why_size);
	buf_deinit(&commands);
	if (rc)
		return rc;
	cut(k, e, 1);
	kernel_edge(k, b, now_s);
	return 0;
}

void kernel_release(struct kernel *k, struct book *b, const struct never *never, uint64_t now_s)
{
	struct buf commands;
	char why[160];
	read_neighbours(k);
	buf_init(&commands, COMMANDS_MAX);
	ruleset_empty(&commands, k->has_bridge);
	add_all(k, &commands, b, never, now_s);
	buf_char(&commands, '\0');
	if (run(k, &commands, why, sizeof(why)))
		log_errorx("responder", "a release did not reach the kernel: %s", why);
	buf_deinit(&commands);
	kernel_edge(k, b, now_s);
}

bool kernel_is_whole(struct kernel *k, const struct book *b)
{
	char *now = list_rules(k);
	bool is_same = now && k->rules && strcmp(now, k->rules) == 0;
	free(now);
	if (!is_same || (k->has_edge && !list(k, "list table netdev " RULESET_TABLE, true)))
		return false;
	for (size_t i = 0; i < (b->count ? 1u + k->has_bridge : 0); i++) {
		/* elements say when they expire; those of the rates, the last sets, are no
		 * decisions */
		const char *at = list(k, own_tables[i], false),
			   *end = at ? strstr(at, "set rate4 {") : NULL;
		size_t elements = 0;
		for (; at && end && (at = strstr(at, " expires ")) && at < end; at++)
			elements++;
		if (elements < b->count)
			return false;
	}
	return true;
}
