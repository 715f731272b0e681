/*
 * classify/classify.c - nDPI sees the first payload packets of a flow, then lets go.
 *
 * The undecided flows form a list from the oldest to the newest; past the cap the oldest is given
 * up on.  Flow structs of nDPI are reused, not freed.
 */
#include "exfild/classify/classify.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "apps.h"
#include "memory.h"
#include "rtp.h"
#include "shim.h"

#define PACKETS_TCP          12 /* payload packets until nDPI is asked for its guess */
#define PACKETS_OTHER        8
#define PACKETS_MIDSTREAM    4
#define ANSWERED             5 /* a part in so many is an answer, or it is no conversation */
#define CONFIDENCE_PORT      1 /* nDPI's */
#define CONFIDENCE_INSPECTOR 5
#define NAME_MAX_LEN         64

struct classify_work {
	struct classify_work *older, *newer;
	struct flow *flow;
	struct ndpi_flow_struct *nd;
	struct rtp_side rtp[2];
};

struct classifier {
	struct memory *memory;
	struct event_log *log;
	struct classify_work *works;
	struct classify_work *free_list; /* by `newer` */
	struct classify_work *oldest, *newest;
	uint32_t max;
	uint32_t made;
	struct classify_counts counts;
};

static pthread_once_t module_once = PTHREAD_ONCE_INIT;
static pthread_key_t module_key;
static bool has_key;
static _Thread_local struct ndpi_detection_module_struct *module;

struct classifier *classifier_new(uint32_t max_undecided, struct event_log *log)
{
	struct classifier *c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->max = max_undecided ? max_undecided : 1;
	c->log = log;
	c->works = calloc(c->max, sizeof(*c->works));
	c->memory = memory_new();
	if (c->works && c->memory)
		return c;
	classifier_free(c);
	return NULL;
}

void classifier_free(struct classifier *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->made; i++)
		if (c->works[i].nd)
			ndpi_flow_free(c->works[i].nd);
	memory_free(c->memory);
	free(c->works);
	free(c);
}

static void free_module(void *arg)
{
	ndpi_exit_detection_module(arg);
}

static void make_key(void)
{
	has_key = pthread_key_create(&module_key, free_module) == 0;
}

/* This thread's module; made at the first need and freed with the thread.  NULL: no memory. */
static struct ndpi_detection_module_struct *own_module(void)
{
	if (module)
		return module;
	pthread_once(&module_once, make_key);
	module = shim_module_new();
	if (module && has_key)
		(void)pthread_setspecific(module_key, module);
	return module;
}

void classifier_begin_thread(void)
{
	(void)own_module();
}

static void unlink_work(struct classifier *c, struct classify_work *w)
{
	if (w->older)
		w->older->newer = w->newer;
	else
		c->oldest = w->newer;
	if (w->newer)
		w->newer->older = w->older;
	else
		c->newest = w->older;
}

static void release_work(struct classifier *c, struct flow *f)
{
	struct classify_work *w = f->verdict;
	if (!w)
		return;
	unlink_work(c, w);
	ndpi_free_flow_data(w->nd);
	memset(w->nd, 0, SIZEOF_FLOW_STRUCT); /* its pointers dangle */
	w->flow = NULL;
	w->newer = c->free_list;
	c->free_list = w;
	f->verdict = NULL;
	c->counts.undecided--;
}

void classifier_release(struct classifier *c, struct flow *f)
{
	release_work(c, f);
}

static void write_event(struct classifier *c, struct flow *f, const struct packet *p, unsigned side,
			uint64_t seq, const struct shim_verdict *v)
{
	struct event_classified *e = event_log_begin(c->log, EVENT_CLASSIFIED, sizeof(*e), seq);
	char name[NAME_MAX_LEN];
	flow_event_head(f, &e->e, p->number, p->time_ns, side);
	e->ndpi_master = v->master;
	e->ndpi_app = v->app;
	e->category = v->category;
	e->confidence = v->confidence;
	e->risks = v->risks;
	e->encrypted = f->app == APP_TLS || f->app == APP_QUIC || f->app == APP_SSH ||
		       f->app == APP_OPENVPN || f->app == APP_WIREGUARD || f->app == APP_IPSEC ||
		       f->app == APP_TOR;
	if (v->confidence == CONFIDENCE_INSPECTOR) {
		const char *text = app_name(f->app);
		event_log_str(c->log, &e->name, text, strlen(text), strlen(text));
	} else {
		shim_name(module, v, name, sizeof(name));
		const char *category = shim_category_name(module, v->category);
		event_log_str(c->log, &e->name, name, strlen(name), strlen(name));
		event_log_str(c->log, &e->category_name, category, strlen(category),
			      strlen(category));
	}
	event_log_commit(c->log);
}

/*
 * Bytes that nDPI has looked at in vain, and that hardly anybody has answered: their port is no
 * reason to call them a call, a tunnel or a web site, which need two.  Over UDP what a tunnel
 * carries is acknowledged at every second datagram or so; over TCP answers are payload, and whoever
 * has seen the beginning has seen whether it is of the protocol.
 */
static bool is_port_alone(const struct flow *f, const struct shim_verdict *v)
{
	bool is_tcp = f->key.proto == PROTO_TCP;
	uint64_t a = is_tcp ? f->payload[0] : f->packets[0];
	uint64_t b = is_tcp ? f->payload[1] : f->packets[1];
	return v->confidence == CONFIDENCE_PORT && (a < b ? a : b) * ANSWERED < a + b &&
	       !(is_tcp && (f->flags & FLOW_MIDSTREAM));
}

static bool is_worthless(const struct flow *f, const struct shim_verdict *v)
{
	return is_port_alone(f, v) || (f->key.proto == PROTO_UDP && shim_is_weak(v));
}

static void decide(struct classifier *c, struct flow *f, const struct packet *p, unsigned side,
		   uint64_t seq, const struct shim_verdict *v)
{
	f->flags |= FLOW_CLASSIFIED;
	f->app = (uint16_t)app_from_ndpi(v->master, v->app);
	if (f->app == APP_UNKNOWN)
		c->counts.given_up++;
	else
		c->counts.decided++;
	write_event(c, f, p, side, seq, v);
	release_work(c, f);
}

void classifier_decide(struct classifier *c, struct flow *f, enum app app, const struct packet *p,
		       unsigned side, uint64_t seq)
{
	struct shim_verdict v = { .confidence = CONFIDENCE_INSPECTOR };
	if (f->flags & FLOW_CLASSIFIED)
		return;
	f->flags |= FLOW_CLASSIFIED;
	f->app = (uint16_t)app;
	c->counts.decided++;
	write_event(c, f, p, side, seq, &v);
	release_work(c, f);
}

static struct classify_work *take_work(struct classifier *c, struct flow *f)
{
	struct classify_work *w = c->free_list;
	if (w) {
		c->free_list = w->newer;
	} else if (c->made < c->max) {
		w = &c->works[c->made++];
	} else {
		/* the oldest undecided flow stays unclassified: counted, and its end says so */
		struct flow *old = c->oldest->flow;
		c->counts.capped++;
		old->flags |= FLOW_CLASSIFIED;
		release_work(c, old);
		w = c->free_list;
		assert(w); /* what was released */
		c->free_list = w->newer;
	}
	if (!w->nd) {
		w->nd = ndpi_flow_malloc(SIZEOF_FLOW_STRUCT);
		if (!w->nd) {
			w->newer = c->free_list;
			c->free_list = w;
			return NULL;
		}
		memset(w->nd, 0, SIZEOF_FLOW_STRUCT);
	}
	w->flow = f;
	memset(w->rtp, 0, sizeof(w->rtp));
	w->newer = NULL;
	w->older = c->newest;
	if (c->newest)
		c->newest->newer = w;
	else
		c->oldest = w;
	c->newest = w;
	f->verdict = w;
	c->counts.undecided++;
	return w;
}

/* Called voice or video by nDPI, and not known to be so. */
static bool is_doubtful(const struct classify_work *w, const struct packet *p,
			const struct shim_verdict *v)
{
	if (p->proto != PROTO_UDP)
		return false;
	if (shim_is_rtcp(v))
		return p->payload_cap == p->payload_len &&
		       !rtp_is_control(p->payload, p->payload_cap);
	return shim_is_rtp(v) && !w->rtp[0].is_stream && !w->rtp[1].is_stream;
}

static unsigned packets_allowed(const struct flow *f)
{
	if (f->flags & FLOW_MIDSTREAM)
		return PACKETS_MIDSTREAM;
	return f->key.proto == PROTO_TCP ? PACKETS_TCP : PACKETS_OTHER;
}

void classifier_packet(struct classifier *c, const struct packet *p, const struct flow_step *step,
		       uint64_t seq)
{
	struct flow *f = step->flow;
	struct shim_verdict v;
	if ((f->flags & FLOW_CLASSIFIED) || p->payload_cap == 0 || step->fresh_len == 0 ||
	    (p->flags & PACKET_FRAGMENT))
		return;
	if (!own_module())
		return;
	struct classify_work *w = f->verdict ? f->verdict : take_work(c, f);
	if (!w)
		return;
	uint32_t len = p->l3_cap < p->ip_len ? p->l3_cap : p->ip_len;
	c->counts.packets++;
	f->classify_packets++;
	memory_use(c->memory, module);
	shim_packet(module, w->nd, p->l3, (uint16_t)(len > UINT16_MAX ? UINT16_MAX : len),
		    p->time_ns / 1000000, &v);
	if (f->key.proto == PROTO_UDP)
		rtp_take(&w->rtp[step->side], p->payload, p->payload_cap);
	bool is_open = !v.app && !v.master, is_doubted = is_doubtful(w, p, &v);
	if ((is_open || is_doubted) && f->classify_packets < packets_allowed(f))
		return;
	if (is_open)
		shim_give_up(module, w->nd, &v);
	if (is_doubted || is_worthless(f, &v))
		v = (struct shim_verdict){ .risks = v.risks };
	decide(c, f, p, step->side, seq, &v);
}

void classifier_counts(const struct classifier *c, struct classify_counts *ret)
{
	*ret = c->counts;
	ret->bytes_per_undecided = SIZEOF_FLOW_STRUCT + sizeof(struct classify_work);
	ret->bytes_per_module = 6u << 20; /* measured: 5.5 MiB of heap a module in 4.2 */
}

const char *classify_library_version(void)
{
	return ndpi_revision();
}
