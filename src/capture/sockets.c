/*
 * Until the whole group stands, each socket has a filter that takes nothing: no packet reaches a
 * worker that it does not belong to.
 */
#include "exfild/capture/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "exfild/base/str.h"

#define LINK_ETHERNET 1u
#define LINK_RAW      101u
#define FRAME_SIZE    2048u /* a mere unit: V3 packs frames of any length into a block */
#define BLOCK_SIZE    262144u
#define BLOCKS_MIN    4u
#define SNAPLEN       262144

struct opening {
	const struct sockets_options *o;
	struct sockets *s;
	int type; /* SOCK_RAW, or SOCK_DGRAM: without the link header */
	char *why;
	size_t why_size;
};

static void list_interfaces(char *dst, size_t size)
{
	struct if_nameindex *list = if_nameindex();
	size_t len = 0;
	dst[0] = '\0';
	for (const struct if_nameindex *i = list; i && i->if_index; i++) {
		int n = snprintf(dst + len, size - len, "%s%s", len ? ", " : "", i->if_name);
		if (n < 0 || (size_t)n >= size - len)
			break;
		len += (size_t)n;
	}
	if (list) /* not made for want of a descriptor */
		if_freenameindex(list);
}

static int refuse(const struct opening *w, const char *step)
{
	int error = errno;
	const char *name = w->o->name;
	char there[256];
	switch (error) {
	case EPERM:
	case EACCES:
		(void)snprintf(w->why, w->why_size,
			       "no permission to listen on %s: start exfild as root or with "
			       "CAP_NET_RAW (in its unit: AmbientCapabilities=CAP_NET_RAW)",
			       name);
		return -EXF_E_IO;
	case ENODEV:
	case ENXIO:
		list_interfaces(there, sizeof(there));
		(void)snprintf(w->why, w->why_size, "there is no interface %s; there are: %s", name,
			       there);
		return -EXF_E_INVALID;
	case ENETDOWN:
		(void)snprintf(w->why, w->why_size, "interface %s is down: ip link set %s up", name,
			       name);
		return -EXF_E_IO;
	case ENOMEM:
		(void)snprintf(w->why, w->why_size,
			       "cannot listen on %s: no memory for its ring: less "
			       "capture.buffer_mb",
			       name);
		return -EXF_E_NOMEM;
	default:
		(void)snprintf(w->why, w->why_size, "cannot listen on %s: %s: %s", name, step,
			       strerror(error));
		return -EXF_E_IO;
	}
}

/* What the interface gives: link type and kind of socket. */
static int look_at(struct opening *w)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return refuse(w, "socket");
	str_copy(request.ifr_name, sizeof(request.ifr_name), w->o->name);
	bool ok = ioctl(fd, SIOCGIFINDEX, &request) == 0;
	w->s->index = (unsigned)request.ifr_ifindex;
	ok = ok && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
	bool is_up = ok && (request.ifr_flags & IFF_UP) != 0;
	w->s->is_loopback = ok && (request.ifr_flags & IFF_LOOPBACK) != 0;
	ok = ok && ioctl(fd, SIOCGIFHWADDR, &request) == 0;
	(void)close(fd);
	if (ok && !is_up)
		errno = ENETDOWN;
	if (!ok || !is_up)
		return refuse(w, "type");
	switch (request.ifr_hwaddr.sa_family) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		w->s->linktype = LINK_ETHERNET;
		w->type = SOCK_RAW;
		return 0;
	default: /* tunnels and PPP: the IP packet is all that is wanted */
		w->s->linktype = LINK_RAW;
		w->type = SOCK_DGRAM;
		return 0;
	}
}

static int set_ring(const struct opening *w, int fd)
{
	int version = TPACKET_V3;
	struct tpacket_req3 ring = {
		.tp_block_size = w->s->block_size,
		.tp_block_nr = w->s->block_count,
		.tp_frame_size = FRAME_SIZE,
		.tp_frame_nr = w->s->block_size / FRAME_SIZE * w->s->block_count,
		.tp_retire_blk_tov = SOCKETS_RETIRE_MS,
	};
	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0)
		return refuse(w, "TPACKET_V3");
	if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) != 0)
		return refuse(w, "ring");
	return 0;
}

static bool take_nothing(int fd)
{
	struct sock_filter code = { .code = BPF_RET | BPF_K, .k = 0 };
	struct sock_fprog none = { 1, &code };
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &none, sizeof(none)) == 0;
}

/* The first one asks for an id that is free, the others join it. */
static int join(const struct opening *w, int fd, unsigned worker, uint16_t *id)
{
	struct sock_filter code[SPLIT_PROGRAM];
	struct sock_fprog program = { .filter = code };
	uint32_t flags = worker ? 0 : PACKET_FANOUT_FLAG_UNIQUEID;
	uint32_t how = (PACKET_FANOUT_CBPF | flags) << 16 | *id;
	socklen_t len = sizeof(how);
	if (w->o->workers < 2)
		return 0;
	if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &how, sizeof(how)) != 0)
		return refuse(w, "fanout group");
	if (worker)
		return 0;
	if (getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &how, &len) != 0)
		return refuse(w, "fanout group");
	*id = (uint16_t)how;
	program.len = (uint16_t)split_program(&w->o->split, split_shards(w->o->workers),
					      w->s->linktype == LINK_ETHERNET, code);
	if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program)) != 0)
		return refuse(w, "fanout program");
	return 0;
}

static int open_one(const struct opening *w, unsigned worker, uint16_t *id)
{
	struct sockaddr_ll where = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)w->s->index,
	};
	struct packet_mreq all = { .mr_ifindex = (int)w->s->index, .mr_type = PACKET_MR_PROMISC };
	int fd = socket(AF_PACKET, w->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return refuse(w, "socket");
	w->s->fds[w->s->count++] = fd;
	int err = set_ring(w, fd);
	if (err)
		return err;
	if (!take_nothing(fd) || bind(fd, (const struct sockaddr *)&where, sizeof(where)) != 0)
		return refuse(w, "bind");
	(void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all));
	return join(w, fd, worker, id);
}

/* --- filters ----------------------------------------------------------------------------- */

static int refuse_filter(const struct opening *w, const char *text, const char *reason)
{
	(void)snprintf(w->why, w->why_size, "the filter '%s' cannot be used: %s", text, reason);
	return -EXF_E_INVALID;
}

/* A handle that knows the interface: where its kernel keeps VLAN tags, say. */
static pcap_t *compiler_for(const struct opening *w)
{
	char text[PCAP_ERRBUF_SIZE];
	if (w->s->linktype == LINK_RAW)
		return pcap_open_dead(DLT_RAW, SNAPLEN);
	pcap_t *p = pcap_create(w->o->name, text);
	if (p && pcap_set_snaplen(p, SNAPLEN) == 0 && pcap_activate(p) >= 0)
		return p;
	if (p)
		pcap_close(p);
	return NULL;
}

/* What is not to be seen stays unseen: who reads the sockets may attach filters (shorten.h). */
static int lock_filters(const struct opening *w)
{
	int one = 1;
	for (unsigned i = 0; i < w->s->count; i++)
		if (setsockopt(w->s->fds[i], SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one)) != 0)
			return refuse(w, "filter");
	w->s->is_filtered = true;
	return 0;
}

static int attach(const struct opening *w, const char *text, const struct bpf_program *code)
{
	struct sock_filter *list = calloc(code->bf_len ? code->bf_len : 1, sizeof(*list));
	struct sock_fprog program = { (uint16_t)code->bf_len, list };
	if (!list)
		return -EXF_E_NOMEM;
	for (unsigned i = 0; i < code->bf_len; i++)
		list[i] = (struct sock_filter){ code->bf_insns[i].code, code->bf_insns[i].jt,
						code->bf_insns[i].jf, code->bf_insns[i].k };
	int err = code->bf_len > UINT16_MAX ? refuse_filter(w, text, "it is too long") : 0;
	for (unsigned i = 0; !err && i < w->s->count; i++)
		if (setsockopt(w->s->fds[i], SOL_SOCKET, SO_ATTACH_FILTER, &program,
			       sizeof(program)) != 0)
			err = refuse_filter(w, text, strerror(errno));
	free(list);
	return err ? err : lock_filters(w);
}

static int set_filter(const struct opening *w, const char *text)
{
	struct bpf_program code;
	pcap_t *p = compiler_for(w);
	if (!p)
		return refuse_filter(w, text, "libpcap cannot open the interface");
	int err;
	if (pcap_compile(p, &code, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		err = refuse_filter(w, text, pcap_geterr(p));
	} else {
		err = attach(w, text, &code);
		pcap_freecode(&code);
	}
	pcap_close(p);
	return err;
}

/* The group stands: from here on packets come, whole. */
static int let_in(const struct opening *w)
{
	const char *first = w->o->filter, *second = w->o->extra_filter;
	if (!first && !second) {
		int unused = 0;
		for (unsigned i = 0; i < w->s->count; i++)
			if (setsockopt(w->s->fds[i], SOL_SOCKET, SO_DETACH_FILTER, &unused,
				       sizeof(unused)) != 0)
				return refuse(w, "filter");
		return 0;
	}
	size_t size = (first ? strlen(first) : 0) + (second ? strlen(second) : 0) + 16;
	char *text = malloc(size);
	if (!text)
		return -EXF_E_NOMEM;
	if (first && second)
		(void)snprintf(text, size, "(%s) and (%s)", first, second);
	else
		(void)snprintf(text, size, "%s", first ? first : second);
	int err = set_filter(w, text);
	free(text);
	return err;
}

int sockets_open(const struct sockets_options *o, struct sockets *ret, char *ret_why,
		 size_t why_size)
{
	struct sockets s = { .block_size = BLOCK_SIZE };
	struct opening w = { .o = o, .s = &s, .why = ret_why, .why_size = why_size };
	uint16_t id = 0;
	uint64_t blocks = o->ring_bytes / BLOCK_SIZE;
	s.block_count = blocks < BLOCKS_MIN ? BLOCKS_MIN : blocks > 8192 ? 8192 : (uint32_t)blocks;
	int err = look_at(&w);
	for (unsigned i = 0; !err && i < o->workers; i++)
		err = open_one(&w, i, &id);
	if (!err)
		err = let_in(&w);
	if (err)
		sockets_close(&s);
	else
		*ret = s;
	return err;
}

void sockets_close(struct sockets *s)
{
	for (unsigned i = 0; i < s->count; i++)
		(void)close(s->fds[i]);
	s->count = 0;
}
