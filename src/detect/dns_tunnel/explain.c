/*
 * detect/dns_tunnel/explain.c - the proof in words and numbers.
 */
#include <math.h>

#include "exfild/base/str.h"
#include "dns_tunnel.h"
#include "marks.h"

#define SHAPE_FROM 12 /* bytes of information a name that ordinary ones do not carry */

/* Names hold the stolen data: no label is shown beyond 16 characters. */
static void cut_labels(char *dst, size_t size, const char *name)
{
	size_t out = 0;
	size_t in_label = 0;
	for (; *name && out + 4 < size; name++) {
		if (*name == '.') {
			in_label = 0;
			dst[out++] = '.';
		} else if (++in_label <= 16) {
			dst[out++] = *name;
		} else if (in_label == 17) {
			dst[out++] = '~';
		}
	}
	dst[out] = '\0';
}

static const char *type_words(const struct pair *p, char *dst, size_t size)
{
	char rare[32] = "", odd[40] = "";
	if (p->rare_types)
		finding_text(rare, sizeof(rare), "%u for NULL, KEY or PRIVATE", p->rare_types);
	if (p->odd_types)
		finding_text(odd, sizeof(odd), "%u for TXT, CNAME, MX or SRV", p->odd_types);
	finding_text(dst, size, "record types that carry data: %s%s%s", rare,
		     *rare && *odd ? ", " : "", *rare || *odd ? odd : "none");
	return dst;
}

/* What it would have taken to be silent: the mark where it decides, else the amount. */
static void say_limit(struct finding *f, const struct pair *p, const struct dns_params *params,
		      const struct detect_env *env, const struct judgement *j)
{
	struct pair unmarked;
	struct judgement without = *j;
	uint64_t least = pair_least_info(j, params);
	bool is_by_mark = false;
	if (p->marks) {
		unmarked = *p;
		unmarked.marks = 0;
		pair_judge(&unmarked, params, env, &without);
		is_by_mark =
			p->name_count < params->min_names ||
			p->weight_sum + (double)p->previous_info + p->edns_info < LEAST_BYTES ||
			!pair_fires(&without, params, without.info);
	}
	if (is_by_mark && least)
		finding_text(
			f->counterfactual, sizeof(f->counterfactual),
			"silent without the mark of a tool, or below %llu B of new names a day",
			(unsigned long long)least);
	else if (is_by_mark)
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent without the mark of a tool; the amount does not decide");
	else if (p->marks && least <= 1 && pair_least_info(&without, params) > 1)
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent only without the mark of a tool and below %llu B of new names "
			     "a day",
			     (unsigned long long)pair_least_info(&without, params));
	else if (least > 1)
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent below %llu B of new names a day, all else as seen",
			     (unsigned long long)least);
	else
		finding_text(
			f->counterfactual, sizeof(f->counterfactual),
			"silent only with other names or record types: their shape alone suffices");
}

static void add_features(struct finding *f, const struct pair *p, const struct dns_params *params,
			 const struct judgement *j)
{
	char bytes[32], types[64];
	const char *about = p->is_many ? "about " : "";
	finding_feature(f, "new_information", j->info, NAN, (double)params->daily_bytes, 0.7,
			j->by_info,
			"%s of new information in %s%.0f distinct name%s (limit %llu B a day)",
			str_bytes(bytes, sizeof(bytes), j->info), about, j->distinct,
			j->distinct > 1 ? "s" : "", (unsigned long long)params->daily_bytes);
	finding_feature(f, "bytes_per_name", j->per_name, 6, 12, 0.25, j->by_shape,
			"%.0f bytes of information a name (ordinary: a few)", j->per_name);
	finding_feature(f, "share_of_new_names", p->questions ? j->distinct / p->questions : 0, NAN,
			0.4, 0.1, j->by_new,
			"%s%.0f of %u questions were for a name not asked before", about,
			j->distinct, p->questions);
	finding_feature(f, "data_record_types", p->rare_types + p->odd_types, NAN, NAN, 0.25,
			j->by_types, "%s", type_words(p, types, sizeof(types)));
	finding_feature(f, "answer_information", p->answer_info, NAN, 2048, 0.15, j->by_answers,
			"%s of distinct data came back in answers",
			str_bytes(bytes, sizeof(bytes), p->answer_info));
	if (p->marks)
		finding_feature(f, "tool_mark", 1, 0, 1, 0.45, j->by_marks, "%s",
				dns_mark_name(p->marks));
	if (j->service)
		finding_feature(f, "known_service", 1, NAN, NAN, 0.6, j->by_service, "%s: %s",
				j->service->title, j->service->reason);
}

/* The strongest first; few bytes a name are no argument. */
static void say_not_harmless(struct finding *f, const struct pair *p, const struct judgement *j)
{
	char shape[80] = "";
	if (j->per_name >= SHAPE_FROM)
		finding_text(shape, sizeof(shape),
			     "%.0f bytes of information a name where ordinary names carry a few, ",
			     j->per_name);
	finding_text(f->not_harmless, sizeof(f->not_harmless),
		     "%s%s%.0f %% of the questions new, %s",
		     p->marks ? "it bears the mark of a tool; " : "", shape,
		     p->questions ? 100 * j->distinct / p->questions : 0,
		     j->service ? "and more than the look-up service is allowed" :
				  "and no known look-up service behind the domain");
}

static void add_words(struct finding *f, const struct pair *p, const struct dns_params *params,
		      const struct detect_env *env, const struct judgement *j)
{
	char client[IPADDR_TEXT_MAX], server[IPADDR_TEXT_MAX], bytes[32], span[32], back[32];
	bool resolver = context_roles(env->context, &p->key.client) & ROLE_RESOLVER;
	ipaddr_print(&p->key.client, client, sizeof(client));
	ipaddr_print(&p->last.dst, server, sizeof(server));
	str_bytes(bytes, sizeof(bytes), j->info);
	finding_span(span, sizeof(span), p->last_ns - p->first_ns);
	finding_text(f->message, sizeof(f->message),
		     "%s%s sent %s of new information in %s%.0f distinct DNS name%s under %s %s",
		     client, resolver ? " (a resolver, asking for others)" : "", bytes,
		     p->is_many ? "about " : "", j->distinct, j->distinct > 1 ? "s" : "", p->domain,
		     span);
	say_limit(f, p, params, env, j);
	say_not_harmless(f, p, j);
	finding_text(f->unseen, sizeof(f->unseen), "what the data was: it is encoded%s",
		     resolver ? ", and the true client asks through this resolver" : "");
	if (resolver)
		finding_step(f,
			     "Find who asked %s for %s in its query log: cutting it off would take "
			     "names from everybody",
			     client, p->domain);
	else
		finding_step(f, "On %s: find the process that sends DNS to %s", client, server);
	finding_step(f, "Who owns %s, and since when? Block the domain at the resolver", p->domain);
	if (p->answer_info > 0)
		finding_step(f, "%s came back in answers: look for commands and files that arrived",
			     str_bytes(back, sizeof(back), p->answer_info));
	if (p->last.ip_version == 6)
		finding_text(f->filter, sizeof(f->filter), "ipv6.addr == %s && dns", client);
	else
		finding_text(f->filter, sizeof(f->filter), "ip.addr == %s && dns", client);
}

void pair_explain(const struct pair *p, const struct dns_params *params,
		  const struct detect_env *env, const struct judgement *j, enum severity severity)
{
	struct finding f;
	finding_init(&f, "dns_tunnel", "dns_tunnel", "Data in DNS names");
	bool pulls = p->answer_info > 4 * j->info;
	f.class = pulls ? FINDING_C2 : FINDING_EXFIL;
	f.tactic = pulls ? "TA0011" : "TA0010";
	finding_technique(&f, "T1071.004");
	finding_technique(&f, "T1048.003");
	finding_technique(&f, "T1572");
	f.severity = severity;
	f.score = j->score;
	f.llr = 12 * j->score;
	f.confidence = j->score;
	finding_from_event(&f, &p->last);
	f.app = APP_DNS;
	f.subject.ip = p->key.client;
	f.subject.has_ip = true;
	f.subject.port = 0;
	f.subject.bytes = (uint64_t)(j->info + 0.5);
	f.subject.packets = p->questions;
	f.peer.ip = j->is_update ? p->told_server : p->last.dst;
	f.peer.has_ip = true;
	f.peer.port = p->last.dport;
	f.peer.bytes = (uint64_t)(p->answer_info + 0.5);
	f.peer.packets = p->answers;
	f.start_ns = p->first_ns;
	f.end_ns = p->last_ns;
	f.is_update = j->is_update;
	f.time_ns = j->is_update ? p->last_ns : env->now_ns;
	f.count = p->questions;
	f.visibility = VISIBILITY_NAME;
	finding_text(f.object, sizeof(f.object), "%s", p->domain);
	finding_text(f.domain, sizeof(f.domain), "%s", p->domain);
	cut_labels(f.dns_question, sizeof(f.dns_question), p->example);
	f.dns_type = p->last_type;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	add_features(&f, p, params, j);
	add_words(&f, p, params, env, j);
	if (j->score < params->alert_score) /* the totals of a proof that was given before */
		f.counterfactual[0] = '\0';
	env->raise(env->arg, &f);
}
