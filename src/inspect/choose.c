/*
 * inspect/choose.c - which inspector a flow gets: by a probe of its payload, by nDPI's verdict, or
 * later, when a protocol in the clear turns to TLS.
 */
#include "runner.h"

#define CLEAR_PACKETS 64 /* payload packets of a protocol that may turn to TLS */
#define CLEAR_BYTES   8192u
#define TURN_PACKETS  4 /* payload packets after both have agreed to go on as TLS */
#define PORT_XMPP     5222

static bool proto_fits(const struct inspector *insp, const struct flow *f)
{
	if (insp->proto)
		return insp->proto == f->key.proto ||
		       (insp->proto == PROTO_ICMP && f->key.proto == PROTO_ICMPV6);
	return f->key.proto == PROTO_TCP || f->key.proto == PROTO_UDP;
}

static bool port_fits(const struct inspector *insp, const struct packet *p)
{
	if (!insp->ports)
		return true;
	for (const uint16_t *port = insp->ports; *port; port++)
		if (*port == p->sport || *port == p->dport)
			return true;
	return false;
}

static bool is_probed(const struct inspector *insp, const struct packet *p,
		      const struct flow_step *step)
{
	return insp->probe && proto_fits(insp, step->flow) && port_fits(insp, p) &&
	       insp->probe(p, step->from_client);
}

unsigned inspect_by_probe(const struct inspect *in, const struct packet *p,
			  const struct flow_step *step)
{
	for (unsigned i = 1; i <= in->count; i++)
		if (in->list[i]->expects && proto_fits(in->list[i], step->flow) &&
		    in->list[i]->expects(in->shard_state[i], p))
			return i;
	unsigned fallback = 0;
	for (unsigned i = 1; i <= in->count; i++) {
		const struct inspector *insp = in->list[i];
		if (insp->is_fallback && step->flow->inspector)
			fallback = step->flow->inspector; /* one does not give way to another */
		else if (insp->is_fallback && !fallback)
			fallback = is_probed(insp, p, step) ? i : 0;
		else if (!insp->is_fallback && is_probed(insp, p, step))
			return i;
	}
	return fallback;
}

unsigned inspect_by_verdict(const struct inspect *in, const struct flow *f)
{
	if (f->app == APP_UNKNOWN || f->app == APP_OTHER)
		return 0;
	for (unsigned i = 1; i <= in->count; i++) {
		const struct inspector *insp = in->list[i];
		if (!proto_fits(insp, f))
			continue;
		for (unsigned a = 0; a < 4 && insp->apps[a] != APP_UNKNOWN; a++)
			if (insp->apps[a] == f->app)
				return i;
	}
	return 0;
}

/* Protocols in the clear that have a command for TLS (RFC 3207, 2595, 4217, 4511, 6120). */
bool inspect_may_turn(const struct flow *f)
{
	if (f->flags & FLOW_TURNS)
		return f->probes < TURN_PACKETS;
	switch (f->app) {
	case APP_SMTP:
	case APP_IMAP:
	case APP_POP3:
	case APP_FTP:
	case APP_LDAP:
		break;
	case APP_OTHER: /* XMPP */
		if (f->key.port[0] != PORT_XMPP && f->key.port[1] != PORT_XMPP)
			return false;
		break;
	default:
		return false;
	}
	return f->key.proto == PROTO_TCP && !(f->flags & FLOW_LET_GO) &&
	       f->probes < CLEAR_PACKETS && f->payload[0] + f->payload[1] < CLEAR_BYTES;
}
