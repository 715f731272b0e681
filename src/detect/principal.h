/*
 * detect/principal.h - what the names and encryption types of Kerberos mean to a judge.
 *
 * Ownership: borrows events.  Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_PRINCIPAL_H
#define EXFILD_SRC_DETECT_PRINCIPAL_H

#include "exfild/detect/detector.h"

/* Keys made of the bare password hash, or short ones: RC4 in all its numbers, DES. */
bool etype_is_weak(int16_t etype);
bool etype_is_aes(int16_t etype);
/* What the request offered: any AES; nothing but weak ones; a weak one before any AES. */
bool kerberos_offers_aes(const struct event_kerberos *e);
bool kerberos_offers_only_weak(const struct event_kerberos *e);
bool kerberos_prefers_weak(const struct event_kerberos *e);
/* "RC4", "AES-256" ...; "none". */
const char *etype_name(int16_t etype);

/* A name of a machine's own account: '$' at its end, a realm behind '@' left out. */
bool principal_is_machine(const struct event *e, const struct event_str *name);
/*
 * Whether a service may run under a person's or service's account, whose key is made from a
 * password that somebody chose: not the ticket service itself, not a machine's account, and not one
 * of the classes that Windows gives to machines (MS-ADTS 3.1.1.5.1.3, sPNMappings).
 */
bool principal_may_be_account(const struct event *e, const struct event_str *sname);
/* A hash of the name, letters' case aside, that outlives the process. */
uint64_t principal_hash(const struct detect_env *env, const struct event *e,
			const struct event_str *name);

/* Key of tables by client. */
struct client_key {
	struct ipaddr client;
	uint32_t tunnel_key, pad;
};
struct client_key client_key_of(const struct event *e);

#endif
