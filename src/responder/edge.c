/*
 * responder/edge.c - see edge.h.
 *
 * Place: before all priorities that people give a flowtable.  Who sends more than its share sends
 * its share on; the rules for forwarding see that once more, and let it pass.
 */
#include "edge.h"

#include <stdio.h>
#include <string.h>

#include "ruleset.h"

#define DEVICES "devices = {"
#define BETWEEN " ,\"\t\n"
#define TABLE   "netdev " RULESET_TABLE

static void add_device(struct buf *ret, const char *name, size_t len)
{
	char quoted[64];
	if (!len || len >= sizeof(quoted) - 3)
		return;
	(void)snprintf(quoted, sizeof(quoted), "\"%.*s\"", (int)len, name);
	if (ret->len && strstr(ret->data, quoted))
		return;
	if (ret->len)
		buf_str(ret, ", ");
	buf_str(ret, quoted);
}

void edge_devices(const char *listing, struct buf *ret)
{
	const char *at = listing;
	while ((at = strstr(at, DEVICES))) {
		at += strlen(DEVICES);
		at += strspn(at, BETWEEN);
		while (*at && *at != '}') {
			size_t len = strcspn(at, BETWEEN "}");
			add_device(ret, at, len);
			at += len;
			at += strspn(at, BETWEEN);
		}
	}
}

bool edge_wants(const struct quarantine_entry *e, uint64_t now_s)
{
	return e->kind == QUARANTINE_SLOW && e->until_s > now_s;
}

static void add_table(struct buf *out, const char *devices)
{
	buf_str(out, "table " TABLE " {\n"
		     "  set slow4 { type ipv4_addr; flags timeout; }\n"
		     "  set slow6 { type ipv6_addr; flags timeout; }\n"
		     "  set rate4 { type ipv4_addr; flags dynamic,timeout; timeout 1m; }\n"
		     "  set rate6 { type ipv6_addr; flags dynamic,timeout; timeout 1m; }\n"
		     "  chain stop { counter drop; }\n");
	buf_printf(out,
		   "  chain edge { type filter hook ingress devices = { %s } priority -30000; "
		   "policy accept;\n",
		   devices);
	buf_str(out, "    ip saddr @slow4 update @rate4 { ip saddr limit rate over " RULESET_SLOW
		     " } goto stop\n"
		     "    ip6 saddr @slow6 update @rate6 { ip6 saddr limit rate over " RULESET_SLOW
		     " } goto stop\n"
		     "  }\n}\n");
}

void edge_rules(struct buf *out, const char *devices, const struct quarantine_entry *entries,
		size_t count, uint64_t now_s)
{
	char host[IPADDR_TEXT_MAX];
	buf_str(out, "table " TABLE "\ndelete table " TABLE "\n");
	if (!*devices)
		return;
	add_table(out, devices);
	for (size_t i = 0; i < count; i++) {
		const struct quarantine_entry *e = &entries[i];
		if (edge_wants(e, now_s))
			buf_printf(out, "add element " TABLE " slow%c { %s timeout %llus }\n",
				   ipaddr_is_v4(&e->host) ? '4' : '6',
				   ipaddr_print(&e->host, host, sizeof(host)),
				   (unsigned long long)(e->until_s - now_s));
	}
}
