/*
 * detect/beacon/beacon.h - what the parts of this detector share.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_BEACON_BEACON_H
#define EXFILD_SRC_DETECT_BEACON_BEACON_H

#include "exfild/base/table.h"
#include "../dest.h"
#include "../rhythm.h"

#define BEACON_PACKETS 8

struct beacon_params {
	uint64_t connections; /* from which it is judged */
	uint64_t age_s;       /* destinations known for longer are no news */
	uint64_t hosts;       /* inside hosts from which prevalence says something */
	double alone_score;   /* most without a mark besides the rhythm */
};

struct beacon_key {
	struct ipaddr src;
	uint64_t dest;
	uint32_t tunnel_key;
	uint16_t port, pad;
};

struct beacon_pair {
	struct beacon_key key;
	uint64_t first_ns, last_ns;
	uint64_t up, down;
	struct rhythm rhythm;
	struct rhythm_bins bins;
	uint32_t failed, ended;
	uint16_t app;
	uint8_t packet_count, told_severity;
	uint8_t clients;
	bool is_literal, is_random_name, is_odd_port, is_old, is_rare;
	bool is_new; /* the destination, after the sensor had learnt */
	uint64_t packets[BEACON_PACKETS];
	struct event last;
	char dest[DEST_TEXT_MAX];
};

struct beacon_judgement {
	double interval, exact, size, persistence, nameless, random, port, failing, rare, crowd,
		old, alone, score;
	struct rhythm_score r;
};

void beacon_judge(const struct beacon_pair *p, const struct beacon_params *params,
		  uint64_t dataset_first_ns, uint64_t now_ns, struct beacon_judgement *j);
void beacon_explain(const struct beacon_pair *p, const struct beacon_params *params,
		    const struct detect_env *env, const struct beacon_judgement *j);

#endif
