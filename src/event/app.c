/*
 * event/app.c - names of the application protocols.
 */
#include "exfild/event/app.h"

static const char *const names[APP__COUNT] = {
	[APP_UNKNOWN] = "unknown",
	[APP_OTHER] = "other",
	[APP_DNS] = "dns",
	[APP_MDNS] = "mdns",
	[APP_LLMNR] = "llmnr",
	[APP_NETBIOS] = "netbios",
	[APP_DHCP] = "dhcp",
	[APP_NTP] = "ntp",
	[APP_ICMP] = "icmp",
	[APP_HTTP] = "http",
	[APP_TLS] = "tls",
	[APP_QUIC] = "quic",
	[APP_SSH] = "ssh",
	[APP_FTP] = "ftp",
	[APP_SMTP] = "smtp",
	[APP_IMAP] = "imap",
	[APP_POP3] = "pop3",
	[APP_SMB] = "smb",
	[APP_DCERPC] = "dcerpc",
	[APP_KERBEROS] = "kerberos",
	[APP_LDAP] = "ldap",
	[APP_RDP] = "rdp",
	[APP_VNC] = "vnc",
	[APP_TELNET] = "telnet",
	[APP_SNMP] = "snmp",
	[APP_SYSLOG] = "syslog",
	[APP_TFTP] = "tftp",
	[APP_NFS] = "nfs",
	[APP_RSYNC] = "rsync",
	[APP_SIP] = "sip",
	[APP_RTP] = "rtp",
	[APP_STUN] = "stun",
	[APP_SOCKS] = "socks",
	[APP_OPENVPN] = "openvpn",
	[APP_WIREGUARD] = "wireguard",
	[APP_IPSEC] = "ipsec",
	[APP_TOR] = "tor",
	[APP_BITTORRENT] = "bittorrent",
	[APP_DATABASE] = "database",
	[APP_REMOTE] = "remote",
	[APP_MQTT] = "mqtt",
	[APP_IRC] = "irc",
};

const char *app_name(enum app app)
{
	unsigned i = (unsigned)app;
	return i < APP__COUNT && names[i] ? names[i] : "unknown";
}

bool app_is_clear(enum app app)
{
	switch (app) {
	case APP_UNKNOWN:
	case APP_OTHER:
	case APP_TLS:
	case APP_QUIC:
	case APP_SSH:
	case APP_RDP:
	case APP_OPENVPN:
	case APP_WIREGUARD:
	case APP_IPSEC:
	case APP_TOR:
	case APP_BITTORRENT:
	case APP_REMOTE:
		return false;
	default:
		return true;
	}
}
