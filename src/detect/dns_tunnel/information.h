/*
 * detect/dns_tunnel/information.h - how much a name can carry.
 *
 * What: upper bounds on the information of the part of a name before its registered domain, after
 * Paxson et al. (USENIX Security 2013): the attacker cannot send more than this, whatever he does.
 * Threads: any.
 */
#ifndef EXFILD_SRC_DETECT_DNS_TUNNEL_INFORMATION_H
#define EXFILD_SRC_DETECT_DNS_TUNNEL_INFORMATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LABELS_KNOWN 24

/* Labels of one (client, domain) that were met before; they carry only which of them it is. */
struct label_memory {
	uint32_t hash[LABELS_KNOWN];
	uint8_t count, next;
};

/*
 * Bytes of information in `name` (lower case, labels joined by '.').  The smaller of two bounds for
 * each label: its length in the smallest alphabet that holds it; the choice among labels met
 * before.
 */
double information_bytes(const char *name, size_t len, struct label_memory *known);

/* Bits a character of the smallest usual alphabet that holds all bytes: 10 digits ... 256. */
double information_alphabet_bits(const char *text, size_t len);

#endif
