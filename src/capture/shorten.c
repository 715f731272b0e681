/*
 * The program: short frames come whole, unless a flow is thin; then the protocol decides, and each
 * flow of the list is compared by its ports, which seldom agree, and then by its addresses.  Jumps
 * are short: each leads over its own flow or its own family.  What is done with a flow's packet
 * stands once, behind the flows of its family.
 */
#include "exfild/capture/shorten.h"

#include <linux/if_ether.h>

#define WHOLE UINT32_MAX
#define TCP   6u
#define PORTS 0 /* the places in the program's memory */
#define SEQ   1
#define HEADS 2

#define HEADERS      40u
#define TCP_SEQ_AT   4
#define TCP_ACK_AT   8
#define TCP_LEN_AT   12
#define TCP_FLAGS_AT 13
#define FIN_SYN_RST  7

/* Of the flows of a family, to what is done with them. */
struct leaps {
	size_t at[SHORTEN_FLOWS];
	size_t count;
};

struct assembly {
	struct sock_filter *program;
	size_t count;
	struct leaps to[SHORTEN_BARE + 1]; /* by kind */
};

/* Where the TCP header is: of IPv4 behind a header whose length is in X. */
struct segment {
	uint16_t mode; /* BPF_IND, BPF_ABS */
	uint32_t at;
	uint32_t ip_at;
};

static void emit(struct assembly *a, uint16_t code, uint32_t k)
{
	a->program[a->count++] = (struct sock_filter){ .code = code, .k = k };
}

/* Where A is not this, on over the next `over` instructions. */
static void emit_unless(struct assembly *a, uint32_t value, uint8_t over)
{
	emit(a, BPF_JMP | BPF_JEQ | BPF_K, value);
	a->program[a->count - 1].jf = over;
}

static void emit_whole(struct assembly *a)
{
	emit(a, BPF_RET | BPF_K, WHOLE);
}

static uint32_t word_of(const struct ipaddr *a, size_t at)
{
	const uint8_t *b = a->u.b + at;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The address at this place is to be that of the flow, or this flow is left. */
static void emit_address(struct assembly *a, const struct ipaddr *address, uint32_t at,
			 size_t flow_end)
{
	for (size_t i = ipaddr_is_v4(address) ? 12 : 0; i < 16; i += 4, at += 4) {
		emit(a, BPF_LD | BPF_W | BPF_ABS, at);
		emit_unless(a, word_of(address, i), (uint8_t)(flow_end - a->count - 1));
	}
}

static void emit_flow(struct assembly *a, const struct shorten_flow *f, uint32_t source_at,
		      unsigned words)
{
	size_t end = a->count + 3 + 4 * words;
	emit(a, BPF_LD | BPF_MEM, PORTS);
	emit_unless(a, (uint32_t)f->sport << 16 | f->dport, (uint8_t)(end - a->count - 1));
	emit_address(a, &f->src, source_at, end);
	emit_address(a, &f->dst, source_at + 4 * words, end);
	struct leaps *leaps = &a->to[f->kind];
	leaps->at[leaps->count++] = a->count;
	emit(a, BPF_JMP | BPF_JA, 0);
}

/* What comes next is where these lead. */
static void land(struct assembly *a, struct leaps *leaps)
{
	for (size_t i = 0; i < leaps->count; i++)
		a->program[leaps->at[i]].k = (uint32_t)(a->count - leaps->at[i] - 1);
	leaps->count = 0;
}

static void emit_cut(struct assembly *a)
{
	emit(a, BPF_LD | BPF_W | BPF_LEN, 0);
	emit(a, BPF_JMP | BPF_JGE | BPF_K, SHORTEN_LEAST);
	a->program[a->count - 1].jf = 1;
	emit(a, BPF_RET | BPF_K, SHORTEN_BYTES);
	emit_whole(a);
}

static void emit_thin(struct assembly *a, const struct segment *tcp)
{
	emit(a, BPF_LD | BPF_B | tcp->mode, tcp->at + TCP_FLAGS_AT);
	emit(a, BPF_JMP | BPF_JSET | BPF_K, FIN_SYN_RST);
	a->program[a->count - 1].jt = 8;
	emit(a, BPF_LD | BPF_W | tcp->mode, tcp->at + TCP_SEQ_AT);
	emit(a, BPF_ST, SEQ);
	emit(a, BPF_LD | BPF_W | tcp->mode, tcp->at + TCP_ACK_AT);
	emit(a, BPF_LDX | BPF_W | BPF_MEM, SEQ);
	emit(a, BPF_ALU | BPF_ADD | BPF_X, 0);
	emit(a, BPF_ALU | BPF_DIV | BPF_K, SHORTEN_STEP);
	emit(a, BPF_ALU | BPF_AND | BPF_K, SHORTEN_THIN - 1);
	emit(a, BPF_JMP | BPF_JEQ | BPF_K, 0);
	a->program[a->count - 1].jf = 1;
	emit(a, BPF_RET | BPF_K, SHORTEN_BYTES);
	emit(a, BPF_RET | BPF_K, 0);
}

/* On where the segment holds no data; the length of the IP header is in X again. */
static void emit_bare(struct assembly *a, const struct segment *tcp)
{
	bool is_v4 = tcp->mode == BPF_IND;
	emit(a, BPF_LD | BPF_B | tcp->mode, tcp->at + TCP_LEN_AT);
	emit(a, BPF_ALU | BPF_AND | BPF_K, 0xf0);
	emit(a, BPF_ALU | BPF_RSH | BPF_K, 2);
	if (is_v4)
		emit(a, BPF_ALU | BPF_ADD | BPF_X, 0);
	emit(a, BPF_ST, HEADS);
	emit(a, BPF_LD | BPF_H | BPF_ABS, tcp->ip_at + (is_v4 ? 2 : 4));
	emit(a, BPF_LDX | BPF_W | BPF_MEM, HEADS);
	emit(a, BPF_ALU | BPF_SUB | BPF_X, 0);
	emit(a, BPF_JMP | BPF_JEQ | BPF_K, 0);
	a->program[a->count - 1].jt = 1;
	emit_whole(a);
	if (is_v4)
		emit(a, BPF_LDX | BPF_B | BPF_MSH, tcp->ip_at);
}

static void emit_flows(struct assembly *a, const struct shorten_flow *list, size_t count,
		       bool is_v4, uint32_t source_at, const struct segment *tcp)
{
	emit(a, BPF_ST, PORTS);
	for (size_t i = 0; i < count; i++)
		if (ipaddr_is_v4(&list[i].src) == is_v4)
			emit_flow(a, &list[i], source_at, is_v4 ? 1 : 4);
	emit_whole(a);
	land(a, &a->to[SHORTEN_CUT]);
	emit_cut(a);
	land(a, &a->to[SHORTEN_BARE]);
	emit_bare(a, tcp);
	land(a, &a->to[SHORTEN_THINNED]);
	emit_thin(a, tcp);
}

/* The IP header begins at this place. */
static void emit_v4(struct assembly *a, const struct shorten_flow *list, size_t count, uint32_t at)
{
	emit(a, BPF_LD | BPF_B | BPF_ABS, at + 9);
	emit_unless(a, TCP, 2);
	emit(a, BPF_LD | BPF_H | BPF_ABS, at + 6);
	/* a fragment has no ports, or is not all of its segment */
	emit(a, BPF_JMP | BPF_JSET | BPF_K, 0x3fff);
	a->program[a->count - 1].jf = 1;
	emit_whole(a);
	emit(a, BPF_LDX | BPF_B | BPF_MSH, at);
	emit(a, BPF_LD | BPF_W | BPF_IND, at);
	emit_flows(a, list, count, true, at + 12, &(struct segment){ BPF_IND, at, at });
}

static void emit_v6(struct assembly *a, const struct shorten_flow *list, size_t count, uint32_t at)
{
	emit(a, BPF_LD | BPF_B | BPF_ABS, at + 6);
	emit(a, BPF_JMP | BPF_JEQ | BPF_K, TCP);
	a->program[a->count - 1].jt = 1;
	emit_whole(a);
	emit(a, BPF_LD | BPF_W | BPF_ABS, at + 40);
	emit_flows(a, list, count, false, at + 8, &(struct segment){ BPF_ABS, at + 40, at });
}

static bool has_thin(const struct shorten_flow *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].kind != SHORTEN_CUT)
			return true;
	return false;
}

size_t shorten_program(const struct shorten_flow *list, size_t count, bool is_ethernet,
		       struct sock_filter program[SHORTEN_PROGRAM])
{
	struct assembly a = { .program = program };
	uint32_t ip_at = is_ethernet ? ETH_HLEN : 0;
	count = count < SHORTEN_FLOWS ? count : SHORTEN_FLOWS;
	if (!count) {
		emit_whole(&a);
		return a.count;
	}
	/* what has no room for the headers that are looked at is nobody's: it is to be seen */
	uint32_t least = has_thin(list, count) ? ip_at + HEADERS : SHORTEN_LEAST;
	emit(&a, BPF_LD | BPF_W | BPF_LEN, 0);
	emit(&a, BPF_JMP | BPF_JGE | BPF_K, least);
	program[a.count - 1].jt = 1;
	emit_whole(&a);
	if (is_ethernet)
		emit(&a, BPF_LD | BPF_H | BPF_ABS, 2 * ETH_ALEN);
	else
		emit(&a, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
	emit(&a, BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP);
	size_t branch = a.count - 1;
	/* the way of IPv6 is taken by a jump of any length, for the family before it is long */
	program[branch].jt = 1;
	emit(&a, BPF_JMP | BPF_JA, 0);
	size_t leap = a.count - 1;
	emit_v4(&a, list, count, ip_at);
	program[leap].k = (uint32_t)(a.count - leap - 1);
	emit(&a, BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6);
	program[a.count - 1].jt = 1;
	emit_whole(&a);
	emit_v6(&a, list, count, ip_at);
	return a.count;
}
