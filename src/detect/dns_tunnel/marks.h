/*
 * detect/dns_tunnel/marks.h - what known tools leave in their names.
 *
 * What: signs that no resolver, browser or look-up service makes: handshakes of iodine, dns2tcp,
 * dnscat2, DNSExfiltrator and Cobalt Strike, record types that only tunnels ask for, and the first
 * bytes of files in hexadecimal, Base32 or Base64.
 * Threads: any.
 */
#ifndef EXFILD_SRC_DETECT_DNS_TUNNEL_MARKS_H
#define EXFILD_SRC_DETECT_DNS_TUNNEL_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dns_mark {
	MARK_RECORD_TYPE = 1u << 0, /* NULL, KEY or PRIVATE asked for a name with data in it */
	MARK_IODINE = 1u << 1,
	MARK_DNS2TCP = 1u << 2,
	MARK_DNSCAT = 1u << 3,
	MARK_EXFILTRATOR = 1u << 4,
	MARK_COBALT_STRIKE = 1u << 5,
	MARK_FILE_MAGIC = 1u << 6,
};

/* `name` as it was on the wire (case kept), `sub_len` bytes of it before the registered domain. */
uint32_t dns_marks(const char *name, size_t len, size_t sub_len, uint16_t qtype);
/*
 * Whether the first label has the form of a dnscat2 packet, and its session: one name may have it
 * by chance, several of one session do not.
 */
bool dns_dnscat_session(const char *name, size_t sub_len, uint16_t *ret_session);
/* "iodine", for people; the first of the set. */
const char *dns_mark_name(uint32_t marks);

#endif
