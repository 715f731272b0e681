/*
 * detect/port_scan/contact.c - what one event tells about a try to reach something.
 *
 * The weight of a failure is how many steps of the walk it is worth: a harmless cause that is
 * common (a dead web site, a peer that has gone, a datagram that nobody must answer) makes it
 * light, a segment that no honest stack sends first makes it heavy.
 */
#include <string.h>

#include "port_scan.h"

#define PROTO_ICMP       1
#define PROTO_TCP        6
#define PROTO_UDP        17
#define PROTO_ICMPV6     58
#define TCP_FIN          0x01
#define TCP_SYN          0x02
#define TCP_RST          0x04
#define TCP_ACK          0x10
#define ECHO_V4          (8u << 8)
#define TIMESTAMP_V4     (13u << 8)
#define MASK_V4          (17u << 8)
#define ECHO_V6          (128u << 8)
#define TRACEROUTE_FIRST 33434
#define TRACEROUTE_LAST  33534
#define HIGH_PORT        1024

static const uint16_t classes[PORT_CLASS__COUNT][10] = {
	[PORT_SMB] = { 445, 139, 135 },
	[PORT_RDP] = { 3389 },
	[PORT_SSH] = { 22, 2222 },
	[PORT_WINRM] = { 5985, 5986, 47001 },
	[PORT_DATABASE] = { 1433, 1521, 3306, 5432, 6379, 9042, 9200, 11211, 27017 },
	[PORT_WEB] = { 80, 443, 8000, 8008, 8080, 8443, 8888 },
	[PORT_REMOTE] = { 23, 2323, 5555, 5900, 5901, 5902 },
};

enum port_class port_class_of(uint16_t port)
{
	for (unsigned c = PORT_OTHER + 1; c < PORT_CLASS__COUNT; c++)
		for (unsigned i = 0; i < 10 && classes[c][i]; i++)
			if (classes[c][i] == port)
				return (enum port_class)c;
	return PORT_OTHER;
}

uint16_t port_class_first(enum port_class class)
{
	return classes[class][0];
}

bool port_is_service(uint16_t port)
{
	static const uint16_t high[] = { 1080, 1194, 1812, 1883, 2049, 2375,
					 3128, 3268, 5060, 5222, 7547, 10000 };
	if (port < HIGH_PORT || port_class_of(port) != PORT_OTHER)
		return true;
	for (size_t i = 0; i < sizeof(high) / sizeof(high[0]); i++)
		if (high[i] == port)
			return true;
	return false;
}

enum scan_goal goal_of(enum scan_kind kind)
{
	return kind == SCAN_PING || kind == SCAN_ARP ? GOAL_HOSTS : GOAL_SERVICES;
}

/* Who listens there must answer whatever comes. */
static bool must_answer(uint16_t port)
{
	static const uint16_t ports[] = { 53, 88, 111, 123, 137, 161, 389, 623, 1434 };
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (ports[i] == port)
			return true;
	return false;
}

static bool is_host(const struct ipaddr *a)
{
	return !ipaddr_is_multicast(a) && !ipaddr_is_unspecified(a);
}

/* The first or last address of the usual networks. */
static bool is_edge_address(const struct ipaddr *a)
{
	return ipaddr_is_v4(a) && (a->u.b[15] == 255 || a->u.b[15] == 0);
}

static bool is_broadcast_like(const struct ipaddr *a)
{
	return ipaddr_is_v4(a) && a->u.b[15] == 255;
}

static enum scan_direction direction_of(const struct detect_env *env, const struct event *e,
					const struct ipaddr *src, const struct ipaddr *dst)
{
	bool from_inside = context_is_inside(env->context, src, e->tunnel_id);
	bool to_inside = context_is_inside(env->context, dst, e->tunnel_id);
	if (from_inside == to_inside)
		return SCAN_INTERNAL;
	return from_inside ? SCAN_OUTBOUND : SCAN_INBOUND;
}

/*
 * Contacts outside by a name that was looked up are no scan (Whyte, Kranakis and van Oorschot,
 * NDSS 2005); a scan of outside peers on a high port looks like any peer-to-peer network.
 */
static double outbound_weight(const struct detect_env *env, const struct contact *c)
{
	if (c->direction != SCAN_OUTBOUND)
		return 1;
	if (context_name_of(env->context, &c->dst))
		return 0;
	if (!port_is_service(c->port))
		return 0.25;
	return port_class_of(c->port) == PORT_WEB ? 1.0 / 3 : 1;
}

/* How a connection went on: one that carried nothing was a look at the port. */
static bool from_syn_end(const struct event_flow *f, struct contact *ret)
{
	ret->weight[SHAPE_PORTS] = 1;
	if (f->outcome == FLOW_OUTCOME_ESTABLISHED) {
		ret->result = f->payload[0] + f->payload[1] ? CONTACT_ANSWERED : CONTACT_EMPTY;
		if (ret->result == CONTACT_EMPTY)
			ret->weight[SHAPE_PORTS] = 0.25;
		return ret->result == CONTACT_ANSWERED || f->packets[0] <= 4;
	}
	ret->result = CONTACT_SILENT;
	ret->weight[SHAPE_HOSTS] = 1;
	return f->outcome == FLOW_OUTCOME_UNANSWERED;
}

static bool from_syn(const struct event_flow *f, struct contact *ret)
{
	ret->kind = SCAN_TCP;
	if (f->e.kind == EVENT_FLOW_END) {
		if (!from_syn_end(f, ret))
			return false;
	} else if (f->outcome == FLOW_OUTCOME_ESTABLISHED) {
		ret->result = CONTACT_ANSWERED;
		ret->weight[SHAPE_HOSTS] = 1;
	} else if (f->outcome == FLOW_OUTCOME_REFUSED) {
		ret->result = CONTACT_REFUSED;
		ret->weight[SHAPE_PORTS] = ret->weight[SHAPE_HOSTS] = 1;
	} else if (f->outcome == FLOW_OUTCOME_UNANSWERED) {
		ret->result = CONTACT_SILENT;
		ret->weight[SHAPE_PORTS] = ret->weight[SHAPE_HOSTS] = 1;
	} else {
		return false;
	}
	/* it went on after its SYN: an answer came another way */
	if (ret->result == CONTACT_SILENT && (f->tcp_flags[0] & TCP_ACK))
		return false;
	if (ret->result != CONTACT_ANSWERED && !port_is_service(ret->port))
		ret->weight[SHAPE_PORTS] *= 0.25;
	return true;
}

/* NULL, FIN, Xmas, Maimon (FIN+ACK) and ACK scans. */
static bool from_odd_flags(const struct event_flow *f, struct contact *ret)
{
	ret->kind = SCAN_FLAGS;
	if (!(f->syn_flags & TCP_ACK)) {
		if (f->e.kind == EVENT_FLOW_END || f->packets[0] > 2)
			return false;
		ret->result = f->outcome == FLOW_OUTCOME_REFUSED ? CONTACT_REFUSED : CONTACT_SILENT;
		ret->weight[SHAPE_PORTS] = ret->weight[SHAPE_HOSTS] = 2;
		return f->outcome == FLOW_OUTCOME_REFUSED || f->outcome == FLOW_OUTCOME_UNANSWERED;
	}
	/* one segment without data to a service, then nothing but RST: else the rest of a
	 * connection */
	if (f->e.kind != EVENT_FLOW_END || f->packets[0] != 1 || f->packets[1] > 1 ||
	    f->payload[0] || !port_is_service(ret->port) || port_is_service(f->e.sport))
		return false;
	if (f->packets[1] && !(f->tcp_flags[1] & TCP_RST))
		return false;
	ret->result = f->packets[1] ? CONTACT_REFUSED : CONTACT_SILENT;
	ret->weight[SHAPE_PORTS] = 1;
	return true;
}

static bool from_tcp(const struct event_flow *f, struct contact *ret)
{
	uint32_t first = f->syn_flags;
	if (ret->port == 0 || f->e.sport == 0)
		return false;
	if (first & TCP_SYN)
		return !(first & TCP_ACK) && from_syn(f, ret);
	if (first & TCP_RST)
		return false;
	return from_odd_flags(f, ret);
}

static bool from_udp(const struct detect_env *env, const struct event_flow *f, struct contact *ret)
{
	uint16_t port = ret->port;
	ret->kind = SCAN_UDP;
	if (port == 0 || is_broadcast_like(&ret->dst) || f->e.app == APP_BITTORRENT ||
	    (port >= TRACEROUTE_FIRST && port <= TRACEROUTE_LAST))
		return false;
	/* late answers of a service to its clients */
	if (f->e.sport < HIGH_PORT || f->e.sport == 1900 || f->e.sport == 3702 ||
	    f->e.sport == 5353)
		return false;
	if (port == 53 && (context_roles(env->context, &ret->src) & ROLE_RESOLVER))
		return false;
	if (f->outcome == FLOW_OUTCOME_REFUSED)
		ret->result = CONTACT_REFUSED;
	else if (f->e.kind != EVENT_FLOW_END)
		return false;
	else if (f->outcome == FLOW_OUTCOME_ESTABLISHED)
		ret->result = CONTACT_ANSWERED;
	else if (f->outcome == FLOW_OUTCOME_UNANSWERED && f->packets[0] <= 3)
		ret->result = CONTACT_SILENT;
	else
		return false;
	bool is_refused = ret->result == CONTACT_REFUSED;
	/* programs that share files among all ask hosts that are gone, in no order */
	ret->only_in_order = ret->result == CONTACT_SILENT && !must_answer(port);
	ret->weight[SHAPE_HOSTS] = is_refused ? 1 : 0.5;
	ret->weight[SHAPE_PORTS] = is_refused ? 1 : 0.35;
	if (!port_is_service(port)) {
		ret->weight[SHAPE_HOSTS] *= 0.5;
		ret->weight[SHAPE_PORTS] *= 0.25;
	}
	return true;
}

static bool from_echo(const struct event_flow *f, struct contact *ret)
{
	uint16_t type = f->e.sport;
	bool is_query = f->e.proto == PROTO_ICMPV6 ?
				type == ECHO_V6 :
				type == ECHO_V4 || type == TIMESTAMP_V4 || type == MASK_V4;
	if (!is_query || f->e.kind != EVENT_FLOW_END)
		return false;
	ret->kind = SCAN_PING;
	ret->port = 0;
	/* whoever pings hosts that he knows has no use for a network's own addresses */
	ret->weight[SHAPE_HOSTS] = is_edge_address(&ret->dst) ? 5 : 1;
	if (f->outcome == FLOW_OUTCOME_ESTABLISHED)
		ret->result = CONTACT_ANSWERED;
	else if (f->outcome == FLOW_OUTCOME_REFUSED)
		ret->result = CONTACT_REFUSED;
	else if (f->outcome == FLOW_OUTCOME_UNANSWERED)
		ret->result = CONTACT_SILENT;
	else
		return false;
	return true;
}

static bool from_protocol(const struct event_flow *f, struct contact *ret)
{
	if (f->e.kind != EVENT_FLOW_END)
		return false;
	ret->kind = SCAN_PROTO;
	ret->port = f->e.proto;
	ret->result = f->packets[1] ? CONTACT_ANSWERED : CONTACT_SILENT;
	ret->weight[SHAPE_PORTS] = 1;
	return f->packets[0] <= 4;
}

bool contact_from_flow(const struct detect_env *env, const struct event_flow *f,
		       struct contact *ret)
{
	const struct event *e = &f->e;
	bool is_known = false;
	if (e->kind == EVENT_FLOW_PROGRESS && f->is_interim != 1)
		return false;
	if (!is_host(&e->src) || !is_host(&e->dst))
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->e = e;
	ret->src = e->src;
	ret->dst = e->dst;
	ret->port = e->dport;
	ret->time_ns = f->first_ns;
	if (e->proto == PROTO_TCP)
		is_known = from_tcp(f, ret);
	else if (e->proto == PROTO_UDP)
		is_known = from_udp(env, f, ret);
	else if (e->proto == PROTO_ICMP || e->proto == PROTO_ICMPV6)
		is_known = from_echo(f, ret);
	else
		is_known = from_protocol(f, ret);
	if (!is_known)
		return false;
	ret->direction = direction_of(env, e, &ret->src, &ret->dst);
	if (ret->result != CONTACT_ANSWERED && ret->kind != SCAN_FLAGS) {
		double w = outbound_weight(env, ret);
		ret->weight[SHAPE_PORTS] *= w;
		ret->weight[SHAPE_HOSTS] *= w;
	}
	return true;
}

void contact_from_arp(const struct scan_state *s, const struct detect_env *env,
		      const struct arp_question *q, struct contact *ret)
{
	uint8_t mac[6];
	memset(ret, 0, sizeof(*ret));
	ret->e = &q->e.e;
	ret->src = q->e.e.src;
	ret->dst = q->e.e.dst;
	ret->kind = SCAN_ARP;
	ret->packet = q->e.e.packet;
	ret->time_ns = q->e.e.time_ns;
	ret->direction = direction_of(env, ret->e, &ret->src, &ret->dst);
	/* who speaks is alive, even where its answer went past us */
	bool is_alive = q->is_answered || context_mac_of(env->context, &ret->dst, mac);
	ret->result = is_alive ? CONTACT_ANSWERED : CONTACT_SILENT;
	/* routers ask for whomever the world calls: their questions are others' */
	bool is_router = (context_roles(env->context, &ret->src) & ROLE_GATEWAY) ||
			 routers_has(&s->routers, q->e.sender_mac);
	if (is_router)
		ret->weight[SHAPE_HOSTS] = 0;
	else
		ret->weight[SHAPE_HOSTS] = ipaddr_is_private(&ret->dst) ? 1 : 0.1;
}
