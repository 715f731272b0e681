/*
 * inspect/dns/message.h - one DNS message taken apart.
 *
 * What: header, questions and the measures over all records that event_dns carries.
 * Ownership: borrows the bytes of the message until the caller is done with the struct.
 * Threads: a message belongs to its caller.
 * Limits: 8 questions, 16 addresses, 1 KiB of answer text are kept; the rest is counted or passed
 * over.  Time is linear in the length: a name costs at most its 255 bytes and 32 pointers.
 */
#ifndef EXFILD_INSPECT_DNS_MESSAGE_H
#define EXFILD_INSPECT_DNS_MESSAGE_H

#include "exfild/base/hash.h"
#include "exfild/base/ipaddr.h"
#include "exfild/event/event.h"
#include "name.h"

#define DNS_HEADER_LEN    12
#define DNS_QUESTIONS_MAX 8
#define DNS_ADDRESSES_MAX 16

enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL, DNS_SECTION__COUNT };

enum dns_opcode {
	DNS_OP_QUERY = 0,
	DNS_OP_IQUERY = 1,
	DNS_OP_STATUS = 2,
	DNS_OP_NOTIFY = 4,
	DNS_OP_UPDATE = 5, /* NBNS: registration */
	DNS_OP_DSO = 6,    /* NBNS: release */
	DNS_OP_NBNS_WACK = 7,
	DNS_OP_NBNS_REFRESH = 8,
	DNS_OP_NBNS_REFRESH_ALT = 9,
	DNS_OP_NBNS_MULTIHOMED = 15,
};

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_NB = 32,     /* NBNS: name to addresses */
	DNS_NBSTAT = 33, /* NBNS: the names of a node */
	DNS_SRV = 33,
	DNS_DNAME = 39,
	DNS_OPT = 41,
	DNS_SPF = 99,
	DNS_TSIG = 250,
};

struct dns_question {
	uint16_t type, class;
	struct dns_name name;
};

/* An address that the message gives to a name. */
struct dns_address {
	struct ipaddr address;
	uint32_t ttl;
	uint16_t owner; /* offset of the name; 0: the first question's */
};

/* Answers as text: what fits is kept, what there was is counted. */
struct dns_text {
	uint32_t len, full;
	char data[EVENT_STR_MAX];
};

struct dns_message {
	struct cursor c; /* over the captured bytes of the message */
	const struct hash_key *key;
	enum dns_transport transport;
	bool is_cut;       /* bytes are missing because they were not captured */
	bool is_malformed; /* parts did not parse */
	uint16_t id, flags;
	uint16_t counts[DNS_SECTION__COUNT]; /* of the header */
	uint16_t question_count;             /* kept */
	bool has_owner; /* no question: question[0] is the first record's name and type */
	uint16_t edns_size, edns_option_len;
	uint8_t edns_rcode; /* upper bits of the result code */
	uint64_t edns_hash;
	uint32_t rdata_len;
	uint64_t rdata_hash;
	uint32_t ttl;
	uint16_t first_answer_type;
	uint16_t chain; /* offset of the name that the question has become by CNAME */
	uint16_t address_count;
	uint16_t nbstat_len;
	char nbstat[15]; /* the node's own name */
	struct dns_text text;
	struct dns_address address[DNS_ADDRESSES_MAX];
	struct dns_question question[DNS_QUESTIONS_MAX + 1]; /* the last: read, not kept */
};

static inline bool dns_is_response(const struct dns_message *m)
{
	return m->flags >> 15;
}

static inline unsigned dns_opcode(const struct dns_message *m)
{
	return m->flags >> 11 & 15;
}

/*
 * Reads header and questions; `cap` bytes are there of `len`.
 * -EXF_E_FORMAT: this is no DNS message; *ret means nothing then.
 */
int dns_message_begin(struct dns_message *ret, enum dns_transport transport,
		      const struct hash_key *key, const uint8_t *data, uint32_t cap,
		      uint32_t len) EXF_MUST_USE;
/* What random bytes rarely pass: possible counts, a known class. After dns_message_begin. */
bool dns_message_is_likely(const struct dns_message *m, uint32_t len);
/* Reads the records. */
void dns_message_records(struct dns_message *m);

/* ---- rdata.c ---- */

struct dns_record {
	uint16_t owner; /* offset of its name */
	uint16_t type, class;
	uint32_t ttl;
	size_t offset; /* of its data */
	const uint8_t *data;
	uint16_t len;
};

/* Appends the record's data as text and returns the keyed hash of it, names decompressed. */
uint64_t dns_rdata_text(struct dns_message *m, const struct dns_record *r);
/* Whether it is an NB record of whole entries, the only ones that are read. */
bool dns_rdata_is_nb(const struct dns_record *r);
/* EDNS (RFC 6891): sizes, and the hash over options that are neither cookie nor padding. */
void dns_rdata_opt(struct dns_message *m, const struct dns_record *r);
/* The names of a node (RFC 1002, 4.2.18). */
void dns_rdata_nbstat(struct dns_message *m, const struct dns_record *r);

#endif
