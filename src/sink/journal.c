/*
 * sink/journal.c - alerts into systemd's journal, with fields.
 *
 * The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram an entry, each
 * field NAME, line feed, length in 8 bytes little-endian, bytes, line feed.
 *   journalctl EXFILD_RULE=dns_tunnel -o json
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/buf.h"
#include "exfild/base/str.h"
#include "exfild/bus/wire.h"
#include "exfild/sink/sink.h"

#define SOCKET_PATH "/run/systemd/journal/socket"
#define TIMEOUT_MS  3000
#define ENTRY_MAX   (4u * RECORD_TEXT_MAX)

extern const struct sink_type sink_journal;

struct journal_sink {
	struct wire *wire;
	char path[108];
	const atomic_bool *stop;
	struct buf out;
	struct sink_health health;
};

static int journal_open(const struct sink_options *o, void **ret, char *ret_why, size_t why_size)
{
	struct journal_sink *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(ret_why, why_size, "%s", exf_strerror(EXF_E_NOMEM));
		return -EXF_E_NOMEM;
	}
	const char *path = o->journal_socket ? o->journal_socket : SOCKET_PATH;
	s->stop = o->stop;
	buf_init(&s->out, ENTRY_MAX);
	if (!str_copy(s->path, sizeof(s->path), path)) {
		snprintf(ret_why, why_size, "the path of the journal's socket is too long");
		free(s);
		return -EXF_E_INVALID;
	}
	*ret = s;
	return 0;
}

static void put_field(struct buf *out, const char *name, const char *data, size_t len)
{
	if (!len)
		return;
	buf_str(out, name);
	buf_char(out, '\n');
	for (unsigned i = 0; i < 8; i++)
		buf_char(out, (char)((uint64_t)len >> 8 * i & 0xff));
	buf_add(out, data, len);
	buf_char(out, '\n');
}

static void put_number(struct buf *out, const char *name, uint64_t number)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	put_field(out, name, text, (size_t)n);
}

static void put_entry(const struct record *r, struct buf *out)
{
	static const struct {
		enum record_text text;
		const char *name;
	} fields[] = {
		{ RECORD_MESSAGE, "MESSAGE" },
		{ RECORD_EVENT_ID, "EXFILD_EVENT_ID" },
		{ RECORD_ALERT_ID, "EXFILD_ALERT_ID" },
		{ RECORD_SESSION, "EXFILD_SESSION" },
		{ RECORD_RULE, "EXFILD_RULE" },
		{ RECORD_SOURCE, "EXFILD_SOURCE" },
		{ RECORD_DESTINATION, "EXFILD_DESTINATION" },
		{ RECORD_JSON, "EXFILD_JSON" },
	};
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		put_field(out, fields[i].name, r->text[fields[i].text].data,
			  r->text[fields[i].text].len);
	put_number(out, "PRIORITY",
		   r->severity >= 99 ? 2 :
		   r->severity >= 73 ? 3 :
		   r->severity >= 47 ? 4 :
				       5);
	put_number(out, "EXFILD_SEVERITY", r->severity);
	put_number(out, "EXFILD_SEQUENCE", r->sequence);
	put_field(out, "SYSLOG_IDENTIFIER", "exfild", 6);
}

static bool connect_now(struct journal_sink *s)
{
	const struct wire_options o = { .host = s->path,
					.is_unix = true,
					.is_datagram = true,
					.timeout_ms = TIMEOUT_MS,
					.stop = s->stop };
	char why[128];
	if (wire_open(&o, &s->wire, why, sizeof(why)) == 0) {
		s->health.connects++;
		return true;
	}
	snprintf(s->health.error, sizeof(s->health.error), "cannot reach the journal at %.60s: %s",
		 s->path, strerror(errno));
	s->wire = NULL;
	return false;
}

static size_t journal_put(void *sink, struct record *const *list, size_t count)
{
	struct journal_sink *s = sink;
	for (size_t i = 0; i < count; i++) {
		if (!s->wire && !connect_now(s))
			return i;
		buf_reset(&s->out);
		put_entry(list[i], &s->out);
		if (wire_write(s->wire, s->out.data, s->out.len,
			       wire_now_ns() + TIMEOUT_MS * 1000000ull)) {
			snprintf(s->health.error, sizeof(s->health.error),
				 "the journal took nothing: %s", strerror(errno));
			wire_close(s->wire);
			s->wire = NULL;
			return i;
		}
		s->health.sent++;
	}
	s->health.error[0] = '\0';
	return count;
}

static void journal_health(const void *sink, struct sink_health *ret)
{
	*ret = ((const struct journal_sink *)sink)->health;
}

static void journal_close(void *sink)
{
	struct journal_sink *s = sink;
	if (!s)
		return;
	wire_close(s->wire);
	buf_deinit(&s->out);
	free(s);
}

const struct sink_type sink_journal = {
	.name = "journal",
	.open = journal_open,
	.put = journal_put,
	.health = journal_health,
	.close = journal_close,
};
