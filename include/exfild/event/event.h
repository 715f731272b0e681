/*
 * event/event.h - what the packet plane tells the analysis plane.
 *
 * What: length-prefixed records without pointers, 8-byte aligned, 96 B to 8 KiB, in one order:
 * `seq` counts packets and ticks as the reader numbered them, `n` counts within one of these.
 * Each kind has a struct that begins with struct event, and a field table (event_fields) from
 * which --events and signatures read it.  Strings live at the end of the record, cut at 1 KiB,
 * with their true length and a 64-bit keyed hash of all bytes at hand, also of those cut off.
 * Ownership: an event is borrowed by its reader until it returns.
 * Threads: written by a shard's owner, read by the analysis plane.
 * Limits: EVENT_MAX bytes an event, EVENT_STR_MAX bytes a string.
 */
#ifndef EXFILD_EVENT_EVENT_H
#define EXFILD_EVENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"
#include "exfild/event/app.h"
#include "exfild/event/content.h"
#include "exfild/event/file.h"
#include "exfild/event/kerberos.h"
#include "exfild/event/mail.h"

#define EVENT_MAX     8192
#define EVENT_STR_MAX 1024

enum event_kind {
	EVENT_FLOW_START,
	EVENT_FLOW_PROGRESS,
	EVENT_FLOW_END,
	EVENT_CLASSIFIED,
	EVENT_DNS,
	EVENT_HTTP,
	EVENT_TLS,
	EVENT_QUIC,
	EVENT_CERT,
	EVENT_TLS_SHAPE,
	EVENT_INNER,
	EVENT_SSH,
	EVENT_ICMP,
	EVENT_NTP,
	EVENT_ARP,
	EVENT_DHCP,
	EVENT_NAME,
	EVENT_SENSOR,
	EVENT_LOGIN,
	EVENT_FILE,
	EVENT_SMB,
	EVENT_RPC,
	EVENT_FTP,
	EVENT_HTTP_BODY,
	EVENT_MAIL,
	EVENT_KERBEROS,
	EVENT_LDAP,
	EVENT_RDP,
	EVENT_SESSION,
	EVENT_SHELL,
	EVENT_CONTENT,
	EVENT_FILE_HASH,
	EVENT_CARRIER,
	EVENT_ORDER,
	EVENT_CHAT,
	EVENT_IMPLANT,
	EVENT__COUNT
};

struct event {
	uint32_t size; /* bytes, head and strings included; a multiple of 8 */
	uint16_t kind; /* enum event_kind */
	uint8_t shard;
	uint8_t from_server;    /* 1: the packet behind it went from dst to src */
	uint64_t seq;           /* order of the reader: packets and ticks */
	uint64_t packet;        /* number of the packet, 0 for a timer */
	uint64_t time_ns;       /* packet time */
	uint64_t flow;          /* id, unique in a run; 0: no flow */
	struct ipaddr src, dst; /* initiator and responder of the flow */
	uint16_t sport, dport;
	uint8_t proto; /* IP protocol; 0 for ARP */
	uint8_t ip_version;
	uint16_t app; /* enum app, as far as known */
	uint32_t tunnel_id;
	uint32_t tunnel_key;
	uint16_t vlan;
	uint8_t tunnel_type;
	uint8_t pad;
	uint32_t n; /* order within seq and shard */
};

/* A string of an event. Bytes: event_str_data(). */
struct event_str {
	uint16_t off;  /* from the start of the event; 0: absent */
	uint16_t len;  /* bytes kept */
	uint32_t full; /* bytes that there were; > len: cut */
	uint64_t hash; /* keyed, of all bytes at hand, also of those cut off; 0 when absent */
};

enum flow_outcome { /* of the attempt to reach the other side */
		    FLOW_OUTCOME_PENDING,
		    FLOW_OUTCOME_ESTABLISHED, /* TCP handshake done, or an answer of another
						 protocol */
		    FLOW_OUTCOME_REFUSED,     /* RST to a SYN, ICMP unreachable */
		    FLOW_OUTCOME_UNANSWERED,  /* nothing in 3 s (TCP), 2 s (others) */
		    FLOW_OUTCOME_MIDSTREAM,   /* first seen after its handshake */
};

enum flow_end_reason {
	FLOW_END_NONE, /* still running */
	FLOW_END_CLOSED,
	FLOW_END_RESET,
	FLOW_END_IDLE,
	FLOW_END_HARD,    /* ran longer than the hard time-out; goes on as a new flow */
	FLOW_END_EVICTED, /* the table was full */
	FLOW_END_INPUT,   /* the input ended */
};

/* flow_start, flow_progress, flow_end. Index 0: from src (initiator), 1: from dst. */
struct event_flow {
	struct event e;
	uint64_t first_ns, last_ns;
	uint64_t bytes[2];   /* IP bytes, retransmissions left out */
	uint64_t payload[2]; /* transport payload, retransmissions left out */
	uint32_t packets[2];
	uint64_t retransmitted[2]; /* IP bytes sent again */
	/* IP bytes, those sent again included, since the last step (is_interim 2) of this flow;
	   told at a step and at the end, 0 else.  In the hour of packet time of last_ns, and before
	   it */
	uint64_t fresh[2], earlier[2];
	uint8_t outcome;         /* enum flow_outcome */
	uint8_t end;             /* enum flow_end_reason */
	uint8_t tcp_flags[2];    /* all flags seen */
	uint8_t one_sided;       /* no packet of the other direction was ever seen */
	uint8_t initiator_known; /* by handshake; else guessed by port and order */
	uint8_t is_interim;      /* progress: 1 outcome became known, 2 time or volume step */
	uint8_t has_mac;
	uint8_t mac[2][6];     /* link addresses that src and dst were seen with */
	uint32_t syn_flags;    /* flags of the first packet (scan detection) */
	uint64_t first_packet; /* its number: a timer's event has no packet of its own */
	/* headers of the first packet, at the start only; what it has not is 0 */
	uint32_t first_seq, first_ack;
	uint16_t first_ip_id, first_window, first_urgent;
	uint8_t first_ttl;
	uint8_t pad;
};

struct event_classified {
	struct event e;
	uint16_t ndpi_master, ndpi_app; /* nDPI's own numbers, for people */
	uint16_t category;
	uint8_t confidence; /* 0 unknown, 1 by port, 2 by address, 3 cache, 4 inspection, 5 our
			       inspector */
	uint8_t encrypted;
	uint64_t risks;
	struct event_str name; /* "TLS.Dropbox" */
	struct event_str category_name;
};

enum dns_transport { DNS_PLAIN, DNS_MDNS, DNS_LLMNR, DNS_NBNS };

/* One per question, or per answer message: see inspect/dns. */
struct event_dns {
	struct event e;
	uint8_t transport; /* enum dns_transport */
	uint8_t is_response;
	uint8_t rcode;
	uint8_t opcode;
	uint8_t tcp;
	uint8_t malformed; /* parts did not parse; what did is here */
	uint16_t id;
	uint16_t dns_flags; /* the header's flag word */
	uint16_t qtype, qclass;
	uint16_t questions, answers, authorities, additionals; /* counts of the header */
	uint16_t message_len;
	uint16_t edns_size;       /* 0: no OPT */
	uint16_t edns_option_len; /* bytes of option data, padding (RFC 7830) left out */
	uint64_t edns_hash;       /* of option data without cookies and padding */
	uint32_t rdata_len;       /* bytes of rdata in all answer sections, OPT left out */
	uint64_t rdata_hash;      /* keyed hash over the rdata of the answer section */
	uint32_t ttl;             /* smallest in the answer section */
	uint16_t first_answer_type;
	uint16_t upper_case;   /* upper-case letters in the name (0x20 games) */
	struct event_str name; /* of the first question, escaped wire form kept: labels joined by
				  '.', bytes as they are */
	struct event_str
		answer; /* first answers as text, ", " between: addresses, names, TXT bytes */
};

struct event_http {
	struct event e;
	uint8_t is_response;
	uint8_t version; /* 10, 11 */
	uint16_t status;
	uint32_t marks;          /* enum http_mark */
	uint64_t content_length; /* UINT64_MAX: not given */
	uint32_t head_len;
	uint16_t header_count;
	uint16_t callback_port; /* of `callback`; 0: not told */
	uint64_t header_hash;   /* order of header names */
	uint8_t exploit;        /* enum exploit_kind: what the head tries */
	uint8_t pad[7];
	struct event_str method, host, uri, user_agent, content_type, referrer, cookie, reason;
	struct event_str forwarded_for; /* X-Forwarded-For: the true client, if a proxy says so */
	struct event_str attempt, callback; /* of the exploit: its text, whom to call */
};

/*
 * The body of an HTTP message, told at its end or when no more of it is seen: of each request that
 * has one; of an answer when it holds output of commands, a prompt, or program text, or contradicts
 * its type.
 */
struct event_http_body {
	struct event e;
	uint8_t is_response;
	uint8_t type; /* enum file_type: of the body, or of the first file of a form */
	uint8_t form; /* enum content_form */
	uint8_t is_complete;
	uint8_t fields, files;
	uint8_t credential_fields, machine_fields, command_fields; /* by their names */
	uint8_t is_one_value;            /* of all fields one has a value */
	uint8_t base64_share, hex_share; /* percent of the bytes looked at */
	uint16_t status;                 /* of an answer */
	uint16_t callback_port;          /* of `callback`; 0: not told */
	uint32_t marks;                  /* enum content_mark */
	uint32_t head_marks;             /* enum http_mark, of the request */
	uint8_t exploit;                 /* enum exploit_kind: what a request's body tries */
	uint8_t contrary;                /* enum content_contrary, of an answer */
	uint8_t pad[6];
	uint32_t looked; /* bytes behind marks, shares, entropy and hash */
	float entropy;   /* bits a byte; 0: too few */
	uint64_t size;   /* as declared; UINT64_MAX: not told */
	uint64_t seen;   /* bytes that passed */
	uint64_t hash;   /* keyed, of the bytes looked at */
	struct event_str method, host, uri, user_agent; /* of the request */
	struct event_str content_type, file_name;
	struct event_str attempt, callback; /* of the exploit */
};

struct event_tls { /* tls and quic client hello, server hello */
	struct event e;
	uint8_t is_server;
	uint8_t has_sni;
	uint16_t version; /* highest offered, or chosen */
	uint16_t record_version;
	uint16_t cipher; /* chosen (server) */
	uint32_t quic_version;
	struct event_str sni, alpn, ja3, ja4; /* server: ja3 is JA3S */
};

/* The server's own certificate, which TLS 1.2 and older show in the clear (RFC 5246, 7.4.2). */
struct event_cert {
	struct event e;
	uint8_t is_self_signed; /* issuer and subject are the same */
	uint8_t is_malformed;   /* what could be read is here */
	uint8_t is_wildcard;    /* a name begins with "*." */
	uint8_t sni_match; /* 0: no name was asked for; 1: it is one of the names; 2: it is not */
	uint16_t chain;    /* certificates that were sent with it */
	uint16_t tls_version;
	uint32_t names;         /* subject alternative names */
	uint32_t validity_days; /* from not_before to not_after; 0: none */
	uint32_t age_days;      /* packet time since not_before */
	uint32_t pad;
	uint64_t not_before_s;    /* since 1970; 0: not read */
	uint64_t der_len;         /* bytes of it */
	struct event_str subject; /* common name, else the organisation's */
	struct event_str issuer;
	struct event_str san;          /* first alternative name */
	struct event_str sha256;       /* of the DER, hexadecimal */
	struct event_str sha1, serial; /* serial: its number, hexadecimal in capitals */
};

/* Sizes of encrypted records up to 64, 96, 128, 160, 192, 256, 384, 512, 768, 1024, 4096, more. */
#define TLS_SIZE_CLASSES 12
#define TLS_FIRST_SIZES  16

/* How encrypted records went, from the flow's begin: told at steps. Index 0: from the client. */
struct event_tls_shape {
	struct event e;
	uint64_t first_ns, last_ns; /* of records */
	uint64_t bytes[2];          /* of record bodies */
	uint32_t records[2];
	uint32_t sizes[2][TLS_SIZE_CLASSES];
	uint32_t turns;           /* how often the direction changed */
	uint32_t pauses;          /* of the client, over a second */
	uint32_t pause_ms;        /* median of the last 16 */
	uint32_t pause_spread_ms; /* their median distance from it */
	/* What followed a silence of both sides: who began; and of what the server began, in bytes
	   without the seals: all that it said and was answered, least and most of one */
	uint32_t begun[2], answered;
	uint32_t asked_bytes, reply_bytes;
	uint32_t ask_least, ask_most, reply_least, reply_most;
	uint16_t first[TLS_FIRST_SIZES]; /* sizes of the first ones; bit 15: from the server */
	uint8_t first_count;
	uint8_t is_end;  /* of the flow, or of what is looked at */
	uint8_t is_bulk; /* it went over the limit of what is looked at */
	uint8_t pad;
};

/* One per echo request with its reply, or per message that stays single. */
struct event_icmp {
	struct event e;
	uint8_t type, code;
	uint8_t is_reply;
	uint8_t paired;  /* a reply to a request that was seen */
	uint8_t differs; /* paired, and the payload is not the request's */
	uint8_t pattern; /* enum icmp_pattern of inspect: 0 none known */
	uint16_t id, icmp_seq;
	uint16_t payload_len;
	uint16_t captured_len;
	uint32_t info_bytes; /* payload left after known patterns are taken out */
	uint64_t payload_hash;
	float entropy;    /* bits a byte of the captured payload */
	uint32_t magic;   /* first four bytes, big endian */
	uint8_t head[16]; /* first bytes of the payload */
	uint64_t rtt_ns;  /* reply: time since its request */
	uint16_t ip_id;   /* identification of IPv4 */
	uint8_t ttl;      /* hop limit, as it came */
	uint8_t pad[5];
};

struct event_ntp {
	struct event e;
	uint8_t mode, version, stratum, malformed;
	uint16_t payload_len, extension_len;
	uint32_t head_hash; /* of what a clock that asks again leaves as it was */
	uint64_t extension_hash;
};

struct event_arp {
	struct event e;     /* src: sender, dst: target protocol address */
	uint16_t operation; /* 1 request, 2 reply */
	uint8_t sender_mac[6];
	uint8_t target_mac[6];
	uint8_t gratuitous;
	uint8_t pad;
};

/* An address has a name: learnt from DNS answers, DHCP, NBNS, mDNS, LLMNR. */
struct event_name {
	struct event e; /* src: who said so */
	struct ipaddr address;
	uint32_t ttl_s;
	uint8_t source; /* enum app of where it came from */
	uint8_t pad[3];
	struct event_str name;
};

/* The sensor about itself: made by event/sensor.h. */
struct event_sensor {
	struct event e;
	uint64_t count;          /* how often, or how many */
	uint64_t total;          /* out of so many, 0: of nothing that is counted */
	struct event_str what;   /* "drops": see event/sensor.h */
	struct event_str object; /* the one that it is about: "eth0" */
	struct event_str text;   /* what is known besides */
};

enum login_outcome {
	LOGIN_UNKNOWN, /* asked, the answer was not seen or does not tell */
	LOGIN_SUCCESS,
	LOGIN_FAILURE,
	LOGIN_LOCKED,  /* the account exists and may not: locked, disabled, expired */
	LOGIN_NO_USER, /* the answer says that there is no such account */
};

enum login_method {
	LOGIN_OTHER,
	LOGIN_NONE, /* anonymous, null session, guest */
	LOGIN_PASSWORD,
	LOGIN_HASH, /* NTLM and other challenge and response */
	LOGIN_KERBEROS,
	LOGIN_KEY, /* public key, certificate */
};

/* One attempt to log in, of any protocol; told once its outcome is known, or its flow ends. */
struct event_login {
	struct event e;
	uint8_t outcome;     /* enum login_outcome */
	uint8_t method;      /* enum login_method */
	uint8_t is_inferred; /* from sizes and times, not from a message in the clear */
	uint8_t secret_mark; /* eight bits of a keyed hash of the secret, to see whether it is the
				same again; 0: it was not seen in the clear */
	uint32_t status;     /* the protocol's own code: NTSTATUS, Kerberos error, FTP reply */
	uint32_t attempt;    /* of this flow, from 1 */
	uint32_t pad2;
	uint64_t said;  /* payload of the flow's initiator until then */
	uint64_t proof; /* begin of NTLM's answer to the challenge, of the wire; 0: none: the same
			   twice is one answer that was passed on */
	struct event_str service; /* "ssh", "smb", "mysql" ... */
	struct event_str user, domain, workstation;
};

/*
 * A file carried in the clear: told when its kind is known, and again (is_end) when it is through
 * or its flow ends.  e.from_server says which way it went.
 */
struct event_file {
	struct event e;
	uint8_t type; /* enum file_type */
	uint8_t is_end;
	uint8_t is_complete;       /* every byte was seen to pass */
	uint8_t is_attachment;     /* of a mail or form */
	float entropy;             /* bits a byte of the bytes looked at; 0: too few */
	uint64_t size;             /* as declared; UINT64_MAX: not told */
	uint64_t seen;             /* bytes that passed */
	struct event_str carrier;  /* "smb", "http", "ftp", "smtp" ... */
	struct event_str name;     /* without its folder where that is known apart */
	struct event_str place;    /* share, URL path, folder */
	struct event_str declared; /* MIME type as declared, "" if none */
};

/* Digests of a file that passed in the clear, while indicators of files are loaded. */
struct event_file_hash {
	struct event e;
	uint8_t is_whole; /* from its first byte to its last, in order: else there are no digests */
	uint8_t is_undone; /* from a content coding: size and digests are of what lay in it */
	uint8_t pad[6];
	uint64_t size;                      /* bytes that passed; UINT64_MAX: not known */
	struct event_str carrier;           /* as of event_file */
	struct event_str name, place;       /* likewise */
	struct event_str md5, sha1, sha256; /* lower-case hex; those that are wanted */
};

/* One mail handed to a server in the clear, told at its end or when no more of it is seen. */
struct event_mail {
	struct event e;
	uint16_t nth; /* of its connection, from 1 */
	uint16_t recipients;
	uint16_t reply; /* of the server to it; 0: none was seen */
	uint8_t attachments;
	uint8_t attachment_type; /* enum file_type: of the first that is no text */
	uint32_t marks;          /* enum content_mark, of its first text */
	uint32_t head_marks;     /* enum mail_mark */
	uint64_t size;           /* bytes that passed */
	struct event_str helo, from, to, subject, mailer, attachment;
};

/*
 * A command of an FTP control connection, told with each reply to it (150, then 226), or with code
 * 0 when none was seen.  User names are those of the login event that comes before.
 */
struct event_ftp {
	struct event e;
	struct ipaddr
		data_address; /* where the next data connection goes; unspecified: not known */
	uint16_t data_port;   /* 0: not known */
	uint16_t code;        /* of the reply, 0: none was seen */
	uint8_t is_passive;   /* the server waits at data_address, else the client */
	uint8_t pad[3];
	struct event_str verb;     /* upper case: "STOR", "PASV"; never PASS */
	struct event_str argument; /* a file's name as the client wrote it */
	struct event_str folder;   /* the last one that was changed to, "" if none */
	struct event_str reply;    /* text of the reply's last line */
};

#include "exfild/event/domain.h" /* further structs */
#include "exfild/event/remote.h"
#include "exfild/event/share.h"

static inline const uint8_t *event_str_data(const struct event *e, const struct event_str *s)
{
	return (const uint8_t *)e + s->off;
}

/* Lower-case name of a kind: "flow_start". */
const char *event_kind_name(enum event_kind kind);
/* Bytes of the struct of a kind, without strings. */
uint16_t event_struct_size(enum event_kind kind);

/* ---- the field tables ---- */

enum field_type {
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_BOOL, /* u8 */
	FIELD_IP,
	FIELD_MAC,
	FIELD_STR,
	FIELD_FLOAT,
	FIELD_TIME, /* u64 ns */
	FIELD_HEX64,
	FIELD_BYTES16, /* 16 raw bytes */
	FIELD_SIZES,   /* u32 for each of TLS_SIZE_CLASSES */
	FIELD_FIRST,   /* u16 for each of TLS_FIRST_SIZES */
	FIELD_ETYPE,   /* int16_t; KERBEROS_NO_ETYPE: none */
	FIELD_ETYPES,  /* KERBEROS_ETYPES of them, the unused ones none */
};

struct event_field {
	const char *name;
	enum field_type type;
	uint16_t offset;
};

/* Fields of a kind, those of the head first; ends with name NULL. */
const struct event_field *event_fields(enum event_kind kind);
const struct event_field *event_head_fields(void);

struct buf;
/* The event as one JSON line without its newline. */
void event_json(const struct event *e, struct buf *out);

#endif
