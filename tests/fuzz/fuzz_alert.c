/*
 * fuzz/fuzz_alert.c - any finding becomes a valid line of JSON and a harmless text.
 *
 * The bytes fill a finding and its alert field by field; several findings go through a store first,
 * so that merging is fuzzed with them.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/alert/alert.h"
#include "exfild/base/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(x) \
 do {            \
  if (!(x))      \
   abort();      \
 } while (0)

static const enum severity severities[] = { SEVERITY_NONE, SEVERITY_LOW, SEVERITY_MEDIUM,
					    SEVERITY_HIGH, SEVERITY_CRITICAL };
static const char *const rules[] = { "dns_tunnel", "sigma:1-2", "intel:x\"\n", "policy:\x80", "" };
static const char *const technique_ids[] = {
	"T1048", "T1048.003", "T1071.004", "T9999.9", "", "T1"
};

/* A length byte, then so many bytes; NUL ends it like every text. */
static void take_text(struct cursor *c, char *dst, size_t size)
{
	size_t len = cursor_u8(c);
	size_t left = cursor_left(c);
	len = len * size / 256;
	if (len > left)
		len = left;
	cursor_copy(c, dst, len);
	dst[len] = '\0';
}

static double take_double(struct cursor *c)
{
	uint64_t bits = cursor_be64(c);
	double v;
	memcpy(&v, &bits, sizeof(v));
	return v;
}

static void take_end(struct cursor *c, struct finding_end *end)
{
	uint8_t flags = cursor_u8(c);
	end->has_ip = flags & 1;
	end->has_mac = flags & 2;
	if (flags & 4)
		cursor_copy(c, end->ip.u.b, 16);
	else {
		uint8_t v4[4];
		cursor_copy(c, v4, 4);
		end->ip = ipaddr_v4(v4);
	}
	end->port = cursor_be16(c);
	end->bytes = cursor_be64(c);
	end->packets = cursor_be32(c);
	cursor_copy(c, end->mac, 6);
}

static void take_features(struct cursor *c, struct finding *f)
{
	f->feature_count = cursor_u8(c) % (FINDING_FEATURES + 1);
	for (unsigned i = 0; i < f->feature_count; i++) {
		struct finding_feature *x = &f->features[i];
		take_text(c, x->name, sizeof(x->name));
		take_text(c, x->text, sizeof(x->text));
		x->value = take_double(c);
		x->baseline = cursor_u8(c) & 1 ? (double)NAN : take_double(c);
		x->limit = take_double(c);
		x->weight = take_double(c);
		x->contribution = take_double(c);
	}
}

static void take_words(struct cursor *c, struct finding *f)
{
	take_text(c, f->object, sizeof(f->object));
	take_text(c, f->domain, sizeof(f->domain));
	take_text(c, f->message, sizeof(f->message));
	take_text(c, f->counterfactual, sizeof(f->counterfactual));
	take_text(c, f->not_harmless, sizeof(f->not_harmless));
	take_text(c, f->unseen, sizeof(f->unseen));
	take_text(c, f->filter, sizeof(f->filter));
	take_text(c, f->service, sizeof(f->service));
	take_text(c, f->service_category, sizeof(f->service_category));
	take_text(c, f->dns_question, sizeof(f->dns_question));
	f->step_count = cursor_u8(c) % (FINDING_STEPS + 1);
	for (unsigned i = 0; i < f->step_count; i++)
		take_text(c, f->next_steps[i], sizeof(f->next_steps[i]));
}

static void take_finding(struct cursor *c, struct finding *f)
{
	finding_init(f, "fuzz", rules[cursor_u8(c) % 5], "Fuzz \033[31m");
	f->class = (enum finding_class)(cursor_u8(c) % FINDING__COUNT);
	f->severity = severities[cursor_u8(c) % 5];
	f->score = take_double(c);
	f->llr = take_double(c);
	f->confidence = take_double(c);
	for (unsigned i = 0; i < FINDING_TECHNIQUES; i++) {
		uint8_t which = cursor_u8(c) % 7;
		if (which < 6)
			finding_technique(f, technique_ids[which]);
	}
	f->tactic = cursor_u8(c) & 1 ? "TA0010" : NULL;
	take_end(c, &f->subject);
	take_end(c, &f->peer);
	f->start_ns = cursor_be64(c);
	f->end_ns = cursor_be64(c);
	f->time_ns = cursor_be64(c);
	f->count = cursor_be32(c);
	f->proto = cursor_u8(c);
	f->app = cursor_u8(c);
	f->tunnel_type = cursor_u8(c);
	f->tunnel_id = cursor_be32(c);
	f->tunnel_key = cursor_u8(c);
	f->vlan = cursor_be16(c);
	f->flow = cursor_u8(c);
	f->flow_src = f->subject.ip;
	f->flow_dst = f->peer.ip;
	f->flow_sport = cursor_be16(c);
	f->dns_type = cursor_be16(c);
	f->packet_count = cursor_u8(c) % (FINDING_PACKETS + 1);
	for (unsigned i = 0; i < f->packet_count; i++)
		f->packets[i] = 1 + cursor_be16(c);
	f->related_count = cursor_u8(c) % (FINDING_RELATED + 1);
	for (unsigned i = 0; i < f->related_count; i++)
		cursor_copy(c, f->related[i].u.b, 16);
	f->visibility = (enum visibility)(cursor_u8(c) % 3);
	take_words(c, f);
	take_features(c, f);
}

/* ---- a checker of its own: JSON in one pass, no values kept ---- */

static const char *skip_string(const char *p)
{
	CHECK(*p++ == '"');
	while (*p != '"') {
		unsigned char ch = (unsigned char)*p++;
		CHECK(ch >= 0x20 && ch != 0x7f);
		if (ch != '\\')
			continue;
		CHECK(*p && strchr("\"\\/bfnrtu", *p));
		if (*p++ != 'u')
			continue;
		for (int i = 0; i < 4; i++, p++)
			CHECK((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'));
	}
	return p + 1;
}

static const char *skip_value(const char *p, int depth)
{
	CHECK(depth < 12);
	if (*p == '{' || *p == '[') {
		char close = *p == '{' ? '}' : ']';
		if (*++p == close)
			return p + 1;
		for (;; p++) {
			if (close == '}') {
				p = skip_string(p);
				CHECK(*p++ == ':');
			}
			p = skip_value(p, depth + 1);
			if (*p == close)
				return p + 1;
			CHECK(*p == ',');
		}
	}
	if (*p == '"')
		return skip_string(p);
	if (strncmp(p, "true", 4) == 0)
		return p + 4;
	if (strncmp(p, "false", 5) == 0)
		return p + 5;
	char *end;
	CHECK(*p == '-' || (*p >= '0' && *p <= '9')); /* no null, nan or inf */
	double v = strtod(p, &end);
	CHECK(isfinite(v));
	return end;
}

static void check_text(const struct buf *text)
{
	unsigned lines = 0;
	for (size_t i = 0; i < text->len; i++) {
		unsigned char ch = (unsigned char)text->data[i];
		CHECK(ch == '\n' || (ch >= 0x20 && ch != 0x7f));
		CHECK(ch != 0xc2 || (unsigned char)text->data[i + 1] >= 0xa0); /* C1 */
		lines += ch == '\n';
	}
	CHECK(lines >= 2 && lines <= 17); /* as alert/text.c says */
	CHECK(text->data[text->len - 1] == '\n');
}

static const struct alert_options options = { .sensor_name = "fuzz\033",
					      .mode = "replay",
					      .session = "replay",
					      .merge_ns = 3600ull * 1000000000,
					      .minimum = SEVERITY_LOW,
					      .max_open = 2 };

static void on_alert(void *arg, const struct alert *a)
{
	uint64_t *sequence = arg;
	struct buf line, text;

	CHECK(a->sequence == ++*sequence);
	CHECK(a->risk_score >= 0 && a->risk_score <= 100);
	buf_init(&line, 65536);
	alert_json(a, &options, &line);
	CHECK(!line.full && line.len < ALERT_LINE_MAX && strlen(line.data) == line.len);
	CHECK(*skip_value(line.data, 0) == '\0');
	buf_deinit(&line);
	buf_init(&text, 65536);
	alert_text(a, false, &text);
	CHECK(!text.full);
	check_text(&text);
	buf_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct finding f;
	struct cursor c = cursor_make(data, size);
	uint64_t sequence = 0;
	struct alert_store *s = alert_store_new(&options, on_alert, &sequence);

	for (int i = 0; s && i < 12 && cursor_left(&c) > 0; i++) {
		take_finding(&c, &f);
		alert_store_finding(s, &f);
	}
	if (s)
		alert_store_flush(s);
	alert_store_free(s);
	return 0;
}
