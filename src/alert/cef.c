/*
 * alert/cef.c - the alert in ArcSight's Common Event Format, version 0, for syslog.
 *
 * "Implementing ArcSight Common Event Format": in the header bars and backslashes are escaped, in
 * the extension equal signs and backslashes, and a line's end is \n.
 */
#include <inttypes.h>
#include <string.h>

#include "exfild/alert/alert.h"
#include "words.h"

#define TEXT_MAX 1023 /* of msg and the like, as ArcSight takes them */

static void put_escaped(struct buf *out, const char *text, const char *special, size_t most)
{
	for (size_t i = 0; i < most && text[i]; i++) {
		if (text[i] == '\n' || text[i] == '\r') {
			buf_str(out, "\\n");
			continue;
		}
		if ((unsigned char)text[i] < 0x20)
			continue;
		if (text[i] == '\\' || strchr(special, text[i]))
			buf_char(out, '\\');
		buf_char(out, text[i]);
	}
}

static void put_header(struct buf *out, const char *text)
{
	buf_char(out, '|');
	put_escaped(out, text ? text : "", "|", 200);
}

static void put_text(struct buf *out, const char *key, const char *text)
{
	if (!text || !text[0])
		return;
	buf_printf(out, " %s=", key);
	put_escaped(out, text, "=", TEXT_MAX);
}

static void put_number(struct buf *out, const char *key, uint64_t number)
{
	if (number)
		buf_printf(out, " %s=%" PRIu64, key, number);
}

/* Addresses of version 6 have keys of their own. */
static void put_ip(struct buf *out, const struct finding_end *end, const char *four,
		   const char *six, const char *label)
{
	char text[IPADDR_TEXT_MAX];
	if (!end->has_ip)
		return;
	bool is_v4 = ipaddr_is_v4(&end->ip);
	put_text(out, is_v4 ? four : six, ipaddr_print(&end->ip, text, sizeof(text)));
	if (!is_v4)
		buf_printf(out, " %sLabel=%s", six, label);
}

static void put_ends(const struct alert *a, struct buf *out)
{
	const struct finding *f = &a->finding;
	put_ip(out, &f->subject, "src", "c6a2", "Source IPv6 Address");
	put_ip(out, &f->peer, "dst", "c6a3", "Destination IPv6 Address");
	put_number(out, "spt", f->subject.port);
	put_number(out, "dpt", f->peer.port);
	put_text(out, "shost", a->source_name);
	put_text(out, "suser", a->source_user);
	put_text(out, "dhost", f->domain[0] ? f->domain : a->destination_name);
	if (f->subject.has_mac)
		buf_printf(out, " smac=%02x:%02x:%02x:%02x:%02x:%02x", f->subject.mac[0],
			   f->subject.mac[1], f->subject.mac[2], f->subject.mac[3],
			   f->subject.mac[4], f->subject.mac[5]);
	put_number(out, "out", f->subject.bytes);
	put_number(out, "in", f->peer.bytes);
	put_text(out, "proto", words_transport(f->proto));
}

/* One key for a digest: the surest that there is. */
static void put_file(const struct finding_file *f, struct buf *out)
{
	put_text(out, "fname", f->name);
	put_number(out, "fsize", f->size);
	put_text(out, "fileHash", f->sha256[0] ? f->sha256 : f->sha1[0] ? f->sha1 : f->md5);
}

static unsigned severity_of(enum severity s)
{
	return s >= SEVERITY_CRITICAL ? 10 : s >= SEVERITY_HIGH ? 8 : s >= SEVERITY_MEDIUM ? 5 : 2;
}

static void put_custom(const struct alert *a, const struct alert_options *o, struct buf *out)
{
	const struct finding *f = &a->finding;
	char techniques[64] = "";
	for (unsigned i = 0, len = 0; i < FINDING_TECHNIQUES && f->techniques[i]; i++) {
		finding_text(techniques + len, sizeof(techniques) - len, "%s%s", i ? "," : "",
			     f->techniques[i]);
		len = (unsigned)strlen(techniques);
	}
	put_text(out, "externalId", a->event_id);
	buf_str(out, " cs1Label=alertId");
	put_text(out, "cs1", a->alert_id);
	if (techniques[0]) {
		buf_str(out, " cs2Label=attackTechnique");
		put_text(out, "cs2", techniques);
	}
	buf_str(out, " cs3Label=session");
	put_text(out, "cs3", o->session ? o->session : "replay");
	buf_printf(out, " cn1Label=sequence cn1=%" PRIu64 " cn2Label=revision cn2=%u", a->sequence,
		   a->revision);
	put_text(out, "dvchost", o->sensor_name ? o->sensor_name : "exfild");
}

void alert_cef(const struct alert *a, const struct alert_options *o, struct buf *out)
{
	const struct finding *f = &a->finding;
	struct buf words;
	buf_str(out, "CEF:0");
	put_header(out, "exfild");
	put_header(out, "exfild");
	put_header(out, EXFILD_VERSION);
	put_header(out, f->rule);
	put_header(out, f->title);
	buf_printf(out, "|%u|rt=%" PRIu64, severity_of(f->severity), f->time_ns / 1000000);
	buf_printf(out, " start=%" PRIu64 " end=%" PRIu64 " cnt=%" PRIu64, f->start_ns / 1000000,
		   f->end_ns / 1000000, a->count);
	put_text(out, "cat", finding_class_name(f->class));
	put_ends(a, out);
	put_file(&f->file, out);
	put_custom(a, o, out);
	buf_init(&words, 2048);
	words_message(a, &words);
	put_text(out, "msg", words.len ? words.data : NULL);
	buf_deinit(&words);
}
