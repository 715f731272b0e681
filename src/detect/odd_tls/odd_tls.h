/*
 * detect/odd_tls/odd_tls.h - what odd_tls adds up, and what it makes of it.
 *
 * What: all connections of a client to a port of an address, their marks, and the sum of these.
 * Ownership: values.  Threads: analysis plane.  Limits: strings are cut to ODD_TLS_NAME.
 */
#ifndef EXFILD_DETECT_ODD_TLS_H
#define EXFILD_DETECT_ODD_TLS_H

#include "../rhythm.h"
#include "../step.h"

#define ODD_TLS_SECOND  1000000000ull
#define ODD_TLS_ASKS    5 /* of the server, from which it gives orders */
#define ODD_TLS_PACKETS 8
#define ODD_TLS_NAME    64

struct odd_params {
	uint64_t long_s;
};

struct odd_key {
	struct ipaddr src, dst;
	uint32_t tunnel_key;
	uint16_t port, pad;
};

struct odd_pair {
	struct odd_key key;
	uint64_t first_ns, last_ns, longest_ns;
	uint64_t up, down;
	struct rhythm rhythm; /* of connections */
	uint32_t sessions, pauses, pause_ms, pause_spread_ms;
	uint32_t validity_days;
	uint16_t version;
	uint8_t packet_count, told_severity, clients;
	bool has_certificate, is_self_signed, is_mismatch, is_nameless, is_plain_subject;
	bool is_odd_port, is_excused, is_commanded;
	uint32_t asks, asked_bytes, reply_bytes;
	uint64_t packets[ODD_TLS_PACKETS];
	struct event last;
	char subject[ODD_TLS_NAME], sni[ODD_TLS_NAME], ja4[40];
};

struct odd_judgement {
	double self_signed, commanded, server, subject, port, validity, version, pauses, again,
		rhythm, length, crowd, score;
	struct rhythm_score r;
};

/* The contribution of each mark, and their sum. */
void odd_tls_judge(const struct odd_pair *p, const struct odd_params *limits,
		   struct odd_judgement *j);
/* Raises the finding. */
void odd_tls_explain(const struct odd_pair *p, const struct detect_env *env,
		     const struct odd_judgement *j);

#endif
