/*
 * capture/handle.h - one interface that is listened on.
 *
 * What: a pcap handle that may come and go with its interface, and its counters, which stay.
 * Ownership: embedded; handle_close() frees what it holds.
 * Threads: one owner.
 * Limits: frames of up to HANDLE_SNAPLEN bytes.
 */
#ifndef EXFILD_CAPTURE_HANDLE_H
#define EXFILD_CAPTURE_HANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "exfild/base/err.h"

#define HANDLE_NAME       16
#define HANDLE_SNAPLEN    262144 /* segments that are put together or not yet cut: 65 KB and more */
#define HANDLE_TIMEOUT_MS 10

struct handle {
	char name[HANDLE_NAME];
	pcap_t *pcap; /* NULL: closed */
	int fd;
	unsigned index; /* of the interface, which changes when it is made anew */
	uint32_t linktype;
	bool is_said; /* that it cannot be opened */
	/* since the start */
	uint64_t frames, bytes, drops, waiting, opened;
	/* of this opening */
	uint64_t frames_open, drops_open;
};

struct handle_options {
	uint64_t buffer_bytes;
	const char *filter, *extra_filter; /* both must take a packet; NULL: all */
};

struct handle_frame {
	const uint8_t *data;
	uint32_t caplen, wirelen;
	uint64_t time_ns;
};

/* False: no room; the frame is lost and nothing more is read. */
typedef bool (*handle_take_fn)(void *arg, const struct handle *h, const struct handle_frame *f);

void handle_init(struct handle *h, const char *name);
/* ret_why: what is wrong and what to do. */
int handle_open(struct handle *h, const struct handle_options *o, char *ret_why,
		size_t why_size) EXF_MUST_USE;
/* why: said in the log, NULL for nothing. */
void handle_close(struct handle *h, const char *why);
/* Closes a handle whose interface is not there any more. */
void handle_check(struct handle *h);
/* Gives what waits, at most so many. */
void handle_read(struct handle *h, int most, handle_take_fn take, void *arg);
/* The drops since the last call. */
uint64_t handle_update_counts(struct handle *h);

#endif
