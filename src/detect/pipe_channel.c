/*
 * detect/pipe_channel.c - agents that are led over a named pipe of SMB.
 *
 * Idea: what is asked of a Windows host over its pipes is DCE-RPC, and each of its services has a
 * pipe of a known name.  An agent that may not reach the outside is led by another one over a pipe
 * of its own: requests and answers that are no RPC go to and fro (Cobalt Strike's SMB listener,
 * Covenant, Empire, PoshC2, Metasploit's pipe transport).
 * Evasion: RPC around it, encrypted SMB 3, files in a share as a letter box.
 * False alarms: a service with a protocol of its own is asked by many hosts, which a link between
 * two agents is not; the few of Windows and its database are known. Source: MITRE ATT&CK T1090.001,
 * of S0154 and its like; MS-SMB2 2.2.31 (transceive).
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "acts.h"
#include "dest.h"
#include "smb_marks.h"
#include "step.h"

#define CROWD      3 /* hosts that make a service of it, on either side */
#define FEW_TURNS  8
#define LONG_TURNS 64
#define LONG_S     300
#define PACKETS    8

struct pipe_params {
	uint64_t turns, bytes;
};

struct pipe_key {
	struct ipaddr client, server;
	uint64_t name; /* hash */
};

struct pipe_pair {
	struct pipe_key key;
	uint64_t first_ns, last_ns;
	uint64_t turns, written, read;
	uint64_t file; /* that was open last, and what of it is in the sums */
	uint64_t file_turns, file_written, file_read;
	uint64_t packets[PACKETS];
	uint8_t told, packet_count;
	uint8_t pad[6];
};

struct pipe_state {
	const struct pipe_params *params;
	struct table pairs, crowds;
	uint64_t findings;
};

static const struct param params[] = {
	{ "turns", PARAM_UINT, offsetof(struct pipe_params, turns), 8, 1e6, 24, "",
	  "Changes of who speaks that make it a conversation; from 8 it is told as low" },
	{ "bytes", PARAM_UINT, offsetof(struct pipe_params, bytes), 0, 1e9, 256, "bytes",
	  "Carried, both ways together" },
	PARAM_END,
};

static const struct step_rule rule = {
	.detector = "pipe_channel",
	.rule = "pipe_channel",
	.title = "Command channel over a named pipe",
	.class = FINDING_LATERAL,
	.techniques = { "T1090.001", "T1021.002", "T1071.002" },
	.tactic = "TA0011",
	.unseen = "what is said in the pipe: agents encrypt it",
	.next_steps = { "Find the program on the server that made the pipe (Sysmon 17 and 18)",
			"Look at what the client was told from outside just before: it leads the other",
			"Cut both off: the one behind has no way out of its own" },
};

/* Services that speak another protocol than RPC over their pipes. */
static const char *const known_ends[] = {
	"sql\\query", /* MS-TDS: of each instance */
	"MsFteWds",   /* MS-WSP: the search of Windows */
};

/* Remote shells' own pipes are remote_service's. */
static const char *const shells[] = {
	"remcom_", "psexesvc", "paexec", "csexec", "winexesvc", NULL
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct pipe_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 64 ? env->max_pairs / 64 : 1,
				       .entry_size = sizeof(struct pipe_pair),
				       .key_size = sizeof(struct pipe_key),
				       .key = env->key };
	int err = table_init(&s->pairs, &config);
	config.entry_size = sizeof(struct dest_crowd);
	config.key_size = sizeof(uint64_t);
	return err ? err : table_init(&s->crowds, &config);
}

static void deinit(void *state)
{
	struct pipe_state *s = state;
	table_deinit(&s->pairs);
	table_deinit(&s->crowds);
}

static bool is_known(const struct event_smb *e, const char *name)
{
	for (size_t i = 0; i < sizeof(known_ends) / sizeof(known_ends[0]); i++)
		if (smb_ends_with(&e->e, &e->name, known_ends[i]))
			return true;
	return act_has_word(name, shells);
}

/* Of all that is open the events tell sums: what is new is added. */
static void add_up(struct pipe_pair *p, const struct event_smb *e)
{
	if (p->file != e->file || p->file_turns > e->turns) {
		p->file = e->file;
		p->file_turns = p->file_written = p->file_read = 0;
	}
	p->turns += e->turns - p->file_turns;
	p->written += e->written - p->file_written;
	p->read += e->read - p->file_read;
	p->file_turns = e->turns;
	p->file_written = e->written;
	p->file_read = e->read;
	if (p->packet_count < PACKETS && e->e.packet)
		p->packets[p->packet_count++] = e->e.packet;
}

/* How many hosts there are on the other side of what is the same here: a pipe of a server, or a
 * client with a name of a pipe. */
static unsigned crowd_of(struct pipe_state *s, const struct detect_env *env,
			 const struct ipaddr *here, const struct ipaddr *there, uint64_t name,
			 bool is_server)
{
	struct {
		struct ipaddr ip;
		uint64_t name, is_server;
	} what = { *here, name, is_server };
	uint64_t key = hash_words(&env->key, &what, sizeof(what) / 8);
	return dest_crowd_of(&s->crowds, env, key, there);
}

static void add_features(struct finding *f, const struct pipe_params *limits,
			 const struct pipe_pair *p, unsigned clients, unsigned servers)
{
	double turns = (double)p->turns, span = (double)(p->last_ns - p->first_ns) / 1e9;
	finding_feature(f, "foreign", 1, NAN, NAN, 0.35, 0.35,
			"what the pipe carries is no DCE-RPC, and it is none of a known service");
	finding_feature(f, "turns", turns, NAN, (double)limits->turns, 0.2,
			p->turns >= limits->turns ? 0.2 : 0,
			"requests and answers took turns %.0f times", turns);
	if (p->turns >= LONG_TURNS && span >= LONG_S)
		finding_feature(f, "long_talk", span, NAN, LONG_S, 0.15, 0.15,
				"and that for %.0f s", span);
	if (clients >= CROWD)
		finding_feature(f, "clients", clients, NAN, CROWD, 0.35, -0.35,
				"%u hosts or more use that pipe of the server", clients);
	if (servers >= CROWD)
		finding_feature(f, "servers", servers, NAN, CROWD, 0.2, -0.2,
				"the client uses such a pipe of %u hosts or more", servers);
}

static void tell(struct pipe_state *s, const struct detect_env *env, struct pipe_pair *p,
		 const struct event_smb *e, const char *name, unsigned clients, unsigned servers)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	struct finding f;
	step_begin(&f, &rule, env, &e->e);
	add_features(&f, s->params, p, clients, servers);
	enum severity severity = step_severity(step_score(&f));
	if (severity <= p->told)
		return;
	p->told = (uint8_t)severity;
	s->findings++;
	step_ends(&f, from, to);
	f.start_ns = p->first_ns;
	f.count = p->turns;
	f.subject.bytes = p->written;
	f.peer.bytes = p->read;
	f.packet_count = 0;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	finding_text(f.object, sizeof(f.object), "%s", name);
	finding_text(f.message, sizeof(f.message),
		     "%s leads something on %s over the pipe %s: %llu turns, %llu bytes there and "
		     "%llu back, none of them DCE-RPC",
		     from, to, name, (unsigned long long)p->turns, (unsigned long long)p->written,
		     (unsigned long long)p->read);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "Services of Windows are asked by RPC over pipes of known names, and those of "
		     "other makers by many hosts; two hosts that talk over a pipe of their own are "
		     "linked by a program that avoids the way outside");
	finding_text(
		f.counterfactual, sizeof(f.counterfactual),
		"low below %llu turns, silent below %d or %llu bytes, or if %d hosts used that "
		"pipe",
		(unsigned long long)s->params->turns, FEW_TURNS,
		(unsigned long long)s->params->bytes, CROWD);
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct pipe_state *s = state;
	const struct event_smb *e = (const struct event_smb *)event;
	char name[96];
	if (e->act != SMB_EXCHANGE || !e->name.off)
		return;
	(void)step_string(name, sizeof(name), event, &e->name);
	if (is_known(e, name))
		return;
	struct pipe_key key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.client = event->src;
	key.server = event->dst;
	key.name = hash_bytes(&env->key, event_str_data(event, &e->name), e->name.len);
	struct pipe_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (is_new) {
		memset((uint8_t *)p + sizeof(p->key), 0, sizeof(*p) - sizeof(p->key));
		p->first_ns = p->last_ns = event->time_ns;
	}
	unsigned clients = crowd_of(s, env, &event->dst, &event->src, key.name, true);
	unsigned servers = crowd_of(s, env, &event->src, &event->dst, key.name, false);
	add_up(p, e);
	p->last_ns = event->time_ns > p->last_ns ? event->time_ns : p->last_ns;
	if (p->turns >= FEW_TURNS && p->written + p->read >= s->params->bytes && p->written &&
	    p->read)
		tell(s, env, p, e, name, clients, servers);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct pipe_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct pipe_pair)) +
		table_worst_case(s->crowds.stats.capacity, sizeof(struct dest_crowd));
}

const struct detector pipe_channel_detector = {
	.name = "pipe_channel",
	.title = "Command channel over a named pipe",
	.idea = "Two hosts exchange requests and answers that are no DCE-RPC over a named pipe of SMB "
		"that nobody else uses",
	.params = params,
	.params_size = sizeof(struct pipe_params),
	.state_size = sizeof(struct pipe_state),
	.wants = 1ull << EVENT_SMB,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
