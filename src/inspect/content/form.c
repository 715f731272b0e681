/*
 * inspect/content/form.c - what a posted body is made of.
 */
#include "form.h"

#include <string.h>
#include <strings.h>

#include "exfild/base/cursor.h"
#include "magic.h"
#include "text.h"

#define FIELDS_MAX   64
#define BOUNDARY_MAX 72 /* 70 (RFC 2046, 5.1.1), "--" */
#define VALUE_MAX    256
#define NAME_MAX_LEN 128

static bool is_one_of(const uint8_t *name, size_t len, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == len && strncasecmp((const char *)name, list[i], len) == 0)
			return true;
	return false;
}

#define ONE_OF(name, len, list) is_one_of(name, len, list, sizeof(list) / sizeof((list)[0]))

/* Names as programs give them that report about a machine; those of ordinary logins as well. */
static const char *const credential_names[] = {
	"user",   "username", "usr",    "login",   "uname",       "pass", "password",
	"passwd", "pwd",      "pswd",   "email",   "creds",       "cred", "passwords",
	"logins", "cookies",  "wallet", "wallets", "credentials",
};
static const char *const machine_names[] = {
	"hwid",    "pc",         "pcname",     "pc_name",    "computer",   "computername",
	"comp",    "cname",      "hostname",   "os",         "osver",      "os_version",
	"win",     "winver",     "guid",       "uuid",       "botid",      "bot_id",
	"bot",     "build",      "buildid",    "ip",         "wanip",      "localip",
	"mac",     "macaddress", "av",         "antivirus",  "cpu",        "gpu",
	"ram",     "arch",       "bits",       "domain",     "workgroup",  "country",
	"machine", "machineid",  "configid",   "machine_id", "systeminfo", "sysinfo",
	"hdd",     "screen",     "screenshot", "admin",      "isadmin",    "priv",
	"victim",  "clipboard",  "keylog",     "keystrokes", "info",
};
static const char *const command_names[] = {
	"cmd", "command", "exec", "execute", "shell", "run", "code", "c", "do", "z0", "console",
};

static bool has_value(const uint8_t *value, size_t len)
{
	for (size_t i = 0; value && i < len; i++)
		if (value[i] != ' ' && value[i] != '=' && value[i] != '\r' && value[i] != '\n')
			return true;
	return false;
}

static void count_field(struct form *f, const uint8_t *name, size_t name_len, const uint8_t *value,
			size_t value_len)
{
	uint8_t plain[VALUE_MAX];
	size_t n = 0;
	if (f->fields < UINT8_MAX)
		f->fields++;
	if (!has_value(value, value_len))
		return;
	f->credential_fields += ONE_OF(name, name_len, credential_names);
	f->machine_fields += ONE_OF(name, name_len, machine_names);
	f->command_fields += ONE_OF(name, name_len, command_names);
	for (size_t i = 0; i < value_len && n < sizeof(plain); i++) {
		unsigned high = 0, low = 0;
		bool is_coded = value[i] == '%' && i + 2 < value_len &&
				(high = (unsigned)value[i + 1]) && (low = (unsigned)value[i + 2]);
		if (is_coded && high == '2' && low == '0') {
			plain[n++] = ' ';
			i += 2;
		} else {
			plain[n++] = value[i];
		}
	}
	if (content_is_command(plain, n))
		f->marks |= CONTENT_COMMAND;
}

static bool is_name(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] <= ' ' || at[i] >= 0x7f)
			return false;
	return len > 0 && len <= NAME_MAX_LEN;
}

/* name=value&name=value; false: this is no such form. */
static bool read_fields(struct form *f, const uint8_t *data, size_t len)
{
	struct cursor c = cursor_make(data, len);
	unsigned filled = 0;
	while (cursor_left(&c) && f->fields < FIELDS_MAX) {
		const uint8_t *at = c.pos;
		const uint8_t *end = memchr(at, '&', cursor_left(&c));
		size_t n = end ? (size_t)(end - at) : cursor_left(&c);
		const uint8_t *equals = memchr(at, '=', n);
		size_t name = equals ? (size_t)(equals - at) : 0;
		if (!equals && !end && f->fields)
			break; /* what was looked at ends within a name */
		if (!is_name(at, name))
			return false;
		count_field(f, at, name, equals + 1, n - name - 1);
		filled += has_value(equals + 1, n - name - 1);
		cursor_skip(&c, n + (end != NULL));
	}
	f->form = FORM_FIELDS;
	f->is_one_value = filled == 1;
	return filled > 0;
}

/* A parameter of a header's value, its quotes taken off: name="x.zip". */
static struct form_text parameter(const uint8_t *line, size_t len, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i + n < len; i++) {
		if ((i && line[i - 1] != ' ' && line[i - 1] != ';') ||
		    strncasecmp((const char *)line + i, name, n) != 0)
			continue;
		const uint8_t *at = line + i + n;
		size_t left = len - i - n;
		uint8_t until = *at == '"' ? '"' : ';';
		if (until == '"')
			at++, left--;
		const uint8_t *end = memchr(at, until, left);
		return (struct form_text){ at, end ? (size_t)(end - at) : left };
	}
	return (struct form_text){ NULL, 0 };
}

static struct form_text field_line(const uint8_t *head, size_t len, const char *name)
{
	size_t n = strlen(name);
	while (len > n) {
		const uint8_t *lf = memchr(head, '\n', len);
		size_t line = lf ? (size_t)(lf - head) : len;
		if (line > n && strncasecmp((const char *)head, name, n) == 0) {
			size_t value = line - n;
			if (head[line - 1] == '\r')
				value--;
			return (struct form_text){ head + n, value };
		}
		if (!lf)
			break;
		head += line + 1;
		len -= line + 1;
	}
	return (struct form_text){ NULL, 0 };
}

struct form_text form_file_name(const uint8_t *head, size_t len)
{
	struct form_text where = field_line(head, len, "content-disposition:");
	return where.data ? parameter(where.data, where.len, "filename=") : where;
}

static bool has_word(const char *type, size_t len, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(type + i, word, n) == 0)
			return true;
	return false;
}

struct form_text form_boundary(const char *type, size_t len)
{
	struct form_text b = { NULL, 0 };
	if (has_word(type, len, "multipart/"))
		b = parameter((const uint8_t *)type, len, "boundary=");
	if (b.len == 0 || b.len > BOUNDARY_MAX)
		b.data = NULL;
	return b;
}

static void read_part(struct form *f, const uint8_t *part, size_t len, const uint8_t *next)
{
	const uint8_t *blank = memmem(part, len, "\r\n\r\n", 4);
	if (!blank)
		return;
	size_t head = (size_t)(blank - part);
	const uint8_t *value = blank + 4;
	size_t value_len = (size_t)((next ? next : part + len) - value);
	struct form_text where = field_line(part, head, "content-disposition:");
	struct form_text name = { NULL, 0 }, file = form_file_name(part, head);
	if (where.data)
		name = parameter(where.data, where.len, "name=");
	if (!file.data) {
		if (name.data)
			count_field(f, name.data, name.len, value, value_len);
		return;
	}
	if (file.len == 0 && !has_value(value, value_len))
		return; /* no file was chosen */
	if (f->files < UINT8_MAX)
		f->files++;
	enum file_type type = file_type_of(value, value_len);
	bool is_better = f->file_type == FILE_UNKNOWN || f->file_type == FILE_TEXT;
	if (!f->file_name.data || (is_better && type != FILE_UNKNOWN && type != FILE_TEXT)) {
		f->file_name = file;
		f->file_declared = field_line(part, head, "content-type:");
		f->file_type = (uint8_t)type;
	}
}

static bool read_multipart(struct form *f, const uint8_t *data, size_t len, const char *type,
			   size_t type_len)
{
	uint8_t mark[BOUNDARY_MAX + 2] = "--";
	struct form_text b = form_boundary(type, type_len);
	if (!b.data)
		return false;
	memcpy(mark + 2, b.data, b.len);
	size_t n = b.len + 2;
	const uint8_t *end = data + len;
	const uint8_t *at = memmem(data, len, mark, n);
	while (at && f->fields + f->files < FIELDS_MAX) {
		at += n;
		const uint8_t *next = memmem(at, (size_t)(end - at), mark, n);
		const uint8_t *stop = next && next - at >= 2 ? next - 2 : next; /* its CRLF */
		read_part(f, at, (size_t)((stop ? stop : end) - at), stop);
		at = next;
	}
	f->form = FORM_MULTIPART;
	return true;
}

void form_read(struct form *f, const uint8_t *data, size_t len, const char *type, size_t type_len)
{
	memset(f, 0, sizeof(*f));
	if (len == 0)
		return;
	if (read_multipart(f, data, len, type, type_len))
		return;
	if (has_word(type, type_len, "json") || data[0] == '{' || data[0] == '[')
		f->form = FORM_JSON;
	else if (has_word(type, type_len, "xml") || data[0] == '<')
		f->form = FORM_XML;
	else if (!read_fields(f, data, len))
		memset(f, 0, sizeof(*f)); /* FORM_RAW */
}
