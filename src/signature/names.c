/*
 * signature/names.c - numbers of protocols as the words that logs, and rules over logs, have for
 * them.
 *
 * Threads: any.
 */
#include "exfild/event/share.h"
#include "private.h"

struct name_of {
	uint32_t number;
	const char *name;
};

static const struct name_of qtypes[] = {
	{ 1, "A" },       { 2, "NS" },          { 5, "CNAME" },  { 6, "SOA" },    { 10, "NULL" },
	{ 12, "PTR" },    { 13, "HINFO" },      { 15, "MX" },    { 16, "TXT" },   { 25, "KEY" },
	{ 28, "AAAA" },   { 33, "SRV" },        { 35, "NAPTR" }, { 43, "DS" },    { 46, "RRSIG" },
	{ 48, "DNSKEY" }, { 64, "SVCB" },       { 65, "HTTPS" }, { 251, "IXFR" }, { 252, "AXFR" },
	{ 255, "ANY" },   { 65399, "PRIVATE" },
};
static const struct name_of rcodes[] = {
	{ 0, "NOERROR" },  { 1, "FORMERR" }, { 2, "SERVFAIL" },
	{ 3, "NXDOMAIN" }, { 4, "NOTIMP" },  { 5, "REFUSED" },
};
static const struct name_of protos[] = {
	{ 1, "icmp" }, { 6, "tcp" },   { 17, "udp" },   { 47, "gre" },
	{ 50, "esp" }, { 58, "icmp" }, { 132, "sctp" },
};
static const struct name_of messages[] = {
	{ 10, "AS" }, { 11, "AS" }, { 12, "TGS" }, { 13, "TGS" }, { 14, "AP" }, { 30, "ERROR" },
};
static const struct name_of ciphers[] = {
	{ 1, "des-cbc-crc" },
	{ 3, "des-cbc-md5" },
	{ 17, "aes128-cts-hmac-sha1-96" },
	{ 18, "aes256-cts-hmac-sha1-96" },
	{ 23, "rc4-hmac" },
	{ 24, "rc4-hmac-exp" },
};
/* Ours, and Zeek's where it has another. */
static const struct name_of apps[] = {
	{ APP_TLS, "tls,ssl" },
	{ APP_KERBEROS, "kerberos,krb,krb_tcp" },
	{ APP_DCERPC, "dcerpc,dce_rpc" },
	{ APP_LDAP, "ldap,ldap_tcp,ldap_udp" },
};
/* Of the acts that Zeek's log has. */
static const struct name_of smb_actions[] = {
	{ SMB_OPEN, "SMB::FILE_OPEN" },     { SMB_READ, "SMB::FILE_READ" },
	{ SMB_WRITE, "SMB::FILE_WRITE" },   { SMB_CLOSE, "SMB::FILE_CLOSE" },
	{ SMB_DELETE, "SMB::FILE_DELETE" }, { SMB_RENAME, "SMB::FILE_RENAME" },
};
static const struct name_of successes[] = {
	{ LOGIN_SUCCESS, "true,T" },
	{ LOGIN_FAILURE, "false,F" },
	{ LOGIN_LOCKED, "false,F" },
	{ LOGIN_NO_USER, "false,F" },
};
static const struct name_of tls_versions[] = {
	{ 0x0002, "SSLv2" },  { 0x0300, "SSLv3" },  { 0x0301, "TLSv10" },
	{ 0x0302, "TLSv11" }, { 0x0303, "TLSv12" }, { 0x0304, "TLSv13" },
};
/* The registry of IANA ("TLS Cipher Suites"): what is chosen today, and what should not be. */
static const struct name_of tls_ciphers[] = {
	{ 0x0000, "TLS_NULL_WITH_NULL_NULL" },
	{ 0x0001, "TLS_RSA_WITH_NULL_MD5" },
	{ 0x0002, "TLS_RSA_WITH_NULL_SHA" },
	{ 0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5" },
	{ 0x0004, "TLS_RSA_WITH_RC4_128_MD5" },
	{ 0x0005, "TLS_RSA_WITH_RC4_128_SHA" },
	{ 0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5" },
	{ 0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA" },
	{ 0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA" },
	{ 0x0009, "TLS_RSA_WITH_DES_CBC_SHA" },
	{ 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA" },
	{ 0x0011, "TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA" },
	{ 0x0012, "TLS_DHE_DSS_WITH_DES_CBC_SHA" },
	{ 0x0013, "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA" },
	{ 0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA" },
	{ 0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA" },
	{ 0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA" },
	{ 0x0017, "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5" },
	{ 0x0018, "TLS_DH_anon_WITH_RC4_128_MD5" },
	{ 0x001a, "TLS_DH_anon_WITH_DES_CBC_SHA" },
	{ 0x001b, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA" },
	{ 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA" },
	{ 0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA" },
	{ 0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA" },
	{ 0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA" },
	{ 0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA" },
	{ 0x003a, "TLS_DH_anon_WITH_AES_256_CBC_SHA" },
	{ 0x003b, "TLS_RSA_WITH_NULL_SHA256" },
	{ 0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256" },
	{ 0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256" },
	{ 0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256" },
	{ 0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256" },
	{ 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0x1301, "TLS_AES_128_GCM_SHA256" },
	{ 0x1302, "TLS_AES_256_GCM_SHA384" },
	{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256" },
	{ 0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA" },
	{ 0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA" },
	{ 0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA" },
	{ 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" },
	{ 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA" },
	{ 0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA" },
	{ 0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA" },
	{ 0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA" },
	{ 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" },
	{ 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA" },
	{ 0xc015, "TLS_ECDH_anon_WITH_NULL_SHA" },
	{ 0xc016, "TLS_ECDH_anon_WITH_RC4_128_SHA" },
	{ 0xc017, "TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA" },
	{ 0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA" },
	{ 0xc019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA" },
	{ 0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256" },
	{ 0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384" },
	{ 0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256" },
	{ 0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384" },
	{ 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
	{ 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
};

#define NAMED(list, n) named(list, sizeof(list) / sizeof((list)[0]), n)

static const char *named(const struct name_of *list, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].number == number)
			return list[i].name;
	return NULL;
}

static const char *app_in_logs(uint32_t n)
{
	const char *name = NAMED(apps, n);
	return name ? name : app_name((enum app)n);
}

const char *name_in_view(enum view v, uint32_t n)
{
	switch (v) {
	case VIEW_QTYPE:
		return NAMED(qtypes, n);
	case VIEW_RCODE:
		return NAMED(rcodes, n);
	case VIEW_PROTO:
		return NAMED(protos, n);
	case VIEW_REQUEST:
		return NAMED(messages, n);
	case VIEW_CIPHER:
		return NAMED(ciphers, n);
	case VIEW_APP:
		return app_in_logs(n);
	case VIEW_SMB_ACTION:
		return NAMED(smb_actions, n);
	case VIEW_SUCCESS:
		return NAMED(successes, n);
	case VIEW_TLS_VERSION:
		return NAMED(tls_versions, n);
	case VIEW_TLS_CIPHER:
		return NAMED(tls_ciphers, n);
	default:
		return NULL;
	}
}
