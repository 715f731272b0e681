/*
 * responder/never.c - see never.h.
 */
#include "never.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "exfild/base/str.h"
#include "machine.h"

static void add(struct never *n, const struct prefix *p, const char *why)
{
	if (n->count == NEVER_ENTRIES) {
		n->is_whole = false;
		return;
	}
	struct never_entry *e = &n->entries[n->count++];
	e->prefix = *p;
	(void)str_copy(e->why, sizeof(e->why), why);
}

static void add_address(void *arg, const struct ipaddr *a, const char *why)
{
	struct prefix p = { .addr = *a, .bits = 128 };
	add(arg, &p, why);
}

int never_init(struct never *n)
{
	*n = (struct never){ .is_whole = true };
	n->entries = calloc(NEVER_ENTRIES, sizeof(*n->entries));
	return n->entries ? 0 : -EXF_E_NOMEM;
}

void never_add(struct never *n, const struct prefix *p, const char *why)
{
	add(n, p, why);
	n->has_overflown = n->has_overflown || !n->is_whole;
	n->fixed_count = n->count;
}

void never_deinit(struct never *n)
{
	free(n->entries);
	*n = (struct never){ .entries = NULL };
}

bool never_protect(struct never *n, const struct ipaddr *a, const char *role)
{
	char why[NEVER_WHY];
	if (never_why(n, a))
		return true;
	if (n->learnt == NEVER_LEARNT || n->fixed_count == NEVER_ENTRIES)
		return false;
	/* the machine's own follow: they are read anew before they are asked for */
	n->count = n->fixed_count;
	(void)snprintf(why, sizeof(why), "a role was learnt: %.40s", *role ? role : "server");
	add_address(n, a, why);
	n->fixed_count = n->count;
	n->learnt++;
	return true;
}

/* The last address of the prefix, whether it is set as the broadcast address or not (RFC 919);
 * prefixes of 31 and 32 bits have none (RFC 3021). */
static void add_broadcast(struct never *n, const struct ifaddrs *i)
{
	struct ipaddr a, mask;
	if (!machine_address(i->ifa_addr, &a) || !machine_address(i->ifa_netmask, &mask) ||
	    mask.u.b[15] >= 0xfe)
		return;
	for (size_t k = 12; k < 16; k++)
		a.u.b[k] |= (uint8_t)~mask.u.b[k];
	add_address(n, &a, "a broadcast address of this machine");
}

static void add_own(struct never *n)
{
	struct ifaddrs *list = NULL;
	if (getifaddrs(&list) != 0) {
		n->is_whole = false;
		return;
	}
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		struct ipaddr a;
		if (i->ifa_addr && machine_address(i->ifa_addr, &a))
			add_address(n, &a, "an address of this machine");
		if (i->ifa_addr && i->ifa_netmask && i->ifa_addr->sa_family == AF_INET)
			add_broadcast(n, i);
	}
	freeifaddrs(list);
}

void never_refresh(struct never *n, const char *root)
{
	n->count = n->fixed_count;
	n->is_whole = !n->has_overflown;
	add_own(n);
	if (!machine_read(root, add_address, n))
		n->is_whole = false;
}

void never_note(struct never *n, const struct ipaddr *a, const char *why)
{
	add_address(n, a, why);
}

const char *never_why(const struct never *n, const struct ipaddr *a)
{
	if (ipaddr_is_unspecified(a))
		return "no address of a host";
	if (ipaddr_is_multicast(a))
		return "a multicast or broadcast address";
	if (ipaddr_is_loopback(a))
		return "a loopback address";
	/* fe80::1 is another host on each link, 169.254.169.254 the cloud's own service */
	if (ipaddr_is_link_local(a))
		return "a link-local address";
	for (size_t i = 0; i < n->count; i++)
		if (prefix_contains(&n->entries[i].prefix, a))
			return n->entries[i].why;
	return n->is_whole ? NULL :
			     "the list of those that are never cut off could not be read whole";
}
