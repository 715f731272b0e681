/*
 * context/identity_file.c - lines about addresses: CSV or JSON.
 *
 * The first byte that is no blank and begins no comment says which of both it is.  CSV is columns
 * between commas without quotes, in the order address, host, user, ttl, since, or as a first line
 * of these names has them.  One line that is wrong refuses the file: half a table of leases would
 * put names to the wrong people.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "exfild/base/hash.h"
#include "exfild/base/str.h"
#include "identity.h"

#define FILE_MAX (32u << 20)
#define COLUMNS  5

enum field { FIELD_ADDRESS, FIELD_HOST, FIELD_USER, FIELD_TTL, FIELD_SINCE, FIELD__COUNT };

static const char *const field_names[FIELD__COUNT] = { "address", "host", "user", "ttl", "since" };

struct reader {
	const char *name;
	struct identity_list *list;
	uint32_t line;
	uint8_t columns[COLUMNS]; /* enum field of each */
	size_t column_count;
	bool is_json, has_begun;
	size_t column; /* of what is wrong, from 1 */
	char why[200];
};

static const char *take_name(char *dst, const char *text, bool is_host)
{
	for (const char *p = text; *p; p++) {
		unsigned char b = (unsigned char)*p;
		bool is_plain = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') ||
				(b >= '0' && b <= '9') || strchr("._-", b);
		if (is_host ? !is_plain : b < ' ' || b == 0x7f)
			return is_host ?
				       "a host's name has letters, digits, '.', '_' and '-' only" :
				       "a user's name has no control characters";
	}
	return str_copy(dst, IDENTITY_NAME, text) ? NULL : "longer than 63 bytes";
}

/* NULL, or what is wrong. */
static const char *take_field(struct identity *id, enum field f, const char *text)
{
	switch (f) {
	case FIELD_ADDRESS:
		return ipaddr_parse(text, &id->address) == 0 ?
			       NULL :
			       "an address is expected, such as 10.1.2.3 or 2001:db8::7";
	case FIELD_HOST:
		return take_name(id->host, text, true);
	case FIELD_USER:
		return take_name(id->user, text, false);
	case FIELD_TTL:
		if (!*text)
			return NULL;
		return str_parse_duration(text, &id->ttl_s) == 0 && id->ttl_s &&
				       id->ttl_s <= IDENTITY_TTL_MAX ?
			       NULL :
			       "a time from 1s to 366d is expected, such as 8h";
	default:
		if (!*text)
			return NULL;
		return str_parse_time(text, &id->since_ns) == 0 && id->since_ns ?
			       NULL :
			       "a time is expected, such as 2026-11-23T19:00:00Z";
	}
}

static int field_of(const char *text)
{
	for (int i = 0; i < FIELD__COUNT; i++)
		if (strcmp(field_names[i], text) == 0)
			return i;
	return -1;
}

static const char *check_whole(const struct identity *id, bool has_address)
{
	if (!has_address)
		return "there is no address";
	if (!id->host[0] && !id->user[0])
		return "there is neither a host nor a user";
	return NULL;
}

/* --- JSON ------------------------------------------------------------------------------------ */

/* Where the key stands, for people: the library does not say. */
static size_t column_of(const char *line, size_t len, const char *key)
{
	char quoted[80];
	int n = snprintf(quoted, sizeof(quoted), "\"%.60s\"", key);
	const char *at = n > 0 ? memmem(line, len, quoted, (size_t)n) : NULL;
	return at ? (size_t)(at - line) + 1 : 1;
}

static const char *take_value(struct identity *id, const char *key, const json_t *v)
{
	char number[32];
	int f = field_of(key);
	if (f < 0)
		return "no such key: address, host, user, ttl, since";
	if (json_is_integer(v) && (f == FIELD_TTL || f == FIELD_SINCE)) {
		(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(v));
		return take_field(id, (enum field)f, number);
	}
	return json_is_string(v) ? take_field(id, (enum field)f, json_string_value(v)) :
				   "a text is expected";
}

int identity_parse_json(const char *line, size_t len, struct identity *ret, size_t *ret_column,
			char *why, size_t size)
{
	json_error_t e;
	const char *key, *wrong = NULL;
	json_t *v, *top = json_loadb(line, len, JSON_REJECT_DUPLICATES, &e);
	bool has_address = false;
	memset(ret, 0, sizeof(*ret));
	*ret_column = 1;
	if (!top) {
		*ret_column = e.position > 0 ? (size_t)e.position : 1;
		(void)snprintf(why, size, "no JSON: %.120s", e.text);
		return -EXF_E_INVALID;
	}
	if (!json_is_object(top))
		wrong = "an object is expected: {...}";
	json_object_foreach(top, key, v)
	{
		wrong = take_value(ret, key, v);
		has_address = has_address || strcmp(key, "address") == 0;
		if (!wrong)
			continue;
		*ret_column = column_of(line, len, key);
		break;
	}
	if (!wrong)
		wrong = check_whole(ret, has_address);
	if (wrong)
		(void)snprintf(why, size, "%s", wrong);
	json_decref(top);
	return wrong ? -EXF_E_INVALID : 0;
}

/* --- CSV ------------------------------------------------------------------------------------- */

/* The next field without the blanks around it; *at moves behind its comma, NULL: it was the last.
 */
static char *next_field(char **at, size_t *ret_offset, const char *line)
{
	char *begin = *at + strspn(*at, " \t");
	char *comma = strchr(begin, ',');
	char *end = comma ? comma : begin + strlen(begin);
	*at = comma ? comma + 1 : NULL;
	while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	*ret_offset = (size_t)(begin - line) + 1;
	return begin;
}

static bool wrong_at(struct reader *r, size_t column, const char *what)
{
	r->column = column;
	(void)snprintf(r->why, sizeof(r->why), "%s", what);
	return false;
}

static bool take_header(struct reader *r, char *line)
{
	size_t offset, seen = 0;
	r->column_count = 0;
	for (char *at = line; at;) {
		int f = field_of(next_field(&at, &offset, line));
		if (f < 0)
			return wrong_at(r, offset,
					"a column is one of address, host, user, ttl, since");
		if (seen >> f & 1)
			return wrong_at(r, offset, "this column was named before");
		seen |= (size_t)1 << f;
		r->columns[r->column_count++] = (uint8_t)f;
	}
	return seen & 1 ? true : wrong_at(r, 1, "there is no column address");
}

static bool take_csv(struct reader *r, char *line, struct identity *id)
{
	size_t offset = 1, n = 0;
	bool has_address = false;
	for (char *at = line; at; n++) {
		char *text = next_field(&at, &offset, line);
		if (n == r->column_count)
			return wrong_at(r, offset, "more fields than columns");
		if (strchr(text, '"'))
			return wrong_at(r, offset, "fields have no quotes");
		const char *wrong = take_field(id, (enum field)r->columns[n], text);
		if (wrong)
			return wrong_at(r, offset, wrong);
		has_address = has_address || r->columns[n] == FIELD_ADDRESS;
	}
	const char *wrong = check_whole(id, has_address);
	return wrong ? wrong_at(r, 1, wrong) : true;
}

/* --- the file -------------------------------------------------------------------------------- */

static bool add(struct reader *r, const struct identity *id)
{
	struct identity_list *l = r->list;
	if (l->count == IDENTITY_LINES)
		return wrong_at(r, 1, "more than 65536 entries");
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 256;
		struct identity_line *more = realloc(l->lines, room * sizeof(*more));
		if (!more)
			return wrong_at(r, 1, "memory is exhausted");
		l->lines = more;
		l->room = room;
	}
	uint64_t hash = hash_bytes(&hash_key_fixed, id, sizeof(*id));
	l->lines[l->count++] = (struct identity_line){ *id, hash ? hash : 1, r->line };
	return true;
}

static bool take_line(struct reader *r, char *line, size_t len)
{
	struct identity id;
	char first[IDENTITY_LINE];
	memset(&id, 0, sizeof(id)); /* its padding is hashed too */
	if (!r->has_begun) {
		size_t offset;
		char *at = first;
		r->has_begun = true;
		r->is_json = line[strspn(line, " \t")] == '{';
		memcpy(first, line, len + 1);
		if (!r->is_json && field_of(next_field(&at, &offset, first)) >= 0)
			return take_header(r, line);
	}
	if (r->is_json ? identity_parse_json(line, len, &id, &r->column, r->why, sizeof(r->why)) :
			 !take_csv(r, line, &id))
		return false;
	return add(r, &id);
}

static int by_time(const void *a, const void *b)
{
	const struct identity_line *x = a, *y = b;
	if (x->id.since_ns != y->id.since_ns)
		return x->id.since_ns < y->id.since_ns ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

static bool seal_list(struct identity_list *l)
{
	l->hashes = calloc(l->count ? l->count : 1, sizeof(*l->hashes));
	if (!l->hashes)
		return false;
	if (l->count)
		qsort(l->lines, l->count, sizeof(*l->lines), by_time);
	for (size_t i = 0; i < l->count; i++)
		l->hashes[i] = l->lines[i].hash;
	qsort(l->hashes, l->count, sizeof(*l->hashes), by_value);
	return true;
}

bool identity_list_has(const struct identity_list *l, uint64_t hash)
{
	return l && bsearch(&hash, l->hashes, l->count, sizeof(hash), by_value);
}

static bool take_text(struct reader *r, const char *text, size_t len)
{
	char line[IDENTITY_LINE];
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;
		const char *from = text + at;
		at += n + 1;
		r->line++;
		if (n && from[n - 1] == '\r')
			n--;
		if (n >= sizeof(line))
			return wrong_at(r, sizeof(line), "a line longer than 1023 bytes");
		if (memchr(from, '\0', n))
			return wrong_at(r, 1, "a zero byte: this is no text");
		memcpy(line, from, n);
		line[n] = '\0';
		size_t blank = strspn(line, " \t");
		if (!line[blank] || line[blank] == '#')
			continue;
		if (!take_line(r, line, n))
			return false;
	}
	return true;
}

int identity_read_text(const char *name, const char *text, size_t len, struct identity_list **ret,
		       char *why, size_t size)
{
	struct reader r = { .name = name,
			    .columns = { FIELD_ADDRESS, FIELD_HOST, FIELD_USER, FIELD_TTL,
					 FIELD_SINCE },
			    .column_count = COLUMNS };
	r.list = calloc(1, sizeof(*r.list));
	if (!r.list) {
		(void)snprintf(why, size, "memory is exhausted");
		return -EXF_E_NOMEM;
	}
	if (take_text(&r, text, len) && seal_list(r.list)) {
		*ret = r.list;
		return 0;
	}
	(void)snprintf(why, size, "%s:%u:%zu: %s", name, r.line, r.column,
		       r.why[0] ? r.why : "memory is exhausted");
	identity_list_free(r.list);
	return -EXF_E_INVALID;
}

int identity_read(const char *path, struct identity_list **ret, char *why, size_t size)
{
	FILE *in = fopen(path, "re");
	char *text = malloc(FILE_MAX + 1);
	size_t len = in && text ? fread(text, 1, FILE_MAX + 1, in) : 0;
	int err = -EXF_E_IO;
	if (!in || !text || ferror(in))
		(void)snprintf(why, size, "%s: %s", path, text ? strerror(errno) : "no memory");
	else if (len > FILE_MAX)
		(void)snprintf(why, size, "%s: larger than 32 MiB", path);
	else
		err = identity_read_text(path, text, len, ret, why, size);
	if (in)
		(void)fclose(in);
	free(text);
	return err;
}

void identity_list_free(struct identity_list *l)
{
	if (!l)
		return;
	free(l->lines);
	free(l->hashes);
	free(l);
}

size_t identity_list_count(const struct identity_list *l)
{
	return l ? l->count : 0;
}
