/*
 * unit/control/samples.h - a snapshot, a board and a server for the tests of the control layer.
 */
#ifndef EXFILD_TESTS_CONTROL_SAMPLES_H
#define EXFILD_TESTS_CONTROL_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/control/server.h"

static inline void sample_snapshot(struct snapshot *s)
{
	memset(s, 0, sizeof(*s));
	snprintf(s->sensor, sizeof(s->sensor), "gw-1");
	snprintf(s->mode, sizeof(s->mode), "live");
	snprintf(s->inside, sizeof(s->inside), "inside: 10.0.0.0/8");
	s->packets = 1000;
	s->bytes = 2000000;
	s->flows = 12;
	s->link_count = 1;
	snprintf(s->links[0].name, sizeof(s->links[0].name), "eth1");
	s->links[0].up = true;
	s->links[0].packets = 1000;
	s->share = (struct snap_share){ .outward = 900000,
					.inward = 600000,
					.east_west = 500000,
					.clear = 1000000,
					.named = 600000,
					.opaque = 400000 };
	s->alerts[2] = 1;
	s->emitted = 2;
	s->detector_count = 1;
	snprintf(s->detectors[0].name, sizeof(s->detectors[0].name), "dns_tunnel");
	s->detectors[0].enabled = true;
	s->sink_count = 1;
	snprintf(s->sinks[0].name, sizeof(s->sinks[0].name), "redis");
	s->sinks[0].sent = 2;
	s->has_redis = true;
	s->clock_synchronised = SNAP_YES;
	s->state_kept = s->state_saved = true;
	s->state_age_s = 7;
	s->is_learning = true;
	s->learning_left_s = 3 * 86400;
	s->baselines = 4;
	s->destinations = 9;
	s->evidence_wanted = s->evidence_kept = true;
	s->evidence_files = 3;
	s->usage = (struct snap_book){ .is_wanted = true,
				       .is_kept = true,
				       .written = 40,
				       .bytes = 5000000 };
	s->ledger = (struct snap_book){ .is_wanted = true, .is_kept = true, .written = 7 };
	snprintf(s->geo, sizeof(s->geo), "Country of 2026-11-03");
	s->state_bytes = 123456;
	s->disk_size = 1000000000000ull;
	s->disk_free = 500000000000ull;
	struct snap_table *t = snap_add_table(s, "flows");
	t->entries = 12;
	t->capacity = 1024;
	s->decode_count = 1;
	s->decode[0] = (struct snap_count){ "ipv4_short", 3 };
	s->published_ns = board_steady_ns();
}

static inline void sample_publish(struct board *b)
{
	struct snapshot s;
	sample_snapshot(&s);
	struct snapshot *to = board_begin(b);
	*to = s;
	board_done(b);
}

static inline void sample_lists(struct snap_lists *l)
{
	l->host_count = l->destination_count = l->service_count = 1;
	l->host_total = l->flow_total = 1;
	snprintf(l->hosts[0].name, sizeof(l->hosts[0].name), "laptop\033[31m");
	l->hosts[0].has_address = true;
	assert_int_equal(ipaddr_parse("10.1.2.3", &l->hosts[0].address), 0);
	l->hosts[0].sent = 4096;
	l->hosts[0].roles = 3;
	l->destinations[0] = l->hosts[0];
	snprintf(l->services[0].name, sizeof(l->services[0].name), "dropbox");
	l->flow_count = 1;
	l->flows[0] = (struct snap_flow){ .src = l->hosts[0].address,
					  .dst = l->hosts[0].address,
					  .sport = 40000,
					  .dport = 443,
					  .proto = 6,
					  .app = "tls",
					  .sent = 10,
					  .received = 20 };
}

#endif
