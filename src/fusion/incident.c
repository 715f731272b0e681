/*
 * fusion/incident.c - which findings are one story.
 *
 * A host is in one incident at a time.  It begins with the first finding about the host, or comes
 * to it with a sideways step from a host that is in one: so the id of the first host's incident
 * runs through all that were reached from it.  A host that is in an incident of its own keeps that,
 * since which of two stories a later finding belongs to cannot be told.
 */
#include "private.h"

static bool is_running(const struct host *h, uint64_t now_ns)
{
	return h->incident.began_ns && now_ns - h->incident_last_ns < FUSION_INCIDENT_NS;
}

static void join(struct host *h, const struct fusion_incident *incident, uint64_t now_ns)
{
	if (!is_running(h, now_ns))
		h->incident = *incident;
	h->incident_last_ns = now_ns;
}

void incident_add(struct fusion *f, struct host *subject, const struct finding *x)
{
	struct fusion_incident own = { .root = subject->key.ip,
				       .root_tunnel = subject->key.tunnel_key,
				       .began_ns = x->start_ns ? x->start_ns : f->now_ns };
	join(subject, &own, f->now_ns);
	if (x->class != FINDING_LATERAL || x->severity < SEVERITY_MEDIUM || !x->peer.has_ip)
		return;
	struct fusion_incident incident = subject->incident; /* the next line may move it */
	struct host_key key = host_key_of(&x->peer.ip, x->tunnel_key);
	bool is_new;
	struct host *peer = table_get(&f->hosts, &key, &is_new);
	if (peer)
		join(peer, &incident, f->now_ns);
}

struct fusion_incident fusion_incident_of(const struct fusion *f, const struct finding *x)
{
	struct fusion_incident none = { .began_ns = 0 };
	struct host_key key = host_key_of(&x->subject.ip, x->tunnel_key);
	const struct host *h = x->subject.has_ip ? table_find(&f->hosts, &key) : NULL;
	return h && is_running(h, f->now_ns) ? h->incident : none;
}
