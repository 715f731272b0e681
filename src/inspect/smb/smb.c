/*
 * inspect/smb/smb.c - SMB over TCP: framing, skipping, finding the way back.
 *
 *   NetBIOS session service (RFC 1002, 4.3.1; MS-SMB2 2.1): type 1, length 3
 *     type 0: messages of SMB 1 (FF), 2 and 3 (FE), sealed (FD) or compressed (FC)
 *     others, on port 139: request, answers, keep-alive
 *
 * Only the begin of a message is waited for; the data of reads and writes is counted through as it
 * passes, that of pipes handed on.  Where bytes are missing, a skip covers them if it reaches so
 * far, else the next thing that looks like a message is looked for.
 */
#include "smb.h"

#include "../content/scan.h"

#define PORT_SMB       445
#define NBSS_LEN       4u
#define NBSS_MESSAGE   0x00
#define NBSS_FIRST     0x81
#define NBSS_LAST      0x85
#define NBSS_CONTROL   72u /* bytes of a session request */
#define MAGIC_LEN      4u
#define FIND_LEN       (NBSS_LEN + MAGIC_LEN)
#define MESSAGE_MAX    0xffffffu
#define SEALED_LEN     52u /* MS-SMB2 2.2.41 */
#define COMPRESSED_LEN 16u /* MS-SMB2 2.2.42 */

enum magic { MAGIC_NONE, MAGIC_SMB1, MAGIC_SMB2, MAGIC_SEALED, MAGIC_COMPRESSED };

static enum magic magic_of(const uint8_t *data)
{
	if (!data || memcmp(data + 1, "SMB", 3) != 0)
		return MAGIC_NONE;
	switch (data[0]) {
	case 0xff:
		return MAGIC_SMB1;
	case 0xfe:
		return MAGIC_SMB2;
	case 0xfd:
		return MAGIC_SEALED;
	case 0xfc:
		return MAGIC_COMPRESSED;
	default:
		return MAGIC_NONE;
	}
}

/* Offset of the next message's head of NetBIOS; len where there is none. */
static uint32_t find_message(const uint8_t *data, uint32_t len)
{
	const uint8_t *at = data, *end = data + len;
	while ((at = memmem(at, (size_t)(end - at), "SMB", 3))) {
		uint32_t off = (uint32_t)(at - data);
		if (off >= NBSS_LEN + 1 && at[-5] == NBSS_MESSAGE && magic_of(at - 1))
			return off - NBSS_LEN - 1;
		at += 3;
	}
	return len;
}

static bool probe(const struct packet *p, bool from_client)
{
	const uint8_t *data = p->payload;
	(void)from_client;
	if (p->payload_cap < FIND_LEN)
		return false;
	/* called and calling name, each 34 bytes */
	if (data[0] == NBSS_FIRST && data[1] == 0 && data[2] == 0 &&
	    data[3] == NBSS_CONTROL - NBSS_LEN && data[4] == 0x20)
		return true;
	if (data[0] == NBSS_MESSAGE && magic_of(data + NBSS_LEN))
		return true;
	/* taken up in the middle of a message */
	return (p->dport == PORT_SMB || p->sport == PORT_SMB) &&
	       find_message(data, p->payload_cap) < p->payload_cap;
}

/*
 * MS-SMB2 2.2.42.  CVE-2020-0796: the server added two sizes of the client's choice in 32 bits,
 * and took an offset beyond the message.
 */
static void read_compressed(struct inspection *in, const uint8_t *data, uint32_t have, uint32_t len)
{
	struct smb_state *state = in->state;
	struct cursor c = cursor_make(data, have);
	cursor_skip(&c, MAGIC_LEN);
	uint32_t size = cursor_le32(&c);
	cursor_skip(&c, 2);
	uint16_t flags = cursor_le16(&c);
	uint32_t off = cursor_le32(&c);
	if (!cursor_ok(&c))
		return;
	smb_hidden(in, false);
	bool is_chained = flags & 1;
	if (is_chained || (state->told & SMB_TOLD_OVERFLOW))
		return;
	if (size + (uint64_t)off > UINT32_MAX || off > len) {
		state->told |= SMB_TOLD_OVERFLOW;
		smb_malformed(in, NULL, SMB_NO_ANSWER, 0, SMB_ODD_COMPRESSION);
	}
}

/* Reads the message at the front; false: it is none. */
static bool read_message(struct inspection *in, const uint8_t *data, uint32_t have,
			 uint32_t *ret_len)
{
	struct smb_state *state = in->state;
	struct smb_side *side = &state->side[in->side];
	*ret_len = side->left;
	if (have < MAGIC_LEN)
		return true;
	switch (magic_of(data)) {
	case MAGIC_SMB1:
		*ret_len = smb1_message(in, data, have, side->left);
		return true;
	case MAGIC_SMB2:
		*ret_len = smb2_message(in, data, have, side->left);
		return true;
	case MAGIC_SEALED:
		state->is_accepted = true;
		smb_hidden(in, true);
		return true;
	case MAGIC_COMPRESSED:
		state->is_accepted = true;
		read_compressed(in, data, have, side->left);
		return true;
	case MAGIC_NONE:
		break;
	}
	return false;
}

static uint32_t wanted(const uint8_t *data, uint32_t len)
{
	if (len < MAGIC_LEN)
		return MAGIC_LEN;
	switch (magic_of(data)) {
	case MAGIC_SMB1:
		return smb1_wanted(data, len);
	case MAGIC_SMB2:
		return smb2_wanted(data, len);
	case MAGIC_SEALED:
		return SEALED_LEN;
	case MAGIC_COMPRESSED:
		return COMPRESSED_LEN;
	case MAGIC_NONE:
		break;
	}
	return MAGIC_LEN;
}

static const struct scan_source smb_source = { .carrier = "smb", .app = APP_SMB };

/* A file that may leave is looked through, from its first byte in this message on. */
static void look_through(struct inspection *in, const uint8_t *data, uint32_t used)
{
	struct smb_state *state = in->state;
	struct smb_side *side = &state->side[in->side];
	side->is_data = false;
	if (side->pipe || !scan_may_leave(in))
		return;
	uint32_t at = smb2_data_at(data, used);
	side->is_data = at > 0;
	if (at && at < used)
		scan_take(in, &smb_source, data + at, used - at);
}

/* Takes in what has come of the message, and skips the rest of it. */
static uint32_t take_message(struct inspection *in, const uint8_t *data, uint32_t have)
{
	struct smb_state *state = in->state;
	struct smb_side *side = &state->side[in->side];
	uint32_t len;
	side->pipe = side->data = 0;
	if (!read_message(in, data, have, &len)) {
		/* no SMB within NetBIOS: from somewhere else, or the place is wrong */
		side->is_lost = true;
		side->left = 0;
		return 1;
	}
	uint32_t used = have < len ? have : len;
	look_through(in, data, used);
	side->skip = len - used;
	side->left -= len;
	return used;
}

static uint32_t take_skip(struct inspection *in, struct smb_side *side, const uint8_t *data,
			  uint32_t len)
{
	uint32_t used = len < side->skip ? len : side->skip;
	if (side->pipe) {
		if (used > side->pipe)
			used = side->pipe;
		smb_pipe_feed(in, &side->pipe_file, data, used);
		side->pipe -= used;
	} else if (side->is_data) {
		scan_take(in, &smb_source, data, used);
	}
	if (side->data) {
		uint32_t n = used < side->data ? used : side->data;
		smb_file_more(in, side, data, n);
		side->data -= n;
	}
	side->skip -= used;
	return used;
}

/* The head of NetBIOS; 0: more is needed. */
static uint32_t take_head(struct smb_side *side, const uint8_t *data, uint32_t len)
{
	if (len < NBSS_LEN)
		return 0;
	struct cursor c = cursor_make(data, len);
	uint8_t type = cursor_u8(&c);
	uint32_t size = cursor_be24(&c);
	if (type == NBSS_MESSAGE) {
		side->left = size;
		return NBSS_LEN;
	}
	if (type >= NBSS_FIRST && type <= NBSS_LAST && size <= NBSS_CONTROL) {
		side->skip = size;
		return NBSS_LEN;
	}
	side->is_lost = true;
	return 1;
}

/* Looks for the way back: all but what may be the begin of a message is of no use. */
static uint32_t take_lost(struct smb_side *side, const uint8_t *data, uint32_t len)
{
	uint32_t at = find_message(data, len);
	if (at < len) {
		side->is_lost = false;
		return at;
	}
	return len < FIND_LEN ? 0 : len - (FIND_LEN - 1);
}

/* One step; 0: more bytes are needed. */
static uint32_t step(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct smb_state *state = in->state;
	struct smb_side *side = &state->side[in->side];
	if (side->is_lost)
		return take_lost(side, data, len);
	if (side->skip)
		return take_skip(in, side, data, len);
	if (!side->left)
		return take_head(side, data, len);
	uint32_t have = len < side->left ? len : side->left;
	uint32_t want = wanted(data, have);
	if (want > side->left)
		want = side->left;
	return have < want ? 0 : take_message(in, data, have < SMB_HEAD_MAX ? have : SMB_HEAD_MAX);
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct smb_state *state = in->state;
	struct smb_side *side = &state->side[in->side];
	uint32_t total = 0;
	while (total < len) {
		bool was_lost = side->is_lost;
		uint32_t used = step(in, data + total, len - total);
		total += used;
		if (!used && was_lost == side->is_lost)
			break;
	}
	*ret_used = total;
	return INSPECT_MORE;
}

/* What is there of messages, when what follows never comes. */
static void take_rest(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct smb_state *state = in->state;
	struct smb_side *side = &state->side[in->side];
	while (len && !side->is_lost) {
		uint32_t used;
		if (side->skip)
			used = take_skip(in, side, data, len);
		else if (side->left)
			used = take_message(in, data, len < side->left ? len : side->left);
		else
			used = take_head(side, data, len);
		if (!used) {
			side->is_lost = true; /* within a head of NetBIOS */
			return;
		}
		data += used;
		len -= used;
	}
}

/* A skip covers the gap, or it ends within a message whose end is known, or the way is lost. */
static void on_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing)
{
	struct smb_state *state = in->state;
	struct smb_side *side = &state->side[in->side];
	take_rest(in, data, len);
	if (side->is_lost)
		return;
	if (missing != UINT32_MAX) /* the unread ones are among them */
		missing -= len;
	if (side->pipe)
		smb_pipe_lost(in, &side->pipe_file);
	if (side->data)
		smb_file_more(in, side, NULL, 0);
	side->pipe = side->data = 0;
	if (side->is_data) /* what stood on both sides of it does not belong together */
		scan_end(in, &smb_source);
	uint64_t known = (uint64_t)side->skip + side->left;
	if (missing <= side->skip) {
		side->skip -= missing;
	} else if (missing <= known) {
		side->skip = (uint32_t)(known - missing);
		side->left = 0;
	} else {
		side->skip = side->left = 0;
		side->is_lost = true;
	}
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	take_rest(in, data, len);
	scan_end(in, &smb_source);
	if (in->side != in->flow->client) /* asked last */
		smb_finish(in);
}

const struct inspector smb_inspector = {
	.name = "smb",
	.app = APP_SMB,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct smb_state),
	.shard_state_size = sizeof(struct smb_shard),
	.apps = { APP_SMB },
	.decides = true,
	.probe = probe,
	.on_stream = on_stream,
	.on_gap = on_gap,
	.on_end = on_end,
};
