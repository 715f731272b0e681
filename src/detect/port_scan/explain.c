/*
 * detect/port_scan/explain.c - the proof in words and numbers.
 */
#include <math.h>
#include <stdio.h>

#include "exfild/base/str.h"
#include "port_scan.h"

#define RISK_NATS 9.0

struct story {
	uint64_t hosts, ports, targets, answered, refused, silent;
	uint64_t tried; /* answered, refused and silent together */
	uint64_t first_ns, last_ns;
	bool is_single, is_about; /* counts are estimates */
	const char *what;         /* "TCP ports" */
};

static const char *kind_words(enum scan_kind kind)
{
	switch (kind) {
	case SCAN_UDP:
		return "UDP ports";
	case SCAN_PROTO:
		return "IP protocols";
	case SCAN_FLAGS:
		return "TCP ports (with flags that no connection begins with)";
	default:
		return "TCP ports";
	}
}

/* Of many targets the sketch counts all, the counters a part of each kind: shares are the same. */
static void scale(struct story *y, uint64_t empty, uint64_t refused, uint64_t silent)
{
	uint64_t counted = empty + refused + silent;
	double times = counted ? (double)y->targets / (double)counted : 1;
	empty = (uint64_t)((double)empty * times + 0.5);
	y->refused = (uint64_t)((double)refused * times + 0.5);
	if (empty > y->targets)
		empty = y->targets;
	if (y->refused > y->targets - empty)
		y->refused = y->targets - empty;
	/* so that the parts are the whole */
	y->silent = silent ? y->targets - empty - y->refused : 0;
	if (!silent)
		y->refused = y->targets - empty;
	y->answered += y->is_single ? empty : 0;
	if (y->answered < empty)
		y->answered = empty;
	y->tried = y->answered + y->refused + y->silent;
}

static struct story tell(const struct scanner *w, const struct track *t, bool is_single)
{
	struct story y = { .is_single = is_single, .what = kind_words(t->key.kind) };
	if (is_single) {
		y.hosts = 1;
		y.ports = distinct_count(&t->failed);
		y.targets = y.ports;
		y.answered = t->answered;
		y.first_ns = t->first_ns;
		y.last_ns = t->last_ns;
		y.is_about = t->failed.is_many;
		scale(&y, t->empty, t->refused, t->silent);
		y.ports = y.tried;
		return y;
	}
	y.targets = distinct_count(&w->targets);
	y.hosts = w->key.goal == GOAL_HOSTS ? y.targets : distinct_count(&w->hosts);
	y.ports = distinct_count(&w->ports);
	y.answered = distinct_count(&w->open);
	y.first_ns = w->first_ns;
	y.last_ns = w->last_ns;
	y.is_about = w->targets.is_many;
	scale(&y, w->empty, w->refused, w->silent);
	if (y.ports == 1 || w->key.goal == GOAL_HOSTS)
		y.hosts = y.tried;
	return y;
}

static double clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

static void score(struct finding *f, const struct scan_state *s, const struct detect_env *env,
		  const struct track *t, const struct contact *c, const struct story *y)
{
	double walk = decayed_at(&t->walk, env->steady_ns, (double)s->params->memory_s);
	double by_walk = 0.5 * clamp(walk / s->limit, 0, 1);
	double by_size = 0.3 * clamp(log2((double)y->targets / 8.0) / 5, 0, 1);
	double by_flags = c->kind == SCAN_FLAGS ? 0.2 : 0;
	double by_side = c->direction == SCAN_INBOUND ? -0.3 : 0.1;
	finding_feature(
		f, "random_walk", walk, 0, s->limit, 0.5, by_walk,
		"first contacts fail as a scanner's do (log-likelihood ratio %.1f, limit %.1f)",
		walk, s->limit);
	finding_feature(f, "targets", (double)y->targets, NAN, 8, 0.3, by_size,
			"%s%llu targets did not serve: %llu refused, %llu silent%s",
			y->is_about ? "about " : "", (unsigned long long)y->targets,
			(unsigned long long)y->refused, (unsigned long long)y->silent,
			y->targets > y->refused + y->silent ? ", the others opened and left" : "");
	if (by_flags > 0)
		finding_feature(f, "impossible_flags", 1, 0, 1, 0.2, by_flags,
				"first segments with flags that no TCP begins with");
	finding_feature(f, "direction", c->direction, NAN, NAN, 0.3, by_side, "%s",
			c->direction == SCAN_INBOUND  ? "from outside: the noise of the Internet" :
			c->direction == SCAN_OUTBOUND ? "from inside to outside" :
							"both ends are on one side");
	f->score = clamp(by_walk + by_size + by_flags + by_side, 0, 1);
	f->llr = c->direction == SCAN_INBOUND ? 1 : fmin(0.6 * walk, RISK_NATS);
	f->confidence = f->score;
}

static void classify(struct finding *f, const struct contact *c)
{
	f->class = FINDING_RECON;
	f->tactic = c->direction == SCAN_INBOUND ? "TA0043" : "TA0007";
	finding_technique(f, goal_of(c->kind) == GOAL_HOSTS ? "T1018" : "T1046");
	if (c->direction == SCAN_INBOUND)
		finding_technique(f, "T1595.001");
}

static void examples(const struct scanner *w, char *dst, size_t size)
{
	size_t used = 0;
	dst[0] = '\0';
	for (unsigned i = 0; i < w->example_count && i < 3; i++) {
		char host[IPADDR_TEXT_MAX], port[8] = "";
		if (w->examples[i].port)
			(void)snprintf(port, sizeof(port), ":%u", w->examples[i].port);
		int n = snprintf(dst + used, size - used, "%s%s%s", used ? ", " : "",
				 ipaddr_print(&w->examples[i].host, host, sizeof(host)), port);
		if (n < 0 || (size_t)n >= size - used)
			return;
		used += (size_t)n;
	}
}

static void say_message(struct finding *f, const struct detect_env *env, const struct scanner *w,
			const struct track *t, const struct contact *c, const struct story *y)
{
	char src[IPADDR_TEXT_MAX], dst[IPADDR_TEXT_MAX], span[32], some[192], ports[32];
	const char *about = y->is_about ? "about " : "";
	uint32_t roles = context_roles(env->context, &c->src);
	const char *role = roles & (ROLE_NAT | ROLE_PROXY) ? " (asks for others)" : "";
	ipaddr_print(&c->src, src, sizeof(src));
	ipaddr_print(&c->dst, dst, sizeof(dst));
	finding_span(span, sizeof(span), y->last_ns - y->first_ns);
	examples(w, some, sizeof(some));
	char unreachable[40] = "";
	if (y->refused)
		finding_text(unreachable, sizeof(unreachable), "%llu were unreachable, ",
			     (unsigned long long)y->refused);
	const char *transport = c->kind == SCAN_UDP ? "UDP" : "TCP";
	if (y->ports == 1)
		finding_text(ports, sizeof(ports), "%s port %u", transport, c->port);
	else
		finding_text(ports, sizeof(ports), "%llu %s ports", (unsigned long long)y->ports,
			     transport);
	if (y->is_single)
		finding_text(f->message, sizeof(f->message),
			     "%s%s tried %s%llu %s of %s %s: %llu answered, %llu refused, %llu "
			     "stayed silent (%u to %u)",
			     src, role, about, (unsigned long long)y->ports, y->what, dst, span,
			     (unsigned long long)y->answered, (unsigned long long)y->refused,
			     (unsigned long long)y->silent, t->lowest, t->highest);
	else if (goal_of(c->kind) == GOAL_HOSTS)
		finding_text(f->message, sizeof(f->message),
			     "%s%s looked for %s%llu hosts by %s %s: %llu answered, %s%llu stayed "
			     "silent (%s ...)",
			     src, role, about, (unsigned long long)y->hosts,
			     c->kind == SCAN_PING ? "ping" : "ARP", span,
			     (unsigned long long)y->answered, unreachable,
			     (unsigned long long)y->silent, some);
	else if (y->ports > 1)
		finding_text(
			f->message, sizeof(f->message),
			"%s%s tried %s%llu services (%s on %llu hosts) %s: %llu answered, %llu "
			"refused, %llu stayed silent (%s ...)",
			src, role, about, (unsigned long long)y->tried, ports,
			(unsigned long long)y->hosts, span, (unsigned long long)y->answered,
			(unsigned long long)y->refused, (unsigned long long)y->silent, some);
	else
		finding_text(f->message, sizeof(f->message),
			     "%s%s tried %s%llu hosts on %s %s: %llu answered, %llu refused, %llu "
			     "stayed silent (%s ...)",
			     src, role, about, (unsigned long long)y->hosts, ports, span,
			     (unsigned long long)y->answered, (unsigned long long)y->refused,
			     (unsigned long long)y->silent, some);
}

static void say_why(struct finding *f, const struct scan_state *s, const struct detect_env *env,
		    const struct track *t, const struct contact *c, const struct story *y)
{
	double walk = decayed_at(&t->walk, env->steady_ns, (double)s->params->memory_s);
	finding_text(f->counterfactual, sizeof(f->counterfactual),
		     "silent below %llu %s that fail like these",
		     (unsigned long long)scan_least_targets(s, t, walk),
		     t->key.shape == SHAPE_PORTS ? "ports of one host" : "hosts");
	if (y->is_single)
		finding_text(
			f->not_harmless, sizeof(f->not_harmless),
			"a client of a dead server asks for its few ports again and again; here %s%llu "
			"different ones were asked for",
			y->is_about ? "about " : "", (unsigned long long)y->ports);
	else
		finding_text(
			f->not_harmless, sizeof(f->not_harmless),
			"a busy client is served by most of the hosts that it turns to; here %s%llu of "
			"%llu did not answer, each counted once%s",
			y->is_about ? "about " : "", (unsigned long long)(y->refused + y->silent),
			(unsigned long long)y->tried,
			c->direction == SCAN_OUTBOUND ?
				", and no name was looked up for them before" :
				"");
	finding_text(f->unseen, sizeof(f->unseen),
		     "contacts before the first failure, and what was tried from other addresses");
}

static void say_steps(struct finding *f, const struct contact *c, const struct story *y)
{
	char src[IPADDR_TEXT_MAX], dst[IPADDR_TEXT_MAX];
	const char *family = c->e->ip_version == 6 ? "ipv6" : "ip";
	ipaddr_print(&c->src, src, sizeof(src));
	ipaddr_print(&c->dst, dst, sizeof(dst));
	if (c->direction == SCAN_INBOUND)
		finding_step(f, "Look at what answered %s, and whether it should be reachable",
			     src);
	else
		finding_step(f, "On %s: find the process and the user behind the scan", src);
	finding_step(f,
		     "Is %s a vulnerability scanner or a monitor? Then except it by name and date",
		     src);
	if (y->answered)
		finding_step(f, "Look at what %s did with the targets that answered", src);
	if (c->kind == SCAN_ARP)
		finding_text(f->filter, sizeof(f->filter),
			     "arp.opcode == 1 && arp.src.proto_ipv4 == %s", src);
	else if (c->kind == SCAN_PING)
		finding_text(f->filter, sizeof(f->filter), "%s.src == %s && (icmp || icmpv6)",
			     family, src);
	else if (y->is_single)
		finding_text(f->filter, sizeof(f->filter), "%s.addr == %s && %s.addr == %s", family,
			     src, family, dst);
	else
		finding_text(f->filter, sizeof(f->filter), "%s.src == %s && %s", family, src,
			     c->kind == SCAN_UDP ? "udp" : "tcp");
}

void scan_explain(struct scan_state *s, const struct detect_env *env, const struct scanner *w,
		  const struct track *t, const struct contact *c, bool is_single,
		  enum severity severity)
{
	struct finding f;
	struct story y = tell(w, t, is_single);
	finding_init(&f, "port_scan", "port_scan", "Scan of hosts or ports");
	finding_from_event(&f, c->e);
	f.severity = severity;
	classify(&f, c);
	score(&f, s, env, t, c, &y);
	f.subject.ip = c->src;
	f.subject.has_ip = true;
	f.subject.port = 0;
	f.peer.ip = c->dst;
	f.peer.port = 0;
	f.peer.has_ip = is_single;
	if (!is_single) /* else the peer is what it is about */
		finding_text(f.object, sizeof(f.object), "%s",
			     goal_of(c->kind) == GOAL_HOSTS ? "hosts" : "services");
	f.start_ns = y.first_ns;
	f.end_ns = y.last_ns;
	f.is_update = c->is_update;
	f.time_ns = c->is_update ? y.last_ns : env->now_ns;
	f.count = y.targets;
	for (unsigned i = 0; i < w->packet_count; i++)
		finding_packet(&f, w->packets[i]);
	for (unsigned i = 0; i < w->example_count; i++)
		finding_related(&f, &w->examples[i].host);
	say_message(&f, env, w, t, c, &y);
	say_why(&f, s, env, t, c, &y);
	say_steps(&f, c, &y);
	double walk = decayed_at(&t->walk, env->steady_ns, (double)s->params->memory_s);
	if (!scan_fires(s, t, walk, distinct_count(&t->failed)))
		f.counterfactual[0] = '\0'; /* the totals of a proof that was given before */
	env->raise(env->arg, &f);
}
