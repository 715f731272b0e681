/*
 * alert/words.h - the sentences that both renderings share.
 *
 * What: appended to a buf as raw bytes; whoever shows them escapes them.
 * Threads: any.
 */
#ifndef EXFILD_ALERT_WORDS_H
#define EXFILD_ALERT_WORDS_H

#include "exfild/alert/alert.h"

/* The finding's sentence, and over how much it now stands. */
void words_message(const struct alert *a, struct buf *out);
/* The features that gave most, joined by "; ". Empty when there are none. */
void words_reason(const struct alert *a, struct buf *out);
#define WORDS_REASONS 3
/* The same with no more than so many. */
void words_reasons(const struct alert *a, unsigned most, struct buf *out);
/* The configuration line that silences this alert for 30 days of packet time. */
void words_silence(const struct alert *a, struct buf *out);
/* The incident that the alert is a part of, where that began before it or elsewhere; else empty. */
void words_story(const struct alert *a, struct buf *out);
/* "4.1 MB in 812 events in 58 min" as far as known. */
void words_amount(const struct alert *a, struct buf *out);
/* "2026-11-23 19:00:00" UTC. Returns dst; size >= 20. */
const char *words_time(uint64_t time_ns, char *dst, size_t size);

/* "tcp"; NULL when it has no name here. */
const char *words_transport(uint8_t proto);
/* "vxlan"; NULL for none. Numbers as decode/packet.h has them. */
const char *words_tunnel(uint8_t type);
const char *words_visibility(enum visibility v);
/* "TXT"; NULL when it has no name here. */
const char *words_dns_type(uint16_t type);
/* "exfild", or "sigma", "intel", "policy" by the rule's prefix. */
const char *words_ruleset(const char *rule);

#endif
