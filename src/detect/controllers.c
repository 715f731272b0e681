/*
 * detect/controllers.c - see controllers.h.
 */
#include "controllers.h"

#include <string.h>

#include "step.h"

#define DAY_NS        (86400ull * 1000000000ull)
#define PORT_KERBEROS 88
#define PORT_LDAP     389
#define PORT_LDAPS    636
#define PORT_CATALOG  3268

enum { SERVES_KERBEROS = 1, SERVES_LDAP = 2, SERVES_REPLICATION = 4 };

struct controller {
	struct ipaddr address;
	uint32_t tunnel_key, pad;
	uint32_t serves, pad2;
};

static uint32_t evidence(const void *entry)
{
	return ((const struct controller *)entry)->serves;
}

int controllers_init(struct controllers *c, const struct detect_env *env)
{
	struct table_config config = { .capacity = CONTROLLERS,
				       .entry_size = sizeof(struct controller),
				       .key_size = offsetof(struct controller, serves),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&c->hosts, &config);
}

void controllers_deinit(struct controllers *c)
{
	table_deinit(&c->hosts);
}

static const struct keep_field fields[] = {
	KEEP(U8, struct controller, address),
	KEEP(U32, struct controller, tunnel_key),
	KEEP(U32, struct controller, serves),
	KEEP_LAST,
};

void controllers_keep(struct controllers *c, struct keep_list *list, const char *name)
{
	const struct keep_part part = { .name = name,
					.version = 1,
					.owner = c,
					.table = &c->hosts,
					.fields = fields };
	keep_add(list, &part);
}

static uint32_t served_by(const struct event *e)
{
	if (e->kind == EVENT_RPC) {
		const struct event_rpc *r = (const struct event_rpc *)e;
		return r->act == RPC_CALL && r->is_answered &&
				       step_is(e, &r->interface, "drsuapi") ?
			       SERVES_REPLICATION :
			       0;
	}
	const struct event_flow *f = (const struct event_flow *)e;
	if (f->outcome != FLOW_OUTCOME_ESTABLISHED || f->payload[1] == 0)
		return 0;
	switch (e->dport) {
	case PORT_KERBEROS:
		return SERVES_KERBEROS;
	case PORT_LDAP:
	case PORT_LDAPS:
	case PORT_CATALOG:
		return SERVES_LDAP;
	default:
		return 0;
	}
}

void controllers_event(struct controllers *c, const struct detect_env *env, const struct event *e)
{
	struct controller key = { .address = e->dst, .tunnel_key = e->tunnel_key };
	uint32_t serves = served_by(e);
	if (!c->since_ns)
		c->since_ns = env->steady_ns;
	if (!serves)
		return;
	bool is_new;
	struct controller *host = table_get(&c->hosts, &key, &is_new);
	if (host)
		host->serves |= serves;
}

bool controllers_has(const struct controllers *c, const struct event *e, const struct ipaddr *a)
{
	struct controller key = { .address = *a, .tunnel_key = e->tunnel_key };
	const struct controller *host = table_find(&c->hosts, &key);
	uint32_t both = SERVES_KERBEROS | SERVES_LDAP;
	return host && ((host->serves & SERVES_REPLICATION) || (host->serves & both) == both);
}

bool controllers_settled(const struct controllers *c, const struct detect_env *env)
{
	return c->since_ns && env->steady_ns - c->since_ns >= DAY_NS;
}
