/*
 * What the kernel counts in and what was given out differ by what waits in the ring.
 */
#include "handle.h"

#include <sys/socket.h>

#define LINK_RAW 101u

void handle_init(struct handle *h)
{
	*h = (struct handle){ .ring.fd = -1 };
}

int handle_open(struct handle *h, struct sockets *s, unsigned worker)
{
	struct tpacket_geometry g = {
		.block_size = s->block_size,
		.block_count = s->block_count,
		.is_raw = s->linktype == LINK_RAW,
		.is_loopback = s->is_loopback,
	};
	h->linktype = s->linktype;
	h->is_filtered = s->is_filtered;
	h->frames_open = h->in_open = 0;
	return tpacket_open(&h->ring, s->fds[worker], &g);
}

void handle_close(struct handle *h)
{
	if (!handle_is_open(h))
		return;
	handle_update_counts(h);
	tpacket_close(&h->ring);
	h->waiting = 0;
}

bool handle_peek(struct handle *h, struct tpacket_frame *ret)
{
	return handle_is_open(h) && tpacket_peek(&h->ring, ret);
}

void handle_done(struct handle *h, const struct tpacket_frame *f)
{
	h->frames_open++;
	h->frames++;
	h->bytes += f->wirelen;
	tpacket_done(&h->ring);
}

/* Where it fails, packets come as before. */
void handle_shorten(const struct handle *h, const struct shorten_flow *list, size_t count)
{
	struct sock_filter code[SHORTEN_PROGRAM];
	struct sock_fprog program = { .filter = code };
	if (!handle_is_open(h) || h->is_filtered)
		return;
	program.len = (uint16_t)shorten_program(list, count, h->linktype != LINK_RAW, code);
	(void)setsockopt(h->ring.fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

void handle_update_counts(struct handle *h)
{
	uint32_t in, dropped;
	if (!tpacket_statistics(&h->ring, &in, &dropped))
		return;
	h->in_open += in - dropped;
	h->drops += dropped;
	uint64_t out = h->frames_open + h->ring.passed;
	h->waiting = h->in_open > out ? h->in_open - out : 0;
}
