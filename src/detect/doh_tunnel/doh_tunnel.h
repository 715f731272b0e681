/*
 * detect/doh_tunnel/doh_tunnel.h - what the parts of this detector share.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_DETECT_DOH_TUNNEL_H
#define EXFILD_DETECT_DOH_TUNNEL_H

#include "../dest.h"
#include "../step.h"

#define DOH_TEXT_MAX 96
#define DOH_PACKETS  8

struct doh_params {
	uint64_t questions; /* long ones in two windows */
	uint64_t window_s;
};

/* How DNS is wrapped. */
enum doh_carrier { DOH_TLS, DOH_HTTPS, DOH_QUIC };

/* Two windows in a row are judged together: of the parameter's length, and of half a day. */
enum doh_span { DOH_SHORT, DOH_DAY, DOH__SPANS };

struct doh_sum {
	uint32_t questions, longs; /* of the client; longs are longer than a name of people's */
	uint32_t odd;              /* sizes that DNS does not have */
	uint32_t pad;
	uint64_t up, down;
};

struct doh_window {
	uint64_t number; /* of the window that `now` is */
	struct doh_sum now, before;
};

struct doh_key {
	struct ipaddr src;
	uint64_t resolver; /* keyed, of its service, else of its address */
	uint32_t tunnel_key;
	uint16_t port, pad;
};

struct doh_pair {
	struct doh_key key;
	uint64_t first_ns;
	struct doh_window span[DOH__SPANS];
	uint32_t told_longs;
	uint16_t base; /* least size of a question so far; 0: none */
	uint8_t told_severity, carrier, packet_count;
	bool is_known; /* a resolver of the catalogue */
	uint64_t packets[DOH_PACKETS];
	struct event last;
	char name[DOH_TEXT_MAX]; /* of the resolver, for people */
};

struct doh_judgement {
	enum doh_span span;
	double questions, longs, destinations; /* of both windows */
	double bytes, ratio;
	double limit;  /* of long questions */
	double span_s; /* of both windows */
	bool is_known;
	double by_longs, by_share, by_ratio, by_silence, by_rate, by_stranger;
	double score;
};

/* Judges one span: `destinations` that the client, or who it asks for, went to in it. */
void doh_judge(const struct doh_pair *p, enum doh_span span, double destinations,
	       const struct doh_params *params, struct doh_judgement *j);
/* The least number of long questions that is told, all else as it is. */
uint64_t doh_least(const struct doh_judgement *j);
void doh_tell(const struct doh_pair *p, const struct doh_judgement *j,
	      const struct detect_env *env);

#endif
