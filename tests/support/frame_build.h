/*
 * support/frame_build.h - frames for tests, built from the inside outwards.
 *
 * What: build_payload() first, then each build_x() puts one header before what is there and takes
 * its lengths from it.  All checksums are 0; conversation.h puts right ones into TCP.
 */
#ifndef EXFILD_TEST_FRAME_BUILD_H
#define EXFILD_TEST_FRAME_BUILD_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BUILD_SIZE 80000

struct build {
	size_t start; /* of the frame in data; it ends at BUILD_SIZE */
	uint8_t data[BUILD_SIZE];
};

static inline size_t build_len(const struct build *b)
{
	return BUILD_SIZE - b->start;
}

static inline uint8_t *build_data(struct build *b)
{
	return b->data + b->start;
}

static inline uint8_t *build_push(struct build *b, size_t len)
{
	assert(len <= b->start);
	b->start -= len;
	memset(b->data + b->start, 0, len);
	return b->data + b->start;
}

static inline void build_bytes(struct build *b, const void *bytes, size_t len)
{
	memcpy(build_push(b, len), bytes, len);
}

static inline void put16(uint8_t *at, size_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static inline void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v & 0xffff);
}

/* Starts a frame with `len` bytes that count upwards from `first`. */
static inline void build_payload(struct build *b, size_t len, uint8_t first)
{
	b->start = BUILD_SIZE;
	uint8_t *p = build_push(b, len);
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(first + i);
}

static inline void build_tcp(struct build *b, uint16_t sport, uint16_t dport, uint8_t flags)
{
	uint8_t *p = build_push(b, 20);
	put16(p, sport);
	put16(p + 2, dport);
	put32(p + 4, 0x01020304);
	put32(p + 8, 0x05060708);
	p[12] = 5 << 4;
	p[13] = flags;
	put16(p + 14, 0x2000);
}

static inline void build_udp(struct build *b, uint16_t sport, uint16_t dport)
{
	size_t len = build_len(b) + 8;
	uint8_t *p = build_push(b, 8);
	put16(p, sport);
	put16(p + 2, dport);
	put16(p + 4, len);
}

/* 10.0.0.<src> to 10.0.0.<dst> */
static inline void build_ipv4(struct build *b, uint8_t src, uint8_t dst, uint8_t proto)
{
	size_t len = build_len(b) + 20;
	uint8_t *p = build_push(b, 20);
	p[0] = 0x45;
	put16(p + 2, len);
	p[8] = 64;
	p[9] = proto;
	p[12] = p[16] = 10;
	p[15] = src;
	p[19] = dst;
}

/* 2001:db8::<src> to 2001:db8::<dst> */
static inline void build_ipv6(struct build *b, uint8_t src, uint8_t dst, uint8_t next)
{
	size_t len = build_len(b);
	uint8_t *p = build_push(b, 40);
	p[0] = 0x60;
	put16(p + 4, len);
	p[6] = next;
	p[7] = 64;
	put32(p + 8, 0x20010db8);
	put32(p + 24, 0x20010db8);
	p[23] = src;
	p[39] = dst;
}

static inline void build_ethernet(struct build *b, uint16_t type)
{
	uint8_t *p = build_push(b, 14);
	memcpy(p, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01", 12);
	put16(p + 12, type);
}

static inline void build_vlan(struct build *b, uint16_t id, uint16_t type)
{
	uint8_t *p = build_push(b, 4);
	put16(p, id);
	put16(p + 2, type);
}

/* 10.0.0.1:1000 to 10.0.0.2:80, four bytes of payload: the packet that most tests wrap. */
static inline void build_inner(struct build *b)
{
	build_payload(b, 4, 'a');
	build_tcp(b, 1000, 80, 0x18);
	build_ipv4(b, 1, 2, 6);
}

/* The same over IPv6. */
static inline void build_inner6(struct build *b)
{
	build_payload(b, 4, 'a');
	build_tcp(b, 1000, 80, 0x18);
	build_ipv6(b, 1, 2, 6);
}

#endif
