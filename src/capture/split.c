/*
 * The kernel runs the program with the frame's link header where the wire had it, less a tag that
 * the interface took off.  Addresses are read by place from the link header (Ethernet) or from the
 * network header (the others): what skb->data points to differs between the ways in and out.
 */
#include "exfild/capture/split.h"

#include <linux/if_ether.h>

#define SHIFT 15
#define TAGS  2

struct split_key split_key_of(uint64_t first, uint64_t second)
{
	return (struct split_key){
		.start = (uint32_t)first,
		.factor = (uint32_t)(first >> 32) | 1u,
		.last = (uint32_t)second | 1u,
	};
}

static uint32_t word_of(const struct ipaddr *a, size_t at)
{
	const uint8_t *b = a->u.b + at;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint32_t hash_end(const struct split_key *key, const struct ipaddr *a)
{
	uint32_t hash = key->start;
	for (size_t at = ipaddr_is_v4(a) ? 12 : 0; at < 16; at += 4) {
		hash = (hash ^ word_of(a, at)) * key->factor;
		hash ^= hash >> SHIFT;
	}
	return hash;
}

uint32_t split_pair(const struct split_key *key, const struct ipaddr *a, const struct ipaddr *b)
{
	return (hash_end(key, a) + hash_end(key, b)) * key->last;
}

unsigned split_shards(unsigned workers)
{
	unsigned shards = 1;
	while (shards < workers && shards < SPLIT_SHARDS)
		shards *= 2;
	return shards;
}

/* --- the same for the kernel ------------------------------------------------------------- */

struct assembly {
	const struct split_key *key;
	unsigned shift; /* of the hash, which leaves the shard; 32: there is one */
	struct sock_filter *program;
	size_t count;
};

static void emit(struct assembly *a, uint16_t code, uint32_t k)
{
	a->program[a->count++] = (struct sock_filter){ .code = code, .k = k };
}

/* The hash of the address at this place: A. */
static void emit_end(struct assembly *a, uint32_t at, unsigned words)
{
	emit(a, BPF_LD | BPF_IMM, a->key->start);
	for (unsigned i = 0; i < words; i++) {
		emit(a, BPF_MISC | BPF_TAX, 0);
		emit(a, BPF_LD | BPF_W | BPF_ABS, at + 4 * i);
		emit(a, BPF_ALU | BPF_XOR | BPF_X, 0);
		emit(a, BPF_ALU | BPF_MUL | BPF_K, a->key->factor);
		emit(a, BPF_MISC | BPF_TAX, 0);
		emit(a, BPF_ALU | BPF_RSH | BPF_K, SHIFT);
		emit(a, BPF_ALU | BPF_XOR | BPF_X, 0);
	}
}

static void emit_pair(struct assembly *a, uint32_t source, uint32_t destination, unsigned words)
{
	emit_end(a, source, words);
	emit(a, BPF_ST, 0);
	emit_end(a, destination, words);
	emit(a, BPF_LDX | BPF_MEM, 0);
	emit(a, BPF_ALU | BPF_ADD | BPF_X, 0);
	emit(a, BPF_ALU | BPF_MUL | BPF_K, a->key->last);
	if (a->shift < 32)
		emit(a, BPF_ALU | BPF_RSH | BPF_K, a->shift);
	else
		emit(a, BPF_LD | BPF_IMM, 0);
	emit(a, BPF_RET | BPF_A, 0);
}

/* If A is the protocol: what this returns is to be closed after the block for it. */
static size_t emit_if(struct assembly *a, uint32_t protocol)
{
	emit(a, BPF_JMP | BPF_JEQ | BPF_K, protocol);
	return a->count;
}

static void emit_end_if(struct assembly *a, size_t begin)
{
	a->program[begin - 1].jf = (uint8_t)(a->count - begin);
}

/* A is the protocol of what begins at this place. */
static void emit_ip(struct assembly *a, uint32_t at)
{
	size_t begin = emit_if(a, ETH_P_IP);
	emit_pair(a, at + 12, at + 16, 1);
	emit_end_if(a, begin);
	begin = emit_if(a, ETH_P_IPV6);
	emit_pair(a, at + 8, at + 24, 4);
	emit_end_if(a, begin);
}

static void emit_nothing(struct assembly *a)
{
	emit(a, BPF_RET | BPF_K, 0);
}

size_t split_program(const struct split_key *key, unsigned shards, bool is_ethernet,
		     struct sock_filter program[SPLIT_PROGRAM])
{
	struct assembly a = { .key = key, .shift = 32, .program = program };
	for (; shards > 1; shards /= 2)
		a.shift--;
	if (!is_ethernet) {
		emit(&a, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
		emit_ip(&a, (uint32_t)SKF_NET_OFF);
		emit_nothing(&a);
		return a.count;
	}
	uint32_t at = (uint32_t)SKF_LL_OFF + 2 * ETH_ALEN;
	for (unsigned tag = 0;; tag++, at += 4) {
		emit(&a, BPF_LD | BPF_H | BPF_ABS, at);
		emit_ip(&a, at + 2);
		if (tag == TAGS)
			break;
		/* a tag: on to the next protocol; anything else: the end */
		emit(&a, BPF_JMP | BPF_JEQ | BPF_K, ETH_P_8021Q);
		a.program[a.count - 1].jt = 2;
		emit(&a, BPF_JMP | BPF_JEQ | BPF_K, ETH_P_8021AD);
		a.program[a.count - 1].jt = 1;
		emit_nothing(&a);
	}
	emit_nothing(&a);
	return a.count;
}
