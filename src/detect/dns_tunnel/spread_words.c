/*
 * detect/dns_tunnel/spread_words.c - what is said of a tunnel that spreads.
 */
#include <math.h>

#include "exfild/base/str.h"
#include "spread.h"

static void fill_common(struct finding *f, const struct spread_sum *sum, double limit)
{
	f->severity = SEVERITY_MEDIUM;
	f->score = fmin(1, 0.6 + 0.1 * log2(sum->info / limit + 1));
	f->llr = 8 * f->score;
	f->confidence = f->score;
	f->count = sum->count;
	f->class = FINDING_EXFIL;
	f->tactic = "TA0010";
	finding_technique(f, "T1071.004");
	finding_technique(f, "T1048.003");
	finding_from_event(f, &sum->event);
	f->app = APP_DNS;
	f->subject.ip = sum->client;
	f->subject.has_ip = true;
	f->subject.port = 0;
	f->start_ns = sum->first_ns;
	f->end_ns = sum->last_ns;
	f->time_ns = sum->last_ns;
	f->is_update = sum->is_update;
	f->visibility = VISIBILITY_NAME;
	finding_packet(f, sum->event.packet);
}

static void explain_domain(const struct spread_sum *sum, const struct dns_params *params,
			   const struct detect_env *env)
{
	struct finding f;
	char bytes[32];
	double limit = (double)params->domain_daily_bytes;
	finding_init(&f, "dns_tunnel", "dns_tunnel_many", "Data in DNS names of many clients");
	fill_common(&f, sum, limit);
	finding_text(f.object, sizeof(f.object), "%s", sum->domain);
	finding_text(f.domain, sizeof(f.domain), "%s", sum->domain);
	str_bytes(bytes, sizeof(bytes), sum->info);
	finding_feature(&f, "new_information", sum->info, NAN, limit, 1, f.score,
			"%s of new information from %u or more clients together", bytes,
			sum->count);
	finding_text(f.message, sizeof(f.message),
		     "%u or more clients together sent %s of new information in DNS names under %s "
		     "within a day",
		     sum->count, bytes, sum->domain);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu B of new names a day of all clients, or with fewer than %d "
		     "clients",
		     (unsigned long long)params->domain_daily_bytes, SPREAD_RARE_CLIENTS);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"no known service is behind the domain, and its names carry data at a rate that no "
		"ordinary site needs");
	finding_text(f.unseen, sizeof(f.unseen),
		     "what the data was, and clients behind a resolver");
	finding_step(&f, "List the clients that ask for %s: what do they have in common?",
		     sum->domain);
	finding_text(f.filter, sizeof(f.filter), "dns.qry.name contains \"%s\"", sum->domain);
	env->raise(env->arg, &f);
}

static void explain_client(const struct spread_sum *sum, const struct dns_params *params,
			   const struct detect_env *env)
{
	struct finding f;
	char bytes[32], who[IPADDR_TEXT_MAX];
	double limit = spread_limit(params, sum->count);
	finding_init(&f, "dns_tunnel", "dns_tunnel_spread", "Data in DNS names of many domains");
	fill_common(&f, sum, limit);
	f.subject.bytes = (uint64_t)(sum->info + 0.5);
	finding_text(f.object, sizeof(f.object), "many domains");
	str_bytes(bytes, sizeof(bytes), sum->info);
	ipaddr_print(&sum->client, who, sizeof(who));
	finding_feature(&f, "spread_information", sum->info, NAN, limit, 1, f.score,
			"%s of new information beyond %.0f B a domain, over %u rare domains", bytes,
			SPREAD_FREE_BYTES, sum->count);
	finding_text(
		f.message, sizeof(f.message),
		"%s sent %s of new information in DNS names spread over %u domains that hardly "
		"anybody else asks for",
		who, bytes, sum->count);
	finding_text(
		f.counterfactual, sizeof(f.counterfactual),
		"silent below %.0f B a day beyond %.0f B a domain over so many domains, with fewer "
		"than %d such domains, or if %d clients asked for each",
		limit, SPREAD_FREE_BYTES, SPREAD_DOMAINS_MIN, SPREAD_RARE_CLIENTS);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"each domain got more than the %.0f B that an ordinary site's names need, and fewer "
		"than %d clients know it",
		SPREAD_FREE_BYTES, SPREAD_RARE_CLIENTS);
	finding_text(f.unseen, sizeof(f.unseen), "what the data was");
	finding_step(&f, "On %s: find the process that asks for these names", who);
	finding_text(f.filter, sizeof(f.filter), "%s.addr == %s && dns",
		     ipaddr_is_v4(&sum->client) ? "ip" : "ipv6", who);
	env->raise(env->arg, &f);
}

void spread_explain(const struct spread_sum *sum, const struct dns_params *params,
		    const struct detect_env *env)
{
	if (sum->kind == SPREAD_DOMAIN)
		explain_domain(sum, params, env);
	else
		explain_client(sum, params, env);
}
