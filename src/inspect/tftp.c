/*
 * inspect/tftp.c - files that TFTP carries (RFC 1350, 2347 to 2349, 7440).
 *
 *   request: 1|2, name NUL, mode NUL, (option NUL, value NUL)...   to port 69
 *   3, block, bytes    4, block    5, code, text NUL    6, (option NUL, value NUL)...
 *
 * The server answers from a port of its own, so a request announces the flow that brings its file;
 * a server that answers from port 69 stays in the same one.  A file ends with the first block that
 * is shorter than the others.  Of one in lines (netascii) there are two: with line ends of one
 * byte, and as it comes.
 */
#include <string.h>
#include <strings.h>

#include "exfild/base/cursor.h"
#include "exfild/base/sketch.h"
#include "exfild/base/str.h"
#include "exfild/event/ends.h"
#include "exfild/inspect/inspector.h"
#include "content/filesums.h"
#include "content/magic.h"

#define PORT_TFTP  69
#define ANNOUNCED  32u
#define NAME_MAX   96u
#define FIRST      256u /* bytes that tell what a file is */
#define BLOCK_SIZE 512u
#define BLOCK_MIN  8u
#define BLOCK_MAX  65464u

enum opcode { TFTP_READ = 1, TFTP_WRITE, TFTP_DATA, TFTP_ACK, TFTP_ERROR, TFTP_OPTIONS };

struct announced { /* a request that waits for its file */
	struct ipaddr client, server;
	uint16_t port; /* of the client; 0: free */
	bool is_write, is_text;
	uint8_t name_len;
	uint8_t name[NAME_MAX];
};

struct tftp_shard {
	struct announced announced[ANNOUNCED];
	uint32_t count, next;
};

struct tftp_state {
	uint64_t seen;
	struct sum sum, wire_sum;
	uint16_t port;       /* of the client; 0: nothing is known yet */
	uint16_t block_size; /* of all blocks but the last */
	uint16_t next;       /* block */
	uint16_t kept;
	bool is_write, is_text;
	bool has_return; /* of text: the last byte was CR */
	uint8_t name_len;
	uint8_t name[NAME_MAX];
	uint8_t first[FIRST];
};

_Static_assert(sizeof(struct tftp_state) <= INSPECT_STATE_MAX, "a file fits into the state");

struct text {
	const uint8_t *data;
	size_t len;
};

/* Up to its NUL, which must be there. */
static bool take_text(struct cursor *c, struct text *ret)
{
	size_t left = cursor_left(c);
	const uint8_t *nul = left ? memchr(c->pos, 0, left) : NULL;
	if (!nul)
		return false;
	ret->len = (size_t)(nul - c->pos);
	ret->data = cursor_take(c, ret->len);
	cursor_skip(c, 1);
	return cursor_ok(c);
}

static bool is_word(const struct text *t, const char *word)
{
	return t->len == strlen(word) && strncasecmp((const char *)t->data, word, t->len) == 0;
}

static bool is_printable(const struct text *t)
{
	for (size_t i = 0; i < t->len; i++)
		if (t->data[i] < 0x20 || t->data[i] == 0x7f)
			return false;
	return t->len > 0;
}

static struct cursor cursor_of(const struct packet *p)
{
	return cursor_make(p->payload, p->payload_cap);
}

static bool read_request(const struct packet *p, struct announced *ret)
{
	struct cursor c = cursor_of(p);
	struct text name, mode;
	uint16_t opcode = cursor_be16(&c);
	if ((opcode != TFTP_READ && opcode != TFTP_WRITE) || !take_text(&c, &name) ||
	    !take_text(&c, &mode) || !is_printable(&name))
		return false;
	ret->is_text = is_word(&mode, "netascii");
	if (!ret->is_text && !is_word(&mode, "octet"))
		return false;
	ret->is_write = opcode == TFTP_WRITE;
	ret->client = p->src;
	ret->server = p->dst;
	ret->port = p->sport;
	ret->name_len = (uint8_t)(name.len < NAME_MAX ? name.len : NAME_MAX);
	memcpy(ret->name, name.data, ret->name_len);
	return ret->port != 0;
}

static bool probe(const struct packet *p, bool from_client)
{
	struct announced ignored;
	return from_client && p->dport == PORT_TFTP && read_request(p, &ignored);
}

static bool is_same(const struct announced *a, const struct announced *b)
{
	return a->port == b->port && ipaddr_equal(&a->client, &b->client) &&
	       ipaddr_equal(&a->server, &b->server);
}

/* The same again takes its own place, else the oldest gives way. */
static void announce(struct tftp_shard *s, const struct announced *fresh)
{
	struct announced *place = &s->announced[s->next];
	for (unsigned i = 0; i < ANNOUNCED; i++)
		if (is_same(&s->announced[i], fresh))
			place = &s->announced[i];
	if (place == &s->announced[s->next])
		s->next = (s->next + 1) % ANNOUNCED;
	s->count += place->port == 0;
	*place = *fresh;
}

/* The number of the request that a server's packet answers, from 1; 0: of none. */
static unsigned find(const struct tftp_shard *s, const struct packet *p)
{
	for (unsigned i = 0; s->count && i < ANNOUNCED; i++) {
		const struct announced *a = &s->announced[i];
		if (a->port && a->port == p->dport && ipaddr_equal(&a->client, &p->dst) &&
		    ipaddr_equal(&a->server, &p->src))
			return i + 1;
	}
	return 0;
}

/* The first word of a server from its new port. */
static bool expects(const void *shard_state, const struct packet *p)
{
	struct cursor c = cursor_of(p);
	uint16_t opcode = cursor_be16(&c);
	return opcode >= TFTP_DATA && opcode <= TFTP_OPTIONS && find(shard_state, p);
}

static void begin(struct inspection *in, const struct announced *a)
{
	struct tftp_state *s = in->state;
	filesums_drop(in, &s->sum);
	filesums_drop(in, &s->wire_sum);
	memset(s, 0, sizeof(*s));
	s->port = a->port;
	s->is_write = a->is_write;
	s->is_text = a->is_text;
	s->name_len = a->name_len;
	memcpy(s->name, a->name, a->name_len);
	s->block_size = BLOCK_SIZE;
	s->next = 1;
	filesums_begin(in, &s->sum);
	if (s->is_text)
		filesums_begin(in, &s->wire_sum);
}

/* ---- what is told ---- */

/* src is the client, whoever has sent the flow's first packet. */
static void turn(const struct tftp_state *s, struct event *e)
{
	e->app = APP_TFTP;
	if (e->sport == s->port)
		return;
	event_swap_ends(e);
	e->from_server = !e->from_server;
}

static void put_names(struct inspection *in, struct event_str *carrier, struct event_str *name)
{
	const struct tftp_state *s = in->state;
	event_log_str(in->log, carrier, "tftp", 4, 4);
	event_log_str(in->log, name, s->name, s->name_len, s->name_len);
	event_log_commit(in->log);
}

static void put_file(struct inspection *in, bool is_end)
{
	const struct tftp_state *s = in->state;
	struct event_file *e = inspect_event(in, EVENT_FILE, sizeof(*e));
	turn(s, &e->e);
	e->type = (uint8_t)file_type_of(s->first, s->kept);
	e->is_end = is_end;
	e->is_complete = is_end;
	e->entropy = s->kept >= MAGIC_NOISE_MIN ? (float)entropy_bytes(s->first, s->kept) : 0;
	e->size = UINT64_MAX;
	e->seen = s->seen;
	put_names(in, &e->carrier, &e->name);
}

static void put_sums(struct inspection *in, bool is_whole)
{
	struct tftp_state *s = in->state;
	struct sum *sums[] = { &s->sum, &s->wire_sum };
	for (unsigned i = 0; i < 2; i++) {
		struct event_file_hash *e = filesums_end(in, sums[i], is_whole);
		if (!e)
			continue;
		turn(s, &e->e);
		put_names(in, &e->carrier, &e->name);
	}
}

/* ---- a file ---- */

/* CR LF ends a line, CR NUL is CR (RFC 764). */
static void take_lines(struct inspection *in, const uint8_t *data, size_t len)
{
	struct tftp_state *s = in->state;
	uint8_t out[256];
	uint32_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (n + 2 > sizeof(out)) {
			filesums_take(in, &s->sum, out, n);
			n = 0;
		}
		if (s->has_return && data[i] != '\n')
			out[n++] = '\r';
		bool is_filler = s->has_return && data[i] == 0;
		s->has_return = data[i] == '\r';
		if (!s->has_return && !is_filler)
			out[n++] = data[i];
	}
	filesums_take(in, &s->sum, out, n);
}

static void take_bytes(struct inspection *in, const uint8_t *data, size_t len)
{
	struct tftp_state *s = in->state;
	size_t room = FIRST - s->kept, n = len < room ? len : room;
	bool was_short = s->kept < FIRST;
	memcpy(s->first + s->kept, data, n);
	s->kept = (uint16_t)(s->kept + n);
	s->seen += len;
	if (was_short && s->kept == FIRST)
		put_file(in, false);
	if (s->is_text) {
		take_lines(in, data, len);
		filesums_take(in, &s->wire_sum, data, (uint32_t)len);
	} else {
		filesums_take(in, &s->sum, data, (uint32_t)len);
	}
}

static enum inspect_verdict take_data(struct inspection *in, struct cursor c)
{
	struct tftp_state *s = in->state;
	const struct packet *p = in->packet;
	uint16_t block = cursor_be16(&c);
	size_t len = cursor_left(&c);
	const uint8_t *data = cursor_take(&c, len);
	if (!cursor_ok(&c) || (p->sport == s->port) != s->is_write)
		return INSPECT_MORE;
	bool is_wrapped = s->next == 0 && block == 1; /* some count on from 1 */
	if (!is_wrapped && (uint16_t)(s->next - block - 1) < UINT16_MAX / 2)
		return INSPECT_MORE; /* once more */
	if ((!is_wrapped && block != s->next) || p->payload_cap < p->payload_len) {
		filesums_break(in, &s->sum);
		filesums_break(in, &s->wire_sum);
	}
	uint32_t whole = p->payload_len - 4u; /* as it was on the wire */
	if (block == 1 && !is_wrapped && whole > s->block_size)
		s->block_size = (uint16_t)whole; /* agreed on in what was not seen */
	s->next = (uint16_t)(block + 1);
	if (len)
		take_bytes(in, data, len);
	if (whole >= s->block_size)
		return INSPECT_MORE;
	if (s->is_text && s->has_return)
		filesums_take(in, &s->sum, (const uint8_t *)"\r", 1);
	if (s->seen)
		put_file(in, true);
	put_sums(in, true);
	return INSPECT_DONE;
}

static void take_options(struct tftp_state *s, struct cursor c)
{
	struct text name, value;
	uint64_t size;
	char digits[8];
	while (take_text(&c, &name) && take_text(&c, &value)) {
		if (!is_word(&name, "blksize") || value.len >= sizeof(digits))
			continue;
		memcpy(digits, value.data, value.len);
		digits[value.len] = '\0';
		if (str_parse_u64(digits, BLOCK_MIN, BLOCK_MAX, &size) == 0)
			s->block_size = (uint16_t)size;
	}
}

static enum inspect_verdict on_datagram(struct inspection *in)
{
	struct tftp_state *s = in->state;
	struct tftp_shard *shard = in->shard_state;
	struct cursor c = cursor_of(in->packet);
	struct announced asked;
	unsigned number = s->port ? 0 : find(shard, in->packet);
	uint16_t opcode = cursor_be16(&c);
	if (in->packet->dport == PORT_TFTP && read_request(in->packet, &asked)) {
		announce(shard, &asked);
		begin(in, &asked);
		return INSPECT_MORE;
	}
	if (number) {
		begin(in, &shard->announced[number - 1]);
		shard->announced[number - 1].port = 0;
		shard->count--;
	}
	if (!s->port)
		return INSPECT_NOT_MINE;
	if (opcode == TFTP_DATA)
		return take_data(in, c);
	if (opcode == TFTP_OPTIONS && in->packet->dport == s->port)
		take_options(s, c);
	if (opcode != TFTP_ERROR)
		return INSPECT_MORE;
	put_sums(in, false);
	return INSPECT_DONE;
}

const struct inspector tftp_inspector = {
	.name = "tftp",
	.app = APP_TFTP,
	.proto = PROTO_UDP,
	.state_size = sizeof(struct tftp_state),
	.shard_state_size = sizeof(struct tftp_shard),
	.ports = (const uint16_t[]){ PORT_TFTP, 0 },
	.decides = true,
	.expects = expects,
	.probe = probe,
	.on_datagram = on_datagram,
};
