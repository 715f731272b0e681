/*
 * support/decode_dump.c - prints what the decode layer makes of captures, for comparison.
 *
 * What: a line a frame, tab-separated: number, kind, source, destination, protocol, source port,
 * destination port, IP length, frames, tunnel, depth.  Kinds: packet, reassembled, held, other,
 * given-up.  `-c` prints the counters that are not 0 instead, over all files.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/capture/capture.h"
#include "exfild/decode/decode.h"

static void print_packet(const char *kind, const struct packet *p)
{
	char src[IPADDR_TEXT_MAX];
	char dst[IPADDR_TEXT_MAX];
	printf("%" PRIu64 "\t%s\t%s\t%s\t%s%u\t%u\t%u\t%" PRIu32 "\t%u\t%s\t%u\n", p->number, kind,
	       ipaddr_print(&p->src, src, sizeof(src)), ipaddr_print(&p->dst, dst, sizeof(dst)),
	       p->kind == PACKET_ARP ? "arp" : "", p->proto, p->sport, p->dport, p->ip_len,
	       p->frames, tunnel_name(p->tunnel_type), p->tunnel_depth);
}

static void print_given_up(struct decoder *d, uint64_t now_ns, bool is_quiet)
{
	struct packet p;
	while (decode_given_up(d, now_ns, &p))
		if (!is_quiet)
			print_packet("given-up", &p);
}

static void print_frame(struct decoder *d, const struct frame *f, uint64_t now_ns, bool is_quiet)
{
	static const char *const kinds[] = { "packet", "reassembled", "held", "other" };
	struct packet p;
	enum decode_result result = decode_frame(d, f, now_ns, &p);
	if (!is_quiet && (result == DECODE_PACKET || result == DECODE_REASSEMBLED))
		print_packet(kinds[result], &p);
	else if (!is_quiet)
		printf("%" PRIu64 "\t%s\n", f->number, kinds[result]);
	if (result == DECODE_REASSEMBLED)
		block_release(p.block);
	print_given_up(d, now_ns, is_quiet);
}

int main(int argc, char **argv)
{
	bool is_quiet = argc > 1 && strcmp(argv[1], "-c") == 0;
	int first = is_quiet ? 2 : 1;
	const struct capture_options options = { .paths = (const char *const *)argv + first,
						 .path_count = (size_t)(argc - first) };
	struct capture *c;
	char why[200];
	if (argc <= first || capture_open(&options, &c, why, sizeof(why)) < 0) {
		fprintf(stderr, "usage: decode_dump [-c] FILE...\n");
		return 2;
	}
	struct decoder *d = decoder_new(&hash_key_fixed);
	if (!d)
		return 1;
	struct frame f;
	uint64_t now_ns = 0;
	while (capture_next(c, &f) == 0) {
		now_ns = f.time_ns > now_ns ? f.time_ns : now_ns;
		print_frame(d, &f, now_ns, is_quiet);
	}
	print_given_up(d, UINT64_MAX, is_quiet);

	const struct decode_counter *counters;
	size_t n = decode_counters(d, &counters);
	for (size_t i = 0; is_quiet && i < n; i++)
		if (counters[i].count > 0)
			printf("%s\t%" PRIu64 "\n", counters[i].name, counters[i].count);
	for (size_t i = 0; i < capture_damage_count(c); i++)
		fprintf(stderr, "%s: offset %" PRIu64 ": %s\n", capture_damage(c, i)->path,
			capture_damage(c, i)->offset, capture_damage(c, i)->reason);
	decoder_free(d);
	capture_close(c);
	return 0;
}
