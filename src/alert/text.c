/*
 * alert/text.c - the alert for people, at most 17 lines.
 *
 *   HIGH  Data in DNS names: 10.1.4.23 (ws-114) -> 10.0.0.53 (evil.ex)  [dns_tunnel T1048.003] ID
 *     since    2026-11-23 19:00:00 UTC, 6.1 kB sent in 412 events in 58 min
 *     what     the sentence            at most 3 lines, at 100 columns
 *     why      the strongest features  3, and what would have kept it silent
 *     not ok   why it is not harmless  2
 *     unseen   what was not seen       1
 *     story    the incident            1, where it began before
 *     whose    service and tenant, who must do what   2
 *     do       the first step          1
 *     packets  the display filter      1, never broken, to be copied
 *     silence  the configuration line  1, never broken
 *
 * Bytes of packets are escaped: nothing that a terminal could take for a command gets through.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exfild/alert/alert.h"
#include "exfild/base/utf8.h"
#include "words.h"

#define COLUMNS   100
#define INDENT    10
#define TEXT_MAX  4096
#define WHY_LINES 3

/* The raw text with every hidden or broken byte as \xNN. */
static void add_safe(struct buf *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + strlen(text);
	while (p < end) {
		uint32_t code = 0;
		size_t n = utf8_decode(p, (size_t)(end - p), &code);
		bool is_plain = n > 0 && !utf8_is_hidden(code);
		if (n == 0)
			n = 1;
		if (is_plain)
			buf_add(out, p, n);
		for (size_t i = 0; !is_plain && i < n; i++)
			buf_printf(out, "\\x%02x", p[i]);
		p += n;
	}
}

/* The end of the line that starts at text: at a space if one is there, else hard. */
static const char *line_end(const char *text, size_t width)
{
	const char *end = text, *space = NULL;
	for (size_t columns = 0; *end; end++) {
		bool starts = ((unsigned char)*end & 0xc0) != 0x80;
		if (starts && columns == width)
			return space ? space : end;
		if (*end == ' ')
			space = end;
		columns += starts;
	}
	return end;
}

/* "label  text", wrapped; the last of max_lines ends in "..." when there is more. */
static void add_section(struct buf *out, const char *label, const char *raw, unsigned max_lines)
{
	struct buf safe;

	if (!raw || !raw[0])
		return;
	buf_init(&safe, TEXT_MAX);
	add_safe(&safe, raw);
	const char *text = safe.len ? safe.data : "";
	for (unsigned line = 1; *text && line <= max_lines; line++) {
		const char *end = line_end(text, COLUMNS - INDENT);
		bool is_cut = line == max_lines && *end;
		if (is_cut)
			end = line_end(text, COLUMNS - INDENT - 4);
		buf_printf(out, "  %-*s", INDENT - 2, line == 1 ? label : "");
		buf_add(out, text, (size_t)(end - text));
		buf_str(out, is_cut ? " ...\n" : "\n");
		while (*end == ' ')
			end++;
		text = end;
	}
	buf_deinit(&safe);
}

/* One line that is to be copied: never broken, never shortened. */
static void add_line(struct buf *out, const char *label, const char *raw)
{
	if (!raw || !raw[0])
		return;
	buf_printf(out, "  %-*s", INDENT - 2, label);
	add_safe(out, raw);
	buf_char(out, '\n');
}

static const char *severity_word(enum severity s, const char **ret_colour)
{
	*ret_colour = s >= SEVERITY_CRITICAL ? "\033[1;37;41m" :
		      s >= SEVERITY_HIGH     ? "\033[1;31m" :
		      s >= SEVERITY_MEDIUM   ? "\033[1;33m" :
					       "\033[36m";
	return s >= SEVERITY_CRITICAL ? "CRITICAL" :
	       s >= SEVERITY_HIGH     ? "HIGH" :
	       s >= SEVERITY_MEDIUM   ? "MEDIUM" :
					"LOW";
}

static void add_end(struct buf *out, const struct finding_end *end, const char *name)
{
	char text[IPADDR_TEXT_MAX];

	if (end->has_ip)
		buf_str(out, ipaddr_print(&end->ip, text, sizeof(text)));
	if (name[0]) {
		char shown[80];
		finding_text(shown, sizeof(shown), "%s", name);
		buf_str(out, end->has_ip ? " (" : "");
		add_safe(out, shown);
		buf_str(out, end->has_ip ? ")" : "");
	}
}

static void add_head(const struct alert *a, bool colour, struct buf *out)
{
	const struct finding *f = &a->finding;
	const char *code;
	const char *word = severity_word(f->severity, &code);
	const char *name = f->domain[0] ? f->domain : a->destination_name;

	buf_printf(out, "%s%s%s  ", colour ? code : "", word, colour ? "\033[0m" : "");
	if (f->is_drill)
		buf_str(out, "(drill) ");
	buf_str(out, colour ? "\033[1m" : "");
	add_safe(out, f->title ? f->title : "Finding");
	buf_str(out, colour ? "\033[0m" : "");
	buf_str(out, ": ");
	add_end(out, &f->subject, a->source_name);
	if (a->source_user[0]) {
		buf_str(out, " of ");
		add_safe(out, a->source_user);
	}
	if (f->peer.has_ip || name[0]) {
		buf_str(out, " -> ");
		add_end(out, &f->peer, name);
	}
	buf_str(out, "  [");
	add_safe(out, f->rule ? f->rule : "");
	for (unsigned i = 0; i < FINDING_TECHNIQUES && f->techniques[i]; i++) {
		buf_char(out, ' ');
		add_safe(out, f->techniques[i]);
	}
	buf_printf(out, "] %.8s", a->alert_id);
	if (a->revision > 1)
		buf_printf(out, " update %" PRIu32, a->revision - 1);
	buf_char(out, '\n');
}

static void add_when(const struct alert *a, struct buf *out)
{
	const struct finding *f = &a->finding;
	char time[32];

	buf_printf(out, "  %-*s%s UTC, ", INDENT - 2, "since",
		   words_time(f->start_ns, time, sizeof(time)));
	words_amount(a, out);
	buf_str(out, f->learning ? "; still learning\n" : "\n");
}

/* How many lines its wrapping takes. */
static unsigned lines_of(const struct buf *words)
{
	struct buf safe;
	unsigned lines = 0;
	buf_init(&safe, TEXT_MAX);
	add_safe(&safe, words->len ? words->data : "");
	for (const char *text = safe.len ? safe.data : ""; *text; lines++) {
		text = line_end(text, COLUMNS - INDENT);
		while (*text == ' ')
			text++;
	}
	buf_deinit(&safe);
	return lines;
}

/* The proof, and below what it would have been silent. */
static void words_why(const struct alert *a, struct buf *out)
{
	/* the limit is worth more than the least of the reasons */
	for (unsigned reasons = WORDS_REASONS; reasons > 0; reasons--) {
		buf_reset(out);
		buf_printf(out, "score %.2g, risk %.*f %%: ", a->finding.score,
			   a->risk_score < 10 ? 1 : 0, a->risk_score);
		words_reasons(a, reasons, out);
		if (a->finding.counterfactual[0])
			buf_printf(out, "; %s", a->finding.counterfactual);
		if (lines_of(out) <= WHY_LINES)
			return;
	}
}

/* "aws_s3, tenant acme-backup (unsanctioned). it-team (private): ..." */
static void words_whose(const struct alert *a, struct buf *out)
{
	const struct finding *f = &a->finding;
	if (f->service[0] && f->service_sanction[0])
		buf_printf(out, "%s, tenant %s (%s)%s", f->service, f->service_tenant,
			   f->service_sanction, a->responsibility[0] ? ". " : "");
	buf_str(out, a->responsibility);
}

static void add_words(struct buf *out, const char *label, const struct alert *a,
		      void (*fn)(const struct alert *, struct buf *), unsigned max_lines)
{
	struct buf words;
	buf_init(&words, TEXT_MAX);
	fn(a, &words);
	if (words.len && max_lines)
		add_section(out, label, words.data, max_lines);
	else if (words.len)
		add_line(out, label, words.data);
	buf_deinit(&words);
}

static void add_policy(const struct alert *a, struct buf *out)
{
	const struct alert_policy *p = &a->policy;
	struct buf words;
	if (!p->rule[0])
		return;
	buf_init(&words, TEXT_MAX);
	buf_printf(&words, "%s: %s", p->rule, p->action);
	if (p->mode)
		buf_printf(&words, " of the %s (%s): %s", p->target, p->mode, p->outcome);
	add_section(out, "policy", words.len ? words.data : "", 2);
	buf_deinit(&words);
}

void alert_text(const struct alert *a, bool colour, struct buf *out)
{
	const struct finding *f = &a->finding;

	add_head(a, colour, out);
	add_when(a, out);
	add_words(out, "what", a, words_message, 3);
	add_words(out, "why", a, words_why, WHY_LINES);
	add_section(out, "not ok", f->not_harmless, 2);
	add_section(out, "unseen", f->unseen, 1);
	add_words(out, "story", a, words_story, 1);
	add_words(out, "whose", a, words_whose, 2);
	add_section(out, "do", f->step_count ? f->next_steps[0] : NULL, 1);
	add_policy(a, out);
	add_line(out, "packets", f->filter);
	add_words(out, "silence", a, words_silence, 0);
}
