/*
 * bus/wire.h - a connection with deadlines: TCP, a unix socket or UDP, and TLS over TCP.
 *
 * What: nothing here waits longer than it is told, whatever the other end does, and a peer that has
 * gone is an error, never a signal.  TLS checks certificate and name (OpenSSL).
 * Ownership: wire_close() closes.  Threads: one at a time.
 * Limits: a wait ends soon when *stop becomes true.
 */
#ifndef EXFILD_BUS_WIRE_H
#define EXFILD_BUS_WIRE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

struct wire;

struct wire_options {
	const char *host; /* name, address, or the path of a unix socket */
	uint16_t port;
	bool is_unix, is_datagram, is_tls;
	const char *ca_file;     /* TLS; NULL or "": what the system trusts */
	uint32_t timeout_ms;     /* of connecting */
	const atomic_bool *stop; /* NULL: none */
};

/* -EXF_E_IO, with errno where the system refused, else 0 there; why has the words for TLS. */
int wire_open(const struct wire_options *o, struct wire **ret, char *ret_why,
	      size_t why_size) EXF_MUST_USE;
void wire_close(struct wire *w);
/* All of it. -EXF_E_IO with errno (ETIMEDOUT, EPIPE, ...). */
int wire_write(struct wire *w, const void *data, size_t len, uint64_t deadline_ns) EXF_MUST_USE;
/* At least one byte; how many, or -EXF_E_IO with errno, 0 there: the other end has closed. */
int wire_read(struct wire *w, void *dst, size_t size, uint64_t deadline_ns) EXF_MUST_USE;
/* Waits until the other end's kernel has acknowledged all that was written (TCP). */
int wire_settle(struct wire *w, uint64_t deadline_ns) EXF_MUST_USE;
/* Whether the other end has closed, or has said something: asks nobody. */
bool wire_is_idle(const struct wire *w);
/* CLOCK_MONOTONIC, by which deadlines are. */
uint64_t wire_now_ns(void);

#endif
