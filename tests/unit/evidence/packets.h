/*
 * unit/evidence/packets.h - made-up packets between two hosts, and a folder that is removed.
 */
#ifndef EXFILD_TEST_EVIDENCE_PACKETS_H
#define EXFILD_TEST_EVIDENCE_PACKETS_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/capture/capture.h"
#include "exfild/decode/packet.h"

#define SECOND 1000000000ull
#define BEGIN  (1700000000ull * SECOND)

static uint8_t bytes_of_frames[70000];

static inline struct ipaddr host(uint8_t n)
{
	const uint8_t bytes[4] = { 10, 0, 0, n };
	return ipaddr_v4(bytes);
}

static inline struct frame frame_of(uint32_t caplen, uint64_t time_ns)
{
	return (struct frame){ .data = bytes_of_frames,
			       .caplen = caplen,
			       .wirelen = caplen + 7,
			       .time_ns = time_ns,
			       .linktype = 1 };
}

static inline struct packet packet_of(uint8_t from, uint8_t to, uint16_t sport, uint64_t time_ns)
{
	return (struct packet){ .time_ns = time_ns,
				.pair_hash = (uint64_t)from * to * 0x9e3779b97f4a7c15ull,
				.src = host(from),
				.dst = host(to),
				.sport = sport,
				.dport = 53,
				.proto = PROTO_UDP };
}

/* How many packets and damages a file has; *ret_bytes: of packets. */
static inline size_t packets_in(const char *path, uint64_t *ret_bytes, size_t *ret_damages)
{
	const char *const paths[] = { path };
	const struct capture_options o = { .paths = paths, .path_count = 1 };
	struct capture *c;
	struct frame f;
	char why[256];
	size_t count = 0;
	assert_int_equal(capture_open(&o, &c, why, sizeof(why)), 0);
	*ret_bytes = 0;
	while (capture_next(c, &f) == 0) {
		count++;
		*ret_bytes += f.caplen;
	}
	*ret_damages = capture_damage_count(c);
	capture_close(c);
	return count;
}

static char folder[64];

static inline int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/exfild-evidence-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	(void)state;
	while ((e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	return rmdir(folder);
}

static inline const char *in_folder(const char *name)
{
	static char path[512];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

#endif
