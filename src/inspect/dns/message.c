/*
 * inspect/dns/message.c - one DNS message taken apart (RFC 1035, 4; RFC 1002, 4.2; RFC 6762, 18).
 *
 *   | id 2 | QR 1 opcode 4 AA TC RD RA Z AD CD rcode 4 | counts of 4 sections, 2 each |
 *   question: | name | type 2 | class 2 |
 *   record:   | name | type 2 | class 2 | ttl 4 | length 2 | data |
 *
 * Every section is walked: a tunnel may hide its data in any of them.  rdata_len is the data of all
 * records but OPT and TSIG; in a query, where records are rare, their names count as well.
 * rdata_hash is a sum over records, so that a server that rotates its answers says nothing new; of
 * a response it covers the answers, of a query all records.
 */
#include "message.h"

#define QUESTION_MIN   5  /* root, type, class */
#define RECORD_MIN     11 /* root, type, class, ttl, length */
#define QUESTIONS_MDNS 255
#define POINTER        0xc000u
#define POINTER_MAX    0x3fff /* beyond it names are compared */
#define CLASS_MASK     0x7fff /* the top bit is mDNS's own */

static bool is_known_opcode(const struct dns_message *m)
{
	unsigned op = dns_opcode(m);

	if (m->transport != DNS_NBNS)
		return op <= DNS_OP_DSO && op != 3;
	return op == DNS_OP_QUERY || (op >= DNS_OP_UPDATE && op <= DNS_OP_NBNS_REFRESH_ALT) ||
	       op == DNS_OP_NBNS_MULTIHOMED;
}

static bool is_known_class(uint16_t class)
{
	return (class >= 1 && class <= 4) || class == 254 || class == 255;
}

static unsigned record_count(const struct dns_message *m)
{
	return (unsigned)m->counts[DNS_ANSWER] + m->counts[DNS_AUTHORITY] +
	       m->counts[DNS_ADDITIONAL];
}

/* Counts that a message of this kind can have, be there room for them or not. */
static bool has_possible_counts(const struct dns_message *m)
{
	unsigned questions = m->counts[DNS_QUESTION];

	if (questions > (m->transport == DNS_MDNS ? QUESTIONS_MDNS : DNS_QUESTIONS_MAX))
		return false;
	/* Without a question: an answer, an error, or a question for a cookie alone (RFC 7873). */
	return questions > 0 || record_count(m) > 0 || (dns_is_response(m) && (m->flags & 15));
}

static bool read_question(struct dns_message *m, struct dns_question *q)
{
	if (dns_name_read(&m->c, &q->name) < 0)
		return false;
	q->type = cursor_be16(&m->c);
	q->class = cursor_be16(&m->c);
	if (m->transport == DNS_MDNS)
		q->class &= CLASS_MASK;
	return cursor_ok(&m->c);
}

static int read_questions(struct dns_message *m)
{
	for (unsigned i = 0; i < m->counts[DNS_QUESTION]; i++) {
		if (!read_question(m, &m->question[m->question_count])) {
			m->c.error = true; /* nothing behind it can be found */
			m->is_malformed = !m->is_cut;
			return i == 0 && !m->is_cut ? -EXF_E_FORMAT : 0;
		}
		if (m->question_count < DNS_QUESTIONS_MAX)
			m->question_count++;
	}
	return 0;
}

int dns_message_begin(struct dns_message *ret, enum dns_transport transport,
		      const struct hash_key *key, const uint8_t *data, uint32_t cap, uint32_t len)
{
	struct dns_message *m = ret;

	/* All but the arrays behind it, of which only what is counted is ever read. */
	memset(m, 0, offsetof(struct dns_message, text.data));
	m->c = cursor_make(data, cap);
	m->key = key;
	m->transport = transport;
	m->is_cut = cap < len;
	m->id = cursor_be16(&m->c);
	m->flags = cursor_be16(&m->c);
	for (unsigned i = 0; i < DNS_SECTION__COUNT; i++)
		m->counts[i] = cursor_be16(&m->c);
	if (!cursor_ok(&m->c) || !is_known_opcode(m) || !has_possible_counts(m))
		return -EXF_E_FORMAT;
	m->chain = m->counts[DNS_QUESTION] ? DNS_HEADER_LEN : 0;
	return read_questions(m);
}

bool dns_message_is_likely(const struct dns_message *m, uint32_t len)
{
	unsigned questions = m->counts[DNS_QUESTION];

	if (questions * QUESTION_MIN + record_count(m) * RECORD_MIN > len - DNS_HEADER_LEN)
		return false;
	if (m->question_count == 0)
		return m->is_cut || questions == 0;
	return m->question[0].type != 0 && is_known_class(m->question[0].class);
}

/* Does a record's name stand for what was asked: the question or the end of its CNAMEs? */
static bool is_chained(const struct dns_message *m, size_t owner)
{
	struct cursor at = m->c;
	struct cursor to = m->c;
	struct dns_name a, b;

	cursor_seek(&at, owner);
	struct cursor peek = at;
	if (m->chain <= POINTER_MAX && cursor_be16(&peek) == (POINTER | m->chain))
		return cursor_ok(&peek);
	cursor_seek(&to, m->chain);
	return dns_name_read(&at, &a) == 0 && dns_name_read(&to, &b) == 0 && dns_name_equal(&a, &b);
}

static void add_address(struct dns_message *m, const struct dns_record *r, const uint8_t *bytes,
			bool is_v6, bool by_owner)
{
	if (m->address_count == DNS_ADDRESSES_MAX)
		return;
	struct dns_address *a = &m->address[m->address_count++];
	a->address = is_v6 ? ipaddr_v6(bytes) : ipaddr_v4(bytes);
	a->ttl = r->ttl;
	a->owner = by_owner ? r->owner : 0;
}

/* NetBIOS: who registers a name, or answers to it, says which address has it; groups do not. */
static void learn_netbios(struct dns_message *m, const struct dns_record *r)
{
	struct cursor c = cursor_make(r->data, r->len);
	bool is_response = dns_is_response(m);

	if (r->type == DNS_NBSTAT && is_response)
		dns_rdata_nbstat(m, r);
	if (!dns_rdata_is_nb(r) || (!is_response && dns_opcode(m) == DNS_OP_DSO))
		return;
	while (cursor_left(&c)) {
		uint16_t flags = cursor_be16(&c);
		const uint8_t *bytes = cursor_take(&c, 4);
		if (bytes && !(flags & 0x8000))
			add_address(m, r, bytes, false, true);
	}
}

/* Which addresses does the record give to which name? */
static void learn(struct dns_message *m, const struct dns_record *r, enum dns_section section)
{
	if (m->flags & 15)
		return;
	if (m->transport == DNS_NBNS) {
		learn_netbios(m, r);
		return;
	}
	if (!dns_is_response(m) || dns_opcode(m) != DNS_OP_QUERY || r->class != 1)
		return;
	bool is_v4 = r->type == DNS_A && r->len == 4;
	bool is_v6 = r->type == DNS_AAAA && r->len == 16;
	if (m->transport == DNS_MDNS) {
		if (is_v4 || is_v6)
			add_address(m, r, r->data, is_v6, true);
		return;
	}
	if (section != DNS_ANSWER || m->chain == 0)
		return;
	if (is_v4 || is_v6) {
		if (is_chained(m, r->owner))
			add_address(m, r, r->data, is_v6, false);
	} else if (r->type == DNS_CNAME && is_chained(m, r->owner)) {
		m->chain = (uint16_t)r->offset;
	}
}

/* A message without a question is named by its first record. */
static void take_owner(struct dns_message *m, const struct dns_record *r)
{
	struct dns_question *q = &m->question[0];
	struct cursor c = m->c;

	cursor_seek(&c, r->owner);
	if (dns_name_read(&c, &q->name) < 0) {
		m->is_malformed = true;
		return;
	}
	q->type = r->type;
	q->class = r->class;
	m->has_owner = true;
}

static void account(struct dns_message *m, const struct dns_record *r, enum dns_section section,
		    size_t name_len)
{
	bool in_query = !dns_is_response(m);

	if (r->type == DNS_OPT && section == DNS_ADDITIONAL && m->edns_size == 0 && name_len == 1) {
		dns_rdata_opt(m, r);
		return;
	}
	if (m->counts[DNS_QUESTION] == 0 && !m->has_owner && m->question_count == 0)
		take_owner(m, r);
	if (r->type != DNS_TSIG) {
		m->rdata_len += r->len;
		if (in_query && m->transport == DNS_PLAIN)
			m->rdata_len += (uint32_t)(name_len > 2 ? name_len : 0);
	}
	if (section == DNS_ANSWER) {
		if (m->first_answer_type == 0) {
			m->first_answer_type = r->type;
			m->ttl = r->ttl;
		}
		if (r->ttl < m->ttl)
			m->ttl = r->ttl;
		m->rdata_hash += dns_rdata_text(m, r);
	} else if (in_query && r->type != DNS_TSIG) {
		m->rdata_hash += hash_mix(hash_bytes(m->key, r->data, r->len), r->type);
	}
	learn(m, r, section);
}

static bool read_record(struct dns_message *m, enum dns_section section)
{
	struct dns_record r;
	size_t owner = cursor_offset(&m->c);

	if (dns_name_skip(&m->c) < 0)
		return false;
	size_t name_len = cursor_offset(&m->c) - owner;
	r.owner = (uint16_t)owner;
	r.type = cursor_be16(&m->c);
	r.class = cursor_be16(&m->c);
	r.ttl = cursor_be32(&m->c);
	r.len = cursor_be16(&m->c);
	r.offset = cursor_offset(&m->c);
	if (!cursor_ok(&m->c))
		return false;
	if (m->transport == DNS_MDNS && r.type != DNS_OPT)
		r.class &= CLASS_MASK;
	r.data = cursor_take(&m->c, r.len);
	if (!r.data) {
		m->rdata_len += r.len; /* said, not there */
		return false;
	}
	account(m, &r, section, name_len);
	return true;
}

void dns_message_records(struct dns_message *m)
{
	if (!cursor_ok(&m->c))
		return;
	for (unsigned s = DNS_ANSWER; s <= DNS_ADDITIONAL; s++)
		for (unsigned i = 0; i < m->counts[s]; i++)
			if (!read_record(m, (enum dns_section)s)) {
				m->is_malformed |= !m->is_cut;
				return;
			}
	if (cursor_left(&m->c) && !m->is_cut)
		m->is_malformed = true; /* bytes behind the last record */
}
