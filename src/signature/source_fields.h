/*
 * signature/source_fields.h - the fields of each log source: names in rules, the event's field.
 *
 * Included by source.c alone.  F: as it stands; V: seen through a view; P: read from the request
 * that a response answers.  Names with '|' between them mean the same: that of the log, that of the
 * Elastic Common Schema, and those that rules in circulation use for it.
 */
#define F(names, field)                  \
 {                                       \
  names, field, VIEW_PLAIN, false, false \
 }
#define V(names, field, view)      \
 {                                 \
  names, field, view, false, false \
 }
#define P(names, field, view)     \
 {                                \
  names, field, view, true, false \
 }
/* The row is for rules that ask for this field, and for no others. */
#define ONLY(names, field)              \
 {                                      \
  names, field, VIEW_PLAIN, false, true \
 }
/* The log has it and this event has not: the name must not fall to those that all have. */
#define LACKS(names)                    \
 {                                      \
  names, NULL, VIEW_PLAIN, false, false \
 }
#define FIELDS_END                     \
 {                                     \
  NULL, NULL, VIEW_PLAIN, false, false \
 }

/* Of every kind of event. */
static const struct source_field common[] = {
	F("src_ip|id.orig_h|source.ip|c-ip|SourceIp|src|ClientAddress|clientip|source_ip|src_addr|"
	  "SrcIp|SourceIP|ClientIP|client_ip|client.ip|srcip|source_address",
	  "src"),
	F("src_port|id.orig_p|source.port|SourcePort|source_port|SrcPort|srcport|sport", "sport"),
	F("dst_ip|id.resp_h|destination.ip|s-ip|r-ip|DestinationIp|dst|cs-ip|dest_ip|destination_ip|"
	  "DstIp|DestinationIP|dstip|dst_addr|destination_address|server.ip",
	  "dst"),
	F("dst_port|id.resp_p|destination.port|DestinationPort|s-port|r-port|cs-port|cs_port|dest_port|"
	  "destination_port|DstPort|dstport|dport|server.port",
	  "dport"),
	V("proto|protocol|Protocol|network.transport|transport|ip_proto", "proto", VIEW_PROTO),
	F("ts|@timestamp|timestamp", "time"),
	F("network.vlan.id", "vlan"),
	V("network.type", "ip_version", VIEW_PLAIN),
	V("service|network.protocol|app_proto", "app", VIEW_APP),
	FIELDS_END,
};

#define DNS_QUESTION                                                                              \
 F("query|QueryName|dns.question.name|dns_query_name|query_name|qname|dns.query", "name"),        \
	 V("record_type|qtype_name|dns.question.type|query_type|QueryType", "qtype", VIEW_QTYPE), \
	 F("qtype", "qtype"), F("qclass|dns.question.class", "qclass"),                           \
	 F("trans_id|dns.id", "id"), F("opcode", "opcode"), V("TC", "dns_flags", VIEW_DNS_TC),    \
	 V("RD", "dns_flags", VIEW_DNS_RD), V("Z", "dns_flags", VIEW_DNS_Z)

static const struct source_field dns_question[] = { DNS_QUESTION, FIELDS_END };

static const struct source_field dns_answer[] = {
	DNS_QUESTION,
	V("answer|answers|QueryResults|dns.answers.data", "answer", VIEW_LIST),
	F("rcode|QueryStatus", "rcode"),
	V("rcode_name|dns.response.code|response_code", "rcode", VIEW_RCODE),
	F("TTLs|dns.answers.ttl", "ttl"),
	F("dns.header.flags", "dns_flags"),
	V("AA", "dns_flags", VIEW_DNS_AA),
	V("RA", "dns_flags", VIEW_DNS_RA),
	V("rejected", "answers", VIEW_DNS_REJECTED),
	FIELDS_END,
};

static const struct source_field zeek_request[] = {
	F("method", "method"),
	F("host", "host"),
	F("uri", "uri"),
	F("user_agent|c-useragent", "user_agent"),
	F("referrer", "referrer"),
	F("request_body_len", "content_length"),
	F("orig_mime_types", "content_type"),
	F("proxied", "forwarded_for"),
	V("c-uri", "uri", VIEW_URL),
	FIELDS_END,
};

static const struct source_field zeek_response[] = {
	P("method", "method", VIEW_PLAIN),
	P("host", "host", VIEW_PLAIN),
	P("uri", "uri", VIEW_PLAIN),
	P("user_agent|c-useragent", "user_agent", VIEW_PLAIN),
	P("referrer", "referrer", VIEW_PLAIN),
	P("request_body_len", "content_length", VIEW_PLAIN),
	P("c-uri", "uri", VIEW_URL),
	F("status_code|status", "status"),
	F("status_msg", "reason"),
	F("resp_mime_types", "content_type"),
	F("response_body_len", "content_length"),
	FIELDS_END,
};

/* A web server's rules take the path with its query where they ask for the query (W3C extended log
 * format), or what stands behind the '?'.  Names of other logs besides. */
#define WEB_METHOD "|HttpMethod|RequestMethod|http.request.method|http_method|request_method|method"
#define WEB_URI    "|Url|url|Uri|uri|url.original|url.full|request_uri|http_uri"
#define WEB_STEM   "|UriPath|uri_path|url.path|request_path"
#define WEB_QUERY  "|QueryString|query_string|uri_query|url.query"
#define WEB_HOST   "|Host|host|url.domain|Authority|http_host"
#define WEB_AGENT                                                                          \
 "|cs(User-Agent)|UserAgent|user_agent|user_agent.original|http_user_agent|HttpUserAgent|" \
 "HttpUserAgentOriginal|useragent"
#define WEB_REFERRER "|cs(Referer)|Referer|referer|referrer|http.request.referrer|http_referer"
#define WEB_COOKIE   "|cs(Cookie)|Cookie|cookie"
#define WEB_TYPE     "|cs(Content-Type)|ContentType|http.request.mime_type"
#define WEB_STATUS   "|StatusCode|status_code|status|http.response.status_code|http_status"
#define WEB_RECEIVED "|ResponseBytes|http.response.body.bytes"

#define WEB(X)                                                                            \
 X("cs-method" WEB_METHOD, "method", VIEW_PLAIN),                                         \
	 X("cs-uri|c-uri|cs-uri-raw" WEB_URI, "uri", VIEW_PLAIN),                         \
	 X("cs-uri-stem|c-uri-stem" WEB_STEM, "uri", VIEW_STEM),                          \
	 X("cs-uri-query|c-uri-query" WEB_QUERY, "uri", VIEW_EITHER),                     \
	 X("cs-host|r-dns|cs-uri-host" WEB_HOST, "host", VIEW_PLAIN),                     \
	 X("cs-user-agent|c-useragent|cs-useragent" WEB_AGENT, "user_agent", VIEW_PLAIN), \
	 X("cs-referer|cs-referrer|cs_referrer" WEB_REFERRER, "referrer", VIEW_PLAIN),    \
	 X("cs-cookie|c-cookie" WEB_COOKIE, "cookie", VIEW_PLAIN),                        \
	 X("cs-content-type" WEB_TYPE, "content_type", VIEW_PLAIN),                       \
	 X("cs-bytes", "content_length", VIEW_PLAIN), X("c-uri-extension", "uri", VIEW_EXTENSION)
#define WEB_RESPONSE                                                                \
 F("sc-status" WEB_STATUS, "status"), F("sc-bytes" WEB_RECEIVED, "content_length"), \
	 F("sc-content-type|sc(Content-Type)|http.response.mime_type", "content_type")

static const struct source_field web_request[] = { WEB(V), FIELDS_END };
static const struct source_field web_response[] = { WEB(P), WEB_RESPONSE, FIELDS_END };

#define PROXY(X)                                                                          \
 X("cs-method" WEB_METHOD, "method", VIEW_PLAIN),                                         \
	 X("c-uri|cs-uri|cs-uri-raw" WEB_URI, "uri", VIEW_URL),                           \
	 X("cs-uri-stem|c-uri-stem" WEB_STEM, "uri", VIEW_STEM),                          \
	 X("c-uri-query|cs-uri-query" WEB_QUERY, "uri", VIEW_QUERY),                      \
	 X("c-uri-extension", "uri", VIEW_EXTENSION),                                     \
	 X("cs-host|r-dns|c-uri-host" WEB_HOST, "host", VIEW_PLAIN),                      \
	 X("c-useragent|cs-user-agent|cs-useragent" WEB_AGENT, "user_agent", VIEW_PLAIN), \
	 X("cs-referrer|cs-referer" WEB_REFERRER, "referrer", VIEW_PLAIN),                \
	 X("cs-cookie" WEB_COOKIE, "cookie", VIEW_PLAIN),                                 \
	 X("cs-content-type" WEB_TYPE, "content_type", VIEW_PLAIN),                       \
	 X("cs-bytes", "content_length", VIEW_PLAIN)

static const struct source_field proxy_request[] = { PROXY(V), FIELDS_END };
static const struct source_field proxy_response[] = { PROXY(P), WEB_RESPONSE, FIELDS_END };
static const struct source_field proxy_tls[] = { F("cs-host|r-dns|c-uri-host" WEB_HOST, "sni"),
						 FIELDS_END };

/* What passes has been let through; the words of several firewalls. */
#define LET_THROUGH "accept,accepted,allow,allowed,permit,permitted,pass,passed,forward"
#define CONNECTION                                            \
 V("action|Action|event.action", LET_THROUGH, VIEW_CONSTANT), \
	 V("blocked", "false", VIEW_CONSTANT), V("Initiated", "true", VIEW_CONSTANT)

static const struct source_field connection_start[] = {
	CONNECTION,
	LACKS("service|network.protocol|app_proto"), /* not known before it has said something */
	FIELDS_END,
};
static const struct source_field connection_end[] = {
	CONNECTION,
	F("orig_bytes", "src_payload"),
	F("resp_bytes", "dst_payload"),
	F("orig_ip_bytes|source.bytes|bytes_out|bytes_sent", "src_bytes"),
	F("resp_ip_bytes|destination.bytes|bytes_in|bytes_received", "dst_bytes"),
	F("orig_pkts|source.packets", "src_packets"),
	F("resp_pkts|destination.packets", "dst_packets"),
	V("duration|event.duration", "last", VIEW_SECONDS),
	V("conn_state", "outcome", VIEW_CONN_STATE),
	FIELDS_END,
};
/* To whom a computer says that it connects: what it asks for by name. */
#define NAMED_AS "DestinationHostname|destination.domain|dest_host"
static const struct source_field connection_tls[] = { ONLY(NAMED_AS, "sni"), CONNECTION,
						      FIELDS_END };
static const struct source_field connection_http[] = { ONLY(NAMED_AS, "host"), CONNECTION,
						       FIELDS_END };

static const struct source_field smb_files[] = {
	V("path", "share", VIEW_UNC),        F("name", "name"),
	F("prev_name", "renamed"),           F("size", "size"),
	V("action", "act", VIEW_SMB_ACTION), FIELDS_END,
};
static const struct source_field smb_mapping[] = { V("path", "share", VIEW_UNC), FIELDS_END };

static const struct source_field zeek_rpc[] = {
	F("endpoint", "interface"),
	V("operation", "operation", VIEW_OPERATION),
	F("named_pipe", "pipe"),
	FIELDS_END,
};
static const struct source_field rpc_firewall[] = {
	V("InterfaceUuid", "interface_id", VIEW_UUID),
	F("OpNum", "opnum"),
	F("Endpoint", "pipe"),
	V("EventLog", "RPCFW", VIEW_CONSTANT),
	V("EventID", "3", VIEW_CONSTANT),
	FIELDS_END,
};

static const struct source_field zeek_kerberos[] = {
	V("request_type", "message", VIEW_REQUEST), F("client", "cname"),     F("service", "sname"),
	V("cipher", "ticket_etype", VIEW_CIPHER),   F("error_code", "error"), FIELDS_END,
};
static const struct source_field zeek_rdp[] = {
	F("cookie", "cookie"),
	F("client_name", "client_name"),
	F("client_build", "client_build"),
	FIELDS_END,
};
static const struct source_field zeek_ssl[] = {
	F("server_name|tls.client.server_name", "sni"),
	F("ja3|tls.client.ja3", "ja3"),
	F("ja4", "ja4"),
	F("next_protocol", "alpn"),
	FIELDS_END,
};
/* What the server chose. */
static const struct source_field zeek_ssl_chosen[] = {
	V("version|tls.version", "version", VIEW_TLS_VERSION),
	V("cipher|tls.cipher", "cipher", VIEW_TLS_CIPHER),
	F("ja3s|tls.server.ja3s", "ja3"),
	FIELDS_END,
};
static const struct source_field zeek_x509[] = {
	F("certificate.subject", "subject"),
	F("certificate.issuer", "issuer"),
	V("certificate.serial", "serial", VIEW_SERIAL),
	F("san.dns", "san"),
	F("fingerprint", "sha256"),
	F("certificate.sha1", "sha1"),
	FIELDS_END,
};
static const struct source_field zeek_ldap[] = {
	F("filter", "filter"),         F("base_object|base", "base"),
	F("scope", "scope"),           V("attributes", "attributes", VIEW_LIST),
	F("message_id", "message_id"), FIELDS_END,
};
static const struct source_field windows_ldap[] = {
	F("SearchFilter", "filter"),
	F("DistinguishedName", "base"),
	V("AttributeList", "attributes", VIEW_LIST),
	V("EventID", "30", VIEW_CONSTANT),
	FIELDS_END,
};
static const struct source_field zeek_ssh[] = {
	F("client", "banner"),
	F("hassh", "hassh"),
	FIELDS_END,
};
static const struct source_field zeek_ssh_server[] = { F("server", "banner"), FIELDS_END };
static const struct source_field zeek_ntlm[] = {
	F("username", "user"),
	F("domainname", "domain"),
	F("hostname", "workstation"),
	V("success", "outcome", VIEW_SUCCESS),
	FIELDS_END,
};
static const struct source_field zeek_smtp[] = {
	F("helo", "helo"),       F("mailfrom|from", "from"), F("rcptto|to", "to"),
	F("subject", "subject"), F("user_agent", "mailer"),  FIELDS_END,
};
static const struct source_field zeek_ftp[] = {
	F("command", "verb"),    F("arg", "argument"), F("reply_code", "code"),
	F("reply_msg", "reply"), FIELDS_END,
};
static const struct source_field zeek_files[] = {
	F("source", "carrier"),   F("filename", "name"),   F("mime_type", "declared"),
	F("total_bytes", "size"), F("seen_bytes", "seen"), FIELDS_END,
};

/* What policies look at: event/alert.h.  Who, where to, when. */
#define POLICY_CONTEXT                                                                             \
 F("src|src_ip|source.ip", "src"), F("dst|dst_ip|destination.ip", "dst"),                          \
	 F("dst_port|destination.port", "dport"),                                                  \
	 V("proto|network.transport", "proto", VIEW_PROTO), F("app|network.protocol", "app"),      \
	 F("vlan|network.vlan.id", "vlan"), F("direction", "direction"), F("proof", "proof"),      \
	 F("moved", "moved"), F("shared", "shared"), F("risk|event.risk_score", "risk"),           \
	 V("stages", "stages", VIEW_LIST), F("hour", "hour"), F("weekday", "weekday"),             \
	 F("workday", "workday"), F("working_hours", "working_hours"), F("holiday", "holiday"),    \
	 F("source_zone", "source_zone"), F("source_owner", "source_owner"),                       \
	 F("source_model", "source_model"), F("source_data", "source_data"),                       \
	 V("source_tags", "source_tags", VIEW_LIST), F("destination_zone", "destination_zone"),    \
	 F("destination_owner", "destination_owner"), F("destination_model", "destination_model"), \
	 F("destination_data", "destination_data"),                                                \
	 V("destination_tags", "destination_tags", VIEW_LIST),                                     \
	 F("host|source_name", "source_name"), F("destination_name", "destination_name"),          \
	 F("user|user.name", "user"), F("country|destination.geo.country_iso_code", "country"),    \
	 F("as|destination.as.number", "as_number"),                                               \
	 F("as_name|destination.as.organization.name", "as_name"),                                 \
	 F("domain|destination.domain", "domain"), V("source_roles", "source_roles", VIEW_LIST),   \
	 V("destination_roles", "destination_roles", VIEW_LIST), F("service", "service"),          \
	 F("service_category", "service_category"), F("service_by", "service_by"),                 \
	 F("tenant", "tenant"), F("sanction", "sanction"), F("sanctioned", "sanctioned"),          \
	 F("service_risk", "service_risk"), V("residency", "residency", VIEW_LIST)
/* How much, in the hour and the day. */
#define POLICY_SUMS                                                                  \
 F("bytes_out_hour", "bytes_out_hour"), F("bytes_in_hour", "bytes_in_hour"),         \
	 F("bytes_out_day", "bytes_out_day"), F("bytes_in_day", "bytes_in_day"),     \
	 F("total_out_hour", "total_out_hour"), F("total_out_day", "total_out_day"), \
	 F("flows_hour", "flows_hour"), F("flows_day", "flows_day")
/* Of one conversation. */
#define POLICY_TALK                                                                       \
 F("src_port|source.port", "sport"), F("bytes_out|source.bytes", "bytes_out"),            \
	 F("bytes_in|destination.bytes", "bytes_in"), V("content", "content", VIEW_LIST), \
	 V("content_label|content.label|fingerprint", "content_label", VIEW_LIST)

static const struct source_field connection[] = {
	POLICY_CONTEXT,
	POLICY_SUMS,
	POLICY_TALK,
	F("outcome", "outcome"),
	F("duration", "duration"),
	FIELDS_END,
};
static const struct source_field usage[] = { POLICY_CONTEXT, POLICY_SUMS, FIELDS_END };
static const struct source_field alert[] = {
	POLICY_CONTEXT,
	POLICY_SUMS,
	POLICY_TALK,
	F("events", "events"),
	F("count", "count"),
	F("score", "score"),
	F("confidence", "confidence"),
	F("revision", "revision"),
	F("severity|event.severity", "severity"),
	F("learning", "learning"),
	F("drill", "drill"),
	F("intel_confidence", "intel_confidence"),
	F("alert_id", "id"),
	F("rule|rule.id", "rule"),
	F("title|rule.name", "title"),
	F("detector", "detector"),
	F("category", "category"),
	F("visibility", "visibility"),
	F("object", "object"),
	F("intel_feed", "intel_feed"),
	F("intel_type", "intel_type"),
	F("intel_value", "intel_value"),
	F("intel_marking", "intel_marking"),
	FIELDS_END,
};
