/*
 * detect/staged_theft/judge.c - does a push fit a pull, and what does that weigh.
 *
 * The sizes are alike within a factor of two, or the push is down to a twentieth of the pull, as
 * what was packed (text by a factor of 5 to 20) or chosen.  Order and size alone are context:
 * people fetch files and send them.  What makes an alert of it is where it goes, how soon, and
 * whether either is unusual for the host.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "staged_theft.h"

#define SECOND_NS  1e9
#define HOUR_S     3600
#define DAY_S      86400
#define LEAST_PCR  0.5
#define PUSH_PCR   0.8
#define ALIKE_LOW  0.5
#define ALIKE_HIGH 1.25 /* overhead of carriers and a second try */
#define PACKED_LOW 0.05
#define MANY_HOSTS 4
#define USUAL_DAYS 5

static const struct step_rule rule = {
	.detector = "staged_theft",
	.rule = "staged_theft",
	.title = "Fetched inside, then sent out",
	.class = FINDING_EXFIL,
	.techniques = { "T1074", "T1041" },
	.tactic = "TA0010",
	.unseen = "whether what was sent is what was fetched: the link is host, order and size",
	.next_steps = { "On the host: find the process and the files behind the upload",
			"On the server: which files did the host read in that time?",
			"Ask the host's user whether the transfer was agreed" },
};

static double kind_of(const struct context_upload *u, const char **ret_words)
{
	const struct service *s = u->service;
	*ret_words = s       ? s->title :
		     u->name ? "a service that no list knows" :
			       "an address without a name";
	if (!s)
		return 0.15;
	if (u->sanction == SANCTION_SANCTIONED)
		return -0.2;
	switch (s->class) {
	case SERVICE_FILE_DROP:
	case SERVICE_PASTE:
	case SERVICE_TUNNEL:
		return 0.25;
	case SERVICE_STORAGE:
	case SERVICE_CHAT:
	case SERVICE_MAIL:
	case SERVICE_CODE:
	case SERVICE_AI:
		return 0.05;
	case SERVICE_IAAS:
	case SERVICE_CDN:
	case SERVICE_OFFICE:
		return 0;
	default:
		return -0.1;
	}
}

/* 0: no fit. */
static double size_weight(double ratio)
{
	if (ratio < PACKED_LOW || ratio > ALIKE_HIGH)
		return 0;
	return ratio >= ALIKE_LOW ? 0.15 : 0.05;
}

static void weigh(const struct detect_env *env, const struct context_upload *u,
		  struct staged_match *m)
{
	const struct baseline_host *b = u->host;
	uint32_t senders = u->to ? u->to->sender_count : 1;
	m->by_pull = 0.1;
	m->by_size = size_weight(m->ratio);
	m->by_delay = m->delay_s <= HOUR_S ? 0.1 : m->delay_s <= DAY_S ? 0.05 : 0;
	m->by_kind = kind_of(u, &m->kind);
	m->by_new = context_is_new(env->context, u->to) ? 0.1 : senders >= MANY_HOSTS ? -0.1 : 0;
	m->by_pcr = m->pcr >= PUSH_PCR ? 0.05 : 0;
	bool is_packed = m->host->packed_ns >= m->pull->first_ns && m->host->packed_ns;
	m->by_packed = !is_packed ? 0 : m->host->packed_type == FILE_ENCRYPTED ? 0.2 : 0.15;
	if ((double)m->host->usual.weight >= USUAL_DAYS &&
	    (double)m->pull->bytes > usual_high(&m->host->usual))
		m->by_unusual = 0.1;
	if (b && (double)b->days.weight >= USUAL_DAYS &&
	    (double)m->push->up <= usual_high(&b->days))
		m->by_usual = -0.15;
	m->score = fmin(m->by_pull + m->by_size + m->by_delay + m->by_kind + m->by_new + m->by_pcr +
				m->by_packed + m->by_unusual + m->by_usual,
			1);
}

bool staged_judge(const struct staged_params *params, const struct detect_env *env,
		  const struct staged_host *h, const struct staged_push *p,
		  const struct context_upload *u, struct staged_match *ret)
{
	double up = (double)p->up, down = (double)p->down;
	double pcr = (up - down) / (up + down);
	memset(ret, 0, sizeof(*ret));
	if (p->up < params->least_push || pcr < LEAST_PCR)
		return false;
	for (unsigned i = 0; i < STAGED_PULLS; i++) {
		const struct staged_pull *pull = &h->pulls[i];
		struct staged_match m = { .host = h, .pull = pull, .push = p, .pcr = pcr };
		if (pull->bytes < params->least_pull || pull->first_ns > p->first_ns)
			continue;
		m.ratio = up / (double)pull->bytes;
		if (p->first_ns > pull->last_ns)
			m.delay_s = (double)(p->first_ns - pull->last_ns) / SECOND_NS;
		if (size_weight(m.ratio) == 0 || m.delay_s > (double)params->window_s)
			continue;
		weigh(env, u, &m);
		if (!ret->pull || m.score > ret->score)
			*ret = m;
	}
	return ret->pull && step_severity(ret->score) != SEVERITY_NONE;
}

/* Against what is usual, and what else makes the link stronger. */
static void add_marks(struct finding *f, const struct context_upload *u,
		      const struct staged_match *m)
{
	char usual[32];
	if (m->by_pcr > 0)
		finding_feature(f, "producer_consumer_ratio", m->pcr, 0, PUSH_PCR, 0.05, m->by_pcr,
				"ratio %.2f: a push", m->pcr);
	if (m->by_packed > 0)
		finding_feature(f, "packed", m->host->packed_type, NAN, NAN, 0.2, m->by_packed,
				"it handled a file that is packed or encrypted: %s",
				file_type_name((enum file_type)m->host->packed_type));
	if (m->by_unusual > 0)
		finding_feature(f, "unusual_pull", (double)m->pull->bytes,
				usual_amount(&m->host->usual), usual_high(&m->host->usual), 0.1,
				m->by_unusual, "a usual day of the host fetches %s",
				str_bytes(usual, sizeof(usual), usual_amount(&m->host->usual)));
	if (m->by_usual < 0)
		finding_feature(f, "usual_push", (double)m->push->up, usual_amount(&u->host->days),
				usual_high(&u->host->days), 0.15, m->by_usual,
				"a usual day of the host sends %s",
				str_bytes(usual, sizeof(usual), usual_amount(&u->host->days)));
}

static void add_features(struct finding *f, const struct context_upload *u,
			 const struct staged_match *m)
{
	char pulled[32], pushed[32], delay[32];
	(void)str_bytes(pulled, sizeof(pulled), (double)m->pull->bytes);
	(void)str_bytes(pushed, sizeof(pushed), (double)m->push->up);
	(void)str_duration(delay, sizeof(delay), (uint64_t)(m->delay_s * SECOND_NS));
	finding_feature(f, "pull_before_push", (double)m->pull->bytes, NAN, NAN, 0.1, m->by_pull,
			"%s came from an inside server before", pulled);
	finding_feature(f, "size_ratio", m->ratio, 1, PACKED_LOW, 0.15, m->by_size,
			"%s went out: %.2f of what was fetched", pushed, m->ratio);
	finding_feature(f, "delay", m->delay_s, NAN, DAY_S, 0.1, m->by_delay,
			m->delay_s > 0 ? "%s after the last of it was fetched" :
					 "sent while or right after it was fetched%.0s",
			delay);
	finding_feature(f, "kind_of_destination", 1, NAN, NAN, 0.25, m->by_kind, "%s", m->kind);
	if (m->by_new != 0)
		finding_feature(f, m->by_new > 0 ? "new_destination" : "senders",
				u->to ? u->to->sender_count : 1, NAN, MANY_HOSTS, 0.1, m->by_new,
				m->by_new > 0 ?
					"first used after the sensor had learnt for a week" :
					"four hosts of this network or more send there");
	add_marks(f, u, m);
}

void staged_explain(const struct staged_params *params, const struct detect_env *env,
		    const struct context_upload *u, const struct staged_match *m)
{
	struct finding f;
	char src[IPADDR_TEXT_MAX], server[IPADDR_TEXT_MAX], pulled[32], pushed[32], delay[32];
	char least[32];
	double need = fmax((double)params->least_push, PACKED_LOW * (double)m->pull->bytes);
	step_begin(&f, &rule, env, &u->flow->e);
	f.subject.ip = u->src;
	f.peer.ip = u->dst;
	f.peer.port = u->port;
	f.subject.bytes = m->push->up;
	f.peer.bytes = m->push->down;
	f.start_ns = env->now_ns - (env->steady_ns - m->pull->first_ns);
	f.learning = context_learning_left_ns(env->context) > 0;
	f.by_volume = true;
	f.visibility = u->name ? VISIBILITY_NAME : VISIBILITY_OPAQUE;
	if (m->pull->app == APP_SMB || m->pull->app == APP_NFS)
		finding_technique(&f, "T1039");
	if (m->by_packed > 0)
		finding_technique(&f, "T1560");
	finding_related(&f, &m->pull->server);
	finding_packet(&f, m->pull->packet);
	finding_text(f.object, sizeof(f.object), "%s", u->dest);
	if (u->name)
		finding_text(f.domain, sizeof(f.domain), "%s", u->name);
	(void)ipaddr_print(&u->src, src, sizeof(src));
	(void)ipaddr_print(&m->pull->server, server, sizeof(server));
	(void)str_bytes(pulled, sizeof(pulled), (double)m->pull->bytes);
	(void)str_bytes(pushed, sizeof(pushed), (double)m->push->up);
	(void)str_duration(delay, sizeof(delay), (uint64_t)(m->delay_s * SECOND_NS));
	add_features(&f, u, m);
	finding_text(f.message, sizeof(f.message),
		     "%s fetched %s from %s%s%s by %s, and sent %s to %s (%s) %s%s", src, pulled,
		     server, *m->pull->share ? ", share " : "", m->pull->share,
		     app_name((enum app)m->pull->app), pushed, u->name ? u->name : u->dest, m->kind,
		     m->delay_s > 0 ? delay : "meanwhile or right after",
		     m->delay_s > 0 ? " later" : "");
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"what went out is %.2f of what came from the server, in this order, and little came "
		"back%s; that is a link by host, order and size, not by content",
		m->ratio, m->by_new > 0 ? ", to a destination that is new here" : "");
	finding_text(
		f.counterfactual, sizeof(f.counterfactual),
		"silent below %s sent, had the host not fetched before, or with a ratio below %.1f",
		str_exact_bytes(least, sizeof(least), (uint64_t)ceil(need)), LEAST_PCR);
	step_raise(&f, env);
}
