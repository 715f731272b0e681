/*
 * inspect/kerberos/message.h - what a Kerberos 5 message says in the clear (RFC 4120).
 *
 * What: kind, names, encryption types, options, error; keys and tickets stay closed.
 * Ownership: names are copies.  Threads: any.
 * Limits: a principal of over KRB_NAME_MAX bytes is cut; KRB_ETYPES encryption types are kept.
 */
#ifndef EXFILD_SRC_INSPECT_KERBEROS_MESSAGE_H
#define EXFILD_SRC_INSPECT_KERBEROS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/event/event.h"

#define KRB_NAME_MAX 160

/* Components joined by '/', as people write them. */
struct krb_name {
	uint8_t len;   /* bytes kept */
	uint16_t full; /* bytes that there were */
	int16_t type;  /* name-type; -1: no name */
	char text[KRB_NAME_MAX];
};

struct krb_message {
	uint8_t type; /* enum kerberos_message */
	bool is_malformed;
	bool has_preauth; /* a proof of the key came with it: time stamp, certificate, FAST */
	bool has_fast;
	bool has_additional_ticket; /* S4U2proxy, user to user */
	uint8_t pac;                /* enum kerberos_pac */
	uint8_t etype_count;        /* in the request, also those not kept */
	int16_t etypes[KERBEROS_ETYPES];
	int16_t preauth_etype, ticket_etype, reply_etype; /* KERBEROS_NO_ETYPE */
	int16_t tgt_etype;                                /* of the ticket shown with a TGS-REQ */
	uint32_t options, error;
	struct krb_name cname, realm, sname, for_user;
	struct krb_name tgt_realm; /* of the ticket shown with a TGS-REQ */
};

/*
 * Reads one message; is_cut: the capture has only its begin.  False: it is none of Kerberos 5.
 * What does not parse after its head is told as is_malformed, with what came before.
 */
bool krb_message_read(const void *data, size_t len, bool is_cut, struct krb_message *ret);
/* Whether the bytes begin as a message does: tag, sequence, version 5, the type of the tag. */
bool krb_message_is_likely(const uint8_t *data, size_t len);

#endif
