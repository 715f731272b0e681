/*
 * inspect/raw_program.c - a program over TCP in no protocol: told by its first bytes.
 *
 * What: stagers (Metasploit's among them) ask for the next stage over a bare connection: its length
 * in four bytes, then the program itself.  So does who pushes a program by netcat, without the
 * length.  One file event a side, with the length as its size.
 * Ownership, threads: as of inspectors.
 * Limits: LOOKED bytes of a side; what begins otherwise is left at once.
 */
#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"
#include "content/magic.h"

#define LENGTH_LEN 4
#define STAGE_MIN  1024u
#define STAGE_MAX  (64u << 20)
#define LOOKED     1024 /* bytes in which the second head of a program lies, which tells it */

/* The length that may stand before a stage, 0: none. */
static uint32_t stage_len(const uint8_t *data, size_t len)
{
	struct cursor c = cursor_make(data, len);
	uint32_t little = cursor_le32(&c);
	if (!cursor_ok(&c))
		return 0;
	uint32_t big = __builtin_bswap32(little);
	uint32_t n = little >= STAGE_MIN && little <= STAGE_MAX ? little : big;
	return n >= STAGE_MIN && n <= STAGE_MAX ? n : 0;
}

/* Marks of programs that are no text: a script's are too short to go by. */
static bool begins_program(const uint8_t *data, size_t len)
{
	return (len >= 2 && data[0] == 'M' && data[1] == 'Z') || (len >= 4 && memcmp(data,
										     "\x7f"
										     "ELF",
										     4) == 0);
}

/* A length alone is a server's only: Kerberos' clients begin with theirs. */
static bool probe(const struct packet *p, bool from_client)
{
	if (begins_program(p->payload, p->payload_cap))
		return true;
	if (!stage_len(p->payload, p->payload_cap))
		return false;
	return (p->payload_cap == LENGTH_LEN && !from_client) ||
	       begins_program(p->payload + LENGTH_LEN, p->payload_cap - LENGTH_LEN);
}

static void tell(struct inspection *in, uint32_t size, uint32_t seen)
{
	struct event_file *e = inspect_event(in, EVENT_FILE, sizeof(*e));
	e->e.from_server = !in->from_client;
	e->type = FILE_EXECUTABLE;
	e->size = size ? size : UINT64_MAX;
	e->seen = seen;
	event_log_str(in->log, &e->carrier, "tcp", 3, 3);
	event_log_commit(in->log);
}

static enum inspect_verdict look(struct inspection *in, const uint8_t *data, uint32_t len,
				 bool is_last)
{
	uint32_t at = begins_program(data, len) ? 0 : LENGTH_LEN;
	uint32_t size = at ? stage_len(data, len) : 0;
	if (at && (!size || (len > at + 1 && !begins_program(data + at, len - at))))
		return INSPECT_NOT_MINE;
	if (len < at + LOOKED && !is_last)
		return INSPECT_MORE;
	if (file_type_of(data + at, len - at) != FILE_EXECUTABLE)
		return INSPECT_NOT_MINE;
	tell(in, size, len - at);
	return INSPECT_DONE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	*ret_used = 0;
	if (len < LENGTH_LEN)
		return INSPECT_MORE;
	enum inspect_verdict verdict = look(in, data, len, false);
	if (verdict != INSPECT_MORE)
		*ret_used = len;
	return verdict;
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	if (len >= LENGTH_LEN)
		(void)look(in, data, len, true);
}

const struct inspector raw_program_inspector = {
	.name = "raw_program",
	.app = APP_UNKNOWN,
	.proto = PROTO_TCP,
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
};
