/*
 * detect/http_upload.c - archives, stores and keys sent out by HTTP in the clear.
 *
 * Idea: the volume's floors are high since people upload; but what packs or holds secrets (an
 * encrypted archive, a database, ntds.dit, a registry hive, a memory dump, private keys), told by
 * its first bytes, going to a host that no list knows or to a bare address, by a program that is no
 * browser, is bad at any size.
 * Evasion: HTTPS; a container with no mark of its own; a known service (upload_volume counts it).
 * False alarms: logs and backups that products send home as archives: they name their host, and a
 * plain archive by an honest program stays low.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "dest.h"
#include "step.h"
#include "text.h"

#define HTTP_SWITCHED 101 /* what a body in a WebSocket has for status */

struct http_up_params {
	uint64_t min_bytes;
};

struct http_up_pair {
	struct ipaddr client;
	struct ipaddr server;
	uint64_t first_ns, files, bytes;
	uint64_t worst; /* enum file_type with the largest weight */
	uint8_t told;
	uint8_t pad[7];
};

struct http_up_state {
	const struct http_up_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = {
	{ "min_bytes", PARAM_UINT, offsetof(struct http_up_params, min_bytes), 1, 1e9, 1024,
	  "bytes", "Smallest archive that counts; keys, hives and dumps count at any size" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "http_upload",
	.rule = "http_upload",
	.title = "Archive or secret store sent out",
	.class = FINDING_EXFIL,
	.techniques = { "T1048.003", "T1567" },
	.tactic = "TA0010",
	.unseen = "what an archive holds; what went over encrypted connections",
	.next_steps = { "Find the file on the client and what packed it",
			"Look at what the client collected before (shares, databases)",
			"Ask the owner of the destination, or block it" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct http_up_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1,
				       .entry_size = sizeof(struct http_up_pair),
				       .key_size = 2 * sizeof(struct ipaddr),
				       .key = env->key };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	table_deinit(&((struct http_up_state *)state)->pairs);
}

/* How much a kind of file says by itself; 0: nothing. */
static double weight_of(unsigned type)
{
	switch (type) {
	case FILE_DIRECTORY:
	case FILE_REGISTRY:
	case FILE_MEMORY:
	case FILE_KEY:
		return 0.5;
	case FILE_ENCRYPTED:
		return 0.3;
	case FILE_DATABASE:
		return 0.3;
	case FILE_ARCHIVE:
		return 0.15;
	default:
		return 0;
	}
}

static const struct service *service_of(const struct detect_env *env,
					const struct event_http_body *b)
{
	const struct service *s =
		context_service_by_name(env->context, (const char *)event_str_data(&b->e, &b->host),
					text_host_len(&b->e, &b->host));
	return s ? s : context_service_by_ip(env->context, &b->e.dst);
}

static void add_features(struct finding *f, const struct detect_env *env,
			 const struct http_up_pair *p, const struct event_http_body *b)
{
	const struct service *s = service_of(env, b);
	unsigned lacking = text_browser_lacks(b->head_marks);
	bool is_address = b->host.len == 0 || text_is_address(&b->e, &b->host);
	double weight = weight_of((unsigned)p->worst);
	finding_feature(f, "kind", (double)p->worst, NAN, NAN, 0.5, weight,
			"by its first bytes: %s", file_type_name((enum file_type)p->worst));
	if (is_address)
		finding_feature(f, "bare_address", 1, NAN, NAN, 0.2, 0.2,
				"the host is an address without a name");
	else
		finding_feature(f, "unknown_host", 1, NAN, NAN, 0.1, 0.1, "%s",
				s ? s->title : "no service list knows the host");
	if (lacking >= 2)
		finding_feature(f, "not_a_browser", lacking, NAN, 2, 0.15, 0.15,
				"lacks %u of the three fields that browsers send", lacking);
	if (step_is(&b->e, &b->method, "PUT"))
		finding_feature(f, "put", 1, NAN, NAN, 0.05, 0.05, "stored by PUT");
	if (b->machine_fields)
		finding_feature(f, "names_machine", b->machine_fields, NAN, 1, 0.15, 0.15,
				"the form around it has fields that name the machine");
	if (p->files >= 3)
		finding_feature(f, "several", (double)p->files, NAN, 3, 0.1, 0.1, "%llu such files",
				(unsigned long long)p->files);
}

static void tell(struct http_up_state *s, const struct detect_env *env, struct http_up_pair *p,
		 const struct event_http_body *b)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], host[96];
	struct finding f;
	step_begin(&f, &rule, env, &b->e);
	add_features(&f, env, p, b);
	double score = step_score(&f);
	uint8_t severity = (uint8_t)step_severity(score);
	if (severity <= p->told)
		return;
	p->told = severity;
	s->findings++;
	step_ends(&f, from, to);
	step_string(host, sizeof(host), &b->e, &b->host);
	if (*host && !text_is_address(&b->e, &b->host))
		finding_text(f.domain, sizeof(f.domain), "%s", host);
	f.start_ns = p->first_ns;
	f.subject.bytes = p->bytes;
	f.count = p->files;
	finding_packet(&f, b->e.packet);
	finding_text(f.message, sizeof(f.message),
		     "%s sent %s %llu file%s of kind %s, %llu bytes, by %s in the clear", from,
		     *host ? host : to, (unsigned long long)p->files, p->files > 1 ? "s" : "",
		     file_type_name((enum file_type)p->worst), (unsigned long long)p->bytes,
		     b->status == HTTP_SWITCHED ? "WebSocket" : "HTTP");
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"People upload pictures and documents with a browser to services that are known; "
		"this is what data is packed into, or what holds secrets, to a host that nobody "
		"knows");
	text_counterfactual(&f);
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct http_up_state *s = state;
	const struct event_http_body *b = (const struct event_http_body *)e;
	struct http_up_pair key;
	bool is_new;
	double weight = weight_of(b->type);
	if (b->is_response || weight <= 0 || (weight < 0.5 && b->seen < s->params->min_bytes) ||
	    (b->head_marks & HTTP_IS_CODED) ||
	    context_is_inside(env->context, &e->dst, e->tunnel_id) ||
	    dest_takes_posts(service_of(env, b)))
		return;
	memset(&key, 0, sizeof(key));
	key.client = e->src;
	key.server = e->dst;
	struct http_up_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (is_new)
		p->first_ns = e->time_ns;
	p->files++;
	p->bytes += b->seen;
	if (weight > weight_of((unsigned)p->worst))
		p->worst = b->type;
	tell(s, env, p, b);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct http_up_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct http_up_pair));
}

const struct detector http_upload_detector = {
	.name = "http_upload",
	.title = "Archive or secret store sent out",
	.idea = "Tells by first bytes what packs or holds secrets, and weighs to whom and by what it is "
		"sent",
	.params = params,
	.params_size = sizeof(struct http_up_params),
	.state_size = sizeof(struct http_up_state),
	.wants = 1ull << EVENT_HTTP_BODY,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
