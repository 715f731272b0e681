/*
 * detect/principal.c - see principal.h.
 */
#include "principal.h"

#include <string.h>
#include <strings.h>

#define NAME_HASHED 256

enum { RC4_OLD_EXPORT = -135, RC4_OLD = -133, RC4_MD4 = -128 }; /* Windows' own numbers */

bool etype_is_weak(int16_t etype)
{
	switch (etype) {
	case ETYPE_RC4:
	case ETYPE_RC4_EXPORT:
	case ETYPE_DES_CRC:
	case 2: /* DES with MD4 */
	case ETYPE_DES_MD5:
	case RC4_OLD_EXPORT:
	case RC4_OLD:
	case RC4_MD4:
		return true;
	default:
		return false;
	}
}

bool etype_is_aes(int16_t etype)
{
	return etype >= ETYPE_AES128 && etype <= ETYPE_AES256_SHA2;
}

static unsigned offered(const struct event_kerberos *e)
{
	return e->etype_count < KERBEROS_ETYPES ? e->etype_count : KERBEROS_ETYPES;
}

bool kerberos_offers_aes(const struct event_kerberos *e)
{
	for (unsigned i = 0; i < offered(e); i++)
		if (etype_is_aes(e->etypes[i]))
			return true;
	return false;
}

bool kerberos_offers_only_weak(const struct event_kerberos *e)
{
	for (unsigned i = 0; i < offered(e); i++)
		if (!etype_is_weak(e->etypes[i]))
			return false;
	return e->etype_count > 0 && e->etype_count <= KERBEROS_ETYPES;
}

bool kerberos_prefers_weak(const struct event_kerberos *e)
{
	return e->etype_count > 0 && etype_is_weak(e->etypes[0]);
}

const char *etype_name(int16_t etype)
{
	switch (etype) {
	case ETYPE_AES128:
		return "AES-128";
	case ETYPE_AES256:
		return "AES-256";
	case ETYPE_AES128_SHA2:
		return "AES-128 (SHA-2)";
	case ETYPE_AES256_SHA2:
		return "AES-256 (SHA-2)";
	case ETYPE_DES_CRC:
	case 2:
	case ETYPE_DES_MD5:
		return "DES";
	case KERBEROS_NO_ETYPE:
		return "none";
	default:
		return etype_is_weak(etype) ? "RC4" : "another type";
	}
}

static size_t without_realm(const uint8_t *text, size_t len)
{
	const uint8_t *at = len ? memchr(text, '@', len) : NULL;
	return at ? (size_t)(at - text) : len;
}

bool principal_is_machine(const struct event *e, const struct event_str *name)
{
	if (!name->off)
		return false;
	const uint8_t *text = event_str_data(e, name);
	size_t len = without_realm(text, name->len);
	return len > 0 && text[len - 1] == '$';
}

bool principal_may_be_account(const struct event *e, const struct event_str *sname)
{
	static const char *const of_machines[] = {
		"krbtgt",
		"kadmin",
		"cifs",
		"host",
		"restrictedkrbhost",
		"ldap",
		"gc",
		"dns",
		"rpcss",
		"rpc",
		"termsrv",
		"wsman",
		"e3514235",
		"afs",
		"nfs",
		"dfsr-12f9a27c-bf97-4787-9364-d31b6c55eb04",
	};
	if (!sname->off || principal_is_machine(e, sname))
		return false;
	const char *text = (const char *)event_str_data(e, sname);
	const char *slash = memchr(text, '/', sname->len);
	if (!slash)
		return true;
	size_t len = (size_t)(slash - text);
	for (size_t i = 0; i < sizeof(of_machines) / sizeof(of_machines[0]); i++)
		if (strlen(of_machines[i]) == len && strncasecmp(text, of_machines[i], len) == 0)
			return false;
	/* e3514235-4b06-11d1-ab04-00c04fc2dcd2: replication between domain controllers */
	return !(len == 36 && strncasecmp(text, "e3514235-", 9) == 0);
}

uint64_t principal_hash(const struct detect_env *env, const struct event *e,
			const struct event_str *name)
{
	uint8_t lower[NAME_HASHED];
	const uint8_t *text = event_str_data(e, name);
	size_t len = name->off ? name->len : 0;
	if (len > sizeof(lower))
		len = sizeof(lower);
	for (size_t i = 0; i < len; i++)
		lower[i] = text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i];
	return hash_bytes(&env->sketch_key, lower, len);
}

struct client_key client_key_of(const struct event *e)
{
	struct client_key key;
	memset(&key, 0, sizeof(key));
	key.client = e->src;
	key.tunnel_key = e->tunnel_key;
	return key;
}
