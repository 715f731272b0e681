/*
 * context/upload.c - what an event of a flow adds to what leaves the network.
 *
 * Only what leads out counts: both ends inside is nothing that leaves, and what a server answers
 * to the outside is its work, but for an FTP server's data connection (port 20), which it opens
 * itself.  Where both ends are outside the initiator is the sender.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

#define PROTO_ICMP    1
#define PROTO_TCP     6
#define PROTO_ICMPV6  58
#define FTP_DATA_PORT 20

static uint64_t steady(const struct context *c)
{
	return c->now_ns > c->baseline.leaped_ns ? c->now_ns - c->baseline.leaped_ns : 0;
}

static bool is_nobody(const struct ipaddr *a)
{
	return ipaddr_is_multicast(a) || ipaddr_is_unspecified(a);
}

static bool find_sender(const struct context *c, const struct event_flow *f,
			struct context_upload *u)
{
	const struct event *e = &f->e;
	if (e->proto == PROTO_ICMP || e->proto == PROTO_ICMPV6 || is_nobody(&e->src) ||
	    is_nobody(&e->dst) || ipaddr_is_link_local(&e->dst) || ipaddr_is_loopback(&e->dst))
		return false;
	bool to_inside = context_is_inside(c, &e->dst, e->tunnel_id);
	bool is_active_ftp = e->proto == PROTO_TCP && e->sport == FTP_DATA_PORT;
	u->side = 0;
	if (to_inside) {
		if (!is_active_ftp || context_is_inside(c, &e->src, e->tunnel_id))
			return false;
		u->side = 1;
	}
	u->flow = f;
	u->src = u->side ? e->dst : e->src;
	u->dst = u->side ? e->src : e->dst;
	u->port = u->side ? e->sport : e->dport;
	return true;
}

/* What the event adds to what was counted of its flow before; false: nothing. */
static bool count_new(struct table *flows, struct context_upload *u)
{
	const struct event_flow *f = u->flow;
	unsigned side = u->side;
	uint64_t id = f->e.flow;
	struct baseline_flow *known = table_find(flows, &id);
	struct baseline_flow none = { .id = id };
	const struct baseline_flow *before = known ? known : &none;
	uint64_t up = f->payload[side], down = f->payload[!side];
	u->up = up > before->seen[0] ? up - before->seen[0] : 0;
	u->down = down > before->seen[1] ? down - before->seen[1] : 0;
	u->packets_up = f->packets[side] - before->packets[0];
	u->packets_down = f->packets[!side] - before->packets[1];
	if (f->e.kind == EVENT_FLOW_END) {
		if (known)
			table_remove(flows, known);
		return u->up || u->down;
	}
	if (!u->up && !u->down)
		return false;
	bool is_new;
	if (!known)
		known = table_get(flows, &id, &is_new);
	if (known) {
		known->seen[0] = up;
		known->seen[1] = down;
		known->packets[0] = f->packets[side];
		known->packets[1] = f->packets[!side];
	}
	return true;
}

static void registered_of(const struct context *c, const char *name, char *dst, size_t size)
{
	const char *registered;
	size_t len = strlen(name);
	(void)context_registered(c, name, len, &registered, &len);
	len = len < size - 1 ? len : size - 1;
	memcpy(dst, registered, len);
	dst[len] = '\0';
}

/*
 * Where the organisation tells its own tenants from foreign ones, each is a destination of its own:
 * what goes to the one is nothing that went to the other.
 */
static bool tenant_of(const struct context *c, const struct service *s, const char *name,
		      const char *tenant, char *dst, size_t size)
{
	const struct service_suffix *x = services_suffix(&c->services, name, strlen(name));
	if (!x || !s->own_tenants)
		return false;
	int n = snprintf(dst, size, "%s.%s", tenant, x->domain);
	return n > 0 && (size_t)n < size;
}

const struct baseline_dest *context_destination_of(const struct context *c, const char *text)
{
	char dest[BASELINE_DEST_MAX], tenant[SERVICE_TENANT_MAX];
	const struct service *s = context_service_by_name(c, text, strlen(text));
	struct ipaddr a;
	if (ipaddr_parse(text, &a) == 0)
		(void)ipaddr_print(&a, dest, sizeof(dest));
	else if (!context_tenant_of(c, s, text, strlen(text), tenant) ||
		 !tenant_of(c, s, text, tenant, dest, sizeof(dest)))
		registered_of(c, text, dest, sizeof(dest));
	return context_destination(c, hash_bytes(&c->baseline.mark_key, dest, strlen(dest)));
}

void context_find_destination(const struct context *c, struct context_upload *u)
{
	u->name = context_name_of(c, &u->dst);
	u->service = context_service_by_ip(c, &u->dst);
	u->sanction = (uint8_t)context_sanction_at(c, u->service, &u->dst);
	char tenant[SERVICE_TENANT_MAX];
	bool is_told = u->name && u->service && u->service->own_tenants &&
		       context_tenant_at(c, u->service, &u->dst, tenant);
	if (is_told && tenant_of(c, u->service, u->name, tenant, u->dest, sizeof(u->dest))) {
		/* that is it */
	} else if (u->name) {
		registered_of(c, u->name, u->dest, sizeof(u->dest));
	} else {
		(void)ipaddr_print(&u->dst, u->dest, sizeof(u->dest));
	}
	u->dest_hash = hash_bytes(&c->baseline.mark_key, u->dest, strlen(u->dest));
}

void upload_flow(struct context *c, const struct event_flow *f)
{
	struct baseline *b = &c->baseline;
	struct context_upload *u = &b->upload;
	const struct baseline_time t = { steady(c), c->now_ns };
	if (!b->start.since_ns)
		b->start.since_ns = t.steady_ns;
	if (f->e.kind == EVENT_FLOW_START || !find_sender(c, f, u) || !count_new(&b->flows, u))
		return;
	u->host = NULL;
	u->to = NULL;
	context_find_destination(c, u);
	baseline_learn(b, u, f->e.tunnel_key, &t);
	b->has_upload = true;
}

struct context_upload *context_upload(struct context *c)
{
	return c->baseline.has_upload ? &c->baseline.upload : NULL;
}

struct baseline_dest *context_destination(const struct context *c, uint64_t dest_hash)
{
	return table_find(&c->baseline.dests, &dest_hash);
}

const struct baseline_host *context_baseline(const struct context *c, const struct ipaddr *a,
					     uint32_t tunnel_key)
{
	struct baseline_key key;
	memset(&key, 0, sizeof(key));
	key.address = *a;
	key.tunnel_key = tunnel_key;
	return table_find(&c->baseline.hosts, &key);
}

uint64_t context_learnt_at_ns(const struct context *c)
{
	uint64_t since_ns = c->baseline.start.since_ns;
	return since_ns ? since_ns + BASELINE_LEARN_NS : UINT64_MAX;
}

uint64_t context_learning_left_ns(const struct context *c)
{
	uint64_t end_ns = context_learnt_at_ns(c), now_ns = steady(c);
	if (end_ns == UINT64_MAX)
		return BASELINE_LEARN_NS;
	return now_ns < end_ns ? end_ns - now_ns : 0;
}

bool context_is_new(const struct context *c, const struct baseline_dest *d)
{
	return d && d->first_ns >= context_learnt_at_ns(c) &&
	       steady(c) - d->first_ns < BASELINE_NEW_NS;
}

void context_suspect(struct context *c, const struct ipaddr *a, uint32_t tunnel_key)
{
	struct baseline_key key;
	memset(&key, 0, sizeof(key));
	key.address = *a;
	key.tunnel_key = tunnel_key;
	struct baseline_host *h = table_find(&c->baseline.hosts, &key);
	if (h)
		h->suspect_ns = steady(c) + BASELINE_DAY_NS;
}

double baseline_trust(const struct context *c, const struct baseline_host *h)
{
	return h && steady(c) < h->suspect_ns ? BASELINE_CAUTION : 1;
}

void context_set_leaped(struct context *c, uint64_t leaped_ns)
{
	c->baseline.leaped_ns = leaped_ns;
}
