/*
 * detect/http_channel/http_channel.h - what the parts of this detector share.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_HTTP_CHANNEL_HTTP_CHANNEL_H
#define EXFILD_SRC_DETECT_HTTP_CHANNEL_HTTP_CHANNEL_H

#include "exfild/base/table.h"
#include "../dest.h"
#include "../rhythm.h"

#define CHANNEL_SHAPES  4
#define CHANNEL_PACKETS 8
#define CHANNEL_WORDS   4
#define CLIENT_SHAPES   8
#define CLIENT_HOSTS    4

struct http_params {
	uint64_t requests;   /* of one form, from which they repeat */
	uint64_t small_post; /* bytes: a body up to this is a check-in's */
	uint64_t ip_check_s; /* so long after asking for its own address */
	double alone_score;  /* most that rhythm and form alone can give */
};

struct channel_key {
	struct ipaddr src;
	uint64_t dest; /* dest.key */
	uint32_t tunnel_key;
	uint16_t port, pad;
};

/* Requests of one method and path, digits aside. */
struct request_form {
	uint64_t hash;
	uint32_t count;
	bool is_post;
};

struct http_channel {
	struct channel_key key;
	uint64_t first_ns, last_ns;
	struct rhythm rhythm;
	struct request_form forms[CHANNEL_SHAPES];
	uint32_t requests, posts, small_posts;
	uint32_t bare;     /* no referrer, few headers */
	uint32_t browser;  /* claims to be a browser */
	uint32_t tool;     /* a tool's user agent, or none */
	uint32_t encoded;  /* a long encoded word in URI or cookie */
	uint32_t identity; /* a GUID or the host's own name in the URI */
	uint32_t spelled;  /* hexadecimal that spells text in URI or cookie */
	uint32_t nobody;   /* no user agent at all */
	uint32_t parts;    /* of a page, that browsers keep: scripts, styles */
	uint32_t with_query;
	uint32_t answers, small_answers, large_answers;
	uint32_t bodies;   /* of answers, that are not empty */
	uint32_t contrary; /* answers that contradict their type */
	uint32_t binary;   /* requests with a body of no known kind */
	uint16_t least_headers;
	uint8_t hosts_of_form; /* that were asked by the same form */
	uint8_t clients;       /* of the destination */
	uint8_t told_severity;
	uint8_t packet_count;
	uint8_t worst; /* enum content_contrary */
	bool is_inside, is_literal, has_delivered, has_ip_check, is_random_name;
	uint64_t up, down; /* bytes of bodies, as declared */
	uint64_t told;     /* bytes that long encoded words of bare requests can hold */
	uint32_t told_last[CHANNEL_WORDS]; /* hashes: what comes again tells nothing */
	uint64_t packets[CHANNEL_PACKETS];
	struct event last; /* request */
	char host[DEST_TEXT_MAX];
	char uri[64], user_agent[48];
};

struct channel_judgement {
	double repeat, exchange, rhythm, browser, tool, literal, port, encoded, identity, name,
		delivered, ip_check, hosts, crowd, inside, alone, score;
	double contrary, both_ways, spelled, part, told;
	struct rhythm_score r;
	uint32_t form_count; /* of the most frequent form */
	bool form_is_post;
};

void http_channel_judge(const struct http_channel *c, const struct http_params *p,
			struct channel_judgement *j);
void http_channel_explain(const struct http_channel *c, const struct http_params *p,
			  const struct detect_env *env, const struct channel_judgement *j);

/* ---- request.c: what a request looks like ---- */

struct request_look {
	uint64_t form; /* hash of method and path, digits aside */
	uint32_t told; /* bytes that its long encoded words can hold */
	uint32_t told_hash;
	bool is_post, is_bare, is_browser, is_tool, has_encoded, has_identity, has_query;
	bool has_spelled, is_nobody, is_part;
};
void request_look(struct request_look *ret, const struct event_http *h, const char *own_name);
/* A port on which clear HTTP is what one expects. */
bool request_is_web_port(uint16_t port);

#endif
