/*
 * detect/upload_volume/upload_volume.h - what the parts of this detector share.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_UPLOAD_VOLUME_UPLOAD_VOLUME_H
#define EXFILD_SRC_DETECT_UPLOAD_VOLUME_UPLOAD_VOLUME_H

#include "exfild/base/sketch.h"
#include "exfild/base/table.h"
#include "exfild/detect/detector.h"

#define DEST_TEXT    96
#define DEST_HOSTS   8
#define PAIR_PACKETS 16

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
	double sanctioned_times, high_times, slow_times, known_times;
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
	double told_up;
	uint64_t told_total;
	struct event told; /* of the last finding: its ends, for the totals */
	uint8_t told_severity;
	uint8_t packet_count;
};

/* Who else sends there. */
struct destination {
	uint64_t hash;
	uint64_t first_ns; /* steady */
	uint32_t hosts[DEST_HOSTS];
	uint32_t host_count;
};

struct volume_flow {
	uint64_t id;
	uint64_t seen[2]; /* payload up and down already counted */
	uint64_t packets[2];
};

struct volume_state {
	const struct volume_params *params;
	struct table pairs, destinations, flows;
	uint64_t start_ns; /* steady time of the first event */
	uint64_t findings;
	bool has_told; /* in this process or an earlier one */
	const struct detect_env *env;
};

/* What one event adds. */
struct upload {
	const struct event_flow *f;
	struct ipaddr src, dst; /* sender and receiver */
	uint16_t port;          /* of the service */
	uint64_t up, down, packets_up, packets_down;
	const struct service *service;
	enum volume_rule rule;
	const char *name;     /* NULL: none known */
	char dest[DEST_TEXT]; /* registered domain, or the address */
	uint64_t dest_hash;
};

/* Why it is told. */
struct volume_verdict {
	double up, down, pcr, ratio;
	double floor, slow_floor; /* of the day; of slow_memory */
	double least_pcr;
	bool is_slow, fires;
	bool is_update; /* only totals have grown */
	uint32_t hosts; /* that send to the destination */
	double by_amount, by_pcr, by_kind, by_rare;
	double score;
	enum severity severity;
};

/* rules.c */
enum volume_rule volume_rule_of(const struct upload *u);
bool volume_judge(const struct volume_state *s, const struct detect_env *env,
		  const struct volume_pair *p, const struct upload *u, const struct destination *d,
		  struct volume_verdict *ret);

/* keep.c */
void volume_keep(void *state, struct keep_list *list);

/* explain.c */
void volume_explain(struct volume_state *s, const struct detect_env *env,
		    const struct volume_pair *p, const struct upload *u,
		    const struct volume_verdict *v);

#endif
