/*
 * inspect/auth/ntlmssp.h - what a log-in token tells: NTLM messages (MS-NLMP 2.2.1) and Kerberos
 * tickets, bare or within SPNEGO (RFC 4178) and GSS-API (RFC 2743, 3.1) wrappings.
 *
 * What: auth_token_read() looks through a security blob of any protocol (SMB session set-up, the
 * verifier of DCE-RPC, HTTP Negotiate after base64, LDAP SASL, TDS) for what logs somebody in;
 * ntlmssp_read() reads one NTLM message.
 * Ownership: pointers of an auth_token point into the blob.  Threads: any; no state.
 * Limits: names up to NTLM_NAME_MAX bytes of UTF-8; blobs may be cut: what is there is told.
 */
#ifndef EXFILD_SRC_INSPECT_AUTH_NTLMSSP_H
#define EXFILD_SRC_INSPECT_AUTH_NTLMSSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NTLM_NAME_MAX 120

enum ntlm_type { NTLM_NEGOTIATE = 1, NTLM_CHALLENGE = 2, NTLM_AUTHENTICATE = 3 };

/* Some of the flags (MS-NLMP 2.2.2.5). */
#define NTLM_FLAG_UNICODE   0x00000001u
#define NTLM_FLAG_SIGN      0x00000010u
#define NTLM_FLAG_SEAL      0x00000020u
#define NTLM_FLAG_ANONYMOUS 0x00000800u
#define NTLM_FLAG_ESS       0x00080000u
#define NTLM_FLAG_VERSION   0x02000000u

struct ntlm_name { /* UTF-8, not ended by NUL */
	uint16_t len;
	uint16_t full; /* bytes that there were; > len: cut */
	char text[NTLM_NAME_MAX];
};

struct ntlmssp {
	uint8_t type;      /* enum ntlm_type */
	bool is_cut;       /* the message points beyond the bytes at hand */
	bool is_anonymous; /* type 3 without a name and a response (MS-NLMP 3.2.5.1.2) */
	bool is_v2;        /* type 3: a response of NTLMv2 */
	bool has_mic;      /* type 3, v2: the client says that a MIC protects it */
	bool has_version;
	uint8_t version_major,
		version_minor; /* of Windows; 6.1 build 0 is Samba's and Impacket's */
	uint16_t version_build;
	uint16_t lm_len, nt_len; /* type 3: lengths of the responses */
	uint32_t flags;
	uint64_t challenge;      /* type 2: the server's, as on the wire (big endian) */
	uint64_t response_hash;  /* type 3: first 8 bytes of the NT response, big endian; 0: none */
	struct ntlm_name user;   /* type 3 */
	struct ntlm_name domain; /* types 1 and 3: the client's; 2: NetBIOS domain */
	struct ntlm_name station; /* types 1 and 3: the client's; 2: the server's NetBIOS name */
	struct ntlm_name target;  /* type 2: target name; 3, v2: the service asked for (SPN) */
	struct ntlm_name dns;     /* type 2: the server's DNS name */
};

/* False when the bytes do not begin with an NTLM message that has its fixed part. */
bool ntlmssp_read(struct ntlmssp *ret, const uint8_t *data, size_t len);

enum auth_mechanism {
	AUTH_NONE,     /* an offer or an answer without a token */
	AUTH_NTLM,     /* `token` is an NTLM message */
	AUTH_KERBEROS, /* `token` is an AP-REQ, AP-REP or KRB-ERROR (RFC 4120, 5.5, 5.9.1) */
};

/* NegTokenResp.negState (RFC 4178, 4.2.2). */
enum auth_state {
	AUTH_COMPLETED = 0,
	AUTH_INCOMPLETE = 1,
	AUTH_REJECTED = 2,
	AUTH_REQUEST_MIC = 3,
	AUTH_STATE_UNTOLD = 255
};

struct auth_token {
	uint8_t mechanism; /* enum auth_mechanism */
	uint8_t state;     /* enum auth_state of SPNEGO's answer */
	bool is_spnego;
	bool offers_kerberos, offers_ntlm; /* SPNEGO's list of mechanisms */
	const uint8_t *token;              /* NULL with AUTH_NONE */
	size_t token_len;                  /* up to the end of the blob: may hold more behind it */
};

/* Looks through a security blob; false when it holds nothing that is known here. */
bool auth_token_read(struct auth_token *ret, const uint8_t *blob, size_t len);

#endif
