/*
 * detect/port_scan/walk.c - the threshold random walks and what is told of them.
 *
 * Jung, Paxson, Berger and Balakrishnan (IEEE S&P 2004): each first contact of a source with a
 * target moves the log-likelihood ratio of "scanner" to "client" by ln((1-theta1)/(1-theta0)) when
 * it fails and by ln(theta1/theta0) when it is answered; ln(beta/alpha) makes a scanner,
 * ln((1-beta)/(1-alpha)) a client, whose walk begins anew.  A walk decays with a half-life of
 * memory_s, so that one dead host a day over a year does not add up and one target an hour does.
 */
#include <math.h>
#include <string.h>

#include "port_scan.h"

#define P2P_NS       (3600ull * 1000000000ull)
#define NEAR         4
#define GROWTH       2    /* told again when it is so many times as large */
#define DISORDER     0.25 /* what a question by ARP out of order is worth */
#define BURST_NS     1000000000ull
#define BURST_GOOD   0.4 /* what a success is worth to who tries many hosts in a second */
#define SLOW_SILENCE 0.5 /* what a silent port of a host is worth to who takes his time */
#define PORTS_SURE   256

struct scanner *walk_scanner(struct scan_state *s, const struct detect_env *env,
			     const struct event *e, const struct ipaddr *src, enum scan_goal goal,
			     bool make)
{
	struct scanner_key key;
	bool is_new = false;
	memset(&key, 0, sizeof(key));
	key.src = *src;
	key.tunnel_key = e->tunnel_key;
	key.goal = (uint32_t)goal;
	struct scanner *w =
		make ? table_get(&s->scanners, &key, &is_new) : table_find(&s->scanners, &key);
	uint64_t memory_ns = 2 * s->params->memory_s * 1000000000ull;
	if (w && !is_new && env->steady_ns > w->steady_ns + memory_ns) {
		memset((uint8_t *)w + sizeof(key), 0, sizeof(*w) - sizeof(key));
	}
	if (w)
		w->steady_ns = env->steady_ns;
	return w;
}

static struct track *find_track(struct scan_state *s, const struct contact *c,
				enum scan_shape shape, bool make)
{
	struct track_key key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.src = c->src;
	key.tunnel_key = c->e->tunnel_key;
	key.kind = (uint8_t)c->kind;
	key.shape = (uint8_t)shape;
	if (shape == SHAPE_PORTS) {
		key.host = c->dst;
	} else {
		enum port_class class = port_class_of(c->port);
		key.port = class == PORT_OTHER ? c->port : port_class_first(class);
	}
	return make ? table_get(&s->tracks, &key, &is_new) : table_find(&s->tracks, &key);
}

static uint64_t target_hash(const struct scan_state *s, const struct contact *c,
			    enum scan_shape shape)
{
	uint64_t words[3] = { c->dst.u.q[0], c->dst.u.q[1], c->port };
	if (shape == SHAPE_PORTS)
		words[0] = words[1] = 0;
	else
		words[2] = 0;
	return hash_words(&s->env->sketch_key, words, 3);
}

static bool is_near(const struct ipaddr *a, const struct ipaddr *b)
{
	if (memcmp(a->u.b, b->u.b, 12) != 0)
		return false;
	uint32_t x, y;
	memcpy(&x, a->u.b + 12, 4);
	memcpy(&y, b->u.b + 12, 4);
	x = __builtin_bswap32(x);
	y = __builtin_bswap32(y);
	return (x > y ? x - y : y - x) <= NEAR;
}

static bool is_burst(const struct track *t, const struct contact *c)
{
	return c->time_ns < t->last_ns + BURST_NS;
}

/*
 * A target that has answered the source once is known to it: that it fails now is an outage, and no
 * monitor is a scanner for it.  Overwriting forgets.
 */
static uint32_t *good_slot(struct scan_state *s, const struct contact *c, uint32_t *ret_print)
{
	uint64_t words[6] = { c->src.u.q[0],
			      c->src.u.q[1],
			      c->dst.u.q[0],
			      c->dst.u.q[1],
			      (uint64_t)c->port << 8 | c->kind,
			      c->e->tunnel_key };
	uint64_t hash = hash_words(&s->env->sketch_key, words, 6);
	*ret_print = (uint32_t)(hash >> 32) | 1;
	return &s->good[hash % GOOD_PAIRS];
}

/* A success moves the walk down once a target; a failure that came before is taken back. */
static void step_down(struct scan_state *s, const struct detect_env *env, struct track *t,
		      const struct contact *c, uint64_t hash)
{
	double half_life = (double)s->params->memory_s;
	uint32_t mark = (uint32_t)(hash >> 32) | 1;
	for (unsigned i = 0; i < GOOD_TARGETS; i++)
		if (t->good[i] == mark)
			return;
	t->good[t->good_next++ % GOOD_TARGETS] = mark;
	t->answered++;
	/* on the hosts of a network a sweep finds many alive: pace tells it from a client */
	enum port_class class = port_class_of(t->key.port);
	bool is_sweepable = c->kind == SCAN_PING || c->kind == SCAN_ARP ||
			    (class != PORT_OTHER && class != PORT_WEB);
	bool is_weak = t->key.shape == SHAPE_HOSTS && is_sweepable && is_burst(t, c);
	double step = s->step_good * (is_weak ? BURST_GOOD : 1);
	if (distinct_remove(&t->failed, hash)) {
		step -= s->step_fail * c->weight[t->key.shape];
		t->silent -= t->silent > 0;
	}
	decayed_add(&t->walk, env->steady_ns, half_life, step);
	if (t->walk.value <= log((1 - s->params->beta) / (1 - s->params->alpha)))
		t->walk.value = 0; /* a client: begin anew */
}

/* Whether the failure was the first at its target. */
static bool step_up(struct scan_state *s, const struct detect_env *env, struct track *t,
		    const struct contact *c, uint64_t hash)
{
	double weight = c->weight[t->key.shape];
	/* a dead host is silent on all its ports, and its clients try a few, now and then */
	if (t->key.shape == SHAPE_PORTS && c->kind == SCAN_TCP && c->result == CONTACT_SILENT &&
	    !is_burst(t, c))
		weight *= SLOW_SILENCE;
	/* hosts that ask for their neighbours ask in no order */
	bool near = is_near(&t->last, &c->dst);
	if (c->kind == SCAN_ARP && !near)
		weight *= DISORDER;
	if (c->only_in_order && t->key.shape == SHAPE_HOSTS && !near) {
		t->last = c->dst;
		return false;
	}
	if (!distinct_add(&t->failed, hash))
		return false;
	if (t->failed.count == 1 && !t->failed.is_many) {
		t->first_ns = c->time_ns;
		t->lowest = c->port;
		t->highest = c->port;
	}
	t->last_ns = c->time_ns > t->last_ns ? c->time_ns : t->last_ns;
	t->refused += c->result == CONTACT_REFUSED;
	t->silent += c->result == CONTACT_SILENT;
	t->empty += c->result == CONTACT_EMPTY;
	t->steps++;
	t->services += port_is_service(c->port);
	t->near += near;
	t->last = c->dst;
	t->lowest = c->port < t->lowest ? c->port : t->lowest;
	t->highest = c->port > t->highest ? c->port : t->highest;
	decayed_add(&t->walk, env->steady_ns, (double)s->params->memory_s, s->step_fail * weight);
	return true;
}

static void note_failure(struct scan_state *s, struct scanner *w, const struct contact *c)
{
	uint64_t host = target_hash(s, c, SHAPE_HOSTS);
	uint64_t port = target_hash(s, c, SHAPE_PORTS);
	bool is_new = distinct_add(&w->targets, hash_mix(host, port) ^ c->kind);
	distinct_add(&w->hosts, host);
	distinct_add(&w->ports, port);
	w->first_ns = w->first_ns && w->first_ns < c->time_ns ? w->first_ns : c->time_ns;
	w->last_ns = c->time_ns > w->last_ns ? c->time_ns : w->last_ns;
	w->refused += is_new && c->result == CONTACT_REFUSED;
	w->silent += is_new && c->result == CONTACT_SILENT;
	w->empty += is_new && c->result == CONTACT_EMPTY;
	if (c->result == CONTACT_EMPTY)
		distinct_add(&w->open, hash_mix(host, port));
	if (w->packet_count < SCAN_PACKETS && c->packet)
		w->packets[w->packet_count++] = c->packet;
	if (!is_new || w->example_count >= EXAMPLES)
		return;
	struct example *x = &w->examples[w->example_count++];
	x->host = c->dst;
	x->port = c->port;
	x->result = (uint8_t)c->result;
}

bool scan_fires(const struct scan_state *s, const struct track *t, double walk, uint64_t targets)
{
	if (walk < s->limit || targets < s->params->min_targets)
		return false;
	if (t->key.shape == SHAPE_HOSTS)
		return true;
	if (t->key.kind == SCAN_UDP)
		return t->services >= 5;
	if (t->key.kind == SCAN_TCP)
		return t->services >= 3 || targets >= PORTS_WITHOUT_SERVICE;
	return true;
}

struct question {
	const struct scan_state *s;
	const struct track *t;
	double step;
};

static bool fires_at(const void *arg, double targets)
{
	const struct question *q = arg;
	return scan_fires(q->s, q->t, q->step * targets, (uint64_t)targets);
}

uint64_t scan_least_targets(const struct scan_state *s, const struct track *t, double walk)
{
	struct question q = { s, t, t->steps ? walk / t->steps : 0 };
	uint64_t targets = distinct_count(&t->failed);
	if (targets < t->steps)
		targets = t->steps;
	return finding_least(targets, fires_at, &q);
}

static bool is_scan(const struct scan_state *s, const struct detect_env *env, const struct track *t)
{
	double walk = decayed_at(&t->walk, env->steady_ns, (double)s->params->memory_s);
	return scan_fires(s, t, walk, distinct_count(&t->failed));
}

static enum severity severity_of(const struct scan_state *s, const struct scanner *w,
				 const struct track *t, const struct contact *c)
{
	uint64_t targets = distinct_count(&w->targets);
	enum port_class class = port_class_of(t->key.port);
	bool is_admin = class >= PORT_SMB && class <= PORT_DATABASE;
	if (c->direction == SCAN_INBOUND)
		return targets >= s->params->inbound_targets ? SEVERITY_MEDIUM : SEVERITY_LOW;
	if (c->direction == SCAN_OUTBOUND && c->kind == SCAN_TCP && t->key.shape == SHAPE_HOSTS &&
	    !port_is_service(c->port) && targets < 4 * s->params->high_targets)
		return SEVERITY_LOW;
	/* ports that FTP, RTSP or RPC agree upon lie high, and may be shut */
	if (c->kind == SCAN_TCP && t->key.shape == SHAPE_PORTS && t->services < 3 &&
	    distinct_count(&t->failed) < PORTS_SURE)
		return SEVERITY_LOW;
	if (c->kind == SCAN_TCP && t->key.shape == SHAPE_HOSTS && is_admin &&
	    distinct_count(&t->failed) >= s->params->high_targets)
		return SEVERITY_HIGH;
	return SEVERITY_MEDIUM;
}

/* One host's ports are told by host, for the first hosts; the rest is one sweep of the scanner. */
static void decide(struct scan_state *s, const struct detect_env *env, struct scanner *w,
		   struct track *t, const struct contact *c)
{
	if (!is_scan(s, env, t))
		return;
	enum severity severity = severity_of(s, w, t, c);
	w->kinds |= 1u << c->kind;
	bool is_single = t->key.shape == SHAPE_PORTS && (t->is_hot || w->told_hosts < TOLD_HOSTS);
	if (is_single) {
		uint64_t targets = distinct_count(&t->failed);
		if (t->is_hot && targets < GROWTH * t->told_targets &&
		    (unsigned)severity <= t->told_severity)
			return;
		t->told_severity = (uint8_t)severity;
		w->told_hosts += !t->is_hot;
		t->is_hot = true;
		t->told_targets = targets;
		t->told = *c->e;
		t->told_direction = (uint8_t)c->direction;
		t->told_sum = track_sum(t);
		table_mark(&s->tracks, t);
	} else {
		uint64_t targets = distinct_count(&w->targets);
		if (w->told_targets && targets < GROWTH * w->told_targets &&
		    (unsigned)severity <= w->told_severity)
			return;
		w->told_targets = targets;
		w->told = *c->e;
		w->told_direction = (uint8_t)c->direction;
		w->told_track = t->key;
		w->told_sum = scanner_sum(w);
		w->told_severity = (uint8_t)severity;
		table_mark(&s->scanners, w);
	}
	s->findings++;
	scan_explain(s, env, w, t, c, is_single, severity);
}

static void on_failure(struct scan_state *s, const struct detect_env *env, const struct contact *c)
{
	if (c->weight[SHAPE_PORTS] <= 0 && c->weight[SHAPE_HOSTS] <= 0)
		return;
	struct scanner *w = walk_scanner(s, env, c->e, &c->src, goal_of(c->kind), true);
	if (!w)
		return;
	/* whether or not the tracks take it for new: their sketches are no sieve for these */
	note_failure(s, w, c);
	for (unsigned shape = 0; shape < 2; shape++) {
		if (c->weight[shape] <= 0)
			continue;
		struct track *t = find_track(s, c, (enum scan_shape)shape, true);
		if (t && step_up(s, env, t, c, target_hash(s, c, (enum scan_shape)shape)))
			decide(s, env, w, t, c);
	}
}

static void on_success(struct scan_state *s, const struct detect_env *env, const struct contact *c,
		       struct scanner *w)
{
	uint64_t host = target_hash(s, c, SHAPE_HOSTS), port = target_hash(s, c, SHAPE_PORTS);
	/* who had failed to answer has answered now */
	if (distinct_remove(&w->targets, hash_mix(host, port) ^ c->kind))
		w->silent -= w->silent > 0;
	for (unsigned shape = 0; shape < 2; shape++) {
		if (c->weight[shape] <= 0)
			continue;
		struct track *t = find_track(s, c, (enum scan_shape)shape, false);
		uint64_t hash = target_hash(s, c, (enum scan_shape)shape);
		if (t)
			step_down(s, env, t, c, hash);
		if (t && shape == SHAPE_HOSTS)
			distinct_add(&w->open, hash_mix(hash, port));
	}
}

void walk_contact(struct scan_state *s, const struct detect_env *env, const struct contact *c)
{
	struct scanner *w = walk_scanner(s, env, c->e, &c->src, goal_of(c->kind), false);
	bool is_p2p = w && w->p2p_ns && env->steady_ns - w->p2p_ns < P2P_NS;
	uint32_t print, *good = good_slot(s, c, &print);
	if (c->result != CONTACT_ANSWERED && c->kind != SCAN_FLAGS && *good == print)
		return;
	if (c->result == CONTACT_ANSWERED) {
		*good = print;
		if (w)
			on_success(s, env, c, w);
		return;
	}
	if (is_p2p && c->direction == SCAN_OUTBOUND && c->kind != SCAN_PING &&
	    !port_is_service(c->port))
		return;
	on_failure(s, env, c);
}
