/*
 * inspect/smb/memory.c - the entries of a shard: requests under way, sessions, trees, open files.
 *
 * Small associative memories: the hash of flow and numbers names a set, the entry of a set that was
 * idle for longest gives way.  They are fixed blocks, so that no traffic makes them grow; a flood
 * of one flow may push out what another one had, which `evicted` counts.
 */
#include "smb.h"

struct memory {
	uint8_t *base;
	size_t size;
	uint32_t sets;
};

static struct smb_slot *slot_at(const struct memory *m, uint32_t set, uint32_t way)
{
	return (struct smb_slot *)(void *)(m->base + ((size_t)set * SMB_WAYS + way) * m->size);
}

static uint32_t set_of(const struct inspection *in, const struct memory *m, uint64_t a, uint64_t b)
{
	uint64_t words[3] = { in->flow->id, a, b };
	return (uint32_t)hash_words(in->key, words, 3) & (m->sets - 1);
}

static struct smb_slot *find(struct inspection *in, const struct memory *m, uint64_t a, uint64_t b)
{
	struct smb_shard *shard = in->shard_state;
	uint32_t set = set_of(in, m, a, b);
	for (uint32_t way = 0; way < SMB_WAYS; way++) {
		struct smb_slot *s = slot_at(m, set, way);
		if (s->flow == in->flow->id && s->a == a && s->b == b) {
			s->stamp = ++shard->stamp;
			return s;
		}
	}
	return NULL;
}

/* A free place or the oldest one; the caller clears what it needs. */
static struct smb_slot *make(struct inspection *in, const struct memory *m, uint64_t a, uint64_t b)
{
	struct smb_shard *shard = in->shard_state;
	uint32_t set = set_of(in, m, a, b);
	struct smb_slot *victim = slot_at(m, set, 0);
	for (uint32_t way = 0; way < SMB_WAYS; way++) {
		struct smb_slot *s = slot_at(m, set, way);
		if (!s->flow) {
			victim = s;
			break;
		}
		if (s->stamp < victim->stamp)
			victim = s;
	}
	shard->evicted += victim->flow != 0;
	victim->flow = in->flow->id;
	victim->a = a;
	victim->b = b;
	victim->stamp = ++shard->stamp;
	return victim;
}

static void *get(struct inspection *in, const struct memory *m, uint64_t a, uint64_t b)
{
	struct smb_slot *s = find(in, m, a, b);
	if (s)
		return s;
	s = make(in, m, a, b);
	memset(s + 1, 0, m->size - sizeof(*s));
	return s;
}

static void *any(struct inspection *in, const struct memory *m)
{
	for (uint32_t i = 0; i < m->sets * SMB_WAYS; i++) {
		struct smb_slot *s = slot_at(m, 0, i);
		if (s->flow == in->flow->id)
			return s;
	}
	return NULL;
}

#define MEMORY(name, field, count)                                                      \
 static struct memory name(const struct inspection *in)                                 \
 {                                                                                      \
  struct smb_shard *shard = in->shard_state;                                            \
  return (struct memory){ (uint8_t *)shard->field, sizeof(shard->field[0][0]), count }; \
 }

MEMORY(requests, requests, SMB_REQUEST_SETS)
MEMORY(sessions, sessions, SMB_SESSION_SETS)
MEMORY(trees, trees, SMB_TREE_SETS)
MEMORY(files, files, SMB_FILE_SETS)
MEMORY(pipes, pipes, SMB_PIPE_SETS)

/* ---- requests ---- */

struct smb_request *smb_request_find(struct inspection *in, uint64_t message, uint64_t more)
{
	struct memory m = requests(in);
	return (struct smb_request *)(void *)find(in, &m, message, more);
}

struct smb_request *smb_request_new(struct inspection *in, uint64_t message, uint64_t more)
{
	struct smb_state *state = in->state;
	struct memory m = requests(in);
	struct smb_slot *s = find(in, &m, message, more);
	if (!s) {
		s = make(in, &m, message, more);
		state->requests++;
	}
	struct smb_request *r = (struct smb_request *)(void *)s;
	memset(s + 1, 0, offsetof(struct smb_request, text) - sizeof(*s));
	return r;
}

void smb_request_end(struct inspection *in, struct smb_request *r)
{
	struct smb_state *state = in->state;
	r->slot.flow = 0;
	state->requests -= state->requests > 0;
}

struct smb_request *smb_request_any(struct inspection *in)
{
	struct memory m = requests(in);
	return any(in, &m);
}

/* ---- sessions and trees ---- */

struct smb_session *smb_session_get(struct inspection *in, uint64_t id)
{
	struct memory m = sessions(in);
	return get(in, &m, id, 0);
}

struct smb_session *smb_session_find(struct inspection *in, uint64_t id)
{
	struct memory m = sessions(in);
	return (struct smb_session *)(void *)find(in, &m, id, 0);
}

void smb_session_end(struct inspection *in, uint64_t id)
{
	struct smb_session *s = smb_session_find(in, id);
	if (s)
		s->slot.flow = 0;
}

struct smb_tree *smb_tree_get(struct inspection *in, uint64_t session, uint32_t id)
{
	struct memory m = trees(in);
	return get(in, &m, session, id);
}

struct smb_tree *smb_tree_find(struct inspection *in, uint64_t session, uint32_t id)
{
	struct memory m = trees(in);
	return (struct smb_tree *)(void *)find(in, &m, session, id);
}

void smb_tree_end(struct inspection *in, uint64_t session, uint32_t id)
{
	struct smb_tree *t = smb_tree_find(in, session, id);
	if (t)
		t->slot.flow = 0;
}

/* ---- files ---- */

struct smb_file *smb_file_get(struct inspection *in, const struct smb_file_id *id)
{
	struct smb_state *state = in->state;
	struct memory m = files(in);
	struct smb_file *f = (struct smb_file *)(void *)find(in, &m, id->a, id->b);
	if (f)
		return f;
	state->files++;
	f = get(in, &m, id->a, id->b);
	f->size = UINT64_MAX;
	return f;
}

struct smb_file *smb_file_find(struct inspection *in, const struct smb_file_id *id)
{
	struct memory m = files(in);
	return (struct smb_file *)(void *)find(in, &m, id->a, id->b);
}

void smb_file_end(struct inspection *in, struct smb_file *f)
{
	struct smb_state *state = in->state;
	filesums_drop(in, &f->sums[0].sum);
	filesums_drop(in, &f->sums[1].sum);
	f->slot.flow = 0;
	state->files -= state->files > 0;
}

struct smb_file *smb_file_any(struct inspection *in)
{
	struct memory m = files(in);
	return any(in, &m);
}

struct smb_pipe *smb_pipe_get(struct inspection *in, const struct smb_file_id *id)
{
	struct memory m = pipes(in);
	return get(in, &m, id->a, id->b);
}

struct smb_pipe *smb_pipe_find(struct inspection *in, const struct smb_file_id *id)
{
	struct memory m = pipes(in);
	return (struct smb_pipe *)(void *)find(in, &m, id->a, id->b);
}
