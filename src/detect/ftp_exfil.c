/*
 * detect/ftp_exfil.c - a program stores reports by FTP on a server outside.
 *
 * Idea: stealers log in to a rented server and store what they found under a name made of user,
 * machine and time, without looking at what is there; often they asked for their own outside
 * address just before.  A person lists folders and fetches files too; a camera's or a backup's
 * names hold a time, and alone that stays low.
 * Evasion: names that say nothing; a listing first; FTPS, SFTP.
 * False alarms: a program of one's own that stores reports named so outside: except it by server.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/table.h"
#include "ipcheck.h"
#include "step.h"
#include "text.h"

#define TIME_DIGITS 10 /* of a date and an hour */
#define FLOWS_DIV   16

struct ftp_params {
	uint64_t stores;
};

struct ftp_key {
	struct ipaddr client, server;
};

struct ftp_pair {
	struct ftp_key key;
	uint64_t first_ns, stores, looks; /* looks: listings and fetches */
	uint8_t told;
	uint8_t worst; /* enum file_type: of what was stored, by its first bytes */
	uint8_t pad[6];
};

struct ftp_state {
	const struct ftp_params *params;
	struct ipcheck ipcheck;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = { { "stores", PARAM_UINT, offsetof(struct ftp_params, stores),
					 2, 1000, 5, "files",
					 "Files with such names from which they are a series" },
				       PARAM_END };

static const struct step_rule rule = {
	.detector = "ftp_exfil",
	.rule = "ftp_exfil",
	.title = "Report stored outside by FTP",
	.class = FINDING_EXFIL,
	.techniques = { "T1048.003" },
	.tactic = "TA0010",
	.unseen = "what the file holds",
	.next_steps = { "Read the file in the evidence: FTP carries it in the clear",
			"Find the program that stored it on the client",
			"Change the passwords that were stored or typed on the client" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct ftp_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / FLOWS_DIV ?
							   env->max_pairs / FLOWS_DIV :
							   1,
				       .entry_size = sizeof(struct ftp_pair),
				       .key_size = sizeof(struct ftp_key),
				       .key = env->key };
	int err = table_init(&s->pairs, &config);
	return err ? err : ipcheck_init(&s->ipcheck, env);
}

static void deinit(void *state)
{
	struct ftp_state *s = state;
	table_deinit(&s->pairs);
	ipcheck_deinit(&s->ipcheck);
}

/* Digits of a date and time, marks between them passed over: 2025_01_31_20_24_25. */
static bool has_time(const char *name)
{
	unsigned run = 0;
	for (; *name; name++) {
		if (isdigit((unsigned char)*name))
			run++;
		else if (!strchr("-_.: ", *name))
			run = 0;
		if (run >= TIME_DIGITS)
			return true;
	}
	return false;
}

static bool has_part(const char *name, const char *part)
{
	size_t n = strlen(part);
	for (; strlen(name) >= n; name++)
		if (strncasecmp(name, part, n) == 0)
			return true;
	return false;
}

/* The machine's own name, or one as Windows gives them. */
static bool has_machine(const struct detect_env *env, const struct ipaddr *client, const char *name)
{
	static const char *const given[] = { "DESKTOP-", "LAPTOP-", "WIN-", "-PC" };
	const char *host = context_host_name(env->context, client);
	if (host && strlen(host) >= 4 && has_part(name, host))
		return true;
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (has_part(name, given[i]))
			return true;
	return false;
}

static bool ends_in(const char *name, const char *const *ends)
{
	for (; *ends; ends++) {
		size_t n = strlen(*ends), len = strlen(name);
		if (len > n && strcasecmp(name + len - n, *ends) == 0)
			return true;
	}
	return false;
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
	case FILE_DATABASE:
		return 0.2;
	default:
		return 0;
	}
}

static void add_features(struct finding *f, const struct ftp_state *s, const struct detect_env *env,
			 const struct ftp_pair *p, const char *name)
{
	static const char *const reports[] = { ".html", ".htm", ".txt", ".log", NULL };
	static const char *const backups[] = { ".gz", ".tgz", ".zip", ".bak", ".sql",  ".tar",
					       ".7z", ".rar", ".xz",  ".zst", ".dump", NULL };
	finding_feature(f, "stored_outside", (double)p->stores, NAN, 1, 0.15, 0.15,
			"%llu file%s stored on a server outside", (unsigned long long)p->stores,
			p->stores > 1 ? "s" : "");
	if (weight_of(p->worst) > 0)
		finding_feature(f, "kind", p->worst, NAN, NAN, 0.5, weight_of(p->worst),
				"by its first bytes: %s", file_type_name((enum file_type)p->worst));
	if (has_time(name))
		finding_feature(f, "named_by_time", 1, NAN, NAN, 0.15, 0.15,
				"the name holds date and time");
	/* backups bear the host's name too, and honestly */
	if (has_machine(env, &p->key.client, name) && !ends_in(name, backups))
		finding_feature(f, "named_by_host", 1, NAN, NAN, 0.15, 0.15,
				"the name holds a machine's");
	if (ends_in(name, reports))
		finding_feature(f, "report", 1, NAN, NAN, 0.1, 0.1, "by its ending a report");
	if (!p->looks)
		finding_feature(f, "straight", 1, NAN, NAN, 0.1, 0.1,
				"it never looked at what is on the server");
	if (p->stores >= s->params->stores && ends_in(name, reports))
		finding_feature(f, "series", (double)p->stores, NAN, (double)s->params->stores, 0.1,
				0.1, "%llu of them", (unsigned long long)p->stores);
	if (ipcheck_asked(&s->ipcheck, env, &p->key.client))
		finding_feature(f, "asked_address", 1, NAN, NAN, 0.15, 0.15,
				"it asked for its own outside address just before");
}

static void tell(struct ftp_state *s, const struct detect_env *env, struct ftp_pair *p,
		 const struct event *e, const struct event_str *file)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], name[160];
	struct finding f;
	step_string(name, sizeof(name), e, file);
	step_begin(&f, &rule, env, e);
	add_features(&f, s, env, p, name);
	double score = step_score(&f);
	uint8_t severity = (uint8_t)step_severity(score);
	if (severity <= p->told)
		return;
	p->told = severity;
	s->findings++;
	step_ends(&f, from, to);
	f.start_ns = p->first_ns;
	f.count = p->stores;
	if (e->packet)
		finding_packet(&f, e->packet);
	const char *host = context_name_of(env->context, &e->dst);
	finding_text(f.message, sizeof(f.message),
		     "A program on %s stored %llu file%s by FTP on %s, the last one %s", from,
		     (unsigned long long)p->stores, p->stores > 1 ? "s" : "", host ? host : to,
		     name);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "People look at a server before they store on it and name files for what they "
		     "hold; this name tells whose machine it was and when");
	text_counterfactual(&f);
	step_raise(&f, env);
}

static bool is_verb(const struct event_ftp *f, const char *const *verbs)
{
	for (; *verbs; verbs++)
		if (step_is(&f->e, &f->verb, *verbs))
			return true;
	return false;
}

/* What a data connection carries, told by its first bytes. */
static void on_file(struct ftp_state *s, const struct detect_env *env, const struct event_file *f)
{
	struct ftp_key key;
	memset(&key, 0, sizeof(key));
	key.client = f->e.src;
	key.server = f->e.dst;
	struct ftp_pair *p = table_find(&s->pairs, &key);
	if (!p || !p->stores || f->e.from_server || !step_is(&f->e, &f->carrier, "ftp") ||
	    weight_of(f->type) <= weight_of(p->worst))
		return;
	p->worst = f->type;
	tell(s, env, p, &f->e, &f->name);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	static const char *const stores[] = { "STOR", "STOU", "APPE", NULL };
	static const char *const looks[] = { "LIST", "NLST", "MLSD", "RETR", "DELE", "RNFR", NULL };
	struct ftp_state *s = state;
	const struct event_ftp *f = (const struct event_ftp *)e;
	struct ftp_key key;
	bool is_new;
	if (e->kind == EVENT_FILE) {
		on_file(s, env, (const struct event_file *)e);
		return;
	}
	if (e->kind != EVENT_FTP) {
		ipcheck_event(&s->ipcheck, env, e);
		return;
	}
	bool is_store = is_verb(f, stores);
	if ((!is_store && !is_verb(f, looks)) || f->code >= 400 ||
	    context_is_inside(env->context, &e->dst, e->tunnel_id))
		return;
	if (is_store && f->code >= 200)
		return; /* the end of what its first reply has begun */
	memset(&key, 0, sizeof(key));
	key.client = e->src;
	key.server = e->dst;
	struct ftp_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (is_new)
		p->first_ns = e->time_ns;
	if (!is_store) {
		p->looks++;
		return;
	}
	p->stores++;
	tell(s, env, p, e, &f->argument);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct ftp_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct ftp_pair)) +
				ipcheck_worst_case(&s->ipcheck);
}

const struct detector ftp_exfil_detector = {
	.name = "ftp_exfil",
	.title = "Report stored outside by FTP",
	.idea = "Files named for machine and time, stored on a server outside by what never looks at it",
	.params = params,
	.params_size = sizeof(struct ftp_params),
	.state_size = sizeof(struct ftp_state),
	.wants = 1ull << EVENT_FTP | 1ull << EVENT_FILE | IPCHECK_WANTS,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
