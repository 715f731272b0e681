/*
 * engine/trial.c - see trial.h.
 */
#include "trial.h"

#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "analysis_parts.h"
#include "orders.h"

#define TEXT_MAX 2048

/* --- the exception ----------------------------------------------------------------------- */

/* The line of an alert as it is, or what stands between its braces; who only asks need give neither
 * a reason nor an end. */
static void print_yaml(const char *text, struct buf *out)
{
	while (*text == ' ')
		text++;
	size_t len = strlen(text);
	while (len && text[len - 1] == ' ')
		len--;
	if (strncmp(text, "exceptions:", 11) == 0) {
		buf_add(out, text, len);
		return;
	}
	if (len >= 2 && text[0] == '{' && text[len - 1] == '}') {
		text++;
		len -= 2;
	}
	buf_str(out, "exceptions: [{");
	buf_add(out, text, len);
	if (!strstr(text, "reason:"))
		buf_str(out, ", reason: a trial");
	if (!strstr(text, "expires:"))
		buf_str(out, ", expires: 2200-01-01");
	buf_str(out, "}]");
}

int trial_give(struct analysis *a, struct control_order *order)
{
	struct control_trial *t = order->trial;
	const struct config_options o = { .is_part = true };
	struct config *own = NULL;
	struct buf yaml;
	if (!t->exception[0])
		return order_give(a, order);
	buf_init(&yaml, TEXT_MAX);
	print_yaml(t->exception, &yaml);
	int err = config_parse(&o, "the exception", yaml.data ? yaml.data : "", yaml.len, &own,
			       order->text, sizeof(order->text));
	buf_deinit(&yaml);
	if (err)
		return err;
	t->config = own;
	err = order_give(a, order);
	t->config = NULL;
	config_free(own);
	return err;
}

/* --- what it is held against ------------------------------------------------------------- */

/* The next word of a case, up to a space or the case's end; "" for "-". */
static bool take_word(const char **at, char *dst, size_t size)
{
	size_t len = strcspn(*at, " ;");
	bool fits = len > 0 && len < size;
	if (fits) {
		memcpy(dst, *at, len);
		dst[len] = '\0';
	}
	*at += len;
	*at += **at == ' ';
	if (fits && strcmp(dst, "-") == 0)
		dst[0] = '\0';
	return fits;
}

static bool take_end(const char **at, struct finding_end *end)
{
	char text[IPADDR_TEXT_MAX];
	if (!take_word(at, text, sizeof(text)))
		return false;
	end->has_ip = text[0] != '\0';
	return !end->has_ip || ipaddr_parse(text, &end->ip) == 0;
}

static bool look_at_cases(struct control_trial *t, const struct config *config,
			  const struct context *context, uint64_t now_ns)
{
	const char *at = t->cases;
	for (unsigned n = 0; *at && n < TRIAL_CASES; n++) {
		struct finding_end subject = { .port = 0 }, peer = { .port = 0 };
		char rule[64], port[8], domain[256];
		uint64_t number = 0;
		if (!take_word(&at, rule, sizeof(rule)) || !take_end(&at, &subject) ||
		    !take_end(&at, &peer) || !take_word(&at, port, sizeof(port)) ||
		    (port[0] && str_parse_u64(port, 0, UINT16_MAX, &number)) ||
		    !take_word(&at, domain, sizeof(domain)) || (*at && *at != ';'))
			return false;
		at += *at == ';';
		peer.port = (uint16_t)number;
		const struct exception_case k = { .rule = rule,
						  .domain = domain,
						  .subject = &subject,
						  .peer = &peer };
		t->looked++;
		if (exceptions_find(config, context, &k, now_ns) < 0)
			continue;
		t->silenced++;
		t->silenced_cases |= 1u << n;
	}
	return !*at;
}

static void note_hit(struct control_trial *t, const struct recent_alert *r)
{
	t->silenced++;
	if (t->hit_count == TRIAL_HITS)
		return;
	size_t n = t->hit_count++;
	(void)str_copy(t->hits[n].alert, sizeof(t->hits[n].alert), r->alert_id);
	(void)str_copy(t->hits[n].rule, sizeof(t->hits[n].rule), r->rule);
	(void)str_copy(t->hits[n].source, sizeof(t->hits[n].source), r->source);
	(void)str_copy(t->hits[n].destination, sizeof(t->hits[n].destination), r->destination);
	t->hits[n].time_ns = r->time_ns;
}

/* From the latest on. */
static bool look_at_recent(struct control_trial *t, const struct mutes *m,
			   const struct config *config, const struct context *context,
			   uint64_t now_ns)
{
	for (size_t i = 0; i < MUTES_RECENT; i++) {
		const struct recent_alert *r =
			&m->recent[(m->recent_next + MUTES_RECENT - 1 - i) % MUTES_RECENT];
		const struct exception_case k = { .rule = r->rule,
						  .domain = r->domain,
						  .subject = &r->subject,
						  .peer = &r->peer,
						  .tunnel_id = r->tunnel_id };
		if (!r->alert_id[0] || (t->alert[0] && strcmp(t->alert, r->alert_id) != 0))
			continue;
		t->looked++;
		if (!t->since_ns || r->time_ns < t->since_ns)
			t->since_ns = r->time_ns;
		if (exceptions_find(config, context, &k, now_ns) >= 0)
			note_hit(t, r);
	}
	return t->looked > 0 || !t->alert[0];
}

bool trial_look(struct control_trial *t, const struct mutes *m, const struct config *config,
		const struct context *context, uint64_t now_ns)
{
	return t->cases[0] ? look_at_cases(t, config, context, now_ns) :
			     look_at_recent(t, m, config, context, now_ns);
}

void trial_run(struct analysis *a, struct control_order *order)
{
	struct control_trial *t = order->trial;
	const struct config *config = t->config ? t->config : a->config;
	bool is_good = trial_look(t, &a->mutes, config, a->context, a->env.now_ns);
	order->err = is_good ? 0 : -EXF_E_INVALID;
	(void)str_copy(order->text, sizeof(order->text),
		       is_good     ? "" :
		       t->cases[0] ? "a case is RULE SOURCE DESTINATION PORT DOMAIN" :
				     "no alert of this id is among the last 1,024");
}
