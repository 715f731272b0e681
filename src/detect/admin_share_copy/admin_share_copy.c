/*
 * detect/admin_share_copy/admin_share_copy.c - tools and data moved over administrative shares.
 *
 * Idea: ADMIN$, C$ and their like are open to administrators only, and hardly used by hand.  A
 * program that is written there, and taken by the server, is how PsExec and its kin, worms and
 * people with a stolen password bring their tools; a program fetched from there, hundreds of
 * folders walked or many files pulled is the way back.  The bytes tell a program, not its name.
 * Evasion: shares made by hand; files under 2 bytes at the first write; a few files at a time;
 * encrypted SMB 3 (nothing of this is seen).
 * False alarms: software distribution and backup by administrative shares: a host that is known to
 * administer others (ROLE_MANAGER) weighs less.
 */
#include "admin_share_copy.h"

#include <string.h>

#include "../smb_marks.h"

static const struct param params[] = {
	{ "bulk_files", PARAM_UINT, offsetof(struct copy_params, bulk_files), 2, 1e6, 20, "files",
	  "Files pulled from or put on a host's administrative shares in ten minutes" },
	{ "bulk_bytes", PARAM_UINT, offsetof(struct copy_params, bulk_bytes), 1024, 1e12, 1048576,
	  "bytes", "Bytes of them, at least" },
	{ "walked_folders", PARAM_UINT, offsetof(struct copy_params, walked_folders), 10, 1e6, 200,
	  "folders", "Folders listed on a host's administrative shares in ten minutes" },
	PARAM_END
};

#define WINDOW_NS (600ull * 1000000000ull)

struct state {
	const struct copy_params *params;
	struct table pairs;
	uint64_t findings;
};

static uint32_t pair_evidence(const void *entry)
{
	const struct copy_pair *p = entry;
	uint64_t files = p->files[0] + p->files[1] + p->folders / 8;
	return 1 + p->told + (uint32_t)(files < UINT16_MAX ? files : UINT16_MAX);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config pairs = { .capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1,
				      .entry_size = sizeof(struct copy_pair),
				      .key_size = COPY_PAIR_KEY,
				      .key = env->key,
				      .evidence = pair_evidence };
	return table_init(&s->pairs, &pairs);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->pairs);
}

/* It administers several hosts on several days. */
static bool is_known(const struct detect_env *env, const struct event *e)
{
	return (context_roles(env->context, &e->src) & ROLE_MANAGER) != 0;
}

static struct copy_pair *pair_of(struct state *s, const struct detect_env *env,
				 const struct event *e)
{
	struct copy_pair key;
	bool is_new;
	memset(&key, 0, COPY_PAIR_KEY);
	key.client = e->src;
	key.server = e->dst;
	key.tunnel_key = e->tunnel_key;
	struct copy_pair *p = table_get(&s->pairs, &key, &is_new);
	if (p && (is_new || env->steady_ns - p->window_ns > WINDOW_NS)) {
		memset((uint8_t *)p + COPY_PAIR_KEY, 0, sizeof(*p) - COPY_PAIR_KEY);
		p->window_ns = env->steady_ns;
		p->first_ns = env->now_ns;
	}
	return p;
}

static bool is_program(const struct event_smb *e)
{
	return e->file_type == FILE_EXECUTABLE || e->file_type == FILE_SCRIPT ||
	       smb_is_program_name(&e->e, &e->name);
}

/* One program at a time: the second of a name within the window is the same story. */
static bool tell_program(struct state *s, const struct detect_env *env, struct copy_pair *p,
			 const struct event_smb *e, enum copy_way way)
{
	size_t len;
	const char *name = smb_base_name(&e->e, &e->name, &len);
	uint64_t mark = hash_bytes(&env->sketch_key, name, len) ^ (uint64_t)way;
	for (unsigned i = 0; i < COPY_NAMES; i++)
		if (p->names[i] == mark)
			return false;
	p->names[p->next_name++ % COPY_NAMES] = mark;
	p->told++;
	s->findings++;
	copy_tell_program(env, e, way, is_known(env, &e->e));
	return true;
}

static void count_file(struct state *s, const struct detect_env *env, struct copy_pair *p,
		       const struct event_smb *e, enum copy_way way, uint64_t bytes)
{
	p->files[way]++;
	p->bytes[way] += bytes;
	if (p->files[way] < s->params->bulk_files || p->bytes[way] < s->params->bulk_bytes)
		return;
	/* again when it has doubled */
	if (p->bulk_told[way] && p->files[way] < 2 * p->bulk_told[way])
		return;
	p->bulk_told[way] = p->files[way];
	p->told++;
	s->findings++;
	copy_tell_bulk(env, e, p, s->params, way, is_known(env, &e->e));
}

static void count_folder(struct state *s, const struct detect_env *env, struct copy_pair *p,
			 const struct event_smb *e)
{
	p->folders++;
	if (p->folders < s->params->walked_folders ||
	    (p->folders_told && p->folders < 2 * p->folders_told))
		return;
	p->folders_told = p->folders;
	p->told++;
	s->findings++;
	copy_tell_walk(env, e, p, s->params, is_known(env, &e->e));
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_smb *e = (const struct event_smb *)event;
	/* told to nobody, or refused: nothing has moved */
	bool is_done = e->status == 0 || (e->act == SMB_CLOSE && e->status == SMB_NO_ANSWER);
	if (!is_done || e->is_pipe || !smb_is_admin_share(event, &e->share))
		return;
	if (e->act != SMB_WRITE && e->act != SMB_CLOSE && e->act != SMB_LIST)
		return;
	struct copy_pair *p = pair_of(s, env, event);
	if (!p)
		return;
	if (e->act == SMB_WRITE) {
		if (is_program(e))
			(void)tell_program(s, env, p, e, COPY_PUT);
		return;
	}
	if (e->act == SMB_LIST) {
		count_folder(s, env, p, e);
		return;
	}
	bool is_whole = e->size != UINT64_MAX && e->size > 0 && e->read >= e->size;
	/* the first write may not have been that of the begin, which tells what it is */
	if (e->written && is_program(e))
		(void)tell_program(s, env, p, e, COPY_PUT);
	else if (e->written)
		count_file(s, env, p, e, COPY_PUT, e->written);
	if (is_whole && !e->written && e->file_type == FILE_EXECUTABLE)
		(void)tell_program(s, env, p, e, COPY_PULL);
	if (e->read)
		count_file(s, env, p, e, COPY_PULL, e->read);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	*ret = (struct detector_counters){
		.entries = s->pairs.stats.entries,
		.evictions = s->pairs.stats.evictions,
		.evicted_with_evidence = s->pairs.stats.evicted_with_evidence,
		.findings = s->findings,
		.worst_case_bytes =
			table_worst_case(s->pairs.stats.capacity, sizeof(struct copy_pair)),
	};
}

const struct detector admin_share_copy_detector = {
	.name = "admin_share_copy",
	.title = "Tools and data over administrative shares",
	.idea = "programs written to or fetched from ADMIN$ and C$, and bulk copies of them",
	.params = params,
	.params_size = sizeof(struct copy_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_SMB,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
