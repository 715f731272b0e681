/*
 * inspect/tls/hello_event.h - what a hello says, as an event.
 *
 * What: one event_tls for a hello over TCP or QUIC, with its fingerprints.
 * Threads: those of the inspection.
 */
#ifndef EXFILD_INSPECT_TLS_HELLO_EVENT_H
#define EXFILD_INSPECT_TLS_HELLO_EVENT_H

#include "exfild/inspect/inspector.h"
#include "hello.h"

/* kind: EVENT_TLS or EVENT_QUIC; record_version and quic_version 0 where there is none. */
void tls_put_client_hello(struct inspection *in, enum event_kind kind, const struct tls_hello *h,
			  uint16_t record_version, uint32_t quic_version);
void tls_put_server_hello(struct inspection *in, const struct tls_hello *h,
			  uint16_t record_version);

#endif
