/*
 * detect/peer_file.c - a file that goes from host to host by a messenger, past every server.
 *
 * Idea: messengers of the OSCAR kind (AIM, ICQ) send files over a connection between the two
 * clients, so no server, proxy or mail gateway sees them.  What is sent is told by its first bytes;
 * documents, archives and stores weigh, pictures do not.
 * Evasion: any other way between two hosts.
 * False alarms: people who send each other documents so; then say that it is allowed.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "step.h"

struct peer_params {
	uint64_t again_s;
};

struct peer_pair {
	struct ipaddr sender, receiver;
	uint64_t told_ns, files, bytes;
};

struct peer_state {
	const struct peer_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = {
	{ "again", PARAM_DURATION, offsetof(struct peer_params, again_s), 60, 30 * 86400.0, 3600,
	  "", "How long files between the same hosts are told once" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "peer_file",
	.rule = "peer_file",
	.title = "File sent from host to host by a messenger",
	.class = FINDING_EXFIL,
	.techniques = { "T1048" },
	.tactic = "TA0010",
	.unseen = "who sits at the other end",
	.next_steps = { "Take the file from the evidence: it is carried in the clear",
			"Find out whose the receiving machine is, and whether it may be here" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct peer_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 16 ? env->max_hosts / 16 : 1,
				       .entry_size = sizeof(struct peer_pair),
				       .key_size = 2 * sizeof(struct ipaddr),
				       .key = env->key };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	table_deinit(&((struct peer_state *)state)->pairs);
}

static double weight_of(unsigned type)
{
	switch (type) {
	case FILE_DOCUMENT:
	case FILE_ARCHIVE:
	case FILE_HIGH_ENTROPY:
		return 0.2;
	case FILE_ENCRYPTED:
	case FILE_DATABASE:
	case FILE_DIRECTORY:
	case FILE_REGISTRY:
	case FILE_MEMORY:
	case FILE_KEY:
		return 0.4;
	default:
		return 0;
	}
}

static void tell(struct peer_state *s, const struct detect_env *env, const struct event_file *file,
		 const struct event *turned)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], name[72];
	struct finding f;
	step_begin(&f, &rule, env, turned);
	step_ends(&f, from, to);
	step_string(name, sizeof(name), &file->e, &file->name);
	f.subject.bytes = file->size;
	if (file->e.packet)
		finding_packet(&f, file->e.packet);
	finding_feature(&f, "past_servers", 1, NAN, NAN, 0.35, 0.35,
			"sent from client to client, past every server");
	finding_feature(&f, "kind", file->type, NAN, NAN, 0.4, weight_of(file->type),
			"by its first bytes: %s", file_type_name((enum file_type)file->type));
	finding_text(f.message, sizeof(f.message),
		     "%s sent %s a file%s%s of %llu bytes by a messenger, from host to host", from,
		     to, *name ? ", " : "", name, (unsigned long long)file->size);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"Files of an office lie on servers or go by mail, where they are seen and kept; "
		"this one went past all of them, and is no picture");
	finding_text(
		f.counterfactual, sizeof(f.counterfactual),
		"low if it were a text or picture: without its kind the sum is 0.35, medium is "
		"from 0.5");
	s->findings++;
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct peer_state *s = state;
	const struct event_file *f = (const struct event_file *)e;
	struct peer_pair key;
	bool is_new;
	if (!step_is(e, &f->carrier, "oft"))
		return;
	struct event turned = *e;
	if (e->from_server) { /* who was connected to sends */
		turned.src = e->dst;
		turned.sport = e->dport;
		turned.dst = e->src;
		turned.dport = e->dport; /* for the display filter: the port listened on */
	}
	memset(&key, 0, sizeof(key));
	key.sender = turned.src;
	key.receiver = turned.dst;
	struct peer_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (!is_new && env->steady_ns - p->told_ns < s->params->again_s * 1000000000ull)
		return;
	p->told_ns = env->steady_ns;
	tell(s, env, f, &turned);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct peer_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct peer_pair));
}

const struct detector peer_file_detector = {
	.name = "peer_file",
	.title = "File sent from host to host by a messenger",
	.idea = "Files that messengers send from client to client, past every server",
	.params = params,
	.params_size = sizeof(struct peer_params),
	.state_size = sizeof(struct peer_state),
	.wants = 1ull << EVENT_FILE,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
