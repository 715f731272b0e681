/*
 * inspect/smb/pipe.c - bytes of pipes: what is RPC goes to its inspector, of the rest it is told
 * how it goes to and fro.
 */
#include "smb.h"

#define TURNS_FIRST 8

void smb_pipe_part(struct inspection *in, const struct smb_file_id *id, const uint8_t *data,
		   uint32_t have, uint32_t message_len, uint32_t off, uint32_t len)
{
	struct smb_state *state = in->state;
	struct smb_side *side = &state->side[in->side];
	if (off > message_len || len == 0)
		return;
	if (len > message_len - off)
		len = message_len - off;
	uint32_t here = have > off ? have - off : 0;
	if (here > len)
		here = len;
	if (here)
		smb_pipe_feed(in, id, data + off, here);
	/* where the head ends before the data begins, the data is not followed */
	if (have >= off && len > here) {
		side->pipe = len - here;
		side->pipe_file = *id;
	}
}

/* A name ended by NUL. */
static void name_of(const struct smb_file *f, char ret[SMB_NAME_KEPT + 1])
{
	size_t len = f ? f->name_len : 0;
	if (len)
		memcpy(ret, f->name, len);
	ret[len] = '\0';
}

static void tell(struct inspection *in, const struct smb_file *f, struct smb_pipe *pipe)
{
	pipe->told = pipe->turns;
	smb_tell_exchange(in, f, pipe);
}

static void count(struct inspection *in, const struct smb_file *f, struct smb_pipe *pipe,
		  uint32_t len)
{
	uint8_t side = in->from_client ? 1 : 2;
	pipe->bytes[side - 1] += len;
	pipe->turns += pipe->last_side && pipe->last_side != side;
	pipe->last_side = side;
	if (f && f->is_pipe && !pipe->assoc.is_accepted &&
	    pipe->turns >= (pipe->told ? 2 * pipe->told : TURNS_FIRST))
		tell(in, f, pipe);
}

void smb_pipe_feed(struct inspection *in, const struct smb_file_id *id, const uint8_t *data,
		   uint32_t len)
{
	char name[SMB_NAME_KEPT + 1];
	if (!id->a && !id->b)
		return;
	const struct smb_file *f = smb_file_find(in, id);
	name_of(f, name);
	struct smb_pipe *pipe = smb_pipe_get(in, id);
	rpc_pipe_feed(in, &pipe->assoc, in->from_client, name, data, len);
	count(in, f, pipe, len);
}

bool smb_pipe_guess(struct inspection *in, const struct smb_request *r, const uint8_t *data,
		    size_t len)
{
	/* version 5, minor 0 or 1, a type, flags, little-endian ASCII IEEE (C706, 12.6.3) */
	static const uint8_t representation[4] = { 0x10, 0, 0, 0 };
	if (len < 16 || data[0] != 5 || data[1] > 1 || data[2] > 19 ||
	    memcmp(data + 4, representation, 4) != 0)
		return false;
	if (smb_tree_find(in, r->version > 1 ? r->session : 0, r->tree) ||
	    (!r->file.a && !r->file.b))
		return false;
	struct smb_file *f = smb_file_get(in, &r->file);
	f->is_pipe = true;
	f->session = r->session;
	f->tree = r->tree;
	return true;
}

static void end(struct inspection *in, const struct smb_file_id *id, const struct smb_file *f)
{
	char name[SMB_NAME_KEPT + 1];
	struct smb_pipe *pipe = smb_pipe_find(in, id);
	if (!pipe)
		return;
	name_of(f, name);
	if (f && f->is_pipe && !pipe->assoc.is_accepted && pipe->turns > pipe->told)
		tell(in, f, pipe);
	rpc_pipe_end(in, &pipe->assoc, name);
	pipe->slot.flow = 0;
}

void smb_pipe_lost(struct inspection *in, const struct smb_file_id *id)
{
	end(in, id, smb_file_find(in, id));
}

void smb_pipe_close(struct inspection *in, const struct smb_file *f)
{
	const struct smb_file_id id = { f->slot.a, f->slot.b };
	end(in, &id, f);
}
