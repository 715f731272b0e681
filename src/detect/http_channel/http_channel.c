/*
 * detect/http_channel/http_channel.c - check-ins by clear HTTP that are no browser's.
 *
 * Idea: requests are counted by client, host and port.  A channel asks one form of request again
 * and again, small bodies both ways, at a rhythm, with no page around it (T1071.001).  That alone
 * many honest programs do: it is context.  What they do not do makes it an alert: call themselves a
 * browser with a handful of headers, go to an address without a name or an odd port, carry encoded
 * words or the machine's identity, ask several hosts the same, follow on a look-up of the own
 * address, or come from the server that delivered a program.
 * Evasion: a full set of browser headers with a page around each request; TLS (see beacon,
 * odd_tls).
 * False alarms: home-made agents that post to a bare address.  Known services are silent, and so is
 * what many clients do.
 */
#include "http_channel.h"

#include <string.h>

#include "exfild/event/keep.h"
#include "../dga/lexical.h"
#include "../step.h"

#define SECOND_NS    1000000000ull
#define MERGE_NS     SECOND_NS
#define SMALL_ANSWER 1024
#define LARGE_ANSWER 8192

struct http_flow { /* whose answers these are */
	uint64_t id;
	struct channel_key key;
};

struct client_key {
	struct ipaddr src;
	uint64_t tunnel_key;
};

struct http_client {
	struct client_key key;
	uint64_t ip_check_ns; /* steady; 0: never */
	struct {
		uint64_t form;
		uint32_t hosts[CLIENT_HOSTS];
		uint8_t count;
	} forms[CLIENT_SHAPES];
	uint32_t next;
};

struct state {
	const struct http_params *params;
	struct table flows, channels, clients, crowds;
	uint64_t findings;
};

static const struct param params[] = {
	{ "requests", PARAM_UINT, offsetof(struct http_params, requests), 2, 1000, 4, "",
	  "Requests of one form from which they repeat" },
	{ "small_post", PARAM_UINT, offsetof(struct http_params, small_post), 16, 1e6, 16384,
	  "bytes", "A posted body up to this size is a check-in's" },
	{ "ip_check", PARAM_DURATION, offsetof(struct http_params, ip_check_s), 1, 86400, 1800, "",
	  "A look-up of the own address counts for so long" },
	{ "alone_score", PARAM_DOUBLE, offsetof(struct http_params, alone_score), 0, 1, 0.3, "",
	  "The most that form and rhythm give where nothing is hidden" },
	PARAM_END
};

static uint32_t channel_evidence(const void *entry)
{
	const struct http_channel *c = entry;
	return c->told_severity * 1000u + c->requests;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	uint32_t share = env->max_pairs / 64 ? env->max_pairs / 64 : 1;
	s->params = parameters;
	struct table_config config = { .capacity = 2 * share,
				       .entry_size = sizeof(struct http_flow),
				       .key_size = sizeof(uint64_t),
				       .key = env->key };
	int err = table_init(&s->flows, &config);
	config.capacity = share;
	config.entry_size = sizeof(struct http_channel);
	config.key_size = sizeof(struct channel_key);
	config.evidence = channel_evidence;
	err = err ? err : table_init(&s->channels, &config);
	config.entry_size = sizeof(struct dest_crowd);
	config.key_size = sizeof(uint64_t);
	config.evidence = NULL;
	err = err ? err : table_init(&s->crowds, &config);
	config.entry_size = sizeof(struct http_client);
	config.key_size = sizeof(struct client_key);
	config.capacity = env->max_hosts / 4 ? env->max_hosts / 4 : 1;
	return err ? err : table_init(&s->clients, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->flows);
	table_deinit(&s->channels);
	table_deinit(&s->crowds);
	table_deinit(&s->clients);
}

static struct http_client *client_of(struct state *s, const struct event *e)
{
	struct client_key key = { .src = e->src, .tunnel_key = e->tunnel_key };
	bool is_new;
	return table_get(&s->clients, &key, &is_new);
}

/* How many hosts the client has asked by this form; 0 where the table is full. */
static uint8_t count_host(struct http_client *c, uint64_t form, uint64_t dest)
{
	uint32_t mark = (uint32_t)(dest >> 32);
	unsigned at = CLIENT_SHAPES;
	for (unsigned i = 0; i < CLIENT_SHAPES; i++)
		if (c->forms[i].count && c->forms[i].form == form)
			at = i;
	if (at == CLIENT_SHAPES) {
		at = c->next++ % CLIENT_SHAPES;
		memset(&c->forms[at], 0, sizeof(c->forms[at]));
		c->forms[at].form = form;
	}
	for (unsigned i = 0; i < c->forms[at].count; i++)
		if (c->forms[at].hosts[i] == mark)
			return c->forms[at].count;
	if (c->forms[at].count < CLIENT_HOSTS)
		c->forms[at].hosts[c->forms[at].count++] = mark;
	return c->forms[at].count;
}

static void count_form(struct http_channel *c, const struct request_look *look)
{
	unsigned least = 0;
	for (unsigned i = 0; i < CHANNEL_SHAPES; i++) {
		if (c->forms[i].count && c->forms[i].hash == look->form) {
			c->forms[i].count++;
			return;
		}
		if (c->forms[i].count < c->forms[least].count)
			least = i;
	}
	if (c->forms[least].count > 1) { /* the newcomer must come again to stay */
		c->forms[least].count--;
		return;
	}
	c->forms[least] =
		(struct request_form){ .hash = look->form, .count = 1, .is_post = look->is_post };
}

/* Bare requests alone: pages have long words for whoever measures their readers. */
static void count_told(struct http_channel *c, const struct request_look *look)
{
	if (!look->told || !look->is_bare)
		return;
	for (unsigned i = 0; i < CHANNEL_WORDS; i++)
		if (c->told_last[i] == look->told_hash)
			return;
	c->told_last[c->requests % CHANNEL_WORDS] = look->told_hash;
	c->told += look->told;
}

static void count_request(const struct state *s, struct http_channel *c, const struct event_http *h,
			  const struct request_look *look)
{
	uint64_t body = h->content_length == UINT64_MAX ? 0 : h->content_length;
	if (rhythm_add(&c->rhythm, h->e.time_ns, MERGE_NS))
		rhythm_add_size(&c->rhythm, look->is_post ? body : h->uri.full);
	count_form(c, look);
	count_told(c, look);
	c->requests++;
	c->posts += look->is_post;
	c->small_posts += look->is_post && body <= s->params->small_post;
	c->bare += look->is_bare;
	c->browser += look->is_browser;
	c->tool += look->is_tool;
	c->encoded += look->has_encoded;
	c->identity += look->has_identity;
	c->spelled += look->has_spelled;
	c->nobody += look->is_nobody;
	c->parts += look->is_part;
	c->with_query += look->has_query;
	c->up += body;
	if (c->requests == 1 || h->header_count < c->least_headers)
		c->least_headers = h->header_count;
	c->last = h->e;
	c->last_ns = h->e.time_ns;
	if (c->packet_count < CHANNEL_PACKETS)
		c->packets[c->packet_count++] = h->e.packet;
	step_string(c->uri, sizeof(c->uri), &h->e, &h->uri);
	step_string(c->user_agent, sizeof(c->user_agent), &h->e, &h->user_agent);
}

static void tell(struct state *s, const struct detect_env *env, struct http_channel *c)
{
	struct channel_judgement j;
	http_channel_judge(c, s->params, &j);
	enum severity severity = step_severity(j.score);
	/* one request is no channel, unless its answer lies or the same went to other hosts */
	if (c->requests < 2 && severity < SEVERITY_MEDIUM)
		return;
	if (c->requests < 2 && j.contrary <= 0 && j.hosts <= 0.2)
		return;
	/* one burst of requests is a visit, if nothing speaks loudly against it */
	if (severity == SEVERITY_LOW && c->rhythm.count < 2)
		return;
	if (severity <= c->told_severity)
		return;
	c->told_severity = (uint8_t)severity;
	s->findings++;
	http_channel_explain(c, s->params, env, &j);
}

static bool is_due(uint32_t count)
{
	return count <= 8 || (count & (count - 1)) == 0 || count % 64 == 0;
}

static void on_request(struct state *s, const struct detect_env *env, const struct event_http *h)
{
	struct dest d;
	const char *host = (const char *)event_str_data(&h->e, &h->host);
	if (dest_is_nobody(env, &h->e) || step_is(&h->e, &h->method, "CONNECT"))
		return;
	dest_of(&d, env, &h->e, host, h->host.off ? h->host.len : 0);
	struct http_client *client = client_of(s, &h->e);
	if (d.service && d.service->class == SERVICE_IP_CHECK && client) {
		client->ip_check_ns = env->steady_ns;
		return;
	}
	if (dest_is_ordinary(d.service, d.sanction))
		return;
	struct channel_key key = { .src = h->e.src,
				   .dest = d.key,
				   .tunnel_key = h->e.tunnel_key,
				   .port = h->e.dport };
	struct request_look look;
	bool is_new;
	struct http_channel *c = table_get(&s->channels, &key, &is_new);
	if (!c)
		return;
	if (is_new) {
		c->first_ns = h->e.time_ns;
		c->is_inside = d.is_inside;
		c->is_literal = d.is_literal;
		memcpy(c->host, d.text, sizeof(c->host));
		c->is_random_name = !d.is_literal && lexical_is_random(env->context, d.text);
	}
	request_look(&look, h, context_host_name(env->context, &h->e.src));
	count_request(s, c, h, &look);
	unsigned clients = dest_crowd_of(&s->crowds, env, d.key, &h->e.src);
	if (clients)
		c->clients = (uint8_t)clients;
	if (client) {
		c->hosts_of_form = count_host(client, look.form, d.key);
		if (client->ip_check_ns &&
		    env->steady_ns - client->ip_check_ns <= s->params->ip_check_s * SECOND_NS)
			c->has_ip_check = true;
	}
	struct http_flow *flow = table_get(&s->flows, &h->e.flow, &is_new);
	if (flow)
		flow->key = key;
	if (is_due(c->requests))
		tell(s, env, c);
}

static struct http_channel *channel_of_flow(struct state *s, uint64_t id)
{
	const struct http_flow *f = table_find(&s->flows, &id);
	return f ? table_find(&s->channels, &f->key) : NULL;
}

static void on_answer(struct state *s, const struct detect_env *env, const struct event_http *h)
{
	static const char *const programs[] = { "application/x-msdownload", "application/x-dosexec",
						"application/x-msdos-program",
						"application/x-executable",
						"application/vnd.microsoft.portable-executable" };
	struct http_channel *c = channel_of_flow(s, h->e.flow);
	if (!c)
		return;
	uint64_t body = h->content_length;
	c->answers++;
	c->bodies += body > 0;
	c->small_answers += body <= SMALL_ANSWER || body == UINT64_MAX;
	c->large_answers += body > LARGE_ANSWER && body != UINT64_MAX;
	c->down += body == UINT64_MAX ? 0 : body;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		c->has_delivered |= step_is(&h->e, &h->content_type, programs[i]);
	if (is_due(c->answers))
		tell(s, env, c);
}

static bool is_binary(const struct event_http_body *b)
{
	bool is_raw =
		b->form == FORM_RAW || (b->form == FORM_MULTIPART && b->files == 1 && !b->fields);
	return is_raw && (b->type == FILE_HIGH_ENTROPY || b->type == FILE_UNKNOWN);
}

static void on_body(struct state *s, const struct detect_env *env, const struct event_http_body *b)
{
	struct http_channel *c = channel_of_flow(s, b->e.flow);
	if (!c)
		return;
	if (!b->is_response) {
		c->binary += is_binary(b) && step_is(&b->e, &b->method, "POST");
		return;
	}
	if (!b->contrary)
		return;
	c->contrary++;
	if (b->contrary > c->worst)
		c->worst = b->contrary;
	if (is_due(c->contrary))
		tell(s, env, c);
}

static void on_file(struct state *s, const struct detect_env *env, const struct event_file *f)
{
	if (f->type != FILE_EXECUTABLE || !f->e.from_server)
		return;
	struct http_channel *c = channel_of_flow(s, f->e.flow);
	if (!c || c->has_delivered)
		return;
	c->has_delivered = true;
	tell(s, env, c);
}

/* Look-ups of the own address are seen in names as well, where the rest is encrypted. */
static void on_name(struct state *s, const struct detect_env *env, const struct event *e,
		    const struct event_str *name)
{
	const char *text = (const char *)event_str_data(e, name);
	const struct service *service =
		name->off ? context_service_by_name(env->context, text, name->len) : NULL;
	if (!service || service->class != SERVICE_IP_CHECK)
		return;
	struct http_client *c = client_of(s, e);
	if (c)
		c->ip_check_ns = env->steady_ns;
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	if (env->one_sided)
		return;
	if (e->kind == EVENT_HTTP) {
		const struct event_http *h = (const struct event_http *)e;
		if (h->is_response)
			on_answer(s, env, h);
		else
			on_request(s, env, h);
	} else if (e->kind == EVENT_HTTP_BODY) {
		on_body(s, env, (const struct event_http_body *)e);
	} else if (e->kind == EVENT_FILE) {
		on_file(s, env, (const struct event_file *)e);
	} else if (e->kind == EVENT_TLS) {
		const struct event_tls *t = (const struct event_tls *)e;
		if (!t->is_server)
			on_name(s, env, e, &t->sni);
	} else { /* the end of a flow */
		struct http_flow *f = table_find(&s->flows, &e->flow);
		if (f)
			table_remove(&s->flows, f);
	}
}

static void on_end(void *state, const struct detect_env *env)
{
	struct state *s = state;
	for (void *c = table_next(&s->channels, NULL); c; c = table_next(&s->channels, c))
		tell(s, env, c);
}

static const struct keep_field channel_fields[] = {
	KEEP(U8, struct http_channel, key.src),
	KEEP(U64, struct http_channel, key.dest),
	KEEP(U32, struct http_channel, key.tunnel_key),
	KEEP(U16, struct http_channel, key.port),
	KEEP(U64, struct http_channel, first_ns),
	KEEP(U64, struct http_channel, last_ns),
	KEEP(U64, struct http_channel, rhythm.last_ns),
	KEEP(U32, struct http_channel, rhythm.count),
	KEEP(U32, struct http_channel, rhythm.sizes),
	KEEP(U32, struct http_channel, rhythm.gap_ms),
	KEEP(U32, struct http_channel, rhythm.size),
	KEEP(U64, struct http_channel, forms[0].hash),
	KEEP(U32, struct http_channel, forms[0].count),
	KEEP(BOOL, struct http_channel, forms[0].is_post),
	KEEP(U32, struct http_channel, requests),
	KEEP(U32, struct http_channel, posts),
	KEEP(U32, struct http_channel, small_posts),
	KEEP(U32, struct http_channel, bare),
	KEEP(U32, struct http_channel, browser),
	KEEP(U32, struct http_channel, tool),
	KEEP(U32, struct http_channel, encoded),
	KEEP(U32, struct http_channel, identity),
	KEEP(U32, struct http_channel, spelled),
	KEEP(U32, struct http_channel, nobody),
	KEEP(U32, struct http_channel, parts),
	KEEP(U32, struct http_channel, with_query),
	KEEP(U32, struct http_channel, answers),
	KEEP(U32, struct http_channel, small_answers),
	KEEP(U32, struct http_channel, large_answers),
	KEEP(U32, struct http_channel, bodies),
	KEEP(U32, struct http_channel, contrary),
	KEEP(U32, struct http_channel, binary),
	KEEP(U16, struct http_channel, least_headers),
	KEEP(U8, struct http_channel, hosts_of_form),
	KEEP(U8, struct http_channel, clients),
	KEEP(U8, struct http_channel, told_severity),
	KEEP(U8, struct http_channel, worst),
	KEEP(BOOL, struct http_channel, is_inside),
	KEEP(BOOL, struct http_channel, is_literal),
	KEEP(BOOL, struct http_channel, has_delivered),
	KEEP(BOOL, struct http_channel, has_ip_check),
	KEEP(BOOL, struct http_channel, is_random_name),
	KEEP(U64, struct http_channel, up),
	KEEP(U64, struct http_channel, down),
	KEEP_EVENT(struct http_channel, last),
	KEEP(TEXT, struct http_channel, host),
	KEEP(TEXT, struct http_channel, uri),
	KEEP(TEXT, struct http_channel, user_agent),
	KEEP_LAST,
};

static bool took_channel(void *owner, void *entry)
{
	const struct http_channel *c = entry;
	(void)owner;
	return severity_is_known(c->told_severity) && c->worst < CONTRARY__COUNT;
}

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part channels = { .name = "http_channel.channels",
					    .version = 2,
					    .owner = s,
					    .table = &s->channels,
					    .fields = channel_fields,
					    .took = took_channel };
	keep_add(list, &channels);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->channels.stats.entries;
	ret->evictions = s->channels.stats.evictions;
	ret->evicted_with_evidence = s->channels.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->channels.stats.capacity, sizeof(struct http_channel)) +
		table_worst_case(s->flows.stats.capacity, sizeof(struct http_flow)) +
		table_worst_case(s->crowds.stats.capacity, sizeof(struct dest_crowd)) +
		table_worst_case(s->clients.stats.capacity, sizeof(struct http_client));
}

const struct detector http_channel_detector = {
	.name = "http_channel",
	.title = "Command channel in HTTP",
	.idea = "Small requests of one form again and again, with no page around them, that hide "
		"what sends them",
	.params = params,
	.params_size = sizeof(struct http_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_HTTP | 1ull << EVENT_HTTP_BODY | 1ull << EVENT_FILE |
		 1ull << EVENT_TLS | 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.on_end = on_end,
	.keep = keep,
	.counters = counters,
};
