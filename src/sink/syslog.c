/*
 * sink/syslog.c - alerts as syslog messages of RFC 5424: CEF, or the JSON of alerts.format.
 *
 *   udp://HOST[:514]    one datagram an alert (RFC 5426); what is lost on the way is lost
 *   tcp://HOST[:601]    with octet counting (RFC 6587)
 *   tls://HOST[:6514]   the same over TLS (RFC 5425), checked like rediss://
 *   unix:///dev/log     one datagram an alert
 *
 * syslog has no answers.  Over TCP an alert counts as taken when the other end's kernel has
 * acknowledged its bytes; a connection that the other end has closed is made anew, and what had not
 * been acknowledged goes again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/buf.h"
#include "exfild/base/str.h"
#include "exfild/bus/wire.h"
#include "exfild/sink/sink.h"

#define TIMEOUT_MS 3000
#define FACILITY   16 /* local0 */
#define BATCH      64

extern const struct sink_type sink_syslog;

struct syslog_sink {
	struct wire *wire;
	char host[256], ca_file[1024], sensor[64];
	uint16_t port;
	bool is_unix, is_udp, is_tls, is_cef;
	const atomic_bool *stop;
	struct buf out;
	struct sink_health health;
};

/* --- where ------------------------------------------------------------------------------- */

static bool take_host(struct syslog_sink *s, const char *rest, uint16_t usual_port)
{
	const char *close = rest[0] == '[' ? strchr(rest, ']') : NULL;
	const char *colon = strchr(close ? close : rest, ':');
	const char *start = close ? rest + 1 : rest;
	const char *end = close ? close : colon ? colon : rest + strlen(rest);
	uint64_t port = usual_port;
	size_t len = (size_t)(end - start);
	if (len == 0 || len >= sizeof(s->host) ||
	    (colon && str_parse_u64(colon + 1, 1, UINT16_MAX, &port) < 0))
		return false;
	memcpy(s->host, start, len);
	s->host[len] = '\0';
	s->port = (uint16_t)port;
	return true;
}

static bool take_url(struct syslog_sink *s, const char *url)
{
	static const struct {
		const char *scheme;
		uint16_t port;
		bool is_udp, is_tls;
	} kinds[] = { { "udp://", 514, true, false },
		      { "tcp://", 601, false, false },
		      { "tls://", 6514, false, true } };
	if (strncmp(url, "unix://", 7) == 0) {
		s->is_unix = s->is_udp = true;
		return url[7] == '/' && str_copy(s->host, sizeof(s->host), url + 7);
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(url, kinds[i].scheme, 6) == 0) {
			s->is_udp = kinds[i].is_udp;
			s->is_tls = kinds[i].is_tls;
			return take_host(s, url + 6, kinds[i].port);
		}
	return false;
}

static int syslog_open(const struct sink_options *o, void **ret, char *ret_why, size_t why_size)
{
	struct syslog_sink *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(ret_why, why_size, "%s", exf_strerror(EXF_E_NOMEM));
		return -EXF_E_NOMEM;
	}
	buf_init(&s->out, (BATCH + 1) * (RECORD_TEXT_MAX + 512));
	s->stop = o->stop;
	s->is_cef = !o->syslog_format || strcmp(o->syslog_format, "json") != 0;
	(void)str_copy(s->sensor, sizeof(s->sensor), o->sensor_name ? o->sensor_name : "exfild");
	if (o->syslog_ca_file)
		(void)str_copy(s->ca_file, sizeof(s->ca_file), o->syslog_ca_file);
	if (!o->syslog_url || !take_url(s, o->syslog_url)) {
		snprintf(ret_why, why_size,
			 "sinks.syslog.url is udp://HOST[:PORT], tcp://, tls:// or unix:///PATH");
		free(s);
		return -EXF_E_INVALID;
	}
	*ret = s;
	return 0;
}

/* --- a message --------------------------------------------------------------------------- */

static unsigned priority(uint32_t severity)
{
	unsigned level = severity >= 99 ? 2 : severity >= 73 ? 3 : severity >= 47 ? 4 : 5;
	return FACILITY * 8 + level;
}

/* Letters of RFC 5424's header fields: no space, nothing that is not printable. */
static void put_word(struct buf *out, const char *text, size_t most)
{
	size_t n = 0;
	for (; n < most && text[n]; n++)
		buf_char(out, text[n] > 0x20 && text[n] < 0x7f ? text[n] : '_');
	if (!n)
		buf_char(out, '-');
}

static void put_message(const struct syslog_sink *s, const struct record *r, struct buf *out)
{
	enum record_text form = s->is_cef ? RECORD_CEF : RECORD_JSON;
	char stamp[40];
	buf_printf(out, "<%u>1 %s ", priority(r->severity),
		   str_time(stamp, sizeof(stamp), r->time_ns));
	put_word(out, s->sensor, 255);
	buf_str(out, " exfild - ");
	put_word(out, r->text[RECORD_RULE].data, 32);
	/* 1 to 2^31 - 1, then from the begin (7.3.1) */
	buf_printf(out, " [meta sequenceId=\"%llu\"] ",
		   (unsigned long long)(r->sequence ? (r->sequence - 1) % INT32_MAX + 1 : 1));
	buf_add(out, r->text[form].data, r->text[form].len);
}

/* --- sending ----------------------------------------------------------------------------- */

static void note_error(struct syslog_sink *s, const char *what, const char *words)
{
	int err = errno;
	snprintf(s->health.error, sizeof(s->health.error), "cannot %s syslog at %.60s: %.60s", what,
		 s->host,
		 words[0] ? words :
		 err      ? strerror(err) :
			    "it has closed the connection");
}

static bool connect_now(struct syslog_sink *s)
{
	const struct wire_options o = { .host = s->host,
					.port = s->port,
					.is_unix = s->is_unix,
					.is_datagram = s->is_udp,
					.is_tls = s->is_tls,
					.ca_file = s->ca_file,
					.timeout_ms = TIMEOUT_MS,
					.stop = s->stop };
	char why[128];
	if (wire_open(&o, &s->wire, why, sizeof(why))) {
		note_error(s, "reach", why);
		s->wire = NULL;
		return false;
	}
	s->health.connects++;
	return true;
}

static size_t lost(struct syslog_sink *s, size_t taken)
{
	note_error(s, "send to", "");
	wire_close(s->wire);
	s->wire = NULL;
	return taken;
}

static uint64_t deadline(void)
{
	return wire_now_ns() + TIMEOUT_MS * 1000000ull;
}

static size_t put_datagrams(struct syslog_sink *s, struct record *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_reset(&s->out);
		put_message(s, list[i], &s->out);
		if (wire_write(s->wire, s->out.data, s->out.len, deadline()))
			return lost(s, i);
		s->health.sent++;
	}
	return count;
}

/* RFC 6587, 3.4.1: the length in bytes, a space, the message. */
static size_t put_stream(struct syslog_sink *s, struct record *const *list, size_t count)
{
	struct buf one;
	size_t n = count < BATCH ? count : BATCH;
	buf_init(&one, RECORD_TEXT_MAX + 512);
	buf_reset(&s->out);
	for (size_t i = 0; i < n; i++) {
		buf_reset(&one);
		put_message(s, list[i], &one);
		buf_printf(&s->out, "%zu ", one.len);
		buf_add(&s->out, one.data, one.len);
	}
	buf_deinit(&one);
	if (wire_write(s->wire, s->out.data, s->out.len, deadline()) ||
	    wire_settle(s->wire, deadline()))
		return lost(s, 0);
	s->health.sent += n;
	return n;
}

static size_t syslog_put(void *sink, struct record *const *list, size_t count)
{
	struct syslog_sink *s = sink;
	if (s->wire && !s->is_udp &&
	    !wire_is_idle(s->wire)) { /* closed, or it talks: it should not */
		wire_close(s->wire);
		s->wire = NULL;
	}
	if (!s->wire && !connect_now(s))
		return 0;
	size_t n = s->is_udp ? put_datagrams(s, list, count) : put_stream(s, list, count);
	if (n)
		s->health.error[0] = '\0';
	return n;
}

static void syslog_health(const void *sink, struct sink_health *ret)
{
	*ret = ((const struct syslog_sink *)sink)->health;
}

static void syslog_close(void *sink)
{
	struct syslog_sink *s = sink;
	if (!s)
		return;
	wire_close(s->wire);
	buf_deinit(&s->out);
	free(s);
}

const struct sink_type sink_syslog = {
	.name = "syslog",
	.open = syslog_open,
	.put = syslog_put,
	.health = syslog_health,
	.close = syslog_close,
};
