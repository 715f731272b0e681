/*
 * detect/mail_exfil.c - a program on a client mails out a report about its machine.
 *
 * Idea: stealers and keyloggers mail what they found straight from the client to a server outside,
 * with stolen or rented accounts, by a library and not a mail program: no User-Agent and no
 * Message-ID, often from the account to itself, the machine's name in the subject, lists of
 * passwords or facts of the machine in the text, a picture of the screen attached, and a question
 * for the own outside address just before.  Spam modules call themselves by an address that is not
 * theirs.  Each says little; together they do.  So do megabytes of attachments from such a
 * program to people of another domain than the one it writes from.
 * Evasion: a mail program's head and an honest text; TLS; a relay inside.
 * False alarms: devices that mail their state outside (a NAS, a UPS): they name the host and lack a
 * mail program's head, which alone stays low; so does a scanner that mails to its own people.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/table.h"
#include "ipcheck.h"
#include "step.h"
#include "text.h"

struct mail_params {
	uint64_t spam_mails;
	uint64_t spam_window_s;
};

struct mail_key {
	struct ipaddr client, server;
};

struct mail_pair {
	struct mail_key key;
	uint64_t first_ns, mails, bytes;
	uint64_t attached; /* bytes of mails with attachments that no mail program has written */
	uint8_t told;
	uint8_t pad[7];
};

struct mail_sender { /* how many strangers a client writes to */
	struct ipaddr client;
	uint64_t begin_ns; /* steady, of the window */
	uint64_t first_ns;
	uint64_t mails, recipients;
	uint64_t to[8], from[8]; /* hashes of some recipients and senders */
	uint32_t to_count, from_count;
	uint8_t told;
	uint8_t pad[7];
};

struct mail_state {
	const struct mail_params *params;
	struct ipcheck ipcheck;
	struct table pairs, senders;
	uint64_t findings;
};

static const struct param params[] = {
	{ "spam_mails", PARAM_UINT, offsetof(struct mail_params, spam_mails), 5, 1e6, 40, "mails",
	  "Mails of a client straight to servers outside from which it is a spam module" },
	{ "spam_window", PARAM_DURATION, offsetof(struct mail_params, spam_window_s), 60, 86400,
	  3600, "", "Within this time" },
	PARAM_END
};

#define LOAD_MIN  1e6 /* bytes with attachments: more than a report, or pictures of a screen */
#define LOAD_MUCH 1e7

#define NEXT_STEPS                                                                                 \
 {                                                                                                 \
  "Find the program that sent it on the client (process, autostart)",                              \
	  "Change the passwords that were stored or typed on the client, and of the account used", \
	  "Let clients send mail through your own server only"                                     \
 }

static const struct step_rule report_rule = {
	.detector = "mail_exfil",
	.rule = "mail_exfil",
	.title = "Report mailed out by a program",
	.class = FINDING_EXFIL,
	.techniques = { "T1048.003", "T1071.003" },
	.tactic = "TA0010",
	.unseen = "mails over TLS; what encoded attachments hold",
	.next_steps = NEXT_STEPS,
};

static const struct step_rule spam_rule = {
	.detector = "mail_exfil",
	.rule = "mail_spam",
	.title = "Client sends mail in bulk",
	.class = FINDING_C2,
	.techniques = { "T1071.003" },
	.tactic = "TA0011",
	.unseen = "mails over TLS",
	.next_steps = NEXT_STEPS,
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct mail_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1,
				       .entry_size = sizeof(struct mail_pair),
				       .key_size = sizeof(struct mail_key),
				       .key = env->key };
	int err = table_init(&s->pairs, &config);
	if (err)
		return err;
	config.capacity = env->max_hosts / 4 ? env->max_hosts / 4 : 1;
	config.entry_size = sizeof(struct mail_sender);
	config.key_size = sizeof(struct ipaddr);
	err = table_init(&s->senders, &config);
	return err ? err : ipcheck_init(&s->ipcheck, env);
}

static void deinit(void *state)
{
	struct mail_state *s = state;
	table_deinit(&s->pairs);
	table_deinit(&s->senders);
	ipcheck_deinit(&s->ipcheck);
}

/* EHLO [address]: one that is not the client's own. */
static bool is_foreign_helo(const struct event_mail *m)
{
	char text[IPADDR_TEXT_MAX];
	struct ipaddr a;
	if (!m->helo.off || m->helo.len < 9 || m->helo.len >= sizeof(text) + 2)
		return false;
	const char *at = (const char *)event_str_data(&m->e, &m->helo);
	if (at[0] != '[' || at[m->helo.len - 1] != ']')
		return false;
	memcpy(text, at + 1, m->helo.len - 2u);
	text[m->helo.len - 2] = '\0';
	return ipaddr_parse(text, &a) == 0 && !ipaddr_equal(&a, &m->e.src) &&
	       ipaddr_is_v4(&a) == ipaddr_is_v4(&m->e.src);
}

static void add_content(struct finding *f, const struct event_mail *m)
{
	bool is_about = (m->marks & CONTENT_MACHINE) || (m->head_marks & MAIL_NAMES_HOST);
	if (m->marks & CONTENT_PASSWORDS)
		finding_feature(f, "passwords", 1, NAN, NAN, 0.2, 0.2,
				"the text is a list of places, users and passwords");
	if (m->marks & CONTENT_MACHINE)
		finding_feature(f, "machine", 1, NAN, NAN, 0.1, 0.1,
				"the text lists facts of the machine");
	if (m->head_marks & MAIL_NAMES_HOST)
		finding_feature(f, "names_host", 1, NAN, NAN, 0.1, 0.1,
				"the subject has the machine's name");
	if (m->attachments && is_about && m->attachment_type == FILE_IMAGE)
		finding_feature(f, "picture", m->attachments, NAN, NAN, 0.1, 0.1,
				"with a picture, as of the screen");
	else if (m->attachments && is_about && m->attachment_type != FILE_TEXT)
		finding_feature(f, "attachment", m->attachments, NAN, NAN, 0.1, 0.1,
				"with an attachment of kind %s",
				file_type_name((enum file_type)m->attachment_type));
}

static bool has_no_program(const struct event_mail *m)
{
	return !(m->head_marks & (MAIL_HAS_MAILER | MAIL_HAS_ID));
}

static void add_program(struct finding *f, const struct mail_state *s, const struct detect_env *env,
			const struct event_mail *m)
{
	if (has_no_program(m))
		finding_feature(f, "no_mail_program", 1, NAN, NAN, 0.1, 0.1,
				"no mail program names itself, no Message-ID");
	if (m->head_marks & MAIL_IS_TO_SELF)
		finding_feature(f, "to_itself", 1, NAN, NAN, 0.1, 0.1,
				"the account writes to itself");
	if (m->head_marks & MAIL_IS_LOGGED_IN)
		finding_feature(f, "logged_in", 1, NAN, NAN, 0.05, 0.05,
				"logged in to the server outside in the clear");
	if (is_foreign_helo(m))
		finding_feature(f, "false_name", 1, NAN, NAN, 0.35, 0.35,
				"it calls itself by an address that is not its own");
	if (ipcheck_asked(&s->ipcheck, env, &m->e.src))
		finding_feature(f, "asked_address", 1, NAN, NAN, 0.15, 0.15,
				"it asked for its own outside address just before");
}

/* What follows the last @ of an address. */
static const char *domain_of(const struct event_mail *m, const struct event_str *address,
			     size_t *ret_len)
{
	const char *text = (const char *)event_str_data(&m->e, address);
	size_t at = address->len;
	while (at > 0 && text[at - 1] != '@')
		at--;
	*ret_len = address->len - at;
	return text + at;
}

static bool is_to_others(const struct event_mail *m)
{
	if (!m->from.off || !m->to.off)
		return false;
	size_t from_len, to_len;
	const char *from = domain_of(m, &m->from, &from_len), *to = domain_of(m, &m->to, &to_len);
	return from_len && to_len && (from_len != to_len || strncasecmp(from, to, to_len) != 0);
}

static bool is_load(const struct mail_pair *p, const struct event_mail *m)
{
	return has_no_program(m) && m->attachments && (double)p->attached >= LOAD_MIN;
}

static void add_load(struct finding *f, const struct mail_pair *p, const struct event_mail *m)
{
	double bytes = (double)p->attached;
	if (!is_load(p, m))
		return;
	double weight = bytes < LOAD_MUCH ? 0.3 : 0.5;
	finding_feature(f, "load", bytes, NAN, LOAD_MIN, weight, weight,
			"%.3g MB with attachments, by no mail program", bytes / 1e6);
	if (is_to_others(m))
		finding_feature(f, "to_others", 1, NAN, NAN, 0.1, 0.1,
				"to another domain than the sender's");
}

static void tell_report(struct mail_state *s, const struct detect_env *env, struct mail_pair *p,
			const struct event_mail *m)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	struct finding f;
	step_begin(&f, &report_rule, env, &m->e);
	add_content(&f, m);
	add_program(&f, s, env, m);
	add_load(&f, p, m);
	double score = step_score(&f);
	uint8_t severity = (uint8_t)step_severity(score);
	if (severity <= p->told)
		return;
	p->told = severity;
	s->findings++;
	step_ends(&f, from, to);
	f.start_ns = p->first_ns;
	f.subject.bytes = p->bytes;
	f.count = p->mails;
	if (m->e.packet)
		finding_packet(&f, m->e.packet);
	const char *host = context_name_of(env->context, &m->e.dst);
	finding_text(f.message, sizeof(f.message),
		     "A program on %s mailed %llu %s%s, %llu bytes, straight to %s", from,
		     (unsigned long long)p->mails, is_load(p, m) ? "mail" : "report",
		     p->mails > 1 ? "s" : "", (unsigned long long)p->bytes, host ? host : to);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"People write with a mail program, which names itself and numbers its mails, "
		"through their own server; devices report to their owner's. This goes straight "
		"outside and %s",
		is_load(p, m) ? "carries files" : "is about the machine");
	text_counterfactual(&f);
	step_raise(&f, env);
}

static void note(uint64_t *set, uint32_t *count, uint64_t value)
{
	for (uint32_t i = 0; i < *count; i++)
		if (set[i] == value)
			return;
	if (*count < 8)
		set[(*count)++] = value;
}

static uint64_t hash_of(const struct detect_env *env, const struct event_mail *m,
			const struct event_str *s)
{
	return s->off ? hash_bytes(&env->key, event_str_data(&m->e, s), s->len) : 0;
}

static void tell_spam(struct mail_state *s, const struct detect_env *env,
		      const struct mail_sender *p, const struct event_mail *m)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48];
	struct finding f;
	step_begin(&f, &spam_rule, env, &m->e);
	step_ends(&f, from, to);
	f.start_ns = p->first_ns;
	f.count = p->mails;
	f.peer.has_ip = false; /* many */
	finding_text(f.object, sizeof(f.object), "bulk");
	finding_feature(&f, "mails", (double)p->mails, NAN, (double)s->params->spam_mails, 0.4, 0.4,
			"%llu mails to %llu recipients", (unsigned long long)p->mails,
			(unsigned long long)p->recipients);
	finding_feature(&f, "recipients", p->to_count, NAN, 8, 0.15, 0.15,
			"eight or more different ones");
	if (p->from_count > 2)
		finding_feature(&f, "senders", p->from_count, NAN, 3, 0.15, 0.15,
				"under %u or more different names", p->from_count);
	finding_text(f.message, sizeof(f.message),
		     "%s sent %llu mails straight to servers outside %s", from,
		     (unsigned long long)p->mails,
		     finding_span(span, sizeof(span), f.end_ns - f.start_ns));
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "A person does not write so many mails to so many people, and a mail server "
		     "hands on what it has received, which the mails would say");
	text_counterfactual(&f);
	s->findings++;
	step_raise(&f, env);
}

static void count_sender(struct mail_state *s, const struct detect_env *env,
			 const struct event_mail *m)
{
	bool is_new;
	struct mail_sender *p = table_get(&s->senders, &m->e.src, &is_new);
	if (!p)
		return;
	if (is_new || env->steady_ns - p->begin_ns > s->params->spam_window_s * 1000000000ull) {
		memset((uint8_t *)p + sizeof(p->client), 0, sizeof(*p) - sizeof(p->client));
		p->begin_ns = env->steady_ns;
		p->first_ns = m->e.time_ns;
	}
	p->mails++;
	p->recipients += m->recipients;
	note(p->to, &p->to_count, hash_of(env, m, &m->to));
	note(p->from, &p->from_count, hash_of(env, m, &m->from));
	if (p->told || p->mails < s->params->spam_mails || p->to_count < 8)
		return;
	p->told = 1;
	tell_spam(s, env, p, m);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct mail_state *s = state;
	const struct event_mail *m = (const struct event_mail *)e;
	struct mail_key key;
	bool is_new;
	if (e->kind != EVENT_MAIL) {
		ipcheck_event(&s->ipcheck, env, e);
		return;
	}
	/* who hands on what it has received is a server; lists are sent by servers */
	if ((m->head_marks & (MAIL_HAS_RECEIVED | MAIL_HAS_LIST)) || m->reply >= 400 ||
	    !context_is_inside(env->context, &e->src, e->tunnel_id) ||
	    context_is_inside(env->context, &e->dst, e->tunnel_id))
		return;
	memset(&key, 0, sizeof(key));
	key.client = e->src;
	key.server = e->dst;
	struct mail_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (is_new)
		p->first_ns = e->time_ns;
	p->mails++;
	p->bytes += m->size;
	p->attached += m->attachments && has_no_program(m) ? m->size : 0;
	tell_report(s, env, p, m);
	count_sender(s, env, m);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct mail_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct mail_pair)) +
		table_worst_case(s->senders.stats.capacity, sizeof(struct mail_sender)) +
		ipcheck_worst_case(&s->ipcheck);
}

const struct detector mail_exfil_detector = {
	.name = "mail_exfil",
	.title = "Report mailed out by a program",
	.idea = "Mails straight from a client to a server outside, by no mail program, about the machine "
		"itself; and mails in bulk",
	.params = params,
	.params_size = sizeof(struct mail_params),
	.state_size = sizeof(struct mail_state),
	.wants = 1ull << EVENT_MAIL | IPCHECK_WANTS,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
