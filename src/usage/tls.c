/*
 * usage/tls.c - how a connection is encrypted, in an auditor's words.
 *
 * Weak are versions before TLS 1.2 (RFC 8996) and suites that RFC 9325 (4.1) does not want: without
 * encryption or authentication, below 112 bits, or of blocks of 64 bits.  What the server chose
 * counts; where it was not seen, what the client offered at most.
 */
#include <stdio.h>

#include "private.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const char *const versions[TLS_VERSIONS] = {
	"", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3",
};
#define VERSION_1_2 4u

static const char *const flaws[TLS_FLAWS] = {
	"", "no encryption", "no authentication", "export keys", "DES", "RC4", "3DES", "IDEA",
};

/* By flaw, from 1; of several the first.  As IANA has them; tests/e2e/usage.py asks tshark. */
static const uint16_t no_encryption[] = {
	0x0000, 0x0001, 0x0002, 0x001c, 0x002c, 0x002d, 0x002e, 0x003b, 0x0082,
	0x0083, 0x00b0, 0x00b1, 0x00b4, 0x00b5, 0x00b8, 0x00b9, 0xc001, 0xc006,
	0xc00b, 0xc010, 0xc015, 0xc039, 0xc03a, 0xc03b, 0xc0b4, 0xc0b5,
};
static const uint16_t no_authentication[] = {
	0x0017, 0x0018, 0x0019, 0x001a, 0x001b, 0x0034, 0x003a, 0x0046, 0x006c,
	0x006d, 0x0089, 0x009b, 0x00a6, 0x00a7, 0x00bf, 0x00c5, 0xc016, 0xc017,
	0xc018, 0xc019, 0xc046, 0xc047, 0xc05a, 0xc05b, 0xc084, 0xc085,
};
static const uint16_t export_keys[] = {
	0x0003, 0x0006, 0x0008, 0x000b, 0x000e, 0x0011, 0x0014, 0x0026, 0x0027, 0x0028,
	0x0029, 0x002a, 0x002b, 0x0060, 0x0061, 0x0062, 0x0063, 0x0064, 0x0065,
};
static const uint16_t des[] = {
	0x0009, 0x000c, 0x000f, 0x0012, 0x0015, 0x001e, 0x0022, 0xfefe, 0xffe1,
};
static const uint16_t rc4[] = {
	0x0004, 0x0005, 0x0020, 0x0024, 0x0066, 0x008a, 0x008e,
	0x0092, 0xc002, 0xc007, 0xc00c, 0xc011, 0xc033,
};
static const uint16_t triple_des[] = {
	0x000a, 0x000d, 0x0010, 0x0013, 0x0016, 0x001f, 0x0023, 0x008b, 0x008f, 0x0093,
	0xc003, 0xc008, 0xc00d, 0xc012, 0xc01a, 0xc01b, 0xc01c, 0xc034, 0xfeff, 0xffe0,
};
static const uint16_t idea[] = { 0x0007, 0x0021, 0x0025 };

static const struct {
	const uint16_t *list;
	size_t count;
} suites[TLS_FLAWS] = {
	[1] = { no_encryption, COUNT_OF(no_encryption) },
	[2] = { no_authentication, COUNT_OF(no_authentication) },
	[3] = { export_keys, COUNT_OF(export_keys) },
	[4] = { des, COUNT_OF(des) },
	[5] = { rc4, COUNT_OF(rc4) },
	[6] = { triple_des, COUNT_OF(triple_des) },
	[7] = { idea, COUNT_OF(idea) },
};

static unsigned flaw_of(uint16_t suite)
{
	for (unsigned flaw = 1; flaw < TLS_FLAWS; flaw++)
		for (size_t i = 0; i < suites[flaw].count; i++)
			if (suites[flaw].list[i] == suite)
				return flaw;
	return 0;
}

/* What is newer than 1.3, and its drafts, count as that. */
static unsigned version_of(uint16_t version)
{
	unsigned minor = version & 0xff;
	if (version >> 8 != 3)
		return version >> 8 > 3 ? TLS_VERSIONS - 1 : 0;
	return minor + 1 < TLS_VERSIONS ? minor + 1 : TLS_VERSIONS - 1;
}

uint16_t usage_tls_state(const struct event_tls *t)
{
	bool is_quic = t->e.kind == EVENT_QUIC; /* is 1.3 (RFC 9001) */
	unsigned version = is_quic ? TLS_VERSIONS - 1 : version_of(t->version);
	bool is_chosen = is_quic || t->is_server;
	unsigned flaw = t->is_server && !is_quic ? flaw_of(t->cipher) : 0;
	return version ? (uint16_t)((version * TLS_FLAWS + flaw) * 2 + !is_chosen) : 0;
}

bool usage_tls_is_chosen(uint16_t state)
{
	return state && !(state & 1);
}

const char *usage_tls_text(uint16_t state, char dst[USAGE_TLS_MAX])
{
	unsigned version = state / 2 / TLS_FLAWS, flaw = state / 2 % TLS_FLAWS;
	if (!state || version >= TLS_VERSIONS)
		return "";
	(void)snprintf(dst, USAGE_TLS_MAX, "%s%s%s%s%s",
		       version < VERSION_1_2 || flaw ? "weak " : "", versions[version],
		       flaw ? ", " : "", flaws[flaw], state & 1 ? " offered" : "");
	return dst;
}
