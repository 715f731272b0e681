/*
 * Rules in the shapes that public ones have: each log source of networks, the fields and modifiers
 * that they use there, what they find and what they do not.  Written for this test; none is copied.
 */
#include "rules.h"

struct row {
	const char *source, *detection; /* two spaces in front of the latter's lines */
	const char *hit, *miss;         /* events, one a line */
};

#define ONE(items) "  selection:\n    " items "\n  condition: selection\n"
#define NOT_ONE    "  condition: selection and not 1 of filter_*\n"
#define HTTP       "{\"kind\":\"http\",\"flow\":3,\"dst\":\"203.0.113.5\",\"dport\":80,"
#define ANSWERED   "\n{\"kind\":\"http\",\"flow\":3,\"is_response\":true,\"status\":200}"
#define ANSWER     "{\"kind\":\"dns\",\"is_response\":true,"

/* Behind a condition, and the time that it goes with. */
#define COUNTED(what) "   | " what "\n  timeframe: 1m\n"
#define ASKED(host, name, type)                                               \
 "{\"kind\":\"dns\",\"time\":\"2026-03-02T10:00:00Z\",\"src\":\"10.0.0." host \
 "\",\"name\":\"" name "\",\"qtype\":" #type "}\n"
#define SENT(bytes)                                                                             \
 "{\"kind\":\"flow_end\",\"time\":\"2026-03-02T10:00:00Z\",\"src\":\"10.0.0.1\",\"dport\":443," \
 "\"src_payload\":" bytes "}\n"

static const struct row rows[] = {
	/* names */
	{ "product: zeek, service: dns", ONE("query|contains|all: ['Ab1', 'ZZZZ']"),
	  "{\"kind\":\"dns\",\"name\":\"x.ab1.zzzz.test\"}",
	  "{\"kind\":\"dns\",\"name\":\"ab1.test\"}" },
	{ "service: dns, product: zeek",
	  "  selection:\n    query|endswith: ['pool.test', 'mine.test']\n  filter_answers:\n    answers: ['127.0.0.1', '0.0.0.0']\n"
	  "  filter_rejected:\n    rejected: 'true'\n" NOT_ONE,
	  ANSWER "\"name\":\"a.pool.test\",\"answers\":1,\"answer\":\"192.0.2.1\"}",
	  ANSWER "\"name\":\"a.pool.test\",\"answers\":0}" },
	{ "product: zeek, service: dns",
	  "  z_unset: {Z: 0}\n  dotted: {'query|contains': '.'}\n  netbios: {id.resp_p: [137, 138]}\n  types: {qtype_name: [ns, mx]}\n"
	  "  condition: not z_unset and dotted and not (netbios or types)\n",
	  "{\"kind\":\"dns\",\"dport\":53,\"qtype\":1,\"dns_flags\":368,\"name\":\"a.test\"}",
	  "{\"kind\":\"dns\",\"dport\":53,\"qtype\":1,\"dns_flags\":256,\"name\":\"a.test\"}" },
	{ "product: zeek, service: dns", ONE("{AA: 'true', RA: false, TC: 'false', RD: 1}"),
	  ANSWER "\"name\":\"a\",\"dns_flags\":1280}",
	  ANSWER "\"name\":\"a\",\"dns_flags\":1408}" },
	{ "category: dns",
	  "  one: {'query|startswith': ['aaa.stage.', 'post.1']}\n  two: {'query|contains': '.stage.1.'}\n  condition: 1 of them\n",
	  "{\"kind\":\"dns\",\"name\":\"post.12.test\"}",
	  "{\"kind\":\"dns\",\"name\":\"a.post.1\"}" },
	{ "category: dns", ONE("{record_type: 'TXT', 'answer|contains': ['IEX', 'cmd.exe']}"),
	  ANSWER "\"qtype\":16,\"answer\":\"x iex y\"}",
	  ANSWER "\"qtype\":1,\"answer\":\"x iex y\"}" },
	{ "category: dns", ONE("qtype_name: 'NULL'"),
	  "{\"kind\":\"dns\",\"qtype\":10,\"name\":\"a\"}",
	  "{\"kind\":\"dns\",\"qtype\":1,\"name\":\"a\"}" },
	{ "product: windows, category: dns_query",
	  ONE("QueryName|re: '[a-f0-9]{4,8}\\.(?:[a-z0-9\\-]+\\.){2}[a-z0-9\\-]+'"),
	  "{\"kind\":\"dns\",\"name\":\"abcd12.a.b.test\"}",
	  "{\"kind\":\"dns\",\"name\":\"www.test\"}" },
	/* web */
	{ "product: zeek, service: http",
	  "  dav:\n    - c-useragent: '*WebDAV*'\n    - c-uri: '*webdav*'\n  exe:\n    - resp_mime_types: '*dosexec*'\n    - c-uri: '*.exe'\n"
	  "  condition: dav AND exe\n",
	  HTTP "\"user_agent\":\"x WebDAV y\",\"host\":\"a\",\"uri\":\"/b.exe\"}" ANSWERED,
	  HTTP "\"host\":\"a\",\"uri\":\"/b.exe\"}" ANSWERED },
	{ "product: zeek, service: http",
	  "  selection: {'user_agent|contains': 'WebDAV', method: 'PUT'}\n  filter_in:\n    id.resp_h|cidr: [10.0.0.0/8, 192.168.0.0/16]\n" NOT_ONE,
	  HTTP "\"method\":\"PUT\",\"user_agent\":\"WebDAV\"}",
	  "{\"kind\":\"http\",\"dst\":\"10.1.1.1\",\"method\":\"PUT\",\"user_agent\":\"WebDAV\"}" },
	{ "category: proxy",
	  ONE("{'c-useragent|startswith': 'Microsoft BITS/', 'cs-host|endswith': ['1', '2']}"),
	  HTTP "\"user_agent\":\"Microsoft BITS/7\",\"host\":\"192.0.2.1\"}",
	  HTTP "\"user_agent\":\"Microsoft BITS/7\",\"host\":\"a.test\"}" },
	{ "category: proxy",
	  ONE("cs-uri|re: '(?i)(files\\.test/|files\\.test\\s).+\\..+@.+\\.[a-z]+'"),
	  HTTP "\"host\":\"files.test\",\"uri\":\"/a.b#x@mail.test\"}",
	  HTTP "\"host\":\"files.test\",\"uri\":\"/a.b\"}" },
	{ "category: proxy", ONE("c-useragent: ''"), HTTP "\"user_agent\":\"\"}",
	  HTTP "\"user_agent\":\"x\"}" },
	{ "category: proxy", ONE("r-dns|contains: 'bad.test'"),
	  "{\"kind\":\"tls\",\"sni\":\"a.bad.test\"}",
	  "{\"kind\":\"tls\",\"sni\":\"a.good.test\"}" },
	{ "category: proxy",
	  "  selection:\n    cs-method: 'POST'\n    sc-status: 200\n    c-uri|contains|all: ['/owa/', '/powershell']\n    c-uri|contains: ['@', '%40']\n"
	  "  filter_ua: {c-useragent: ['ClientInfo']}\n" NOT_ONE,
	  HTTP "\"method\":\"POST\",\"host\":\"h\",\"uri\":\"/owa/a@b/powershell\"}" ANSWERED,
	  HTTP "\"method\":\"POST\",\"host\":\"h\",\"uri\":\"/owa/powershell\"}" ANSWERED },
	{ "category: webserver",
	  "  get: {cs-method: 'GET'}\n  keywords: ['=select ', \"'1'='1\", 'select%20*%20']\n  filter: {sc-status: 404}\n"
	  "  condition: get and keywords and not 1 of filter*\n",
	  HTTP "\"method\":\"GET\",\"uri\":\"/?a='1'='1\"}" ANSWERED,
	  HTTP "\"method\":\"GET\",\"uri\":\"/\"}" ANSWERED },
	{ "category: webserver",
	  "  selection: {'cs-uri-query|contains': ['cmd=read']}\n  bare: {cs-referer: null, cs-user-agent: null, cs-method: POST}\n"
	  "  condition: selection and bare\n",
	  HTTP "\"method\":\"POST\",\"uri\":\"/a?cmd=read\"}",
	  HTTP "\"method\":\"POST\",\"user_agent\":\"x\",\"uri\":\"/a?cmd=read\"}" },
	{ "category: webserver",
	  ONE("cs-user-agent: ['a/1', 'Bot/5.0+(at;+b/2;++http://b.test/c)']"),
	  HTTP "\"user_agent\":\"Bot/5.0 (at; b/2; +http://b.test/c)\"}",
	  HTTP "\"user_agent\":\"Bot/5.0 (at; b/2)\"}" },
	{ "category: webserver", ONE("cs-user-agent|contains: 'x +y'"),
	  HTTP "\"user_agent\":\"x +y\"}", HTTP "\"user_agent\":\"x  y\"}" },
	{ "product: windows, service: iis",
	  ONE("{cs-uri-stem: '/a/b.svc', 'cs-uri-query|contains|all': ['x=1', 'y']}"),
	  HTTP "\"uri\":\"/a/b.svc?x=1&y\"}", HTTP "\"uri\":\"/a/b.svc?x=2\"}" },
	/* connections */
	{ "category: firewall",
	  "  out: {dst_ip: ['203.0.113.7', '203.0.113.8']}\n  in: {src_ip: ['203.0.113.7']}\n  condition: 1 of them\n",
	  "{\"kind\":\"flow_start\",\"dst\":\"203.0.113.8\"}",
	  "{\"kind\":\"flow_start\",\"dst\":\"203.0.113.9\"}" },
	{ "category: firewall",
	  "  selection: {dst_port: [23, 8080]}\n  allow1: {action: [forward, accept, 2]}\n  allow2: {blocked: \"false\"}\n"
	  "  condition: selection and 1 of allow*\n",
	  "{\"kind\":\"flow_start\",\"dport\":23}", "{\"kind\":\"flow_start\",\"dport\":24}" },
	{ "category: firewall", ONE("{dst_port: 161, proto: udp}"),
	  "{\"kind\":\"flow_start\",\"dport\":161,\"proto\":17}",
	  "{\"kind\":\"flow_start\",\"dport\":161,\"proto\":6}" },
	{ "category: firewall", ONE("{src_port: 53, protocol: UDP}"),
	  "{\"kind\":\"flow_start\",\"sport\":53,\"proto\":17}",
	  "{\"kind\":\"flow_start\",\"sport\":53,\"proto\":6}" },
	{ "service: netflow", ONE("{destination.port: [179, 646], network.transport: tcp}"),
	  "{\"kind\":\"flow_start\",\"dport\":179,\"proto\":6}",
	  "{\"kind\":\"flow_start\",\"dport\":180,\"proto\":6}" },
	{ "product: zeek, service: conn", ONE("{id.resp_p: 445, 'orig_bytes|gt': 100}"),
	  "{\"kind\":\"flow_end\",\"dport\":445,\"src_payload\":101}",
	  "{\"kind\":\"flow_end\",\"dport\":445,\"src_payload\":100}" },
	{ "product: windows, category: network_connection",
	  ONE("{Initiated: 'true', 'DestinationIp|cidr': '203.0.113.0/24', DestinationPort: 389}"),
	  "{\"kind\":\"flow_start\",\"dst\":\"203.0.113.8\",\"dport\":389}",
	  "{\"kind\":\"flow_start\",\"dst\":\"203.0.114.8\",\"dport\":389}" },
	/* the domain and its files */
	{ "product: zeek, service: dce_rpc",
	  "  op1: {endpoint: 'svcctl', operation: 'CreateServiceA'}\n  op2: {endpoint: 'svcctl', operation: 'StartServiceW'}\n"
	  "  condition: 1 of op*\n",
	  "{\"kind\":\"rpc\",\"act\":1,\"interface\":\"svcctl\",\"operation\":\"RStartServiceW\"}",
	  "{\"kind\":\"rpc\",\"act\":1,\"interface\":\"svcctl\",\"operation\":\"ROpenServiceW\"}" },
	{ "product: zeek, service: dce_rpc", ONE("operation|startswith: 'efs'"),
	  "{\"kind\":\"rpc\",\"act\":1,\"operation\":\"EfsRpcOpenFileRaw\"}",
	  "{\"kind\":\"rpc\",\"act\":1,\"operation\":\"NetrJobAdd\"}" },
	{ "product: rpc_firewall, category: application, definition: what must be set",
	  "  selection: {EventLog: RPCFW, EventID: 3, InterfaceUuid: e3514235-4b06-11d1-ab04-00c04fc2dcd2}\n  filter: {OpNum: [0, 1, 12]}\n"
	  "  condition: selection and not filter\n",
	  "{\"kind\":\"rpc\",\"act\":1,\"opnum\":3,\"interface_id\":\"e35142354b0611d1ab0400c04fc2dcd2\"}",
	  "{\"kind\":\"rpc\",\"act\":1,\"opnum\":1,\"interface_id\":\"e35142354b0611d1ab0400c04fc2dcd2\"}" },
	{ "product: zeek, service: smb_files", ONE("{path: '\\\\*\\IPC$', name: atsvc}"),
	  "{\"kind\":\"smb\",\"act\":4,\"dst\":\"10.0.0.1\",\"share\":\"IPC$\",\"name\":\"atsvc\"}",
	  "{\"kind\":\"smb\",\"act\":4,\"dst\":\"10.0.0.1\",\"share\":\"C$\",\"name\":\"atsvc\"}" },
	{ "product: zeek, service: smb_files",
	  ONE("{'path|contains|all': ['\\', 'ADMIN$'], 'name|contains': 'SYSTEM32\\', 'name|endswith': '.tmp'}"),
	  "{\"kind\":\"smb\",\"act\":4,\"dst\":\"10.0.0.1\",\"share\":\"ADMIN$\",\"name\":\"system32\\\\a.tmp\"}",
	  "{\"kind\":\"smb\",\"act\":4,\"dst\":\"10.0.0.1\",\"share\":\"ADMIN$\",\"name\":\"a.tmp\"}" },
	{ "product: zeek, service: smb_mapping", ONE("path|endswith: 'C$'"),
	  "{\"kind\":\"smb\",\"act\":3,\"dst\":\"10.0.0.1\",\"share\":\"C$\"}",
	  "{\"kind\":\"smb\",\"act\":3,\"dst\":\"10.0.0.1\",\"share\":\"d\"}" },
	{ "product: zeek, service: kerberos",
	  "  selection: {request_type: 'TGS', cipher: 'rc4-hmac'}\n  machine: {'service|endswith': '$'}\n"
	  "  condition: selection and not machine\n",
	  "{\"kind\":\"kerberos\",\"message\":13,\"ticket_etype\":23,\"sname\":\"http/a\"}",
	  "{\"kind\":\"kerberos\",\"message\":13,\"ticket_etype\":23,\"sname\":\"a$\"}" },
	{ "product: zeek, service: ldap_search",
	  ONE("filter|contains: ['(sAMAccountType=805306369)', 'admincount=1', 'objectGUID=\\*']"),
	  "{\"kind\":\"ldap\",\"operation\":3,\"filter\":\"(objectGUID=*)\"}",
	  "{\"kind\":\"ldap\",\"operation\":3,\"filter\":\"(objectGUID=1)\"}" },
	{ "product: windows, service: ldap",
	  ONE("{EventID: 30, 'SearchFilter|contains': 'Domain Admins'}"),
	  "{\"kind\":\"ldap\",\"operation\":3,\"filter\":\"(cn=Domain Admins)\"}",
	  "{\"kind\":\"ldap\",\"operation\":0,\"filter\":\"(cn=Domain Admins)\"}" },
	{ "product: zeek, service: rdp",
	  "  selection: {'id.orig_h|cidr': ['::1/128', 10.0.0.0/8, 'fc00::/7']}\n  condition: not selection\n",
	  "{\"kind\":\"rdp\",\"src\":\"203.0.113.9\",\"dport\":3389}",
	  "{\"kind\":\"rdp\",\"src\":\"10.1.1.1\",\"dport\":3389}" },
	/* what is told before it is encrypted */
	{ "product: zeek, service: x509", ONE("certificate.serial: 8AB00CD"),
	  "{\"kind\":\"cert\",\"serial\":\"08AB00CD\"}",
	  "{\"kind\":\"cert\",\"serial\":\"18AB00CD\"}" },
	{ "product: zeek, service: x509", ONE("certificate.serial: 08AB00CD"),
	  "{\"kind\":\"cert\",\"serial\":\"08AB00CD\"}",
	  "{\"kind\":\"cert\",\"serial\":\"0008\"}" },
	{ "product: zeek, service: ssl", ONE("{'server_name|endswith': '.bad.test', ja3: abc}"),
	  "{\"kind\":\"tls\",\"ja3\":\"abc\",\"sni\":\"a.bad.test\"}",
	  "{\"kind\":\"tls\",\"ja3\":\"abd\",\"sni\":\"a.bad.test\"}" },
	/* both ways to read one field */
	{ "category: proxy", ONE("{cs-uri: ['/admin/a.php', '/b.php'], cs-method: POST}"),
	  HTTP "\"method\":\"POST\",\"host\":\"h.test\",\"uri\":\"/b.php\"}",
	  HTTP "\"method\":\"POST\",\"host\":\"h.test\",\"uri\":\"/c/b.php\"}" },
	{ "category: proxy", ONE("{c-uri|re: '^/a[0-9]+$'}"),
	  HTTP "\"host\":\"h.test\",\"uri\":\"/a17\"}",
	  HTTP "\"host\":\"h.test\",\"uri\":\"/b/a17\"}" },
	{ "category: proxy", ONE("{c-uri: 'http://h.test/x*z'}"),
	  HTTP "\"host\":\"h.test\",\"uri\":\"/xyz\"}",
	  HTTP "\"host\":\"i.test\",\"uri\":\"/xyz\"}" },
	{ "category: webserver",
	  ONE("{'cs-uri-stem|endswith': '/app', 'cs-uri-query|startswith': 'service=', 'cs-uri-query|contains': '/Edit'}"),
	  HTTP "\"uri\":\"/app?service=a/Edit\"}", HTTP "\"uri\":\"/app?a=service=/Edit\"}" },
	{ "category: webserver", ONE("cs-uri-query: '/ui/upload'"), HTTP "\"uri\":\"/ui/upload\"}",
	  HTTP "\"uri\":\"/ui/upload2\"}" },
	/* names of other logs */
	{ "category: webserver",
	  "  s: {HttpMethod: GET, 'Url|contains': '/oidc', 'ResponseBytes|gt': 20000, UserAgent: x}\n"
	  "  filter_in: {'SrcIp|startswith': '10.'}\n  condition: s and not 1 of filter_*\n",
	  HTTP
	  "\"src\":\"198.51.100.1\",\"method\":\"GET\",\"uri\":\"/a/oidc\",\"user_agent\":\"x\"}\n"
	  "{\"kind\":\"http\",\"flow\":3,\"src\":\"198.51.100.1\",\"is_response\":true,\"content_length\":20001}",
	  HTTP
	  "\"src\":\"10.0.0.1\",\"method\":\"GET\",\"uri\":\"/a/oidc\",\"user_agent\":\"x\"}\n"
	  "{\"kind\":\"http\",\"flow\":3,\"src\":\"10.0.0.1\",\"is_response\":true,\"content_length\":20001}" },
	{ "category: webserver",
	  ONE("{http.request.method: POST, url.path: /up, cs-content-type: application/octet-stream}"),
	  HTTP
	  "\"method\":\"POST\",\"uri\":\"/up?x\",\"content_type\":\"application/octet-stream\"}",
	  HTTP "\"method\":\"POST\",\"uri\":\"/up?x\",\"content_type\":\"text/plain\"}" },
	{ "category: dns", ONE("dns.question.name|endswith: .tunnel.test"),
	  "{\"kind\":\"dns\",\"name\":\"a.tunnel.test\"}",
	  "{\"kind\":\"dns\",\"name\":\"tunnel.test\"}" },
	{ "product: zeek, service: conn",
	  "  s: {dest_port: [445, 139], proto: tcp}\n  near: {'dest_ip|cidr': '192.168.1.0/26'}\n"
	  "  condition: s and not near\n",
	  "{\"kind\":\"flow_start\",\"dport\":445,\"proto\":6,\"dst\":\"192.168.2.1\"}",
	  "{\"kind\":\"flow_start\",\"dport\":445,\"proto\":6,\"dst\":\"192.168.1.1\"}" },
	/* how connections went, and of what kind they were */
	{ "product: zeek, service: conn",
	  ONE("{service: ssl, conn_state: SF, 'orig_bytes|gte': 9}"),
	  "{\"kind\":\"flow_end\",\"app\":\"tls\",\"outcome\":\"established\",\"proto\":6,\"src_tcp_flags\":27,\"dst_tcp_flags\":27,\"src_payload\":9}",
	  "{\"kind\":\"flow_end\",\"app\":\"tls\",\"outcome\":\"established\",\"proto\":6,\"src_tcp_flags\":27,\"dst_tcp_flags\":26,\"src_payload\":9}" },
	{ "product: zeek, service: conn", ONE("{conn_state: [S0, REJ]}"),
	  "{\"kind\":\"flow_end\",\"outcome\":\"refused\",\"proto\":6}",
	  "{\"kind\":\"flow_end\",\"outcome\":\"established\",\"proto\":6}" },
	{ "product: zeek, service: conn", ONE("{conn_state: RSTO}"),
	  "{\"kind\":\"flow_end\",\"outcome\":\"established\",\"proto\":6,\"src_tcp_flags\":22}",
	  "{\"kind\":\"flow_end\",\"outcome\":\"established\",\"proto\":6,\"dst_tcp_flags\":22}" },
	{ "product: fortinet, service: fortigate, category: firewall",
	  ONE("{action: Allow, dst_port: 23}"), "{\"kind\":\"flow_start\",\"dport\":23}",
	  "{\"kind\":\"flow_start\",\"dport\":24}" },
	/* of a connection the name that is asked for */
	{ "product: windows, category: network_connection",
	  ONE("{Initiated: 'true', 'DestinationHostname|endswith': ['.tunnel.test']}"),
	  "{\"kind\":\"tls\",\"sni\":\"a.tunnel.test\"}",
	  "{\"kind\":\"tls\",\"sni\":\"tunnel.test\"}" },
	{ "product: windows, category: network_connection",
	  ONE("{DestinationHostname: pool.test, DestinationPort: 80}"),
	  HTTP "\"host\":\"pool.test\"}", HTTP "\"host\":\"other.test\"}" },
	{ "product: windows, category: network_connection", ONE("{DestinationPort: 11601}"),
	  "{\"kind\":\"flow_start\",\"dport\":11601}\n{\"kind\":\"tls\",\"dport\":11601,\"sni\":\"a\"}",
	  "{\"kind\":\"tls\",\"dport\":11601,\"sni\":\"a\"}" },
	/* words of Zeek's logs */
	{ "product: zeek, service: ssl", ONE("version: [TLSv10, TLSv11]"),
	  "{\"kind\":\"tls\",\"is_server\":true,\"version\":769}",
	  "{\"kind\":\"tls\",\"is_server\":false,\"version\":769}" },
	{ "product: zeek, service: ssl", ONE("cipher|contains: [RC4, 3DES, _anon_]"),
	  "{\"kind\":\"tls\",\"is_server\":true,\"cipher\":10}",
	  "{\"kind\":\"tls\",\"is_server\":true,\"cipher\":4865}" },
	{ "product: zeek, service: smb_files",
	  ONE("{action: 'SMB::FILE_RENAME', 'name|endswith': '.x'}"),
	  "{\"kind\":\"smb\",\"act\":9,\"name\":\"a.x\"}",
	  "{\"kind\":\"smb\",\"act\":8,\"name\":\"a.x\"}" },
	{ "product: zeek, service: ntlm", ONE("{username: admin, success: 'false'}"),
	  "{\"kind\":\"login\",\"method\":3,\"outcome\":2,\"user\":\"Admin\"}",
	  "{\"kind\":\"login\",\"method\":3,\"outcome\":1,\"user\":\"Admin\"}" },
	{ "product: zeek, service: ssh", ONE("server|contains: dropbear"),
	  "{\"kind\":\"ssh\",\"is_server\":true,\"banner\":\"SSH-2.0-dropbear\"}",
	  "{\"kind\":\"ssh\",\"is_server\":false,\"banner\":\"SSH-2.0-dropbear\"}" },
	/* the old form of counting */
	{ "category: dns", ONE("{record_type: TXT}") COUNTED("count() by src_ip > 2"),
	  ASKED("1", "a", 16) ASKED("1", "a", 16) ASKED("1", "b", 16),
	  ASKED("1", "a", 16) ASKED("2", "a", 16) ASKED("1", "b", 1) },
	{ "category: dns", ONE("{record_type: TXT}") COUNTED("count by src_ip, dst_ip >= 3"),
	  ASKED("1", "a", 16) ASKED("1", "a", 16) ASKED("1", "b", 16),
	  ASKED("1", "a", 16) ASKED("1", "b", 16) },
	{ "category: dns", ONE("{query: '*'}") COUNTED("count(query) by src_ip > 2"),
	  ASKED("1", "a", 16) ASKED("1", "b", 1) ASKED("1", "c", 1),
	  ASKED("1", "a", 16) ASKED("1", "a", 16) ASKED("1", "b", 16) },
	{ "product: zeek, service: conn",
	  ONE("{id.resp_p: 443}") COUNTED("sum(orig_bytes) by src_ip > 100"), SENT("60") SENT("41"),
	  SENT("60") SENT("40") },
};

static unsigned count(const char *rule, const char *events)
{
	struct signatures *s = sound_rules(rule);
	unsigned n = show(s, events).count;
	signatures_free(s);
	return n;
}

static void rules_in_public_shapes_find_what_they_are_about(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char rule[2048];
		snprintf(
			rule, sizeof(rule),
			"title: t\nstatus: test\nlogsource: {%s}\ndetection:\n%sfalsepositives: [Unknown]\nlevel: high\n",
			rows[i].source, rows[i].detection);
		unsigned hit = count(rule, rows[i].hit), miss = count(rule, rows[i].miss);
		if (hit == 1 && miss == 0)
			continue;
		print_error("row %zu: %u, %u\n%s", i, hit, miss, rule);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
		rules_in_public_shapes_find_what_they_are_about) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
