/*
 * support/conversation.h - frames of whole conversations, decoded.
 *
 * What: Ethernet, IPv4 and TCP or UDP between 10.0.0.<client> and 10.0.0.<server>, with sequence
 * numbers that go on, acknowledgements that fit them and TCP checksums that are right; each frame
 * goes through decode_frame(), as in the program.
 *
 *   struct conversation c;
 *   conversation_init(&c);
 *   conversation_open(&c, 40000, 80);
 *   const struct packet *p = conversation_tcp(&c, true, TCP_SYN, NULL, 0);
 *
 * Ownership: the packet is borrowed until the next call.
 * Threads: one.
 */
#ifndef EXFILD_TEST_CONVERSATION_H
#define EXFILD_TEST_CONVERSATION_H

#include "exfild/decode/decode.h"
#include "support/frame_build.h"

struct conversation {
	struct decoder *decoder;
	struct build b;
	struct packet packet;
	struct block *block; /* of the last packet */
	uint64_t number, now_ns;
	uint8_t client, server;
	uint16_t cport, sport;
	uint32_t next[2]; /* sequence number expected next: of the client, of the server */
};

static inline void conversation_init(struct conversation *c)
{
	memset(c, 0, sizeof(*c));
	c->decoder = decoder_new(&hash_key_fixed);
	assert(c->decoder);
	c->now_ns = 1700000000ull * 1000000000ull;
	c->client = 1;
	c->server = 2;
}

static inline void conversation_deinit(struct conversation *c)
{
	block_release(c->block);
	decoder_free(c->decoder);
}

/* Other ports: another flow, with sequence numbers of its own. */
static inline void conversation_open(struct conversation *c, uint16_t cport, uint16_t sport)
{
	c->cport = cport;
	c->sport = sport;
	c->next[0] = 1000;
	c->next[1] = 500000;
}

static inline uint32_t conversation_sum(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	return sum;
}

/* The checksum of the TCP segment that has just got its IPv4 header. */
static inline void conversation_checksum(struct build *b)
{
	uint8_t *ip = build_data(b);
	size_t len = build_len(b) - 20;
	uint32_t sum = conversation_sum(PROTO_TCP + (uint32_t)len, ip + 12, 8);
	sum = conversation_sum(sum, ip + 20, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 36, ~sum & 0xffff);
}

/* The frame alone, in c->b; `seq` and `ack` as they are given. */
static inline void conversation_build_tcp(struct conversation *c, bool up, uint8_t flags,
					  uint32_t seq, const void *data, size_t len)
{
	c->b.start = BUILD_SIZE;
	if (len)
		build_bytes(&c->b, data, len);
	build_tcp(&c->b, up ? c->cport : c->sport, up ? c->sport : c->cport, flags);
	put32(build_data(&c->b) + 4, seq);
	put32(build_data(&c->b) + 8, flags & TCP_ACK ? c->next[up] : 0);
	build_ipv4(&c->b, up ? c->client : c->server, up ? c->server : c->client, PROTO_TCP);
	conversation_checksum(&c->b);
	build_ethernet(&c->b, 0x0800);
}

static inline void conversation_build_udp(struct conversation *c, bool up, const void *data,
					  size_t len)
{
	c->b.start = BUILD_SIZE;
	if (len)
		build_bytes(&c->b, data, len);
	build_udp(&c->b, up ? c->cport : c->sport, up ? c->sport : c->cport);
	build_ipv4(&c->b, up ? c->client : c->server, up ? c->server : c->client, PROTO_UDP);
	build_ethernet(&c->b, 0x0800);
}

/* Decodes what c->b holds. */
static inline const struct packet *conversation_decode(struct conversation *c)
{
	block_release(c->block);
	c->block = block_new(build_len(&c->b));
	assert(c->block);
	memcpy(c->block->data, build_data(&c->b), build_len(&c->b));
	struct frame f = { .data = c->block->data,
			   .caplen = (uint32_t)build_len(&c->b),
			   .wirelen = (uint32_t)build_len(&c->b),
			   .time_ns = c->now_ns,
			   .number = ++c->number,
			   .linktype = 1,
			   .block = c->block };
	c->now_ns += 1000000;
	enum decode_result result = decode_frame(c->decoder, &f, c->now_ns, &c->packet);
	assert(result == DECODE_PACKET);
	(void)result;
	return &c->packet;
}

/* Bytes at a sequence number of the caller's; the conversation does not move on. */
static inline const struct packet *conversation_tcp_at(struct conversation *c, bool up,
						       uint32_t seq, const void *data, size_t len)
{
	conversation_build_tcp(c, up, TCP_ACK | TCP_PSH, seq, data, len);
	return conversation_decode(c);
}

static inline const struct packet *conversation_tcp(struct conversation *c, bool up, uint8_t flags,
						    const void *data, size_t len)
{
	uint32_t *next = &c->next[!up];
	conversation_build_tcp(c, up, flags, *next, data, len);
	*next += (uint32_t)len + ((flags & (TCP_SYN | TCP_FIN)) != 0);
	return conversation_decode(c);
}

static inline const struct packet *conversation_udp(struct conversation *c, bool up,
						    const void *data, size_t len)
{
	conversation_build_udp(c, up, data, len);
	return conversation_decode(c);
}

#endif
