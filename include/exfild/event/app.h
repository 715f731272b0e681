/*
 * event/app.h - the application protocols that exfild reasons about.
 *
 * What: a small stable set of our own, so that no layer above classify knows nDPI's numbers.
 * Everything else is APP_OTHER and keeps its name in the classified event.
 * Threads: any.
 */
#ifndef EXFILD_EVENT_APP_H
#define EXFILD_EVENT_APP_H

#include <stdbool.h>

enum app {
	APP_UNKNOWN, /* not classified (yet) */
	APP_OTHER,   /* classified, none of these */
	APP_DNS,
	APP_MDNS,
	APP_LLMNR,
	APP_NETBIOS,
	APP_DHCP,
	APP_NTP,
	APP_ICMP,
	APP_HTTP,
	APP_TLS,
	APP_QUIC,
	APP_SSH,
	APP_FTP,
	APP_SMTP,
	APP_IMAP,
	APP_POP3,
	APP_SMB,
	APP_DCERPC,
	APP_KERBEROS,
	APP_LDAP,
	APP_RDP,
	APP_VNC,
	APP_TELNET,
	APP_SNMP,
	APP_SYSLOG,
	APP_TFTP,
	APP_NFS,
	APP_RSYNC,
	APP_SIP,
	APP_RTP,
	APP_STUN,
	APP_SOCKS,
	APP_OPENVPN,
	APP_WIREGUARD,
	APP_IPSEC,
	APP_TOR,
	APP_BITTORRENT,
	APP_DATABASE, /* MySQL, PostgreSQL, TDS, Oracle, MongoDB, Redis, Cassandra */
	APP_REMOTE,   /* TeamViewer, AnyDesk and their like */
	APP_MQTT,
	APP_IRC,
	APP__COUNT
};

/* Lower-case name: "dns"; "unknown" for anything out of range. */
const char *app_name(enum app app);

/* Whether what it carries can be read by whoever sees it pass. */
bool app_is_clear(enum app app);

#endif
