/*
 * detect/web_shell.c - a page that runs commands.
 *
 * Idea: who has put a script on a web server works through it: requests that carry commands or
 * program text, answers that are output of commands, by one client or few, to one script
 * (Antak, China Chopper and one-liners alike; nothing is known of their names).  Either half alone
 * is weak: forums hold such text.  Program text for eval in a field, or a shell's prompt that the
 * page carries along, is strong.
 * Evasion: encryption of both halves by the shell itself; HTTPS.
 * False alarms: consoles of administration that run commands by design (their users are many or
 * their output is shown on a page that many read); except them by server and path.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "step.h"
#include "text.h"

#define CLIENTS_KEPT 4

struct shell_params {
	uint64_t max_clients;
	uint64_t large_bytes;
};

struct shell_key {
	struct ipaddr server;
	uint64_t path;
};

struct shell_page {
	struct shell_key key;
	struct ipaddr clients[CLIENTS_KEPT];
	uint64_t first_ns;
	uint64_t commands, codes, outputs, prompts; /* requests and answers with such */
	uint64_t hidden;                            /* codes that were in base64 */
	uint64_t bytes;                             /* posted */
	uint64_t largest;                           /* body posted */
	uint64_t packets[4];
	uint32_t packet_count, client_count;
	uint8_t told;
};

struct shell_state {
	const struct shell_params *params;
	struct table pages;
	uint64_t findings;
};

static const struct param params[] = {
	{ "max_clients", PARAM_UINT, offsetof(struct shell_params, max_clients), 1, CLIENTS_KEPT, 2,
	  "hosts", "Clients of a page up to which it is somebody's own" },
	{ "large_bytes", PARAM_UINT, offsetof(struct shell_params, large_bytes), 1024, 1e9, 65536,
	  "bytes", "Body posted to the page from which it is an upload through it" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "web_shell",
	.rule = "web_shell",
	.title = "Web shell",
	.class = FINDING_LATERAL,
	.techniques = { "T1505.003", "T1059" },
	.tactic = "TA0003",
	.unseen = "how the script came there; what the commands changed on the server",
	.next_steps = { "Take a copy of the script, then remove it; find how it was written",
			"Look through the web server's log for the client and for the path",
			"Treat what the server holds, and its accounts, as known to the client" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct shell_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 4 ? env->max_hosts / 4 : 1,
				       .entry_size = sizeof(struct shell_page),
				       .key_size = sizeof(struct shell_key),
				       .key = env->key };
	return table_init(&s->pages, &config);
}

static void deinit(void *state)
{
	table_deinit(&((struct shell_state *)state)->pages);
}

/* A command in the query: GET /x.php?cmd=whoami is marked by its answer alone. */
static bool asks_in_query(const struct event_http_body *b)
{
	static const char *const names[] = { "?cmd=",  "&cmd=",  "?command=", "&command=",
					     "?exec=", "&exec=", "?shell=",   "?execute=" };
	/* fields of ordinary pages as well: there the answer is output alone, no page */
	static const char *const short_names[] = { "?c=", "?run=" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (text_has(&b->e, &b->uri, names[i]))
			return true;
	for (size_t i = 0; i < sizeof(short_names) / sizeof(short_names[0]); i++)
		if (!(b->marks & CONTENT_HTML) && text_has(&b->e, &b->uri, short_names[i]))
			return true;
	return false;
}

static void count(struct shell_page *p, const struct event_http_body *b)
{
	uint32_t marks = b->marks;
	if (b->is_response) {
		/* a page that shows a prompt shows what was answered */
		p->outputs += (marks & (CONTENT_OUTPUT | CONTENT_PROMPT)) != 0;
		p->prompts += (marks & CONTENT_PROMPT) != 0;
		p->commands += asks_in_query(b) && (marks & CONTENT_OUTPUT);
	} else {
		p->commands += (marks & CONTENT_COMMAND) != 0;
		p->codes += (marks & CONTENT_CODE) && b->form == FORM_FIELDS;
		p->hidden += (marks & CONTENT_CODE) && (marks & CONTENT_CODED);
		p->prompts += (marks & CONTENT_PROMPT) != 0;
		p->bytes += b->seen;
		p->largest = b->seen > p->largest ? b->seen : p->largest;
	}
	for (uint32_t i = 0; i < p->client_count; i++)
		if (ipaddr_equal(&p->clients[i], &b->e.src))
			return;
	if (p->client_count < CLIENTS_KEPT)
		p->clients[p->client_count++] = b->e.src;
}

static void add_features(struct finding *f, const struct shell_state *s, const struct shell_page *p,
			 const struct event_http_body *b)
{
	if (p->codes)
		finding_feature(f, "program_text", (double)p->codes, NAN, 1, 0.3, 0.3,
				"program text to be run in %llu of the requests",
				(unsigned long long)p->codes);
	if (p->hidden)
		finding_feature(f, "hidden_text", (double)p->hidden, NAN, 1, 0.15, 0.15,
				"the program text is hidden in base64");
	if (p->commands)
		finding_feature(f, "commands", (double)p->commands, NAN, 1, 0.25, 0.25,
				"command lines in %llu of the requests",
				(unsigned long long)p->commands);
	if (p->outputs)
		finding_feature(f, "output", (double)p->outputs, NAN, 1, 0.3, 0.3,
				"output of commands in %llu of the answers",
				(unsigned long long)p->outputs);
	if (p->prompts)
		finding_feature(f, "prompt", (double)p->prompts, NAN, 1, 0.15, 0.15,
				"the page carries a shell's prompt with what was typed");
	if (p->client_count <= s->params->max_clients)
		finding_feature(f, "few_clients", p->client_count, NAN,
				(double)s->params->max_clients, 0.05, 0.05, "%u client%s",
				p->client_count, p->client_count > 1 ? "s" : "");
	if (text_path_ends(&b->e, &b->uri, text_script_ends))
		finding_feature(f, "script", 1, NAN, NAN, 0.05, 0.05, "the page is a script");
	if (p->largest >= s->params->large_bytes)
		finding_feature(f, "upload", (double)p->largest, NAN,
				(double)s->params->large_bytes, 0.1, 0.1,
				"%llu bytes were posted to it at once",
				(unsigned long long)p->largest);
}

static void tell(struct shell_state *s, const struct detect_env *env, struct shell_page *p,
		 const struct event_http_body *b)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], path[64];
	struct finding f;
	step_begin(&f, &rule, env, &b->e);
	add_features(&f, s, p, b);
	double score = step_score(&f);
	uint8_t severity = (uint8_t)step_severity(score);
	/* what looks like output is on many pages: somebody must have asked for it */
	if (severity <= p->told || p->client_count > s->params->max_clients ||
	    !(p->commands + p->codes))
		return;
	p->told = severity;
	s->findings++;
	step_ends(&f, from, to);
	step_string(path, sizeof(path), &b->e, &b->uri);
	path[strcspn(path, "?#;")] = '\0';
	finding_text(f.object, sizeof(f.object), "%s", path);
	f.start_ns = p->first_ns;
	f.subject.bytes = p->bytes;
	f.count = p->commands + p->codes + p->outputs;
	for (uint32_t i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	finding_text(f.message, sizeof(f.message),
		     "%s %s %s through the page %s: commands or program text in %llu requests, "
		     "output of commands in %llu answers",
		     from, p->outputs ? "runs commands on" : "sends commands to", to, path,
		     (unsigned long long)(p->commands + p->codes), (unsigned long long)p->outputs);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "Pages answer with documents; this one takes commands of the operating system "
		     "from %u client%s and gives back what they print",
		     p->client_count, p->client_count > 1 ? "s" : "");
	text_counterfactual(&f);
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct shell_state *s = state;
	const struct event_http_body *b = (const struct event_http_body *)e;
	uint32_t asked = CONTENT_COMMAND | CONTENT_CODE | CONTENT_PROMPT | CONTENT_OUTPUT;
	struct shell_key key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.server = e->dst;
	key.path = text_path_hash(e, &b->uri, &env->key);
	struct shell_page *p = table_find(&s->pages, &key);
	if (!p && !(b->marks & asked))
		return;
	if (!p)
		p = table_get(&s->pages, &key, &is_new);
	if (!p)
		return;
	if (!p->first_ns)
		p->first_ns = e->time_ns;
	if ((b->marks & asked) && p->packet_count < 4 && e->packet)
		p->packets[p->packet_count++] = e->packet;
	count(p, b);
	tell(s, env, p, b);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct shell_state *s = state;
	ret->entries = s->pages.stats.entries;
	ret->evictions = s->pages.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pages.stats.capacity, sizeof(struct shell_page));
}

const struct detector web_shell_detector = {
	.name = "web_shell",
	.title = "Web shell",
	.idea = "One page takes command lines or program text from few clients and answers with what "
		"commands print",
	.params = params,
	.params_size = sizeof(struct shell_params),
	.state_size = sizeof(struct shell_state),
	.wants = 1ull << EVENT_HTTP_BODY,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
