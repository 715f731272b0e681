/*
 * One pcap handle.  Not in immediate mode, which would cost two thirds of the speed: the kernel
 * gives a block when it is full or after HANDLE_TIMEOUT_MS.
 */
#include "handle.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"

#define RING_MIN (1u << 20)

void handle_init(struct handle *h, const char *name)
{
	*h = (struct handle){ .fd = -1 };
	str_copy(h->name, sizeof(h->name), name);
}

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
	if_freenameindex(list);
}

static int refuse(const struct handle *h, int status, const char *text, char *why, size_t size)
{
	char there[256];
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		(void)snprintf(why, size,
			       "no permission to listen on %s: start exfild as root or with "
			       "CAP_NET_RAW (in its unit: AmbientCapabilities=CAP_NET_RAW)",
			       h->name);
		return -EXF_E_IO;
	case PCAP_ERROR_NO_SUCH_DEVICE:
		list_interfaces(there, sizeof(there));
		(void)snprintf(why, size, "there is no interface %s; there are: %s", h->name,
			       there);
		return -EXF_E_INVALID;
	case PCAP_ERROR_IFACE_NOT_UP:
		(void)snprintf(why, size, "interface %s is down: ip link set %s up", h->name,
			       h->name);
		return -EXF_E_IO;
	default:
		(void)snprintf(why, size, "cannot listen on %s: %s", h->name, text);
		return -EXF_E_IO;
	}
}

static int set_filter(pcap_t *p, const struct handle_options *o, char *why, size_t size)
{
	struct bpf_program code;
	char *text = NULL;
	size_t len = (o->filter ? strlen(o->filter) : 0) +
		     (o->extra_filter ? strlen(o->extra_filter) : 0) + 16;
	if (!o->filter && !o->extra_filter)
		return 0;
	text = malloc(len);
	if (!text)
		return -EXF_E_NOMEM;
	if (o->filter && o->extra_filter)
		(void)snprintf(text, len, "(%s) and (%s)", o->filter, o->extra_filter);
	else
		(void)snprintf(text, len, "%s", o->filter ? o->filter : o->extra_filter);
	int err = pcap_compile(p, &code, text, 1, PCAP_NETMASK_UNKNOWN);
	if (!err) {
		err = pcap_setfilter(p, &code);
		pcap_freecode(&code);
	}
	if (err)
		(void)snprintf(why, size, "the filter '%s' cannot be used: %s", text,
			       pcap_geterr(p));
	free(text);
	return err ? -EXF_E_INVALID : 0;
}

static void set_options(pcap_t *p, const struct handle_options *o)
{
	uint64_t bytes = o->buffer_bytes < RING_MIN ? RING_MIN : o->buffer_bytes;
	(void)pcap_set_snaplen(p, HANDLE_SNAPLEN);
	(void)pcap_set_promisc(p, 1);
	(void)pcap_set_timeout(p, HANDLE_TIMEOUT_MS);
	(void)pcap_set_buffer_size(p, bytes > INT_MAX ? INT_MAX : (int)bytes);
	(void)pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
}

int handle_open(struct handle *h, const struct handle_options *o, char *ret_why, size_t why_size)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	/* before the handle, so that one that is made anew meanwhile is noticed */
	unsigned index = if_nametoindex(h->name);
	pcap_t *p = index ? pcap_create(h->name, text) : NULL;
	if (!index)
		return refuse(h, PCAP_ERROR_NO_SUCH_DEVICE, text, ret_why, why_size);
	if (!p)
		return refuse(h, PCAP_ERROR, text, ret_why, why_size);
	set_options(p, o);
	int status = pcap_activate(p);
	if (status < 0) {
		int err = refuse(h, status, pcap_geterr(p), ret_why, why_size);
		pcap_close(p);
		return err;
	}
	int err = set_filter(p, o, ret_why, why_size);
	if (!err && pcap_setnonblock(p, 1, text) != 0)
		err = refuse(h, PCAP_ERROR, text, ret_why, why_size);
	if (err) {
		pcap_close(p);
		return err;
	}
	int link = pcap_datalink(p);
	h->linktype = link == DLT_RAW ? 101 : (uint32_t)link;
	h->pcap = p;
	h->fd = pcap_get_selectable_fd(p);
	h->index = index;
	h->frames_open = h->drops_open = 0;
	h->opened++;
	return 0;
}

void handle_close(struct handle *h, const char *why)
{
	if (!h->pcap)
		return;
	(void)handle_update_counts(h);
	if (why)
		log_warnx("capture", "%s: closed: %s", h->name, why);
	pcap_close(h->pcap);
	h->pcap = NULL;
	h->fd = -1;
	h->waiting = 0;
}

void handle_check(struct handle *h)
{
	if (!h->pcap)
		return;
	unsigned index = if_nametoindex(h->name);
	if (index != h->index) {
		handle_close(h, index ? "it was made anew" :
					"it is gone; it is opened again when it returns");
		h->is_said = true; /* that it is gone has been said */
	}
}

struct reading {
	struct handle *h;
	handle_take_fn take;
	void *arg;
};

static void on_packet(u_char *arg, const struct pcap_pkthdr *head, const u_char *data)
{
	const struct reading *r = (const struct reading *)(const void *)arg;
	struct handle *h = r->h;
	struct handle_frame f = {
		.data = data,
		.caplen = head->caplen,
		.wirelen = head->len,
		/* nanoseconds were asked for */
		.time_ns = (uint64_t)head->ts.tv_sec * 1000000000ull + (uint64_t)head->ts.tv_usec,
	};
	h->frames_open++;
	if (!r->take(r->arg, h, &f)) {
		h->drops++;
		pcap_breakloop(h->pcap);
		return;
	}
	h->frames++;
	h->bytes += head->caplen;
}

void handle_read(struct handle *h, int most, handle_take_fn take, void *arg)
{
	struct reading r = { h, take, arg };
	if (!h->pcap)
		return;
	int got = pcap_dispatch(h->pcap, most, on_packet, (u_char *)&r);
	if (got == PCAP_ERROR) {
		handle_close(h, pcap_geterr(h->pcap));
		h->is_said = true;
	}
}

uint64_t handle_update_counts(struct handle *h)
{
	struct pcap_stat s = { 0 };
	if (!h->pcap || pcap_stats(h->pcap, &s) != 0)
		return 0;
	/* libpcap counts in 32 bits */
	uint32_t fresh = s.ps_drop - (uint32_t)h->drops_open;
	h->drops_open += fresh;
	h->drops += fresh;
	uint32_t waiting = s.ps_recv - s.ps_drop - (uint32_t)h->frames_open;
	h->waiting = waiting < UINT32_MAX / 2 ? waiting : 0;
	return fresh;
}
