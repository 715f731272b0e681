/*
 * flood.c - a stream of very many flows on standard output, as a pcap.
 *
 * usage: flood KIND COUNT [SECONDS]
 *
 *   conversations  COUNT TCP connections that carry an HTTP request and its answer and then stay
 * open syns           COUNT forged SYNs, each from another source address, to a few servers outward
 * COUNT SYNs of inside hosts to outside addresses, each of another pair
 *
 * Time begins where the captures of tests/replay do and lasts SECONDS (default 60).  The same bytes
 * in every run.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_S 1795462980u /* 2026-11-23T19:43:00Z */
#define HEADS   (14 + 20 + 20)
#define FIN     1
#define SYN     2
#define ACK     0x10
#define PUSH    8

struct side {
	uint32_t ip;
	uint16_t port;
};

struct stream {
	uint64_t step_ns, now_ns;
	uint8_t buffer[1 << 20];
	size_t used;
};

static struct stream out;

static void flush(void)
{
	if (fwrite(out.buffer, 1, out.used, stdout) != out.used)
		exit(1); /* the reader has gone */
	out.used = 0;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t add_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return len % 2 ? sum + ((uint32_t)p[len - 1] << 8) : sum;
}

static uint32_t fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	return ~((sum >> 16) + sum) & 0xffff;
}

static void put_record_head(uint8_t *p, uint32_t len)
{
	uint32_t head[4] = { (uint32_t)(out.now_ns / 1000000000u),
			     (uint32_t)(out.now_ns % 1000000000u), len, len };
	memcpy(p, head, sizeof(head));
	out.now_ns += out.step_ns;
}

/* One TCP segment with right checksums. */
static void segment(struct side from, struct side to, uint32_t seq, uint32_t ack, uint8_t flags,
		    const char *text)
{
	size_t data = strlen(text);
	uint32_t len = (uint32_t)(HEADS + data);
	if (sizeof(out.buffer) - out.used < 16 + len)
		flush();
	uint8_t *p = out.buffer + out.used;
	out.used += 16 + len;
	put_record_head(p, len);
	uint8_t *ip = p + 16 + 14;
	uint8_t *tcp = ip + 20;
	memcpy(p + 16, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00", 14);
	memset(ip, 0, 40);
	ip[0] = 0x45;
	put16(ip + 2, len - 14);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = 6;
	put32(ip + 12, from.ip);
	put32(ip + 16, to.ip);
	put16(ip + 10, fold(add_words(0, ip, 20)));
	put16(tcp, from.port);
	put16(tcp + 2, to.port);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack);
	tcp[12] = 0x50;
	tcp[13] = flags;
	put16(tcp + 14, 64240);
	memcpy(tcp + 20, text, data);
	put16(tcp + 16, fold(add_words(6 + 20 + (uint32_t)data, ip + 12, 8 + 20 + data)));
}

/* A number that looks like none before; a permutation of 32 bits. */
static uint32_t scatter(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352du;
	x ^= x >> 15;
	x *= 0x846ca68bu;
	return x ^ x >> 16;
}

static void conversation(uint32_t i)
{
	char request[128];
	struct side client = { 0x0a000000u + 256 + i % 50000,
			       (uint16_t)(10000 + i / 50000 * 7 % 50000) };
	struct side server = { 0x2d210000u + scatter(i) % 4096, 80 };
	uint32_t a = scatter(i ^ 0x5555u), b = scatter(i ^ 0xaaaau);
	static const char answer[] =
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
	int n = snprintf(request, sizeof(request),
			 "GET /%u HTTP/1.1\r\nHost: s%u.example.com\r\nAccept: */*\r\n\r\n",
			 i % 100, i % 1000);
	segment(client, server, a, 0, SYN, "");
	segment(server, client, b, a + 1, SYN | ACK, "");
	segment(client, server, a + 1, b + 1, ACK, "");
	segment(client, server, a + 1, b + 1, PUSH | ACK, request);
	segment(server, client, b + 1, a + 1 + (uint32_t)n, PUSH | ACK, answer);
}

static void forged_syn(uint32_t i)
{
	struct side from = { scatter(i), (uint16_t)(1024 + scatter(i ^ 0x5555u) % 60000) };
	struct side to = { 0x0a140100u + i % 16, (uint16_t)(i % 3 ? 443 : 80) };
	segment(from, to, scatter(i ^ 0xaaaau), 0, SYN, "");
}

static void outward_syn(uint32_t i)
{
	struct side from = { 0x0a140000u + i % 5000, (uint16_t)(1024 + i % 60000) };
	struct side to = { 0x2d000000u + scatter(i) % 0x1000000u, 443 };
	segment(from, to, scatter(i ^ 0xaaaau), 0, SYN, "");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*one)(uint32_t);
		uint32_t packets;
	} kinds[] = { { "conversations", conversation, 5 },
		      { "syns", forged_syn, 1 },
		      { "outward", outward_syn, 1 } };
	uint32_t count = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	uint32_t seconds = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 60;
	size_t kind = 0;
	while (argc > 1 && kind < 3 && strcmp(argv[1], kinds[kind].name) != 0)
		kind++;
	if (argc < 3 || kind == 3 || !count || !seconds) {
		(void)fprintf(stderr, "usage: flood conversations|syns|outward COUNT [SECONDS]\n");
		return 2;
	}
	uint32_t head[6] = { 0xa1b23c4du, 4u << 16 | 2, 0, 0, 262144, 1 };
	memcpy(out.buffer, head, sizeof(head));
	out.used = sizeof(head);
	out.now_ns = START_S * 1000000000ull;
	out.step_ns = seconds * 1000000000ull / ((uint64_t)count * kinds[kind].packets);
	for (uint32_t i = 0; i < count; i++)
		kinds[kind].one(i);
	flush();
	return 0;
}
