/*
 * detect/credential_post.c - small reports posted by a program that is no browser.
 *
 * Idea: what steals passwords reports by HTTP in a form of its own: a POST whose body hides what it
 * is (bytes of no known kind, one field of base64, a "form" that is none) or names facts of the
 * machine, with the head of a program that calls itself a browser and sends none of a browser's
 * fields (Accept-Language, Accept-Encoding, Referer or Origin), to a script on a host that no
 * service list knows and one client talks to; again and again, or the same path on host after host
 * (science.md 5.4: user agent rare and POST, upload to a bare address).  No names of families are
 * known here.
 * Evasion: a true browser's head and an honest form; a known service as carrier; HTTPS.
 * False alarms: telemetry and licence checks of small programs that call themselves Mozilla: they
 * name their host in most cases, so several of their clients speak to it, which takes weight away.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "dest.h"
#include "step.h"
#include "text.h"

#define HOSTS_KEPT   4
#define CLIENTS_KEPT 4
#define SHARE_MIN    80 /* percent of base64 or hex that is no ordinary value */
#define LOOKED_MIN   48
#define MACHINE_MIN  2

struct post_params {
	uint64_t max_bytes;
	uint64_t repeats;
	uint64_t spread;
};

struct post_key {
	struct ipaddr client;
	uint64_t host;
	uint64_t path;
};

struct post_pair { /* one client, one host, one path */
	struct post_key key;
	uint64_t first_ns;
	uint64_t posts, bytes;
	uint8_t told; /* severity */
};

struct post_path { /* one client, one path: the hosts that have it */
	struct ipaddr client;
	uint64_t path;
	uint64_t hosts[HOSTS_KEPT];
	uint32_t count;
};

struct post_host { /* who talks to it */
	uint64_t host;
	uint64_t clients[CLIENTS_KEPT];
	uint32_t count;
};

struct post_state {
	const struct post_params *params;
	struct table pairs, paths, hosts;
	uint64_t findings;
};

static const struct param params[] = {
	{ "max_bytes", PARAM_UINT, offsetof(struct post_params, max_bytes), 1024, 1e9, 262144,
	  "bytes", "Largest body that counts as a report" },
	{ "repeats", PARAM_UINT, offsetof(struct post_params, repeats), 2, 1000, 3, "requests",
	  "Reports of one client to one script from which they are a rhythm" },
	{ "spread", PARAM_UINT, offsetof(struct post_params, spread), 2, HOSTS_KEPT, 3, "hosts",
	  "Hosts with the same path that one client reports to" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "credential_post",
	.rule = "credential_post",
	.title = "Report posted by a program that hides",
	.class = FINDING_EXFIL,
	.techniques = { "T1041", "T1071.001" },
	.tactic = "TA0010",
	.unseen = "what the report holds, where it is encrypted or encoded; which program sent it",
	.next_steps = { "Find the program that sent it on the client (process, autostart)",
			"Change the passwords that were stored or typed on the client",
			"Look for other clients of the same host or path in the proxy's log" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct post_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 8 ? env->max_pairs / 8 : 1,
				       .entry_size = sizeof(struct post_pair),
				       .key_size = sizeof(struct post_key),
				       .key = env->key };
	int err = table_init(&s->pairs, &config);
	if (err)
		return err;
	config.entry_size = sizeof(struct post_path);
	config.key_size = offsetof(struct post_path, hosts);
	err = table_init(&s->paths, &config);
	if (err)
		return err;
	config.entry_size = sizeof(struct post_host);
	config.key_size = sizeof(uint64_t);
	return table_init(&s->hosts, &config);
}

static void deinit(void *state)
{
	struct post_state *s = state;
	table_deinit(&s->pairs);
	table_deinit(&s->paths);
	table_deinit(&s->hosts);
}

/* Adds to a small set; whether it holds the value now. */
static void add_to(uint64_t *set, uint32_t *count, uint32_t cap, uint64_t value)
{
	for (uint32_t i = 0; i < *count; i++)
		if (set[i] == value)
			return;
	if (*count < cap)
		set[(*count)++] = value;
}

/* What is known of one report while it is judged. */
struct report {
	const struct event_http_body *b;
	const char *hides; /* how its body hides or what it names; NULL: it does not */
	double weight;
	bool is_address;
	const char *service; /* at which anybody may be; NULL: no list knows the host */
	bool claims_browser;
	bool is_script;
	unsigned lacking; /* of the three fields that browsers always send */
	uint64_t posts, hosts, clients;
};

static bool is_declared(const struct event_http_body *b, const char *part)
{
	return text_has(&b->e, &b->content_type, part);
}

static bool is_binary(const struct event_http_body *b)
{
	return b->type == FILE_UNKNOWN || b->type == FILE_HIGH_ENTROPY;
}

/* A form of one file alone, of no known kind, whose name does not tell one either. */
static bool is_nameless_file(const struct event_http_body *b)
{
	return b->form == FORM_MULTIPART && b->files == 1 && !b->fields && is_binary(b) &&
	       !text_has(&b->e, &b->file_name, ".");
}

/* Bodies that are not text and honestly so: each has a protocol of its own. */
static bool is_known_kind(const struct event_http_body *b)
{
	static const char *const kinds[] = {
		"ocsp",   "timestamp", "soap",   "json",   "grpc", "protobuf", "dns-message",
		"ipp",    "image/",    "video/", "audio/", "xml",  "wbxml",    "msgpack",
		"thrift", "hessian",   "amf",    "fcs",    "rpc",  "sstp",     "x-git-"
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (is_declared(b, kinds[i]))
			return true;
	return b->form == FORM_JSON || b->form == FORM_XML ||
	       (b->files > 0 && !is_nameless_file(b));
}

/* Noise that says it is a text or a picture; a content coding explains it. */
static bool is_contradicted(const struct event_http_body *b)
{
	static const char *const kinds[] = { "json", "xml", "soap", "image/" };
	bool is_whole = b->form == FORM_RAW || b->form == FORM_JSON || b->form == FORM_XML;
	if (b->type != FILE_HIGH_ENTROPY || !is_whole || (b->head_marks & HTTP_IS_CODED))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (is_declared(b, kinds[i]))
			return !is_declared(b, "wbxml");
	return false;
}

static void find_hiding(struct report *r)
{
	const struct event_http_body *b = r->b;
	bool is_coded = b->base64_share >= SHARE_MIN || b->hex_share >= SHARE_MIN;
	uint32_t both = CONTENT_MACHINE | CONTENT_PASSWORDS;
	if ((b->marks & both) == both) {
		r->hides = "lists passwords and facts of the machine";
		r->weight = 0.45;
	} else if (is_contradicted(b)) {
		r->hides = "says that it is a text or a picture, and is noise";
		r->weight = 0.25;
	} else if (is_known_kind(b) || b->looked < LOOKED_MIN) {
		return;
	} else if (b->marks & both) {
		r->hides = b->marks & CONTENT_MACHINE ? "lists facts of the machine" :
							"lists passwords";
		r->weight = 0.35;
	} else if (b->form == FORM_FIELDS &&
		   (b->machine_fields >= MACHINE_MIN + 1 ||
		    (b->machine_fields >= MACHINE_MIN && b->credential_fields == 0))) {
		r->hides = "has fields that name the machine";
		r->weight = 0.25;
	} else if (is_declared(b, "x-www-form-urlencoded") && b->form == FORM_RAW &&
		   (is_binary(b) || is_coded)) {
		r->hides = "says that it is a form, and is none";
		r->weight = 0.25;
	} else if (b->form == FORM_FIELDS && b->is_one_value && is_coded) {
		r->hides = "is one field of encoded bytes";
		r->weight = 0.2;
	} else if (b->form == FORM_MULTIPART && (is_nameless_file(b) || is_coded)) {
		r->hides = is_coded ? "is a form of encoded bytes" :
				      "is a file without a kind or a name";
		r->weight = 0.2;
	} else if (b->form == FORM_RAW && (is_binary(b) || is_coded)) {
		r->hides =
			is_coded ? "is encoded text without a name" : "is bytes of no known kind";
		r->weight = 0.2;
	}
}

static void find_program(struct report *r)
{
	const struct event_http_body *b = r->b;
	r->lacking = text_browser_lacks(b->head_marks);
	r->claims_browser = b->user_agent.len == 0 || text_has(&b->e, &b->user_agent, "mozilla/") ||
			    text_has(&b->e, &b->user_agent, "opera/");
	r->is_address = b->host.len == 0 || text_is_address(&b->e, &b->host);
	r->is_script = text_path_ends(&b->e, &b->uri, text_script_ends);
}

static uint64_t host_hash(const struct detect_env *env, const struct event_http_body *b)
{
	size_t len = text_host_len(&b->e, &b->host);
	const char *at = (const char *)event_str_data(&b->e, &b->host);
	if (len == 0)
		return hash_bytes(&env->key, &b->e.dst, sizeof(b->e.dst));
	if (!text_is_address(&b->e, &b->host))
		context_registered(env->context, at, len, &at, &len);
	return hash_bytes(&env->key, at, len);
}

/* Counts the report; NULL when there is no room. */
static struct post_pair *count(struct post_state *s, const struct detect_env *env, struct report *r)
{
	const struct event_http_body *b = r->b;
	struct post_key key;
	struct post_path path;
	bool is_new;
	memset(&key, 0, sizeof(key));
	memset(&path, 0, sizeof(path));
	key.client = path.client = b->e.src;
	key.host = host_hash(env, b);
	key.path = path.path = text_path_hash(&b->e, &b->uri, &env->key);
	struct post_pair *pair = table_get(&s->pairs, &key, &is_new);
	if (!pair)
		return NULL;
	if (is_new)
		pair->first_ns = b->e.time_ns;
	pair->posts++;
	pair->bytes += b->seen;
	r->posts = pair->posts;
	struct post_path *same = table_get(&s->paths, &path, &is_new);
	if (same && b->uri.len > 2) {
		add_to(same->hosts, &same->count, HOSTS_KEPT, key.host);
		r->hosts = same->count;
	}
	struct post_host *host = table_get(&s->hosts, &key.host, &is_new);
	if (host) {
		add_to(host->clients, &host->count, CLIENTS_KEPT,
		       hash_bytes(&env->key, &b->e.src, sizeof(b->e.src)));
		r->clients = host->count;
	}
	return pair;
}

static void add_features(struct finding *f, const struct post_state *s, const struct report *r)
{
	const struct post_params *p = s->params;
	bool is_bare = r->claims_browser && r->lacking >= 2;
	/* bytes alone; a list of decoys is nobody's page, whatever the head says */
	bool is_page = r->claims_browser && r->b->user_agent.len && r->lacking == 0 &&
		       !r->is_address && r->weight <= 0.2 && r->hosts < p->spread;
	finding_feature(f, "body", (double)r->b->seen, NAN, (double)p->max_bytes, 0.45, r->weight,
			"a body of %llu bytes that %s", (unsigned long long)r->b->seen, r->hides);
	if (is_bare)
		finding_feature(
			f, "not_a_browser", r->lacking, NAN, 2, 0.25, r->lacking == 3 ? 0.25 : 0.15,
			"%s, and lacks %u of the three fields that browsers send",
			r->b->user_agent.len ? "calls itself a browser" : "names no program",
			r->lacking);
	else if (is_page)
		finding_feature(f, "browser", 0, NAN, 2, 0.15, -0.15,
				"has the head of a page that a browser shows");
	if (r->is_script)
		finding_feature(f, "script", 1, NAN, NAN, 0.05, 0.05, "goes to a script");
	if (r->is_address)
		finding_feature(f, "bare_address", 1, NAN, NAN, 0.15, 0.15,
				"the host is an address without a name");
	else if (r->clients < 2)
		finding_feature(f, "rare_host", (double)r->clients, NAN, 1, 0.1, 0.1,
				"%s, no other client reports to it",
				r->service ? r->service : "no service list knows the host");
	if (r->posts >= p->repeats)
		finding_feature(f, "repeated", (double)r->posts, NAN, (double)p->repeats, 0.1, 0.1,
				"%llu such reports", (unsigned long long)r->posts);
	if (r->hosts >= p->spread)
		finding_feature(f, "spread", (double)r->hosts, NAN, (double)p->spread, 0.4, 0.4,
				"the same path on %llu%s unrelated hosts",
				(unsigned long long)r->hosts,
				r->hosts == HOSTS_KEPT ? " or more" : "");
}

static void tell(struct post_state *s, const struct detect_env *env, struct post_pair *pair,
		 const struct report *r)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], host[96], span[48];
	const struct event_http_body *b = r->b;
	struct finding f;
	step_begin(&f, &rule, env, &b->e);
	add_features(&f, s, r);
	step_ends(&f, from, to);
	step_string(host, sizeof(host), &b->e, &b->host);
	if (!r->is_address)
		finding_text(f.domain, sizeof(f.domain), "%s", host);
	f.start_ns = pair->first_ns;
	f.subject.bytes = pair->bytes;
	f.count = pair->posts;
	finding_packet(&f, b->e.packet);
	finding_text(f.message, sizeof(f.message),
		     "%s posted %llu report%s, %llu bytes in all, to %s %s: the body %s", from,
		     (unsigned long long)pair->posts, pair->posts > 1 ? "s" : "",
		     (unsigned long long)pair->bytes, *host ? host : to,
		     finding_span(span, sizeof(span), f.end_ns - f.start_ns), r->hides);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "Forms that people send come from a browser, which tells its languages, its "
		     "encodings and the page; programs of good faith name themselves and what they "
		     "send. This one does neither");
	text_counterfactual(&f);
	double score = step_score(&f);
	uint8_t severity = (uint8_t)step_severity(score);
	if (severity <= pair->told)
		return;
	pair->told = severity;
	s->findings++;
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct post_state *s = state;
	const struct event_http_body *b = (const struct event_http_body *)e;
	struct report r = { .b = b };
	if (b->is_response || !step_is(e, &b->method, "POST") || b->seen > s->params->max_bytes ||
	    context_is_inside(env->context, &e->dst, e->tunnel_id))
		return;
	const struct service *service =
		context_service_by_name(env->context, (const char *)event_str_data(e, &b->host),
					text_host_len(e, &b->host));
	if (dest_takes_posts(service))
		return;
	r.service = service ? service->title : NULL;
	find_hiding(&r);
	if (!r.hides)
		return;
	find_program(&r);
	struct post_pair *pair = count(s, env, &r);
	if (pair)
		tell(s, env, pair, &r);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct post_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct post_pair)) +
		table_worst_case(s->paths.stats.capacity, sizeof(struct post_path)) +
		table_worst_case(s->hosts.stats.capacity, sizeof(struct post_host));
}

const struct detector credential_post_detector = {
	.name = "credential_post",
	.title = "Report posted by a program that hides",
	.idea = "Small POSTs whose body hides or names the machine, by a program that only calls itself a "
		"browser, to a host that nobody else talks to",
	.params = params,
	.params_size = sizeof(struct post_params),
	.state_size = sizeof(struct post_state),
	.wants = 1ull << EVENT_HTTP_BODY,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
