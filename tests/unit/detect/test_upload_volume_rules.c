/*
 * Which rule an upload is judged by: protocol, service, name, in this order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/decode/packet.h"
#include "../../../src/detect/upload_volume/upload_volume.h"

static struct event_flow flow;

static struct upload upload(uint16_t app, uint8_t proto)
{
	struct upload u;
	memset(&u, 0, sizeof(u));
	memset(&flow, 0, sizeof(flow));
	flow.e.app = app;
	flow.e.proto = proto;
	flow.e.sport = 50000;
	flow.e.dport = 443;
	flow.outcome = FLOW_OUTCOME_ESTABLISHED;
	u.at.flow = &flow;
	return u;
}

static void services_are_judged_by_their_class(void **state)
{
	static const struct {
		enum service_class class;
		enum volume_rule rule;
	} all[] = {
		{ SERVICE_FILE_DROP, RULE_FILE_DROP }, { SERVICE_PASTE, RULE_PASTE },
		{ SERVICE_CHAT, RULE_CHAT },           { SERVICE_TUNNEL, RULE_TUNNEL },
		{ SERVICE_STORAGE, RULE_STORAGE },     { SERVICE_CODE, RULE_CODE },
		{ SERVICE_MAIL, RULE_WEBMAIL },        { SERVICE_AI, RULE_AI },
		{ SERVICE_REMOTE, RULE_REMOTE },       { SERVICE_OFFICE, RULE_CLOUD },
		{ SERVICE_IAAS, RULE_CLOUD },          { SERVICE_CDN, RULE_CLOUD },
		{ SERVICE_IP_CHECK, RULE_SMALL },      { SERVICE_RESOLVER, RULE_SMALL },
		{ SERVICE_UPDATE, RULE_SERVICE },      { SERVICE_MEDIA, RULE_SERVICE },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct service service;
		memset(&service, 0, sizeof(service));
		service.class = all[i].class;
		struct upload u = upload(APP_TLS, PROTO_TCP);
		u.at.service = &service;
		u.at.name = "www.example.com";
		assert_int_equal(volume_rule_of(&u), all[i].rule);
		/* a login to a known service is use of that service */
		flow.e.app = APP_SSH;
		assert_int_equal(volume_rule_of(&u), all[i].rule);
		/* but a tunnel out is a tunnel out, whoever keeps its other end */
		flow.e.app = APP_WIREGUARD;
		assert_int_equal(volume_rule_of(&u), RULE_VPN);
	}
}

static void protocols_are_judged_before_names(void **state)
{
	static const struct {
		uint16_t app;
		enum volume_rule rule;
	} all[] = {
		{ APP_SSH, RULE_SSH },          { APP_FTP, RULE_TRANSFER },
		{ APP_TFTP, RULE_TRANSFER },    { APP_RSYNC, RULE_TRANSFER },
		{ APP_SMB, RULE_TRANSFER },     { APP_NFS, RULE_TRANSFER },
		{ APP_SMTP, RULE_MAIL },        { APP_IMAP, RULE_MAIL },
		{ APP_POP3, RULE_MAIL },        { APP_OPENVPN, RULE_VPN },
		{ APP_IPSEC, RULE_VPN },        { APP_TOR, RULE_TOR },
		{ APP_BITTORRENT, RULE_PEERS }, { APP_RTP, RULE_VOICE },
		{ APP_STUN, RULE_VOICE },       { APP_RDP, RULE_REMOTE },
		{ APP_VNC, RULE_REMOTE },       { APP_DNS, RULE_SMALL },
		{ APP_NTP, RULE_SMALL },        { APP_TELNET, RULE_SMALL },
		{ APP_TLS, RULE_NAMED },        { APP_HTTP, RULE_NAMED },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct upload u = upload(all[i].app, PROTO_TCP);
		u.at.name = "www.example.com";
		assert_int_equal(volume_rule_of(&u), all[i].rule);
	}
}

static void carriers_are_tunnels_by_their_number(void **state)
{
	static const uint8_t carriers[] = { 47, 50, 51 };
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct upload u = upload(APP_UNKNOWN, carriers[i]);
		assert_int_equal(volume_rule_of(&u), RULE_VPN);
	}
}

static void the_data_of_ftp_is_known_by_its_port(void **state)
{
	struct upload u = upload(APP_UNKNOWN, PROTO_TCP);
	(void)state;
	flow.e.sport = 20;
	assert_int_equal(volume_rule_of(&u), RULE_TRANSFER);
	flow.e.sport = 50000;
	flow.e.dport = 20;
	assert_int_equal(volume_rule_of(&u), RULE_TRANSFER);
	flow.e.proto = PROTO_UDP;
	assert_int_equal(volume_rule_of(&u), RULE_PUSH);
}

static void raw_bytes_are_a_push_if_their_beginning_was_seen(void **state)
{
	struct upload u = upload(APP_UNKNOWN, PROTO_TCP);
	(void)state;
	assert_int_equal(volume_rule_of(&u), RULE_PUSH);
	flow.outcome = FLOW_OUTCOME_MIDSTREAM;
	assert_int_equal(volume_rule_of(&u), RULE_ADDRESS);
	flow.outcome = FLOW_OUTCOME_ESTABLISHED;
	flow.e.app = APP_OTHER;
	assert_int_equal(volume_rule_of(&u), RULE_ADDRESS);
	u.at.name = "www.example.com";
	assert_int_equal(volume_rule_of(&u), RULE_NAMED);
}

static void every_rule_has_its_words_and_bounds(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RULE__COUNT; i++) {
		const struct rule_info *r = &volume_rules[i];
		assert_true(r->words && *r->words);
		assert_true(r->pcr > 0 && r->pcr < 1);
		assert_in_range(r->highest, SEVERITY_MEDIUM, SEVERITY_HIGH);
		assert_true(r->technique || i == RULE_NAMED || i == RULE_ADDRESS || i == RULE_PUSH);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_are_judged_by_their_class),
		cmocka_unit_test(protocols_are_judged_before_names),
		cmocka_unit_test(carriers_are_tunnels_by_their_number),
		cmocka_unit_test(the_data_of_ftp_is_known_by_its_port),
		cmocka_unit_test(raw_bytes_are_a_push_if_their_beginning_was_seen),
		cmocka_unit_test(every_rule_has_its_words_and_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
