/*
 * intel/load.c - a set from its feeds.
 *
 * Each feed is read by the reader of its form into the one set.  A feed that has become empty,
 * has lost more than half of a hundred or more, or cannot be read is held: what it gave is taken
 * out again and what it had in the set before comes in its place.  That is how a download that went
 * wrong at night does not blind the sensor.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/str.h"
#include "private.h"

#define HEAD_SIZE   16384u
#define HALVED_FROM 100u
#define NS_PER_S    1000000000ull

struct load_facts load_facts_at(uint32_t line)
{
	return (struct load_facts){ .line = line, .confidence = -1 };
}

void load_report(struct load *l, enum load_trouble what, uint32_t line, const char *fmt, ...)
{
	struct intel_feed *feed = l->feed;
	va_list ap;
	feed->broken += what == LOAD_BROKEN;
	feed->guarded += what == LOAD_GUARDED;
	feed->unsupported += what == LOAD_UNSUPPORTED;
	if (feed->report_count == INTEL_REPORT_MAX)
		return;
	struct intel_report_line *report = &feed->reports[feed->report_count++];
	report->line = line;
	va_start(ap, fmt);
	(void)vsnprintf(report->why, sizeof(report->why), fmt, ap);
	va_end(ap);
}

uint32_t load_time(const char *text, size_t len)
{
	char copy[40];
	uint64_t ns;
	while (len && *text == ' ')
		text++, len--;
	if (len > 4 && strncmp(text + len - 4, " UTC", 4) == 0)
		len -= 4;
	if (len == 0 || len > sizeof(copy) - 2)
		return 0;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (len > 10 && copy[10] == ' ')
		copy[10] = 'T';
	char *zone = len > 10 ? strpbrk(copy + 10, "+Z") : NULL;
	if (zone)
		*zone = '\0'; /* +00:00: feeds speak UTC */
	if (strlen(copy) > 10 && copy[10] == 'T') {
		size_t n = strlen(copy);
		copy[n] = 'Z';
		copy[n + 1] = '\0';
	}
	if (str_parse_time(copy, &ns) != 0 || ns / NS_PER_S > UINT32_MAX)
		return 0;
	return (uint32_t)(ns / NS_PER_S);
}

static uint32_t end_of(const struct load *l, const struct load_facts *facts, uint32_t first_s)
{
	uint64_t until_s = (uint64_t)first_s + l->source->expires_s;
	if (facts->until_s)
		return facts->until_s;
	return first_s && l->source->expires_s && until_s < UINT32_MAX ? (uint32_t)until_s : 0;
}

static void add(struct load *l, const struct intel_item *item, const void *value, size_t len)
{
	switch (intel_add(l->x, item, value, len)) {
	case INTEL_ADDED:
		break;
	case INTEL_REPEATED:
		l->feed->repeated++;
		break;
	case INTEL_FULL:
		l->feed->left_out++;
		break;
	case INTEL_NO_MEMORY:
		l->is_out_of_memory = true;
		break;
	}
}

/* The largest network that begins at a and ends at or before last. */
static unsigned block_at(const struct ipaddr *a, const struct ipaddr *last)
{
	unsigned bits = 128;
	while (bits > 0) {
		struct ipaddr end = *a;
		unsigned bit = bits - 1;
		if (a->u.b[bit / 8] >> (7 - bit % 8) & 1)
			break; /* it does not begin there */
		for (unsigned i = bit; i < 128; i++)
			end.u.b[i / 8] |= (uint8_t)(1u << (7 - i % 8));
		if (ipaddr_cmp(&end, last) > 0)
			break;
		bits--;
	}
	return bits;
}

/* Past the block; false: there is none behind it. */
static bool step_past(struct ipaddr *a, unsigned bits)
{
	for (unsigned i = bits; i-- > 0;) {
		uint8_t mask = (uint8_t)(1u << (7 - i % 8));
		a->u.b[i / 8] ^= mask;
		if (a->u.b[i / 8] & mask)
			return true;
	}
	return false;
}

static const char *guard(const struct load *l, enum intel_kind kind, const void *value, size_t len)
{
	return l->o->guard ? l->o->guard(l->o->guard_arg, kind, value, len) : NULL;
}

/* A range as the networks that make it up, at most 254 of them. */
static void add_range(struct load *l, struct intel_item *item, const struct intel_value *v)
{
	struct ipaddr at;
	const char *why = NULL;
	memcpy(at.u.b, v->bytes, 16);
	do {
		uint8_t value[17];
		unsigned bits = block_at(&at, &v->last);
		memcpy(value, at.u.b, 16);
		value[16] = (uint8_t)bits;
		item->kind = bits == 128 ? INTEL_ADDRESS : INTEL_PREFIX;
		why = guard(l, item->kind, value, bits == 128 ? 16 : 17);
		if (why)
			break;
		add(l, item, value, bits == 128 ? 16 : 17);
		if (!step_past(&at, bits))
			break;
	} while (ipaddr_cmp(&at, &v->last) <= 0);
	if (why)
		load_report(l, LOAD_GUARDED, item->line, "the range is held back: %s", why);
}

void load_parsed(struct load *l, const struct intel_value *v, const struct load_facts *facts)
{
	uint32_t file_s = l->o->dates_by_file && l->feed->file_s <= UINT32_MAX ?
				  (uint32_t)l->feed->file_s :
				  0;
	uint32_t first_s = facts->first_s ? facts->first_s : file_s;
	struct intel_item item = {
		.first_s = facts->first_s,
		.until_s = end_of(l, facts, first_s),
		.line = facts->line,
		.note = facts->note ? intel_add_note(l->x, facts->note, facts->note_len) : 0,
		.feed = l->number,
		.port = v->port,
		.kind = (uint8_t)v->kind,
		.confidence =
			facts->confidence >= 0 ? (uint8_t)facts->confidence : l->source->confidence,
		.tlp = (unsigned)facts->tlp & 15,
		.severity = (unsigned)facts->severity & 15,
		.flags = v->flags,
	};
	if (v->kind == INTEL_DOMAIN && (facts->below || l->source->below))
		item.flags |= INTEL_BELOW;
	if (facts->is_gone)
		item.flags |= INTEL_GONE;
	if (v->is_range) {
		add_range(l, &item, v);
		return;
	}
	const char *why = facts->is_gone ? NULL : guard(l, v->kind, v->bytes, v->len);
	if (why) {
		char text[INTEL_TEXT_MAX];
		(void)str_escape(text, sizeof(text), v->bytes, v->len);
		load_report(l, LOAD_GUARDED, facts->line, "%s%sheld back: %s",
			    v->kind == INTEL_DOMAIN ? text : "", v->kind == INTEL_DOMAIN ? " " : "",
			    why);
		return;
	}
	add(l, &item, v->bytes, v->len);
}

void load_value(struct load *l, const char *text, size_t len, const struct load_facts *facts)
{
	struct intel_value v;
	const char *why;
	enum intel_kind kind = facts->kind ? facts->kind : l->source->kind;
	intel_parse_value(text, len, kind, &v, &why);
	if (v.kind == INTEL_NONE) {
		char shown[80];
		(void)str_escape(shown, sizeof(shown), text, len > 40 ? 40 : len);
		load_report(l, LOAD_BROKEN, facts->line, "\"%s\" %s", shown, why);
		return;
	}
	load_parsed(l, &v, facts);
}

/* ---- a feed ---- */

static bool fail(struct load *l, const char *what)
{
	(void)snprintf(l->feed->error, sizeof(l->feed->error), "%s: %s", what, strerror(errno));
	return false;
}

static bool read_form(struct load *l, FILE *f)
{
	switch (l->feed->format) {
	case INTEL_CSV:
		return load_csv(l, f);
	case INTEL_STIX:
		return load_json(l, f);
	case INTEL_MISP: {
		int c = getc(f);
		rewind(f);
		return c == '{' || c == '[' ? load_json(l, f) : load_csv(l, f);
	}
	case INTEL_ZEEK:
		return load_zeek(l, f);
	case INTEL_SURICATA:
		return load_suricata(l, f);
	case INTEL_RPZ:
		return load_rpz(l, f);
	case INTEL_HOSTS:
		return load_hosts(l, f);
	default:
		return load_plain(l, f);
	}
}

static bool read_feed(struct load *l)
{
	struct stat info;
	char *head = malloc(HEAD_SIZE);
	FILE *f = fopen(l->source->file, "re");
	bool ok = head && f && fstat(fileno(f), &info) == 0;
	if (!ok) {
		(void)fail(l, "cannot be read");
	} else if (!S_ISREG(info.st_mode)) {
		(void)snprintf(l->feed->error, sizeof(l->feed->error), "is no file");
		ok = false;
	} else {
		l->feed->file_s = (uint64_t)info.st_mtim.tv_sec;
		size_t len = fread(head, 1, HEAD_SIZE, f);
		if (l->feed->format == INTEL_AUTO)
			l->feed->format = intel_guess(head, len);
		rewind(f);
		ok = read_form(l, f);
		if (ok && ferror(f))
			ok = fail(l, "reading it failed");
	}
	if (f)
		(void)fclose(f);
	free(head);
	return ok;
}

static const struct intel_feed *feed_before(const struct intel_options *o, const char *name,
					    uint16_t *ret_number)
{
	for (size_t i = 0; o->before && i < o->before->feed_count; i++) {
		if (strcmp(o->before->feeds[i].name, name) != 0)
			continue;
		*ret_number = (uint16_t)i;
		return &o->before->feeds[i];
	}
	return NULL;
}

/* Whether what was read must not take the place of what there is. */
static bool is_to_be_held(struct load *l, bool was_read, const struct intel_feed *before)
{
	struct intel_feed *feed = l->feed;
	if (!was_read)
		return true;
	if (l->source->is_local)
		return false;
	if (feed->items == 0 && feed->left_out == 0 && feed->repeated == 0)
		(void)snprintf(feed->error, sizeof(feed->error), "has no indicator in it");
	else if (before && before->items >= HALVED_FROM && feed->items < before->items / 2 &&
		 feed->left_out == 0)
		(void)snprintf(feed->error, sizeof(feed->error),
			       "has %u indicators, less than half of the %u before", feed->items,
			       before->items);
	return feed->error[0] != '\0';
}

static int copy_before(struct intel *fresh, const struct load *l, uint16_t from)
{
	const struct intel *before = l->o->before;
	for (uint32_t i = 0; i < before->count; i++) {
		struct intel_item item = before->items[i];
		size_t len;
		if (item.feed != from)
			continue;
		const uint8_t *value = intel_value_of(before, &item, &len);
		const char *note = intel_note(before, &item);
		item.feed = l->number;
		item.note = intel_add_note(fresh, note, strlen(note));
		enum intel_added r = intel_add(fresh, &item, value, len);
		if (r == INTEL_NO_MEMORY)
			return -EXF_E_NOMEM;
		l->feed->left_out += r == INTEL_FULL;
	}
	return 0;
}

static int load_feed(struct intel *x, const struct intel_options *o, size_t i)
{
	const struct intel_source *source = &o->sources[i];
	struct load l = { .x = x,
			  .feed = &x->feeds[i],
			  .source = source,
			  .o = o,
			  .number = (uint16_t)i };
	uint16_t from = 0;
	(void)str_copy(l.feed->name, sizeof(l.feed->name), source->name);
	(void)str_copy(l.feed->file, sizeof(l.feed->file), source->file);
	l.feed->format = source->format;
	const struct intel_feed *before = feed_before(o, source->name, &from);
	const struct intel_mark mark = intel_mark(x);
	bool was_read = (source->is_local && access(source->file, F_OK) != 0) || read_feed(&l);
	if (l.is_out_of_memory)
		return -EXF_E_NOMEM;
	intel_tell_of(x, mark.count, TLP_NONE, source->severity);
	if (!is_to_be_held(&l, was_read, before))
		return 0;
	l.feed->is_held = true;
	intel_take_back(x, &mark, l.feed);
	return before && before->items ? copy_before(x, &l, from) : 0;
}

int intel_build(const struct intel_options *o, struct intel **ret)
{
	struct intel *x = intel_new(&o->key, o->max_items, o->source_count);
	int err = x ? 0 : -EXF_E_NOMEM;
	if (x)
		x->base = intel_hold(o->base);
	for (size_t i = 0; i < o->source_count && !err; i++)
		err = load_feed(x, o, i);
	if (!err)
		err = intel_seal(x);
	if (err) {
		intel_drop(x);
		return err;
	}
	*ret = x;
	return 0;
}
