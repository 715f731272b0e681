/*
 * detect/protocol_mismatch/ports.c - which protocol belongs to which port.
 *
 * After the service names of IANA, with what practice has added: STARTTLS and implicit TLS on mail
 * ports, DNS over TLS and QUIC on 853, remote desktops inside TLS.  A port outside the table has no
 * owner: anything may speak there, and only TLS and SSH on it are worth a word.
 */
#include "protocol_mismatch.h"

#define PROTO_TCP 6
#define A(name)   (1ull << APP_##name)

static const struct port_owner owners[] = {
	{ 20, A(FTP), "FTP" },
	{ 21, A(FTP) | A(TLS), "FTP" },
	{ 22, A(SSH), "SSH" },
	{ 23, A(TELNET), "Telnet" },
	{ 25, A(SMTP) | A(TLS), "SMTP" },
	{ 53, A(DNS) | A(MDNS) | A(LLMNR) | A(NETBIOS), "DNS" },
	{ 80, A(HTTP), "HTTP" },
	{ 88, A(KERBEROS), "Kerberos" },
	{ 110, A(POP3) | A(TLS), "POP3" },
	{ 123, A(NTP), "NTP" },
	{ 135, A(DCERPC), "RPC" },
	{ 139, A(NETBIOS) | A(SMB) | A(DCERPC), "NetBIOS" },
	{ 143, A(IMAP) | A(TLS), "IMAP" },
	{ 161, A(SNMP), "SNMP" },
	{ 389, A(LDAP) | A(TLS), "LDAP" },
	{ 443, A(TLS) | A(QUIC), "HTTPS" },
	{ 445, A(SMB) | A(DCERPC) | A(NETBIOS), "SMB" },
	{ 465, A(SMTP) | A(TLS), "SMTP over TLS" },
	{ 514, A(SYSLOG), "syslog" },
	{ 587, A(SMTP) | A(TLS), "mail submission" },
	{ 636, A(LDAP) | A(TLS), "LDAP over TLS" },
	{ 853, A(DNS) | A(TLS) | A(QUIC), "DNS over TLS" },
	{ 993, A(IMAP) | A(TLS), "IMAP over TLS" },
	{ 995, A(POP3) | A(TLS), "POP3 over TLS" },
	{ 3389, A(RDP) | A(TLS), "RDP" },
};

/* Ports without an owner in the table on which TLS is what one expects. */
static const uint16_t tls_ports[] = {
	563,  614,  832,  989,  990,  992,  994,   1433,  1443,  2083,  2087,  2096,  2376, 2443,
	3128, 3268, 3269, 3306, 3443, 3478, 4433,  4443,  4643,  5061,  5222,  5223,  5228, 5229,
	5230, 5269, 5349, 5432, 5443, 5555, 5671,  5938,  5986,  6379,  6443,  6514,  6568, 6697,
	7443, 8000, 8080, 8081, 8140, 8333, 8443,  8444,  8531,  8843,  8883,  8886,  8888, 9001,
	9091, 9200, 9243, 9443, 9993, 9997, 10443, 12443, 27017, 40443, 50443, 55443,
};

/* Where a proxy is asked by CONNECT. */
static const uint16_t proxy_ports[] = { 3128, 8000, 8008, 8080, 8081, 8118, 8123, 8888, 9090 };

/* SSH beside 22, as administrators and hosters do it. */
static const uint16_t ssh_ports[] = { 2022, 2200, 2222, 7999, 22000, 22222, 29418 };

static bool is_listed(const uint16_t *ports, size_t count, uint16_t port)
{
	for (size_t i = 0; i < count; i++)
		if (ports[i] == port)
			return true;
	return false;
}

const struct port_owner *mismatch_owner(uint16_t port)
{
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
		if (owners[i].port == port)
			return &owners[i];
	return NULL;
}

bool mismatch_is_tunnel(enum app app)
{
	const uint64_t tunnels = A(SSH) | A(RDP) | A(VNC) | A(TELNET) | A(SMB) | A(SOCKS) |
				 A(OPENVPN) | A(WIREGUARD) | A(IPSEC) | A(TOR);
	return (1ull << app) & tunnels;
}

/*
 * What is judged at all.  Left out: P2P, games, voice and video, STUN, QUIC, remote help programs
 * (they use 80 and 443 by design, and have names of their own), and what has no fixed port.
 */
static bool is_judged(enum app app)
{
	return mismatch_is_tunnel(app) || app == APP_TLS || app == APP_HTTP || app == APP_FTP ||
	       app == APP_SMTP || app == APP_DNS || app == APP_RSYNC;
}

static enum mismatch of_free_port(enum app app, uint16_t port, uint8_t proto)
{
	if (proto != PROTO_TCP)
		return MISMATCH_NONE;
	if (app == APP_TLS && !is_listed(tls_ports, sizeof(tls_ports) / sizeof(tls_ports[0]), port))
		return MISMATCH_ODD_PORT;
	if (app == APP_SSH && !is_listed(ssh_ports, sizeof(ssh_ports) / sizeof(ssh_ports[0]), port))
		return MISMATCH_ODD_PORT;
	return MISMATCH_NONE;
}

enum mismatch mismatch_of(enum app app, uint16_t port, uint8_t proto, bool is_connect)
{
	const struct port_owner *owner = mismatch_owner(port);
	if (!is_judged(app))
		return MISMATCH_NONE;
	if (is_connect) {
		if (is_listed(proxy_ports, sizeof(proxy_ports) / sizeof(proxy_ports[0]), port))
			return MISMATCH_NONE;
		if (!owner)
			return MISMATCH_NONE;
		return port == 80 || port == 443 ? MISMATCH_CROWDED : MISMATCH_HIDDEN;
	}
	if (!owner)
		return of_free_port(app, port, proto);
	if (owner->apps & 1ull << app)
		return MISMATCH_NONE;
	if (!mismatch_is_tunnel(app))
		return MISMATCH_FOREIGN;
	/* sslh, firewalled users, VPN services and Tor's relays live there */
	bool is_usual = app == APP_SSH || app == APP_OPENVPN || app == APP_WIREGUARD ||
			app == APP_TOR || app == APP_IPSEC;
	if (port == 443 && is_usual)
		return MISMATCH_CROWDED;
	/* relays and bridges of Tor take any port */
	return app == APP_TOR ? MISMATCH_CROWDED : MISMATCH_HIDDEN;
}
