/*
 * responder/request.h - what the responder is asked, and what it answers.
 *
 * What: one request a message of a SOCK_SEQPACKET socket, of fixed size, and one answer of fixed
 * size.  Addresses are bytes, never text; a request can name one host or one pair, never a prefix.
 * The responder trusts nothing in it: limits and the list of those never to be cut off are its own.
 * Ownership: values.
 * Threads: any; client calls wait.
 * Limits: QUARANTINE_WAIT_MS for an answer.
 */
#ifndef EXFILD_RESPONDER_REQUEST_H
#define EXFILD_RESPONDER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/base/ipaddr.h"

#define QUARANTINE_SOCKET  "/run/exfild-responder/responder.sock"
#define QUARANTINE_MAGIC   0x51465845u /* "EXFQ" */
#define QUARANTINE_VERSION 2
#define QUARANTINE_ALERT   40 /* an alert's id, whole */
#define QUARANTINE_WAIT_MS 5000

enum quarantine_op {
	QUARANTINE_ADD = 1, /* cut off, or make the end later */
	QUARANTINE_RELEASE, /* by host and, for a pair, peer */
	QUARANTINE_LIST,    /* the decision at `index`, in order of their numbers */
	QUARANTINE_ACTS,    /* the first act with a number of `index` or above */
	QUARANTINE_STATUS,
	QUARANTINE_PROTECT, /* never cut this host off: a role that was learnt */
	QUARANTINE_OFF,     /* break-glass: release all and take nothing until ON */
	QUARANTINE_ON,
	QUARANTINE_MOVED, /* the host's address is another machine's from now on */
	QUARANTINE_OP__COUNT
};

enum quarantine_kind {
	QUARANTINE_HOST, /* all of an inside host's traffic */
	QUARANTINE_PAIR, /* what host and peer say to each other */
	QUARANTINE_PEER, /* whatever goes to or comes from an outside address */
	QUARANTINE_SLOW, /* a host may send a little only */
	QUARANTINE_KIND__COUNT
};

enum quarantine_mode {
	QUARANTINE_MODE_OFF,
	QUARANTINE_MODE_DRY_RUN, /* everything is kept and counted, nothing is cut off */
	QUARANTINE_MODE_ENFORCE,
	QUARANTINE_MODE_STOPPED, /* someone took the rules away twice */
	QUARANTINE_MODE__COUNT
};

enum quarantine_status {
	QUARANTINE_OK,
	QUARANTINE_NO_MORE,   /* LIST, ACTS: nothing at or after that index */
	QUARANTINE_MALFORMED, /* the request is not one */
	QUARANTINE_FORBIDDEN, /* not for this user */
	QUARANTINE_NEVER,     /* on the never-list: text says why */
	QUARANTINE_FULL,      /* quarantine.max */
	QUARANTINE_TOO_FAST,  /* quarantine.per_minute */
	QUARANTINE_IS_OFF,
	QUARANTINE_UNKNOWN, /* RELEASE: there is no such decision */
	QUARANTINE_SHARED,  /* the address serves many names, and `is_shared_right` is not set */
	QUARANTINE_FAILED,  /* the kernel refused */
	QUARANTINE_STATUS__COUNT
};

enum quarantine_request_flag {
	QUARANTINE_SHARED_RIGHT = 1, /* cut off although many names live at the address */
};

struct quarantine_request {
	uint32_t magic;
	uint8_t version;
	uint8_t op;   /* enum quarantine_op */
	uint8_t kind; /* enum quarantine_kind */
	uint8_t flags;
	struct ipaddr host, peer; /* peer: of a pair; else zero */
	uint32_t names;           /* different names seen at a PEER's address */
	uint32_t ttl_s;           /* 0: quarantine.ttl */
	uint64_t index;
	char alert[QUARANTINE_ALERT]; /* exfild.alert_id; NUL-terminated as are all */
	char rule[48];
	char reason[104];
};

struct quarantine_entry { /* a decision */
	uint64_t number;
	struct ipaddr host, peer;
	uint8_t mac[6]; /* of a host on the link: all its addresses are cut off */
	uint8_t kind;
	uint8_t has_mac;
	uint8_t is_enforced, by_admin;
	uint8_t pad[2];
	uint32_t repeats;          /* how often it was asked for again */
	uint64_t since_s, until_s; /* since 1970, UTC */
	char alert[QUARANTINE_ALERT];
	char rule[48];
	char reason[104];
};

enum quarantine_act_kind {
	QUARANTINE_ACT_ADDED,
	QUARANTINE_ACT_EXTENDED,
	QUARANTINE_ACT_RELEASED,
	QUARANTINE_ACT_EXPIRED,
	QUARANTINE_ACT_REFUSED,
	QUARANTINE_ACT_OFF,
	QUARANTINE_ACT_ON,
	QUARANTINE_ACT_RESTORED, /* someone had taken the rules away */
	QUARANTINE_ACT_STOPPED,  /* and did so again */
	QUARANTINE_ACT__COUNT
};

struct quarantine_act {
	uint64_t number; /* from 1, without gaps while the responder runs */
	uint64_t at_s;
	uint32_t uid;
	uint8_t kind, status;
	uint8_t mode;
	uint8_t pad;
	struct quarantine_entry entry; /* zero where it is about all */
};

struct quarantine_answer {
	uint32_t magic;
	uint8_t version;
	uint8_t status; /* enum quarantine_status */
	uint8_t mode;
	uint8_t forwards; /* this machine forwards packets */
	uint32_t entries, max;
	uint32_t per_minute, protected_count;
	uint64_t added, refused, released, expired, restored;
	uint64_t last_act;
	struct quarantine_act act; /* ACTS; in `entry`: LIST, ADD, RELEASE */
	char text[160];            /* a sentence where the status is not OK */
};

/* Whether it can be a request at all: magic, version, numbers in range, texts that end. */
bool quarantine_is_request(const void *data, size_t len);
/* Fills magic, version and op. */
void quarantine_prepare(struct quarantine_request *r, enum quarantine_op op);

const char *quarantine_status_name(unsigned status);
const char *quarantine_mode_name(unsigned mode);
const char *quarantine_kind_name(unsigned kind);
const char *quarantine_act_name(unsigned kind);

/* A connection to the responder, or -1 with errno. */
int quarantine_connect(const char *path);
/* 0, or -EXF_E_IO (errno), -EXF_E_FORMAT: it speaks another version. */
int quarantine_call(int fd, const struct quarantine_request *r,
		    struct quarantine_answer *ret) EXF_MUST_USE;

#endif
