/*
 * detect/upload_volume/upload_volume.h - what the parts of this detector share.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_UPLOAD_VOLUME_UPLOAD_VOLUME_H
#define EXFILD_SRC_DETECT_UPLOAD_VOLUME_UPLOAD_VOLUME_H

#include "exfild/base/sketch.h"
#include "exfild/base/table.h"
#include "exfild/base/usual.h"
#include "exfild/context/baseline.h"
#include "exfild/detect/detector.h"

#define PAIR_PACKETS 16
#define SPREAD_DESTS 32

/* What kind of destination it is: each has a floor of its own. */
enum volume_rule {
	RULE_FILE_DROP,
	RULE_PASTE,
	RULE_CHAT,
	RULE_TUNNEL,
	RULE_STORAGE,
	RULE_CODE,
	RULE_WEBMAIL,
	RULE_AI,
	RULE_REMOTE,
	RULE_CLOUD,   /* machines, office suites and delivery networks of the clouds */
	RULE_SERVICE, /* other known services */
	RULE_NAMED,   /* a name that no list knows */
	RULE_ADDRESS, /* no name */
	RULE_PUSH,    /* no name, no known protocol, nothing comes back */
	RULE_SSH,
	RULE_TRANSFER, /* FTP, TFTP, rsync, SMB, NFS */
	RULE_MAIL,     /* SMTP */
	RULE_VPN,
	RULE_TOR,
	RULE_PEERS, /* BitTorrent */
	RULE_VOICE,
	RULE_SMALL, /* protocols that carry little: DNS, NTP, ... */
	RULE__COUNT
};

struct volume_params {
	uint64_t floor[RULE__COUNT];
	uint64_t memory_s, slow_memory_s;
	double sanctioned_times, high_times, slow_times, known_times, quiet_times;
};

struct rule_info {
	const char *words;     /* "anonymous file sharing" */
	double pcr;            /* least producer/consumer ratio */
	enum severity highest; /* at high_times the floor; SEVERITY_MEDIUM: low at the floor */
	const char *technique; /* NULL: by protocol */
	double by_kind;        /* contribution to the score */
};

extern const struct rule_info volume_rules[RULE__COUNT];

struct pair_key {
	struct ipaddr src;
	uint64_t dest; /* hash of the registered domain, or of the address */
	uint32_t tunnel_key;
	uint32_t rule; /* enum volume_rule */
};

/* One sender and one destination. */
struct volume_pair {
	struct pair_key key;
	struct decayed up, down;           /* application bytes, half-life memory_s */
	struct decayed slow_up, slow_down; /* the same, slow_memory_s */
	uint64_t first_ns, last_ns;        /* packet time */
	uint64_t total_up, total_down;
	uint64_t packets_up, packets_down;
	uint64_t packets[PAIR_PACKETS];
	uint64_t chunk;  /* size of the last finished upload */
	uint32_t chunks; /* finished in a row with that size */
	uint32_t flows;
	uint64_t day; /* of packet time, the one that is running; 0: none yet */
	double day_up;
	struct usual usual;        /* of its active days */
	float days[BASELINE_DAYS]; /* the last ones, by day modulo; bytes */
	uint64_t known_ns;         /* steady: first used */
	double told_up;
	uint64_t told_total;
	struct event told; /* of the last finding: its ends, for the totals */
	uint8_t told_severity;
	uint8_t packet_count;
	bool is_told_late; /* when the sensor had learnt: it is not to become usual soon */
};

/* A day's pushes of one sender to several destinations, each below its floor. */
struct spread_host {
	struct baseline_key key;
	uint64_t day; /* of packet time */
	uint64_t dests[SPREAD_DESTS];
	double up[SPREAD_DESTS];
	uint64_t first_ns; /* packet time */
	double told;
	uint32_t count;
	uint32_t zero;
};

struct volume_state {
	const struct volume_params *params;
	struct table pairs, spreads;
	uint64_t findings;
	const struct detect_env *env;
};

/* What one event adds. */
struct upload {
	struct context_upload at;
	enum volume_rule rule;
};

/* Why it is told. */
struct volume_verdict {
	double up, down, pcr, ratio;
	double floor, slow_floor; /* of the day; of slow_memory */
	double least_pcr;
	bool is_slow, fires;
	bool is_update;         /* only totals have grown */
	uint32_t hosts;         /* that send to the destination */
	struct usual usual_day; /* of the pair, or of its peers there; no weight: not learnt */
	bool is_peers_usual;
	double activity; /* share of such hours in which the host sends; NAN: not learnt */
	unsigned days;   /* active ones of the last two weeks */
	bool is_drip;    /* alike amounts on most days */
	bool is_quiet;   /* from a host that never sends much */
	bool is_new;     /* the destination */
	double by_amount, by_pcr, by_kind, by_rare, by_new, by_hour, by_quiet, by_drip;
	double score;
	enum severity severity;
};

/* rules.c */
enum volume_rule volume_rule_of(const struct upload *u);
bool volume_judge(const struct volume_state *s, const struct detect_env *env,
		  const struct volume_pair *p, const struct upload *u, struct volume_verdict *ret);

/* usual.c */
/* A day of the pair is over when one of a later day comes. */
void volume_learn(const struct detect_env *env, struct volume_pair *p, const struct upload *u);
/* What the baselines say, into the verdict; before the floors are made. */
void volume_compare(const struct detect_env *env, const struct volume_pair *p,
		    const struct upload *u, struct volume_verdict *v);
/* Whether the last two weeks are a drip, and of how many bytes. */
double volume_drip(const struct volume_pair *p, struct volume_verdict *v);

/* spread.c */
int volume_spread_init(struct volume_state *s, const struct detect_env *env);
/* A pair below its floor: adds it to what its sender pushes elsewhere. */
void volume_spread(struct volume_state *s, const struct detect_env *env, const struct upload *u,
		   const struct volume_verdict *v);

/* keep.c */
void volume_keep(void *state, struct keep_list *list);

/* explain.c */
void volume_explain(struct volume_state *s, const struct detect_env *env,
		    const struct volume_pair *p, const struct upload *u,
		    const struct volume_verdict *v);

#endif
