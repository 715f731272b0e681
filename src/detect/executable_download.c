/*
 * detect/executable_download.c - a program that comes from outside in the clear.
 *
 * Idea: programs that people install come over HTTPS or from services that are known; one that
 * comes in the clear, from an address without a name, or under the name of a picture, is how a
 * loader fetches its next stage.  By the first bytes, not by name.  Low by itself, for fusion.
 * Over a bare connection, with nothing around it, it is a stager's: medium, and high with its
 * length before it. Evasion: HTTPS; encrypted or packed programs. False alarms: updates in the
 * clear from hosts that no list knows: low, and one a host and day.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "step.h"
#include "text.h"

struct download_params {
	uint64_t again_s;
};

struct download_pair {
	struct ipaddr client;
	struct ipaddr server;
	uint64_t told_ns; /* steady */
	uint64_t files;
	uint8_t told; /* 1: in a protocol, 2: in none */
	uint8_t pad[7];
};

struct download_state {
	const struct download_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = {
	{ "again", PARAM_DURATION, offsetof(struct download_params, again_s), 60, 30 * 86400.0,
	  86400, "", "How long programs from the same server to the same client are told once" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "executable_download",
	.rule = "executable_download",
	.title = "Program fetched in the clear",
	.class = FINDING_C2,
	.techniques = { "T1105" },
	.tactic = "TA0011",
	.unseen = "whether it was started",
	.next_steps = { "Hash the file from the evidence and look it up",
			"Look at what the client does next: new destinations, scans, reports" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct download_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1,
				       .entry_size = sizeof(struct download_pair),
				       .key_size = 2 * sizeof(struct ipaddr),
				       .key = env->key };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	table_deinit(&((struct download_state *)state)->pairs);
}

static const struct step_rule raw_rule = {
	.detector = "executable_download",
	.rule = "program_pushed",
	.title = "Program pushed over a bare connection",
	.class = FINDING_C2,
	.techniques = { "T1105", "T1095" },
	.tactic = "TA0011",
	.unseen = "whether it was started; what was said before and after",
	.next_steps = { "Find the process that holds the connection, and what it started",
			"Hash the program from the evidence and look it up",
			"Look at what the host does next: new destinations, scans, reports" },
};

/* A program under the name or type of what is none. */
static bool is_disguised(const struct event_file *f)
{
	static const char *const harmless[] = { ".jpg", ".jpeg", ".png", ".gif",  ".txt",
						".css", ".ico",  ".htm", ".html", ".pdf",
						".bmp", ".svg",  NULL };
	return text_path_ends(&f->e, &f->name, harmless) ||
	       text_has(&f->e, &f->declared, "image/") || text_has(&f->e, &f->declared, "text/");
}

static bool is_known(const struct detect_env *env, const struct event *e)
{
	const struct service *s = context_service_by_ip(env->context, &e->dst);
	return s && (s->class == SERVICE_UPDATE || s->class == SERVICE_CDN ||
		     s->class == SERVICE_OFFICE || s->class == SERVICE_SECURITY ||
		     context_sanction_at(env->context, s, &e->dst) == SANCTION_SANCTIONED);
}

static void tell(const struct detect_env *env, const struct event_file *file)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], name[64];
	const char *host = context_name_of(env->context, &file->e.dst);
	struct finding f;
	step_begin(&f, &rule, env, &file->e);
	step_ends(&f, from, to);
	step_string(name, sizeof(name), &file->e, &file->name);
	f.peer.bytes = file->seen;
	finding_packet(&f, file->e.packet);
	finding_feature(&f, "program", (double)file->seen, NAN, NAN, 0.35, 0.35,
			"its first bytes are those of a program");
	if (!host)
		finding_feature(&f, "bare_address", 1, NAN, NAN, 0.05, 0.05,
				"the server is an address whose name nobody asked for");
	if (is_disguised(file))
		finding_feature(&f, "disguised", 1, NAN, NAN, 0.08, 0.08,
				"its name or declared type is that of no program");
	finding_text(f.message, sizeof(f.message), "%s fetched a program%s%s from %s in the clear",
		     from, *name ? ", " : "", name, host ? host : to);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "Software is installed over encrypted connections or from services that are "
		     "known; a server that nobody knows gave this one in the clear");
	text_counterfactual(&f);
	step_raise(&f, env);
}

/* A program that comes in no protocol: what loads it was made for it. */
static void tell_raw(const struct detect_env *env, const struct event_file *file)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	struct finding f;
	step_begin(&f, &raw_rule, env, &file->e);
	step_ends(&f, from, to);
	f.peer.bytes = file->seen;
	finding_packet(&f, file->e.packet);
	finding_feature(&f, "program", (double)file->seen, NAN, NAN, 0.35, 0.35,
			"its first bytes are those of a program");
	finding_feature(&f, "no_protocol", 1, NAN, NAN, 0.2, 0.2,
			"nothing stands around it: no protocol carries it");
	if (file->size != UINT64_MAX)
		finding_feature(&f, "length_first", (double)file->size, NAN, NAN, 0.15, 0.15,
				"its length in four bytes before it, as stagers want it");
	if (context_is_inside(env->context, &file->e.dst, file->e.tunnel_id))
		finding_feature(&f, "inside", 1, NAN, NAN, 0.1, -0.1, "both ends are inside");
	else if (context_name_of(env->context, &file->e.dst))
		finding_feature(&f, "named", 1, NAN, NAN, 0.1, -0.1,
				"the server's name was asked for: it may be the data connection of "
				"an FTP whose orders are encrypted");
	const char *by = file->e.from_server ? to : from, *at = file->e.from_server ? from : to;
	finding_text(f.message, sizeof(f.message),
		     "%s pushed a program to %s over a bare TCP connection%s, port %u", by, at,
		     file->size != UINT64_MAX ? ", its length first" : "", file->e.dport);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "Software is installed by HTTPS, packages and shares; bytes of a program "
		     "that follow a connection's handshake at once are loaded by something that "
		     "waits for just these");
	text_counterfactual(&f);
	step_raise(&f, env);
}

/* What a client sends outside is no program that comes. */
static bool is_coming(const struct detect_env *env, const struct event_file *f)
{
	const struct event *e = &f->e;
	bool is_inside = context_is_inside(env->context, &e->dst, e->tunnel_id);
	if (f->type != FILE_EXECUTABLE || step_is(e, &f->carrier, "smb"))
		return false;
	if (step_is(e, &f->carrier, "tcp"))
		return e->from_server ? is_inside || !is_known(env, e) : is_inside;
	return e->from_server && !is_inside && !is_known(env, e);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct download_state *s = state;
	const struct event_file *f = (const struct event_file *)e;
	struct download_pair key;
	bool is_new;
	if (!is_coming(env, f))
		return;
	memset(&key, 0, sizeof(key));
	key.client = e->src;
	key.server = e->dst;
	struct download_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	bool is_raw = step_is(e, &f->carrier, "tcp");
	p->files++;
	if (p->told > is_raw && env->steady_ns - p->told_ns < s->params->again_s * 1000000000ull)
		return;
	p->told = 1 + is_raw;
	p->told_ns = env->steady_ns;
	s->findings++;
	(is_raw ? tell_raw : tell)(env, f);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct download_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct download_pair));
}

const struct detector executable_download_detector = {
	.name = "executable_download",
	.title = "Program fetched in the clear",
	.idea = "Tells programs by their first bytes when they come from outside in the clear, from no "
		"known service",
	.params = params,
	.params_size = sizeof(struct download_params),
	.state_size = sizeof(struct download_state),
	.wants = 1ull << EVENT_FILE,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
