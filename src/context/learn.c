/*
 * context/learn.c - what events teach about addresses.
 *
 * Names of addresses come from DNS answers and, below them, from the server names of TLS.  A
 * host's own name is believed only from itself (mDNS, LLMNR, NetBIOS) or from a lease (DHCP).
 * Link addresses come from ARP and DHCP and, below them, from flows.
 *
 * Roles: a resolver answers DNS to inside clients and asks others itself; a server was reached
 * by three hosts; a proxy was sent CONNECT or a request with an absolute URI; a gateway claims in
 * ARP a link address behind which many addresses stand; a domain controller answers Kerberos; a
 * manager administers several hosts on several days (managers.h).  Only inside hosts are learnt
 * about.
 */
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"
#include "exfild/context/admin.h"
#include "private.h"

#define DHCP_REQUEST       3
#define DHCP_ACK           5
#define PROTO_TCP          6
/* event_classified.confidence */
#define NDPI_BY_ADDRESS    2
#define NDPI_BY_INSPECTION 4

static bool is_inside_host(const struct context *c, const struct ipaddr *a, uint32_t tunnel_id)
{
	return !ipaddr_is_multicast(a) && !ipaddr_is_unspecified(a) && !ipaddr_is_loopback(a) &&
	       context_is_inside(c, a, tunnel_id);
}

static void learn_flow(struct context *c, const struct event_flow *f)
{
	const struct event *e = &f->e;
	bool is_served = f->outcome == FLOW_OUTCOME_ESTABLISHED && e->proto == PROTO_TCP;
	/* each end once a flow: the asking one at its start, the other when it has answered */
	if (e->kind == EVENT_FLOW_START && is_inside_host(c, &e->src, e->tunnel_id))
		hosts_set_mac(&c->hosts, &e->src, MAC_BY_FLOW, f->mac[0], e->time_ns);
	bool has_answered = e->kind != EVENT_FLOW_START;
	if (has_answered && f->packets[1] && is_inside_host(c, &e->dst, e->tunnel_id)) {
		hosts_set_mac(&c->hosts, &e->dst, MAC_BY_FLOW, f->mac[1], e->time_ns);
		if (is_served)
			hosts_add_client(&c->hosts, &e->dst, &e->src);
	}
	if (e->kind == EVENT_FLOW_PROGRESS)
		names_touch(&c->names, &e->dst, e->time_ns);
	upload_flow(c, f);
}

static void learn_arp(struct context *c, const struct event_arp *a)
{
	if (is_inside_host(c, &a->e.src, a->e.tunnel_id))
		hosts_set_mac(&c->hosts, &a->e.src, MAC_BY_ARP, a->sender_mac, a->e.time_ns);
}

static void learn_dhcp(struct context *c, const struct event_dhcp *d)
{
	const uint8_t *name = event_str_data(&d->e, &d->host_name);
	if (d->message_type == DHCP_REQUEST && d->host_name.len) {
		hosts_set_link_name(&c->hosts, d->mac, name, d->host_name.len);
		return;
	}
	if (d->message_type != DHCP_ACK || !is_inside_host(c, &d->assigned, d->e.tunnel_id))
		return;
	hosts_set_mac(&c->hosts, &d->assigned, MAC_BY_ARP, d->mac, d->e.time_ns);
	const char *asked = hosts_link_name(&c->hosts, d->mac);
	if (asked)
		hosts_set_name(&c->hosts, &d->assigned, HOST_BY_DHCP, asked, strlen(asked));
	else if (d->host_name.len)
		hosts_set_name(&c->hosts, &d->assigned, HOST_BY_DHCP, name, d->host_name.len);
}

static void name_address(struct context *c, const struct ipaddr *a, enum name_rank rank,
			 const struct event *e, const struct event_str *name)
{
	const struct name_heard heard = { (const char *)event_str_data(e, name), name->len,
					  name->hash };
	names_learn(&c->names, a, rank, &heard, e->time_ns);
}

static void learn_name(struct context *c, const struct event_name *n)
{
	static const uint8_t by_app[APP__COUNT] = {
		[APP_LLMNR] = HOST_BY_LLMNR,
		[APP_MDNS] = HOST_BY_MDNS,
		[APP_NETBIOS] = HOST_BY_NBNS,
		[APP_DHCP] = HOST_BY_DHCP,
	};
	const struct event *e = &n->e;
	const char *text = (const char *)event_str_data(e, &n->name);
	const struct ipaddr *a = &n->address;
	if (n->name.len == 0 || ipaddr_is_unspecified(a) || ipaddr_is_loopback(a) ||
	    ipaddr_is_multicast(a))
		return;
	if (n->source == APP_DNS) {
		name_address(c, a, NAME_BY_DNS, e, &n->name);
		return;
	}
	enum host_source source = n->source < APP__COUNT ? by_app[n->source] : 0;
	if (!source || !context_is_inside(c, a, e->tunnel_id))
		return;
	bool is_own = ipaddr_equal(a, &e->src) || (e->from_server && ipaddr_equal(a, &e->dst));
	if (is_own || source == HOST_BY_DHCP)
		hosts_set_name(&c->hosts, a, source, text, n->name.len);
}

static bool is_host_name(const char *text, size_t len)
{
	bool has_dot = false;
	for (size_t i = 0; i < len; i++) {
		char ch = text[i];
		bool is_plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
				(ch >= '0' && ch <= '9') || ch == '-' || ch == '_' || ch == '.';
		if (!is_plain)
			return false;
		has_dot |= ch == '.';
	}
	return has_dot && len <= 253;
}

static void learn_tls(struct context *c, const struct event_tls *t)
{
	const struct event *e = &t->e;
	const char *text = (const char *)event_str_data(e, &t->sni);
	if (t->is_server || !t->has_sni || t->sni.full > t->sni.len ||
	    !is_host_name(text, t->sni.len))
		return;
	flow_names_note(&c->flow_names, e->flow, text, t->sni.len);
	if (ipaddr_is_loopback(&e->dst) || ipaddr_is_multicast(&e->dst))
		return;
	if (context_roles(c, &e->dst) & ROLE_PROXY)
		return; /* it is the name of what lies behind */
	name_address(c, &e->dst, NAME_BY_TLS, e, &t->sni);
}

static void learn_resolver(struct context *c, const struct event_dns *d)
{
	const struct event *e = &d->e;
	const struct ipaddr *sender = e->from_server ? &e->dst : &e->src;
	const struct ipaddr *receiver = e->from_server ? &e->src : &e->dst;
	if (d->transport != DNS_PLAIN || !is_inside_host(c, sender, e->tunnel_id))
		return;
	if (d->is_response && !is_inside_host(c, receiver, e->tunnel_id))
		return;
	struct host *h = hosts_get(&c->hosts, sender);
	if (!h)
		return;
	if (d->is_response)
		h->answers_dns = true;
	else
		h->asks_dns = true;
	if (h->answers_dns && h->asks_dns)
		h->roles |= ROLE_RESOLVER;
}

/* The Host of a request, without its port. */
static void learn_host(struct context *c, const struct event_http *h)
{
	const char *text = (const char *)event_str_data(&h->e, &h->host);
	size_t len = h->host.len;
	const char *colon = len ? memchr(text, ':', len) : NULL;
	if (colon)
		len = (size_t)(colon - text);
	if (!h->is_response && h->host.full <= h->host.len && is_host_name(text, len))
		flow_names_note(&c->flow_names, h->e.flow, text, len);
}

static void learn_proxy(struct context *c, const struct event_http *h)
{
	const struct event *e = &h->e;
	const char *method = (const char *)event_str_data(e, &h->method);
	const char *uri = (const char *)event_str_data(e, &h->uri);
	bool is_asked = (h->method.len == 7 && memcmp(method, "CONNECT", 7) == 0) ||
			(h->uri.len > 7 && strncasecmp(uri, "http://", 7) == 0);
	if (h->is_response || !is_asked || !is_inside_host(c, &e->dst, e->tunnel_id))
		return;
	struct host *host = hosts_get(&c->hosts, &e->dst);
	if (host)
		host->roles |= ROLE_PROXY;
}

void context_prefetch(const struct context *c, const struct event *e, unsigned stage)
{
	const struct table *t = &c->hosts.table;
	const struct ipaddr *a = &e->src;
	if (e->kind == EVENT_NAME) {
		t = &c->names.table;
		a = &((const struct event_name *)e)->address;
	} else if (e->kind == EVENT_FLOW_PROGRESS || e->kind == EVENT_FLOW_END) {
		a = &e->dst;
	} else if (e->kind != EVENT_FLOW_START) {
		return;
	}
	if (stage == 0)
		table_prefetch_index(t, table_hash(t, a));
	else
		table_prefetch_entry(t, table_hash(t, a));
}

static void learn_controller(struct context *c, const struct event_kerberos *k)
{
	bool is_answer = k->message == KERBEROS_AS_REP || k->message == KERBEROS_TGS_REP;
	if (!is_answer || !is_inside_host(c, &k->e.dst, k->e.tunnel_id))
		return;
	struct host *host = hosts_get(&c->hosts, &k->e.dst);
	if (host)
		host->roles |= ROLE_CONTROLLER;
}

/*
 * Who has logged in at a server of ours is who uses the host, until somebody else does.  Programs
 * log in as well: names that end like those of machines are none of people.  What a server outside
 * says of a log-in proves nothing, since whoever speaks may have set it up.
 */
static void learn_user(struct context *c, const struct event_login *l)
{
	char user[4 * IDENTITY_NAME];
	bool is_seen = l->outcome == LOGIN_SUCCESS && !l->is_inferred && l->user.off &&
		       l->user.len && l->user.len < IDENTITY_NAME && l->method != LOGIN_NONE &&
		       l->user.full == l->user.len;
	if (!is_seen || c->identities.users == USERS_OFF ||
	    !is_inside_host(c, &l->e.src, l->e.tunnel_id) ||
	    !is_inside_host(c, &l->e.dst, l->e.tunnel_id))
		return;
	size_t len = str_escape(user, sizeof(user), event_str_data(&l->e, &l->user), l->user.len);
	if (len && len < IDENTITY_NAME && user[len - 1] != '$' &&
	    strcasecmp(user, "anonymous") != 0)
		identities_login(&c->identities, &l->e.src, user, c->now_ns);
}

static void learn_manager(struct context *c, const struct event *e)
{
	struct admin_act act;
	if (!(ADMIN_WANTS >> e->kind & 1) || !admin_act_read(e, &act) ||
	    act.protocol == ADMIN_NONE || !is_inside_host(c, &act.client, e->tunnel_id))
		return;
	if (!managers_note(&c->managers, &act.client, &act.server, c->now_ns))
		return;
	struct host *host = hosts_get(&c->hosts, &act.client);
	if (host)
		host->roles |= ROLE_MANAGER;
}

/*
 * What nDPI has seen in the packets, in its lists of addresses, or in another flow; a port alone
 * says nothing.  Only what is some service's is kept.
 */
static void learn_app(struct context *c, const struct event_classified *e)
{
	bool is_seen = e->confidence >= NDPI_BY_ADDRESS && e->confidence <= NDPI_BY_INSPECTION;
	if (is_seen && services_by_app(&c->services, e->ndpi_master, e->ndpi_app))
		flow_names_note_app(&c->flow_names, e->e.flow, e->ndpi_master, e->ndpi_app);
}

void context_event(struct context *c, const struct event *e)
{
	if (c->now_ns < e->time_ns)
		c->now_ns = e->time_ns;
	c->baseline.has_upload = false;
	identities_follow(&c->identities, c->now_ns);
	learn_manager(c, e);
	switch (e->kind) {
	case EVENT_FLOW_START:
	case EVENT_FLOW_PROGRESS:
	case EVENT_FLOW_END:
		learn_flow(c, (const struct event_flow *)e);
		break;
	case EVENT_CLASSIFIED:
		learn_app(c, (const struct event_classified *)e);
		break;
	case EVENT_ARP:
		learn_arp(c, (const struct event_arp *)e);
		break;
	case EVENT_DHCP:
		learn_dhcp(c, (const struct event_dhcp *)e);
		break;
	case EVENT_NAME:
		learn_name(c, (const struct event_name *)e);
		break;
	case EVENT_TLS:
	case EVENT_QUIC:
		learn_tls(c, (const struct event_tls *)e);
		break;
	case EVENT_DNS:
		learn_resolver(c, (const struct event_dns *)e);
		break;
	case EVENT_LOGIN:
		learn_user(c, (const struct event_login *)e);
		break;
	case EVENT_KERBEROS:
		learn_controller(c, (const struct event_kerberos *)e);
		break;
	case EVENT_HTTP:
		learn_host(c, (const struct event_http *)e);
		learn_proxy(c, (const struct event_http *)e);
		break;
	default:
		break;
	}
}
