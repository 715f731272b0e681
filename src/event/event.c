/*
 * event/event.c - the kinds of events, and the sizes that their readers rely on.
 */
#include "exfild/event/alert.h"

_Static_assert(sizeof(struct event) == 96, "head of an event");
_Static_assert(sizeof(struct event_str) == 16, "string of an event");
_Static_assert(sizeof(struct ipaddr) == 16, "address of an event");

/* A record begins with its head and ends on 8 bytes; none holds padding that nobody sets. */
#define CHECK(type)                                                      \
 _Static_assert(sizeof(struct type) % 8 == 0, #type " ends on 8 bytes"); \
 _Static_assert(offsetof(struct type, e) == 0, #type " begins with its head")

CHECK(event_flow);
CHECK(event_classified);
CHECK(event_dns);
CHECK(event_http);
CHECK(event_tls);
CHECK(event_cert);
CHECK(event_tls_shape);
CHECK(event_inner);
CHECK(event_ssh);
CHECK(event_icmp);
CHECK(event_ntp);
CHECK(event_carrier);
CHECK(event_arp);
CHECK(event_dhcp);
CHECK(event_name);
CHECK(event_sensor);
CHECK(event_login);
CHECK(event_file);
CHECK(event_smb);
CHECK(event_rpc);
CHECK(event_ftp);
CHECK(event_http_body);
CHECK(event_mail);
CHECK(event_kerberos);
CHECK(event_ldap);
CHECK(event_rdp);
CHECK(event_session);
CHECK(event_shell);
CHECK(event_found);
CHECK(event_order);
CHECK(event_chat);
CHECK(event_implant);

static const char *const names[EVENT__COUNT] = {
	[EVENT_FLOW_START] = "flow_start",
	[EVENT_FLOW_PROGRESS] = "flow_progress",
	[EVENT_FLOW_END] = "flow_end",
	[EVENT_CLASSIFIED] = "classified",
	[EVENT_DNS] = "dns",
	[EVENT_HTTP] = "http",
	[EVENT_TLS] = "tls",
	[EVENT_QUIC] = "quic",
	[EVENT_CERT] = "cert",
	[EVENT_TLS_SHAPE] = "tls_shape",
	[EVENT_INNER] = "inner",
	[EVENT_SSH] = "ssh",
	[EVENT_ICMP] = "icmp",
	[EVENT_NTP] = "ntp",
	[EVENT_ARP] = "arp",
	[EVENT_DHCP] = "dhcp",
	[EVENT_NAME] = "name",
	[EVENT_SENSOR] = "sensor",
	[EVENT_LOGIN] = "login",
	[EVENT_FILE] = "file",
	[EVENT_SMB] = "smb",
	[EVENT_RPC] = "rpc",
	[EVENT_FTP] = "ftp",
	[EVENT_HTTP_BODY] = "http_body",
	[EVENT_MAIL] = "mail",
	[EVENT_KERBEROS] = "kerberos",
	[EVENT_LDAP] = "ldap",
	[EVENT_RDP] = "rdp",
	[EVENT_SESSION] = "session",
	[EVENT_SHELL] = "shell",
	[EVENT_CONTENT] = "content",
	[EVENT_FILE_HASH] = "file_hash",
	[EVENT_CARRIER] = "carrier",
	[EVENT_ORDER] = "order",
	[EVENT_CHAT] = "chat",
	[EVENT_IMPLANT] = "implant",
};

const char *event_kind_name(enum event_kind kind)
{
	unsigned i = (unsigned)kind;
	if (kind == EVENT_ALERT)
		return "alert";
	return i < EVENT__COUNT ? names[i] : "unknown";
}

static const uint16_t sizes[EVENT__COUNT] = {
	[EVENT_FLOW_START] = sizeof(struct event_flow),
	[EVENT_FLOW_PROGRESS] = sizeof(struct event_flow),
	[EVENT_FLOW_END] = sizeof(struct event_flow),
	[EVENT_CLASSIFIED] = sizeof(struct event_classified),
	[EVENT_DNS] = sizeof(struct event_dns),
	[EVENT_HTTP] = sizeof(struct event_http),
	[EVENT_TLS] = sizeof(struct event_tls),
	[EVENT_QUIC] = sizeof(struct event_tls),
	[EVENT_CERT] = sizeof(struct event_cert),
	[EVENT_TLS_SHAPE] = sizeof(struct event_tls_shape),
	[EVENT_INNER] = sizeof(struct event_inner),
	[EVENT_SSH] = sizeof(struct event_ssh),
	[EVENT_ICMP] = sizeof(struct event_icmp),
	[EVENT_NTP] = sizeof(struct event_ntp),
	[EVENT_ARP] = sizeof(struct event_arp),
	[EVENT_DHCP] = sizeof(struct event_dhcp),
	[EVENT_NAME] = sizeof(struct event_name),
	[EVENT_SENSOR] = sizeof(struct event_sensor),
	[EVENT_LOGIN] = sizeof(struct event_login),
	[EVENT_FILE] = sizeof(struct event_file),
	[EVENT_SMB] = sizeof(struct event_smb),
	[EVENT_RPC] = sizeof(struct event_rpc),
	[EVENT_FTP] = sizeof(struct event_ftp),
	[EVENT_HTTP_BODY] = sizeof(struct event_http_body),
	[EVENT_MAIL] = sizeof(struct event_mail),
	[EVENT_KERBEROS] = sizeof(struct event_kerberos),
	[EVENT_LDAP] = sizeof(struct event_ldap),
	[EVENT_RDP] = sizeof(struct event_rdp),
	[EVENT_SESSION] = sizeof(struct event_session),
	[EVENT_SHELL] = sizeof(struct event_shell),
	[EVENT_CONTENT] = sizeof(struct event_found),
	[EVENT_FILE_HASH] = sizeof(struct event_file_hash),
	[EVENT_CARRIER] = sizeof(struct event_carrier),
	[EVENT_ORDER] = sizeof(struct event_order),
	[EVENT_CHAT] = sizeof(struct event_chat),
	[EVENT_IMPLANT] = sizeof(struct event_implant),
};

uint16_t event_struct_size(enum event_kind kind)
{
	unsigned i = (unsigned)kind;
	if (kind == EVENT_ALERT)
		return sizeof(struct event_alert);
	return i < EVENT__COUNT ? sizes[i] : sizeof(struct event);
}
