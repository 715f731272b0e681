/*
 * inspect/smtp/mail.c - the content of one mail while it passes.
 */
#include "mail.h"

#include <string.h>
#include <strings.h>

#include "exfild/base/sketch.h"
#include "../content/magic.h"
#include "../content/scan.h"

enum field { FIELD_OTHER, FIELD_SUBJECT, FIELD_TYPE, FIELD_PLACE };

void mail_begin(struct mail *m)
{
	memset(m, 0, sizeof(*m));
	m->is_head = m->is_top = true;
	m->is_text = true;
}

static struct line trim(struct line l)
{
	while (l.len && (*l.data == ' ' || *l.data == '\t')) {
		l.data++;
		l.len--;
	}
	return l;
}

static void keep(struct mail_text *t, struct line l)
{
	t->len = (uint16_t)(l.len < sizeof(t->data) ? l.len : sizeof(t->data));
	if (t->len)
		memcpy(t->data, l.data, t->len);
}

/* The value of a parameter within a field: name=value or name="value". */
static struct line parameter(struct line l, const char *name)
{
	uint32_t n = (uint32_t)strlen(name);
	for (uint32_t i = 0; i + n < l.len; i++) {
		if (strncasecmp((const char *)l.data + i, name, n) != 0)
			continue;
		struct line value = { l.data + i + n, l.len - i - n };
		uint8_t until = *value.data == '"' ? '"' : ';';
		if (until == '"') {
			value.data++;
			value.len--;
		}
		const uint8_t *end = value.len ? memchr(value.data, until, value.len) : NULL;
		if (end)
			value.len = (uint32_t)(end - value.data);
		return value;
	}
	return (struct line){ NULL, 0 };
}

/* Of Content-Type and Content-Disposition, also of the lines that continue them. */
static void take_parameters(struct mail *m, struct line l)
{
	struct line boundary = parameter(l, "boundary=");
	struct line name = parameter(l, "name="); /* filename= too */
	if (boundary.len && boundary.len <= sizeof(m->boundary[0]) && m->boundaries < 3) {
		memcpy(m->boundary[m->boundaries], boundary.data, boundary.len);
		m->boundary_len[m->boundaries++] = (uint8_t)boundary.len;
	}
	if (name.len) {
		keep(&m->file_name, name);
		m->is_attachment = true;
	}
	if (line_has(&l, "attachment"))
		m->is_attachment = true;
}

static void take_field(struct mail *m, struct line name, struct line value)
{
	m->field = FIELD_OTHER;
	if (line_is(&name, "content-type")) {
		m->field = FIELD_TYPE;
		m->is_text = line_begins(&value, "text/");
		m->is_holder = line_begins(&value, "multipart/");
		keep(&m->declared, value);
		take_parameters(m, value);
	} else if (line_is(&name, "content-disposition")) {
		m->field = FIELD_PLACE;
		take_parameters(m, value);
	} else if (line_is(&name, "content-transfer-encoding")) {
		m->coding = line_begins(&value, "base64") ? MAIL_BASE64 :
			    line_begins(&value, "quoted") ? MAIL_QUOTED :
							    MAIL_PLAIN;
	} else if (!m->is_top) {
		return;
	} else if (line_is(&name, "subject")) {
		m->field = FIELD_SUBJECT;
		keep(&m->subject, value);
	} else if (line_is(&name, "x-mailer") || line_is(&name, "user-agent")) {
		m->head_marks |= MAIL_HAS_MAILER;
		keep(&m->mailer, value);
	} else if (line_is(&name, "message-id")) {
		m->head_marks |= MAIL_HAS_ID;
	} else if (line_is(&name, "received")) {
		m->head_marks |= MAIL_HAS_RECEIVED;
	} else if (line_is(&name, "in-reply-to") || line_is(&name, "references")) {
		m->head_marks |= MAIL_HAS_REPLY;
	} else if (line_begins(&name, "list-")) {
		m->head_marks |= MAIL_HAS_LIST;
	}
}

static void continue_field(struct mail *m, struct line l)
{
	if (m->field == FIELD_TYPE || m->field == FIELD_PLACE) {
		take_parameters(m, l);
	} else if (m->field == FIELD_SUBJECT) {
		uint32_t room = (uint32_t)sizeof(m->subject.data) - m->subject.len;
		uint32_t n = l.len < room ? l.len : room;
		memcpy(m->subject.data + m->subject.len, l.data, n);
		m->subject.len = (uint16_t)(m->subject.len + n);
	}
}

static void head_line(struct mail *m, struct line l)
{
	if (l.len == 0) {
		m->is_head = m->is_top = false;
		m->part_len = 0;
		m->part_seen = 0;
		m->carry_bits = 0;
		return;
	}
	if (*l.data == ' ' || *l.data == '\t') {
		continue_field(m, l);
		return;
	}
	const uint8_t *colon = memchr(l.data, ':', l.len);
	if (!colon)
		return;
	uint32_t n = (uint32_t)(colon - l.data);
	take_field(m, (struct line){ l.data, n }, trim((struct line){ colon + 1, l.len - n - 1 }));
}

static bool is_boundary(const struct mail *m, const struct line *l)
{
	if (l->len < 3 || l->data[0] != '-' || l->data[1] != '-')
		return false;
	for (unsigned i = 0; i < m->boundaries; i++)
		if (l->len >= m->boundary_len[i] + 2u &&
		    memcmp(l->data + 2, m->boundary[i], m->boundary_len[i]) == 0)
			return true;
	return false;
}

static bool is_file(const struct mail *m)
{
	return !m->is_holder && (m->is_attachment || !m->is_text);
}

static void take_sums(struct inspection *in, struct mail *m, const uint8_t *data, uint32_t len)
{
	filesums_take(in, &m->sum, data, len);
	filesums_take(in, &m->wire_sum, data, len);
}

static void add_sum(struct inspection *in, struct mail *m)
{
	if (!m->is_break)
		take_sums(in, m, m->run + m->summed, (uint32_t)(m->run_len - m->summed));
	m->summed = m->run_len;
}

/* The end of a line of text is in the file if another line follows, as the system of the file
 * writes it. */
static void add_break(struct inspection *in, struct mail *m)
{
	if (!m->has_break)
		return;
	m->has_break = false;
	m->has_lines = true;
	filesums_take(in, &m->sum, (const uint8_t *)"\n", 1);
	filesums_take(in, &m->wire_sum, (const uint8_t *)"\r\n", 2);
}

static void begin_sum(struct inspection *in, struct mail *m)
{
	m->has_break = m->has_lines = false;
	add_sum(in, m);
	if (m->coding == MAIL_BASE64 ? !m->is_holder : is_file(m))
		filesums_begin(in, &m->sum);
	if (m->coding != MAIL_BASE64 && is_file(m))
		filesums_begin(in, &m->wire_sum);
}

void mail_scan(struct inspection *in, struct mail *m, bool is_over)
{
	static const struct scan_source source = { .carrier = "smtp", .app = APP_SMTP };
	add_sum(in, m);
	scan_take(in, &source, m->run, m->run_len);
	m->run_len = m->summed = 0;
	if (is_over)
		scan_end(in, &source);
}

static void add_byte(struct inspection *in, struct mail *m, uint8_t b)
{
	m->run[m->run_len++] = b;
	if (m->run_len == sizeof(m->run))
		mail_scan(in, m, false);
	m->part_seen++;
	if (m->part_len < sizeof(m->part))
		m->part[m->part_len++] = b;
	bool is_kept = m->is_text && !m->is_attachment && !m->was_text;
	if (is_kept && m->text_len < sizeof(m->text))
		m->text[m->text_len++] = b;
}

static int base64_value(uint8_t b)
{
	if (b >= 'A' && b <= 'Z')
		return b - 'A';
	if (b >= 'a' && b <= 'z')
		return b - 'a' + 26;
	if (b >= '0' && b <= '9')
		return b - '0' + 52;
	return b == '+' ? 62 : b == '/' ? 63 : -1;
}

static void add_base64(struct inspection *in, struct mail *m, struct line l)
{
	for (uint32_t i = 0; i < l.len; i++) {
		int v = base64_value(l.data[i]);
		if (v < 0)
			continue;
		m->carry = m->carry << 6 | (uint32_t)v;
		m->carry_bits = (uint8_t)(m->carry_bits + 6);
		if (m->carry_bits >= 8) {
			m->carry_bits = (uint8_t)(m->carry_bits - 8);
			add_byte(in, m, (uint8_t)(m->carry >> m->carry_bits));
		}
	}
}

static int hex_value(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

/* A line, plain or quoted-printable (RFC 2045, 6.7); false: it goes on in the next one. */
static bool add_line(struct inspection *in, struct mail *m, struct line l)
{
	for (uint32_t i = 0; i < l.len; i++) {
		if (m->coding == MAIL_QUOTED && l.data[i] == '=') {
			if (i + 1 == l.len)
				return false; /* a soft break */
			int high = i + 2 < l.len ? hex_value(l.data[i + 1]) : -1;
			int low = i + 2 < l.len ? hex_value(l.data[i + 2]) : -1;
			if (high >= 0 && low >= 0) {
				add_byte(in, m, (uint8_t)(high << 4 | low));
				i += 2;
				continue;
			}
		}
		add_byte(in, m, l.data[i]);
	}
	return true;
}

static void add_text(struct inspection *in, struct mail *m, struct line l)
{
	add_break(in, m);
	bool is_ended = add_line(in, m, l);
	add_sum(in, m);
	if (!is_ended)
		return;
	m->has_break = m->is_break = true;
	add_byte(in, m, '\n');
	add_sum(in, m);
	m->is_break = false;
}

static void put_file(struct inspection *in, struct mail *m, enum file_type type)
{
	struct event_file *e = inspect_event(in, EVENT_FILE, sizeof(*e));
	if (e->e.app == APP_UNKNOWN)
		e->e.app = APP_SMTP;
	e->type = (uint8_t)type;
	e->is_end = true;
	e->is_complete = true;
	e->is_attachment = true;
	e->entropy =
		m->part_len >= MAGIC_NOISE_MIN ? (float)entropy_bytes(m->part, m->part_len) : 0;
	e->size = UINT64_MAX;
	e->seen = m->part_seen;
	event_log_str(in->log, &e->carrier, "smtp", 4, 4);
	if (m->file_name.len)
		event_log_str(in->log, &e->name, m->file_name.data, m->file_name.len,
			      m->file_name.len);
	if (m->declared.len)
		event_log_str(in->log, &e->declared, m->declared.data, m->declared.len,
			      m->declared.len);
	event_log_commit(in->log);
}

static void put_sum(struct inspection *in, const struct mail *m, struct event_file_hash *e)
{
	if (!e)
		return;
	if (e->e.app == APP_UNKNOWN)
		e->e.app = APP_SMTP;
	e->e.from_server = 0; /* whichever packet closed it */
	event_log_str(in->log, &e->carrier, "smtp", 4, 4);
	if (m->file_name.len)
		event_log_str(in->log, &e->name, m->file_name.data, m->file_name.len,
			      m->file_name.len);
	event_log_commit(in->log);
}

static void put_sums(struct inspection *in, struct mail *m, bool is_whole)
{
	add_break(in, m);
	add_sum(in, m);
	put_sum(in, m, filesums_end(in, &m->sum, is_whole));
	if (m->has_lines)
		put_sum(in, m, filesums_end(in, &m->wire_sum, is_whole));
	filesums_drop(in, &m->wire_sum);
}

void mail_end(struct inspection *in, struct mail *m, bool is_whole)
{
	bool has_file = !m->is_head && m->part_seen && is_file(m);
	if (m->is_text && !m->is_attachment && m->text_len)
		m->was_text = true;
	put_sums(in, m, is_whole);
	if (!has_file)
		return;
	enum file_type type = file_type_of(m->part, m->part_len);
	bool is_dull = m->attachment_type == FILE_UNKNOWN || m->attachment_type == FILE_TEXT;
	if (m->attachments < UINT8_MAX)
		m->attachments++;
	if (is_dull || m->attachments == 1) {
		m->attachment_type = (uint8_t)type;
		m->best_name = m->file_name;
	}
	put_file(in, m, type);
}

void mail_line(struct inspection *in, struct mail *m, struct line l)
{
	m->size += l.len + 2;
	if (is_boundary(m, &l)) {
		m->has_break = false; /* that before it is its own */
		mail_end(in, m, true);
		add_byte(in, m, '\n');
		m->is_head = true;
		m->is_attachment = false;
		m->is_text = true;
		m->is_holder = false;
		m->coding = MAIL_PLAIN;
		m->field = FIELD_OTHER;
		m->file_name.len = m->declared.len = 0;
		m->part_seen = 0;
		m->part_len = 0;
	} else if (m->is_head) {
		head_line(m, l);
		if (!m->is_head)
			begin_sum(in, m);
	} else if (m->coding == MAIL_BASE64) {
		add_base64(in, m, l);
	} else {
		add_text(in, m, l);
	}
}

void mail_gap(struct inspection *in, struct mail *m, uint32_t missing)
{
	mail_scan(in, m, true);
	m->size += missing;
	m->carry_bits = 0;
	filesums_break(in, &m->sum);
	filesums_break(in, &m->wire_sum);
}
