/*
 * alert/community.h - Community ID v1 of a flow.
 *
 * What: the flow hash that Zeek, Suricata and Wireshark print as well (seed 0).
 * Threads: any.
 */
#ifndef EXFILD_ALERT_COMMUNITY_H
#define EXFILD_ALERT_COMMUNITY_H

#include <stdint.h>

#include "exfild/base/ipaddr.h"

#define COMMUNITY_ID_MAX 40

/*
 * "1:" and base64 of a SHA-1.  ICMP and ICMPv6: sport is type << 8 | code, dport is not looked at.
 * "" when the two addresses are not of one family.
 */
void community_id(const struct ipaddr *src, const struct ipaddr *dst, uint8_t proto, uint16_t sport,
		  uint16_t dport, char ret[COMMUNITY_ID_MAX]);

#endif
