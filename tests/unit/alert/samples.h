/*
 * unit/alert/samples.h - findings to make alerts of.
 */
#ifndef TESTS_UNIT_ALERT_SAMPLES_H
#define TESTS_UNIT_ALERT_SAMPLES_H

#include <math.h>
#include <string.h>

#include "exfild/alert/alert.h"
#include "exfild/base/str.h"

#define SAMPLE_TIME_NS 1795460400000000000ull /* 2026-11-23 19:00:00 UTC */
#define SECOND_NS      1000000000ull

static inline struct ipaddr sample_ip(const char *text)
{
	struct ipaddr a;
	memset(&a, 0, sizeof(a));
	if (ipaddr_parse(text, &a) < 0)
		memset(&a, 0xff, sizeof(a));
	return a;
}

static inline struct finding_end sample_end(const char *ip, uint16_t port, uint64_t bytes)
{
	struct finding_end end;
	memset(&end, 0, sizeof(end));
	end.ip = sample_ip(ip);
	end.has_ip = true;
	end.port = port;
	end.bytes = bytes;
	end.packets = bytes / 100;
	return end;
}

/* Data in DNS names, everything filled in. */
static inline struct finding sample_finding(void)
{
	static const uint8_t mac[6] = { 0x02, 0x42, 0xac, 0x11, 0, 0x2a };
	struct finding f;

	finding_init(&f, "dns_tunnel", "dns_tunnel", "Data in DNS names");
	f.class = FINDING_EXFIL;
	f.severity = SEVERITY_HIGH;
	f.score = 0.91;
	f.llr = 7.5;
	f.confidence = 0.9;
	finding_technique(&f, "T1048.003");
	finding_technique(&f, "T1071.004");
	f.tactic = "TA0010";
	f.subject = sample_end("10.1.4.23", 0, 48200);
	memcpy(f.subject.mac, mac, 6);
	f.subject.has_mac = true;
	f.peer = sample_end("10.0.0.53", 53, 91000);
	str_copy(f.object, sizeof(f.object), "evil.example");
	str_copy(f.domain, sizeof(f.domain), "evil.example");
	f.start_ns = SAMPLE_TIME_NS;
	f.end_ns = SAMPLE_TIME_NS + 3480 * SECOND_NS;
	f.time_ns = f.end_ns;
	f.count = 412;
	f.proto = 17;
	f.app = APP_DNS;
	f.vlan = 12;
	f.flow = 77;
	f.flow_src = f.subject.ip;
	f.flow_dst = f.peer.ip;
	f.flow_sport = 53124;
	f.flow_dport = 53;
	for (uint64_t i = 0; i < 8; i++)
		finding_packet(&f, 100 + 7 * i);
	struct ipaddr other = sample_ip("198.51.100.7");
	finding_related(&f, &other);
	finding_feature(&f, "new_information", 6100, 120, 4096, 0.6, 0.55,
			"6.1 kB of new information in 412 distinct names (limit 4 kB a day)");
	finding_feature(&f, "label_entropy", 4.9, 2.6, 4, 0.25, 0.24,
			"labels of 57 characters with 4.9 bits each");
	finding_feature(&f, "rarity", 1, NAN, NAN, 0.15, 0.12,
			"1 of 812 hosts talks to this domain");
	finding_text(
		f.message, sizeof(f.message),
		"10.1.4.23 sent 6.1 kB of new information in 412 distinct names to evil.example "
		"in 58 min, through the resolver 10.0.0.53");
	finding_text(f.counterfactual, sizeof(f.counterfactual), "silent below 4 kB a day");
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "no look-up service is known for evil.example, names do not repeat, and no "
		     "answer was used for a connection");
	finding_text(f.unseen, sizeof(f.unseen), "which program on 10.1.4.23 asked");
	finding_step(&f, "Ask the resolver's log for queries of 10.1.4.23 for evil.example");
	finding_step(&f, "Find the program on 10.1.4.23 that makes them");
	finding_text(f.filter, sizeof(f.filter),
		     "ip.addr == 10.1.4.23 && dns.qry.name contains \"evil.example\"");
	finding_text(f.dns_question, sizeof(f.dns_question), "mzxw6ytboi4dsmrr.evil.example");
	f.dns_type = 16;
	return f;
}

/* Everything that a record can hold, as full as it can be, of bytes that escape to six. */
static inline struct finding sample_monster(char fill)
{
	struct finding f = sample_finding();

	f.feature_count = 0;
	for (unsigned i = 0; i < FINDING_FEATURES; i++) {
		finding_feature(&f, "n", -1.2345e-300, -1.2345e-300, -1.2345e-300, -1.2345e-300,
				-1.2345e-300, "t");
		memset(f.features[i].name, fill, sizeof(f.features[i].name) - 1);
		memset(f.features[i].text, fill, sizeof(f.features[i].text) - 1);
	}
	for (unsigned i = 0; i < FINDING_STEPS; i++)
		memset(f.next_steps[i], fill, sizeof(f.next_steps[i]) - 1);
	f.step_count = FINDING_STEPS;
	memset(f.object, fill, sizeof(f.object) - 1);
	memset(f.domain, fill, sizeof(f.domain) - 1);
	memset(f.message, fill, sizeof(f.message) - 1);
	memset(f.counterfactual, fill, sizeof(f.counterfactual) - 1);
	memset(f.not_harmless, fill, sizeof(f.not_harmless) - 1);
	memset(f.unseen, fill, sizeof(f.unseen) - 1);
	memset(f.filter, fill, sizeof(f.filter) - 1);
	memset(f.service, fill, sizeof(f.service) - 1);
	memset(f.service_category, fill, sizeof(f.service_category) - 1);
	memset(f.dns_question, fill, sizeof(f.dns_question) - 1);
	f.packet_count = FINDING_PACKETS;
	f.related_count = FINDING_RELATED;
	for (unsigned i = 0; i < FINDING_PACKETS; i++)
		f.packets[i] = UINT64_MAX - i;
	for (unsigned i = 0; i < FINDING_RELATED; i++)
		memset(&f.related[i], 0xf0 + (int)i, sizeof(f.related[i]));
	f.subject.bytes = f.subject.packets = f.peer.bytes = f.peer.packets = UINT64_MAX;
	f.tunnel_type = 5;
	f.tunnel_id = UINT32_MAX;
	f.count = UINT64_MAX;
	return f;
}

/* An alert of a finding without a store. */
static inline struct alert sample_alert(const struct finding *f)
{
	struct alert a;
	memset(&a, 0, sizeof(a));
	a.finding = *f;
	str_copy(a.alert_id, sizeof(a.alert_id), "0123456789abcdef0123456789abcdef");
	str_copy(a.event_id, sizeof(a.event_id), "fedcba9876543210fedcba9876543210");
	a.revision = 1;
	a.sequence = 1;
	a.count = 1;
	a.risk_score = 66.4;
	str_copy(a.community_id, sizeof(a.community_id), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	str_copy(a.source_name, sizeof(a.source_name), "ws-114");
	a.direction = "internal";
	return a;
}

static inline struct alert_options sample_options(void)
{
	struct alert_options o;
	memset(&o, 0, sizeof(o));
	o.sensor_name = "gw-1";
	o.mode = "replay";
	o.session = "replay";
	o.merge_ns = 3600 * SECOND_NS;
	o.minimum = SEVERITY_LOW;
	o.max_open = 16;
	return o;
}

#endif
