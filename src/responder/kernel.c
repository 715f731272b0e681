/*
 * responder/kernel.c - see kernel.h.
 */
#include "kernel.h"

#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "ruleset.h"

#define COMMANDS_MAX (64u << 20)
/* Connections of one host that are deleted at once; the rest dies of the rules. */
#define CONNECTIONS  65536

struct kernel {
	struct nft_ctx *nft;
	struct nfct_handle *conntrack; /* NULL: the kernel tracks nothing */
	struct neighbour *neighbours;
	char *rules; /* as the kernel listed them just after they were made */
	uint32_t max;
	bool has_bridge;
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

/* Lists our table; NULL: it is not there. Borrowed until the next command. */
static const char *list(struct kernel *k, bool is_terse)
{
	nft_ctx_output_set_flags(k->nft, is_terse ?
						 NFT_CTX_OUTPUT_TERSE | NFT_CTX_OUTPUT_STATELESS :
						 NFT_CTX_OUTPUT_NUMERIC_ALL);
	if (nft_run_cmd_from_buffer(k->nft, "list table inet " RULESET_TABLE) != 0)
		return NULL;
	return nft_ctx_get_output_buffer(k->nft);
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
	k->conntrack = nfct_open(CONNTRACK, 0);
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
	if (k->conntrack)
		(void)nfct_close(k->conntrack);
	free(k->neighbours);
	free(k->rules);
	free(k);
}

static void find_names(struct kernel *k, const struct quarantine_entry *e,
		       const struct never *never, struct host_names *ret)
{
	*ret = (struct host_names){ .has_mac = false };
	if (e->kind != QUARANTINE_HOST)
		return;
	size_t count = neighbour_read(k->neighbours, NEIGHBOUR_MOST);
	neighbour_names(k->neighbours, count, never, &e->host, ret);
}

int kernel_rebuild(struct kernel *k, const struct book *b, const struct never *never,
		   uint64_t now_s, char *ret_why, size_t why_size)
{
	struct buf commands;
	buf_init(&commands, COMMANDS_MAX);
	ruleset_create(&commands, k->max, k->has_bridge);
	for (size_t i = 0; i < b->count; i++) {
		struct host_names names;
		find_names(k, &b->entries[i], never, &names);
		ruleset_add(&commands, &b->entries[i], &names, now_s, k->has_bridge);
	}
	buf_char(&commands, '\0');
	int rc = run(k, &commands, ret_why, why_size);
	buf_deinit(&commands);
	if (rc)
		return rc;
	const char *rules = list(k, true);
	free(k->rules);
	k->rules = rules ? strdup(rules) : NULL;
	return k->rules ? 0 : -EXF_E_IO;
}

void kernel_remove(struct kernel *k)
{
	struct buf commands;
	char why[160];
	buf_init(&commands, COMMANDS_MAX);
	ruleset_remove(&commands, k->has_bridge);
	buf_char(&commands, '\0');
	if (run(k, &commands, why, sizeof(why)))
		log_errorx("responder", "the rules could not be taken away: %s", why);
	buf_deinit(&commands);
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
	nft_ctx_free(nft);
}

struct cutting {
	const struct quarantine_entry *entry;
	struct nf_conntrack **found;
	size_t count;
};

static bool is_end(const struct nf_conntrack *c, const struct ipaddr *a)
{
	static const enum nf_conntrack_attr v4[] = { ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV4_DST,
						     ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV4_DST };
	static const enum nf_conntrack_attr v6[] = { ATTR_ORIG_IPV6_SRC, ATTR_ORIG_IPV6_DST,
						     ATTR_REPL_IPV6_SRC, ATTR_REPL_IPV6_DST };
	bool is_v4 = ipaddr_is_v4(a);
	for (size_t i = 0; i < 4; i++) {
		enum nf_conntrack_attr at = is_v4 ? v4[i] : v6[i];
		if (nfct_attr_is_set(c, at) <= 0)
			continue;
		if (memcmp(nfct_get_attr(c, at), a->u.b + (is_v4 ? 12 : 0), is_v4 ? 4 : 16) == 0)
			return true;
	}
	return false;
}

static int collect(enum nf_conntrack_msg_type type, struct nf_conntrack *c, void *arg)
{
	struct cutting *x = arg;
	(void)type;
	if (!is_end(c, &x->entry->host) ||
	    (x->entry->kind == QUARANTINE_PAIR && !is_end(c, &x->entry->peer)))
		return NFCT_CB_CONTINUE;
	if (x->count == CONNECTIONS)
		return NFCT_CB_STOP;
	x->found[x->count++] = c;
	return NFCT_CB_STOLEN;
}

/* A dump must be over before anything of it is deleted: one socket, one answer at a time. */
static void cut(struct kernel *k, const struct quarantine_entry *e)
{
	uint32_t family = ipaddr_is_v4(&e->host) ? AF_INET : AF_INET6;
	struct cutting x = { .entry = e };
	if (!k->conntrack || e->kind == QUARANTINE_SLOW)
		return;
	x.found = calloc(CONNECTIONS, sizeof(struct nf_conntrack *));
	if (!x.found)
		return;
	(void)nfct_callback_register(k->conntrack, NFCT_T_ALL, collect, &x);
	(void)nfct_query(k->conntrack, NFCT_Q_DUMP, &family);
	nfct_callback_unregister(k->conntrack);
	for (size_t i = 0; i < x.count; i++) {
		(void)nfct_query(k->conntrack, NFCT_Q_DESTROY, x.found[i]);
		nfct_destroy(x.found[i]);
	}
	free(x.found);
}

int kernel_add(struct kernel *k, struct quarantine_entry *e, const struct never *never,
	       uint64_t now_s, char *ret_why, size_t why_size)
{
	struct host_names names;
	struct buf commands;
	find_names(k, e, never, &names);
	e->has_mac = names.has_mac;
	memcpy(e->mac, names.mac, sizeof(e->mac));
	buf_init(&commands, COMMANDS_MAX);
	ruleset_add(&commands, e, &names, now_s, k->has_bridge);
	buf_char(&commands, '\0');
	int rc = run(k, &commands, ret_why, why_size);
	buf_deinit(&commands);
	if (!rc)
		cut(k, e);
	return rc;
}

void kernel_release(struct kernel *k, const struct quarantine_entry *e, const struct never *never)
{
	struct host_names names;
	struct buf commands;
	char why[160];
	find_names(k, e, never, &names);
	buf_init(&commands, COMMANDS_MAX);
	ruleset_release(&commands, e, &names, k->has_bridge);
	buf_char(&commands, '\0');
	if (run(k, &commands, why, sizeof(why)))
		log_errorx("responder", "a release did not reach the kernel: %s", why);
	buf_deinit(&commands);
}

bool kernel_is_whole(struct kernel *k, const struct book *b)
{
	const char *now = list(k, true);
	if (!now || !k->rules || strcmp(now, k->rules) != 0)
		return false;
	if (!b->count)
		return true;
	/* elements say when they expire; their time-outs may just be over, so one second is given
	 */
	const char *at = list(k, false);
	size_t elements = 0;
	for (; at && (at = strstr(at, " expires ")); at++)
		elements++;
	return elements >= b->count;
}
