/*
 * detect/dns_tunnel/dns_tunnel.h - what the parts of this detector share.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_DNS_TUNNEL_DNS_TUNNEL_H
#define EXFILD_SRC_DETECT_DNS_TUNNEL_DNS_TUNNEL_H

#include "exfild/base/sketch.h"
#include "exfild/detect/detector.h"
#include "information.h"
#include "newcomer.h"

#define EXACT_NAMES    32
#define DOMAIN_TEXT    80
#define EXAMPLE_TEXT   64
#define EDNS_KNOWN     8
#define RECENT_ANSWERS 8
#define FIRST_PACKETS  16
#define LEAST_BYTES    200.0 /* below this no shape makes an alert */

struct dns_params {
	uint64_t daily_bytes, weekly_bytes, domain_daily_bytes, spread_daily_bytes;
	uint64_t min_names;
	double alert_score;
};

/* One client and one registered domain. */
struct pair {
	struct pair_key key;
	/* the window */
	uint64_t window_ns; /* steady time of its begin */
	uint64_t first_ns, last_ns;
	double exact_info;   /* of the names in `names` */
	struct hll info;     /* all distinct names, by weight */
	float previous_info; /* of the window before */
	struct decayed week; /* closed windows, half-life three days */
	uint32_t names[EXACT_NAMES];
	uint8_t name_count;
	bool is_many; /* more distinct names than fit: the sketch counts */
	uint8_t packet_count;
	uint8_t raised_severity;
	/* shape, over all questions */
	uint32_t questions;
	uint32_t weighty; /* questions whose name carries 10 bytes or more */
	double weight_sum;
	uint32_t rare_types, odd_types; /* NULL, KEY, PRIVATE; TXT, CNAME, MX, SRV */
	uint32_t answers;               /* that bring data */
	double answer_info;             /* distinct answer data of odd and rare types */
	uint64_t recent_answers[RECENT_ANSWERS];
	double edns_info;
	uint64_t edns_seen[EDNS_KNOWN]; /* options that were met before; the oldest goes */
	uint8_t edns_next;
	uint32_t marks;
	double raised_info;
	uint64_t told_events; /* questions and answers when it was last told */
	struct ipaddr told_server;
	uint64_t packets[FIRST_PACKETS];
	uint64_t flow;
	uint64_t last_hash; /* of the last question's name */
	struct event last;  /* head of the last question, for the alert's ends */
	struct label_memory labels;
	char domain[DOMAIN_TEXT];
	char example[EXAMPLE_TEXT];
	uint16_t last_type;
	uint16_t cat_session; /* of names that look like dnscat2's, and how many in a row had it */
	uint16_t cat_run;
};

/* What the score is made of; explained in this order. */
struct judgement {
	double info, distinct, per_name; /* bytes, names, bytes a name */
	double week;
	double by_info, by_shape, by_new, by_types, by_answers, by_marks, by_service;
	double score;
	double week_before; /* of `week`, without `info` */
	bool is_reverse, is_marked;
	bool is_update; /* only totals have grown */
	const struct service *service;
};

/* Reverse look-ups: their limit is so many times higher. */
#define REVERSE_TIMES 16
bool domain_is_reverse(const char *domain);

double pair_info(const struct pair *p, uint64_t steady_ns);
void pair_judge(const struct pair *p, const struct dns_params *params, const struct detect_env *env,
		struct judgement *j);
/* Whether it would be told with so much new information, all else as it was judged. */
bool pair_fires(const struct judgement *j, const struct dns_params *params, double info);
/* The least information at which it would; 0: it does not decide. */
uint64_t pair_least_info(const struct judgement *j, const struct dns_params *params);
/* What of the tables outlives the process; pairs that were told are marked. */
void pairs_keep(struct table *newcomers, struct table *pairs, struct keep_list *list);
/* Fills and raises the finding. */
void pair_explain(const struct pair *p, const struct dns_params *params,
		  const struct detect_env *env, const struct judgement *j, enum severity severity);

#endif
